"""Neighbours against `implicit` and against the formulas in the docstrings, written as loops."""

import warnings

import numpy as np
import pandas as pd
import pytest
from implicit.nearest_neighbours import CosineRecommender
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.models.counting import PersonalFrequency
from shoprec.models.neighbors import ItemKNN, UserKNN, damped, nearest
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    table = make_purchases()
    return next_basket_split(table[(table["user"] > 103) | (table["timestamp"] >= CUT)], CUT, min_users=1)


def decayed(task, half_life):
    """f before any scaling: the sum over purchases of 2^(-age / half-life), as a loop."""
    f, cut_day = np.zeros((len(task.users), len(task.items))), task.cut_day
    for u, i, day in zip(task.history.user, task.history.item, task.history.day, strict=True):
        f[u, i] += 0.5 ** ((cut_day - day) / half_life)
    return f


@pytest.mark.filterwarnings("ignore:Method expects CSR")
@pytest.mark.parametrize("k", [5, 100])
def test_item_similarity_agrees_with_implicit(task, k):
    ours = ItemKNN(k=k, strength=0).fit(task).similarity_
    theirs = CosineRecommender(K=k)
    theirs.fit(sparse.csr_matrix(damped(task.history.matrix()).astype(float)), show_progress=False)
    theirs = theirs.similarity.toarray()
    np.testing.assert_allclose(np.sort(ours.toarray()), np.sort(theirs), atol=1e-6)
    # Of equals at the end of a list either may stay.
    last = np.sort(theirs)[:, [-min(k, len(task.items))]]
    np.testing.assert_allclose(
        np.where(theirs > last + 1e-6, theirs, 0), np.where(ours.toarray() > last + 1e-6, ours.toarray(), 0), atol=1e-6
    )


def test_item_knn_scores_are_the_formula(task):
    k, strength, half_life = 6, 4.0, 50.0
    scores = ItemKNN(k, strength, half_life).fit(task).score(task.households)
    counts = task.history.matrix().toarray().astype(float)
    common = (counts > 0).T.astype(float) @ (counts > 0)
    similarity = cosine_similarity(np.log1p(counts).T) * common / (common + strength)
    f = decayed(task, half_life)
    expected = np.zeros((len(task.users), len(task.items)))
    for i in range(len(task.items)):
        for j in np.argsort(-similarity[i], kind="stable")[:k]:
            expected[:, i] += similarity[i, j] * f[:, j]
    np.testing.assert_allclose(scores, expected[task.households], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_user_knn_scores_are_the_formula(task, alpha):
    k, half_life = 7, 50.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # households without a history must not make it slow
        scores = UserKNN(k, alpha, half_life).fit(task).score(task.households)
    history = task.history
    similarity = cosine_similarity(np.log1p(history.matrix().toarray().astype(float)))
    np.fill_diagonal(similarity, -1)
    f, cut_day = decayed(task, half_life), task.cut_day
    for u in range(len(f)):
        days = {b: d for b, d, v in zip(history.basket, history.day, history.user, strict=True) if v == u}
        f[u] /= max(sum(0.5 ** ((cut_day - day) / half_life) for day in days.values()), 1)
    expected = [
        (1 - alpha) * f[u] + alpha / k * f[np.argsort(-similarity[u], kind="stable")[:k]].sum(axis=0)
        for u in task.households
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)


def test_without_neighbours_user_knn_is_the_own_frequency(task):
    scores = UserKNN(alpha=0, half_life=60).fit(task).score(task.households)
    own = PersonalFrequency(half_life=60).fit(task).frequency_[task.households].toarray()
    np.testing.assert_array_equal(scores > 0, own > 0)
    for score, frequency in zip(scores, own, strict=True):
        order = np.argsort(-score, kind="stable")
        assert (np.diff(frequency[order]) <= 1e-7).all()


def test_neighbours_find_more_than_chance(task):
    random = np.mean([evaluate(_Random(seed).fit(task), task)["recall"].mean() for seed in range(3)])
    for model in (ItemKNN(), UserKNN(k=20)):
        assert evaluate(model.fit(task), task)["recall"].mean() > 1.5 * random


@pytest.fixture(scope="module")
def twins():
    """Seven households that buy the same two products on the same day, and an eighth that buys a third as well."""
    rows = [(user, item, "2021-01-01") for user in range(8) for item in ("tea", "jam")] + [(7, "rye", "2021-01-01")]
    rows += [(user, "tea", "2021-02-01") for user in range(8)]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return next_basket_split(table.assign(timestamp=pd.to_datetime(table["timestamp"])), "2021-02-01", min_users=1)


@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
@pytest.mark.parametrize("k", [1, 3, 6])
def test_households_that_are_equal_have_k_others(twins, k, similarity):
    model = UserKNN(k, alpha=0.5, half_life=np.inf, similarity=similarity).fit(twins)
    neighbours = model.neighbours_.toarray()
    np.testing.assert_array_equal(neighbours[:7].sum(axis=1), k)
    assert not neighbours.diagonal().any()
    # All that a twin and its neighbours buy once in one basket has a share of 1, whatever k.
    np.testing.assert_allclose(model.score(np.arange(7)), np.tile([1, 0, 1], (7, 1)), rtol=1e-6)


def test_the_divisor_is_the_number_of_neighbours_there_are(twins):
    model = UserKNN(k=100, alpha=0.5, half_life=np.inf).fit(twins)
    np.testing.assert_array_equal(model.neighbours_.sum(axis=1), 7)
    np.testing.assert_allclose(model.score(np.array([0, 7])), [[1, 0.5 / 7, 1], [1, 0.5, 1]], rtol=1e-6)


def test_a_household_that_shares_nothing_has_no_neighbours():
    rows = [("Ann", "tea"), ("Bo", "tea"), ("Cy", "rye")]
    table = pd.DataFrame(rows * 2, columns=["user", "item"])
    table["timestamp"] = pd.to_datetime(["2021-01-01"] * 3 + ["2021-02-01"] * 3)
    task = next_basket_split(table, "2021-02-01", min_users=1)
    model = UserKNN(k=2, alpha=0.3, half_life=np.inf).fit(task)
    np.testing.assert_array_equal(model.neighbours_.toarray(), [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(model.score(np.arange(3)), [[0, 1], [0, 1], [0.7, 0]], rtol=1e-6)


@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
@pytest.mark.parametrize("strength", [0, 5])
def test_a_row_is_among_its_own_nearest_however_many_are_equal(similarity, strength):
    rows = np.tile([2.0, 0, 1, 0], (9, 1))
    rows[8] = [0, 1, 0, 1]
    found = nearest(sparse.csr_array(rows), 3, strength, similarity, block=2)
    assert (found.diagonal() > 0).all()
    np.testing.assert_array_equal(np.diff(found.indptr)[:8], 3)
    assert found.has_canonical_format
    np.testing.assert_allclose(found.toarray()[:8][found.toarray()[:8] > 0], found[0, 0], rtol=1e-6)


def test_products_with_the_same_buyers_do_not_push_each_other_out(twins):
    model = ItemKNN(k=1, half_life=np.inf).fit(twins)  # tea and jam have the same buyers
    np.testing.assert_array_equal(model.score(np.arange(8)), twins.history.matrix().toarray())


def test_neighbours_need_half_the_memory_of_64_bits(task):
    for model in (ItemKNN(), UserKNN()):
        scores = model.fit(task).score(task.households)
        assert scores.nbytes == 4 * len(task.households) * len(task.items)
        assert model.frequency_.dtype == np.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UserKNN(alpha=-0.1), r"alpha is -0\.1; pass a number in \[0, 1\]"),
        (lambda: UserKNN(alpha=1.1), r"alpha is 1\.1"),
        (lambda: UserKNN(alpha=np.nan), "alpha is nan"),
        (lambda: UserKNN(k=0), "k is 0"),
        (lambda: UserKNN(k=2.5), r"k is 2\.5"),
        (lambda: UserKNN(weighting="tf"), "weighting is 'tf'; choose one of binary, counts, log, tfidf, bm25"),
        (lambda: UserKNN(similarity="jaccard"), "similarity is 'jaccard'; choose one of cosine, pearson"),
        (lambda: ItemKNN(k=-3), "k is -3"),
        (lambda: ItemKNN(strength=-1), r"strength is -1; pass a number in \[0, inf\]"),
        (lambda: ItemKNN(strength=np.nan), "strength is nan"),
        (lambda: ItemKNN(weighting="tf"), "weighting is 'tf'"),
        (lambda: ItemKNN(similarity="jaccard"), "similarity is 'jaccard'"),
        (lambda: nearest(sparse.eye_array(3).tocsr(), k=0), "k is 0"),
        (lambda: nearest(sparse.eye_array(3).tocsr(), k=1, strength=-1), "strength is -1"),
        (lambda: nearest(sparse.eye_array(3).tocsr(), k=1, similarity="pearson", block=0), "block is 0"),
    ],
)
def test_arguments_out_of_range_are_named_when_a_model_is_made(make, message):
    with pytest.raises(ValueError, match=message):
        make()


class _Random:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def fit(self, task):
        self.n_items = len(task.items)
        return self

    def score(self, households):
        return self.rng.random((len(households), self.n_items))
