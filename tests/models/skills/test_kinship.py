"""Skills of one kind: known answers, and what holds of any table of needs."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from models.skills.kinship import measure_kinship


def test_skills_of_the_same_occupations_are_kin() -> None:
    needs = sp.csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=np.float32))
    kinship = measure_kinship(needs).toarray()
    np.testing.assert_allclose(kinship[0], [0, 1, 1 / np.sqrt(2), 0], rtol=1e-6)
    assert not kinship[3].any()  # nobody needs it


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
