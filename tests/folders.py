"""Folders that another user's process may enter."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgresql_folder() -> Iterator[Path]:
    """Give a folder for a PostgreSQL server until the block ends.

    Run by root, the server is another user's process, whom every session of pytest that begins shuts out of
    pytest's own folders.
    """
    folder = Path(tempfile.mkdtemp(prefix="padan-postgresql-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
