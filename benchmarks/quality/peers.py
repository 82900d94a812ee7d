"""The libraries a data scientist would otherwise install: implicit, RecTools and LensKit.

They are the optional extra ``[bench]``; nothing else in Padan imports them.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from benchmarks.quality.implicit_peers import implicit_peers
from benchmarks.quality.lenskit_peers import lenskit_peers
from benchmarks.quality.plain_peers import plain_peers
from benchmarks.quality.rectools_peers import rectools_peers
from benchmarks.quality.tuning import Peer

MODULES: Final = ("implicit", "rectools", "pytorch_lightning", "lenskit")


def list_peers() -> list[Peer]:
    """Return the peers in the order they are reported."""
    return [*plain_peers(), *rectools_peers(), *implicit_peers(), *lenskit_peers()]


def choose_peers(parts: list[str] | None) -> list[Peer]:
    """Return the peers whose name holds one of ``parts``, all where None.

    Raises
    ------
    ValueError
        If a part is in no name.
    ModuleNotFoundError
        If the peers' libraries are not installed.
    """
    for module in MODULES:
        if find_spec(module) is None:
            raise ModuleNotFoundError(
                f"{module} is not installed; the peers are the optional extra: make peers"
            )
    everybody = list_peers()
    for part in parts or []:
        if not any(part.lower() in peer.name.lower() for peer in everybody):
            names = ", ".join(peer.name for peer in everybody)
            raise ValueError(f"no peer is called {part!r}; there are {names}")
    chosen = [part.lower() for part in parts or [""]]
    return [peer for peer in everybody if any(part in peer.name.lower() for part in chosen)]
