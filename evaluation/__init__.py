"""Splits, metrics, comparisons, off-policy estimates and reports."""

from evaluation.comparison import Comparison, compare
from evaluation.metrics import Truth

__all__ = ["Comparison", "Truth", "compare"]
