from pathlib import Path

import numpy as np
import pytest

from models.skills.ranking import SkillRanker, fit_logit
from models.text.static_student import StaticStudent
from models.text.word_vectors import StaticWords
from training_data.skills.vocabulary import Term, Vocabulary

SKILLS = Vocabulary(
    (
        Term("las", {"id": "Las listrik"}, ("juru las",)),
        Term("jahit", {"id": "Menjahit baju"}),
        Term("python", {"id": "Python data"}),
    )
)


@pytest.fixture(scope="module")
def student(tiny_directory: Path) -> StaticStudent:
    return StaticStudent.load(tiny_directory)


@pytest.fixture(scope="module")
def ranker(student: StaticStudent) -> SkillRanker:
    return SkillRanker(SKILLS, StaticWords(student)).fit(student, ["belajar las", "kue kering"])


def test_the_named_skill_ranks_first(ranker: SkillRanker) -> None:
    scores = ranker.scores(["belajar python data", "menjahit baju", "las listrik"])
    assert scores.argmax(axis=1).tolist() == [2, 1, 0]


def test_weights_of_a_names_words_add_up_to_one(ranker: SkillRanker) -> None:
    assert ranker.rarity_.sum() == pytest.approx(4)  # names
    assert ranker.words_.shape == (8, 16)


def test_batch_is_the_same_as_one_by_one(ranker: SkillRanker) -> None:
    texts = ["las listrik", "", "menjahit baju"]
    single = np.concatenate([ranker.scores([text]) for text in texts])
    np.testing.assert_allclose(ranker.scores(texts), single)
    assert not single[1].any()


def test_learning_replaces_the_weights(student: StaticStudent) -> None:
    ranker = SkillRanker(SKILLS, StaticWords(student)).fit(student, ["belajar las"])
    shipped = ranker.weights_.copy()
    ranker.learn(["las listrik", "menjahit baju"], [[0], [1]])
    assert not np.allclose(ranker.weights_, shipped)


def test_a_name_without_words_is_refused(student: StaticStudent) -> None:
    vocabulary = Vocabulary((Term("x", {"id": "las"}, ("?",)),))
    with pytest.raises(ValueError, match="the name '\\?' of a skill has no word"):
        SkillRanker(vocabulary, StaticWords(student)).fit(student, ["las"])


def test_ranking_weights_are_learnt_from_labelled_texts() -> None:
    rng = np.random.default_rng(0)
    features = [rng.normal(size=(20, 3)).astype(np.float32) for _ in range(60)]
    gold = [[int((2 * text[:, 0] - text[:, 1]).argmax())] for text in features]
    weights = fit_logit(features, gold)
    assert weights[0] > -weights[1] > 5 * abs(weights[2])
