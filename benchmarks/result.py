"""What a benchmark ends with: one figure against its target, on screen and as a file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training_data.home import padan_home


@dataclass(frozen=True)
class BenchmarkResult:
    """The result of a benchmark.

    Attributes
    ----------
    bench : str
        Its name, as in ``padan bench NAME``.
    figure, target : float
    holds : bool
        Whether the figure reaches the target.
    details : dict
        Everything else that was measured; JSON values only.
    """

    bench: str
    figure: float
    target: float
    holds: bool
    details: dict[str, Any] = field(default_factory=dict)

    def write(self) -> Path:
        """Write the result as JSON under the reports of PADAN_HOME and return the file."""
        path = padan_home() / "reports" / f"bench-{self.bench}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        return path

    def line(self) -> str:
        """Return the one line of JSON that the command ends with."""
        head = {key: value for key, value in asdict(self).items() if key != "details"}
        return json.dumps(head | self.details)
