"""Lists for one participant a request, made for many at once; fallback lists where there is no time.

Requests wait in one queue, and those who wait are answered together. Who is asked about by id is first held
to the store. Under a long queue the engine is asked for the fallback list, which costs a fraction; where even
that would come too late, the client is told when to come again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections import defaultdict
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from api.deployment.ab_test import Arm
from api.deployment.shadow import ShadowRequest
from api.languages import in_language
from api.observability import request_ids
from api.problem_types import OVERLOAD, STORE_DOWN, TOO_MANY_REQUESTS
from api.problems import ProblemError
from api.recommend.micro_batching import FullError, Load, MicroBatcher
from api.recommend.participant_cache import CachedParticipant, ParticipantCache
from api.recommend.participant_lookup import ParticipantLookup
from api.recommend.slates import (
    ServedLists,
    SlateRequest,
    build_fallback_lists,
    build_full_lists,
    prepare,
)
from api.schemas.recommendations import Cause, RecommendationRequest, RecommendationResponse
from api.security.principal import Principal
from api.security.rate_limit import RateLimit
from api.service import Service, invalid_field, list_reason_codes, unknown_participant
from api.settings import ServiceSettings
from recommender.bundle.bundle import Bundle
from recommender.responses.recommendations import RecommendationList
from store.audit import Entry
from store.impressions import ShownSlate
from store.statements import Packed
from training_data.profiles import Participant, ProfileError, to_rows

SWEEP_SECONDS = 2.0
PATH = "/v1/recommendations"
BATCH = f"{PATH}:batch"
DEGRADE_SHARE, QUEUE_SHARE = 0.2, 0.4  # of the deadline

log = logging.getLogger("padan.api")


class WaitingRequest(NamedTuple):
    """A request that waits.

    Attributes
    ----------
    service : Service
        With the release that was present when it came.
    participant : CachedParticipant or None
        Who was described; None for one who is asked about by id.
    """

    request: RecommendationRequest
    service: Service
    participant: CachedParticipant | None
    request_id: str | None


class Unread(NamedTuple):
    """A request whose person is long to read, and read apart before it is answered."""

    asked: SlateRequest


class Served(NamedTuple):
    """One list, why it is degraded where it is, what the engine was asked, and when."""

    answer: RecommendationList
    cause: Cause | None
    asked: SlateRequest
    arm: Arm | None
    at: dt.datetime


def to_impressions(answer: RecommendationResponse, at: dt.datetime) -> ShownSlate | None:
    """Return the list as it is kept to learn from; None for one that is neutral or of nobody known."""
    if answer["neutral"] or answer["participant_id"] is None:
        return None
    return ShownSlate(
        request_id=answer["request_id"],
        participant_id=answer["participant_id"],
        at=at,
        bundle_version=answer["bundle_version"],
        items=Packed.of([(item["course_id"], item["propensity"]) for item in answer["items"]]),
    )


def build_overload_problem() -> ProblemError:
    """Return the problem of a request for which there is no time."""
    return ProblemError(OVERLOAD, "too many requests at once", retry_after=1)


class RecommendationHandler:
    """Answers requests for recommendations; each within the deadline."""

    def __init__(self, service: Service, settings: ServiceSettings, requests: RateLimit) -> None:
        self.participants = ParticipantCache(service.store, settings.participant_cache_size)
        self._service = service
        self._settings = settings
        self._requests = requests
        self._slate_settings = cache(settings.slate_settings)
        self._lookup = ParticipantLookup(self.participants, settings.store_timeout_seconds)
        self._reading_thread = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._queue = MicroBatcher[WaitingRequest, Served | Unread](
            self._answer,
            max_batch=settings.max_batch_size,
            max_length=settings.max_queue_length,
            max_seconds=QUEUE_SHARE * settings.deadline_seconds,
        )

    async def sweep_regularly(self) -> None:
        """Go on forgetting those whom any process erased or changed."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await asyncio.to_thread(self.participants.sweep)
            except SQLAlchemyError as error:
                log.error("the store does not answer: %s", type(error).__name__)

    @property
    def full(self) -> bool:
        """Whether another request would be sent away."""
        return self._queue.full

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return self._queue.waiting

    def close(self) -> None:
        """Ask the store nothing more."""
        self._reading_thread.shutdown(wait=False, cancel_futures=True)
        self._lookup.close()
        self.participants.close()

    async def recommend(
        self,
        request: RecommendationRequest,
        principal: Principal,
        accept_language: str | None = None,
    ) -> RecommendationResponse:
        """Answer one request.

        Parameters
        ----------
        accept_language : str, optional
            The header of that name, for a request that names no language.

        Raises
        ------
        ProblemError
            If nobody has that id, a field cannot be used, or there is no time for an answer.
        """
        self._service = service = self._service.refresh()
        request = in_language(request, accept_language, service.release.messages)
        service.messages(request.language)  # refuses what is no language before anybody waits
        described = None
        if request.participant is not None:
            described = self._describe(request.participant, service.bundle)
        else:
            service.require_own(principal, str(request.participant_id))
        waiting = WaitingRequest(request, service, described, request_ids.current())
        until = time.monotonic() + self._settings.deadline_seconds
        try:
            served = await self._queue.submit(waiting, self._settings.deadline_seconds)
            while isinstance(served, Unread):
                await self._read_long(served.asked, until)
                served = await self._queue.submit(waiting, until - time.monotonic())
        except (FullError, TimeoutError) as error:
            raise build_overload_problem() from error
        return self._complete(principal, waiting, served)

    async def _read_long(self, asked: SlateRequest, until: float) -> None:
        """Read a long person in a thread, one after the other, so that those who are short need not wait.

        Raises
        ------
        TimeoutError
            If there is no time for it.
        """

        def read() -> None:
            if time.monotonic() < until and asked.is_long:
                prepare([asked])

        loop = asyncio.get_running_loop()
        async with asyncio.timeout(until - time.monotonic()):
            await loop.run_in_executor(self._reading_thread, read)

    async def recommend_many(
        self,
        requests: Sequence[RecommendationRequest],
        principal: Principal,
        accept_language: str | None = None,
    ) -> list[dict[str, Any]]:
        """Answer many requests, each by itself: the fields of `BatchAnswer` for each.

        They queue a few at a time, so that single requests are answered in between.

        Raises
        ------
        ProblemError
            If they are more than the client may still send.
        """
        if not self._requests.take(principal.account, len(requests) - 1):  # the gate counted one
            detail = "too many lists of this client"
            raise ProblemError(TOO_MANY_REQUESTS, detail, retry_after=60)
        request_id, size = str(request_ids.current()), self._settings.max_batch_size
        answers: list[dict[str, Any]] = []
        for first in range(0, len(requests), size):
            some = enumerate(requests[first : first + size], first)
            answers += await asyncio.gather(
                *(
                    self._answer_one(f"{request_id}.{n}", one, principal, accept_language)
                    for n, one in some
                )
            )
        return answers

    async def _answer_one(
        self,
        request_id: str,
        request: RecommendationRequest,
        principal: Principal,
        accept_language: str | None,
    ) -> dict[str, Any]:
        request_ids.renew(request_id)
        try:
            return {
                "answer": await self.recommend(request, principal, accept_language),
                "problem": None,
            }
        except ProblemError as error:
            return {"answer": None, "problem": error.problem(BATCH).model_dump()}

    @staticmethod
    def _describe(participant: Participant, bundle: Bundle) -> CachedParticipant:
        regions = bundle.engine.reader.vocabularies.regions
        try:
            return CachedParticipant(to_rows(participant, "", regions))
        except ProfileError as error:
            raise invalid_field(f"participant.{error.field}", str(error)) from error

    async def _answer(
        self, batch: Sequence[WaitingRequest], load: Load
    ) -> list[Served | Unread | ProblemError]:
        """Answer a batch: its people held to the store at once, then those who ask alike together.

        Lists are made here and not in a thread, which would have the interpreter to itself no more than the
        event loop has: the two would wait for each other at every step.
        """
        ids = [str(one.request.participant_id) for one in batch if one.participant is None]
        by_id, cause = await self._lookup.find(ids, self._service.metrics)
        served: dict[int, Served | Unread | ProblemError] = {}
        at = dt.datetime.now(dt.UTC)
        groups: defaultdict[Hashable, dict[int, tuple[SlateRequest, Arm | None]]] = defaultdict(
            dict
        )
        for place, one in enumerate(batch):
            participant = one.participant or by_id[str(one.request.participant_id)]
            if participant is None:
                served[place] = (
                    ProblemError(STORE_DOWN, "the store does not answer", retry_after=5)
                    if cause
                    else unknown_participant(str(one.request.participant_id))
                )
                continue
            asked, arm = self._to_slate_request(one, participant)
            if asked.is_long:
                served[place] = Unread(asked)
                continue
            groups[asked.group][place] = asked, arm
        for group in groups.values():
            lists, degraded = self._build_lists([asked for asked, _ in group.values()], load)
            for (place, (asked, arm)), answer in zip(group.items(), lists, strict=True):
                own = cause if batch[place].participant is None else None
                served[place] = Served(answer, degraded or own, asked, arm, at)
        return [served[place] for place in range(len(batch))]

    def _to_slate_request(
        self, waiting: WaitingRequest, participant: CachedParticipant
    ) -> tuple[SlateRequest, Arm | None]:
        """Return what the engine is asked, and the arm of the person in the experiment."""
        request = waiting.request
        takes_part = not (request.neutral or participant.opted_out)
        service, arm = waiting.service.for_subject(participant.subject if takes_part else None)
        return SlateRequest(
            bundle=service.bundle,
            messages=service.messages(request.language),
            day=service.bundle.engine.programme.today(),
            settings=self._slate_settings(request.k),
            filters=request.filters,
            participant=participant,
            neutral=request.neutral,
            seed=waiting.request_id if takes_part and request.participant_id else None,
        ), arm

    def _build_lists(
        self, requests: Sequence[SlateRequest], load: Load
    ) -> tuple[list[RecommendationList], Cause | None]:
        """Return lists of one group, and why they are fallback lists where they are."""
        served, cause = self._build_in_time(requests, load)
        head, metrics = requests[0], self._service.metrics
        metrics.count_lists(served.participants.batch, served.trace)
        if head.bundle is self._service.releases.present.bundle:
            metrics.count_population(
                head.bundle.population, served.participants.batch, head.day.year
            )
        metrics.count_exclusions(one["excluded"] for one in served.lists)
        metrics.count_unmet(served.unmet)
        return served.lists, cause

    def _build_in_time(
        self, requests: Sequence[SlateRequest], load: Load
    ) -> tuple[ServedLists, Cause | None]:
        """Return the lists for which there is time."""
        settings = self._settings
        late = max(load.waited, load.ahead) > DEGRADE_SHARE * settings.deadline_seconds
        if late or load.length > settings.degrade_queue_length:
            return build_fallback_lists(requests), "overload"
        try:
            return build_full_lists(requests), None
        except Exception:
            log.exception("fault of the engine; fallback lists are given")
            return build_fallback_lists(requests), "fault"

    def _complete(
        self, principal: Principal, waiting: WaitingRequest, served: Served
    ) -> RecommendationResponse:
        """Complete the answer and have the decision audited."""
        asked, cause = served.asked, served.cause
        if cause is not None:
            self._service.metrics.count_degraded(cause)
        answer: RecommendationResponse = {
            **served.answer,
            "participant_id": waiting.request.participant_id,
            "request_id": str(request_ids.current()),
            "bundle_version": asked.bundle.manifest.version,
            "degraded": cause is not None,
            "cause": cause,
        }
        entry = Entry(
            actor=self._service.actor(principal),
            action="recommend",
            subject=asked.participant.subject,
            request_id=answer["request_id"],
            bundle_version=answer["bundle_version"],
            programme=answer["programme"],
            decision=Packed.of(list_reason_codes(answer["items"])),
            arm=served.arm,
        )
        self._service.audit_writer.add(entry, to_impressions(answer, served.at))
        if self._service.shadow and not (answer["neutral"] or answer["degraded"]):
            self._service.shadow.offer(
                ShadowRequest(
                    request_id=answer["request_id"],
                    version=answer["bundle_version"],
                    participant=asked.participant.rows,
                    day=asked.day,
                    settings=asked.settings,
                    filters=asked.filters,
                    seed=asked.seed,
                    course_ids=[item["course_id"] for item in answer["items"]],
                )
            )
        return answer
