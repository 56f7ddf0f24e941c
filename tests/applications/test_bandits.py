"""Bandits: they learn in every run, LinUCB is its own formula, and the simulated shop keeps the log's rates."""

import numpy as np
import pandas as pd
import pytest

from shoprec.applications.bandits import ClickSimulator, LinUCB, ThompsonSampling, Uniform, item_rates, run, simulator


@pytest.fixture
def shop():
    rate = np.array([[0.05, 0.1, 0.6], [0.5, 0.1, 0.05]])
    return ClickSimulator(rate, np.array([0.5, 0.5]), np.array([[1.0, 0.0], [1.0, 1.0]]))


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"item": rng.integers(0, 5, 20_000), "user_0": rng.choice(list("abc"), 20_000)})
    table["user_1"] = rng.choice(list("xy"), 20_000)
    return table.assign(click=rng.random(20_000) < np.linspace(0.01, 0.09, 5)[table["item"]])


def test_regret_of_random_is_its_expectation(shop):
    regret = run(Uniform(), shop, n_runs=4, n_batches=5, batch=4000)
    expected = (shop.share * (shop.rate.max(axis=1) - shop.rate.mean(axis=1))).sum()
    assert regret[:, -1] / 20_000 == pytest.approx(np.full(4, expected), rel=0.03)
    assert (np.diff(regret, axis=1) > 0).all()


def test_thompson_sampling_learns_what_can_be_learned_without_seeing_users(shop):
    regret = run(ThompsonSampling(), shop, n_runs=10, n_batches=200, batch=20)
    best_for_all = shop.share @ shop.rate.max(axis=1) - (shop.share @ shop.rate).max()
    last = np.diff(regret, axis=1)[:, -50:].mean(axis=1) / 20
    assert last == pytest.approx(np.full(10, best_for_all), abs=0.04)


def test_linucb_learns_who_likes_what(shop):
    regret = run(LinUCB(alpha=0.5), shop, n_runs=10, n_batches=200, batch=20)
    assert np.diff(regret, axis=1)[:, -50:].mean() / 20 < 0.01


def test_linucb_is_its_formula(shop):
    bandit, rng = LinUCB(alpha=0.7, ridge=2.0).start(1, shop), np.random.default_rng(0)
    group, item = rng.integers(0, 2, (1, 200)), rng.integers(0, 3, (1, 200))
    click = rng.random((1, 200)) < 0.3
    bandit.learn(group, item, click)
    scores = bandit.scores(rng)[0]
    for a in range(3):
        A, b = 2.0 * np.eye(2), np.zeros(2)
        for g, i, c in zip(group[0], item[0], click[0], strict=True):
            if i == a:
                x = shop.features[g]
                A, b = A + np.outer(x, x), b + c * x
        for g in range(2):
            x = shop.features[g]
            bound = x @ np.linalg.inv(A) @ b + 0.7 * np.sqrt(x @ np.linalg.inv(A) @ x)
            assert scores[g, a] == pytest.approx(bound, abs=1e-9)


def test_thompson_sampling_draws_with_the_probability_of_being_best():
    shop = ClickSimulator(np.array([[0.5, 0.5]]), np.ones(1), np.ones((1, 1)))
    for every in (1, 5):
        bandit = ThompsonSampling((2.0, 3.0), users_per_draw=every).start(1, shop)
        bandit.hits[0, 1] += 2
        shown = bandit.choose(np.zeros((1, 100_003), dtype=int), np.random.default_rng(0))
        draws = np.random.default_rng(1).beta([2, 4], [3, 3], (100_000, 2)).argmax(axis=1)
        assert shown.shape == (1, 100_003)
        assert shown.mean() == pytest.approx(draws.mean(), abs=0.01)


def test_greedy_shows_the_highest_mean_and_breaks_ties_at_random():
    shop = ClickSimulator(np.full((1, 4), 0.5), np.ones(1), np.ones((1, 1)))
    bandit = ThompsonSampling((1, 1), greedy=True).start(200, shop)
    group, rng = np.zeros((200, 3), dtype=int), np.random.default_rng(0)
    first = bandit.choose(group, rng)
    assert (first == first[:, :1]).all()
    assert set(first[:, 0]) == {0, 1, 2, 3}
    bandit.learn(group[:, :1], np.full((200, 1), 2), np.ones((200, 1), dtype=bool))
    assert (bandit.choose(group, rng) == 2).all()


def test_runs_are_repeatable_and_apart(shop):
    one, two = (run(ThompsonSampling(), shop, n_runs=3, n_batches=5, batch=10, seed=4) for _ in range(2))
    assert (one == two).all()
    assert len(np.unique(one[:, -1])) == 3


def test_item_rates_shrink_toward_the_common_mean():
    clicks, shown = np.array([0, 3, 8, 1]), np.array([100, 100, 100, 5000])
    rates = item_rates(clicks, shown)
    raw, mean = clicks / shown, clicks.sum() / shown.sum()
    assert (np.sign(rates - raw) == np.sign(rates.mean() - raw)).sum() >= 3
    assert (rates > 0).all()
    assert abs(rates[3] - raw[3]) < abs(rates[0] - raw[0])
    assert mean > 0
    alike = item_rates([50, 51, 49, 50], [1000] * 4)
    assert np.ptp(alike) < 1e-3


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_the_simulated_shop_keeps_each_items_rate(rows, strength):
    shop = simulator(rows, 5, strength)
    counts = rows.groupby("item")["click"].agg(["sum", "size"])
    assert shop.share @ shop.rate == pytest.approx(item_rates(counts["sum"], counts["size"]))
    assert shop.rate.shape == (6, 5)
    assert shop.features.shape == (6, 4)
    assert shop.share.sum() == pytest.approx(1)
    assert (np.ptp(shop.rate, axis=0) > 1e-3).all() == (strength > 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: ClickSimulator(s.rate, np.ones(3) / 3, s.features), "one row per group"),
        (lambda s: ClickSimulator(s.rate * 9, s.share, s.features), "probabilities"),
        (lambda s: run(Uniform(), s, n_batches=0), "n_batches"),
        (lambda s: run(LinUCB(alpha=-1), s), "alpha"),
        (lambda s: run(ThompsonSampling((0, 1)), s), "prior"),
        (lambda s: item_rates([5], [3]), "between 0 and shown"),
    ],
)
def test_bad_input_is_named(shop, call, message):
    with pytest.raises(ValueError, match=message):
        call(shop)
