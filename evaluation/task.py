"""What models are judged on: a dataset cut at one moment, and what people took afterwards."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from evaluation.metrics import Truth
from evaluation.splits import global_time_split
from models.candidates.histories import Histories, histories
from models.candidates.side import SideInformation
from models.interactions import Interactions
from models.skill_extraction import with_extracted_skills
from recommender.catalogue import Catalogue, build_catalogue
from recommender.eligibility import permitted
from recommender.engine import Engine
from recommender.objective import DEFAULT
from recommender.offer import Offer
from recommender.participants import (
    TAKING,
    ParticipantBatch,
    build_batch,
    events_of,
    region_attributes,
)
from recommender.question import Question
from recommender.training import Knowledge, load_knowledge
from training_data.columns import TABLES, Courses, Participants
from training_data.columns import Interactions as Events
from training_data.dataset import Dataset, DatasetError
from training_data.frames import codes_of, positions
from training_data.programme import Programme
from training_data.vocabulary import Occupations, Vocabulary

C, E, P = Courses, Events, Participants

MOST_PEOPLE = 30_000
BLOCK_CELLS = 8_000_000  # participants x trainings in one block of masks
DIMENSIONS = 64


@dataclass(frozen=True)
class Task:
    """U people before N trainings at one moment, and the future that followed.

    Attributes
    ----------
    border : datetime
        The first moment of the test. What models may know is strictly before it.
    participants : DataFrame
        All participants; ``past`` counts its rows.
    people : ndarray of int32, shape (U,)
        Rows of the participants who are ranked: all with a target, and a random sample of the
        others (for supply gaps and exposure) up to ``MOST_PEOPLE``.
    events : DataFrame
        Events before the border.
    past : Interactions
        The trainings taken, as arrays: the first event of each person with each training.
    truth : Truth
        Trainings that each of the U people took after the border and not before.
    reader : Engine, optional
        Reads the skills that texts of trainings and people mean, and what occupations need, for
        masks and supply gaps; without one they are as the tables name them.
    """

    dataset: Dataset
    knowledge: Knowledge
    catalogue: Catalogue
    border: dt.datetime
    participants: pl.DataFrame
    people: NDArray[np.int32]
    events: pl.DataFrame
    past: Interactions
    truth: Truth
    reader: Engine | None = None

    @cached_property
    def profiles(self) -> pl.DataFrame:
        """The U rows of the participant table."""
        return self.participants[self.people]

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Whether any event before the border, a click too, says what each person likes; shape (U,)."""
        telling = self.events.filter(pl.Series(DEFAULT.worth(self.events) > 0))
        known = self.profiles[P.participant_id.name].is_in(telling[E.participant_id.name].implode())
        return known.to_numpy()

    @cached_property
    def batch(self) -> Histories:
        """Histories of the U people, as candidate models read them."""
        attributes = region_attributes(
            codes_of(self.participants[P.region_code.name], self.knowledge.regions.codes),
            self.participants[P.profiling_opt_out.name].to_numpy(),
            self.knowledge.regions,
        )
        return histories(self.past, self.people, attributes)

    @cached_property
    def programme(self) -> Programme:
        """The rules, but for the one that lets nobody buy while a training is unfinished.

        At the border many are amid a training; they are judged by what they took when it was over.
        """
        programme = self.knowledge.programme
        rules = tuple(rule for rule in programme.rule if rule.kind != "one_at_a_time")
        return programme.model_copy(update={"rule": rules})

    @cached_property
    def item_vectors(self) -> NDArray[np.float32]:
        """Unit vectors of the trainings' titles and descriptions, shape (N, D).

        TF-IDF reduced by SVD: a yardstick for diversity that belongs to none of the models.
        """
        table = self.catalogue.table
        texts = table.select(
            pl.concat_str(
                C.title.col, C.category.col, C.description.col, separator=" ", ignore_nulls=True
            )
        ).to_series()
        counts = TfidfVectorizer(sublinear_tf=True, dtype=np.float32).fit_transform(texts.to_list())
        size = min(DIMENSIONS, min(counts.shape) - 1)
        if size < 2:
            return np.asarray(normalize(counts).toarray(), dtype=np.float32)
        vectors: NDArray[np.float32] = normalize(
            TruncatedSVD(size, random_state=0).fit_transform(counts)
        ).astype(np.float32)
        return vectors

    @cached_property
    def side(self) -> SideInformation:
        """What models may know beside the events."""
        return SideInformation(
            item_vectors=self.item_vectors, user_attributes=self.batch.attributes
        )

    @cached_property
    def _at_border(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the eligibility mask as bits (U, N / 8), and the best share of a gap closed (U,)."""
        rules = self.programme.in_force(self.border.date())
        grant = None if rules.grant is None else rules.grant.amount
        read = self._as_read()
        offer = Offer(read.catalogue, rules)
        bits, closed = [], []
        for rows in self.blocks():
            people = read.profiles[rows]
            batch = build_batch(
                people,
                events_of(people, self.events),
                read.catalogue,
                self.knowledge.regions,
                read.skills,
                read.occupations,
                grant,
            )
            mask = permitted(Question(batch, offer))
            bits.append(np.packbits(mask, axis=1))
            closed.append(_best_gap_closed(batch, read.catalogue, mask))
        return np.concatenate(bits), np.concatenate(closed)

    def _as_read(self) -> _Read:
        if self.reader is None:
            return _Read(
                self.profiles, self.catalogue, self.knowledge.skills, self.knowledge.occupations
            )
        courses = _with_skills_read(self.catalogue.table, self.reader)
        return _Read(
            self.reader.understood(self.profiles),
            build_catalogue(
                courses, self.catalogue.classes, self.knowledge.regions, self.reader.skills
            ),
            self.reader.skills,
            self.reader.occupations,
        )

    @property
    def best_gap_closed(self) -> NDArray[np.float32]:
        """How much of the way to the occupation each person wishes for the best training goes.

        The largest share, over permitted trainings, of the skills needed and not held (by weight);
        0 where nothing is permitted, NaN for those without a wish or a gap. Shape (U,).
        """
        return self._at_border[1]

    def permitted(self, rows: slice) -> NDArray[np.bool_]:
        """Return what the people at ``rows`` may take at the border, shape (B, N)."""
        bits = np.unpackbits(self._at_border[0][rows], axis=1, count=len(self.catalogue))
        return bits.view(bool)

    def thinned(self, share: float, seed: int = 0) -> Task:
        """Return the task with the events of a random share of the participants, to learn from."""
        rng = np.random.default_rng(seed)
        kept = rng.permutation(len(self.participants)) < round(share * len(self.participants))
        ids = self.participants[P.participant_id.name].filter(pl.Series(kept))
        return replace(
            self,
            events=self.events.filter(E.participant_id.col.is_in(ids.implode())),
            past=self.past.take(kept[self.past.users]),
        )

    def blocks(self) -> Iterator[slice]:
        """Yield slices of the people that keep a mask in bounded memory."""
        step = max(1, BLOCK_CELLS // max(len(self.catalogue), 1))
        for start in range(0, len(self.people), step):
            yield slice(start, min(start + step, len(self.people)))


@dataclass(frozen=True)
class _Read:
    """People and trainings with their skills, and the vocabularies that these are from."""

    profiles: pl.DataFrame
    catalogue: Catalogue
    skills: Vocabulary
    occupations: Occupations


def task_from_dataset(
    dataset: Dataset,
    *,
    since: dt.datetime | None = None,
    test_share: float = 0.1,
    seed: int = 0,
) -> Task:
    """Cut a dataset for evaluation.

    Parameters
    ----------
    dataset : Dataset
    since : datetime (UTC), optional
        The border; where not given, the last ``test_share`` of the events are the test.
    test_share : float
    seed : int
        Draws the sample of people without a target.

    Raises
    ------
    DatasetError
        If nothing was taken before or after the border.
    """
    knowledge = load_knowledge(dataset)
    catalogue = build_catalogue(
        dataset.read("courses"), dataset.read("classes"), knowledge.regions, knowledge.skills
    )
    events = dataset.read("interactions")
    participants = _with_unlisted(dataset.read("participants"), events)
    taken = _taken(events, participants, catalogue)
    if since is None:
        split = global_time_split(taken, (1 - test_share, 0.0, test_share))
        border_second = int(_seconds(taken)[split.test].min()) if len(split.test) else 0
        since = dt.datetime.fromtimestamp(border_second, dt.UTC)
    before = _seconds(taken) < since.timestamp()
    if before.all() or not before.any():
        raise DatasetError(
            f"{dataset.folder}: {int(before.sum())} of {len(taken)} trainings taken lie before "
            f"{since:%Y-%m-%d}; there must be some before and some after ({', '.join(TAKING)})"
        )
    past, future = _first_events(taken.take(before)), taken.take(~before)
    targets = _new_pairs(past, future)
    people = _people(len(participants), np.unique(targets // taken.n_items), seed)
    row_of = np.full(len(participants), -1)
    row_of[people] = np.arange(len(people))
    truth = Truth.from_events(
        row_of[targets // taken.n_items], targets % taken.n_items, len(people)
    )
    known = events.filter(E.at.col < since)
    return Task(dataset, knowledge, catalogue, since, participants, people, known, past, truth)


def write_past(task: Task, folder: Path) -> Dataset:
    """Write the dataset as it stood before the border, to train on and nothing else.

    Trainings and participants stay: both are known before anybody takes anything. So do the folders
    with rules, regions or skills of the dataset's own.

    Raises
    ------
    FileExistsError
        If ``folder`` exists.
    """
    shutil.copytree(task.dataset.folder, folder)
    past = Dataset.open(folder)
    past.write("participants", task.participants)
    past.write("interactions", task.events)
    return past


def _with_skills_read(courses: pl.DataFrame, reader: Engine) -> pl.DataFrame:
    """Give trainings the skills that the engine has read of them; those new to it are read now."""
    key = C.course_id.name
    known = reader.catalogue.table.select(key, C.skills.name)
    new = with_extracted_skills(courses.join(known, on=key, how="anti"), reader.extractor)
    skills = pl.concat([known, new.select(known.columns)])
    return courses.drop(C.skills.name).join(skills, on=key, how="left", maintain_order="left")


def _best_gap_closed(
    batch: ParticipantBatch, catalogue: Catalogue, mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    missing = batch.needs - batch.needs.multiply(batch.skills)
    total = np.asarray(missing.sum(axis=1), dtype=np.float32).ravel()
    closed = np.where(mask, (missing @ catalogue.skills.T).toarray(), 0).max(axis=1, initial=0)
    return np.where(total > 0, closed / np.where(total > 0, total, 1), np.nan).astype(np.float32)


def _taken(events: pl.DataFrame, participants: pl.DataFrame, catalogue: Catalogue) -> Interactions:
    rows = events.filter(E.kind.col.cast(pl.String).is_in(TAKING))
    index = {person: row for row, person in enumerate(participants[P.participant_id.name])}
    users = positions(rows[E.participant_id.name], index.__getitem__)
    items = positions(rows[E.course_id.name], lambda name: catalogue.index.get(name, -1))
    known = items >= 0
    return Interactions(
        users[known],
        items[known],
        np.ones(int(known.sum()), np.float32),
        len(participants),
        len(catalogue),
        rows[E.at.name].dt.epoch("s").to_numpy()[known],
    )


def _first_events(interactions: Interactions) -> Interactions:
    """Collapse purchase, start, completion and rating of one training into the first of them."""
    order = np.lexsort((_seconds(interactions), interactions.items, interactions.users))
    users, items = interactions.users[order], interactions.items[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    return interactions.take(np.sort(order[first]))


def _seconds(interactions: Interactions) -> NDArray[np.int64]:
    """Return the times, which every dataset's events have."""
    return np.asarray(interactions.at, dtype=np.int64)


def _with_unlisted(participants: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add a row of nulls for those who are in the events only."""
    ids = events[E.participant_id.name].unique().sort().to_frame()
    unlisted = ids.join(participants, on=P.participant_id.name, how="anti")
    if unlisted.is_empty():
        return participants
    empty = TABLES["participants"].create_empty()
    filled = pl.concat([empty, unlisted], how="diagonal").with_columns(
        P.skills.col.fill_null([]),
        P.interests.col.fill_null([]),
        P.groups.col.fill_null([]),
        P.profiling_opt_out.col.fill_null(False),
    )
    return pl.concat([participants, filled.select(participants.columns)])


def _new_pairs(past: Interactions, future: Interactions) -> NDArray[np.int64]:
    """Pairs of the future that are not in the past, as user x N + item."""
    then, before = (x.users.astype(np.int64) * x.n_items + x.items for x in (future, past))
    return np.setdiff1d(then, before)


def _people(n: int, asked: NDArray[np.int64], seed: int) -> NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    if len(asked) > MOST_PEOPLE:
        asked = rng.choice(asked, MOST_PEOPLE, replace=False)
    others = np.setdiff1d(np.arange(n), asked)
    sample = rng.permutation(others)[: MOST_PEOPLE - len(asked)]
    return np.sort(np.concatenate([asked, sample])).astype(np.int32)
