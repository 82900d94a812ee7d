"""Texts for participants, from message files: one a language, the same keys in each."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent, get_currency_symbol

Section = Literal["why", "why_not", "possible", "words"]


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
        shown = {name: self._shown(name, value) for name, value in evidence.items()}
        return self.texts[section][code].format(**shown)

    def money(self, amount: int) -> str:
        """Return an amount with its currency: "Rp 850.000"."""
        return f"{self.currency_sign} {format_decimal(amount, locale=self.language)}"

    def price(self, amount: int) -> str:
        """Return a price, in words where nothing is asked."""
        return self.money(amount) if amount else self.texts["words"]["free"]

    def _shown(self, name: str, value: Any) -> str:
        if isinstance(value, dt.date):
            return format_date(value, format="long", locale=self.language)
        if isinstance(value, list):
            return ", ".join(map(str, value))
        if name in MONEY:
            return self.money(value)
        if name in SHARES:
            return format_percent(value, locale=self.language)
        if isinstance(value, float):
            return format_decimal(value, format="#,##0.#", locale=self.language)
        return self.texts["words"].get(str(value), str(value))


MONEY = frozenset({"price", "balance", "ceiling", "missing"})
SHARES = frozenset({"placement"})


def load_messages(
    language: str, currency: str, home_language: str, folder: Path | None = None
) -> Messages:
    """Load the texts of a language.

    Parameters
    ----------
    currency : str
        ISO 4217 code; its sign is the one used in ``home_language``.
    folder : Path, optional
        Folder of message files; the project's own by default.

    Raises
    ------
    FileNotFoundError
        If there is no file for the language.
    """
    folder = folder or Path(str(resources.files("recommender") / "messages"))
    path = folder / f"{language}.toml"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.toml"))
        raise FileNotFoundError(f"no messages in '{language}'; there are {', '.join(known)}")
    texts = tomllib.loads(path.read_text(encoding="utf-8"))
    return Messages(language, texts, get_currency_symbol(currency, locale=home_language))
