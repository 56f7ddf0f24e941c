"""Departments as domains: what is hidden, who is asked, and whose history is lent."""

import numpy as np
import pandas as pd
import pytest

from shoprec.data.journey import complete_journey
from shoprec.experiments.departments import DEPARTMENTS, LEAST, domains_at, strangers
from shoprec.tasks import TEST_CUT, tasks_at


@pytest.fixture(scope="module")
def journey():
    return complete_journey()


@pytest.fixture(scope="module")
def december(journey):
    return domains_at(journey.purchases, journey.products, TEST_CUT)[1]


def small():
    """Two households: Ann (1) buys tea and jam, Bo (2) tea alone; cut in March."""
    rows = [
        (1, "tea", "2017-01-05 10:00", 7), (1, "jam", "2017-01-05 10:01", 7), (1, "tea", "2017-02-03 09:00", 8),
        (2, "tea", "2017-01-06 10:00", 7), (2, "tea", "2017-02-07 10:00", 7),
        (1, "jam", "2017-03-04 10:00", 7), (1, "rye", "2017-03-04 10:00", 7), (1, "rye", "2017-03-09 10:00", 7),
        (2, "tea", "2017-03-02 10:00", 7), (1, "rye", "2017-01-07 10:00", 8), (1, "jam", "2017-03-09 10:00", 7),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp", "store"])
    table["timestamp"] = pd.to_datetime(table["timestamp"])
    products = pd.DataFrame({"department": ["DRINKS", "SPREADS", "BREAD"]}, index=["tea", "jam", "rye"])
    return domains_at(table, products, "2017-03-01", ("DRINKS", "SPREADS", "BREAD"), min_users=1)[1]


def test_targets_are_of_the_first_basket_with_something_of_the_department():
    month = small()
    assert month.items.tolist() == ["jam", "rye", "tea"]
    assert month.targets("BREAD").toarray().tolist() == [[True], [False]]
    assert month.targets("DRINKS").toarray().tolist() == [[False], [True]]
    np.testing.assert_array_equal(month.counts.toarray(), [[1, 1, 2], [0, 0, 2]])
    np.testing.assert_array_equal(month.n_baskets("DRINKS"), [2, 2])
    np.testing.assert_array_equal(month.n_baskets("SPREADS", "BREAD"), [2, 0])
    np.testing.assert_array_equal(month.readers(("DRINKS",), "SPREADS", least=2), [0])
    assert month.readers(("DRINKS",), "SPREADS", least=3).size == 0


def test_latest_baskets_are_those_of_the_department():
    month = small()
    day = month.cut_day
    ages = [
        day - month.history.day[month.history.item == 2].min(),
        day - pd.Timestamp("2017-02-03 09:00").timestamp() / 86400,
    ]
    both = 0.5 ** (np.array(ages) / 90)
    # Two decayed baskets make more than 1, so that frequency is relative to them; one makes less.
    assert month.latest("DRINKS").toarray()[0, 0] == pytest.approx(both.sum() / max(both.sum(), 1), rel=1e-5)
    assert month.latest("DRINKS", 1).toarray()[0, 0] == pytest.approx(both[1], rel=1e-5)
    assert month.latest("DRINKS", 0).nnz == 0
    assert month.latest("DRINKS", 9).toarray()[0, 0] == pytest.approx(month.latest("DRINKS").toarray()[0, 0])


def test_without_stores_there_is_one():
    table = pd.DataFrame(
        {"user": [1, 1, 2], "item": "tea", "timestamp": pd.to_datetime(["2017-01-05", "2017-03-04", "2017-01-09"])}
    )
    products = pd.DataFrame({"department": ["DRINKS"]}, index=["tea"])
    month = domains_at(table, products, "2017-03-01", ("DRINKS",), min_users=1)[1]
    assert len(set(month.store)) == 1


def test_the_catalogue_and_the_history_are_those_of_the_book(journey, december):
    task = tasks_at(journey.purchases, TEST_CUT)[1]
    in_department = journey.products.loc[task.items, "department"].isin(DEPARTMENTS).to_numpy()
    assert december.items.tolist() == task.items[in_department].tolist()
    # The book's baskets are the same; its months end where the book's do.
    counts = pd.Series(np.asarray(december.counts.sum(axis=0)).ravel(), december.items)
    theirs = pd.Series(np.asarray(task.history.matrix().sum(axis=0)).ravel(), task.items)
    np.testing.assert_array_equal(counts, theirs[december.items])
    for target in ("DELI", "GROCERY"):
        source = tuple(name for name in DEPARTMENTS if name != target)
        readers = december.readers(source, target)
        assert (december.n_baskets(*source)[readers] >= LEAST).all()
        assert (december.targets(target)[readers].sum(axis=1) > 0).all()


def test_a_stranger_is_of_the_same_store_and_near_in_activity(december):
    readers = december.readers(("GROCERY",), "PRODUCE")
    activity = december.n_baskets("GROCERY").astype(float)
    for step in (1, -1):
        lent = strangers(readers, december.store, activity, step)
        assert (lent != readers).all()
        assert sorted(lent) == sorted(readers)
        n_here = np.bincount(december.store[readers])[december.store[readers]]
        large = n_here > 2
        assert (december.store[lent[large]] == december.store[readers[large]]).all()
        far = np.abs(activity[lent] - activity[readers])
        mixed = np.abs(activity[np.random.default_rng(0).permutation(readers)] - activity[readers])
        assert np.median(far) < np.median(mixed) / 4


def test_in_a_circle_everybody_is_lent_once():
    store = np.array([0, 0, 0, 0, 1, 2])
    lent = strangers(np.arange(6), store, np.array([4.0, 1, 3, 2, 9, 8]), 1)
    assert lent[[1, 3, 2, 0]].tolist() == [3, 2, 0, 1]
    assert lent[[4, 5]].tolist() == [5, 4]  # alone in their stores, they share a circle
