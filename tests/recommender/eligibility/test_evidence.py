"""Every exclusion has numbers and a text in both languages."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl

from recommender.eligibility.evidence import EVIDENCE, exclusion_evidence
from recommender.eligibility.exclusion_codes import Exclusion, list_exclusions
from recommender.eligibility.exclusions import find_exclusions
from recommender.eligibility.remedies import REMEDIES, Remedy, find_remedy
from recommender.messages import load_messages
from tests.recommender.worlds import DAY, World, load_rules, random_world, table
from training_data.programmes.programme import load_programme
from training_data.programmes.rules import OwnPaymentRule

LANGUAGES = ("id", "en")
PROGRAMME = load_programme("prakerja-2024")


def test_every_exclusion_has_numbers_and_a_text_in_both_languages() -> None:
    messages = [load_messages(language, PROGRAMME) for language in LANGUAGES]
    seen: Counter[Exclusion] = Counter()
    remedied = set()
    for seed in range(120):
        query = random_world(seed).query()
        bits = find_exclusions(query)
        for row, column in np.argwhere(bits):
            for exclusion in list_exclusions(int(bits[row, column])):
                seen[exclusion] += 1
                if seen[exclusion] > 20 and exclusion not in REMEDIES.keys() - remedied:
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
    world = allow_top_up(small_world(price=850_000, balance=300_000))
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


def test_where_the_balance_cannot_be_topped_up_nothing_helps() -> None:
    query = small_world(price=850_000, balance=300_000).query()
    assert find_remedy(query, 0, 0, Exclusion.BALANCE_TOO_LOW) is None


def allow_top_up(world: World) -> World:
    rule = OwnPaymentRule(kind="own_payment", valid_from=DAY, source="test", top_up=True)
    return replace(world, rules=world.rules.model_copy(update={"own_payment": rule}))


def test_a_current_training_says_on_which_day_it_ends() -> None:
    world = small_world(current_ends=DAY + dt.timedelta(days=12))
    remedy = find_remedy(world.query(), 0, 0, Exclusion.TRAINING_UNFINISHED)
    assert remedy == Remedy(
        "training_ends", {"course": ["Current"], "date": DAY + dt.timedelta(days=12), "days": 12}
    )
    text = load_messages("en", PROGRAMME).text("remedy", remedy.code, remedy.evidence)
    assert text == ("After your current training, which ends on June 27, 2024: Current.")


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
