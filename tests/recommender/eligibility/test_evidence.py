"""Every exclusion has numbers and a text in both languages; every remedy, applied, takes its reason away."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from recommender.eligibility.evidence import EVIDENCE, evidence
from recommender.eligibility.mask import reason_bits
from recommender.eligibility.reasons import Reason, reasons_in
from recommender.eligibility.remedies import REMEDIES, Remedy, remedy
from recommender.messages import load_messages
from tests.recommender.worlds import DAY, World, load_rules, random_world, table
from training_data.programmes.programme import load_programme

LANGUAGES = ("id", "en")
PROGRAMME = load_programme("prakerja-2024")


def test_every_exclusion_has_numbers_and_a_text_in_both_languages() -> None:
    messages = [load_messages(language, PROGRAMME) for language in LANGUAGES]
    seen: Counter[Reason] = Counter()
    changed = set()
    for seed in range(40):
        question = random_world(seed).question()
        bits = reason_bits(question)
        for row, column in np.argwhere(bits):
            for reason in reasons_in(int(bits[row, column])):
                seen[reason] += 1
                if seen[reason] > 20:
                    continue
                numbers = evidence(question, row, column, reason)
                change = remedy(question, row, column, reason)
                for texts in messages:
                    told = [texts.text("why_not", reason, numbers)]
                    if change:
                        told.append(texts.text("possible", change.code, change.evidence))
                    assert all(text and "{" not in text for text in told)
                changed |= {reason} if change else set()
    assert set(seen) == set(Reason) - {Reason.WITHDRAWN}
    assert changed == set(REMEDIES)


def test_reasons_and_texts_are_the_same_set_in_every_language() -> None:
    texts = [load_messages(language, PROGRAMME).texts for language in LANGUAGES]
    assert set(texts[0]["why_not"]) == set(EVIDENCE) == set(Reason)
    assert set(texts[0]["possible"]) == {*REMEDIES, "training_ends"}
    for section in ("why", "why_not", "possible", "words"):
        assert texts[0][section].keys() == texts[1][section].keys()


def test_the_numbers_are_those_of_person_and_training() -> None:
    world = small_world(price=850_000, balance=300_000)
    texts = {language: load_messages(language, PROGRAMME) for language in LANGUAGES}
    question = world.question()
    numbers = evidence(question, 0, 0, Reason.BALANCE_TOO_LOW)
    change = remedy(question, 0, 0, Reason.BALANCE_TOO_LOW)
    assert texts["en"].text("why_not", "balance_too_low", numbers) == (
        "It costs Rp 850,000; your balance is Rp 300,000."
    )
    assert texts["id"].text("why_not", "balance_too_low", numbers) == (
        "Harganya Rp 850.000; saldo Anda Rp 300.000."
    )
    assert texts["en"].text("possible", change.code, change.evidence) == (
        "With a balance of Rp 850,000, that is Rp 550,000 more."
    )


def test_a_current_training_says_on_which_day_it_ends() -> None:
    world = small_world(current_ends=DAY + dt.timedelta(days=12))
    change = remedy(world.question(), 0, 0, Reason.TRAINING_UNFINISHED)
    assert change == Remedy(
        "training_ends", {"course": ["Current"], "date": DAY + dt.timedelta(days=12), "days": 12}
    )
    text = load_messages("en", PROGRAMME).text("possible", change.code, change.evidence)
    assert text == ("After your current training ends, in 12 days, on June 27, 2024: Current.")


def test_without_a_class_a_current_training_has_no_day() -> None:
    change = remedy(small_world().question(), 0, 0, Reason.TRAINING_UNFINISHED)
    assert change == Remedy("training_unfinished", {"course": ["Current"]})


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
    numbers = evidence(world.question(), 0, 0, Reason.REGISTRATION_NOT_OPEN)
    assert numbers == {"date": DAY + dt.timedelta(days=4)}


def small_world(price: int = 0, balance: int = 0, current_ends: dt.date | None = None) -> World:
    """One person, one training wished for, and another one begun."""
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


def person(world: World, row: int, **values: object) -> World:
    """Change one person."""
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


def classes(world: World, **columns: pl.Expr) -> World:
    """Change all classes, and where trainings without a class are held."""
    held = {name: value for name, value in columns.items() if name == "region_code"}
    return replace(
        world,
        classes=world.classes.with_columns(**columns),
        courses=world.courses.with_columns(**held),
    )


def on(world: World, day: dt.date) -> World:
    return replace(world, rules=world.rules.model_copy(update={"day": day}))


def having_done(world: World, row: int, titles: list[str], kind: str) -> World:
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
APPLIED: dict[Reason, Callable[[World, int, dict], World]] = {
    Reason.TOO_YOUNG: lambda w, _, e: on(w, e["date"]),
    Reason.NOT_YET_AVAILABLE: lambda w, _, e: on(w, e["date"]),
    Reason.REGISTRATION_NOT_OPEN: lambda w, _, e: on(w, e["date"]),
    Reason.BALANCE_TOO_LOW: lambda w, row, e: person(w, row, balance_idr=e["price"]),
    Reason.OUT_OF_REACH: lambda w, row, e: person(w, row, radius_km=e["km"]),
    Reason.EDUCATION_TOO_LOW: lambda w, row, e: person(w, row, education=e["education"]),
    Reason.DEVICE_MISSING: lambda w, row, _: person(w, row, has_device=True),
    Reason.CONNECTION_MISSING: lambda w, row, _: person(w, row, has_connection=True),
    Reason.OWN_AREA_UNKNOWN: lambda w, row, _: person(w, row, region_code="31.71"),
    Reason.OCCUPATION_EXCLUDED: lambda w, row, _: person(w, row, occupation="penyair"),
    Reason.CLASS_TOO_LATE: lambda w, _, e: classes(
        w, ends_on=pl.min_horizontal("ends_on", pl.lit(e["date"]))
    ),
    Reason.TOO_MANY_HOURS_A_DAY: lambda w, _, e: classes(
        w, ends_on=pl.col("starts_on") + pl.duration(days=e["days"] - 1)
    ),
    Reason.PLACE_UNKNOWN: lambda w, *_: classes(w, region_code=pl.lit("31.71")),
    Reason.STATUS_EXCLUDED: lambda w, row, _: person(w, row, employment_status="self_employed"),
    Reason.PREREQUISITE_MISSING: lambda w, row, e: having_done(w, row, e["course"], "complete"),
    Reason.TRAINING_UNFINISHED: lambda w, row, e: having_done(w, row, e["course"], "complete"),
    Reason.TRAINING_UNRATED: lambda w, row, e: having_done(w, row, e["course"], "rate"),
}


@pytest.mark.parametrize("reason", APPLIED)
def test_a_remedy_applied_takes_its_reason_away(reason: Reason) -> None:
    tried = 0
    for seed in range(2000, 2100):
        world = random_world(seed, n_courses=12, n_people=4)
        question = world.question()
        bit = np.uint32(1 << list(Reason).index(reason))
        found = np.argwhere(reason_bits(question) & bit)
        if not len(found):
            continue
        row, column = (int(i) for i in found[0])
        change = remedy(question, row, column, reason)
        after = reason_bits(APPLIED[reason](world, row, change.evidence).question())
        assert reason not in reasons_in(int(after[row, column])), f"world {seed}"
        tried += 1
        if tried == 5:
            return
    raise AssertionError(f"{reason} came up {tried} times only")
