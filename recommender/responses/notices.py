"""What is said to whom nothing fits: that it is so, and which training comes nearest to what they wrote."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import (
    TypedDict,  # of the standard library, pydantic reads it from Python 3.12 on
)

from recommender.catalogue.catalogue import FAR_FUTURE
from recommender.eligibility.evidence import exclusion_evidence, to_date
from recommender.eligibility.exclusion_codes import BIT, PASSING_BITS, Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions, find_participant_exclusions
from recommender.eligibility.mask import build_list_mask
from recommender.eligibility.query import EligibilityQuery
from recommender.eligibility.remedies import find_remedy
from recommender.eligibility.travel import find_nearest_sessions, measure_told_km
from recommender.engine import Engine, Recommendations
from recommender.messages import Messages
from recommender.participants.phrases import Phrase
from recommender.participants.profile_embedding import ProfileEmbedding
from recommender.ranking.fit import FITS, RELATED_FROM, STRONG_FROM, grade_fit
from recommender.settings import CourseFilters


class Notice(TypedDict):
    """What is said of a list as a whole."""

    code: Annotated[str, Field(examples=["nothing_near"])]
    text: str
    evidence: Annotated[dict[str, Any], Field(examples=[{"wish": "las"}])]


def write_notices(
    engine: Engine, messages: Messages, recommendations: Recommendations
) -> list[Notice | None]:
    """Return the notice of each list; None where something fits, or nothing was wished."""
    unmet = find_unmet(recommendations)
    notices: list[Notice | None] = [None] * len(recommendations.slates.ids)
    for row, wish in unmet.items():
        code, evidence = _find_what_is_left(engine, recommendations, row, wish)
        text = messages.text("notice", code, evidence)
        if code == "nothing_permitted":
            course = engine.catalogue.index[evidence["course_id"]]
            text = f"{text} {_tell_why(recommendations.query, messages, row, course)}".strip()
        notices[row] = {"code": code, "text": text, "evidence": evidence}
    return notices


def find_unmet(recommendations: Recommendations) -> dict[int, Phrase]:
    """Return whose wish no permitted training fits or is related to, with the wish that weighs most.

    The fallback list ranks by popularity alone and says nothing of fit.
    """
    slates = recommendations.slates
    best = grade_fit(slates.features[:, :1]).max(axis=1, initial=0)
    profile = recommendations.participants.profile
    unmet = np.flatnonzero((best == FITS.index("other")) & recommendations.judged)
    wishes = {int(row): _find_wish(profile, int(row)) for row in unmet}
    return {row: wish for row, wish in wishes.items() if wish is not None}


def find_left_out(
    engine: Engine, recommendations: Recommendations, row: int, wish: Phrase
) -> int | None:
    """Return the training that answers a wish best of those that a person may take and narrowed out, if any."""
    if recommendations.filters == CourseFilters():
        return None
    left_out = build_list_mask(recommendations.query)[row]
    left_out &= ~recommendations.filters.mask(engine.catalogue)
    answer = np.where(left_out, engine.relevance.answer([wish])[0], 0)
    best = int(answer.argmax())
    return best if answer[best] >= RELATED_FROM else None


def _find_what_is_left(
    engine: Engine, recommendations: Recommendations, row: int, wish: Phrase
) -> tuple[str, dict[str, Any]]:
    """Return the code and the evidence of what may be taken without the filters, else of an alternative."""
    course = find_left_out(engine, recommendations, row, wish)
    if course is None:
        return _find_alternative(engine, recommendations, row, wish)
    named = {"course_id": engine.catalogue.ids[course], "course": engine.catalogue.titles[course]}
    return "nothing_filtered", {"wish": _quote(recommendations, row, wish), **named}


def _find_wish(profile: ProfileEmbedding, row: int) -> Phrase | None:
    """Return the phrase that weighs most of those that say something; None where none does."""
    cells = range(*profile.weights.indptr[row : row + 2].tolist())
    said = [
        (float(profile.weights.data[cell]), profile.phrases[profile.weights.indices[cell]])
        for cell in cells
    ]
    wanted = [(weight, phrase) for weight, phrase in said if weight > 0 and phrase.words]
    return max(wanted, key=lambda pair: pair[0])[1] if wanted else None


def _find_alternative(
    engine: Engine, recommendations: Recommendations, row: int, wish: Phrase
) -> tuple[str, dict[str, Any]]:
    """Return the code and the evidence of a training that fits a wish, though it is not permitted.

    The nearest of those that only the way to them keeps from the person; without any, the one that fits best.
    """
    catalogue, query = engine.catalogue, recommendations.query
    answer = np.where(catalogue.withdrawn, 0, engine.relevance.answer([wish])[0])
    fitting = np.flatnonzero(answer >= min(STRONG_FROM, max(float(answer.max()), RELATED_FROM)))
    evidence: dict[str, Any] = {"wish": _quote(recommendations, row, wish)}
    if not len(fitting):
        return "nothing_fits", evidence
    bits = find_exclusions(query, np.array([row]))[0, fitting] & ~PASSING_BITS
    nearest = _find_nearest(query, row, fitting[bits == 1 << BIT[Exclusion.OUT_OF_REACH]])
    if nearest is None:
        new = fitting[bits >> BIT[Exclusion.TAKEN_ALREADY] & 1 == 0]
        if not len(new):
            return "nothing_fits", evidence
        best = int(new[answer[new].argmax()])
        named = {"course_id": catalogue.ids[best], "course": catalogue.titles[best]}
        return "nothing_permitted", evidence | named
    course, session, km = nearest
    sessions = query.availability.attended_sessions
    regions = engine.reader.vocabularies.regions
    evidence |= {
        "course_id": catalogue.ids[course],
        "course": catalogue.titles[course],
        "region": regions.names[sessions.location.region[session]],
        "km": round(km),
    }
    start = int(sessions.starts_on[session])
    if start == FAR_FUTURE:
        return "nothing_near_undated", evidence
    return "nothing_near", evidence | {"date": to_date(start)}


def _tell_why(query: EligibilityQuery, messages: Messages, row: int, course: int) -> str:
    """Return why a training may not be taken, and what would change it; nothing where the person may take none."""
    of_person = find_participant_exclusions(query)[row]
    bits = find_exclusions(query, np.array([row]))[0][course] & ~of_person
    told = list_exclusions(int(bits))
    if not told:
        return ""
    evidence = exclusion_evidence(query, row, course, told[0])
    text = messages.text("exclusion", told[0].value, evidence)
    remedy = find_remedy(query, row, course, told[0])
    if remedy is None:
        return text
    return f"{text} {messages.text('remedy', remedy.code, remedy.evidence)}"


def _quote(recommendations: Recommendations, row: int, wish: Phrase) -> str:
    """Return a wish as the person wrote it; its label where it was chosen from a list."""
    written = (one.text for one in recommendations.participants.written[row])
    same = (text for text in written if text.casefold() == wish.text.casefold())
    return next(same, wish.text)


def _find_nearest(
    query: EligibilityQuery, row: int, courses: NDArray[np.intp]
) -> tuple[int, int, float] | None:
    """Return the training whose open class is nearest, that class, and the km to it; None without any on a map."""
    attended = courses[query.catalogue.face_to_face[courses]]
    availability = query.availability
    sessions, routes = availability.attended_sessions, availability.attended_routes
    if not len(attended) or not len(sessions):
        return None
    who = np.full(len(attended), row)
    session = find_nearest_sessions(query.batch, who, attended, sessions, routes)
    of_all = availability.attended_rows[session]
    km = measure_told_km(query.batch, who, of_all, query.catalogue, routes)
    known = np.flatnonzero((session >= 0) & ~np.isnan(km))
    if not len(known):
        return None
    best = known[km[known].argmin()]
    return int(attended[best]), int(session[best]), float(km[best])
