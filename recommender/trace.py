"""How recommendations came about, for whoever watches the engine: time and candidates."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Trace:
    """Figures of one call to the engine.

    Attributes
    ----------
    seconds : dict of str to float
        By stage.
    proposed : mapping of str to int
        Candidates that each source proposed, for all participants together.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    proposed: Mapping[str, int] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def end_stage(self, stage: str) -> None:
        """Note the time since the last stage ended."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now
