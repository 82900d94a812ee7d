"""Every exclusion has numbers and a text in both languages; every remedy, applied, takes its exclusion away."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from recommender.eligibility.evidence import EVIDENCE, exclusion_evidence
from recommender.eligibility.exclusions import Exclusion, list_exclusions
from recommender.eligibility.mask import find_exclusions
from recommender.eligibility.remedies import REMEDIES, Remedy, find_remedy
from recommender.messages import load_messages
from tests.recommender.worlds import DAY, World, load_rules, random_world, table
from training_data.programmes.programme import load_programme

LANGUAGES = ("id", "en")
PROGRAMME = load_programme("prakerja-2024")


def test_every_exclusion_has_numbers_and_a_text_in_both_languages() -> None:
    messages = [load_messages(language, PROGRAMME) for language in LANGUAGES]
    seen: Counter[Exclusion] = Counter()
    remedied = set()
    for seed in range(40):
        query = random_world(seed).query()
        bits = find_exclusions(query)
        for row, column in np.argwhere(bits):
            for exclusion in list_exclusions(int(bits[row, column])):
                seen[exclusion] += 1
                if seen[exclusion] > 20:
                    continue
                numbers = exclusion_evidence(query, row, column, exclusion)
                remedy = find_remedy(query, row, column, exclusion)
                for texts in messages:
                    written = [texts.text("exclusion", exclusion, numbers)]
                    if remedy:
                        written.append(texts.text("remedy", remedy.code, remedy.evidence))
                    assert all(text and "{" not in text for text in written)
                remedied |= {exclusion} if remedy else set()
    assert set(seen) == set(Exclusion) - {Exclusion.WITHDRAWN}
    assert remedied == set(REMEDIES)


def test_exclusions_and_texts_are_the_same_set_in_every_language() -> None:
    texts = [load_messages(language, PROGRAMME).texts for language in LANGUAGES]
    assert set(texts[0]["exclusion"]) == set(EVIDENCE) == set(Exclusion)
    assert set(texts[0]["remedy"]) == {*REMEDIES, "training_ends"}
    for section in ("reason", "exclusion", "remedy", "words"):
        assert texts[0][section].keys() == texts[1][section].keys()


def test_the_numbers_are_those_of_person_and_training() -> None:
    world = small_world(price=850_000, balance=300_000)
    texts = {language: load_messages(language, PROGRAMME) for language in LANGUAGES}
    query = world.query()
    numbers = exclusion_evidence(query, 0, 0, Exclusion.BALANCE_TOO_LOW)
    remedy = find_remedy(query, 0, 0, Exclusion.BALANCE_TOO_LOW)
    assert texts["en"].text("exclusion", "balance_too_low", numbers) == (
        "It costs Rp 850,000; your balance is Rp 300,000."
    )
    assert texts["id"].text("exclusion", "balance_too_low", numbers) == (
        "Harganya Rp 850.000; saldo Anda Rp 300.000."
    )
    assert texts["en"].text("remedy", remedy.code, remedy.evidence) == (
        "With a balance of Rp 850,000, that is Rp 550,000 more."
    )


def test_a_current_training_says_on_which_day_it_ends() -> None:
    world = small_world(current_ends=DAY + dt.timedelta(days=12))
    remedy = find_remedy(world.query(), 0, 0, Exclusion.TRAINING_UNFINISHED)
    assert remedy == Remedy(
        "training_ends", {"course": ["Current"], "date": DAY + dt.timedelta(days=12), "days": 12}
    )
    text = load_messages("en", PROGRAMME).text("remedy", remedy.code, remedy.evidence)
    assert text == ("After your current training ends, in 12 days, on June 27, 2024: Current.")


def test_without_a_class_a_current_training_has_no_day() -> None:
    remedy = find_remedy(small_world().query(), 0, 0, Exclusion.TRAINING_UNFINISHED)
    assert remedy == Remedy("training_unfinished", {"course": ["Current"]})


def test_registration_opens_with_the_first_of_the_classes() -> None:
    world = small_world(current_ends=DAY + dt.timedelta(days=30))
    opens = [DAY + dt.timedelta(days=days) for days in (9, 4)]
    world = replace(
        world,
        classes=pl.concat(
            world.classes.with_columns(
                class_id=pl.lit(str(day)),
                course_id=pl.lit("a"),
                starts_on=pl.lit(day),
                registration_from=pl.lit(day),
                registration_until=pl.lit(day),
            )
            for day in opens
        ),
    )
    numbers = exclusion_evidence(world.query(), 0, 0, Exclusion.REGISTRATION_NOT_OPEN)
    assert numbers == {"date": DAY + dt.timedelta(days=4)}


def small_world(price: int = 0, balance: int = 0, current_ends: dt.date | None = None) -> World:
    """One person, one training that they want, and another one begun."""
    world = random_world(0)
    begun = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
    head = {"provider_id": "p", "mode": "webinar", "skills": [], "prerequisites": []}
    return replace(
        world,
        rules=load_rules("prakerja-2024"),
        courses=table(
            "courses",
            [
                head | {"course_id": "a", "title": "Wished", "price_idr": price},
                head | {"course_id": "b", "title": "Current", "price_idr": 0},
            ],
        ),
        classes=table(
            "classes",
            [
                {
                    "class_id": "k",
                    "course_id": "b",
                    "starts_on": DAY - dt.timedelta(days=3),
                    "ends_on": current_ends,
                    "seats": 1,
                    "seats_left": 1,
                }
            ][: current_ends is not None],
        ),
        participants=table(
            "participants",
            [
                {
                    "participant_id": "x",
                    "balance_idr": balance,
                    "skills": [],
                    "interests": [],
                    "groups": [],
                    "profiling_opt_out": False,
                }
            ],
        ),
        events=table(
            "interactions",
            [
                {
                    "event_id": "e",
                    "participant_id": "x",
                    "course_id": "b",
                    "kind": "start",
                    "at": begun,
                }
            ],
        ),
    )


def change_participant(world: World, row: int, **values: object) -> World:
    """Change one participant."""
    here = pl.arange(pl.len()) == row
    return replace(
        world,
        participants=world.participants.with_columns(
            pl.when(here)
            .then(pl.lit(value))
            .otherwise(pl.col(name))
            .cast(world.participants.schema[name])
            .alias(name)
            for name, value in values.items()
        ),
    )


def change_classes(world: World, **columns: pl.Expr) -> World:
    """Change all classes, and where trainings without a class are held."""
    held = {name: value for name, value in columns.items() if name == "region_code"}
    return replace(
        world,
        classes=world.classes.with_columns(**columns),
        courses=world.courses.with_columns(**held),
    )


def move_to_day(world: World, day: dt.date) -> World:
    return replace(world, rules=world.rules.model_copy(update={"day": day}))


def add_past(world: World, row: int, titles: list[str], kind: str) -> World:
    """Let one person finish or rate trainings."""
    ids = world.courses.filter(pl.col("title").is_in(titles))["course_id"]
    rows = [
        {
            "event_id": f"done {course_id}",
            "participant_id": world.participants["participant_id"][row],
            "course_id": course_id,
            "kind": kind,
            "at": dt.datetime(2024, 6, 14, tzinfo=dt.UTC),
        }
        for course_id in ids
    ]
    return replace(world, events=pl.concat([world.events, table("interactions", rows)]))


# What a person would do who takes the engine at its word.
APPLIED: dict[Exclusion, Callable[[World, int, dict], World]] = {
    Exclusion.TOO_YOUNG: lambda w, _, e: move_to_day(w, e["date"]),
    Exclusion.NOT_YET_AVAILABLE: lambda w, _, e: move_to_day(w, e["date"]),
    Exclusion.REGISTRATION_NOT_OPEN: lambda w, _, e: move_to_day(w, e["date"]),
    Exclusion.BALANCE_TOO_LOW: lambda w, row, e: change_participant(w, row, balance_idr=e["price"]),
    Exclusion.OUT_OF_REACH: lambda w, row, e: change_participant(w, row, radius_km=e["km"]),
    Exclusion.EDUCATION_TOO_LOW: lambda w, row, e: change_participant(
        w, row, education=e["education"]
    ),
    Exclusion.DEVICE_MISSING: lambda w, row, _: change_participant(w, row, has_device=True),
    Exclusion.CONNECTION_MISSING: lambda w, row, _: change_participant(w, row, has_connection=True),
    Exclusion.OWN_AREA_UNKNOWN: lambda w, row, _: change_participant(w, row, region_code="31.71"),
    Exclusion.OCCUPATION_EXCLUDED: lambda w, row, _: change_participant(
        w, row, occupation="penyair"
    ),
    Exclusion.CLASS_TOO_LATE: lambda w, _, e: change_classes(
        w, ends_on=pl.min_horizontal("ends_on", pl.lit(e["date"]))
    ),
    Exclusion.TOO_MANY_HOURS_A_DAY: lambda w, _, e: change_classes(
        w, ends_on=pl.col("starts_on") + pl.duration(days=e["days"] - 1)
    ),
    Exclusion.PLACE_UNKNOWN: lambda w, *_: change_classes(w, region_code=pl.lit("31.71")),
    Exclusion.STATUS_EXCLUDED: lambda w, row, _: change_participant(
        w, row, employment_status="self_employed"
    ),
    Exclusion.PREREQUISITE_MISSING: lambda w, row, e: add_past(w, row, e["course"], "complete"),
    Exclusion.TRAINING_UNFINISHED: lambda w, row, e: add_past(w, row, e["course"], "complete"),
    Exclusion.TRAINING_UNRATED: lambda w, row, e: add_past(w, row, e["course"], "rate"),
}


@pytest.mark.parametrize("exclusion", APPLIED)
def test_a_remedy_applied_takes_its_exclusion_away(exclusion: Exclusion) -> None:
    tried = 0
    for seed in range(2000, 2100):
        world = random_world(seed, n_courses=12, n_participants=4)
        query = world.query()
        bit = np.uint32(1 << list(Exclusion).index(exclusion))
        found = np.argwhere(find_exclusions(query) & bit)
        if not len(found):
            continue
        row, column = (int(i) for i in found[0])
        remedy = find_remedy(query, row, column, exclusion)
        after = find_exclusions(APPLIED[exclusion](world, row, remedy.evidence).query())
        assert exclusion not in list_exclusions(int(after[row, column])), f"world {seed}"
        tried += 1
        if tried == 5:
            return
    raise AssertionError(f"{exclusion} came up {tried} times only")
