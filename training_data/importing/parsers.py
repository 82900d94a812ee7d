"""One cell's text to one value: prices, durations, shares, numbers, dates and lists as written.

Every parser returns the value of a text, or raises :class:`UnparsableError` with a reason that can
be shown to the person who keeps the file. A text that may mean two things is refused.
"""

from __future__ import annotations

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
    r"\s*(?:rp|idr|rupiah)?\.?",
    re.IGNORECASE,
)
_MAX_DIGITS: Final = 15
_MINUTES: Final = {
    "jam": Decimal(60), "hour": Decimal(60), "hours": Decimal(60), "h": Decimal(60),
    "menit": Decimal(1), "minute": Decimal(1), "minutes": Decimal(1), "min": Decimal(1),
    "jp": HOURS_PER_JP * 60,
}  # fmt: skip
_DURATION_PART: Final = re.compile(r"\s*([0-9][0-9.,]*)\s*([a-z]*)\s*", re.IGNORECASE)
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "mei": 5, "may": 5, "jun": 6, "jul": 7, "agu": 8,
    "ags": 8, "aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "des": 12, "dec": 12,
}  # fmt: skip
_TRUE: Final = {"ya", "y", "true", "t", "yes", "benar", "1"}
_FALSE: Final = {"tidak", "n", "false", "f", "no", "salah", "0"}


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
    if re.search(r"[.,][0-9]{3}$", found["number"]):
        raise UnparsableError(f"{text!r} may be thousands or a fraction")
    return _whole(_decimal(found["number"], text) * _MULTIPLES[found["multiple"].lower()], text)


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
    """Return True for "ya", "true", "1", and False for "tidak", "false", "0"."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise UnparsableError(f"{text!r} is neither yes nor no")
    return word in _TRUE


def parse_date(text: str) -> dt.date:
    """Return a day: "2024-03-01", "01/03/2024" (day first), "1 Maret 2024"."""
    bare = text.strip()
    if re.match(r"[0-9]{4}-", bare):
        return _calendar(lambda: dt.datetime.fromisoformat(bare).date(), text)
    found = re.fullmatch(r"([0-9]{1,2})[-/. ]+([0-9]{1,2}|[a-zA-Z]{3,9})[-/. ]+([0-9]{4})", bare)
    if found is None:
        raise UnparsableError(f"{text!r} is not a date such as 2024-03-01 or 1 Maret 2024")
    day, month, year = found.groups()
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower()[:3], 0)
    return _calendar(lambda: dt.date(int(year), number, int(day)), text)


def parse_datetime(text: str, time_zone: str = "UTC") -> dt.datetime:
    """Return a moment in UTC from ISO 8601, a date, or seconds or milliseconds since 1970.

    A moment that names no zone is taken to be in ``time_zone``.
    """
    bare = text.strip()
    if re.fullmatch(r"[0-9]{9,10}|[0-9]{13}", bare):
        seconds = int(bare) / (1000 if len(bare) == 13 else 1)
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    try:
        moment = dt.datetime.fromisoformat(bare)
    except ValueError:
        moment = dt.datetime.combine(parse_date(text), dt.time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return _calendar(lambda: moment.astimezone(dt.UTC), text)


def parse_list(text: str, separator: str = ",") -> list[str]:
    """Return the items of "a, b" or of the JSON list ["a", "b"], in order, each once."""
    items = _json_list(text) if text.strip().startswith("[") else text.split(separator)
    return list(dict.fromkeys(item.strip() for item in items if item.strip()))


def _json_list(text: str) -> list[str]:
    try:
        return [str(item) for item in json.loads(text) if item is not None]
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnparsableError(f"{text!r} is not a JSON list") from error


def _duration(text: str, bare_unit: str) -> float:
    minutes, position = Decimal(0), 0
    while position < len(text):
        part = _DURATION_PART.match(text, position)
        unit = "" if part is None else (part[2].lower() or bare_unit)
        if part is None or unit not in _MINUTES or (not part[2] and part[0] != text):
            raise UnparsableError(f"{text!r} is not a duration in hours, minutes or JP")
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
