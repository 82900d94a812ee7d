"""What people write in a cell, and what it means."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_data.importing import parsers
from training_data.importing.parsers import UnparsableError

FOREIGN = partial(parsers.parse_foreign_price, times=16_000)
PARSERS = [
    getattr(parsers, name)
    for name in dir(parsers)
    if name.startswith("parse_") and name != "parse_foreign_price"
] + [FOREIGN]


@pytest.mark.parametrize(
    ("text", "rupiah"),
    [
        ("Rp 1250.000", 1_250_000),
        ("Rp 425000", 425_000),
        ("Rp 180180", 180_180),
        ("GRATIS", 0),
        ("Gratis", 0),
        ("free", 0),
        ("Rp 1.000.000", 1_000_000),
        ("Rp 89.700", 89_700),
        ("Rp. 20.000,-", 20_000),
        ("Rp20.000,00", 20_000),
        ("1,5 juta", 1_500_000),
        ("1.5 jt", 1_500_000),
        ("250rb", 250_000),
        ("250 ribu", 250_000),
        ("250k", 250_000),
        ("IDR 250,000.00", 250_000),
        ("250.000 rupiah", 250_000),
        ("250000", 250_000),
        ("250000.0", 250_000),
        ("0", 0),
        ("Rp250.000/orang", 250_000),
        ("Rp 250.000 / peserta", 250_000),
        ("250 ribu per orang", 250_000),
        ("1.250.000 /pax", 1_250_000),
    ],
)
def test_prices(text: str, rupiah: int) -> None:
    assert parsers.parse_price(text) == rupiah


@pytest.mark.parametrize(
    "text",
    [
        "", "Rp", "-5000", "Rp -20.000", "Berbayar", "100.000 - 200.000", "1.00.000", "1.5",
        "99.99",
        "20.000,50", "0.500", "1.250 juta", "1,250 juta", "12.345,678", "1,2,3",
        "9" * 40, "nan", "١٢", "Rp250.000/bulan", "150.1250", "1.234.567 ribu",
    ],
)  # fmt: skip
def test_a_price_of_no_single_meaning_is_refused(text: str) -> None:
    with pytest.raises(UnparsableError):
        parsers.parse_price(text)


def _dotted(price: int) -> str:
    return f"{price:,}".replace(",", ".")


PRICE_FORMATS: list[Callable[[int], str]] = [
    str,
    lambda price: f"Rp {_dotted(price)}",
    lambda price: f"rp{_dotted(price)},-",
    lambda price: f"Rp. {_dotted(price)},00",
    lambda price: f"IDR {price:,}.00",
    lambda price: f"Rp {price // 1000}.{price % 1000:03d}" if price >= 1000 else f"Rp {price}",
    lambda price: f"{_dotted(price)} rupiah",
]


@given(st.integers(0, 100_000_000), st.sampled_from(PRICE_FORMATS))
def test_a_formatted_price_is_read_back(price: int, form: Callable[[int], str]) -> None:
    assert parsers.parse_price(form(price)) == price


@given(st.integers(1, 999), st.integers(0, 99), st.sampled_from([",", "."]))
def test_millions_with_two_decimals_are_read_back(whole: int, cents: int, sign: str) -> None:
    price = whole * 1_000_000 + cents * 10_000
    assert parsers.parse_price(f"Rp {whole}{sign}{cents:02d} juta") == price


@given(st.text() | st.from_regex(r"[0-9.,%RrpIDjutaribk :/\-\[\]\"]{1,20}", fullmatch=True))
def test_no_text_breaks_a_parser(text: str) -> None:
    for parse in PARSERS:
        with contextlib.suppress(UnparsableError):
            parse(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("97,5%", 0.975),
        ("66.6%", 0.666),
        ("100 %", 1),
        ("0", 0),
        ("-", 0),
        ("GRATIS", 1),
        ("0.5", 0.5),
    ],
)
def test_discounts(text: str, share: float) -> None:
    assert parsers.parse_discount(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["101%", "50", "-5%", "lima"])
def test_a_share_beyond_all_is_refused(text: str) -> None:
    with pytest.raises(UnparsableError):
        parsers.parse_percent(text)


@pytest.mark.parametrize(
    ("parse", "text", "hours"),
    [
        (parsers.parse_duration_hours, "30 Jam", 30),
        (parsers.parse_duration_hours, "2 jam 30 menit", 2.5),
        (parsers.parse_duration_hours, "1,5 jam", 1.5),
        (parsers.parse_duration_hours, "40 JP", 30),
        (parsers.parse_duration_hours, "12", 12),
        (parsers.parse_duration_minutes, "90", 1.5),
        (parsers.parse_duration_jp, "280", 210),
        (parsers.parse_duration_hours, "3 Jam Pelajaran", 2.25),
        (parsers.parse_duration_hours, "3 jam  pelatihan", 2.25),
        (parsers.parse_duration_hours, "40 JPL", 30),
        (parsers.parse_duration_hours, "2j", 2),
        (parsers.parse_duration_hours, "2j 30m", 2.5),
        (parsers.parse_duration_hours, "2 jam 30 mnt.", 2.5),
        (parsers.parse_duration_hours, "1080 menit", 18),
        (parsers.parse_duration_minutes, "1.080,5", 18 + 0.5 / 60),
    ],
)
def test_durations(parse: Callable[[str], float], text: str, hours: float) -> None:
    assert parse(text) == pytest.approx(hours)


@pytest.mark.parametrize(
    "text", ["1.080 menit", "1,080 menit", "1.200 JP", "1.080", "2 jam 1.500 menit", "0.500 jam"]
)
def test_a_duration_in_thousands_or_a_fraction_is_refused(text: str) -> None:
    with pytest.raises(UnparsableError, match="thousands or a fraction"):
        parsers.parse_duration_hours(text)


@pytest.mark.parametrize("text", ["2 hari", "3 4", "jam", "-2 jam", "2 jam 30"])
def test_a_duration_of_unknown_unit_is_refused(text: str) -> None:
    with pytest.raises(UnparsableError):
        parsers.parse_duration_hours(text)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01", "01/03/2024", "1-3-2024", "1 Maret 2024", "1 mar 2024", "2024-03-01 08:00",
        "2024/03/01", "2024.3.1", "20240301", "01/03/2024 23:59", "Jumat, 1 Maret 2024",
        "1 March 2024", "01.03.2024",
    ],
)  # fmt: skip
def test_dates(text: str) -> None:
    assert parsers.parse_date(text) == dt.date(2024, 3, 1)


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("Januari", 1), ("Februari", 2), ("Pebruari", 2), ("Peb", 2), ("Maret", 3), ("April", 4),
        ("Mei", 5), ("Juni", 6), ("Juli", 7), ("Agustus", 8), ("Agt", 8), ("Ags", 8), ("Agu", 8),
        ("September", 9), ("Sept", 9), ("Oktober", 10), ("Nopember", 11), ("Nop", 11),
        ("November", 11), ("Desember", 12), ("December", 12), ("august", 8), ("OKT", 10),
    ],
)  # fmt: skip
def test_months_by_the_names_in_use(name: str, month: int) -> None:
    assert parsers.parse_date(f"1 {name} 2025") == dt.date(2025, month, 1)
    assert parsers.parse_datetime(f"1-{name}-2025 08.30") == dt.datetime(
        2025, month, 1, 8, 30, tzinfo=dt.UTC
    )


@pytest.mark.parametrize("text", ["1 Marble 2025", "1 ma 2025", "1 xyz 2025", "2025-13-01"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UnparsableError):
        parsers.parse_date(text)


@pytest.mark.parametrize("text", ["31/02/2024", "1/3/24", "03/2024", "besok"])
def test_a_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UnparsableError):
        parsers.parse_date(text)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2024-03-01T08:00:00+07:00", "UTC"),
        ("2024-03-01 08:00", "Asia/Jakarta"),
        ("2024-03-01T01:00:00Z", "Asia/Jakarta"),
        ("1709254800", "UTC"),
        ("1709254800000", "UTC"),
        ("01/03/2024 08:00", "Asia/Jakarta"),
        ("01/03/2024 08.00 WIB", "UTC"),
        ("1 Maret 2024 pukul 09.00 WITA", "UTC"),
        ("2024/03/01 10:00:00 WIT", "UTC"),
    ],
)
def test_moments_are_utc(text: str, zone: str) -> None:
    assert parsers.parse_datetime(text, zone) == dt.datetime(2024, 3, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    ["2024030108", "202403010800", "01/03/2024 25:00", "01/03/2024 besok", "2024-W10", "08:00"],
)
def test_a_moment_of_no_single_meaning_is_refused(text: str) -> None:
    with pytest.raises(UnparsableError):
        parsers.parse_datetime(text)


@given(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2099, 12, 31)))
def test_a_written_moment_is_read_back(moment: dt.datetime) -> None:
    whole = moment.replace(second=0, microsecond=0, tzinfo=dt.UTC)
    for form in ("%d/%m/%Y %H:%M", "%Y/%m/%d %H.%M", "%Y-%m-%dT%H:%M", "%d %B %Y, %H:%M"):
        assert parsers.parse_datetime(whole.strftime(form)) == whole


@pytest.mark.parametrize("text", ["ya", "Iya", "Y", "TRUE", "yes", "benar", "betul", "1"])
def test_yes(text: str) -> None:
    assert parsers.parse_boolean(text) is True


@pytest.mark.parametrize("text", ["tidak", "TDK", "n", "False", "no", "salah", "bukan", "0"])
def test_no(text: str) -> None:
    assert parsers.parse_boolean(text) is False


@pytest.mark.parametrize("text", ["T", "t", "", "mungkin", "2"])
def test_neither_yes_nor_no(text: str) -> None:
    with pytest.raises(UnparsableError):
        parsers.parse_boolean(text)


def test_numbers_and_their_ambiguity() -> None:
    assert parsers.parse_number("4.66") == 4.66
    assert parsers.parse_number("-6,25") == -6.25
    assert parsers.parse_number("1.234,5") == 1234.5
    assert parsers.parse_number("1,234.5") == 1234.5
    assert parsers.parse_integer("1.250") == 1250
    assert parsers.parse_integer("12.0") == 12
    with pytest.raises(UnparsableError):
        parsers.parse_number("1,250")
    with pytest.raises(UnparsableError):
        parsers.parse_integer("12.5")


def test_lists_keep_order_and_drop_repeats() -> None:
    assert parsers.parse_list("las, listrik,, las ") == ["las", "listrik"]
    assert parsers.parse_list('["Excel, Word", "las"]') == ["Excel, Word", "las"]
    assert parsers.parse_list("a|b", "|") == ["a", "b"]
