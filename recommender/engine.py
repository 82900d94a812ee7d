"""The engine: from participants to permitted, ranked, explained trainings; a batch in, a batch out.

A web request is a batch of one, the national run is many batches, and training asks the same functions
for its candidates and features. The stages are in the order of `Engine.recommend`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.candidates.top_k import top_k
from models.ranking.pair_features import PairFeatures
from models.vectors import unit
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.labour_demand import LabourDemand
from recommender.catalogue.quality import Quality
from recommender.eligibility.course_rules import Availability
from recommender.eligibility.mask import build_list_mask, check_permitted
from recommender.eligibility.query import EligibilityQuery
from recommender.explanation.context import ExplanationContext, Reason
from recommender.explanation.reasons import explain
from recommender.explanation.takers import Takers
from recommender.objective import DEFAULT, Objective
from recommender.participants.batch import filter_events
from recommender.participants.encodings import topic_shares
from recommender.participants.prepared import PreparedParticipants
from recommender.participants.reader import ParticipantReader
from recommender.ranking.features import FEATURES, compute_course_features, compute_features
from recommender.ranking.log_features import compute_log_features, list_log_features
from recommender.ranking.rankers import FixedRanker, Ranker, score_candidates
from recommender.reranking.slate import Slates, build_slates
from recommender.retrieval.candidates import Candidates, retrieve
from recommender.retrieval.relevance import Relevance
from recommender.retrieval.sources import BehaviourModels, Source, encode_users
from recommender.settings import CourseFilters, SlateSettings
from recommender.trace import Trace
from training_data.arrays import Table
from training_data.programmes.programme import Programme

Mask = NDArray[np.bool_]
MAX_CELLS = 20_000_000  # participants x trainings in one block: bounds memory
MAX_BLOCK = 1_000  # participants in one block, however few the trainings
CACHED_CELLS = 400_000  # that all sources score together: what stays in a core's cache is faster


@dataclass(frozen=True)
class Recommendations:
    """Slates for B participants, and all that explains them.

    Attributes
    ----------
    ranker : Ranker
        What the scores are by.
    judged : ndarray of bool, shape (B,)
        Of whom it is known how well each training fits what they wrote: not in the fallback list.
    filters : CourseFilters
        What they narrowed the slates to.
    """

    participants: PreparedParticipants
    query: EligibilityQuery
    slates: Slates
    ranker: Ranker = field(repr=False)
    judged: NDArray[np.bool_] = field(repr=False)
    trace: Trace = field(default_factory=Trace, repr=False)
    filters: CourseFilters = CourseFilters()


@dataclass(frozen=True)
class CatalogueDay:
    """What is worked out of the catalogue once a day.

    Attributes
    ----------
    course_features : ndarray of float32, shape (D, N)
        See `recommender.ranking.features.compute_course_features`.
    """

    availability: Availability
    course_features: NDArray[np.float32]


@dataclass(frozen=True)
class Engine:
    """All that recommendations depend on; holds no state between calls.

    Attributes
    ----------
    course_vectors : ndarray of float32, shape (N, D)
        Unit vector of each training's text.
    models : mapping of str to LinearModel
        Behaviour models by their source; empty for a dataset without events.
    log : PairFeatures, optional
        What the log tells of candidates beyond ``FEATURES``, where the ranker reads that.
    """

    programme: Programme
    catalogue: Catalogue
    quality: Quality
    demand: LabourDemand = field(repr=False)
    course_vectors: NDArray[np.float32] = field(repr=False)
    reader: ParticipantReader
    relevance: Relevance = field(repr=False)
    models: BehaviourModels
    takers: Takers = field(repr=False)
    ranker: Ranker
    objective: Objective = DEFAULT
    log: PairFeatures | None = field(default=None, repr=False)

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns that the ranker reads, in order."""
        if self.log is None:
            return list(FEATURES)
        return [*FEATURES, *list_log_features(self.log, self.sources)]

    @property
    def sources(self) -> list[Source]:
        """The sources of candidates, in the registry's order."""
        always = Source.CONTENT, Source.VACANCY_DEMAND
        return [source for source in Source if source in always or source in self.models]

    @cached_property
    def topic_vectors(self) -> NDArray[np.float32]:
        """Unit mean vector of each topic's trainings, (n_categories, D)."""
        return unit(self.catalogue.topics.T @ self.course_vectors)

    @cached_property
    def regional_demand(self) -> NDArray[np.float32]:
        """How much the skills of each training are sought in each region, the nation last, (R + 1, N)."""
        regions = np.arange(len(self.reader.vocabularies.regions), dtype=np.int32)
        return self.demand.of_trainings(np.append(regions, np.int32(-1)), self.catalogue.skills)

    def availability(self, day: dt.date) -> Availability:
        """Return what is available on a day."""
        return self._on(day).availability

    def _on(self, day: dt.date) -> CatalogueDay:
        """Return what is worked out of a day; the last day's is kept."""
        kept = self._days.get(day)
        if kept is None:
            availability = Availability(self.catalogue, self.programme.in_force(day))
            kept = CatalogueDay(
                availability,
                compute_course_features(availability, self.quality),
            )
            self._days.clear()
            self._days[day] = kept
        return kept

    @cached_property
    def _days(self) -> dict[dt.date, CatalogueDay]:
        return {}

    def without(self, course_ids: Collection[str]) -> Engine:
        """Return the engine after trainings were withdrawn: they vanish from every slate at once."""
        return replace(self, catalogue=self.catalogue.without(course_ids))

    def prepare(self, participants: Table, events: Table, day: dt.date) -> PreparedParticipants:
        """Read participants: the only way to them, for whatever is asked of them.

        Parameters
        ----------
        participants, events : DataFrame or mapping of str to list
            Valid rows of the Participants contract, and of the Interactions contract for them.
        day : date
            The day whose rules, dates and seats count.
        """
        rules = self.availability(day).rules
        read = self.reader.read(participants, events, self.catalogue, rules, self.objective)
        regions = self.reader.vocabularies.regions
        return replace(read, representations=encode_users(self.models, read.batch, regions))

    def query(self, participants: PreparedParticipants) -> EligibilityQuery:
        """Return the participants before what is available on their day."""
        return EligibilityQuery(participants.batch, self.availability(participants.day))

    def find_candidates(
        self,
        participants: PreparedParticipants,
        query: EligibilityQuery,
        rows: NDArray[np.intp],
        mask: Mask,
        per_source: int,
    ) -> tuple[Candidates, NDArray[np.float32]]:
        """Return the candidates of participants ``rows`` within ``mask`` (n, N), and their features, (n, C, F)."""
        profiles = participants.vectors[rows]
        today = self._on(participants.day)
        size = max(1, CACHED_CELLS // max(mask.shape[1], 1))
        parts = (slice(first, first + size) for first in range(0, max(len(rows), 1), size))
        found = Candidates.join(
            [
                retrieve(self._score_all(participants, query, rows[some]), mask[some], per_source)
                for some in parts
            ]
        )
        features = compute_features(
            query,
            rows,
            np.maximum(found.ids, 0),
            found.scores,
            today.course_features,
            profiles @ self.topic_vectors.T,
        )
        if self.log is not None:
            some = participants.batch.past.histories.take(rows)
            by_source = {source.value: found.scores[source] for source in self.sources}
            told = compute_log_features(self.log, some, found.ids, by_source)
            told[query.batch.opted_out[rows]] = 0  # to them it says the same of every training
            features = np.concatenate([features, told], axis=2)
        return found, features

    def _score_all(
        self, participants: PreparedParticipants, query: EligibilityQuery, rows: NDArray[np.intp]
    ) -> dict[str, NDArray[np.float32]]:
        """Return each source's score of every training, (n, N), in the registry's order."""
        scores: dict[str, NDArray[np.float32]] = {
            Source.CONTENT: self.relevance.score(participants.profile, rows)
        }
        for name, model in self.models.items():
            scores[name] = model.score_users(participants.representations[name], rows)
        scores[Source.VACANCY_DEMAND] = self._score_demand(query, rows)
        return scores

    def _score_demand(self, query: EligibilityQuery, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        region = np.where(query.batch.opted_out, -1, query.batch.home.region)
        return self.regional_demand[region[rows]]

    def _mask(self, query: EligibilityQuery, filters: CourseFilters) -> Mask:
        """Return what may be listed, each training by one offer, (B, N)."""
        permitted = build_list_mask(query) & filters.mask(self.catalogue)
        return self.catalogue.offers.keep_cheapest(permitted)

    def recommend(
        self,
        participants: PreparedParticipants,
        settings: SlateSettings = SlateSettings(),
        filters: CourseFilters = CourseFilters(),
        seeds: Sequence[str | None] | None = None,
    ) -> Recommendations:
        """Make a slate for each participant.

        Parameters
        ----------
        seeds : sequence of str or None, B long, optional
            What the exploration of each slate follows from; None: nothing of it is left to chance.
        """
        trace = Trace()
        query = self.query(participants)
        mask = self._mask(query, filters)
        trace.end_stage("eligibility")
        served = np.flatnonzero(mask.any(axis=1))
        found, features = self.find_candidates(
            participants, query, served, mask[served], max(settings.per_source, settings.k)
        )
        trace.proposed = found.proposed
        trace.end_stage("retrieval")
        scored = score_candidates(self.ranker, features, found.ids)
        trace.end_stage("ranking")
        topics = None
        if settings.calibration_weight:
            topics = topic_shares(query.batch, self.catalogue)[served]
        some = None if seeds is None else [seeds[row] for row in served.tolist()]
        slates = build_slates(
            self.catalogue, self.course_vectors, scored, settings, topics, some
        ).spread(served, len(mask))
        check_permitted(mask, slates.ids)
        trace.end_stage("reranking")
        return Recommendations(
            participants, query, slates, self.ranker, ~query.batch.opted_out, trace, filters
        )

    def recommend_popular(
        self,
        participants: PreparedParticipants,
        settings: SlateSettings = SlateSettings(),
        filters: CourseFilters = CourseFilters(),
    ) -> Recommendations:
        """Make the fallback slate, at a fraction of the cost: what is taken most in the person's region.

        What may be taken is decided by the same mask as ever. Its one feature moves the score.
        """
        trace = Trace()
        query = self.query(participants)
        mask = self._mask(query, filters)
        scores = np.zeros(mask.shape, dtype=np.float32)
        if (model := self.models.get(Source.REGIONAL_POPULARITY)) is not None:
            encoded = participants.representations[Source.REGIONAL_POPULARITY]
            scores = model.score_users(encoded, np.arange(len(participants)))
        ids, best = top_k(scores, min(settings.k, mask.shape[1]), mask)
        features = np.zeros((*ids.shape, len(FEATURES)), dtype=np.float32)
        features[:, :, FEATURES.index(Source.REGIONAL_POPULARITY)] = np.maximum(best, 0)
        check_permitted(mask, ids)
        trace.end_stage("fallback")
        slates = Slates(ids, best, features)
        nobody = np.zeros(len(participants), dtype=bool)
        return Recommendations(participants, query, slates, FixedRanker(), nobody, trace, filters)

    def recommend_blocks(
        self,
        participants: pl.DataFrame,
        events: pl.DataFrame,
        day: dt.date,
        settings: SlateSettings = SlateSettings(),
    ) -> Iterator[Recommendations]:
        """Recommend to any number of participants, block by block, in bounded memory."""
        size = min(MAX_BLOCK, max(1, MAX_CELLS // max(len(self.catalogue), 1)))
        for block in participants.iter_slices(size):
            did = filter_events(block, events)
            # as plain lists: each column of a frame would be turned into one several times over
            read = self.prepare(block.to_dict(as_series=False), did.to_dict(as_series=False), day)
            yield self.recommend(read, settings)

    def explanation_context(
        self,
        recommendations: Recommendations,
        language: str,
        ready: NDArray[np.int64] | None = None,
    ) -> ExplanationContext:
        """Return what reasons are drawn from; its pairs go slate by slate, the best first.

        Parameters
        ----------
        ready : ndarray of int64, optional
            The first day on which the training of each pair can be bought; None: as soon as the person can.
        """
        rows, places = np.nonzero(recommendations.slates.ids >= 0)
        return ExplanationContext(
            rows,
            recommendations.slates.ids[rows, places],
            recommendations.participants,
            recommendations.query,
            self.relevance,
            self.quality,
            self.demand,
            self.takers,
            self.reader,
            language,
            ready,
        )

    def explain(
        self, recommendations: Recommendations, context: ExplanationContext
    ) -> list[list[Reason]]:
        """Return the reasons for each of the context's pairs."""
        ranker, slates = recommendations.ranker, recommendations.slates
        contributions = ranker.contributions(slates.features[slates.ids >= 0])[:, : len(FEATURES)]
        usual = np.zeros((len(slates.ids), len(FEATURES)), dtype=np.float32)
        if slates.compared is not None:
            people, places, width = slates.compared.shape
            moved = ranker.contributions(slates.compared.reshape(-1, width))[:, : len(FEATURES)]
            usual = moved.reshape(people, places, -1).mean(axis=1)
        return explain(context, contributions, contributions - usual[context.rows])
