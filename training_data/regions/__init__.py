"""Regions of a country from a replaceable pack of data files: codes, names, tree, distances."""

from training_data.regions.geo import great_circle_km
from training_data.regions.names import RegionNotFoundError
from training_data.regions.table import RegionTable

__all__ = ["RegionNotFoundError", "RegionTable", "great_circle_km"]
