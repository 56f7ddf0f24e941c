"""Neighbours against `implicit` and against the formulas in the docstrings, written as loops."""

import warnings

import numpy as np
import pytest
from implicit.nearest_neighbours import CosineRecommender
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.models.counting import PersonalFrequency
from shoprec.models.neighbors import ItemKNN, UserKNN, damped
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    table = make_purchases()
    return next_basket_split(table[(table["user"] > 103) | (table["timestamp"] >= CUT)], CUT, min_users=1)


def decayed(task, half_life):
    """f before any scaling: the sum over purchases of 2^(-age / half-life), as a loop."""
    f = np.zeros((len(task.users), len(task.items)))
    for u, i, day in zip(task.history.user, task.history.item, task.history.day, strict=True):
        f[u, i] += 0.5 ** ((task.cut_day - day) / half_life)
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
    f = decayed(task, half_life)
    for u in range(len(f)):
        days = {b: d for b, d, v in zip(history.basket, history.day, history.user, strict=True) if v == u}
        f[u] /= max(sum(0.5 ** ((task.cut_day - day) / half_life) for day in days.values()), 1)
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


@pytest.mark.parametrize("alpha", [-0.1, 1.1, np.nan])
def test_alpha_is_a_share(alpha):
    with pytest.raises(ValueError, match="between 0 and 1"):
        UserKNN(alpha=alpha)


class _Random:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def fit(self, task):
        self.n_items = len(task.items)
        return self

    def score(self, households):
        return self.rng.random((len(households), self.n_items))
