"""What the tool has to be told of this service: how lines are written, what regions there are, and what is held.

A schema says how a request is written. Whether it can be met depends on what is held, too: an erased id is not
given out again (410, 422), a condition has to hold (412), an event that is known is sent again as it was (422),
and seats are given to people and in classes that there are (422). The tool makes names up, and its check of valid
data allows none of these statuses, so names in valid data are changed for such that fit what is held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

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


ANY = "*"
HELD: dict[str, str] = {}
"""The ETag of each participant who was registered, by id; any, where it was not told."""
ERASED: set[str] = set()
EVENTS: dict[str, dict[str, Any]] = {}
"""What was sent first under an event's id."""


def fit_profile(case: schemathesis.Case) -> None:
    """Change the id of somebody erased, and a condition for one that holds."""
    participant_id = _living(case.path_parameters["participant_id"])
    case.path_parameters["participant_id"] = participant_id
    for name in ("If-Match", "If-None-Match"):
        case.headers.pop(name, None)
    if participant_id in HELD:
        case.headers["If-Match"] = HELD[participant_id]


def fit_events(case: schemathesis.Case) -> None:
    """Change the ids of those erased, and of events that are known otherwise."""
    for event in case.body["events"]:
        event["participant_id"] = _living(event["participant_id"])
        if EVENTS.setdefault(event["event_id"], event) != event:
            event["event_id"] = uuid4().hex


def fit_allocation(case: schemathesis.Case) -> None:
    """Leave out classes, as no path lists them, and name people who are held; a ceiling is not below its floor."""
    people = iter(sorted(HELD))
    for name in ("classes", "participant_ids", "accepted", "offered"):
        case.body.pop(name, None)
    refused = zip(case.body.get("refused", ()), people, strict=False)
    case.body["refused"] = [one | {"participant_id": person} for one, person in refused]
    for bound in case.body.get("settings", {}).get("bounds", ()):
        if bound.get("ceiling") is not None:
            bound["ceiling"] = max(bound["ceiling"], bound.get("floor", 0))


FITTED: dict[str, Callable[[schemathesis.Case], None]] = {
    "put_participant": fit_profile,
    "patch_participant": fit_profile,
    "send": fit_events,
    "allocate": fit_allocation,
}


def _living(participant_id: str) -> str:
    return uuid4().hex if participant_id in ERASED else participant_id


@schemathesis.hook
def before_call(_: object, case: schemathesis.Case, **__: object) -> None:
    """Have valid data fit what is held."""
    fit = FITTED.get(_operation(case))
    if fit and case.meta and case.meta.generation.mode.is_positive:
        fit(case)


@schemathesis.hook
def after_call(_: object, case: schemathesis.Case, response: schemathesis.Response) -> None:
    """Note who is held by now, and as what."""
    if response.status_code not in (200, 201):
        return
    participant_id = (case.path_parameters or {}).get("participant_id", "")
    match _operation(case):
        case "put_participant" | "patch_participant":
            HELD[participant_id] = response.headers["etag"][0]
        case "object_to_profiling":
            HELD[participant_id] = ANY
        case "put_participants":
            answers = response.json()["answers"]
            HELD.update((one["participant_id"], ANY) for one in answers if one["status"] < 300)
        case "forget":
            HELD.pop(participant_id, None)
            ERASED.add(participant_id)


def _operation(case: schemathesis.Case) -> str:
    return str(case.operation.definition.raw.get("operationId"))
