"""`padan demo`: everything from nothing to a running service, on the project's own catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.serve import serve
from cli.simulate import simulate
from cli.train import train
from models.bundles.promotion import current
from models.bundles.sealing import BundleError
from models.text.e5_installer import install_e5
from training_data.home import padan_home

PARTICIPANTS = 5_000

CURL = """curl -s {url}/v1/recommendations -H 'Content-Type: application/json' -d '{{
  "participant": {{"region": "Kota Kupang", "birth_year": 1995, "gender": "female",
    "employment_status": "unemployed", "skills": ["memasak"],
    "interests": ["jualan camilan lewat internet"], "balance_idr": 1500000}},
  "k": 10}}'"""


def demo(port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000) -> None:
    """Install the text encoder, simulate a population, train, and serve; done steps are kept."""
    home = padan_home()
    data = home / "demo"
    install_e5(home, progress=True)
    if not (data / "dataset.toml").exists():
        simulate(PARTICIPANTS, data, 0, None)
    if not _train(home):
        train(data)
    url = f"http://127.0.0.1:{port}"
    console = Console()
    console.print(f"\nIn a few seconds Padan listens on [bold]{url}[/bold] ({url}/docs). Try:\n")
    console.print(CURL.format(url=url), markup=False, highlight=False, soft_wrap=True)
    console.print("\nPeople and events of the demo are simulated. Stop with Ctrl-C.")
    serve(data=data, port=port, development=True)


def _train(home: Path) -> bool:
    try:
        return current(home / "bundles").is_dir()
    except BundleError:
        return False
