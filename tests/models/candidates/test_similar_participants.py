"""Similar participants: among few they are found by one product, among many by the index."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from models.candidates import similar_participants
from models.candidates.histories import histories
from models.candidates.interactions import Interactions
from models.candidates.similar_participants import SimilarParticipants
from models.index.tiles import Tiles


def draw_interactions(people: int, courses: int) -> Interactions:
    rng = np.random.default_rng(0)
    taken = rng.random((people, courses)) < rng.random(courses)
    users, items = (places.astype(np.int32) for places in np.nonzero(taken))
    weights = np.ones(len(users), dtype=np.float32)
    at = rng.permutation(len(users)).astype(np.int64)
    return Interactions(users, items, weights, *taken.shape, at)


def test_the_product_and_the_index_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    interactions = draw_interactions(40, 12)
    model = SimilarParticipants(neighbours=7, dimensions=8).fit(interactions)
    batch = histories(
        interactions, np.append(np.unique(interactions.users), 0)[:20].astype(np.int32)
    )
    found = model.score(batch)
    monkeypatch.setattr(similar_participants, "MAX_EXACT", 0)
    assert isinstance(model.index_, Tiles)
    model.fit(interactions)
    assert isinstance(model.index_, faiss.IndexFlatIP)
    assert np.allclose(model.score(batch), found, atol=1e-5)
    assert (found > 0).any()


def test_among_very_many_most_of_the_nearest_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    interactions = draw_interactions(4_000, 30)
    model = SimilarParticipants(neighbours=20, dimensions=8).fit(interactions)
    batch = histories(interactions, np.arange(300, dtype=np.int32))
    exact = model.encode_users(batch)
    monkeypatch.setattr(similar_participants, "MAX_EXACT", 0)
    monkeypatch.setattr(similar_participants, "MAX_FLAT", 0)
    model.fit(interactions)
    assert isinstance(model.index_, faiss.IndexIVF)
    votes = model.encode_users(batch)
    shared = [
        len({*one.indices} & {*other.indices}) for one, other in zip(votes, exact, strict=True)
    ]
    assert np.mean(shared) > 0.7 * 20
    again = SimilarParticipants.from_state(model.get_state())
    assert (again.encode_users(batch) != votes).nnz == 0
    monkeypatch.setattr(similar_participants, "PROBES", 1)
    few = SimilarParticipants(neighbours=400, dimensions=8).fit(interactions).encode_users(batch)
    assert np.isfinite(few.data).all()  # a list holds fewer than are asked for
    assert few.indices.min() >= 0
