"""How old a list may be: what each age knows, against counting by hand; halves of baskets; what goes with them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from synthetic import make_purchases

from shoprec.applications.freshness import companions, halves, month_of
from shoprec.data.report import DataError

BEGIN = "2021-10-01"


@pytest.fixture(scope="module")
def purchases():
    return make_purchases()


@pytest.fixture(scope="module")
def month(purchases):
    return month_of(purchases, BEGIN, pd.Index(np.sort(purchases["item"].unique())))


def moments(purchases):
    """Each line's basket's time: that of its first line."""
    return purchases.groupby("basket")["timestamp"].transform("min")


def test_each_household_has_one_basket_of_the_month(purchases, month):
    when = pd.Timestamp("1970-01-01") + pd.to_timedelta(month.day, unit="D")
    assert (when >= pd.Timestamp(BEGIN) - pd.Timedelta(seconds=1)).all()
    assert (when < pd.Timestamp("2021-11-01")).all()
    assert len(set(month.ids)) == len(month.ids) == len(month.basket)
    known = purchases[moments(purchases) < BEGIN]["user"].unique()
    asked = purchases[moments(purchases).between(BEGIN, "2021-10-31 23:59:59")]["user"].unique()
    assert set(month.ids) == set(known) & set(asked)


@pytest.mark.parametrize("period", [31.0, 7.0, 1.0, 0.0])
def test_a_list_knows_what_was_bought_before_it_was_computed(purchases, month, period):
    items = np.sort(purchases["item"].unique())
    lines = purchases.assign(timestamp=moments(purchases)).drop_duplicates(["user", "item", "basket"])
    frequencies, targets, missed = month.frequencies(period, 60.0), month.targets, month.missed(period)
    begin = pd.Timestamp(BEGIN)
    for row in range(0, len(month.ids), 5):
        own = lines[lines["user"] == month.ids[row]]
        now = begin + pd.Timedelta(days=month.day[row] - month.begin)
        basket = own[(own["timestamp"] - now).abs() < pd.Timedelta(seconds=1)]
        now = basket["timestamp"].iloc[0]
        days = (now - begin) / pd.Timedelta(days=1)
        until = now if period == 0 else begin + pd.Timedelta(days=np.floor(days / period) * period)
        seen = own[own["timestamp"] < until]
        expected = np.zeros(len(items))
        age = (now - seen["timestamp"]) / pd.Timedelta(days=1)
        np.add.at(expected, np.searchsorted(items, seen["item"]), 0.5 ** (age.to_numpy() / 60))
        np.testing.assert_allclose(frequencies[[row]].toarray()[0], expected, rtol=1e-4, atol=1e-6)
        assert set(items[targets[[row]].indices]) == set(basket["item"])
        between = own[(own["timestamp"] >= until) & (own["timestamp"] < now)]
        assert missed[row] == between["basket"].nunique()


def test_the_basket_before_is_the_households_own(purchases, month):
    items = np.sort(purchases["item"].unique())
    lines = purchases.assign(timestamp=moments(purchases))
    before = month.before()
    for row in range(0, len(month.ids), 7):
        own = lines[lines["user"] == month.ids[row]]
        now = pd.Timestamp(BEGIN) + pd.Timedelta(days=month.day[row] - month.begin) - pd.Timedelta(seconds=1)
        last = own[own["timestamp"] < now].sort_values("timestamp")["basket"].iloc[-1]
        assert set(items[before[[row]].indices]) == set(own[own["basket"] == last]["item"])


def test_buyers_and_baskets_are_those_before_the_month(purchases, month):
    items = np.sort(purchases["item"].unique())
    known = purchases[moments(purchases) < BEGIN]
    buyers = known.groupby("item")["user"].nunique().reindex(items, fill_value=0)
    np.testing.assert_array_equal(month.buyers, buyers)
    baskets = known.drop_duplicates(["basket", "item"]).groupby("item").size().reindex(items, fill_value=0)
    np.testing.assert_array_equal(np.asarray(month.together().sum(axis=0)).ravel(), baskets)


def test_halves_are_the_whole_and_nothing_twice():
    table = sparse.csr_array(np.random.default_rng(0).random((30, 12)) < 0.4)
    scanned, rest = halves(table, seed=1)
    np.testing.assert_array_equal((scanned + rest).toarray(), table.toarray().astype(int))
    n = table.sum(axis=1)
    np.testing.assert_array_equal(scanned.sum(axis=1), n // 2)
    again = [halves(table, seed=seed)[0].toarray() for seed in (1, 2)]
    np.testing.assert_array_equal(again[0], scanned.toarray())
    assert (again[1] != again[0]).any()


def test_companions_are_by_the_formula():
    rng = np.random.default_rng(0)
    together = sparse.csr_array((rng.random((40, 9)) < 0.3).astype(np.float32))
    scanned = sparse.csr_array((rng.random((5, 9)) < 0.3).astype(np.float32))
    c = (together.T @ together).toarray()
    n = np.maximum(together.sum(axis=0), 1)
    expected = scanned.toarray() @ (c / np.sqrt(np.outer(n, n)))
    np.testing.assert_allclose(companions(scanned, together).toarray(), expected, rtol=1e-5)


def test_a_month_without_anybody_is_refused(purchases):
    with pytest.raises(DataError):
        month_of(purchases[purchases["timestamp"] < "2021-02-01"], "2021-01-01", pd.Index([1000, 1007]))
