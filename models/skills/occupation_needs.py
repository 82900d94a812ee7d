"""Which skills an occupation needs, learnt from what its vacancies ask for and its trainings teach.

The written profile is the prior: what few texts say changes it little, what many say a lot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from models.skills.extraction import SkillExtractor
from training_data.columns import Courses, Vacancies
from training_data.occupations.occupations import Occupations
from training_data.skills.matching import find_named_skills
from training_data.skills.vocabulary import Vocabulary, multi_hot

C, V = Courses, Vacancies
PRIOR_TEXTS: Final = 10.0  # the written profile weighs as many texts as this
MIN_NEED: Final = 0.05  # of the most needed skill; what is needed less is noise
MIN_TEXTS: Final = 3  # that show a skill for an occupation; fewer may be a slip of the extraction


def learn_occupations(
    occupations: Occupations,
    extractor: SkillExtractor,
    vacancies: pl.DataFrame,
    courses: pl.DataFrame,
) -> Occupations:
    """Return the occupations with needs moved towards what vacancies and trainings show.

    A vacancy belongs to the occupation that its ``occupation`` column gives (name or code), else to the
    one that its title names; a training to the one that its title names. Skills are those of the column
    and, where it is empty, those found in a vacancy's description, or in a training's title and
    description: a vacancy's title says who is wanted, not what they must be able to do, so that vacancies
    of which there is nothing else teach nothing.
    """
    titles = [*vacancies[V.title.name], *courses[C.title.name]]
    texts = [
        *(description or "" for description in vacancies[V.description.name]),
        *(
            f"{title}. {description or ''}"
            for title, description in courses.select(C.title.name, C.description.name).iter_rows()
        ),
    ]
    stated = [*vacancies[V.occupation.name], *[None] * len(courses)]
    occupation = np.array(
        [
            find_occupations(title, given, occupations.vocabulary)
            for title, given in zip(titles, stated, strict=True)
        ],
        dtype=np.int64,
    ).reshape(-1)
    held = [*vacancies[V.skills.name].to_list(), *courses[C.skills.name].to_list()]
    says = [bool(skills or text.strip()) for skills, text in zip(held, texts, strict=True)]
    rows = np.flatnonzero((occupation >= 0) & says)
    skills = _read_skills([texts[row] for row in rows], [held[row] for row in rows], extractor)
    return replace(occupations, needs=learn_needs(occupations.needs, occupation[rows], skills))


def find_occupations(title: str, stated: str | None, vocabulary: Vocabulary) -> int:
    """Return the occupation that is stated, else the first that the title names; -1 for none."""
    found = vocabulary.find(stated) if stated else -1
    return found if found >= 0 else next(iter(find_named_skills(title, vocabulary)), -1)


def learn_needs(
    prior: sp.csr_matrix,
    occupation: NDArray[np.int64],
    skills: sp.csr_matrix,
    prior_texts: float = PRIOR_TEXTS,
) -> sp.csr_matrix:
    """Return the weights of skills by occupation, float32 in [0, 1], shape (n_occupations, n_skills).

    Parameters
    ----------
    prior : csr_matrix, shape (n_occupations, n_skills)
        Weights so far, 1 for the most needed.
    occupation : ndarray of int64, shape (n,)
        Of each text.
    skills : csr_matrix, shape (n, n_skills)
        Ones at the skills of each text.
    prior_texts : float
        Number of texts that the prior weighs as.

    Notes
    -----
    What counts is how much more often a skill stands in the occupation's texts than in all: skills that
    every text asks for tell occupations not apart. The difference is scaled so that the most needed is 1.
    """
    n_texts = np.bincount(occupation, minlength=prior.shape[0]).astype(np.float64)
    member = sp.csr_matrix(
        (np.ones(len(occupation)), (occupation, np.arange(len(occupation)))),
        shape=(prior.shape[0], len(occupation)),
    )
    count = np.asarray((member @ skills).todense())
    share = np.where(count >= MIN_TEXTS, count, 0) / np.maximum(n_texts, 1)[:, None]
    general = np.asarray(skills.mean(axis=0)).ravel() if len(occupation) else 0.0
    excess = np.maximum(share - general, 0)
    learnt = excess / np.maximum(excess.max(axis=1, keepdims=True), 1e-9)
    trust = (n_texts / (n_texts + prior_texts))[:, None]
    needs = (1 - trust) * prior.toarray() + trust * learnt
    needs[needs < MIN_NEED * needs.max(axis=1, keepdims=True)] = 0
    return sp.csr_matrix(needs, dtype=np.float32)


def _read_skills(
    texts: Sequence[str], held: Sequence[Sequence[str]], extractor: SkillExtractor
) -> sp.csr_matrix:
    vocabulary = extractor.vocabulary
    lacking = [row for row, skills in enumerate(held) if not skills]
    found = extractor.extract([texts[row] for row in lacking])
    numbers = [[vocabulary.find(skill) for skill in skills] for skills in held]
    for row, skills in zip(lacking, found, strict=True):
        numbers[row] = [one.skill for one in skills]
    return multi_hot(numbers, len(vocabulary))
