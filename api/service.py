"""What every route works with: the bundle, the store, the audit; and who a request is about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import polars as pl
from fastapi import Depends, Request

from api.metrics import Metrics
from api.problems import FieldProblem, ProblemError
from api.schemas.recommendations import AboutOne
from api.security.principal import Principal
from api.trail import Trail
from recommender.bundle import Bundle
from recommender.messages import Messages
from training_data.columns import Participants
from training_data.profiles import ProfileError, to_tables
from training_data.store import participants
from training_data.store.audit import Action, Entry
from training_data.store.database import Store

Tables = tuple[pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True)
class Service:
    """A loaded bundle, the store, the audit's writer, and what operators watch."""

    bundle: Bundle
    store: Store
    trail: Trail
    metrics: Metrics

    @cached_property
    def _messages(self) -> dict[str, Messages]:
        languages = self.bundle.engine.programme.languages
        return {language: self.bundle.messages(language) for language in languages}

    def messages(self, language: str | None) -> Messages:
        """Return the texts in a language of the programme; its first by default."""
        wanted = language or self.bundle.engine.programme.languages[0]
        if wanted not in self._messages:
            raise unusable("language", f"not one of {', '.join(self._messages)}")
        return self._messages[wanted]

    def course(self, course_id: str) -> int:
        """Return a training's row in the catalogue."""
        row = self.bundle.engine.catalogue.index.get(course_id)
        if row is None:
            raise ProblemError(404, f"no training has the id '{course_id}'")
        return row

    def tables(self, asked: AboutOne, principal: Principal, *, neutral: bool = False) -> Tables:
        """Return the participant whom a request is about, and what they did, under the contracts."""
        people, events = self._found(asked, principal)
        if neutral:
            people = people.with_columns(pl.lit(True).alias(Participants.profiling_opt_out.name))
        return people, events

    def note(
        self,
        principal: Principal,
        action: Action,
        participant_id: str | None,
        request_id: str | None = None,
        decision: object = None,
    ) -> None:
        """Have an access or a decision audited."""
        self.trail.add(
            Entry(
                actor=principal.name,
                action=action,
                subject=None if participant_id is None else self.store.pseudonym(participant_id),
                request_id=request_id,
                bundle_version=self.bundle.manifest.version,
                programme=self.bundle.engine.programme.label,
                decision=decision,
            )
        )

    def _found(self, asked: AboutOne, principal: Principal) -> Tables:
        if asked.participant is not None:
            try:
                return to_tables([asked.participant], ["inline"], self.bundle.engine.regions)
            except ProfileError as error:
                raise unusable(f"participant.{error.field}", str(error)) from error
        participant_id = str(asked.participant_id)
        principal.hold_to_own(participant_id)
        with self.store.reading() as connection:
            people, events = participants.find(connection, [participant_id])
        if not len(people):
            raise nobody(participant_id)
        return people, events


def nobody(participant_id: str) -> ProblemError:
    """Return the problem of an id that is not known."""
    return ProblemError(404, f"no participant has the id '{participant_id}'")


def unusable(field: str, message: str) -> ProblemError:
    """Return the problem of one field that is well-formed and cannot be used."""
    return ProblemError(422, "1 field cannot be used", [FieldProblem(field=field, message=message)])


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


CurrentService = Annotated[Service, Depends(_service)]
