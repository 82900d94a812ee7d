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
from models.skills.extraction import add_extracted_skills
from recommender.catalogue.catalogue import Catalogue, build_catalogue
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.mask import build_list_mask
from recommender.eligibility.query import EligibilityQuery
from recommender.engine import Engine
from recommender.objective import DEFAULT
from recommender.participants.batch import ParticipantBatch, filter_events
from recommender.participants.reader import ParticipantReader
from recommender.training.log import read_attributes
from recommender.training.reference_data import ReferenceData
from training_data.columns import Courses, Participants
from training_data.columns import Interactions as Events
from training_data.dataset import Dataset
from training_data.programmes.programme import Programme
from training_data.programmes.rules import RulesInForce

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
    engine : Engine, optional
        Its reader finds the skills that texts of trainings and people mean, and what occupations need, for
        masks and supply gaps; without one they are as the tables name them.
    """

    dataset: Dataset
    reference: ReferenceData
    catalogue: Catalogue
    border: dt.datetime
    participants: pl.DataFrame
    people: NDArray[np.int32]
    events: pl.DataFrame
    past: Interactions
    truth: Truth
    engine: Engine | None = None

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
        attributes = read_attributes(
            self._plain_reader, self.participants, self.catalogue, self._rules
        )["regions"]
        return histories(self.past, self.people, attributes)

    @cached_property
    def programme(self) -> Programme:
        """The rules, but for the one that lets nobody buy while a training is unfinished.

        At the border many are amid a training; they are judged by what they took when it was over.
        """
        programme = self.reference.programme
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

    @property
    def _rules(self) -> RulesInForce:
        return self.programme.in_force(self.border.date())

    @property
    def _plain_reader(self) -> ParticipantReader:
        """What reads words by name alone."""
        return ParticipantReader(self.reference.vocabularies, self.reference.programme.languages[0])

    @cached_property
    def _at_border(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return the eligibility mask as bits (U, N / 8), and the best share of a gap closed (U,)."""
        reader, catalogue = self._plain_reader, self.catalogue
        if self.engine is not None:
            reader, catalogue = self.engine.reader, _link_skills(self.catalogue, self.engine)
        availability = Availability(catalogue, self._rules)
        bits, closed = [], []
        for rows in self.blocks():
            people = self.profiles[rows]
            batch = reader.read(
                people, filter_events(people, self.events), catalogue, self._rules, DEFAULT
            ).batch
            mask = build_list_mask(EligibilityQuery(batch, availability))
            bits.append(np.packbits(mask, axis=1))
            closed.append(_find_best_gap_closed(batch, catalogue, mask))
        return np.concatenate(bits), np.concatenate(closed)

    @property
    def best_gap_closed(self) -> NDArray[np.float32]:
        """How much of the way to the occupation each person wishes for the best training goes.

        The largest share, over permitted trainings, of the skills needed and not held (by weight);
        0 where nothing is permitted, NaN for those without a wish or a gap. Shape (U,).
        """
        return self._at_border[1]

    def read_permitted(self, rows: slice) -> NDArray[np.bool_]:
        """Return what the people at ``rows`` may take at the border, shape (B, N)."""
        bits = np.unpackbits(self._at_border[0][rows], axis=1, count=len(self.catalogue))
        return bits.view(bool)

    def thin(self, share: float, seed: int = 0) -> Task:
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


def _link_skills(catalogue: Catalogue, engine: Engine) -> Catalogue:
    """Give trainings the skills that the engine has found in their texts; those new to it are read now."""
    courses, key = catalogue.table, C.course_id.name
    known = engine.catalogue.table.select(key, C.skills.name)
    new = courses.join(known, on=key, how="anti")
    if engine.reader.linkers is not None:
        linkers = engine.reader.linkers
        new = add_extracted_skills(new, linkers.texts, linkers.skills)
    skills = pl.concat([known, new.select(known.columns)])
    linked = courses.drop(C.skills.name).join(skills, on=key, how="left", maintain_order="left")
    vocabularies = engine.reader.vocabularies
    return build_catalogue(linked, catalogue.classes, catalogue.regions, vocabularies.skills)


def _find_best_gap_closed(
    batch: ParticipantBatch, catalogue: Catalogue, mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    missing = batch.skills.needs - batch.skills.needs.multiply(batch.skills.held)
    total = np.asarray(missing.sum(axis=1), dtype=np.float32).ravel()
    closed = np.where(mask, (missing @ catalogue.skills.T).toarray(), 0).max(axis=1, initial=0)
    return np.where(total > 0, closed / np.where(total > 0, total, 1), np.nan).astype(np.float32)
