"""Fixtures of all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory of real data: PADAN_SHARED_DATA, or ../shared/data beside the checkout."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("PADAN_SHARED_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no shared data at {path}; set PADAN_SHARED_DATA")
    return path
