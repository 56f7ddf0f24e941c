"""Off-policy estimators: against obp and loops, by their properties, and unbiased where the truth is known."""

import numpy as np
import pytest
from scipy import stats

from shoprec.applications.off_policy import (
    Estimate,
    bootstrap,
    clipped_moments,
    direct_method,
    doubly_robust,
    draw_logs,
    effective_sample_size,
    importance_weights,
    ips,
    snips,
)


@pytest.fixture(scope="module")
def shop():
    """Two policies, click rates, and one log of the second: 3 contexts, 6 actions."""
    rng = np.random.default_rng(0)
    target, behaviour = rng.dirichlet(np.ones(6), size=(2, 3))
    rate = rng.uniform(0.02, 0.4, (3, 6))
    return target, behaviour, rate


@pytest.fixture(scope="module")
def log(shop):
    target, behaviour, rate = shop
    context, action, reward = (x[0] for x in draw_logs(behaviour, rate, n_logs=1, n_rows=500, seed=1))
    model = np.random.default_rng(2).uniform(0.0, 0.5, rate.shape)
    return {
        "context": context,
        "action": action,
        "reward": reward.astype(float),
        "propensity": behaviour[context, action],
        "weight": importance_weights(target[context, action], behaviour[context, action]),
        "predicted": model[context, action],
        "expected": (target * model).sum(axis=1)[context],
        "model": model,
    }


def test_they_agree_with_obp(shop, log):
    ope = pytest.importorskip("obp.ope")
    target = shop[0]
    common = {"reward": log["reward"], "action": log["action"], "pscore": log["propensity"]}
    distribution = {"action_dist": target[log["context"]][:, :, None]}
    model = {"estimated_rewards_by_reg_model": log["model"][log["context"]][:, :, None]}
    place = {"position": np.zeros(len(log["action"]), dtype=int)}
    theirs = [
        (ope.InverseProbabilityWeighting(), common | distribution | place, ips(log["reward"], log["weight"])),
        (
            ope.SelfNormalizedInverseProbabilityWeighting(),
            common | distribution | place,
            snips(log["reward"], log["weight"]),
        ),
        (ope.DirectMethod(), distribution | model | place, direct_method(log["expected"])),
        (
            ope.DoublyRobust(),
            common | distribution | model | place,
            doubly_robust(log["reward"], log["weight"], log["predicted"], log["expected"]),
        ),
    ]
    for estimator, arguments, ours in theirs:
        assert ours.value == pytest.approx(estimator.estimate_policy_value(**arguments), abs=1e-9)


def test_they_agree_with_loops(shop, log):
    target, behaviour, _ = shop
    n, total, norm, corrected = len(log["reward"]), 0.0, 0.0, 0.0
    for i in range(n):
        x, a, r = log["context"][i], log["action"][i], log["reward"][i]
        w = target[x][a] / behaviour[x][a]
        total, norm = total + w * r, norm + w
        model = sum(target[x][b] * log["model"][x][b] for b in range(6))
        corrected += model + w * (r - log["model"][x][a])
    assert ips(log["reward"], log["weight"]).value == pytest.approx(total / n, abs=1e-12)
    assert snips(log["reward"], log["weight"]).value == pytest.approx(total / norm, abs=1e-12)
    robust = doubly_robust(log["reward"], log["weight"], log["predicted"], log["expected"])
    assert robust.value == pytest.approx(corrected / n, abs=1e-12)


def simulated(shop, n_logs=2000, n_rows=300):
    target, behaviour, rate = shop
    context, action, reward = draw_logs(behaviour, rate, n_logs, n_rows, seed=3)
    weight = importance_weights(target[context, action], behaviour[context, action])
    return context, action, reward.astype(float), weight, (target * rate).sum(axis=1).mean()


def test_ips_is_unbiased_and_its_variance_is_the_theorems(shop):
    target, behaviour, rate = shop
    *_, reward, weight, value = simulated(shop)
    estimate = ips(reward, weight)
    error = estimate.value.std() / np.sqrt(len(estimate.value))
    assert abs(estimate.value.mean() - value) < 4 * error
    mean, variance = clipped_moments(target, behaviour, rate)
    assert mean == pytest.approx(value)
    assert estimate.value.var() == pytest.approx(variance / 300, rel=0.15)
    assert np.median(estimate.error) == pytest.approx(np.sqrt(variance / 300), rel=0.2)


@pytest.mark.parametrize("clip", [0.5, 2.0, 10.0])
def test_clipping_costs_what_the_formula_says(shop, clip):
    target, behaviour, rate = shop
    *_, reward, weight, value = simulated(shop)
    estimate = ips(reward, np.minimum(weight, clip)).value
    mean, variance = clipped_moments(target, behaviour, rate, clip)
    assert abs(estimate.mean() - mean) < 4 * estimate.std() / np.sqrt(len(estimate))
    assert estimate.var() == pytest.approx(variance / 300, rel=0.15)
    lost = (np.maximum(target - clip * behaviour, 0) * rate).sum(axis=1).mean()
    assert value - mean == pytest.approx(lost)


@pytest.mark.parametrize(("right_model", "right_weights"), [(True, True), (True, False), (False, True)])
def test_doubly_robust_needs_one_of_two(shop, right_model, right_weights):
    target, _, rate = shop
    context, action, reward, weight, value = simulated(shop)
    model = rate if right_model else np.full_like(rate, 0.3)
    if not right_weights:
        weight = weight * np.random.default_rng(4).uniform(0.3, 3.0, rate.shape)[context, action]
    estimate = doubly_robust(reward, weight, model[context, action], (target * model).sum(axis=1)[context]).value
    assert abs(estimate.mean() - value) < 4 * estimate.std() / np.sqrt(len(estimate))


def test_doubly_robust_with_neither_is_biased(shop):
    target, _, rate = shop
    context, action, reward, weight, value = simulated(shop)
    wrong, model = weight * 2, np.full_like(rate, 0.3)
    estimate = doubly_robust(reward, wrong, model[context, action], (target * model).sum(axis=1)[context]).value
    assert abs(estimate.mean() - value) > 10 * estimate.std() / np.sqrt(len(estimate))


def test_intervals_hold_the_truth_as_often_as_they_say(shop):
    *_, reward, weight, value = simulated(shop)
    for estimate in (ips(reward, weight), snips(reward, weight)):
        low, high = estimate.interval()
        assert 0.90 < ((low <= value) & (value <= high)).mean() < 0.98


def test_a_table_of_logs_is_its_rows(shop):
    *_, reward, weight, _ = simulated(shop, n_logs=3)
    for estimator in (ips, snips):
        table = estimator(reward, weight)
        for i in range(3):
            row = estimator(reward[i], weight[i])
            assert (table.value[i], table.error[i]) == pytest.approx((row.value, row.error))


def test_snips_stays_in_the_range_and_moves_with_the_rewards():
    rng = np.random.default_rng(0)
    for _ in range(50):
        reward, weight = rng.normal(size=20), rng.exponential(size=20) ** 4
        value = snips(reward, weight).value
        assert reward.min() <= value <= reward.max()
        assert snips(reward + 7, weight).value == pytest.approx(value + 7)
        assert snips(reward, 5 * weight).value == pytest.approx(value)
        assert 1 <= effective_sample_size(weight) <= 20
        assert effective_sample_size(3 * weight) == pytest.approx(effective_sample_size(weight))


def test_equal_policies_give_the_mean():
    reward = np.arange(10.0)
    for estimate in (ips(reward, np.ones(10)), snips(reward, np.ones(10))):
        assert estimate.value == pytest.approx(4.5)
        assert estimate.error == pytest.approx(stats.sem(reward))


def test_bootstrap_agrees_with_the_normal_interval_where_rewards_are_many():
    rng = np.random.default_rng(0)
    reward, weight = rng.random(4000), rng.uniform(0.5, 2, 4000)
    assert bootstrap(ips, reward, weight) == pytest.approx(ips(reward, weight).interval(), abs=0.003)
    assert bootstrap(ips, reward, weight, seed=5) == bootstrap(ips, reward, weight, seed=5)


def test_logs_follow_policy_and_rates(shop):
    _, behaviour, rate = shop
    context, action, reward = draw_logs(behaviour, rate, n_logs=1, n_rows=200_000)
    for x in range(3):
        shares = np.bincount(action[context == x], minlength=6) / (context == x).sum()
        assert shares == pytest.approx(behaviour[x], abs=0.01)
        for a in range(6):
            assert reward[(context == x) & (action == a)].mean() == pytest.approx(rate[x, a], abs=0.05)
    certain = np.array([[0.0, 1.0, 0.0]])
    assert (draw_logs(certain, certain, 1, 1000)[1] == 1).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: importance_weights([0.5], [0.0]), "propensity holds a zero"),
        (lambda: importance_weights([1.5], [0.5]), "target runs from 1.5 to 1.5"),
        (lambda: importance_weights([0.5], [0.5], clip=0), "clip is 0"),
        (lambda: ips([1, 0], [1, -1]), "never negative"),
        (lambda: ips([1, 0], [1, 1, 1]), "lengths"),
        (lambda: ips([1], [1]), "at least two rows"),
        (lambda: ips([np.nan, 1], [1, 1]), "NaN or infinity in reward"),
        (lambda: snips([1, 0], [0, 0]), "all weights are 0"),
        (lambda: Estimate(np.float64(0), np.float64(1)).interval(95), "0.95 for 95 %"),
        (lambda: bootstrap(ips, [1, 0], [1, 1], n_samples=0), "n_samples"),
        (lambda: clipped_moments([[0.5, 0.5]], [[1.0]], [[0.1]]), "pass three alike"),
        (lambda: draw_logs([[0.5, 0.6]], [[0.1, 0.1]], 1, 1), "rows of sum 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
