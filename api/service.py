"""What every route works with: the bundle, the store, the audit; and who a request is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import polars as pl
from fastapi import Depends, Request

from api.deployment.ab_test import Arm
from api.deployment.releases import Release, Releases
from api.deployment.shadow import Shadow
from api.observability import request_ids
from api.observability.audit_writer import AuditWriter
from api.observability.metrics import Metrics
from api.problem_types import (
    INVALID_FIELD,
    OTHER_PARTICIPANT,
    UNKNOWN_COURSE,
    UNKNOWN_PARTICIPANT,
)
from api.problems import FieldProblem, ProblemError
from api.schemas.recommendations import ParticipantRequest
from api.security.principal import Principal
from recommender.bundle.bundle import Bundle
from recommender.messages import Messages
from store import participants
from store.audit import Action, Entry
from store.database import Store
from store.log_truncation import LogTruncation
from training_data.columns import Participants
from training_data.profiles import ProfileError, to_tables

Tables = tuple[pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True)
class Service:
    """A release, the store, the audit's writer, and what operators watch.

    Attributes
    ----------
    release : Release
        What a request is answered with from its begin to its end, whatever is promoted meanwhile.
    """

    releases: Releases
    release: Release
    store: Store
    audit_writer: AuditWriter
    metrics: Metrics
    log_truncation: LogTruncation
    shadow: Shadow | None = None

    @property
    def bundle(self) -> Bundle:
        """The release's bundle."""
        return self.release.bundle

    def refresh(self) -> Service:
        """Return the service with the present release; a request asks for it once."""
        present = self.releases.present
        return self if self.release is present else replace(self, release=present)

    def for_subject(self, subject: str | None) -> tuple[Service, Arm | None]:
        """Return the service with the release that a person gets, and their arm in the experiment.

        Parameters
        ----------
        subject : str or None
            The salted hash under which the store names the person; None for who takes no part.
        """
        experiment = self.releases.experiment
        if experiment is None or subject is None:
            return self, None
        arm = experiment.arm(subject)
        return (replace(self, release=experiment.candidate) if arm == "candidate" else self), arm

    def messages(self, language: str | None) -> Messages:
        """Return the texts in a language of the programme; its first by default."""
        wanted = language or self.bundle.engine.programme.languages[0]
        if wanted not in self.release.messages:
            raise invalid_field("language", f"not one of {', '.join(self.release.messages)}")
        return self.release.messages[wanted]

    def course(self, course_id: str) -> int:
        """Return a training's row in the catalogue."""
        row = self.bundle.engine.catalogue.index.get(course_id)
        if row is None:
            raise ProblemError(UNKNOWN_COURSE, f"no training has the id '{course_id}'")
        return row

    def find_participant(
        self, request: ParticipantRequest, principal: Principal, *, neutral: bool = False
    ) -> Tables:
        """Return the participant whom a request is about, and what they did, under the contracts."""
        people, events = self._find_tables(request, principal)
        if neutral:
            people = people.with_columns(pl.lit(True).alias(Participants.profiling_opt_out.name))
        return people, events

    def actor(self, principal: Principal) -> str:
        """Return how the audit names a client: a participant's credential by a salted hash, as any participant."""
        if principal.participant_id is None:
            return principal.name
        return f"participant {self.store.pseudonym(principal.name)}"

    def require_own(self, principal: Principal, participant_id: str) -> None:
        """Refuse another participant's data to a participant's credential."""
        if not principal.reaches(participant_id):
            self.refuse(principal, participant_id, {"status": 403})
            detail = "this credential reaches one participant's data only"
            raise ProblemError(OTHER_PARTICIPANT, detail)

    def refuse(
        self, principal: Principal, participant_id: str | None, decision: Mapping[str, object]
    ) -> None:
        """Have it audited that a client was refused."""
        self.audit_writer.add(self.entry(principal, "refuse", participant_id, dict(decision)))

    def entry(
        self,
        principal: Principal,
        action: Action,
        participant_id: str | None,
        decision: object = None,
        arm: Arm | None = None,
    ) -> Entry:
        """Return an entry of the audit about the present request."""
        return Entry(
            actor=self.actor(principal),
            action=action,
            subject=None if participant_id is None else self.store.pseudonym(participant_id),
            request_id=request_ids.current(),
            bundle_version=self.bundle.manifest.version,
            programme=self.bundle.engine.programme.label,
            decision=decision,
            arm=arm,
        )

    def _find_tables(self, request: ParticipantRequest, principal: Principal) -> Tables:
        if request.participant is not None:
            try:
                regions = self.bundle.engine.reader.vocabularies.regions
                return to_tables([request.participant], ["inline"], regions)
            except ProfileError as error:
                raise invalid_field(f"participant.{error.field}", str(error)) from error
        participant_id = str(request.participant_id)
        self.require_own(principal, participant_id)
        with self.store.reading() as connection:
            people, events = participants.find(connection, [participant_id])
        if not len(people):
            raise unknown_participant(participant_id)
        return people, events


def unknown_participant(participant_id: str) -> ProblemError:
    """Return the problem of an id that is not known."""
    return ProblemError(UNKNOWN_PARTICIPANT, f"no participant has the id '{participant_id}'")


def invalid_field(field: str, message: str) -> ProblemError:
    """Return the problem of one field that is well-formed and cannot be used."""
    errors = [FieldProblem(field=field, message=message)]
    return ProblemError(INVALID_FIELD, "1 field cannot be used", errors)


def list_reason_codes(courses: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return a decision as the audit holds it: the codes of the reasons of each training."""
    return {
        course["course_id"]: [reason["code"] for reason in course["reasons"]] for course in courses
    }


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service.refresh()
    request.app.state.service = service  # so that the release before it can go
    return service


CurrentService = Annotated[Service, Depends(_service)]
