"""Factors against NumPy's full decompositions and against the closed form, written with the large matrix."""

import numpy as np
import pytest
from synthetic import CUT, make_purchases

from shoprec.models.factors import EASE, SVD
from shoprec.models.neighbors import weigh
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    table = make_purchases()
    return next_basket_split(table[(table["user"] > 103) | (table["timestamp"] >= CUT)], CUT, min_users=1)


@pytest.fixture(scope="module")
def X(task):
    return weigh(task.history.matrix(), "log").toarray().astype(float)


@pytest.mark.parametrize("d", [1, 5])
def test_svd_projects_onto_the_strongest_directions(task, X, d):
    V = np.linalg.svd(X, full_matrices=False)[2][:d]
    scores = SVD(d, half_life=np.inf).fit(task).score(task.households)
    np.testing.assert_allclose(scores, (X @ V.T @ V)[task.households], atol=1e-4)


def test_svd_of_almost_all_directions_gives_the_purchases_back(task, X):
    d = min(X.shape) - 1
    left = X[task.households] - SVD(d, half_life=np.inf).fit(task).score(task.households)
    singular = np.linalg.svd(X, compute_uv=False)
    assert np.linalg.norm(left) <= singular[-1] + 1e-3


def test_svd_runs_alike(task):
    first, second = (SVD(4).fit(task).score(task.households) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_svd_says_that_there_are_fewer_directions(task):
    with pytest.raises(ValueError, match="fewer directions"):
        SVD(10_000).fit(task)


def by_steck(X, strength):
    """Scores from the items-by-items matrix, as in the paper."""
    P = np.linalg.inv(X.T @ X + strength * np.eye(X.shape[1]))
    B = -P / np.diag(P)
    np.fill_diagonal(B, 0)
    return X @ B


@pytest.mark.parametrize("strength", [0.1, 3.0, 500.0])
def test_ease_is_the_closed_form(task, X, strength):
    scores = EASE(strength, half_life=np.inf).fit(task).score(task.households)
    np.testing.assert_allclose(scores, by_steck(X, strength)[task.households], rtol=1e-5, atol=1e-8)


def test_ease_weights_are_the_best_without_a_diagonal(task, X):
    strength, rng = 3.0, np.random.default_rng(0)
    P = np.linalg.inv(X.T @ X + strength * np.eye(X.shape[1]))
    best = -P / np.diag(P)
    np.fill_diagonal(best, 0)

    def loss(B):
        return ((X - X @ B) ** 2).sum() + strength * (B**2).sum()

    for _ in range(5):
        step = rng.normal(size=best.shape) * 1e-3
        np.fill_diagonal(step, 0)
        assert loss(best + step) > loss(best)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SVD(0), "d is 0"),
        (lambda: SVD(half_life=-1), "half_life is -1"),
        (lambda: EASE(0), "strength is 0"),
        (lambda: EASE(weighting="votes"), "weighting is 'votes'"),
    ],
)
def test_settings_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("model", [SVD(3), EASE()])
def test_without_a_history_there_are_no_scores(model):
    with pytest.raises(ValueError, match="call fit"):
        model.score([0])
