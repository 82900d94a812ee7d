"""Texts for participants, from message files: one a language, the same keys in each."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_symbol

from training_data.programmes.programme import Programme

SHIPPED_MESSAGES = Path(str(resources.files("recommender") / "messages"))
Section = Literal["reason", "exclusion", "remedy", "advice", "plan", "figures", "notice", "words"]


@dataclass(frozen=True)
class Messages:
    """The texts of one language.

    Parameters
    ----------
    language : str
        ISO 639-1; numbers and dates are written as is usual in it.
    texts : mapping
        Section -> code -> text with named places in braces.
    currency_sign : str
        Sign of the programme's currency as its own country writes it.
    """

    language: str
    texts: Mapping[str, Mapping[str, str]]
    currency_sign: str

    def text(self, section: Section, code: str, evidence: Mapping[str, Any]) -> str:
        """Return the text of a code with its evidence filled in."""
        pattern, places = _template(self.texts[section][code])
        values = [format(self._format(name, evidence[name]), layout) for name, layout in places]
        return pattern % tuple(values)

    def money(self, amount: int) -> str:
        """Return an amount with its currency: "Rp 850.000"."""
        written = {"sign": self.currency_sign, "amount": _decimal(amount, self.language)}
        return self.text("words", "money", written)

    def price(self, amount: int) -> str:
        """Return a price, in words where nothing is asked."""
        if amount not in self._prices:
            self._prices[amount] = self.money(amount) if amount else self.texts["words"]["free"]
        return self._prices[amount]

    @cached_property
    def _prices(self) -> dict[int, str]:
        """The prices that were written, which are those of a catalogue."""
        return {}

    def _format(self, name: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(map(str, value))
        if isinstance(value, dt.date):
            return format_date(value, format="long", locale=self.language)
        if name in CODES:
            return self.texts["words"][value]
        if name in MONEY:
            return self.money(value)
        if isinstance(value, float):
            return format_decimal(value, format="#,##0.#", locale=self.language)
        if isinstance(value, int) and name not in YEARS:
            return _decimal(value, self.language)
        return str(value)


@cache
def _template(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a text of a message file with %s for each of its named places, and their names and layouts."""
    parts = list(Formatter().parse(text))
    places = tuple((name, layout or "") for _, name, layout, _ in parts if name is not None)
    pattern = [
        literal.replace("%", "%%") + ("" if name is None else "%s") for literal, name, _, _ in parts
    ]
    return "".join(pattern), places


@lru_cache(maxsize=10_000)
def _decimal(amount: int, language: str) -> str:
    """Return a whole number as it is written in a language; prices come again and again."""
    written: str = format_decimal(amount, locale=language)
    return written


MONEY = frozenset({"price", "balance", "ceiling", "missing"})
CODES = frozenset(
    {"status", "mode", "education", "employment", "closeness"}
)  # written by their [words]
YEARS = frozenset({"decade"})


class MessagesError(ValueError):
    """A message file that is not there or leaves a text out; the message names the file and the text."""


def load_messages(language: str, programme: Programme, own: Path | None = None) -> Messages:
    """Load the texts of a language.

    Money is written with the currency's sign in the programme's first language.

    Parameters
    ----------
    own : Path, optional
        Folder of a country's own message files: languages of its own, or other words for some texts
        of the project's.

    Raises
    ------
    MessagesError
        If there is no file for the language, it lacks a text, or a text has a place that no evidence fills.
    """
    folders = [folder for folder in (SHIPPED_MESSAGES, own) if folder is not None]
    files = [_read(folder / f"{language}.toml") for folder in folders]
    needed = _read(SHIPPED_MESSAGES / "en.toml")
    texts = {
        section: {code: text for file in files for code, text in file.get(section, {}).items()}
        for section in needed
    }
    for section, codes in needed.items():
        if absent := [code for code in codes if code not in texts[section]]:
            raise MessagesError(
                f"messages in '{language}': {language}.toml lacks [{section}] {', '.join(absent)}"
            )
        for code, text in codes.items():
            _check_places(
                f"messages in '{language}': [{section}] {code}", texts[section][code], text
            )
    home = programme.languages[0]
    return Messages(language, texts, get_currency_symbol(programme.currency, locale=home))


def _check_places(where: str, text: str, shipped: str) -> None:
    """Refuse a text whose places are not all among those of the shipped one."""
    try:
        named = {name for name, _ in _template(text)[1]}
    except ValueError as error:
        raise MessagesError(f"{where}: {error}") from error
    known = {name for name, _ in _template(shipped)[1]}
    if unknown := sorted(named - known):
        raise MessagesError(
            f"{where}: nothing fills {{{unknown[0]}}}; known: {', '.join(sorted(known)) or 'none'}"
        )


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return the texts of a file; none where there is no such file."""
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise MessagesError(f"{path}: not valid TOML: {error}") from error
