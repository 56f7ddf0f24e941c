"""The published next-basket methods against their equations, written as loops over baskets."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from synthetic import CUT, make_purchases

from shoprec.models.next_basket import TIFUKNN, UPCF
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    table = make_purchases()
    return next_basket_split(table[(table["user"] > 103) | (table["timestamp"] >= CUT)], CUT, min_users=1)


def baskets(task):
    """Each household's baskets as vectors, the latest first."""
    history = task.history
    found = [{} for _ in task.users]
    for user, item, basket in zip(history.user, history.item, history.basket, strict=True):
        found[user].setdefault(basket, np.zeros(len(task.items)))[item] = 1
    return [[vectors[number] for number in sorted(vectors, reverse=True)] for vectors in found]


def faded(vectors, m, within, across):
    """The vector of one household, group by group."""
    groups = [vectors[start : start + m] for start in range(0, len(vectors), m)]
    means = [sum(within**j * v for j, v in enumerate(group)) / len(group) for group in groups]
    return sum(across**g * mean for g, mean in enumerate(means)) / len(groups)


@pytest.mark.parametrize(("k", "m", "within", "across", "alpha"), [(3, 2, 0.9, 0.7, 0.7), (5, 3, 1.0, 0.5, 0.2)])
def test_tifu_knn_is_its_equation(task, k, m, within, across, alpha):
    scores = TIFUKNN(k, m, within, across, alpha).fit(task).score(task.households)
    n_items = len(task.items)
    own = np.array([faded(v, m, within, across) if v else np.zeros(n_items) for v in baskets(task)])
    near = NearestNeighbors(n_neighbors=k + 1).fit(own).kneighbors(own[task.households])[1]
    for row, household, found in zip(scores, task.households, near, strict=True):
        others = own[[v for v in found if v != household][:k]].mean(axis=0)
        np.testing.assert_allclose(row, alpha * own[household] + (1 - alpha) * others, atol=1e-5)


def test_tifu_knn_of_one_group_without_fading_counts_shares_of_baskets(task):
    scores = TIFUKNN(1, m=10_000, within=1, across=1, alpha=1).fit(task).score(task.households)
    shares = [np.mean(baskets(task)[u], axis=0) for u in task.households]
    np.testing.assert_allclose(scores, shares, atol=1e-6)


def test_a_household_alone_has_its_own_purchases(task):
    table = make_purchases()
    alone = next_basket_split(table[table["user"] == table["user"].max()], CUT, min_users=1)
    scores = TIFUKNN(alpha=0.25).fit(alone).score(alone.households)
    np.testing.assert_allclose(scores, 0.25 * TIFUKNN(alpha=1).fit(alone).score(alone.households))
    assert scores.max() > 0


@pytest.mark.parametrize(("r", "q", "alpha"), [(1, 1, 0.5), (3, 5, 0.25), (1000, 2, 0.0)])
def test_up_cf_is_its_equation(task, r, q, alpha):
    scores = UPCF(r, q, alpha).fit(task).score(task.households)
    bought = [set(np.flatnonzero(np.sum(v, axis=0))) if v else set() for v in baskets(task)]
    share = [np.mean(v[:r], axis=0) if v else np.zeros(len(task.items)) for v in baskets(task)]
    for row, u in zip(scores, task.households, strict=True):
        expected = np.zeros(len(task.items))
        for v, theirs in enumerate(bought):
            if theirs:
                cosine = len(bought[u] & theirs) / (len(bought[u]) ** alpha * len(theirs) ** (1 - alpha))
                expected += cosine**q * share[v]
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-6)


def test_up_cf_leaves_the_household_alone_if_only_the_very_same_count(task):
    scores = UPCF(r=1000, q=10_000.0, alpha=0.5).fit(task).score(task.households)
    shares = [np.mean(baskets(task)[u], axis=0) for u in task.households]
    np.testing.assert_allclose(scores, shares, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TIFUKNN(k=0), "k is 0"),
        (lambda: TIFUKNN(within=1.5), "within is 1.5"),
        (lambda: TIFUKNN(alpha=-1), "own share"),
        (lambda: UPCF(r=0), "r is 0"),
        (lambda: UPCF(q=0.5), "q is 0.5"),
        (lambda: UPCF(alpha=2), "asymmetry"),
    ],
)
def test_settings_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("model", [TIFUKNN(), UPCF()])
def test_without_a_history_there_are_no_scores(model):
    with pytest.raises(ValueError, match="call fit"):
        model.score([0])
