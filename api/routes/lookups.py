"""Lists for forms, with what matches while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from api.catalogue_answers import NOT_MODIFIED, AnswerOnce
from api.languages import AcceptLanguage, choose_language
from api.lookups import Choice, Lookups, find_choices
from api.schemas.lookups import LookupItem, LookupList, LookupQuery
from api.security.principal import Anybody
from api.service import CurrentService, Service

Wanted = Annotated[LookupQuery, Query()]

router = APIRouter(tags=["lookups"])


@router.get("/v1/regions", operation_id="regions", responses=NOT_MODIFIED)
def regions(
    wanted: Wanted,
    service: CurrentService,
    _: Anybody,
    __: AnswerOnce,
) -> LookupList:
    """List the regions that a profile may name, by what was typed of a name."""
    return _answer(_lists(service, None).regions, wanted)


@router.get("/v1/categories", operation_id="categories", responses=NOT_MODIFIED)
def categories(
    wanted: Wanted,
    service: CurrentService,
    _: Anybody,
    __: AnswerOnce,
) -> LookupList:
    """List the catalogue's categories, by what was typed of a name."""
    return _answer(_lists(service, None).categories, wanted)


@router.get("/v1/skills", operation_id="skills", responses=NOT_MODIFIED)
def skills(
    wanted: Wanted,
    service: CurrentService,
    _: Anybody,
    __: AnswerOnce,
    accept_language: AcceptLanguage = None,
) -> LookupList:
    """List skills, by what was typed of a name in any language; a profile may have others, in own words."""
    return _answer(_lists(service, accept_language).skills, wanted)


@router.get("/v1/occupations", operation_id="occupations", responses=NOT_MODIFIED)
def occupations(
    wanted: Wanted,
    service: CurrentService,
    _: Anybody,
    __: AnswerOnce,
    accept_language: AcceptLanguage = None,
) -> LookupList:
    """List occupations, those of the national classification too, by what was typed of a name."""
    return _answer(_lists(service, accept_language).occupations, wanted)


def _lists(service: Service, accepted: str | None) -> Lookups:
    languages = service.bundle.engine.programme.languages
    return service.release.lookups(choose_language(accepted, languages) or languages[0])


def _answer(choices: Sequence[Choice], wanted: LookupQuery) -> LookupList:
    found = find_choices(choices, wanted.search) if wanted.search else choices
    items = [
        LookupItem(code=one.code, name=one.name, group=one.group) for one in found[: wanted.limit]
    ]
    return LookupList(total=len(found), items=items)
