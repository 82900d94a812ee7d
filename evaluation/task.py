"""What models are judged on: a dataset cut at one moment, and what people took afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from evaluation.metrics import Truth
from models.candidates.histories import Histories, histories
from models.candidates.interactions import Interactions
from models.candidates.side import SideInformation
from models.skills.extraction import with_extracted_skills
from recommender.catalogue.catalogue import Catalogue, build_catalogue
from recommender.eligibility.course_rules import Offer
from recommender.eligibility.mask import permitted
from recommender.eligibility.query import Question
from recommender.engine import Engine
from recommender.objective import DEFAULT
from recommender.participants.batch import (
    ParticipantBatch,
    build_batch,
    events_of,
    region_attributes,
)
from recommender.training.train import Knowledge
from training_data.arrays import codes_of
from training_data.columns import Courses, Participants
from training_data.columns import Interactions as Events
from training_data.dataset import Dataset
from training_data.occupations.occupations import Occupations
from training_data.programmes.programme import Programme
from training_data.skills.vocabulary import Vocabulary

C, E, P = Courses, Events, Participants

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
        others (for supply gaps and exposure), as many as `evaluation.cutoff` takes.
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
