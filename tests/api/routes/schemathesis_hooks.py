"""What the tool has to be told of this service: how lines of JSON are written, and which regions there are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import schemathesis
from hypothesis import strategies as st

from training_data.regions import RegionTable

REGIONS = RegionTable.load("indonesia")
PEOPLED = [int(row) for row in REGIONS.at_level(len(REGIONS.levels) - 1)]

schemathesis.openapi.format(
    "region",
    st.sampled_from(
        [REGIONS.codes[row] for row in PEOPLED] + [REGIONS.names[row] for row in PEOPLED]
    ),
)

schemathesis.openapi.format(  # of any year, as the tool makes them, too few would fit the pattern beside the format
    "date-time",
    st.datetimes(
        min_value=dt.datetime(1902, 1, 1),
        max_value=dt.datetime(2198, 12, 31),
        timezones=st.timezones(),
    ).map(dt.datetime.isoformat),
)


@schemathesis.serializer("application/x-ndjson")
def write_lines(_: object, value: Any) -> bytes:
    """Return a text as it is; what is none cannot be written in lines."""
    return value.encode() if isinstance(value, str) else b""
