"""Skills of one kind: known answers, and what holds of any table of needs."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from models.skills.kinship import FARTHER, OF_FAMILY, measure_kinship
from training_data.skills.loading import load_skills
from training_data.skills.vocabulary import Family


def test_skills_of_the_same_occupations_are_kin() -> None:
    needs = sp.csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=np.float32))
    kinship = measure_kinship(needs).toarray()
    np.testing.assert_allclose(kinship[0], [0, 1, 1 / np.sqrt(2), 0], rtol=1e-6)
    assert not kinship[3].any()  # nobody needs it


def test_a_family_is_near_and_what_serves_it_a_little_less_the_later_it_stands() -> None:
    nobody = sp.csr_matrix((1, 5), dtype=np.float32)
    kinship = measure_kinship(nobody, [Family((0, 1), (2, 3)), Family((4, 0))]).toarray()
    farther = OF_FAMILY / (1 + FARTHER)
    np.testing.assert_allclose(kinship[0], [0, OF_FAMILY, OF_FAMILY, farther, OF_FAMILY], rtol=1e-6)
    assert not kinship[2].any()  # who wants to sell is not served by weaving


def test_every_skill_has_kin_in_its_family_or_serves_one() -> None:
    skills = load_skills()
    members = {skill for family in skills.families for skill in family.skills}
    served = {skill for family in skills.families for skill in family.also}
    assert len(members) > 0.97 * len(skills)
    alone = {skills.terms[one].id for one in set(range(len(skills))) - members - served}
    assert alone == {"penganggaran-unit-kerja"}


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 6)),
        elements=st.sampled_from([0.0, 0.5, 1.0]),
    )
)
def test_it_is_mutual_and_at_most_one(needs: np.ndarray) -> None:
    kinship = measure_kinship(sp.csr_matrix(needs)).toarray()
    np.testing.assert_allclose(kinship, kinship.T, atol=1e-6)
    assert (kinship >= 0).all()
    assert (kinship <= 1 + 1e-5).all()
    assert not kinship.diagonal().any()
