"""One cell's text to one value: prices, durations, shares, numbers, dates and lists as written.

Every parser returns the value of a text, or raises :class:`UnparsableError` with a reason that can
be shown to the person who keeps the file. A text that may mean two things is refused.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

HOURS_PER_JP: Final = Decimal(45) / 60
"""A *jam pelajaran* (JP), the teaching hour of Indonesian vocational training, lasts 45 minutes."""

_T = TypeVar("_T")
Value = str | int | float | bool | list[str] | dt.date | dt.datetime

_FREE: Final = {"gratis", "free", "cuma-cuma", "tidak berbayar"}
_MULTIPLES: Final = {
    "rb": 1_000, "ribu": 1_000, "k": 1_000, "jt": 1_000_000, "juta": 1_000_000,
}  # fmt: skip
_PRICE: Final = re.compile(
    r"(?:rp|idr)?\.?\s*(?P<number>[0-9][0-9.,]*?)(?:[.,]-)?\s*(?P<multiple>rb|ribu|k|jt|juta)?"
    r"\s*(?:rp|idr|rupiah)?\.?(?:\s*(?:/|per\b)\s*(?:orang|org|peserta|pax|person|participant))?",
    re.IGNORECASE,
)
_THREE_DECIMALS: Final = re.compile(r"^[0-9]+[.,][0-9]{3}$")
_MAX_DIGITS: Final = 15
_MINUTES: Final = {
    "jam": Decimal(60), "j": Decimal(60), "hour": Decimal(60), "hours": Decimal(60),
    "h": Decimal(60), "hrs": Decimal(60), "hr": Decimal(60),
    "menit": Decimal(1), "mnt": Decimal(1), "m": Decimal(1), "minute": Decimal(1),
    "minutes": Decimal(1), "min": Decimal(1), "mins": Decimal(1),
    "jp": HOURS_PER_JP * 60, "jpl": HOURS_PER_JP * 60, "jam pelajaran": HOURS_PER_JP * 60,
    "jam pelatihan": HOURS_PER_JP * 60,
}  # fmt: skip
_DURATION_PART: Final = re.compile(
    r"\s*([0-9][0-9.,]*)\s*(jam +pela(?:jaran|tihan)|[a-z]*)\.?\s*", re.IGNORECASE
)
_MONTHS: Final = (
    {"januari", "january"}, {"februari", "pebruari", "february"}, {"maret", "march"}, {"april"},
    {"mei", "may"}, {"juni", "june"}, {"juli", "july"}, {"agustus", "august", "agt", "ags", "agst"},
    {"september"}, {"oktober", "october"}, {"november", "nopember"}, {"desember", "december"},
)  # fmt: skip
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_DAY_FIRST: Final = re.compile(
    r"(?:[a-z']+,\s*)?([0-9]{1,2})[-/. ]+([0-9]{1,2}|[a-z]{3,9})[-/. ]+([0-9]{4})", re.IGNORECASE
)
_CLOCK: Final = re.compile(
    r"[T,\s]+(?:pukul\s+|jam\s+)?([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?"
    r"\s*(wib|wita|wit)?",
    re.IGNORECASE,
)
_ZONES: Final = {"wib": 7, "wita": 8, "wit": 9}
_TRUE: Final = {"ya", "iya", "y", "true", "yes", "benar", "betul", "1"}
_FALSE: Final = {"tidak", "tdk", "bukan", "n", "false", "f", "no", "salah", "0"}


class UnparsableError(ValueError):
    """The text has no single meaning as the value asked for; the message says why."""


def parse_price(text: str) -> int:
    """Return whole rupiah: "Rp 89.700", "Rp 1250.000", "1,5 juta", "IDR 250,000.00", "Gratis"."""
    if text.strip().lower() in _FREE:
        return 0
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise UnparsableError(f"{text!r} is not a price")
    if found["multiple"] is None:
        return _whole(_amount(found["number"], text), text)
    if _THREE_DECIMALS.search(found["number"]):
        raise UnparsableError(f"{text!r} may be thousands or a fraction")
    return _whole(_decimal(found["number"], text) * _MULTIPLES[found["multiple"].lower()], text)


def parse_foreign_price(text: str, times: float) -> int:
    """Return a price of another currency in whole units of ours: "24.99", "Free"."""
    if text.strip().lower() in _FREE:
        return 0
    price = parse_number(text) * times
    if price >= 10**_MAX_DIGITS:
        raise UnparsableError(f"{text!r} is too large a price")
    return round(price)


def parse_discount(text: str) -> float:
    """Return the share taken off: "97,5%" is 0.975, "GRATIS" is 1, "-" is 0."""
    if text.strip().lower() in _FREE:
        return 1.0
    return 0.0 if text.strip() in {"-", "0"} else parse_percent(text)


def parse_percent(text: str) -> float:
    """Return a share of 1: "66.6%" and "66,6 %" are 0.666; without a sign only 0 to 1 is clear."""
    bare = text.strip()
    signed = bare.endswith("%")
    value = _decimal(bare.removesuffix("%").strip(), text) / (100 if signed else 1)
    if value > 1:
        raise UnparsableError(f"{text!r} is not a share between 0 and {'100%' if signed else '1'}")
    return float(value)


def parse_duration_hours(text: str) -> float:
    """Return hours: "30 Jam", "2 jam 30 menit", "280 JP"; a bare number is hours."""
    return _duration(text, "jam")


def parse_duration_minutes(text: str) -> float:
    """Return hours, where a bare number is minutes."""
    return _duration(text, "menit")


def parse_duration_jp(text: str) -> float:
    """Return hours, where a bare number is JP of 45 minutes."""
    return _duration(text, "jp")


def parse_number(text: str) -> float:
    """Return a number: "4.66", "4,66", "1.234,5"; "1,250" is refused, for it may be either."""
    sign, digits = _split_sign(text)
    return sign * float(_decimal(digits, text))


def parse_integer(text: str) -> int:
    """Return a whole number: "1250", "1.250", "1,250", "12.0"."""
    sign, digits = _split_sign(text)
    return sign * _whole(_amount(digits, text), text)


def parse_boolean(text: str) -> bool:
    """Return True for "ya", "true", "1", and False for "tidak", "false", "0"; "T" may be either."""
    word = text.strip().lower()
    if word == "t":
        raise UnparsableError(f"{text!r} may be tidak or true")
    if word not in _TRUE | _FALSE:
        raise UnparsableError(f"{text!r} is neither yes nor no")
    return word in _TRUE


def parse_date(text: str) -> dt.date:
    """Return a day: "2024-03-01", "01/03/2024" (day first), "1 Maret 2024", with or without a time."""
    return _day_and_clock(text)[0]


def parse_datetime(text: str, time_zone: str = "UTC") -> dt.datetime:
    """Return a moment in UTC from ISO 8601, a date with or without a time, or seconds or milliseconds since 1970.

    A moment that names no zone is taken to be in ``time_zone``; WIB, WITA and WIT are known.
    """
    bare = text.strip()
    if re.fullmatch(r"[0-9]{9}|1[0-9]{9}|1[0-9]{12}", bare):
        seconds = int(bare) / (1000 if len(bare) == 13 else 1)
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    day, clock = _day_and_clock(text)
    moment = dt.datetime.combine(day, clock)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return _calendar(lambda: moment.astimezone(dt.UTC), text)


def _day_and_clock(text: str) -> tuple[dt.date, dt.time]:
    """Take a text apart into a day and a time, which is midnight where there is none."""
    bare = text.strip()
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|(?:19|20)[0-9]{6}(?![0-9])", bare):
        with contextlib.suppress(ValueError):
            moment = dt.datetime.fromisoformat(bare)
            return moment.date(), moment.timetz()
    year_first, day_first = _YEAR_FIRST.match(bare), _DAY_FIRST.match(bare)
    found = year_first or day_first
    if found is None:
        raise UnparsableError(f"{text!r} is not a date such as 2024-03-01 or 1 Maret 2024")
    first, middle, last = found.groups()
    year, day = (first, last) if year_first else (last, first)
    month = int(middle) if middle.isdigit() else _month(middle)
    date = _calendar(lambda: dt.date(int(year), month, int(day)), text)
    return date, _clock(bare[found.end() :], text)


def _month(word: str) -> int:
    """Return the number of a month by its name or the beginning of it, 0 for none."""
    lower = word.lower()
    return next(
        (
            number
            for number, names in enumerate(_MONTHS, 1)
            if any(name.startswith(lower) for name in names)
        ),
        0,
    )


def _clock(rest: str, text: str) -> dt.time:
    if not rest:
        return dt.time()
    found = _CLOCK.fullmatch(rest)
    if found is None:
        raise UnparsableError(f"{text!r} is a date with something after it that is no time of day")
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    zone = found[4] and dt.timezone(dt.timedelta(hours=_ZONES[found[4].lower()]))
    return _calendar(lambda: dt.time(hour, minute, second, tzinfo=zone or None), text)


def parse_list(text: str, separator: str = ",") -> list[str]:
    """Return the items of "a, b" or of the JSON list ["a", "b"], in order, each once."""
    items = _json_list(text) if text.strip().startswith("[") else text.split(separator)
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))


def _json_list(text: str) -> list[str]:
    try:
        items = [item for item in json.loads(text) if item is not None]
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnparsableError(f"{text!r} is not a JSON list") from error
    if any(isinstance(item, dict) for item in items):
        raise UnparsableError(
            f"{text!r} is a list of objects; name one of their fields after a dot"
        )
    return list(map(str, items))


def _duration(text: str, bare_unit: str) -> float:
    minutes, position = Decimal(0), 0
    while position < len(text):
        part = _DURATION_PART.match(text, position)
        unit = "" if part is None else (" ".join(part[2].lower().split()) or bare_unit)
        if part is None or unit not in _MINUTES or (not part[2] and part[0] != text):
            raise UnparsableError(f"{text!r} is not a duration in hours, minutes or JP")
        if _THREE_DECIMALS.search(part[1]):
            raise UnparsableError(f"{text!r} may be thousands or a fraction")
        minutes += _decimal(part[1], text) * _MINUTES[unit]
        position = part.end()
    return float(minutes / 60)


def _amount(digits: str, text: str) -> Decimal:
    """Read digits whose groups of three are thousands, with at most two decimals at the end."""
    grouped = re.fullmatch(
        r"([0-9]+)(?:([.,])([0-9]{3})(?:\2[0-9]{3})*)?(?:([.,])([0-9]{1,2}))?", digits
    )
    if grouped is None or (grouped[2] and grouped[2] == grouped[4]):
        raise UnparsableError(f"{text!r} groups its digits in no known way")
    if grouped[2] and grouped[1].startswith("0"):
        raise UnparsableError(f"{text!r} may be thousands or a fraction")
    whole = digits[: grouped.start(4)] if grouped[4] else digits
    return Decimal(re.sub("[.,]", "", whole) + "." + (grouped[5] or "0"))


def _decimal(digits: str, text: str) -> Decimal:
    """Read digits with a decimal sign; a comma before three digits has no single meaning."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", digits):
        return _check_size(Decimal(digits), text)
    if re.fullmatch(r"[0-9]+,([0-9]{1,2}|[0-9]{4,})", digits):
        return _check_size(Decimal(digits.replace(",", ".")), text)
    mixed = re.fullmatch(
        r"[0-9]{1,3}(?:(\.)[0-9]{3}(?:\.[0-9]{3})*,|,[0-9]{3}(?:,[0-9]{3})*\.)[0-9]+", digits
    )
    if mixed is None:
        raise UnparsableError(f"{text!r} is not a number of one meaning")
    plain = digits.replace(".", "").replace(",", ".") if mixed[1] else digits.replace(",", "")
    return _check_size(Decimal(plain), text)


def _check_size(number: Decimal, text: str) -> Decimal:
    if number >= 10**_MAX_DIGITS:
        raise UnparsableError(f"{text!r} is too large to be meant")
    return number


def _whole(number: Decimal, text: str) -> int:
    if number != number.to_integral_value():
        raise UnparsableError(f"{text!r} is not a whole number")
    return int(_check_size(number, text))


def _split_sign(text: str) -> tuple[int, str]:
    bare = text.strip()
    return (-1, bare[1:]) if bare.startswith("-") else (1, bare)


def _calendar(make: Callable[[], _T], text: str) -> _T:
    try:
        return make()
    except (ValueError, OverflowError) as error:
        raise UnparsableError(f"{text!r} is no day of the calendar") from error
