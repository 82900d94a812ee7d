"""Quotes of a person: what was written stands in quotation marks, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from models.text.affixes import roots
from recommender.explanation.context import ExplanationContext, Reason
from recommender.participants.profile_embedding import Written
from training_data.columns import Participants, bind_columns
from training_data.skills.vocabulary import Term
from training_data.text import normalise

P = bind_columns(Participants)


def quote(context: ExplanationContext, row: int, phrase: int, closeness: str, skill: int) -> Reason:
    """Return the reason that a training fits a phrase of a profile, in the person's words where there are any.

    A phrase may stand for a choice from a list, or for what was understood of other words.

    Parameters
    ----------
    row, phrase : int
        Of the participants and of their phrases.
    closeness : {"close", "related"}
        How well the training fits it.
    skill : int
        That the phrase names and the training teaches, -1 for none.
    """
    text = context.participants.profile.phrases[phrase].text
    given = context.participants.written[row]
    written = [one for one in given if not _is_choice(context, one)]
    if words := _find_words(text, written):
        evidence = {"closeness": closeness, "phrase": words}
        named = context.skill_labels()[skill] if skill >= 0 else words
        if says_as_much(words, named):
            return Reason("matches_phrase", evidence)
        return Reason("teaches_phrase", evidence | {"skill": named})
    for one in (*written, *given):
        if text in context.reader.read_alone(one):
            return _name_meaning(context, one, text, closeness)
    return Reason("matches_profile", {"closeness": closeness, "term": text})


def shorten(quoted: Reason) -> Reason:
    """Return a quote without the skill that is taught."""
    evidence = {name: value for name, value in quoted.evidence.items() if name != "skill"}
    return Reason("matches_phrase", evidence)


def find_goal_in_other_words(context: ExplanationContext, row: int, occupation: int) -> str | None:
    """Return the work wished for as a person wrote it, None where that is a name of the occupation."""
    vocabulary = context.reader.vocabularies.occupations.vocabulary
    goals = (
        one.text
        for one in context.participants.written[row]
        if one.column == P.target_occupation.name
    )
    return next((goal for goal in goals if vocabulary.find(goal) != occupation), None)


def says_as_much(words: str, label: str) -> bool:
    """Whether what was written has every word of a label, in whatever form: "membaca" is of "pembacaan"."""
    if label.casefold() in words.casefold():
        return True
    written = frozenset(chain.from_iterable(map(roots, normalise(words).split())))
    return all(roots(word) & written for word in normalise(label).split())


def _name_meaning(context: ExplanationContext, given: Written, text: str, closeness: str) -> Reason:
    """Return the reason for a phrase that something given stands for, in other words or as an id."""
    term = _find_term(context, given.column, text)
    meant = text if term is None else term.label(context.language)
    if _is_choice(context, given):
        return Reason("matches_profile", {"closeness": closeness, "term": meant})
    return Reason("matches_phrase", {"closeness": closeness, "phrase": given.text})


def _find_words(text: str, written: Sequence[Written]) -> str | None:
    """Return the words of a text as a person wrote them, alone or among others."""
    if any(one.text == text for one in written[:1]):  # as mostly, and without a pattern of its own
        return text
    words = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)
    found = (words.search(one.text) for one in written)
    return next((match.group() for match in found if match), None)


def _is_choice(context: ExplanationContext, given: Written) -> bool:
    """Whether something stands in the profile as an id or a code that is no word of its own."""
    term = _find_term(context, given.column, given.text)
    if term is None or given.text not in (term.id, term.code):
        return False
    return given.text.casefold() not in map(str.casefold, term.names())


def _find_term(context: ExplanationContext, column: str, phrase: str) -> Term | None:
    """Return the skill or, for a goal or an occupation, the occupation of that name."""
    vocabularies = context.reader.vocabularies
    works = column in (P.target_occupation.name, P.occupation.name)
    vocabulary = vocabularies.occupations.vocabulary if works else vocabularies.skills
    number = vocabulary.find(phrase)
    return vocabulary.terms[number] if number >= 0 else None
