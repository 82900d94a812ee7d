"""Padan: which trainings fit a person, may they take them, and why.

Examples
--------
>>> import padan
>>> model = padan.load()  # doctest: +SKIP
>>> print(model.recommend({"region": "Kota Kupang", "skills": ["memasak"]}, k=5))  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from padan._evaluation import compare, evaluate
    from padan._model import Model, RecommendedList, load
    from padan._training import train

_HOMES = {
    "Model": "padan._model",
    "RecommendedList": "padan._model",
    "compare": "padan._evaluation",
    "evaluate": "padan._evaluation",
    "load": "padan._model",
    "train": "padan._training",
}
__all__ = ["Model", "RecommendedList", "compare", "evaluate", "load", "train"]


def __getattr__(name: str) -> Any:
    """Import what is asked for at its first use: the engine takes seconds to import."""
    if name not in _HOMES:
        raise AttributeError(f"module 'padan' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
