"""Where generated things live."""

from __future__ import annotations

import os
from pathlib import Path


def padan_home() -> Path:
    """Return the directory of bundles, stores, caches and reports.

    Returns
    -------
    Path
        ``$PADAN_HOME``, or ``./var`` where the variable is unset or empty; it need not exist yet.
    """
    return Path(os.environ.get("PADAN_HOME") or "var")
