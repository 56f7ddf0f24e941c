"""Factors against NumPy's full decompositions, the closed form written with the large matrix, and plain ALS."""

import sys

import numpy as np
import pytest
from synthetic import CUT, make_purchases

from shoprec.models.factors import EASE, IALS, SVD
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


@pytest.mark.parametrize("d", [1, 5])
def test_svd_s_vectors_of_products_multiply_to_their_co_purchases_at_rank_d(task, X, d):
    _, strengths, directions = np.linalg.svd(X, full_matrices=False)
    root = (directions[:d].T * strengths[:d]) @ directions[:d]  # the square root of X'X at rank d
    vectors = SVD(d, half_life=np.inf).fit(task).item_vectors()
    np.testing.assert_allclose(vectors @ vectors.T, root, atol=1e-4)


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


def solved(Y, C, P, regularization):
    """The vectors of one side that fit best, given the other's, by the normal equations of Hu, Koren and Volinsky."""
    ridge = regularization * np.eye(Y.shape[1])
    return np.array([np.linalg.solve(Y.T @ (c[:, None] * Y) + ridge, Y.T @ (c * p)) for c, p in zip(C, P, strict=True)])


def loss(U, V, C, P, regularization):
    return (C * (P - U @ V.T) ** 2).sum() + regularization * ((U**2).sum() + (V**2).sum())


@pytest.fixture(scope="module")
def confidence(task):
    """Confidences and what is to be met, households by products, with a half-life and a factor of 3."""
    history = task.history
    x = np.zeros((len(task.users), len(task.items)))
    np.add.at(x, (history.user, history.item), 0.5 ** ((task.cut_day - history.day) / 60))
    return np.where(x > 0, 3 * x, 1), (x > 0).astype(float)


def of_ials(**settings):
    return IALS(4, 2.0, alpha=3.0, half_life=60, **settings)


@pytest.mark.parametrize("iterations", [1, 15])
def test_ials_households_solve_their_normal_equations(task, confidence, iterations):
    model = of_ials(iterations=iterations).fit(task)
    users = solved(model.items_.astype(float), *confidence, 2.0)
    np.testing.assert_allclose(model.users_, users, atol=1e-4)
    np.testing.assert_allclose(model.score(task.households), (users @ model.items_.T)[task.households], atol=1e-4)


def test_ials_ends_where_no_turn_changes_anything(task, confidence):
    C, P = confidence
    model = of_ials(iterations=300).fit(task)
    np.testing.assert_allclose(model.items_, solved(model.users_.astype(float), C.T, P.T, 2.0), atol=1e-3)


def test_ials_loses_no_more_than_plain_als_from_the_same_start(task, confidence):
    C, P = confidence
    rng = np.random.RandomState(0)
    rng.random_sample(size=(len(C), 4))  # the households' start, which the first turn replaces
    V = rng.random_sample(size=(C.shape[1], 4)) * 0.01
    for _ in range(300):
        U = solved(V, C, P, 2.0)
        V = solved(U, C.T, P.T, 2.0)
    model = of_ials(iterations=300).fit(task)
    assert loss(model.users_, model.items_, C, P, 2.0) == pytest.approx(loss(U, V, C, P, 2.0), rel=0.02)


def test_ials_runs_alike_and_its_seed_is_heard(task):
    first, second, other = (of_ials(iterations=2, seed=s).fit(task).score(task.households) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_ials_says_what_to_install(task, monkeypatch):
    monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
    with pytest.raises(ModuleNotFoundError, match=r"IALS needs the library implicit, .*: pip install implicit"):
        IALS().fit(task)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SVD(0), "d is 0"),
        (lambda: SVD(half_life=-1), "half_life is -1"),
        (lambda: EASE(0), "strength is 0"),
        (lambda: EASE(weighting="votes"), "weighting is 'votes'"),
        (lambda: IALS(regularization=0), "regularization is 0"),
        (lambda: IALS(alpha=-1), "alpha is -1"),
        (lambda: IALS(iterations=0), "iterations is 0"),
    ],
)
def test_settings_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("model", [SVD(3), EASE(), IALS(3)])
def test_without_a_history_there_are_no_scores(model):
    with pytest.raises(ValueError, match="call fit"):
        model.score([0])
