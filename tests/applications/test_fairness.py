"""Fairness: formulas against worked examples and other code, and what must hold whatever the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats

from shoprec.applications import fairness
from shoprec.data.journey import complete_journey
from shoprec.formulas.metrics import ndcg_at_k
from shoprec.tasks import next_basket_split

SEEDS = st.integers(0, 2**32 - 1)


def test_every_household_with_demographics_is_in_a_group_of_each_kind():
    households = complete_journey().households
    groups = fairness.groups_of(households)
    assert groups.index.equals(households.index)
    assert not groups.isna().any().any()
    for column, named in fairness.BANDS.items():
        assert set(groups[column]) == set(named)
        bands = [band for each in named.values() for band in each]
        assert bands == [*households[column].cat.categories]  # all of them, once, and in order


def test_a_band_without_a_group_is_named():
    table = pd.DataFrame({"age": ["12-18"], "income": ["250K+"], "household_size": ["1"]})
    with pytest.raises(ValueError, match="12-18"):
        fairness.groups_of(table)


@given(SEEDS, st.integers(2, 30), st.integers(2, 30))
def test_difference_is_welchs(seed, n, m):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0.3, 0.1, n), rng.normal(0.2, 0.3, m)
    values = pd.Series(np.concatenate([a, [np.nan], b]))
    groups = pd.Series(["a"] * (n + 1) + ["b"] * m)
    found = fairness.difference(values, groups, "a", "b")
    error = a.var(ddof=1) / n, b.var(ddof=1) / m
    freedom = sum(error) ** 2 / (error[0] ** 2 / (n - 1) + error[1] ** 2 / (m - 1))
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(error))
    gap = a.mean() - b.mean()
    assert np.allclose(found[:3], [gap, gap - half, gap + half])
    assert np.isclose(found.p, 2 * stats.t.sf(abs(gap) / np.sqrt(sum(error)), freedom))
    assert (found.first, found.second) == (n, m)


def test_difference_covers_the_truth_as_often_as_it_says():
    rng, inside = np.random.default_rng(0), 0
    groups = pd.Series(["a"] * 20 + ["b"] * 60)
    for _ in range(600):
        values = pd.Series(np.concatenate([rng.exponential(1, 20) + 1, rng.normal(0, 1, 60)]))
        found = fairness.difference(values, groups, "a", "b")
        inside += found.low < 2 < found.high
    assert 0.91 < inside / 600 < 0.98


def test_groups_are_matched_by_index_and_others_left_out():
    values = pd.Series([1.0, 2.0, 9.0, 4.0, 6.0], index=[10, 11, 12, 13, 14])
    groups = pd.Series({14: "b", 13: "b", 11: "a", 10: "a"})
    assert fairness.difference(values, groups, "b", "a").mean == 3.5
    assert fairness.largest_gap(values, groups) == 3.5
    with pytest.raises(ValueError, match="two are needed"):
        fairness.difference(values, groups, "a", "c")


@given(SEEDS)
def test_the_largest_gap_is_that_of_some_pair_and_no_larger_one(seed):
    rng = np.random.default_rng(seed)
    values, groups = pd.Series(rng.random(40)), pd.Series(np.arange(40) % 4)
    pairs = [fairness.difference(values, groups, a, b).mean for a in range(4) for b in range(4) if a != b]
    assert np.isclose(fairness.largest_gap(values, groups), max(pairs))
    assert fairness.largest_gap(values * 0 + 0.5, groups) == 0


@given(SEEDS)
def test_exposure_adds_up_and_follows_places(seed):
    rng = np.random.default_rng(seed)
    ranked = np.array([rng.permutation(8)[:4] for _ in range(6)])
    classes = rng.integers(3, size=8)
    found = fairness.exposure(ranked, classes, 3)
    by_hand = np.zeros(3)
    for row in ranked:
        for rank, item in enumerate(row, start=1):
            by_hand[classes[item]] += 1 / np.log2(rank + 1)
    assert np.allclose(found, by_hand / by_hand.sum())
    assert np.isclose(found.sum(), 1)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20).filter(any))
def test_tiers_are_in_the_order_of_purchases_and_as_large_as_they_say(counts):
    tier = fairness.tiers(counts)
    order = np.argsort(-np.array(counts), kind="stable")
    assert np.all(np.diff(tier[order]) >= 0)
    assert tier[order[0]] == 0
    head = np.array(counts)[tier == 0]
    assert head.sum() >= 0.5 * sum(counts) > head.sum() - head.min()


def test_tiers_of_nothing():
    with pytest.raises(ValueError, match="nor all 0"):
        fairness.tiers([0, 0])


@given(SEEDS, st.integers(1, 5))
def test_thinned_baskets_are_parts_of_equal_size(seed, n):
    targets = sparse.csr_array(np.random.default_rng(seed).random((9, 12)) < 0.4)
    few = fairness.thinned(targets, n, seed)
    size = targets.sum(axis=1)
    assert np.array_equal(few.sum(axis=1), np.where(size >= n, n, 0))
    assert (few.toarray() <= targets.toarray()).all()


def test_each_product_of_a_basket_stays_equally_often():
    targets = sparse.csr_array(np.array([[1, 1, 0, 1, 1]], dtype=bool))
    kept = sum(fairness.thinned(targets, 2, seed).toarray().astype(int) for seed in range(2000))[0]
    assert kept[2] == 0
    assert np.abs(kept[[0, 1, 3, 4]] - 1000).max() < 120


def shop():
    """Two stores; in the second, jam sells, and elsewhere tea."""
    rows = [(u, "tea", 1, f"2017-01-{u:02}") for u in range(1, 7)]
    rows += [(u, "jam", 2, f"2017-01-{u:02}") for u in range(7, 10)] + [(9, "tea", 2, "2017-01-09")]
    rows += [(1, "jam", 2, "2017-02-03"), (1, "tea", 1, "2017-02-04"), (7, "tea", 3, "2017-02-02")]
    purchases = pd.DataFrame(rows, columns=["user", "item", "store", "timestamp"])
    purchases["timestamp"] = pd.to_datetime(purchases["timestamp"])
    purchases = purchases.sort_values("timestamp", ignore_index=True)
    return purchases, next_basket_split(purchases, "2017-02-01", min_users=1)


def test_a_stores_list_is_its_own_as_far_as_it_has_purchases():
    purchases, task = shop()
    model = fairness.StorePopularity(half_life=np.inf, strength=2).fit(purchases, task)
    assert list(task.items) == ["jam", "tea"]
    assert np.allclose(model.score(np.array([1])), [[(0 + 2 * 0.3) / 8, (6 + 2 * 0.7) / 8]])
    assert np.allclose(model.score(np.array([2])), [[(3 + 2 * 0.3) / 6, (1 + 2 * 0.7) / 6]])
    assert np.allclose(model.score(np.array([99])), [[0.3, 0.7]])  # an unknown store has the chain's
    assert np.array_equal(model.rank(np.array([2, 1, 2, 99]), k=1), [[0], [1], [0], [1]])
    chain = fairness.StorePopularity(half_life=np.inf, strength=1e9).fit(purchases, task)
    assert np.allclose(chain.score(np.array([1, 2])), [[0.3, 0.7]] * 2)


def test_older_purchases_count_less_in_a_store():
    purchases, task = shop()
    model = fairness.StorePopularity(half_life=1, strength=1e-12).fit(purchases, task)
    jam, tea = 0.5**25 + 0.5**24 + 0.5**23, 0.5**23
    assert np.allclose(model.score(np.array([2])), [[jam / (jam + tea), tea / (jam + tea)]], rtol=1e-3)


def test_nothing_after_the_cut_is_read():
    purchases, task = shop()
    before = purchases[purchases["timestamp"] < task.cut]
    models = (fairness.StorePopularity().fit(table, task) for table in (purchases, before))
    assert np.array_equal(*(model.score(np.array([1, 2, 3])) for model in models))


def test_the_store_is_that_of_the_next_basket():
    purchases, task = shop()
    assert list(task.users[task.households]) == [1, 7]
    assert list(fairness.stores_of(purchases, task, "2017-03-01")) == [2, 3]
    ranked = fairness.StorePopularity().fit(purchases, task).rank(np.array([2, 3]), k=2)
    assert ndcg_at_k(ranked, task.targets[task.households], k=2).shape == (2,)


@pytest.mark.parametrize(("half_life", "strength"), [(0, 1), (-1, 1), (1, 0), (np.nan, 1)])
def test_a_store_needs_numbers_above_zero(half_life, strength):
    with pytest.raises(ValueError, match="pass a number"):
        fairness.StorePopularity(half_life, strength)
