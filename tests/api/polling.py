"""A client that goes on sending requests to a real service while something happens to it."""

from __future__ import annotations

import threading
from typing import Any

import httpx


class PollingClient:
    """Calls `request_all` over and over in a thread of its own, until it is stopped.

    Attributes
    ----------
    answers : list of tuple
        What it was told; each begins with what it was told about.
    """

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.answers: list[tuple[Any, int, Any]] = []
        self._http = httpx.Client(base_url=url, timeout=60, headers=headers)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def request_all(self, http: httpx.Client) -> None:
        """Send every request once."""
        raise NotImplementedError

    def stop(self) -> None:
        """End after the present round."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._http as http:
            while not self._stop.is_set():
                self.request_all(http)
