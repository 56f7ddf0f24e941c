"""Accounts of one household on several platforms: parted, paired, joined and counted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from synthetic import CUT, make_purchases

from shoprec.applications.platforms import (
    basket_rank,
    joined,
    neighbours_of,
    paired_in_time,
    rank_frequencies,
    shared_counts,
    split_accounts,
    two_accounts,
)
from shoprec.data.report import DataError
from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency, decay
from shoprec.models.neighbors import UserKNN, weigh
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def purchases():
    """A shop with three stores; a basket is bought in one of them, mostly in the household's first."""
    table = make_purchases(n_users=80)
    rng = np.random.default_rng(1)
    store = pd.Series(rng.choice(["a", "b", "c"], p=[0.6, 0.35, 0.05], size=table["basket"].max() + 1))
    return table.assign(store=store[table["basket"]].to_numpy())


@pytest.fixture(scope="module")
def world(purchases):
    split, accounts = split_accounts(purchases)
    items = np.sort(purchases["item"].unique())
    return next_basket_split(split, CUT, items=items), accounts, next_basket_split(purchases, CUT, items=items)


def sparse_counts(draw_rows):
    return sparse.csr_array(np.array(draw_rows, dtype=np.float32))


counts = st.lists(st.lists(st.integers(0, 4), min_size=7, max_size=7), min_size=1, max_size=6).map(sparse_counts)


def test_accounts_part_the_purchases(purchases):
    split, accounts = split_accounts(purchases)
    back = accounts.loc[split["user"]]
    assert (back["household"].to_numpy() == purchases["user"].to_numpy()).all()
    assert (back["platform"].to_numpy() == purchases["store"].to_numpy()).all()
    assert len(accounts) == len(purchases[["user", "store"]].drop_duplicates())
    assert list(accounts.index) == list(range(len(accounts)))
    assert "store" in purchases
    pd.testing.assert_frame_equal(split.drop(columns="user"), purchases.drop(columns="user"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="store"), r"lack the columns \['store'\]"),
        (lambda t: t.assign(store=t["store"].where(t.index > 3)), r"missing in 4 purchases.*dropna"),
    ],
)
def test_what_cannot_be_parted_is_named(purchases, change, message):
    with pytest.raises(DataError, match=message):
        split_accounts(change(purchases))


def test_pairs_are_the_two_largest_accounts(world, purchases):
    task, accounts, _ = world
    pairs = two_accounts(task, accounts, least=3)
    before = purchases[purchases["timestamp"] < CUT].drop_duplicates("basket")
    visits = before.groupby(["user", "store"]).size()
    for row in pairs.itertuples():
        own, other = (accounts.loc[task.users[code]] for code in (row.own, row.other))
        assert own["household"] == other["household"] == row.household
        largest = visits[row.household].sort_values(ascending=False, kind="stable")[:2]
        assert {own["platform"], other["platform"]} == set(largest.index)
        assert (visits[row.household, own["platform"]], visits[row.household, other["platform"]]) == (
            row.n_own,
            row.n_other,
        )
        assert min(row.n_own, row.n_other) >= 3
        assert row.second == (own["platform"] == largest.index[1])
        assert task.targets[[row.own]].nnz
    assert pairs["second"].is_monotonic_increasing
    assert not pairs[["household", "second"]].duplicated().any()


def test_no_pair_is_an_error(world):
    task, accounts, _ = world
    with pytest.raises(DataError, match="two accounts with 99 baskets"):
        two_accounts(task, accounts, least=99)


def test_baskets_are_numbered_from_the_latest(world):
    history = world[0].history
    rank = basket_rank(history)
    for user in np.unique(history.user)[:20]:
        own = history.user == user
        baskets = np.unique(history.basket[own])
        assert dict(zip(history.basket[own], rank[own], strict=True)) == dict(
            zip(baskets, range(len(baskets))[::-1], strict=True)
        )


def test_random_baskets_are_nested_whole_and_differ_by_seed(world):
    history = world[0].history
    rank = basket_rank(history, seed=3)
    assert pd.Series(rank).groupby(history.basket).nunique().max() == 1
    per_account = pd.DataFrame({"user": history.user, "rank": rank}).drop_duplicates().groupby("user")["rank"]
    assert (per_account.agg(sorted).map(lambda ranks: ranks == list(range(len(ranks))))).all()
    np.testing.assert_array_equal(rank, basket_rank(history, seed=3))
    assert (rank != basket_rank(history, seed=4)).any()


@given(counts, st.floats(0, 3, width=32))
def test_joining_is_a_weighted_sum(own, weight):
    other = sparse.csr_array(own[::-1])
    expected = own.toarray() + np.float32(weight) * other.toarray()
    np.testing.assert_allclose(joined(own, other, weight).toarray(), expected, rtol=1e-6)


def test_joined_as_one_is_the_households_own_frequency(world):
    """Counting the household's purchases under its own name gives what its accounts add up to."""
    task, accounts, whole = world
    of_household = PersonalFrequency(half_life=40).fit(whole).frequency_
    frequency = task.history.matrix(decay(task, 40))
    household = whole.users.get_indexer(accounts.loc[task.users, "household"])
    for u in range(len(whole.users)):
        rows = np.flatnonzero(household == u)
        total = sparse.csr_array((1, len(task.items)), dtype=np.float32)
        for row in rows:
            total = joined(total, frequency[[row]], 1)
        np.testing.assert_allclose(total.toarray(), of_household[[u]].toarray(), rtol=1e-5)


@pytest.mark.parametrize("weight", [-0.1, np.inf, np.nan])
def test_a_weight_out_of_range_is_named(weight):
    one = sparse.csr_array(np.eye(2))
    with pytest.raises(ValueError, match="weight is"):
        joined(one, one, weight)


def test_shapes_that_differ_are_named():
    with pytest.raises(ValueError, match=r"own has shape \(2, 2\)"):
        joined(sparse.csr_array(np.eye(2)), sparse.csr_array(np.eye(3)), 1)


@given(counts, st.lists(st.integers(1, 9), min_size=7, max_size=7), st.integers(1, 7))
def test_lists_are_those_of_a_stable_sort(frequency, buyers, k):
    buyers = np.array(buyers, float)
    rows = [
        sorted(range(7), key=lambda i: (-row[i], -buyers[i], i))[:k] for row in frequency.toarray()
    ]  # popularity decides ties, also among what was never bought
    np.testing.assert_array_equal(rank_frequencies(frequency, buyers, k), rows)


def test_lists_are_those_of_personal_frequency(world):
    whole = world[2]
    model = PersonalFrequency(half_life=np.inf).fit(whole)
    expected = rank_items(model.score(whole.households), 10)
    found = rank_frequencies(model.frequency_[whole.households], model.popularity_.n_buyers_, 10)
    np.testing.assert_array_equal(found, expected)


def test_lists_longer_than_the_catalogue_are_named():
    with pytest.raises(ValueError, match="k is 3, but there are 2 products"):
        rank_frequencies(sparse.csr_array(np.eye(2)), np.ones(2), k=3)


def test_a_guest_with_its_own_history_has_the_neighbours_of_user_knn(world):
    whole = world[2]
    model = UserKNN(k=7).fit(whole)
    vectors = weigh(whole.history.matrix(), "log")
    rows = np.arange(0, vectors.shape[0], 3)
    found = neighbours_of(vectors[rows], vectors, but=rows, k=7, block=5)
    np.testing.assert_array_equal(found.toarray(), model.neighbours_[rows].toarray())


@given(counts, st.integers(1, 4))
def test_shared_counts_against_a_loop(bought, least):
    expected = np.zeros((7, 7))
    for row in bought.toarray() > 0:
        expected += np.outer(row, row)
    expected[expected < least] = 0
    found = shared_counts(bought, least, block=3)
    np.testing.assert_array_equal(found.toarray(), expected)
    assert (found.data >= least).all()


def test_paired_baskets_are_as_many_and_as_old(world):
    task, accounts, _ = world
    pairs = two_accounts(task, accounts, least=3)
    pairs = pairs[pairs["second"]]
    history = task.history
    kept = paired_in_time(history, pairs["own"].to_numpy(), pairs["other"].to_numpy(), within=5)
    assert kept.any()
    assert pd.Series(kept).groupby(history.basket).nunique().max() == 1
    for row in pairs.itertuples():
        own, other = (
            np.sort(np.unique(history.day[kept & (history.user == account)])) for account in (row.own, row.other)
        )
        assert len(own) == len(other)
        # In order of time is a pairing with the least largest gap, so it is no worse than the one that was found.
        assert (np.abs(own - other) <= 5 + 1e-9).all()
    others = ~np.isin(history.user, pairs[["own", "other"]].to_numpy())
    assert not kept[others].any()


def test_nothing_is_paired_if_nothing_is_near(world):
    task, accounts, _ = world
    pairs = two_accounts(task, accounts, least=3)[:1]
    far = replace(task.history, day=task.history.day + 1e4 * (task.history.user == pairs["own"].iloc[0]))
    assert not paired_in_time(far, pairs["own"].to_numpy(), pairs["other"].to_numpy()).any()
