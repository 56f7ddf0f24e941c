"""Re-ranking against loops over pairs, over candidates, and over all lists that there are."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import rel_entr

from shoprec.applications.diversity import (
    ALPHA,
    calibrate,
    intra_list_diversity,
    miscalibration,
    mmr,
    shared_prefix,
    shares,
)

SEEDS, WEIGHTS = st.integers(0, 2**32 - 1), st.floats(0, 1)


def example(seed, n=8, n_groups=3):
    """Relevance, best first, similarities, groups, and a target with groups that have no share."""
    rng = np.random.default_rng(seed)
    target = rng.dirichlet(np.ones(n_groups)) * (rng.random(n_groups) < 0.8)
    target = target / target.sum() if target.any() else np.eye(n_groups)[0]
    s = rng.random((n, n))
    relevance = np.sort(rng.random(n).round(rng.integers(1, 9)))[::-1]  # ties, now and then
    return relevance, (s + s.T) / 2, rng.integers(n_groups, size=n), target


def value(chosen, relevance, groups, target, weight, k):
    """What calibration makes as large as it can, at full length."""
    mix = np.bincount(groups[list(chosen)], minlength=len(target)) / k
    return (1 - weight) * relevance[list(chosen)].sum() / k - weight * miscalibration(target, mix)


def surrogate(chosen, relevance, groups, target, weight, k):
    """The same for a list of any length, up to a constant."""
    n, some = np.bincount(groups[list(chosen)].astype(int), minlength=len(target)), target > 0
    fill = np.log(ALPHA * target[some] + (1 - ALPHA) * n[some] / k)
    return (1 - weight) * relevance[list(chosen)].sum() / k + weight * (target[some] * fill).sum()


# What is measured


@given(SEEDS)
def test_shared_prefixes_by_loops(seed):
    paths = np.random.default_rng(seed).integers(2, size=(6, 3))
    slow = [[next((m for m in range(3) if a[m] != b[m]), 3) / 3 for b in paths] for a in paths]
    np.testing.assert_allclose(shared_prefix(paths), slow)


@given(SEEDS)
def test_diversity_by_pairs(seed):
    s = example(seed)[1]
    slow = np.mean([1 - s[i, j] for i, j in combinations(range(len(s)), 2)])
    np.testing.assert_allclose(intra_list_diversity(s), slow)
    np.testing.assert_allclose(intra_list_diversity(np.stack([s, 0 * s])), [slow, 1])


@given(SEEDS)
def test_shares_by_counting(seed):
    rng = np.random.default_rng(seed)
    groups, weights = rng.integers(4, size=(3, 5)), rng.random((3, 5)) + 0.01
    slow = [[w[g == c].sum() / w.sum() for c in range(4)] for g, w in zip(groups, weights, strict=True)]
    np.testing.assert_allclose(shares(groups, 4, weights), slow)
    np.testing.assert_allclose(shares(groups, 4), shares(groups, 4, np.ones((3, 5))))


@given(SEEDS)
def test_miscalibration_is_a_divergence(seed):
    rng = np.random.default_rng(seed)
    p, q = example(seed)[3], rng.dirichlet(np.ones(3))
    smooth = ALPHA * p + (1 - ALPHA) * q
    np.testing.assert_allclose(miscalibration(p, q), rel_entr(p, smooth).sum(), atol=1e-12)
    assert miscalibration(p, p) == pytest.approx(0, abs=1e-12)
    assert 0 <= miscalibration(p, q) <= np.log(1 / ALPHA) + 1e-9
    np.testing.assert_allclose(miscalibration([1, 0], [0, 1]), np.log(1 / ALPHA))


# Maximal marginal relevance


@given(SEEDS, WEIGHTS)
def test_each_step_takes_the_best_that_is_left(seed, weight):
    x, s, *_ = example(seed)
    chosen = mmr(x, s, weight, k=5).tolist()
    for r, pick in enumerate(chosen):
        before = chosen[:r]
        gain = {
            i: (1 - weight) * x[i] - weight * max((s[i, j] for j in before), default=0)
            for i in range(len(x))
            if i not in before
        }
        assert gain[pick] == max(gain.values())
        assert pick == min(i for i in gain if gain[i] == gain[pick])


@given(SEEDS)
def test_weight_0_is_the_ranking(seed):
    x, s, groups, target = example(seed)
    assert mmr(x, s, weight=0, k=5).tolist() == list(range(5))
    assert calibrate(x, groups, target, weight=0, k=5).tolist() == list(range(5))


@given(SEEDS, WEIGHTS)
def test_rows_are_computed_like_single_lists(seed, weight):
    rows = [example(seed + i) for i in range(3)]
    x, s, groups, target = map(np.stack, zip(*rows, strict=True))
    np.testing.assert_array_equal(mmr(x, s, weight, 4), [mmr(r[0], r[1], weight, 4) for r in rows])
    single = [calibrate(r[0], r[2], r[3], weight, 4) for r in rows]
    np.testing.assert_array_equal(calibrate(x, groups, target, weight, 4), single)


# Calibration


@settings(max_examples=60)
@given(SEEDS, WEIGHTS, st.integers(1, 5))
def test_no_list_is_better_than_the_greedy_one(seed, weight, k):
    x, _, groups, target = example(seed)
    best = max(value(c, x, groups, target, weight, k) for c in combinations(range(len(x)), k))
    greedy = value(calibrate(x, groups, target, weight, k), x, groups, target, weight, k)
    assert greedy == pytest.approx(best, abs=1e-9)


@given(SEEDS, WEIGHTS)
def test_the_two_ways_to_write_the_value_differ_by_a_constant(seed, weight):
    x, _, groups, target = example(seed)
    some = target[target > 0]
    constant = weight * (some * np.log(some)).sum()
    for chosen in combinations(range(len(x)), 3):
        arguments = chosen, x, groups, target, weight, 3
        assert value(*arguments) == pytest.approx(surrogate(*arguments) - constant, abs=1e-9)


@given(SEEDS, WEIGHTS, st.data())
def test_one_more_product_gains_ever_less_and_never_loses(seed, weight, data):
    """The value is a monotone submodular function of the list."""
    x, _, groups, target = example(seed)
    large = data.draw(st.sets(st.integers(0, 7), max_size=6))
    small = data.draw(st.sets(st.sampled_from(sorted(large)))) if large else set()
    one = data.draw(st.sampled_from(sorted(set(range(8)) - large)))

    def gain(chosen):
        with_it, without = ([*chosen, one], [*chosen]) if chosen else ([one], np.array([], int))
        return surrogate(with_it, x, groups, target, weight, 8) - surrogate(without, x, groups, target, weight, 8)

    assert gain(small) >= gain(large) - 1e-9
    assert gain(large) >= -1e-9


@given(SEEDS)
def test_weight_1_comes_as_close_as_the_candidates_allow(seed):
    x, _, groups, target = example(seed)
    mixes = [np.bincount(groups[list(c)], minlength=3) / 4 for c in combinations(range(8), 4)]
    chosen = groups[calibrate(x, groups, target, weight=1, k=4)]
    closest = min(miscalibration(target, mix) for mix in mixes)
    assert miscalibration(target, np.bincount(chosen, minlength=3) / 4) == pytest.approx(closest, abs=1e-9)


X, S, G, P = np.array([0.9, 0.5]), np.eye(2), np.array([0, 1]), np.array([0.5, 0.5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mmr(X, S, 0.5, k=3), "at least k candidates"),
        (lambda: mmr(X, S, 0.5, k=0), "k is 0"),
        (lambda: mmr(X, S, 1.5, k=1), "weight is 1.5"),
        (lambda: mmr(X, np.eye(3), 0.5, k=1), "compare all candidates"),
        (lambda: mmr(X, 2 * S, 0.5, k=1), "its range is 0 to 1"),
        (lambda: mmr([np.nan, 1], S, 0.5, k=1), "relevance"),
        (lambda: calibrate(X, G, [0.5, 0.4], 0.5, k=1), "add up to 1"),
        (lambda: calibrate(X, [0, 2], P, 0.5, k=1), "codes from 0 to 1"),
        (lambda: calibrate(X, [0], P, 0.5, k=1), "a group for each candidate"),
        (lambda: calibrate(X, G, P, 0.5, k=1, alpha=0), "alpha is 0"),
        (lambda: miscalibration(P, [1, 0, 0]), "target has 2 groups, mix 3"),
        (lambda: shares([0, 1], 2, [0, 0]), "not be 0 for all"),
        (lambda: shares([0, 1], 2, [1]), "a number"),
        (lambda: intra_list_diversity([[1]]), "has no pair"),
        (lambda: intra_list_diversity([[1, 0]]), "shape"),
        (lambda: shared_prefix([1, 2]), "codes of each level"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
