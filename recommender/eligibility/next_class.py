"""The next class of a training for a person: of those that can still be entered the nearest, of these the first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.kernels.masks import mark_entered
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.travel import (
    find_nearest_sessions,
    measure_to_locations,
    measure_told_km,
)


class NextClasses(NamedTuple):
    """The next class for each of M pairs of a person and a training.

    Attributes
    ----------
    session : ndarray of int, shape (M,)
        Row of the catalogue's sessions; -1 where there is none, as of what is learnt online at any time.
    region : ndarray of int32, shape (M,)
        Where one goes to; -1 online.
    km : ndarray of float64, shape (M,)
        As people are told, see `measure_told_km`; NaN online and where a place is not known.
    """

    session: NDArray[np.int64]
    region: NDArray[np.int32]
    km: NDArray[np.float64]


def find_next_classes(
    query: EligibilityQuery,
    rows: NDArray[np.intp],
    courses: NDArray[np.int32],
    ready: NDArray[np.int64],
) -> NextClasses:
    """Return the next class for participants ``rows`` (M,) and trainings ``courses`` (M,).

    Parameters
    ----------
    ready : ndarray of int64, shape (M,)
        The first day on which each person can buy the training.
    """
    session = np.where(
        query.catalogue.face_to_face[courses],
        _find_nearest(query, rows, courses),
        _find_first(query, courses),
    )
    held = np.flatnonzero(session >= 0)
    closes = query.availability.registration_closes[session[held]]
    late = held[closes < ready[held]]
    if len(late):
        session[late] = find_classes_after(query, rows[late], courses[late], ready[late])
    visited = (session >= 0) & query.catalogue.face_to_face[courses]
    km = np.full(len(rows), np.nan)
    going, to = rows[visited], session[visited]
    km[visited] = measure_told_km(
        query.batch, going, to, query.catalogue, query.availability.routes
    )
    region = np.full(len(rows), -1, dtype=np.int32)
    region[visited] = query.catalogue.sessions.location.region[to]
    return NextClasses(session, region, km)


def _find_nearest(
    query: EligibilityQuery, rows: NDArray[np.intp], courses: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the nearest open session that one goes to, -1 where there is none."""
    availability = query.availability
    sessions = availability.attended_sessions
    found = np.full(len(rows), -1, dtype=np.int64)
    some = np.flatnonzero(query.catalogue.face_to_face[courses])
    if len(some) and len(sessions):
        nearest = find_nearest_sessions(
            query.batch, rows[some], courses[some], sessions, availability.attended_routes
        )
        found[some] = np.where(nearest >= 0, availability.attended_rows[nearest], -1)
    return found


def _find_first(query: EligibilityQuery, courses: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the first open session, -1 where there is none."""
    rows = np.flatnonzero(query.availability.stages["open"])
    if not len(rows):
        return np.full(len(courses), -1, dtype=np.int64)
    of = query.catalogue.sessions.course[rows]
    place = np.minimum(np.searchsorted(of, courses), len(rows) - 1)
    return np.where(of[place] == courses, rows[place], -1)


class EnterableClasses(NamedTuple):
    """The classes of each of M pairs of a person and a training, (M, most of one).

    Attributes
    ----------
    session : ndarray of int
        Row of the catalogue's sessions; of no meaning where ``can_enter`` is False.
    can_enter : ndarray of bool
        Whether the class is open, within reach, and can be entered from the day on.
    km : ndarray of float64
        As people travel; 0 online.
    """

    session: NDArray[np.int64]
    can_enter: NDArray[np.bool_]
    km: NDArray[np.float64]


def mark_entered_after(
    query: EligibilityQuery, rows: NDArray[np.intp], ready: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether an open session of each training one goes to is in reach and can be entered from a day on, (n, N).

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Participants of the batch.
    ready : ndarray of int64, shape (n,)
        The day of each.
    """
    availability, catalogue = query.availability, query.catalogue
    entered = np.zeros((len(rows), len(catalogue)), dtype=bool)
    sessions = availability.attended_rows
    _, number = catalogue.distinct_locations
    km = measure_to_locations(query.batch, rows, catalogue, availability.routes)
    mark_entered(
        km <= query.radius_km[rows, None],
        number[sessions],
        availability.registration_closes[sessions],
        catalogue.sessions.course[sessions],
        ready,
        entered,
    )
    return entered


def find_enterable_classes(
    query: EligibilityQuery,
    rows: NDArray[np.intp],
    courses: NDArray[np.int32],
    ready: NDArray[np.int64],
) -> EnterableClasses:
    """Return which classes of trainings ``courses`` (M,) participants ``rows`` (M,) can enter from a day on."""
    availability, sessions = query.availability, query.catalogue.sessions
    first, end = (np.searchsorted(sessions.course, courses, side) for side in ("left", "right"))
    steps = np.arange((end - first).max(initial=1))
    real = steps < (end - first)[:, None]
    found = np.where(real, first[:, None] + steps, 0)
    can_enter = real & availability.stages["open"][found]
    can_enter &= availability.registration_closes[found] >= ready[:, None]
    km = np.zeros(found.shape)
    visited = query.catalogue.face_to_face[courses]
    km[visited] = measure_to_locations(
        query.batch, rows[visited], query.catalogue, availability.routes, found[visited]
    )
    can_enter &= km <= query.radius_km[rows, None]
    return EnterableClasses(found, can_enter, km)


def find_classes_after(
    query: EligibilityQuery,
    rows: NDArray[np.intp],
    courses: NDArray[np.int32],
    ready: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the nearest open session within reach that can be entered from a day on, -1 where there is none."""
    found = find_enterable_classes(query, rows, courses, ready)
    nearest = np.where(found.can_enter, found.km, np.inf).argmin(axis=1)[:, None]
    session = np.take_along_axis(found.session, nearest, axis=1)[:, 0]
    return np.where(found.can_enter.any(axis=1), session, -1)
