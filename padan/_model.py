"""A bundle in memory, as a notebook or a script asks it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from models.bundles.promotion import current
from recommender.bundle.bundle import Bundle, load_bundle
from recommender.participants.prepared import PreparedParticipants
from recommender.responses.advice import Advice
from recommender.responses.eligibility import EligibilityDecisions, decide_eligibility
from recommender.responses.notices import Notice
from recommender.responses.recommendations import Item, RecommendationList, build_lists
from recommender.settings import MAX_K, CourseFilters, SlateSettings
from training_data.home import padan_home
from training_data.profiles import Participant, to_tables

if TYPE_CHECKING:
    import pandas as pd

Described = Mapping[str, Any] | Participant
WIDTH = 110  # of a list in plain text


@dataclass(frozen=True)
class RecommendedList:
    """The trainings recommended to one person, best first; prints as a table.

    Attributes
    ----------
    items : list of Item
        Each a dict: rank, course_id, title, price_idr, score, reasons and more.
    neutral : bool
        Whether the list was made without personal data.
    advice : list of Advice
        What to do first, or why the list is empty and what would change it.
    notice : Notice, optional
        What is said where nothing permitted fits what the person wrote.
    excluded : dict of str to int
        Where the list is short: how many trainings each rule leaves out.
    """

    programme: str
    day: dt.date
    items: list[Item]
    neutral: bool
    advice: list[Advice]
    notice: Notice | None
    excluded: dict[str, int]

    @classmethod
    def of(cls, found: RecommendationList) -> RecommendedList:
        """Return the list of a response."""
        kept = ("programme", "day", "items", "neutral", "advice", "notice", "excluded")
        return cls(**{name: found[name] for name in kept})  # type: ignore[literal-required]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __getitem__(self, place: int) -> Item:
        return self.items[place]

    def __str__(self) -> str:
        console = Console(file=StringIO(), width=WIDTH, color_system=None)
        console.print(self)
        assert isinstance(console.file, StringIO)  # noqa: S101
        return console.file.getvalue().rstrip()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the list as a table."""
        for advice in self.advice:
            yield advice["text"]
        table = Table("#", "training", "where", "price", "why", show_lines=True)
        for item in self.items:
            where = [item["mode"], item["region"]]
            if item["distance_km"] is not None:
                where.append(f"{item['distance_km']} km")
            if held := item["next_class"]:
                where.append(f"{held['starts_on']}, {held['seats_left']} seats")
            table.add_row(
                str(item["rank"]),
                f"{item['title']}\n{item['provider_id']} · {item['category'] or ''}",
                "\n".join(filter(None, where)),
                item["price_text"],
                "\n".join(reason["text"] for reason in item["reasons"]),
            )
        if self.notice is not None:
            yield self.notice["text"]
        yield table
        for code, count in self.excluded.items():
            yield f"{count} trainings left out: {code}"

    def to_polars(self) -> pl.DataFrame:
        """Return a row for each training; reasons as a list of texts."""
        rows = [
            {**item, "reasons": [reason["text"] for reason in item["reasons"]]}
            for item in self.items
        ]
        return pl.DataFrame(rows, schema=None if rows else list(Item.__annotations__))

    def to_pandas(self) -> pd.DataFrame:
        """Return the same as a pandas frame; pandas must be installed."""
        import pandas as pd

        return pd.DataFrame(self.to_polars().to_dicts())


@dataclass(frozen=True)
class Model:
    """A verified bundle that recommends.

    Attributes
    ----------
    bundle : Bundle
        Manifest, engine and indexes.
    """

    bundle: Bundle = field(repr=False)

    @property
    def version(self) -> str:
        """Version of the bundle: the digest of its parts."""
        return self.bundle.manifest.version

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the reasons, the first by default."""
        return self.bundle.engine.programme.languages

    def __repr__(self) -> str:
        courses = len(self.bundle.engine.catalogue)
        return f"Model({self.version!r}, {courses:,} trainings)"

    def recommend(
        self,
        participant: Described,
        k: int = 10,
        *,
        language: str | None = None,
        filters: CourseFilters | Mapping[str, Any] | None = None,
        day: dt.date | None = None,
    ) -> RecommendedList:
        """Recommend trainings to one person; see `recommend_many`."""
        return self.recommend_many([participant], k, language=language, filters=filters, day=day)[0]

    def recommend_many(
        self,
        participants: Sequence[Described],
        k: int = 10,
        *,
        language: str | None = None,
        filters: CourseFilters | Mapping[str, Any] | None = None,
        day: dt.date | None = None,
    ) -> list[RecommendedList]:
        """Recommend trainings to each person.

        Parameters
        ----------
        participants : sequence of dict
            The fields of `training_data.profiles.Participant`, as the API takes them; all may be left out.
        k : int
            Most trainings of a list, 1 to 100.
        language : str, optional
            Of the reasons.
        filters : dict, optional
            ``modes``, ``categories`` and ``max_price_idr``.
        day : date, optional
            Whose rules, dates and seats count; by default today in the programme.

        Raises
        ------
        ValueError
            If a field is unknown or wrong, a region is not found, or another argument cannot be used; the message
            names it.
        """
        if not 1 <= k <= MAX_K:
            raise ValueError(f"k is {k}; a list has 1 to {MAX_K} trainings")
        if not len(participants):
            return []
        engine, messages = self.bundle.engine, self.bundle.messages(language)
        narrowed = CourseFilters.model_validate(filters or {})
        found = engine.recommend(self._prepare(participants, day), SlateSettings(k=k), narrowed)
        return [RecommendedList.of(one) for one in build_lists(engine, messages, found, k)]

    def explain(
        self,
        participant: Described,
        course_ids: Sequence[str],
        *,
        language: str | None = None,
        day: dt.date | None = None,
    ) -> EligibilityDecisions:
        """Say whether a person may take trainings: every reason why not, and what would change it.

        Raises
        ------
        UnknownCourseError
            If the catalogue has not one of the trainings.
        """
        messages = self.bundle.messages(language)
        prepared = self._prepare([participant], day)
        return decide_eligibility(self.bundle.engine, messages, prepared, course_ids)[0]

    def _prepare(
        self, participants: Sequence[Described], day: dt.date | None
    ) -> PreparedParticipants:
        engine = self.bundle.engine
        day = engine.programme.today() if day is None else day
        if not isinstance(day, dt.date) or isinstance(day, dt.datetime):
            raise ValueError(f"day is {day!r}; give a datetime.date")
        described = [Participant.model_validate(_plain(one)) for one in participants]
        names = [f"participant-{number}" for number in range(len(described))]
        tables = to_tables(described, names, engine.reader.vocabularies.regions)
        return engine.prepare(*tables, day)


def _plain(described: Described) -> Described:
    """Return what describes a person with NumPy's scalars as Python's, as out of a table."""
    if isinstance(described, Participant):
        return described
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in described.items()
    }


def load(bundle: str | Path | None = None) -> Model:
    """Verify a bundle and load it.

    Parameters
    ----------
    bundle : path, optional
        A bundle's folder; the current one of ``PADAN_HOME`` by default.

    Raises
    ------
    BundleError
        If there is none, or a part is missing, added or changed.
    """
    return Model(load_bundle(Path(bundle) if bundle else current(padan_home() / "bundles")))
