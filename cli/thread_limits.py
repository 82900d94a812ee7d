"""What a worker takes: one thread for each library that would take as many as there are cores, and less memory."""

from __future__ import annotations

import os
import sys

FRUGAL = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # else glibc keeps free memory apart for each thread
}
# scikit-learn imports them where they are installed, for users of tables of theirs: 66 MiB.
UNUSED = ("pandas", "pyarrow")


def pin_threads(command: str) -> None:
    """Start the process again with the libraries held to one thread, unless the operator chose otherwise.

    They read it once, when they are imported, which has happened by now. Only a process that was started
    as ``padan COMMAND`` is started again, and does without libraries that it has no use for.
    """
    if sys.argv[1:2] != [command]:
        return
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    chosen = FRUGAL | dict(os.environ)
    if chosen != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], chosen)  # noqa: S606
