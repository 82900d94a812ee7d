"""The content source: how well each training answers what a person wrote, from 0 to 1.

Of every phrase and training, it is fused what their words share, what the phrase names that the training
teaches, or what is of its kind, and how near their vectors are; the weights were learnt on judged lists (`padan
bench answers`). A topic of the catalogue is answered by what belongs to it, whatever its words are. What is like
the best answers answers a little too, so that the places after them go to what is related. A phrase is answered
once and its answers are kept, so that the next who writes it costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from models.kernels.sums import best_of_rows
from models.skills.kinship import measure_kinship
from models.vectors import unit
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.course_words import CourseWords
from recommender.participants.batch import Vocabularies
from recommender.participants.phrases import Linkers, Phrase
from recommender.participants.profile_embedding import ProfileEmbedding
from training_data.arrays import take_rows, take_segments
from training_data.columns import Courses

N_BEST: Final = 5  # answers that others are compared with
UNLIKE: Final = 0.1  # cosine up to which a training is not like the best answers
HALF_READ: Final = 0.8  # left of an answer in a language of which the person learnt a little
UNREAD: Final = 0.3  # left in another that the person neither reads nor wishes to learn
LIKENESS: Final = 0.2  # of the best answer, for a training that is just like them
BELONGING: Final = 0.4  # of a full answer, for a training of the topic that is named: it is related
MAX_KEPT: Final = 16_000_000  # answers, 64 MB
TOP_NEEDS: Final = (
    3  # a training that teaches the three things most needed answers an occupation in full
)


class Weights(NamedTuple):
    """Of the logit of a training's answering a phrase.

    Attributes
    ----------
    title, text : float
        Of the shares of the phrase's words in the training's title, and in its whole text.
    taught : float
        Of teaching a skill that the phrase names.
    kin : float
        Of teaching what is of the kind of a skill that the phrase names, see `models.skills.kinship`.
    needed : float
        Of the share of what the named occupation needs.
    own, named : float
        Of the cosine with the phrase's own words, and with what they name.
    name : float
        Of the share of a name of what is named in the title.
    intercept : float
    """

    title: float
    text: float
    taught: float
    kin: float
    needed: float
    own: float
    named: float
    name: float
    intercept: float


LEARNT: Final = Weights(6.0, 0.9, 1.5, 3.5, 4.5, 4.2, 3.6, 0.8, -4.6)


class Relevance:
    """Answers phrases with the trainings of a catalogue.

    Parameters
    ----------
    catalogue : Catalogue
    course_vectors : ndarray of float32, shape (N, D)
        Unit vector of each training's text.
    texts : sequence of str, N long
    vocabularies : Vocabularies
    linkers : Linkers, optional
        None: nothing is known of any phrase.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        course_vectors: NDArray[np.float32],
        texts: Sequence[str],
        vocabularies: Vocabularies,
        linkers: Linkers | None,
        weights: Weights = LEARNT,
    ) -> None:
        self.vectors = course_vectors
        self.weights = weights
        self._skills = catalogue.skills
        self._topic_of = catalogue.category_index
        self._topics = catalogue.category
        self._taught = catalogue.skills.tocsc()
        self._kinship = measure_kinship(
            vocabularies.occupations.needs, vocabularies.skills.families
        )
        self._languages = catalogue.table[Courses.language.name]
        self._by_languages: dict[frozenset[str], NDArray[np.float32] | None] = {}
        self._vocabularies = vocabularies
        self._linkers = linkers
        self._words = (
            None
            if linkers is None
            else CourseWords.index(catalogue.titles, texts, linkers.standard)
        )
        self._lock = Lock()
        self.keep_answers(MAX_KEPT)

    def keep_answers(self, most: int) -> None:
        """Keep so many answers from now on: a whole country writes more phrases than a minute's requests."""
        phrases = max(most // max(len(self.vectors), 1), 1)
        self._kept: LRUCache[Phrase, NDArray[np.float32]] = LRUCache(phrases)

    def score(self, profile: ProfileEmbedding, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return how well each training answers the best of each person's phrases, (n, N).

        What is not wanted takes away as much as it is answered, and so does, in part, a language of teaching that
        the person does not read.
        """
        weights = profile.weights
        said = np.unique(weights.indices[take_segments(weights.indptr, rows)[2]])
        row_of = np.full(weights.shape[1], -1, dtype=np.int32)
        row_of[said] = np.arange(len(said))
        scores = np.empty((len(rows), len(self.vectors)), dtype=np.float32)
        best_of_rows(
            weights.indptr.astype(np.int32, copy=False),
            rows,
            row_of[weights.indices],
            weights.data.astype(np.float32, copy=False),
            self._find_answers([profile.phrases[one] for one in said.tolist()]),
            scores,
        )
        for place, languages in enumerate(_list_languages(profile, rows)):
            if (left := self._readable(languages)) is not None:
                scores[place] *= left
        return scores

    def find_phrases(
        self, profile: ProfileEmbedding, rows: NDArray[np.intp], courses: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Return which phrase each pair's training answers best, how well, and how well all of them, each (M,).

        The phrase is -1 where there is none, and its answer 0. Of all of them each counts as much as it weighs
        beside the person's heaviest.
        """
        wanted = take_rows(profile.wanted, rows)
        best = np.full(len(rows), -1, dtype=np.int32)
        most = np.zeros(len(rows), dtype=np.float32)
        used, place = np.unique(wanted.indices, return_inverse=True)
        if not len(used):
            return best, most, most
        pair = np.repeat(np.arange(len(rows)), np.diff(wanted.indptr))
        answers = self.answer([profile.phrases[phrase] for phrase in used])[place, courses[pair]]
        answers *= self._find_readable(profile, rows, courses)[pair]
        rising = np.argsort(answers, kind="stable")
        best[pair[rising]], most[pair[rising]] = wanted.indices[rising], answers[rising]
        heaviest, whole = np.zeros_like(most), np.zeros_like(most)
        np.maximum.at(heaviest, pair, wanted.data)
        np.maximum.at(whole, pair, answers * wanted.data / np.maximum(heaviest[pair], 1e-9))
        return best, most, whole

    def _find_readable(
        self, profile: ProfileEmbedding, rows: NDArray[np.intp], courses: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return what is left of the answers of each pair's training for its language, (M,)."""
        people, place = np.unique(rows, return_inverse=True)
        known = _list_languages(profile, people)
        number = {languages: row for row, languages in enumerate(dict.fromkeys(known))}
        if not number:
            return np.ones(len(rows), dtype=np.float32)
        left = np.ones((len(number), len(self.vectors)), dtype=np.float32)
        for languages, row in number.items():
            if (readable := self._readable(languages)) is not None:
                left[row] = readable
        of_person = np.array([number[languages] for languages in known])
        found: NDArray[np.float32] = left[of_person[place], courses]
        return found

    def _readable(self, languages: frozenset[str]) -> NDArray[np.float32] | None:
        """Return what is left of each training's answers (N,) for who reads some languages; None: all of them."""
        if languages not in self._by_languages:
            left = np.array(
                [self._readability(name, languages) for name in self._languages], dtype=np.float32
            )
            self._by_languages[languages] = None if (left == 1).all() else left
        return self._by_languages[languages]

    def _readability(self, language: str | None, known: frozenset[str]) -> float:
        if language is None or not known or language in known:
            return 1.0
        learnt = self._linkers.standard.spoken.learnt if self._linkers else ()
        return HALF_READ if language in learnt else UNREAD

    def answer(self, phrases: Sequence[Phrase]) -> NDArray[np.float32]:
        """Return how well each training answers each phrase, (Q, N)."""
        return np.array(self._find_answers(phrases), dtype=np.float32)

    def _find_answers(self, phrases: Sequence[Phrase]) -> list[NDArray[np.float32]]:
        with self._lock:
            kept = {phrase: self._kept.get(phrase) for phrase in phrases}
        found = {phrase: answers for phrase, answers in kept.items() if answers is not None}
        new = [phrase for phrase in kept if phrase not in found]
        if new:
            rows = map(
                np.copy, self._answer_anew(new)
            )  # else each would keep all of them in memory
            fresh = dict(zip(new, rows, strict=True))
            with self._lock:
                self._kept.update(fresh)
            found |= fresh
        return [found[phrase] for phrase in phrases]

    def _answer_anew(self, phrases: Sequence[Phrase]) -> NDArray[np.float32]:
        w = self.weights
        own = np.array([phrase.own for phrase in phrases]) @ self.vectors.T
        logits = own * np.float32(w.own) + np.float32(w.intercept)
        for logit, phrase in zip(logits, phrases, strict=True):
            logit += self._compare_words(phrase)
            if len(phrase.named):
                logit += np.float32(w.named) * (phrase.named @ self.vectors.T).max(axis=0)
        answers: NDArray[np.float32] = 1 / (1 + np.exp(-logits))
        for answer, phrase in zip(answers, phrases, strict=True):
            if (topic := self._topic_of.get(phrase.text.casefold())) is not None:
                answer += (1 - answer) * np.float32(BELONGING) * (self._topics == topic)
        return answers + (1 - answers) * self._resemble_best(answers)

    def _resemble_best(self, answers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much of the best answers each training (Q, N) gets for being like them."""
        best = np.argpartition(-answers, min(N_BEST, answers.shape[1]) - 1, axis=1)[:, :N_BEST]
        shares = np.take_along_axis(answers, best, axis=1) ** 2
        middle = unit(np.einsum("qk,qkd->qd", shares, self.vectors[best]))
        near = np.maximum(middle @ self.vectors.T - UNLIKE, 0) / np.float32(1 - UNLIKE)
        found: NDArray[np.float32] = np.float32(LIKENESS) * answers.max(axis=1)[:, None] * near
        return found

    def _compare_words(self, phrase: Phrase) -> NDArray[np.float32]:
        """Return the part of the logits (N,) that words, skills and needs make."""
        w, words = self.weights, self._words
        logit = np.zeros(len(self.vectors), dtype=np.float32)
        if words is None:
            return logit
        logit += np.float32(w.title) * words.cover(phrase.words, words.titles)
        logit += np.float32(w.text) * words.cover(phrase.words, words.texts)
        names = self._list_names(phrase)
        if names:
            covered = [words.cover(name, words.titles) for name in names]
            logit += np.float32(w.name) * np.max(covered, axis=0)
        taught = np.unique(
            np.concatenate(
                [
                    self._taught.indices[self._taught.indptr[s] : self._taught.indptr[s + 1]]
                    for s in phrase.skills
                ]
                or [np.empty(0, dtype=np.int32)]
            )
        )
        logit[taught] += np.float32(w.taught)
        if phrase.skills:
            logit += np.float32(w.kin) * self._teach_kin(phrase.skills)
        if phrase.occupations:
            logit += np.float32(w.needed) * self._meet_needs(phrase.occupations)
        return logit

    def _teach_kin(self, skills: Sequence[int]) -> NDArray[np.float32]:
        """Return how near what each training (N,) teaches comes to some skills: its best, and all together."""
        kinship = self._kinship[list(skills)].max(axis=0).toarray().ravel()
        taught = self._skills
        counts = np.diff(taught.indptr)
        near = np.append(kinship[taught.indices], 0)
        best = np.maximum.reduceat(near, taught.indptr[:-1])
        mean = np.add.reduceat(near, taught.indptr[:-1]) / np.maximum(counts, 1)
        nearness: NDArray[np.float32] = np.where(counts > 0, (best + mean) / 2, 0)
        return nearness

    def _meet_needs(self, occupations: Sequence[int]) -> NDArray[np.float32]:
        needs = (
            self._vocabularies.occupations.needs[list(occupations)].max(axis=0).toarray().ravel()
        )
        most = np.sort(needs)[::-1][:TOP_NEEDS].sum() or 1.0
        met: NDArray[np.float32] = np.minimum(self._taught @ needs / most, 1).astype(np.float32)
        return met

    def _list_names(self, phrase: Phrase) -> list[list[str]]:
        """Return the telling names of what a phrase names, in words."""
        if self._linkers is None:
            return []
        standard = self._linkers.standard
        vocabularies = self._vocabularies
        terms = [
            *(vocabularies.skills.terms[skill] for skill in phrase.skills),
            *(vocabularies.occupations.vocabulary.terms[one] for one in phrase.occupations),
        ]
        names = (
            standard.spoken.content(standard.standardise(name))
            for term in terms
            for name in term.names()
        )
        return [name for name in names if not standard.spoken.generic.issuperset(name)]


def _list_languages(profile: ProfileEmbedding, rows: NDArray[np.intp]) -> list[frozenset[str]]:
    """Return the languages that the phrases of each person show them to read or to wish for."""
    of_phrase = [phrase.languages for phrase in profile.phrases]
    if not any(of_phrase):
        return []
    indptr, phrases = profile.weights.indptr, profile.weights.indices
    return [
        frozenset().union(*(of_phrase[one] for one in phrases[indptr[row] : indptr[row + 1]]))
        for row in rows.tolist()
    ]
