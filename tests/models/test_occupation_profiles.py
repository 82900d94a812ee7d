import numpy as np
import scipy.sparse as sp

from models.occupation_profiles import learn_needs, occupation_of
from training_data.vocabulary import Term, Vocabulary, multi_hot

PRIOR = sp.csr_matrix(np.array([[1, 0.8, 0, 0], [0, 0, 1, 0]], dtype=np.float32))


def test_without_texts_the_written_profile_stays() -> None:
    needs = learn_needs(PRIOR, np.empty(0, np.int64), sp.csr_matrix((0, 4)))
    np.testing.assert_allclose(needs.toarray(), PRIOR.toarray())


def test_many_texts_outweigh_the_written_profile() -> None:
    skills = multi_hot([[3]] * 90 + [[2]] * 90, 4)
    occupation = np.repeat([0, 1], 90)
    needs = learn_needs(PRIOR, occupation, skills).toarray()
    assert needs[0].argmax() == 3
    assert needs[0, 3] > 0.85
    assert needs[0, 0] < 0.15


def test_more_texts_move_a_profile_further() -> None:
    moved = [
        learn_needs(PRIOR, np.repeat([0, 1], n), multi_hot([[3]] * n + [[2]] * n, 4))[0, 3]
        for n in (1, 5, 50)
    ]
    assert moved == sorted(moved)
    assert moved[0] < moved[-1]


def test_what_every_text_asks_for_is_no_need_of_one_occupation() -> None:
    skills = multi_hot([[0, 3]] * 50 + [[2, 3]] * 50, 4)
    needs = learn_needs(PRIOR, np.repeat([0, 1], 50), skills).toarray()
    assert needs[0, 3] == 0
    assert needs[0, 0] > 0


def test_occupation_is_the_stated_one_else_the_one_named_in_the_title() -> None:
    vocabulary = Vocabulary(
        (Term("barista", {"id": "Barista"}, ("5132",)), Term("kasir", {"id": "Kasir"}))
    )
    assert occupation_of("Lowongan kasir kafe", "5132", vocabulary) == 0
    assert occupation_of("Lowongan kasir kafe", "tidak dikenal", vocabulary) == 1
    assert occupation_of("Lowongan staf", None, vocabulary) == -1
