"""Recommendation quality on public data, beside peer libraries."""
