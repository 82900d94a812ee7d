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


def test_the_product_and_the_index_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    taken = rng.random((40, 12)) < rng.random(12)
    users, items = (places.astype(np.int32) for places in np.nonzero(taken))
    weights = np.ones(len(users), dtype=np.float32)
    at = rng.permutation(len(users)).astype(np.int64)
    interactions = Interactions(users, items, weights, *taken.shape, at)
    model = SimilarParticipants(neighbours=7, dimensions=8).fit(interactions)
    batch = histories(interactions, np.append(np.unique(users), 0)[:20].astype(np.int32))
    found = model.score(batch)
    monkeypatch.setattr(similar_participants, "MAX_EXACT", 0)
    assert isinstance(model.index_, Tiles)
    model.fit(interactions)
    assert isinstance(model.index_, faiss.IndexFlatIP)
    assert np.allclose(model.score(batch), found, atol=1e-5)
    assert (found > 0).any()
