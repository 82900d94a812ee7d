"""Quotes of a person: what was written stands in quotation marks, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recommender.explanation.context import ExplanationContext, Reason
from recommender.participants.profile_embedding import Written
from training_data.skills.vocabulary import Term


def quote(context: ExplanationContext, row: int, phrase: int, closeness: str) -> Reason:
    """Return the reason that a training fits a phrase of a profile, in the person's words where there are any.

    A phrase may stand for a choice from a list, or for what was understood of other words.

    Parameters
    ----------
    row, phrase : int
        Of the participants and of their phrases.
    closeness : {"close", "related"}
        How well the training fits it.
    """
    text = context.participants.profile.phrases[phrase].text
    term = _find_term(context, text)
    meant = text if term is None else term.label(context.language)
    written = [one for one in context.participants.written[row] if not _is_choice(context, one)]
    if words := _find_words(text, written):
        return Reason("matches_phrase", {"closeness": closeness, "phrase": words})
    for one in written:
        if text in context.reader.read_alone(one):
            if (
                one.text.casefold() in text.casefold()
            ):  # "petani padi" of "Petani padi dan palawija"
                return Reason("matches_phrase", {"closeness": closeness, "phrase": one.text})
            evidence = {"closeness": closeness, "phrase": one.text, "term": meant}
            return Reason("matches_meaning", evidence)
    return Reason("matches_profile", {"closeness": closeness, "term": meant})


def _find_words(text: str, written: Sequence[Written]) -> str | None:
    """Return the words of a text as a person wrote them, alone or among others."""
    words = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)
    found = (words.search(one.text) for one in written)
    return next((match.group() for match in found if match), None)


def _is_choice(context: ExplanationContext, written: Written) -> bool:
    """Whether something stands in the profile as an id or a code, which nobody writes."""
    term = _find_term(context, written.text)
    return term is not None and written.text in (term.id, term.code)


def _find_term(context: ExplanationContext, phrase: str) -> Term | None:
    vocabularies = context.reader.vocabularies
    for vocabulary in (vocabularies.skills, vocabularies.occupations.vocabulary):
        if (number := vocabulary.find(phrase)) >= 0:
            return vocabulary.terms[number]
    return None
