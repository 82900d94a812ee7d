"""What every candidate model must do, whatever it learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import Ridge

from models.candidates.base import CandidateModel
from models.candidates.ease import EASE
from models.candidates.histories import Histories, histories
from models.candidates.ials import IALS
from models.candidates.interactions import Interactions
from models.candidates.linear import LinearModel
from models.candidates.popularity import Popularity
from models.candidates.sasrec import SASRec
from models.candidates.side import SideInformation
from models.candidates.similar_participants import SimilarParticipants
from models.candidates.transitions import Transitions
from recommender.retrieval.sources import BEHAVIOUR, BehaviourSource

SMALL = {  # few courses and participants want smaller models
    SASRec: {"dimensions": 16, "dropout": 0.1, "learning_rate": 0.01, "batch_size": 40},
    IALS: {"factors": 4, "l2": 0.5, "iterations": 4},
    SimilarParticipants: {"neighbours": 8, "dimensions": 6},
}


def make_source(source: BehaviourSource) -> CandidateModel:
    """The model of a registered source, as it is registered but for its size."""
    return source.model(**{**source.parameters, **SMALL.get(source.model, {})})


# every source of the registry, and parameters that none of them has
MODELS: dict[str, Callable[[], CandidateModel]] = {
    **{name: partial(make_source, source) for name, source in BEHAVIOUR.items()},
    "EASE with dropout": lambda: EASE(l2=5.0, dropout=0.3, half_life=0.5, keep=0.9),
    "neighbours with content": lambda: SimilarParticipants(neighbours=8, dimensions=6, content=0.2),
    "rare transitions": lambda: Transitions(reach=3, popular=0.2),
}
PERSONAL = [name for name, make in MODELS.items() if not isinstance(make(), Popularity)]
N_USERS, N_ITEMS = 60, 20


def two_camps(seed: int = 0) -> tuple[Interactions, SideInformation]:
    """Even participants take even courses, odd ones odd courses; course 18 and 19 nobody takes."""
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(N_USERS), 6).astype(np.int32)
    ranks = np.concatenate([rng.permutation(9)[:6] for _ in range(N_USERS)])
    items = (2 * ranks + users % 2).astype(np.int32)
    camp = np.arange(N_ITEMS) % 2
    vectors = np.eye(2, dtype=np.float32)[camp] + rng.normal(0, 0.1, (N_ITEMS, 2))
    side = SideInformation(
        item_vectors=(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
        item_attributes=sp.csr_matrix(np.eye(2, dtype=np.float32)[camp]),
        user_attributes=sp.csr_matrix(np.eye(2, dtype=np.float32)[np.arange(N_USERS) % 2]),
    )
    weights = np.ones(len(users), dtype=np.float32)
    at = rng.permutation(len(users)).astype(np.int64)
    return Interactions(users, items, weights, N_USERS, N_ITEMS, at), side


def batch_of(interactions: Interactions, side: SideInformation) -> Histories:
    return histories(interactions, None, side.user_attributes)


def fitted(make: Callable[[], CandidateModel]) -> tuple[CandidateModel, Histories]:
    interactions, side = two_camps()
    return make().fit(interactions, side), batch_of(interactions, side)


@pytest.fixture(params=MODELS)
def make(request: pytest.FixtureRequest) -> Callable[[], CandidateModel]:
    return MODELS[request.param]


def test_shapes_types_and_order(make: Callable[[], CandidateModel]) -> None:
    model, batch = fitted(make)
    ids, scores = model.recommend(batch, 7)
    assert ids.shape == scores.shape == (N_USERS, 7)
    assert ids.dtype == np.int32
    assert scores.dtype == np.float32
    assert (np.diff(scores[np.isfinite(scores).all(axis=1)], axis=1) <= 0).all()
    for row in ids:
        listed = row[row >= 0]
        assert len(np.unique(listed)) == len(listed)


def test_no_more_than_permitted(make: Callable[[], CandidateModel]) -> None:
    model, batch = fitted(make)
    mask = np.zeros(N_ITEMS, dtype=bool)
    mask[[1, 4, 5]] = True
    ids, scores = model.recommend(batch, 10, mask)
    assert set(np.unique(ids)) <= {-1, 1, 4, 5}
    assert ((ids >= 0).sum(axis=1) <= 3).all()
    assert (np.isneginf(scores) == (ids == -1)).all()
    own = np.zeros((N_USERS, N_ITEMS), dtype=bool)
    own[np.arange(N_USERS), np.arange(N_USERS) % 18] = True
    ids, _ = model.recommend(batch, 3, own)
    assert (ids[:, 1:] == -1).all()
    assert np.isin(ids[:, 0], [-1, *range(18)]).all()
    assert (ids[:, 0] == np.where(ids[:, 0] >= 0, np.arange(N_USERS) % 18, -1)).all()


def test_more_courses_than_there_are(make: Callable[[], CandidateModel]) -> None:
    model, batch = fitted(make)
    ids, _ = model.recommend(batch, N_ITEMS + 5)
    assert (ids[:, N_ITEMS:] == -1).all()


def test_one_is_a_row_of_many(make: Callable[[], CandidateModel]) -> None:
    model, batch = fitted(make)
    _, many = model.recommend(batch, 5)
    for row in (0, 7, 59):
        _, one = model.recommend(batch.take(slice(row, row + 1)), 5)
        np.testing.assert_allclose(one[0], many[row], rtol=1e-4, atol=1e-6)


def test_people_who_were_encoded_alone_are_scored_as_in_a_batch(
    make: Callable[[], CandidateModel],
) -> None:
    model, batch = fitted(make)
    assert isinstance(model, LinearModel)
    alone = [model.encode_users(batch.take(np.array([row]))) for row in range(len(batch))]
    rows = np.array([5, 0, 41])
    found = model.score_users(sp.csr_matrix(sp.vstack(alone)), rows)
    np.testing.assert_allclose(found, model.score(batch)[rows], rtol=1e-5)


def test_saved_and_loaded_ranks_alike(make: Callable[[], CandidateModel]) -> None:
    model, batch = fitted(make)
    state = model.get_state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    again = type(model).from_state(state)
    for got, expected in zip(again.recommend(batch, 8), model.recommend(batch, 8), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_refitting_forgets(make: Callable[[], CandidateModel]) -> None:
    interactions, side = two_camps()
    other, other_side = two_camps(seed=5)
    batch = batch_of(interactions, side)
    twice = make().fit(other, other_side).fit(interactions, side)
    once = make().fit(interactions, side)
    for got, expected in zip(twice.recommend(batch, 8), once.recommend(batch, 8), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_fit_returns_self_and_keeps_parameters(make: Callable[[], CandidateModel]) -> None:
    interactions, side = two_camps()
    model = make()
    before = {name: value for name, value in vars(model).items() if not name.endswith("_")}
    assert model.fit(interactions, side) is model
    assert {name: vars(model)[name] for name in before} == before


def test_newcomers_are_served(make: Callable[[], CandidateModel]) -> None:
    model, batch = fitted(make)
    nobody = Histories(
        np.zeros(3, dtype=np.int64),
        np.empty(0, dtype=np.int32),
        np.empty(0, dtype=np.float32),
        N_ITEMS,
        np.empty(0, dtype=np.int64),
        None if batch.attributes is None else batch.attributes[:2],
    )
    ids, _ = model.recommend(nobody, 4)
    assert ids.shape == (2, 4)


@pytest.mark.parametrize("name", PERSONAL)
def test_the_camp_is_found(name: str) -> None:
    """Whoever took two even courses is shown even ones, fitted on or not."""
    model, _ = fitted(MODELS[name])
    newcomer = Histories(
        np.array([0, 2]),
        np.array([2, 6], dtype=np.int32),
        np.ones(2, dtype=np.float32),
        N_ITEMS,
        np.array([100, 200]),
    )
    mask = np.ones(N_ITEMS, dtype=bool)
    mask[[2, 6]] = False
    ids, _ = model.recommend(newcomer, 4, mask)
    assert (ids[0] % 2 == 0).all()


def test_groups_have_their_own_popularity() -> None:
    interactions, side = two_camps()
    model = Popularity(shrinkage=1.0).fit(interactions, side)
    ids, _ = model.recommend(batch_of(interactions, side), 5)
    assert (ids % 2 == (np.arange(N_USERS) % 2)[:, None]).all()


def test_no_side_information_and_no_time(make: Callable[[], CandidateModel]) -> None:
    interactions, _ = two_camps()
    timeless = Interactions(
        interactions.users, interactions.items, interactions.weights, N_USERS, N_ITEMS
    )
    ids, _ = make().fit(timeless).recommend(histories(timeless), 3)
    assert ids.shape == (N_USERS, 3)


def test_ease_is_the_closed_form() -> None:
    """Against the formula of the paper, inverted in float64."""
    interactions, _ = two_camps()
    taken = np.asarray(interactions.matrix().todense(), dtype=np.float64)[:, :18]
    inverse = np.linalg.inv(taken.T @ taken + 7.0 * np.eye(18))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(EASE(l2=7.0).fit(interactions).weights_, expected, atol=1e-4)


def test_ease_with_dropout_is_a_ridge_on_histories_with_courses_left_out() -> None:
    """Against scikit-learn's ridge, on many copies of each history with courses left out at random."""
    interactions, _ = two_camps()
    rng = np.random.default_rng(0)
    whole = np.tile(np.asarray(interactions.matrix().todense())[:, :18], (2_000, 1))
    lost = whole * (rng.random(whole.shape) < 0.5) / 0.5
    others = np.arange(18) != 3
    ridge = Ridge(alpha=7.0 * 2_000, fit_intercept=False).fit(lost[:, others], whole[:, 3])
    weights = EASE(l2=7.0, dropout=0.5).fit(interactions).weights_
    np.testing.assert_allclose(weights[others, 3], ridge.coef_, atol=0.005)


def test_only_what_was_taken_in_the_window_is_popular() -> None:
    days = np.array([0, 1, 5, 9, 9])
    events = Interactions(
        np.arange(5, dtype=np.int32),
        np.array([0, 0, 0, 1, 2], dtype=np.int32),
        np.ones(5, dtype=np.float32),
        5,
        4,
        days * 86_400,
    )
    nobody = histories(events).take(slice(0, 1))
    for window, expected in {1.0: [0, 1, 1, 0], 7.0: [1, 1, 1, 0], None: [3, 1, 1, 0]}.items():
        scores = Popularity(days=window).fit(events).score(nobody)[0]
        np.testing.assert_allclose(scores * sum(expected), expected, rtol=1e-6)


def test_another_course_table_moves_what_is_known_of_each(
    make: Callable[[], CandidateModel],
) -> None:
    """Courses change places and a new one enters: the old ones stand in the same order for everybody."""
    model, batch = fitted(make)
    order = np.random.default_rng(3).permutation(N_ITEMS)
    old = np.append(order, -1).astype(np.int32)
    alike = np.full((1, N_ITEMS), 1 / N_ITEMS, dtype=np.float32)
    moved = model.remap(old, alike)
    place = np.argsort(order).astype(np.int32)
    there = replace(batch, items=place[batch.items], n_items=N_ITEMS + 1)
    expected, found = model.score(batch)[:, order], moved.score(there)[:, :N_ITEMS]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_transitions_know_the_order() -> None:
    users = np.repeat(np.arange(20), 2).astype(np.int32)
    items = np.tile([0, 1], 20).astype(np.int32)
    events = Interactions(
        users, items, np.ones(40, dtype=np.float32), 20, 3, np.arange(40, dtype=np.int64)
    )
    weights = Transitions().fit(events).weights_
    assert weights[0, 1] > 0
    assert weights[1, 0] == 0
