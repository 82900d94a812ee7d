"""The engine: from participants to permitted, ranked, explained trainings; a batch in, a batch out.

A web request is a batch of one, the national run is many batches, and training asks the same functions
for its candidates and features.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.candidates.linear import LinearModel
from models.skills.extraction import SkillExtractor, recognised
from models.skills.occupation_finder import OccupationFinder, named
from models.text.content_space import ContentSpace
from models.vectors import unit
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.labour_demand import Demand
from recommender.catalogue.quality import Quality
from recommender.eligibility.course_rules import Offer
from recommender.eligibility.mask import barred, hold_to, permitted, question_of
from recommender.eligibility.query import Question
from recommender.explanation.context import Explainer, Why
from recommender.explanation.reasons import why
from recommender.objective import DEFAULT, Objective
from recommender.participants.batch import (
    ParticipantBatch,
    build_batch,
    events_of,
    groups_of,
    region_attributes,
    wished_topics,
)
from recommender.participants.prepared import People
from recommender.participants.profile_embedding import Wishes, wishes
from recommender.participants.representations import Tastes
from recommender.ranking.features import features
from recommender.ranking.rankers import Ranker, rank
from recommender.reranking.slate import make_lists
from recommender.retrieval.candidates import Candidates, retrieve
from recommender.retrieval.content import Day
from recommender.settings import Filters, Settings
from recommender.trace import Trace
from training_data.arrays import Columns, Table, plain, replaced
from training_data.columns import Participants, bound
from training_data.occupations.occupations import Occupations
from training_data.programmes.programme import Programme
from training_data.regions import RegionTable
from training_data.skills.vocabulary import Vocabulary

P = bound(Participants)
Mask = NDArray[np.bool_]
CELLS = 2_000_000  # participants x trainings in one block: bounds memory
MOST_PEOPLE = 1_000  # in one block, however few the trainings
BY_GROUP = "group_popularity"


@dataclass(frozen=True)
class Answer:
    """Lists for B participants.

    Attributes
    ----------
    ids : ndarray of int32, shape (B, k)
        Rows of the catalogue, best first; -1 from where a list has no more.
    scores : ndarray of float32, shape (B, k)
    features : ndarray of float32, shape (B, k, F)
    propensities : ndarray of float64, shape (B, k), optional
        Probability with which each training came to its place; None: nothing was left to chance.
    """

    question: Question
    wishes: Wishes
    tastes: Tastes
    ids: NDArray[np.int32]
    scores: NDArray[np.float32]
    features: NDArray[np.float32]
    propensities: NDArray[np.float64] | None = None
    trace: Trace = field(default_factory=Trace, repr=False)


@dataclass(frozen=True)
class Engine:
    """All that answers depend on; holds no state between questions.

    Attributes
    ----------
    course_vectors : ndarray of float32, shape (N, D)
        Unit vector of each training's text.
    sources : mapping of str to LinearModel
        Behaviour models by the name of their feature; empty for a dataset without events.
    """

    programme: Programme
    regions: RegionTable
    skills: Vocabulary
    occupations: Occupations
    catalogue: Catalogue
    quality: Quality
    demand: Demand = field(repr=False)
    content: ContentSpace
    extractor: SkillExtractor
    finder: OccupationFinder
    course_vectors: NDArray[np.float32] = field(repr=False)
    sources: Mapping[str, LinearModel]
    ranker: Ranker
    objective: Objective = DEFAULT

    @cached_property
    def topic_vectors(self) -> NDArray[np.float32]:
        """Unit mean vector of each topic's trainings, (n_categories, D)."""
        return unit(self.catalogue.topics.T @ self.course_vectors)

    @cached_property
    def sought(self) -> NDArray[np.float32]:
        """How much the skills of each training are sought in each region, the nation last, (R + 1, N)."""
        every = np.append(np.arange(len(self.regions), dtype=np.int32), np.int32(-1))
        return self.demand.of_trainings(every, self.catalogue.skills)

    def offer(self, day: dt.date) -> Offer:
        """Return what is offered on a day; the last day's is kept."""
        return self._day(day).offer

    def _day(self, day: dt.date) -> Day:
        """Return what is kept of a day."""
        kept = self._days.get(day)
        if kept is None:
            kept = Day(
                Offer(self.catalogue, self.programme.in_force(day)),
                self.quality,
                self.course_vectors,
            )
            self._days.clear()
            self._days[day] = kept
        return kept

    @cached_property
    def _days(self) -> dict[dt.date, Day]:
        return {}

    def without(self, course_ids: set[str]) -> Engine:
        """Return the engine after trainings were withdrawn: they vanish from every answer at once."""
        return replace(self, catalogue=self.catalogue.without(course_ids))

    def understood(self, participants: Table) -> Table:
        """Return participants whose skills and goal, in their own words, stand as ids where known."""
        skills, target = P.skills.name, P.target_occupation.name
        meant: Columns = {
            skills: recognised(plain(participants[skills]), self.extractor),
            target: named(plain(participants[target]), self.finder),
        }
        return replaced(participants, meant)

    def batch(self, participants: Table, events: Table, day: dt.date) -> ParticipantBatch:
        """Turn rows of the Participants and Interactions contracts into arrays."""
        grant = self.offer(day).rules.grant
        return build_batch(
            participants,
            events,
            self.catalogue,
            self.regions,
            self.skills,
            self.occupations,
            None if grant is None else grant.amount,
            self.objective,
        )

    def ask(self, participants: Table, events: Table, day: dt.date) -> Question:
        """Turn rows of the Participants and Interactions contracts into a question of ``day``."""
        return Question(self.batch(participants, events, day), self.offer(day))

    def wishes(self, participants: pl.DataFrame | Columns) -> Wishes:
        """Return what the participants' profiles say, as phrases with vectors."""
        return wishes(
            participants, self.skills, self.occupations, self.programme.languages[0], self.content
        )

    def tastes(self, wished: Wishes, batch: ParticipantBatch) -> Tastes:
        """Work out what the sources know of participants."""
        regions = region_attributes(batch.region, batch.opted_out, self.regions)
        by_region = replace(batch.histories, attributes=regions)
        by_group = replace(batch.histories, attributes=groups_of(vars(batch)))
        represented = {
            name: source.represent(by_group if name == BY_GROUP else by_region)
            for name, source in self.sources.items()
        }
        return Tastes(wished.participants(), represented)

    def source_scores(
        self, question: Question, tastes: Tastes, rows: NDArray[np.intp], mask: Mask
    ) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield what each source says of every training, (n, N) each, to participants ``rows``.

        Parameters
        ----------
        mask : ndarray of bool, shape (n, N)
            Of other trainings the scores mean nothing.
        """
        batch = question.batch
        yield "content", self._day(question.rules.day).likeness(tastes.wished[rows], mask)
        for name, source in self.sources.items():
            yield name, source.score_rows(tastes.represented[name], rows)
        region = np.where(batch.opted_out, -1, batch.region)
        yield "vacancy_demand", self.sought[region[rows]]

    def candidates(
        self,
        question: Question,
        tastes: Tastes,
        rows: NDArray[np.intp],
        mask: Mask,
        per_source: int,
    ) -> tuple[Candidates, NDArray[np.float32]]:
        """Return the candidates of participants ``rows`` within ``mask`` (n, N), and their features, (n, C, F)."""
        found = retrieve(self.source_scores(question, tastes, rows, mask), mask, per_source)
        table = features(
            question,
            rows,
            np.maximum(found.ids, 0),
            found.scores,
            self._day(question.rules.day).features,
            tastes.wished[rows] @ self.topic_vectors.T,
        )
        return found, table

    def people(self, participants: Table, events: Table, day: dt.date) -> People:
        """Read valid rows of the Participants contract, and of the Interactions contract for them."""
        understood = self.understood(participants)
        batch, wished = self.batch(understood, events, day), self.wishes(understood)
        return People(
            tuple(plain(participants[P.participant_id.name])),
            batch,
            wished,
            self.tastes(wished, batch),
            barred(Question(batch, self.offer(day))),
        )

    def recommend(
        self,
        participants: pl.DataFrame,
        events: pl.DataFrame,
        day: dt.date,
        settings: Settings = Settings(),
        filters: Filters = Filters(),
    ) -> Answer:
        """Answer one block of participants.

        Parameters
        ----------
        participants, events : DataFrame
            Valid rows of the Participants contract, and of the Interactions contract for them.
        day : date
            The day whose rules, dates and seats count.
        """
        return self.answer(self.people(participants, events, day), day, settings, filters)

    def answer(
        self,
        people: People,
        day: dt.date,
        settings: Settings = Settings(),
        filters: Filters = Filters(),
        seeds: Sequence[str | None] | None = None,
    ) -> Answer:
        """Answer people who were read on the same day.

        Parameters
        ----------
        seeds : sequence of str or None, B long, optional
            What the exploration of each list follows from; None: nothing of it is left to chance.
        """
        trace = Trace()
        question = question_of(people.batch, self.offer(day), people.barred)
        mask = permitted(question) & filters.mask(self.catalogue)
        trace.ended("eligibility")
        served = np.flatnonzero(mask.any(axis=1))
        found, table = self.candidates(
            question, people.tastes, served, mask[served], settings.per_source
        )
        trace.proposed = found.proposed
        trace.ended("retrieval")
        scores = rank(self.ranker, table, found.ids)
        trace.ended("ranking")
        topics = None
        if settings.calibration_weight:
            topics = wished_topics(people.batch, self.catalogue)[served]
        some = None if seeds is None else [seeds[row] for row in served.tolist()]
        lists = make_lists(
            self.catalogue, self.course_vectors, found, scores, table, topics, settings, some
        ).among(served, len(mask))
        hold_to(mask, lists.ids)
        trace.ended("reranking")
        return Answer(question, people.wishes, people.tastes, **vars(lists), trace=trace)

    def recommend_blocks(
        self,
        participants: pl.DataFrame,
        events: pl.DataFrame,
        day: dt.date,
        settings: Settings = Settings(),
    ) -> Iterator[Answer]:
        """Answer any number of participants, block by block, in bounded memory."""
        size = min(MOST_PEOPLE, max(1, CELLS // max(len(self.catalogue), 1)))
        for block in participants.iter_slices(size):
            yield self.recommend(block, events_of(block, events), day, settings)

    def explainer(self, answer: Answer, language: str) -> Explainer:
        """Return what reasons for an answer are drawn from; its pairs go list by list, the best first."""
        rows, places = np.nonzero(answer.ids >= 0)
        return Explainer(
            rows,
            answer.ids[rows, places],
            answer.question,
            answer.wishes,
            answer.tastes,
            self.course_vectors,
            self.quality,
            self.demand,
            self.sources,
            self.regions,
            self.skills,
            self.occupations,
            language,
        )

    def why(self, answer: Answer, explainer: Explainer) -> list[list[Why]]:
        """Return the reasons for each of the explainer's pairs."""
        return why(explainer, self.ranker.contributions(answer.features[answer.ids >= 0]))
