"""Skills found in the text of a training: by the words of their names and by what phrases of the text mean.

What a person writes is linked by `models.skills.phrase_linking`.

A text is cut into runs of a few words. Each run is compared with each name of each skill twice: by
spelling (share of the name's words that the run holds) and by meaning (cosine with the name's vector).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.skills.phrase_linking import PhraseLinker
from models.text.encoder import TextEncoder
from models.text.word_coverage import WordCoverage
from models.text.word_vectors import WordEncoder, Words, run_vectors
from models.vectors import unit
from training_data.columns import Courses
from training_data.skills.matching import find_unskilled
from training_data.skills.vocabulary import Vocabulary

C = Courses
_ARRAYS: Final = "skill_names.safetensors"
_NAMES: Final = "skill_names.json"
SURE: Final = 0.99  # score from which a skill of a training needs no second witness


@dataclass(frozen=True)
class Judgement:
    """When a run of words counts as a skill.

    Attributes
    ----------
    meaning : float
        Weight of likeness in meaning, from 0 to below 1; the rest is that of spelling.
    threshold : float
        Least score of a skill that counts as found.
    centred : bool
        Whether vectors are compared about their means. A transformer's lie in a narrow cone and need
        it, a student's are about zero already.
    each_word : float
        Score that a further word is worth where runs of words overlap.
    """

    meaning: float
    threshold: float
    centred: bool
    each_word: float = 0.1


# Chosen on the tuning half of the project's Indonesian sentences.
BY_TEACHER: Final = Judgement(meaning=0.5, threshold=0.54, centred=True)
BY_STUDENT: Final = Judgement(meaning=0.2, threshold=0.68, centred=False)


@dataclass(frozen=True)
class FoundSkill:
    """A skill found in a text.

    Attributes
    ----------
    skill : int
        Its number in the vocabulary.
    score : float
        Weighted mean of likeness in meaning and in spelling, at most 1.
    span : tuple of int
        Where the words that fired begin and end in the text.
    """

    skill: int
    score: float
    span: tuple[int, int]


class SkillExtractor:
    """Finds skills of a vocabulary in texts of any language that the encoder knows.

    Parameters
    ----------
    vocabulary : Vocabulary
    words : WordEncoder
        Reads the texts: the student's ``StaticWords`` where no transformer runs, in a service and in
        the training that precedes it, else the teacher's ``ContextualWords``.
    judgement : Judgement
        ``BY_TEACHER`` or ``BY_STUDENT``, as the word encoder is.

    Attributes
    ----------
    names_ : list of str
        Labels and aliases of all skills, those of a skill side by side.
    vectors_ : ndarray of float32, shape (n_names, dim)
        Unit vector of each.
    name_centre_, run_centre_ : ndarray of float32, shape (dim,)
        Mean of the names and of the runs of ordinary texts; zeros where nothing is centred.
    """

    names_: list[str]
    vectors_: NDArray[np.float32]
    name_centre_: NDArray[np.float32]
    run_centre_: NDArray[np.float32]

    def __init__(
        self, vocabulary: Vocabulary, words: WordEncoder, judgement: Judgement = BY_TEACHER
    ) -> None:
        self.vocabulary = vocabulary
        self.words = words
        self.judgement = judgement

    def fit(self, encoder: TextEncoder, texts: Sequence[str]) -> Self:
        """Encode the names.

        Parameters
        ----------
        encoder : TextEncoder
            Of the same space as the word encoder.
        texts : sequence of str
            Some of what will be read (a few dozen do), for the mean of runs.
        """
        self.names_ = [name for term in self.vocabulary.terms for name in term.names()]
        self.vectors_ = encoder.encode(self.names_, "query")
        self.name_centre_ = self.run_centre_ = np.zeros(self.words.dim, dtype=np.float32)
        if self.judgement.centred:
            self.name_centre_ = self.vectors_.mean(axis=0)
            runs = [vectors for _, _, vectors in self._read(texts)]
            self.run_centre_ = np.concatenate(runs).mean(axis=0)
        return self._prepare()

    def extract(self, texts: Sequence[str]) -> list[list[FoundSkill]]:
        """Return the skills of each text, in the order of the text.

        Where runs overlap, the better score wins, and of like scores the longer run: the words of one
        skill do not make another, and "pasang keramik" is not about ceramics.
        """
        if not texts:
            return []
        read = list(self._read(texts))
        strings = [words.strings() for words, _, _ in read]
        distinct = list(dict.fromkeys(word for words in strings for word in words))
        place = {word: row for row, word in enumerate(distinct)}
        likeness = self._coverage.likeness(distinct)
        return [
            self._decide_runs(words, runs, vectors, likeness[[place[word] for word in spelt]])
            for (words, runs, vectors), spelt in zip(read, strings, strict=True)
        ]

    def save(self, directory: Path) -> None:
        """Write the names' vectors (safetensors) and settings (JSON); the word encoder stays out."""
        directory.mkdir(parents=True, exist_ok=True)
        arrays = {
            "vectors": self.vectors_,
            "name_centre": self.name_centre_,
            "run_centre": self.run_centre_,
        }
        save_file(arrays, directory / _ARRAYS)
        settings = {"judgement": asdict(self.judgement), "names": self.names_}
        text = json.dumps(settings, ensure_ascii=False)
        (directory / _NAMES).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, vocabulary: Vocabulary, words: WordEncoder) -> Self:
        """Read what ``save`` has written.

        Raises
        ------
        ValueError
            The vocabulary's names are not those that were saved.
        """
        settings = json.loads((directory / _NAMES).read_text(encoding="utf-8"))
        extractor = cls(vocabulary, words, Judgement(**settings["judgement"]))
        extractor.names_ = [name for term in vocabulary.terms for name in term.names()]
        if extractor.names_ != settings["names"]:
            raise ValueError(f"{directory}: written for another skill vocabulary; train again")
        arrays = load_file(directory / _ARRAYS)
        extractor.vectors_ = arrays["vectors"]
        extractor.name_centre_ = arrays["name_centre"]
        extractor.run_centre_ = arrays["run_centre"]
        return extractor._prepare()

    def _prepare(self) -> Self:
        self._coverage = WordCoverage().fit(self.names_)
        counts = [len(term.names()) for term in self.vocabulary.terms]
        self._skill = np.repeat(np.arange(len(counts)), counts)
        return self

    def _read(
        self, texts: Sequence[str]
    ) -> Iterator[tuple[Words, NDArray[np.int64], NDArray[np.float32]]]:
        """Words, runs of words and vectors of the runs of each text."""
        read = [Words.of(text) for text in texts]
        for words, sums in zip(read, self.words.encode_words(read), strict=True):
            runs = words.phrases()
            yield words, runs, run_vectors(sums, runs)

    def _decide_runs(
        self,
        words: Words,
        runs: NDArray[np.int64],
        vectors: NDArray[np.float32],
        likeness: sp.csr_matrix,
    ) -> list[FoundSkill]:
        if not len(runs):
            return []
        weight = self.judgement.meaning
        spelling = self._coverage.of_runs(likeness, runs)
        # What is spelt too differently cannot be found, whatever it means: a cosine is at most 1.
        least = (self.judgement.threshold - weight) / (1 - weight) - 1e-6
        names = np.flatnonzero(spelling.max(axis=0) >= least)
        if not len(names):
            return []
        spelling = spelling[:, names]
        named = unit(self.vectors_[names] - self.name_centre_)
        meaning = unit(vectors - self.run_centre_) @ named.T
        by_name = spelling + weight * (meaning - spelling)
        skills, first = np.unique(self._skill[names], return_index=True)
        by_skill = np.maximum.reduceat(by_name, first, axis=1)
        best, score = by_skill.argmax(axis=0), by_skill.max(axis=0)
        likely = np.flatnonzero(score >= self.judgement.threshold)
        length = np.diff(runs[best[likely]], axis=1).ravel()
        worth = score[likely] + self.judgement.each_word * length
        taken = np.zeros(len(words.spans), dtype=bool)
        found = []
        for one in likely[np.argsort(-worth, kind="stable")]:
            run = runs[best[one]]
            if not taken[run[0] : run[1]].any():
                taken[run[0] : run[1]] = True
                found.append(FoundSkill(int(skills[one]), float(score[one]), words.place(run)))
        return sorted(found, key=lambda one: one.span)


def add_extracted_skills(
    courses: pl.DataFrame, extractor: SkillExtractor, linker: PhraseLinker
) -> pl.DataFrame:
    """Give each training of which no known skill is stated those found in its title and description.

    What is told of a training must stand there: a skill that was found by likeness counts where the words
    that fired name it too ("juru masak" interprets no language).
    """
    terms = extractor.vocabulary.terms
    stated = courses[C.skills.name].to_list()
    lacking = find_unskilled(courses, extractor.vocabulary)
    texts = [
        f"{title}. {description or ''}"
        for title, description in courses.filter(lacking)
        .select(C.title.name, C.description.name)
        .iter_rows()
    ]
    found = iter(
        [terms[one.skill].id for one in some if _is_named(one, text, linker)]
        for text, some in zip(texts, extractor.extract(texts), strict=True)
    )
    skills = [
        [*own, *next(found)] if lacks else own for own, lacks in zip(stated, lacking, strict=True)
    ]
    return courses.with_columns(pl.Series(C.skills.name, skills, dtype=pl.List(pl.String)))


def _is_named(found: FoundSkill, text: str, linker: PhraseLinker) -> bool:
    start, end = found.span
    return found.score >= SURE or found.skill in linker.find(text[start:end]).terms
