"""Simulated people as rows of the ``Participants`` contract: what they tell of themselves."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES, Participants, complete_columns
from training_data.simulation import figures
from training_data.simulation.people import People, simulate_people
from training_data.simulation.streams import Stream, uniforms
from training_data.simulation.world import DAY, World, build_world

Strings = pl.Series


def simulate_participants(n: int, day: dt.date, seed: int = 0) -> pl.DataFrame:
    """Return ``n`` simulated participants of ``day`` who have not bought anything yet."""
    world = build_world(day, seed)
    people = simulate_people(world, 0, n)
    return participant_table(world, people, np.zeros(n, dtype=np.int64))


def participant_table(world: World, people: People, spent: NDArray[np.int64]) -> pl.DataFrame:
    """Return what people tell, validated; ``spent`` (B,) is what their purchases cost so far."""
    occupations = pl.Series([term.id for term in world.occupations.vocabulary.terms])
    table = pl.DataFrame(
        {
            "participant_id": participant_ids(people),
            "birth_year": (world.day.year - people.age).astype(np.int32),
            "gender": _choose(pl.Series(["male", "female"]), people.female.astype(np.int64)),
            "education": _choose(pl.Series(EDUCATIONS), people.education),
            "employment_status": _choose(pl.Series(EMPLOYMENT_STATUSES), people.employment),
            "occupation": _choose(occupations, people.occupation),
            "target_occupation": _choose(occupations, people.target),
            **_phrases(world, people),
            "region_code": _choose(world.homes.codes, people.home),
            "rural": people.rural,
            "disability": people.disability,
            "balance_idr": world.grant - spent,
            "admitted_on": pl.Series(people.admitted // DAY, dtype=pl.Int32).cast(pl.Date),
            "groups": _lists([_choose(pl.Series(["never_trained"]), people.never_trained - 1)]),
            "profiling_opt_out": people.opt_out,
        }
    )
    return Participants.validate(complete_columns(Participants, table), cast=True)


def participant_ids(people: People) -> Strings:
    """Return the id of each person: "sim-0000001" is the first."""
    number = pl.Series(np.arange(people.first + 1, people.first + len(people) + 1))
    return "sim-" + number.cast(pl.String).str.zfill(7)


def _phrases(world: World, people: People) -> dict[str, pl.Series]:
    """Skills and interests, as ids and topics or in people's own words."""
    columns = iter(
        uniforms(world.seed, Stream.PROFILE, people.first, len(people), 8 + people.knows.shape[1]).T
    )
    told = next(columns) >= figures.NAMES_NO_SKILL
    wished = [
        np.where(next(columns) < share, people.wishes[:, i], -1)
        for i, share in enumerate((figures.NAMES_FIRST_WISH, figures.NAMES_SECOND_WISH))
    ]
    named = [
        np.where(next(columns) < share, topic, -1)
        for topic, share in (
            (people.main_topic, figures.NAMES_MAIN_TOPIC),
            (people.second_topic, figures.NAMES_SECOND_TOPIC),
        )
    ]
    ids, labels, words = (
        pl.Series(values)
        for values in (
            [term.id for term in world.skills.terms],
            [term.label("id") for term in world.skills.terms],
            [(term.aliases or (term.label("id"),))[0] for term in world.skills.terms],
        )
    )
    skills = []
    for skill, own in zip(people.knows.T, columns, strict=False):
        named_skill = np.where(told, skill, -1)
        by_id = pl.Series(own >= figures.IN_OWN_WORDS)
        skills.append(_choose(ids, named_skill).zip_with(by_id, _choose(words, named_skill)))
    topics = [_choose(pl.Series(world.topics), topic) for topic in named]
    return {
        "skills": _lists(skills),
        "interests": _lists([*topics, *(_choose(labels, wish) for wish in wished)]),
    }


def _choose(values: pl.Series, places: NDArray[np.int64]) -> Strings:
    """Return the value at each place, null at -1."""
    found = pl.Series(places)
    return values.gather(found.set(found < 0, None))


def _lists(columns: list[Strings]) -> pl.Series:
    """Return the distinct values of each row as a list, in order, without nulls."""
    frame = pl.DataFrame([column.alias(str(i)) for i, column in enumerate(columns)])
    together = pl.concat_list(pl.all()).list.drop_nulls().list.unique(maintain_order=True)
    return frame.select(together).to_series()
