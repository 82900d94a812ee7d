"""What stands in deploy/ does what it is there for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml  # type: ignore[import-untyped]

DEPLOY = Path(__file__).parents[1] / "deploy"
SECRETS = "/run/secrets"


def test_the_composed_service_finds_its_database(tmp_path: Path) -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["padan"]
    (tmp_path / "postgres-password").write_text("0af3\n")
    program = tmp_path / "padan"
    # that tables cannot be upgraded in an outage keeps no service from starting
    program.write_text('#!/bin/sh\necho "$1 $PADAN_DATABASE_URL"\ntest "$1" = serve\n')
    program.chmod(0o700)

    def in_container(text: str) -> str:
        return text.replace("$$", "$").replace(SECRETS, str(tmp_path))

    told = subprocess.run(
        [in_container(word) for word in service["command"]],
        env={
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "CONNECT": in_container(service["environment"]["CONNECT"]),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    url = "postgresql://padan:0af3@postgres/padan"
    assert told.stdout.splitlines() == [f"store {url}", f"serve {url}"]


def test_a_service_of_systemd_starts_in_an_outage() -> None:
    lines = (DEPLOY / "padan.service").read_text().splitlines()
    (upgrade,) = [line for line in lines if line.endswith("store upgrade")]
    assert upgrade.startswith("ExecStartPre=-")


def test_no_client_says_what_its_address_is() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "$proxy_add_x_forwarded_for" not in text


def test_secrets_stay_out_of_image_and_repository() -> None:
    for name in (".dockerignore", ".gitignore"):
        lines = (DEPLOY.parent / name).read_text().splitlines()
        assert {"deploy/secrets/", "deploy/tls/"} <= {*lines}
