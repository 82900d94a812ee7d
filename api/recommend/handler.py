"""Lists for one participant a request, made for many at once; simpler ones where there is no time.

Requests wait in one queue, and those who wait are answered together. Who is asked about by id is first held
to the store. Under a long queue the engine is asked for the simple list, which costs a fraction; where even
that would come too late, the client is told when to come again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from api.deployment.ab_test import Arm
from api.deployment.shadow import Answered
from api.observability import request_ids
from api.problems import ProblemError
from api.recommend.micro_batching import Batcher, FullError, Load
from api.recommend.participant_cache import People, Person
from api.recommend.slates import Asked, Lists, Phrases, full_lists, list_settings, simple_lists
from api.schemas.recommendations import Cause, RecommendationRequest
from api.security.principal import Principal
from api.service import Service, nobody, unusable
from api.settings import Settings
from recommender.bundle.bundle import Bundle
from recommender.settings import Filters
from store.audit import Entry
from store.impressions import Shown
from store.statements import Packed
from training_data.profiles import Profile, ProfileError, rows_of

STORE_PAUSE = 1.0  # so long the store is not asked after it failed
SWEEP_SECONDS = 10.0
PATH = "/v1/recommendations"
BATCH = f"{PATH}:batch"
SIMPLE_SHARE, WAITING_SHARE = 0.2, 0.4  # of the deadline

log = logging.getLogger("padan.api")


class Wanted(NamedTuple):
    """A request that waits.

    Attributes
    ----------
    service : Service
        With the release that was present when it came.
    person : Person or None
        Who was described; None for one who is asked about by id.
    """

    asked: RecommendationRequest
    service: Service
    person: Person | None
    request_id: str | None


class Given(NamedTuple):
    """One list, why it is a simple one where it is, what the engine was asked, and when."""

    answer: dict[str, Any]
    cause: Cause | None
    asked: Asked
    arm: Arm | None
    at: dt.datetime


def shown_by(answer: Mapping[str, Any], at: dt.datetime) -> Shown | None:
    """Return the list as it is kept to learn from; None for one that is neutral or of nobody known."""
    if answer["neutral"] or answer["participant_id"] is None:
        return None
    return Shown(
        request_id=answer["request_id"],
        participant_id=answer["participant_id"],
        at=at,
        bundle_version=answer["bundle_version"],
        items=Packed.of([(item["course_id"], item["propensity"]) for item in answer["items"]]),
    )


def overloaded() -> ProblemError:
    """Return the problem of a request for which there is no time."""
    return ProblemError(503, "too many requests at once", retry_after=1)


class Answering:
    """Answers requests for recommendations; each within the deadline."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.people = People(service.store, settings.people_kept)
        self._service = service
        self._settings = settings
        self._phrases = Phrases()
        self._list_settings = cache(partial(list_settings, settings))
        self._store_from = 0.0
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._queue = Batcher[Wanted, Given](
            self._answer,
            most=settings.most_together,
            bound=settings.most_waiting,
            seconds=WAITING_SHARE * settings.deadline_seconds,
        )

    async def keep_swept(self) -> None:
        """Go on forgetting those whom any process erased."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await asyncio.to_thread(self.people.sweep)
            except SQLAlchemyError as error:
                log.error("the store does not answer: %s", type(error).__name__)

    @property
    def full(self) -> bool:
        """Whether another request would be sent away."""
        return self._queue.full

    def close(self) -> None:
        """End the thread that asks the store."""
        self._store_thread.shutdown()
        self.people.close()

    async def recommend(self, asked: RecommendationRequest, principal: Principal) -> dict[str, Any]:
        """Answer one request: the fields of `RecommendationResponse`.

        Raises
        ------
        ProblemError
            If nobody has that id, a field cannot be used, or there is no time for an answer.
        """
        self._service = service = self._service.now()
        service.messages(asked.language)  # refuses what is no language before anybody waits
        person = None
        if asked.participant is not None:
            person = self._described(asked.participant, service.bundle)
        else:
            principal.hold_to_own(str(asked.participant_id))
        wanted = Wanted(asked, service, person, request_ids.current())
        try:
            given = await self._queue.ask(wanted, self._settings.deadline_seconds)
        except (FullError, TimeoutError) as error:
            raise overloaded() from error
        return self._noted(principal, wanted, given)

    async def recommend_many(
        self, asked: Sequence[RecommendationRequest], principal: Principal
    ) -> list[dict[str, Any]]:
        """Answer many requests, each by itself: the fields of `BatchAnswer` for each.

        They queue a few at a time, so that single requests are answered in between.
        """
        request_id, together = str(request_ids.current()), self._settings.most_together
        answers: list[dict[str, Any]] = []
        for first in range(0, len(asked), together):
            some = enumerate(asked[first : first + together], first)
            answers += await asyncio.gather(
                *(self._one_of_many(f"{request_id}.{n}", one, principal) for n, one in some)
            )
        return answers

    async def _one_of_many(
        self, request_id: str, asked: RecommendationRequest, principal: Principal
    ) -> dict[str, Any]:
        request_ids.renew(request_id)
        try:
            return {"answer": await self.recommend(asked, principal), "problem": None}
        except ProblemError as error:
            return {"answer": None, "problem": error.problem(BATCH).model_dump()}

    @staticmethod
    def _described(profile: Profile, bundle: Bundle) -> Person:
        try:
            return Person(rows_of(profile, "", bundle.engine.regions))
        except ProfileError as error:
            raise unusable(f"participant.{error.field}", str(error)) from error

    async def _held(self, ids: Sequence[str]) -> tuple[Mapping[str, Person | None], Cause | None]:
        """Return the participants of the ids: as the store holds them or, where it does not answer, as kept."""
        if ids and time.monotonic() >= self._store_from:
            start = time.perf_counter()
            found = self.people.find_at_once(ids)
            try:
                if found is None:
                    found = await self._find(ids)
            except (SQLAlchemyError, TimeoutError) as error:
                log.error("the store does not answer: %s", type(error).__name__)
                self._store_from = time.monotonic() + STORE_PAUSE
            else:
                self._service.metrics.stage("store", time.perf_counter() - start)
                return dict(zip(ids, found, strict=True)), None
        return {name: self.people.at_hand(name) for name in ids}, "store"

    async def _find(self, ids: Sequence[str]) -> list[Person | None]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._settings.store_seconds):
            return await loop.run_in_executor(self._store_thread, self.people.find, ids)

    async def _answer(self, batch: Sequence[Wanted], load: Load) -> list[Given | ProblemError]:
        """Answer a batch: its people held to the store at once, then those who ask alike together.

        Lists are made here and not in a thread, which would have the interpreter to itself no more than the
        event loop has: the two would wait for each other at every step.
        """
        ids = [str(one.asked.participant_id) for one in batch if one.person is None]
        held, cause = await self._held(ids)
        given: dict[int, Given | ProblemError] = {}
        at = dt.datetime.now(dt.UTC)  # of all, as the audit's writer then writes it out once
        alike: defaultdict[Hashable, dict[int, tuple[Asked, Arm | None]]] = defaultdict(dict)
        for place, one in enumerate(batch):
            person = one.person or held[str(one.asked.participant_id)]
            if person is None:
                given[place] = (
                    ProblemError(503, "the store does not answer", retry_after=5)
                    if cause
                    else nobody(str(one.asked.participant_id))
                )
                continue
            asked, arm = self._asked(one, person)
            alike[asked.kind][place] = asked, arm
        for group in alike.values():
            lists, simpler = self._lists([asked for asked, _ in group.values()], load)
            for (place, (asked, arm)), answer in zip(group.items(), lists, strict=True):
                by_id = batch[place].person is None
                given[place] = Given(answer, simpler or (cause if by_id else None), asked, arm, at)
        return [given[place] for place in range(len(batch))]

    def _asked(self, wanted: Wanted, person: Person) -> tuple[Asked, Arm | None]:
        """Return what the engine is asked, and the arm of the person in the experiment."""
        asked = wanted.asked
        takes_part = not (asked.neutral or person.objects)
        service, arm = wanted.service.for_subject(person.subject if takes_part else None)
        return Asked(
            bundle=service.bundle,
            messages=service.messages(asked.language),
            day=dt.date.today(),
            settings=self._list_settings(asked.k),
            filters=Filters(
                asked.filters.modes, asked.filters.categories, asked.filters.max_price_idr
            ),
            person=person,
            neutral=asked.neutral,
            phrases=self._phrases,
            seed=wanted.request_id if takes_part and asked.participant_id else None,
        ), arm

    def _lists(
        self, asked: Sequence[Asked], load: Load
    ) -> tuple[list[dict[str, Any]], Cause | None]:
        """Return lists of one kind, and why they are simple ones where they are."""
        lists, cause = self._lists_within(asked, load)
        head, metrics = asked[0], self._service.metrics
        metrics.answered(lists.batch, lists.trace)
        if head.bundle is self._service.releases.present.bundle:
            metrics.met(head.bundle.mix, lists.batch, head.day.year)
        metrics.excluded(answer["excluded"] for answer in lists.answers)
        return lists.answers, cause

    def _noted(self, principal: Principal, wanted: Wanted, given: Given) -> dict[str, Any]:
        """Complete the answer and have the decision audited."""
        answer, cause, asked = given.answer, given.cause, given.asked
        answer["request_id"] = request_ids.current()
        answer["bundle_version"] = asked.bundle.manifest.version
        answer["participant_id"] = wanted.asked.participant_id
        if cause is not None:
            self._service.metrics.degraded(cause)
        answer["degraded"] = cause is not None
        answer["cause"] = cause
        entry = Entry(
            actor=principal.name,
            action="recommend",
            subject=asked.person.subject,
            request_id=answer["request_id"],
            bundle_version=answer["bundle_version"],
            programme=answer["programme"],
            decision=Packed.of(
                {
                    item["course_id"]: [why["code"] for why in item["reasons"]]
                    for item in answer["items"]
                }
            ),
            arm=given.arm,
        )
        self._service.trail.add(entry, shown_by(answer, given.at))
        if self._service.shadow and not (answer["neutral"] or answer["degraded"]):
            self._service.shadow.offer(
                Answered(
                    request_id=answer["request_id"],
                    version=answer["bundle_version"],
                    person=asked.person.rows,
                    day=asked.day,
                    settings=asked.settings,
                    filters=asked.filters,
                    seed=asked.seed,
                    course_ids=[item["course_id"] for item in answer["items"]],
                )
            )
        return answer

    def _lists_within(self, asked: Sequence[Asked], load: Load) -> tuple[Lists, Cause | None]:
        """Return the lists for which there is time."""
        settings = self._settings
        late = max(load.waited, load.ahead) > SIMPLE_SHARE * settings.deadline_seconds
        if late or load.waiting > settings.simple_from:
            return simple_lists(asked), "overload"
        try:
            return full_lists(asked), None
        except Exception:
            log.exception("fault of the engine; simple lists are given")
            return simple_lists(asked), "fault"
