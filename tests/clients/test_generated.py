"""What others make of the OpenAPI document: linters without an error, and generated clients that get an answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.clients.conftest import RunningService

pytestmark = [
    pytest.mark.slow,
    pytest.mark.integration,
    pytest.mark.skipif(not shutil.which("npx"), reason="npx is not installed"),
]

OPTIONAL = ("--default-non-nullable=false",)  # what has a default may be left out
PYTHON = """
import sys
from padan_api_client import AuthenticatedClient
from padan_api_client.api.recommendations import recommend
from padan_api_client.models import CourseFilters, Participant, RecommendationRequest

url, key = sys.argv[1:]
client = AuthenticatedClient(url, key, prefix="", auth_header_name="X-API-Key")
asked = RecommendationRequest(participant=Participant(region="Kota Kupang", skills=["memasak"]), k=3)
with client:
    answer = recommend.sync_detailed(client=client, body=asked)
assert answer.status_code == 200, answer
print(*[item.course_id for item in answer.parsed.items])
"""
TYPESCRIPT = """
import createClient from "openapi-fetch";
import type { paths } from "./padan.js";

const [url, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { "X-API-Key": key } });
const { data, error } = await client.POST("/v1/recommendations", {
  body: { participant: { region: "Kota Kupang", skills: ["memasak"] }, k: 3 },
});
if (!data) throw new Error(JSON.stringify(error));
console.log(data.items.map((item) => item.course_id).join(" "));
"""


def run(folder: Path, *command: str | Path) -> str:
    """Run a command in a folder; return what it printed, or fail with it."""
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=os.environ | {"CI": "1"}
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def document(running_service: RunningService, tmp_path: Path) -> Path:
    """The document of the running service, in a folder of its own."""
    found = httpx.get(f"{running_service.url}/openapi.json", timeout=60).raise_for_status()
    path = tmp_path / "openapi.json"
    path.write_bytes(found.content)
    return path


@pytest.fixture
def listed(running_service: RunningService) -> list[str]:
    """What the service recommends to the person whom the generated clients ask for."""
    answer = httpx.post(
        f"{running_service.url}/v1/recommendations",
        json={"participant": {"region": "Kota Kupang", "skills": ["memasak"]}, "k": 3},
        headers={"X-API-Key": running_service.key},
        timeout=60,
    )
    return [item["course_id"] for item in answer.raise_for_status().json()["items"]]


def test_redocly_finds_no_error(document: Path) -> None:
    run(document.parent, "npx", "--yes", "@redocly/cli@2.77.0", "lint", document)


def test_spectral_finds_no_error(document: Path) -> None:
    rules = document.with_name("spectral.yaml")
    rules.write_text('extends: ["spectral:oas"]\n')
    spectral = ("npx", "--yes", "@stoplight/spectral-cli@6.16.3", "lint")
    run(document.parent, *spectral, "--fail-severity=error", "--ruleset", rules, document)


def test_a_generated_python_client_gets_the_list(
    document: Path, running_service: RunningService, listed: list[str]
) -> None:
    folder = document.parent
    run(folder, sys.executable, "-m", "venv", "env")
    bin_ = folder / "env" / "bin"
    run(folder, bin_ / "pip", "install", "--quiet", "openapi-python-client==0.29.1")
    made = ("generate", "--path", document, "--meta", "setup")
    (folder / "config.yaml").write_text("project_name_override: padan-api-client\n")
    run(folder, bin_ / "openapi-python-client", *made, "--config", "config.yaml")
    run(folder, bin_ / "pip", "install", "--quiet", "./padan-api-client")
    (folder / "ask.py").write_text(PYTHON)
    answer = run(folder, bin_ / "python", "ask.py", running_service.url, running_service.key)
    assert answer.split() == listed


def test_a_generated_typescript_client_gets_the_list(
    document: Path, running_service: RunningService, listed: list[str]
) -> None:
    folder = document.parent
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    packages = (
        "openapi-typescript@7.13.0",
        "openapi-fetch@0.17.0",
        "typescript@5",
        "@types/node@20",
    )
    run(folder, "npm", "install", "--silent", *packages)
    run(folder, "npx", "openapi-typescript", document, "--output", "padan.ts", *OPTIONAL)
    (folder / "ask.ts").write_text(TYPESCRIPT)
    checks = ("--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck")
    run(folder, "npx", "tsc", *checks, "ask.ts")
    answer = run(folder, "node", "ask.js", running_service.url, running_service.key)
    assert answer.split() == listed
