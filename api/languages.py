"""In which language to answer: what the request says, or else what its `Accept-Language` would rather have."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, TypeVar

from fastapi import Header

from api.schemas.recommendations import ParticipantRequest

AcceptLanguage = Annotated[
    str | None,
    Header(description="languages of the texts, the best first; where the request names none"),
]
R = TypeVar("R", bound=ParticipantRequest)


def in_language(request: R, accepted: str | None, languages: Collection[str]) -> R:
    """Return a request with the language in which it is answered; as it is where nothing says which."""
    if request.language is not None or not accepted:
        return request
    return request.model_copy(update={"language": choose_language(accepted, languages)})


def choose_language(accepted: str | None, languages: Collection[str]) -> str | None:
    """Return the language that an `Accept-Language` prefers; None where it names none of them.

    Examples
    --------
    >>> choose_language("fr, en-GB;q=0.8, id;q=0.5", ("id", "en"))
    'en'
    """
    wanted = []
    for place, part in enumerate((accepted or "").split(",")):
        name, _, weight = part.partition(";")
        language = name.strip().lower().partition("-")[0]
        quality = _read_weight(weight)
        if language in languages and quality > 0:
            wanted.append((-quality, place, language))
    return min(wanted)[2] if wanted else None


def _read_weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
