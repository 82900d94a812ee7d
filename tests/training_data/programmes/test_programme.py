"""Rule packs: the shipped ones hold the programme's facts; a wrong one is refused with its line."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from training_data.programmes.programme import (
    PackError,
    load_programme,
    parse_programme,
    shipped_programmes,
)

HEAD = """id = "test"
name = "Test"
version = "1"
currency = "IDR"
languages = ["id"]
"""


def rule(kind: str, body: str, start: str = "2024-01-01", until: str = "") -> str:
    end = f"valid_until = {until}\n" if until else ""
    return f'[[rule]]\nkind = "{kind}"\nvalid_from = {start}\n{end}source = "test"\n{body}\n'


def test_the_packs_that_are_shipped() -> None:
    assert shipped_programmes() == [
        "cpf-france-2026",
        "maganghub-2025",
        "prakerja-2020-22",
        "prakerja-2023",
        "prakerja-2024",
        "pvn-2026",
    ]


@pytest.mark.parametrize("pack", shipped_programmes())
def test_every_shipped_rule_says_where_it_is_written(pack: str) -> None:
    assert all(len(rule.source) > 10 for rule in load_programme(pack).rule)


@pytest.mark.parametrize("pack", shipped_programmes())
def test_every_source_has_a_year_or_is_an_assumption(pack: str) -> None:
    for rule in load_programme(pack).rule:
        assert re.search(r"\b20\d\d", rule.source) or "assumption" in rule.source, rule.source


def test_outside_its_time_a_pack_is_refused_instead_of_permitting_everything() -> None:
    with pytest.raises(PackError, match="no rule holds on 2023-01-01"):
        load_programme("prakerja-2020-22").in_force(dt.date(2023, 1, 1))


def test_a_rule_holds_on_both_of_its_days() -> None:
    text = (
        HEAD
        + rule("grant", "amount = 1", "2024-01-01", "2024-06-30")
        + rule("grant", "amount = 2", "2024-07-01")
    )
    programme = parse_programme(text, "test.toml")
    amounts = [
        programme.in_force(dt.date(2024, *day)).grant.amount for day in ((1, 1), (6, 30), (7, 1))
    ]
    assert amounts == [1, 1, 2]


def test_the_fingerprint_follows_the_rules_and_not_the_layout() -> None:
    text = HEAD + rule("grant", "amount = 1000")
    same = parse_programme(text.replace("amount = 1000", "amount = 1_000  # rupiah"), "b.toml")
    other = parse_programme(text.replace("amount = 1000", "amount = 1001"), "c.toml")
    assert parse_programme(text, "a.toml").fingerprint == same.fingerprint
    assert same.fingerprint != other.fingerprint


# Each wrong pack, the line that is wrong (the head has five), and a word of the message.
AGES = "minimum = 18\nmaximum = 64"
WRONG = {
    "unknown field of a rule": (rule("grant", "amount = 1\nammount = 2"), 11, "Extra inputs"),
    "unknown field of the head": ('colour = "red"\n' + rule("grant", "amount = 1"), 6, "Extra"),
    "unknown kind": (rule("grant", "amount = 1") + rule("height", "minimum = 150"), 12, "height"),
    "no kind": ("[[rule]]\nvalid_from = 2024-01-01\n", 6, "kind"),
    "no source": ('[[rule]]\nkind = "grant"\nvalid_from = 2024-01-01\namount = 1\n', 6, "source"),
    "minimum above maximum": (rule("age", "minimum = 65\nmaximum = 64"), 6, "below minimum 65"),
    "no ceiling": (rule("price_ceiling", ""), 6, "by_category"),
    "no limit to a diploma": (rule("graduation", ""), 6, "within_years"),
    "no schooling": (rule("minimum_education", ""), 6, "any_level"),
    "an occupation without a name": (
        rule("excluded_occupation", 'occupations = ["*"]'), 10, "pattern",
    ),
    "negative ceiling": (rule("price_ceiling", "amount = -1"), 10, "greater than or equal to 0"),
    "no hours for a mode": (
        rule("hours_per_day", "hours = { webinar = 0, in_person = 8 }"), 10, "greater than 0",
    ),
    "25 hours a day": (rule("hours_per_day", "[rule.hours]\nwebinar = 25"), 11, "24"),
    "unknown mode": (rule("modes", 'allowed = ["webinar", "telepathy"]'), 10, "self_paced"),
    "no mode": (rule("modes", "allowed = []"), 10, "at least 1"),
    "everybody excluded": (
        rule("excluded_status", 'statuses = ["unemployed", "laid_off", "employed", '
             '"self_employed", "student", "not_in_labour_force"]'), 6, "everybody",
    ),
    "less schooling for more": (
        rule("minimum_education", 'education = { beginner = "diploma", advanced = "primary" }'),
        6, "lower level",
    ),
    "closes before it opens": (
        rule("registration", "opens_days_before = 3\ncloses_days_before = 7"), 6, "ever",
    ),
    "classes before the rule": (rule("class_dates", "last_day = 2023-12-31"), 6, "before"),
    "until before from": (rule("grant", "amount = 1", "2024-02-01", "2024-01-31"), 6, "before"),
    "hours for modes that are not paid": (
        rule("modes", 'allowed = ["webinar"]') + rule("hours_per_day", "hours = { in_person = 8 }"),
        15, "none of them",
    ),
    "overlap": (
        rule("age", AGES, until="2024-06-30") + rule("grant", "amount = 1")
        + rule("age", AGES, start="2024-06-30"), 19, "line 7 still holds",
    ),
    "overlap with an open end": (
        rule("grant", "amount = 1") + rule("grant", "amount = 2", start="2030-01-01"), 12, "holds",
    ),
    "overlap written backwards": (
        rule("grant", "amount = 2", start="2030-01-01") + rule("grant", "amount = 1"), 7, "line 12",
    ),
    "not TOML": ("[[rule]\n", 6, "not valid TOML"),
    "no rule": ("rule = []\n", 6, "at least one"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_pack_is_refused_with_file_and_line(name: str) -> None:
    text, line, word = WRONG[name]
    with pytest.raises(PackError) as refused:
        parse_programme(HEAD + text, "test.toml")
    first = str(refused.value).splitlines()[0]
    assert first.startswith(f"test.toml:{line}: ")
    assert word in first


def test_every_problem_is_named_at_once() -> None:
    text = HEAD + rule("grant", "amount = -1") + rule("age", "minimum = 30\nmaximum = 20")
    with pytest.raises(PackError) as refused:
        parse_programme(text, "test.toml")
    lines = [problem.split(":")[1] for problem in str(refused.value).splitlines()]
    assert lines == ["10", "11"]


def test_a_missing_pack_names_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="prakerja-2020-22, prakerja-2023, prakerja-2024, pvn-2026"):
        load_programme("prakerja-2019")
    with pytest.raises(PackError, match="no such rule pack"):
        load_programme(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Jakarta", "2026-02-23T16:59:59Z", 23),
        ("Asia/Jakarta", "2026-02-23T17:00:00Z", 24),
        ("America/Sao_Paulo", "2026-02-24T02:59:59Z", 23),
        ("UTC", "2026-02-24T00:00:00Z", 24),
    ],
)
def test_the_programmes_zone_decides_the_day(zone: str, moment: str, day: int) -> None:
    text = HEAD + f'timezone = "{zone}"\n' + rule("grant", "amount = 1")
    programme = parse_programme(text, "t")
    assert programme.today(dt.datetime.fromisoformat(moment)) == dt.date(2026, 2, day)


@pytest.mark.parametrize("zone", ["Jakarta", "Asia/Nowhere", "../etc/passwd", "", "+07:00"])
def test_a_zone_that_is_not_known_is_refused(zone: str) -> None:
    with pytest.raises(PackError, match="time zone"):
        parse_programme(HEAD + f'timezone = "{zone}"\n' + rule("grant", "amount = 1"), "t")
