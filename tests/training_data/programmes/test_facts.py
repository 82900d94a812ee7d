"""The facts of the programmes, as `docs/rules.md` tells them: each on the day before and after it changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from training_data.programmes.programme import PackError, load_programme
from training_data.programmes.rules import RulesInForce

EVE, NEW_YEAR = dt.date(2022, 12, 31), dt.date(2023, 1, 1)
LAST_2023, FIRST_2024 = dt.date(2023, 12, 31), dt.date(2024, 1, 1)


def prakerja(day: dt.date) -> RulesInForce:
    years = {2023: "2023", 2024: "2024"}
    return load_programme(f"prakerja-{years.get(day.year, '2020-22')}").in_force(day)


def read(rules: RulesInForce, path: str) -> Any:
    """Return what a rule says, None where there is no such rule."""
    kind, _, name = path.partition(".")
    rule = getattr(rules, kind)
    return rule if rule is None or not name else getattr(rule, name)


ALL_MODES = {"self_paced", "webinar", "in_person", "hybrid"}


@pytest.mark.parametrize(
    ("fact", "before", "after"),
    [
        ("grant.amount", 1_000_000, 3_500_000),
        ("first_purchase.within_days", 30, 15),
        ("next_purchase.within_days", None, 15),
        ("duration.minimum_hours", 6, 15),
        ("age.minimum", 18, 18),
        ("age.maximum", None, 64),
        ("modes.allowed", {"self_paced", "webinar"}, {"webinar", "in_person", "hybrid"}),
        ("own_payment.top_up", False, False),
        ("one_at_a_time.rating_required", True, True),
        ("excluded_status.statuses", {"student"}, {"student"}),
    ],
)
def test_what_changed_with_2023(fact: str, before: Any, after: Any) -> None:
    for day, expected in ((EVE, before), (NEW_YEAR, after)):
        found = read(prakerja(day), fact)
        assert (set(found) if isinstance(expected, set) else found) == expected


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("grant.amount", 3_500_000),
        ("first_purchase.within_days", 15),
        ("next_purchase.within_days", 15),
        ("duration.minimum_hours", 15),
        ("age.maximum", 64),
        ("own_payment.top_up", False),
    ],
)
def test_what_stayed_in_2024(fact: str, value: Any) -> None:
    assert read(prakerja(LAST_2023), fact) == read(prakerja(FIRST_2024), fact) == value


def test_self_paced_trainings_are_not_paid_in_early_2023() -> None:
    modes = {
        day: set(prakerja(day).modes.allowed)
        for day in (EVE, NEW_YEAR, dt.date(2023, 6, 30), dt.date(2023, 7, 1), FIRST_2024)
    }
    assert ["self_paced" in modes[day] for day in modes] == [True, False, False, True, True]
    assert modes[FIRST_2024] == ALL_MODES


@pytest.mark.parametrize("day", [EVE, NEW_YEAR, FIRST_2024])
def test_hours_a_day(day: dt.date) -> None:
    hours = prakerja(day).hours_per_day.hours
    assert (hours["webinar"], hours["in_person"]) == (3, 8)
    assert "self_paced" not in hours


@pytest.mark.parametrize(
    ("pack", "first_day"),
    [
        ("prakerja-2020-22", dt.date(2020, 4, 1)),
        ("maganghub-2025", dt.date(2025, 10, 7)),
        ("pvn-2026", dt.date(2026, 2, 23)),
        ("cpf-france-2026", dt.date(2026, 1, 1)),
    ],
)
def test_before_its_first_day_a_programme_has_no_rules(pack: str, first_day: dt.date) -> None:
    programme = load_programme(pack)
    assert programme.in_force(first_day)
    with pytest.raises(PackError, match="no rule holds"):
        programme.in_force(first_day - dt.timedelta(days=1))


def test_maganghub_is_for_new_graduates_once_and_with_three_choices() -> None:
    rules = load_programme("maganghub-2025").in_force(dt.date(2025, 11, 6))
    assert rules.minimum_education.any_level == "diploma"
    assert rules.graduation.earliest(rules.day) == dt.date(2024, 11, 6)
    assert rules.once is not None
    assert rules.choices.most == 3


def test_the_vocational_training_lifted_its_limit_on_22_march_2026() -> None:
    programme = load_programme("pvn-2026")
    before, after = (programme.in_force(dt.date(2026, 3, day)) for day in (21, 22))
    assert before.graduation.earliest(before.day) == dt.date(2023, 1, 1)
    assert after.graduation is None
    assert before.age.minimum == after.age.minimum == 17


@pytest.mark.parametrize(
    ("pack", "at", "day"),
    [
        ("pvn-2026", dt.datetime(2026, 3, 21, 16, 59), dt.date(2026, 3, 21)),
        ("pvn-2026", dt.datetime(2026, 3, 21, 17, 0), dt.date(2026, 3, 22)),
        ("maganghub-2025", dt.datetime(2025, 10, 6, 17, 0), dt.date(2025, 10, 7)),
        ("prakerja-2024", dt.datetime(2023, 12, 31, 17, 0), FIRST_2024),
        ("cpf-france-2026", dt.datetime(2026, 2, 25, 23, 0), dt.date(2026, 2, 26)),
    ],
)
def test_a_day_begins_at_midnight_of_the_programme(
    pack: str, at: dt.datetime, day: dt.date
) -> None:
    """A limit lifted on 22 March is lifted at midnight in Jakarta, and not seven hours later."""
    assert load_programme(pack).today(at.replace(tzinfo=dt.UTC)) == day


def test_the_ceilings_of_the_cpf_came_on_26_february_2026() -> None:
    programme = load_programme("cpf-france-2026")
    before, after = (programme.in_force(dt.date(2026, 2, day)) for day in (25, 26))
    assert before.price_ceiling is None
    assert sorted(after.price_ceiling.by_category.values()) == [900, 1_500, 1_600]
    assert after.price_ceiling.amount is None
    assert before.own_payment.share == after.own_payment.share == 103.20
    assert after.own_payment.top_up


@pytest.mark.parametrize(
    ("day", "earliest"),
    [
        (dt.date(2025, 10, 7), dt.date(2024, 10, 7)),
        (dt.date(2028, 2, 29), dt.date(2027, 2, 28)),
    ],
)
def test_a_year_ago_is_the_same_day_of_the_calendar(day: dt.date, earliest: dt.date) -> None:
    rule = load_programme("maganghub-2025").in_force(day).graduation
    assert rule.earliest(day) == earliest
    assert rule.last_day(earliest) <= day


@pytest.mark.parametrize("day", [dt.date(2020, 4, 1), EVE, NEW_YEAR, LAST_2023, FIRST_2024])
def test_what_all_years_have_in_common(day: dt.date) -> None:
    rules = prakerja(day)
    left_out = {name.casefold() for name in rules.excluded_occupation.occupations}
    assert left_out >= {"polwan", "kades", "pns", "tni"}
    assert any("dpr" in name for name in left_out)
    for board in ("direktur", "komisaris", "dewan pengawas"):
        assert {f"{board} * bumn", f"{board} * bumd"} <= left_out
    assert rules.registration.closes_days_before == 1
    assert (rules.reach.urban_km, rules.reach.rural_km) == (50, 60)
    assert rules.reach.farthest_km == 120


def test_self_paced_trainings_came_back_within_2023() -> None:
    before, after = (prakerja(dt.date(2023, month, day)) for month, day in ((6, 30), (7, 1)))
    for fact in ("grant.amount", "duration.minimum_hours", "first_purchase.within_days"):
        assert read(before, fact) == read(after, fact)


@pytest.mark.parametrize(
    ("pack", "day"), [("maganghub-2025", dt.date(2025, 10, 7)), ("pvn-2026", dt.date(2026, 2, 23))]
)
def test_what_no_rule_checks_has_none(pack: str, day: dt.date) -> None:
    rules = load_programme(pack).in_force(day)
    assert rules.grant is None
    assert rules.price_ceiling is None
    assert rules.next_purchase is None
    assert rules.reach is None
