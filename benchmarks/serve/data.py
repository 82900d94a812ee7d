"""What the service is measured with: a large catalogue made of the demo's, and people who chose from it.

Nothing is encoded by the real encoder, which would take an hour: word vectors are random, so texts that
share words are alike. That gives vectors of the right size and spread; the quality of lists is measured
elsewhere.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.text.encoder import Role
from models.text.static_student import StaticStudent, build_tokenizer
from recommender.training.train import train
from training_data.columns import Classes, Courses, Interactions, Participants
from training_data.dataset import Dataset
from training_data.demo import demo_classes, demo_courses
from training_data.simulation import simulate_dataset

C, K, E, P = Courses, Classes, Interactions, Participants
DIM = 384
CHOSEN = 5_000  # trainings with events; in a larger catalogue most have none
LATELY = 14  # days; whoever entered or finished before may buy nothing any more


class RandomWords:
    """A text encoder of random word vectors."""

    dim = DIM
    name = "random-words"

    def __init__(self, texts: Sequence[str], seed: int) -> None:
        words = sorted({word for text in texts for word in re.findall(r"\w+", text.lower())})
        tokenizer = build_tokenizer(words)
        size = (tokenizer.get_vocab_size(), DIM)
        weights = np.random.default_rng(seed).standard_normal(size, dtype=np.float32)
        self._words = StaticStudent(tokenizer, weights)

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """Return unit vectors of shape (n, 384)."""
        return self._words.encode(texts, role)


@dataclass(frozen=True)
class Setup:
    """What the service is measured with.

    Attributes
    ----------
    home : Path
        Data and bundles are made below it, and taken from there the next time.
    courses, participants : int
    as_real : bool
        Learn every source and choose among all rankers, as from events of real people.
    """

    home: Path
    courses: int = 5_000
    participants: int = 5_000
    as_real: bool = False

    @property
    def folder(self) -> Path:
        """Where data and bundles of today are."""
        kind = "serve-as-real" if self.as_real else "serve"
        name = f"{kind}-{self.courses}-{self.participants}"
        return self.home / name / dt.date.today().isoformat()


def build(setup: Setup, seed: int = 0) -> tuple[Dataset, Path]:
    """Return a dataset and a bundle trained on it, those of today where they are there."""
    day, folder = dt.date.today(), setup.folder
    for bundle in folder.glob("bundles/*/manifest.json"):
        return Dataset.open(folder / "data"), bundle.parent
    dataset = simulate_dataset(folder / "data", setup.participants, day, seed)
    info = dataset.info.model_copy(update={"simulated": not setup.as_real})
    dataset = Dataset.create(dataset.folder, info)
    catalogue, classes = _catalogue(setup.courses, day, seed)
    dataset.write("courses", catalogue)
    dataset.write("classes", classes)
    people, events = _bring_to_day(
        dataset.read("participants"),
        spread_events(dataset.read("interactions"), setup.courses, seed),
        day,
    )
    dataset.write("participants", people)
    dataset.write("interactions", events)
    texts = [*catalogue[C.title.name], *catalogue[C.description.name].drop_nulls()]
    manifest = train(dataset, RandomWords(texts, seed), folder, day, seed)
    return dataset, folder / "bundles" / manifest.version


def _catalogue(n: int, day: dt.date, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Repeat the demo catalogue until there are ``n`` trainings, with prices and texts of their own."""
    rng = np.random.default_rng(seed)
    courses, classes = demo_courses(seed), demo_classes(day, seed)
    copies = range(-(-n // len(courses)))
    needs = C.prerequisites.name
    many = pl.concat(
        courses.with_columns(
            _copy_column(C.course_id.name, copy),
            pl.col(needs).list.eval(pl.format("{}#{}", pl.element(), pl.lit(copy))),
        )
        for copy in copies
    )[:n]
    other = many[C.description.name].gather(rng.permutation(n))
    many = many.with_columns(
        (C.price_idr.col * pl.Series(rng.uniform(0.5, 1.5, n))).cast(pl.Int64),
        pl.format("{} {}", C.description.col, other.str.slice(0, 80)).alias(C.description.name),
    )
    held = pl.concat(
        classes.with_columns(
            _copy_column(C.course_id.name, copy), _copy_column(K.class_id.name, copy)
        )
        for copy in copies
    )
    return many, held.filter(K.course_id.col.is_in(many[C.course_id.name].implode()))


def spread_events(events: pl.DataFrame, courses: int, seed: int) -> pl.DataFrame:
    """Give each choice of a demo training to one of its copies, the same for all events of one choice."""
    copies = max(1, min(courses, CHOSEN) // len(demo_courses(seed)))
    choice = pl.concat_str(E.participant_id.col, E.course_id.col).hash(seed) % copies
    return events.with_columns(pl.format("{}#{}", E.course_id.col, choice).alias(E.course_id.name))


def _bring_to_day(
    people: pl.DataFrame, events: pl.DataFrame, day: dt.date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Move what each person did to the last two weeks before a day: a portal asks for those who may still buy."""
    ago = pl.duration(days=P.participant_id.col.hash(0) % LATELY)
    last = E.at.col.max().over(E.participant_id.col)
    end = pl.lit(dt.datetime.combine(day, dt.time(), dt.UTC))
    moved = events.with_columns((E.at.col + (end - ago - last)).alias(E.at.name))
    entered = (pl.lit(day) - ago).cast(pl.Date).alias(P.admitted_on.name)
    return people.with_columns(entered), moved


def _copy_column(name: str, copy: int) -> pl.Expr:
    return pl.format("{}#{}", pl.col(name), pl.lit(copy)).alias(name)
