"""Lists for one participant a request, made for many at once; simpler ones where there is no time.

A request waits in up to two queues. Who is asked about by id is first held to the store; then the engine
answers all who wait together. Under a long queue the engine is asked for the simple list, which costs a
fraction; where even that would come too late, the client is told when to come again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from api import request_ids
from api.batching import Batcher, FullError, Load
from api.experiment import Arm
from api.lists import Asked, Lists, full_lists, list_settings, simple_lists
from api.people import People, Person
from api.problems import ProblemError
from api.schemas.recommendations import Cause, RecommendationRequest
from api.security.principal import Principal
from api.service import Service, nobody, unusable
from api.settings import Settings
from api.shadow import Answered
from recommender.bundle import Bundle
from recommender.engine import Filters
from training_data.profiles import ProfileError, rows_of
from training_data.store.audit import Entry
from training_data.store.shown import Shown

STORE_PAUSE = 1.0  # so long the store is not asked after it failed
SWEEP_SECONDS = 10.0
LOOKUPS = 64  # participants looked up together
BATCH = "/v1/recommendations:batch"

log = logging.getLogger("padan.api")


@dataclass(frozen=True)
class Given:
    """One list, and why it is a simple one where it is."""

    answer: dict[str, Any]
    cause: Cause | None


def shown_by(answer: Mapping[str, Any]) -> Shown | None:
    """Return the list as it is kept to learn from; None for one that is neutral or of nobody known."""
    if answer["neutral"] or answer["participant_id"] is None:
        return None
    return Shown(
        request_id=answer["request_id"],
        participant_id=answer["participant_id"],
        at=dt.datetime.now(dt.UTC),
        bundle_version=answer["bundle_version"],
        items=[(item["course_id"], item["propensity"]) for item in answer["items"]],
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
        self._store_from = 0.0
        self._lookups = Batcher[str, Person | None](
            self._find,
            lambda _: None,
            name="store",
            most=LOOKUPS,
            bound=settings.most_waiting,
        )
        self._lists = Batcher[Asked, Given](
            self._answer,
            lambda asked: asked.kind,
            name="engine",
            most=settings.most_together,
            bound=settings.most_waiting,
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
        return self._lists.full

    def close(self) -> None:
        """End the threads."""
        self._lookups.close()
        self._lists.close()

    async def recommend(self, asked: RecommendationRequest, principal: Principal) -> dict[str, Any]:
        """Answer one request: the fields of `RecommendationResponse`.

        Raises
        ------
        ProblemError
            If nobody has that id, a field cannot be used, or there is no time for an answer.
        """
        until = time.monotonic() + self._settings.deadline_seconds
        service = self._service.now()
        person, cause = await self._person(asked, principal, service.bundle)
        takes_part = not (asked.neutral or person.objects)
        service, arm = service.for_subject(person.subject if takes_part else None)
        wanted = Asked(
            bundle=service.bundle,
            messages=service.messages(asked.language),
            day=dt.date.today(),
            settings=list_settings(self._settings, asked.k),
            filters=Filters(
                tuple(asked.filters.modes),
                tuple(asked.filters.categories),
                asked.filters.max_price_idr,
            ),
            person=person,
            neutral=asked.neutral,
            seed=request_ids.current() if takes_part and asked.participant_id else None,
        )
        try:
            given = await self._lists.ask(wanted, until - time.monotonic())
        except (FullError, TimeoutError) as error:
            raise overloaded() from error
        return self._noted(asked, principal, wanted, arm, given.answer, given.cause or cause)

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

    async def _person(
        self, asked: RecommendationRequest, principal: Principal, bundle: Bundle
    ) -> tuple[Person, Cause | None]:
        if asked.participant is not None:
            try:
                return Person(rows_of(asked.participant, "", bundle.engine.regions)), None
            except ProfileError as error:
                raise unusable(f"participant.{error.field}", str(error)) from error
        participant_id = str(asked.participant_id)
        principal.hold_to_own(participant_id)
        if time.monotonic() >= self._store_from:
            try:
                found = await self._lookups.ask(participant_id, self._settings.store_seconds)
            except (SQLAlchemyError, TimeoutError, FullError) as error:
                log.error("the store does not answer: %s", type(error).__name__)
                self._store_from = time.monotonic() + STORE_PAUSE
            else:
                if found is None:
                    raise nobody(participant_id)
                return found, None
        kept = self.people.at_hand(participant_id)
        if kept is None:
            raise ProblemError(503, "the store does not answer", retry_after=5)
        return kept, "store"

    def _noted(
        self,
        asked: RecommendationRequest,
        principal: Principal,
        wanted: Asked,
        arm: Arm | None,
        answer: dict[str, Any],
        cause: Cause | None,
    ) -> dict[str, Any]:
        """Complete the answer and have the decision audited."""
        answer["request_id"] = request_ids.current()
        answer["bundle_version"] = wanted.bundle.manifest.version
        answer["participant_id"] = asked.participant_id
        if cause is not None:
            self._service.metrics.degraded(cause)
        answer["degraded"] = cause is not None
        answer["cause"] = cause
        entry = Entry(
            actor=principal.name,
            action="recommend",
            subject=wanted.person.subject,
            request_id=answer["request_id"],
            bundle_version=answer["bundle_version"],
            programme=answer["programme"],
            decision={
                item["course_id"]: [why["code"] for why in item["reasons"]]
                for item in answer["items"]
            },
            arm=arm,
        )
        self._service.trail.add(entry, shown_by(answer))
        if self._service.shadow and not (answer["neutral"] or answer["degraded"]):
            self._service.shadow.offer(
                Answered(
                    request_id=answer["request_id"],
                    version=answer["bundle_version"],
                    person=wanted.person.rows,
                    day=wanted.day,
                    settings=wanted.settings,
                    filters=wanted.filters,
                    seed=wanted.seed,
                    course_ids=list(entry.decision),
                )
            )
        return answer

    def _find(self, ids: Sequence[str], _: Load) -> list[Person | None]:
        """Hold participants to the store; runs in the store's thread."""
        start = time.perf_counter()
        found = self.people.find(ids)
        self._service.metrics.stage("store", time.perf_counter() - start)
        return found

    def _answer(self, asked: Sequence[Asked], load: Load) -> list[Given]:
        """Answer those who ask for lists of one kind; runs in the engine's thread."""
        lists, cause = self._lists_within(asked, load)
        head, metrics = asked[0], self._service.metrics
        metrics.answered(lists.batch, lists.trace)
        if head.bundle is self._service.releases.present.bundle:
            metrics.met(head.bundle.mix, lists.batch, head.day.year)
        for answer in lists.answers:
            metrics.excluded(answer["excluded"])
        return [Given(answer, cause) for answer in lists.answers]

    def _lists_within(self, asked: Sequence[Asked], load: Load) -> tuple[Lists, Cause | None]:
        """Return the lists for which there is time."""
        settings = self._settings
        late = load.waited > settings.deadline_seconds / 2
        if late or load.waiting > settings.simple_from:
            return simple_lists(asked), "overload"
        try:
            return full_lists(asked), None
        except Exception:
            log.exception("fault of the engine; simple lists are given")
            return simple_lists(asked), "fault"
