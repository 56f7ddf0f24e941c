"""Behaviour features against a loop over purchases, and the promise that they read no future."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_task

from shoprec.models.behaviour import (
    DEFAULT_CYCLE,
    FEATURES,
    HALF_LIVES,
    PRODUCT_FEATURES,
    product_features,
    purchase_features,
    ragged,
)
from shoprec.tasks import History


@pytest.fixture(scope="module")
def history():
    return make_task().history


def slow_features(history, user, day):
    """{item: features} from lists of ages, one purchase at a time."""
    ages, baskets = {}, {}
    for u, item, basket, time in zip(history.user, history.item, history.basket, history.day, strict=True):
        if u == user and time < day:
            ages.setdefault(item, []).append(day - time)
            baskets[basket] = day - time
    result = {}
    for item, a in ages.items():
        c = [sum(2 ** (-age / h) for age in a) for h in HALF_LIVES]
        b = [sum(2 ** (-age / h) for age in baskets.values()) for h in HALF_LIVES]
        recency = min(a)
        cycle = (max(a) - min(a)) / (len(a) - 1) if len(a) > 1 else DEFAULT_CYCLE
        due = recency / max(cycle, 1)
        result[item] = [
            *(math.log(1 + x) for x in c),
            *(math.log(x / (y + 0.5) + 1e-3) + 7 for x, y in list(zip(c, b, strict=True))[2:]),
            math.log(1 + recency) / 3,
            math.log(1 + due),
            math.exp(-due),
            math.exp(-((due - 1) ** 2)),
            float(len(a) > 1),
        ]
    return result


def ask(history, users, days):
    users, days = np.asarray(users), np.asarray(days, dtype=float)
    return purchase_features(history, users, days, history.known(users, days))


def test_features_equal_the_slow_ones(history):
    rng = np.random.default_rng(0)
    users = rng.integers(history.n_users, size=25)
    # Among others before the first purchase, at one, and long after the last.
    days = np.concatenate([[0, 1e5], rng.choice(history.day, 8), rng.uniform(*np.quantile(history.day, [0, 1]), 15)])
    result = ask(history, users, days)
    assert result.features.shape[1] == len(FEATURES)
    expected = [(q, i, f) for q in range(25) for i, f in sorted(slow_features(history, users[q], days[q]).items())]
    assert result.query.tolist() == [q for q, _, _ in expected]
    assert result.item.tolist() == [i for _, i, _ in expected]
    np.testing.assert_allclose(result.features, [f for _, _, f in expected], rtol=2e-5, atol=2e-5)


def former_features(history, users, days, stop):
    """The same, by sorting every purchase of every query: the form that was in use before."""
    query, event = ragged(history.start[users], stop)
    age = days[query] - history.day[event]
    pair, inverse = np.unique(query * history.n_items + history.item[event], return_inverse=True)
    query_of, item_of = np.divmod(pair, history.n_items)

    def sum_by(group, values, n_groups):
        return np.stack([np.bincount(group, column, minlength=n_groups) for column in values.T], axis=1)

    decay = 0.5 ** (age[:, None] / HALF_LIVES)
    counts = sum_by(inverse, decay, len(pair))
    opens = history.opens_basket[event]
    baskets = sum_by(query[opens], decay[opens], len(users))
    share = np.log(counts / (baskets[query_of] + 0.5) + 1e-3)[:, 2:] + 7
    last, first = np.full(len(pair), np.inf), np.zeros(len(pair))
    np.minimum.at(last, inverse, age)
    np.maximum.at(first, inverse, age)
    n = np.round(counts[:, -1])
    cycle = np.where(n > 1, (first - last) / np.maximum(n - 1, 1), DEFAULT_CYCLE)
    due = last / np.maximum(cycle, 1)
    rhythm = [np.log1p(last) / 3, np.log1p(due), np.exp(-due), np.exp(-((due - 1) ** 2)), n > 1]
    return query_of, item_of, np.concatenate([np.log1p(counts), share, np.stack(rhythm, axis=1)], axis=1)


@given(st.integers(0, 2**32 - 1))
def test_features_equal_the_former_ones(seed):
    history, rng = make_task().history, np.random.default_rng(seed)
    users = rng.integers(history.n_users, size=30)  # some of them several times, in any order
    days = rng.uniform(history.day.min() - 5, history.day.max() + 50, 30)
    stop = history.known(users, days)
    query, item, features = former_features(history, users, days, stop)
    result = purchase_features(history, users, days, stop)
    assert result.features.dtype == np.float32
    np.testing.assert_array_equal(result.query, query)
    np.testing.assert_array_equal(result.item, item)
    # Sums of the same numbers, of which one in a hundred differs in its 16th digit.
    np.testing.assert_allclose(result.features, features.astype(np.float32), rtol=2e-7, atol=1e-7)


@st.composite
def small_histories(draw):
    """One or two households, a handful of baskets each, at whole days so that moments coincide."""
    user, item, basket, day = [], [], [], []
    for u in range(draw(st.integers(1, 2))):
        for d in sorted(draw(st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True))):
            for i in sorted(draw(st.sets(st.integers(0, 3), min_size=1, max_size=3))):
                user.append(u), item.append(i), day.append(float(d))
                basket.append(basket[-1] if basket and (user[-2], day[-2]) == (u, d) else len(set(basket)))
    return History(*map(np.array, (user, item, basket, day)), n_users=2, n_items=4)


@given(small_histories(), st.integers(0, 70), st.integers(0, 30))
def test_purchases_after_the_query_change_nothing(history, day, shift):
    users, days = np.array([0, 1]), np.array([day, day + shift])
    past = history.day < days[history.user]
    before = History(
        *(x[past] for x in (history.user, history.item, history.basket, history.day)), history.n_users, history.n_items
    )
    # Baskets are renumbered without gaps, as a split would do it.
    before = replace(before, basket=np.unique(before.basket, return_inverse=True)[1])
    full, known = ask(history, users, days), ask(before, users, days)
    for a, b in zip(full, known, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_query_must_not_see_events_after_its_day(history):
    first = history.day[0]
    with pytest.raises(ValueError, match="after its day"):
        purchase_features(history, np.array([0]), np.array([first - 1]), history.start[[1]])


def test_queries_without_purchases_give_no_rows(history):
    assert len(ask(history, [0, 1], [0.0, 0.0]).item) == 0
    assert ask(history, [0], [0.0]).features.shape == (0, len(FEATURES))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=8))
def test_ragged_concatenates_ranges(ranges):
    start, length = np.array(ranges).T
    row, value = ragged(start, start + length)
    assert row.tolist() == [r for r, (s, n) in enumerate(ranges) for _ in range(n)]
    assert value.tolist() == [v for s, n in ranges for v in range(s, s + n)]


def test_product_features_are_the_formulas(history):
    features = product_features(history)
    assert features.shape == (history.n_items, len(PRODUCT_FEATURES))
    for i in range(history.n_items):
        m = np.sum(history.item == i)
        b = len(set(history.user[history.item == i]))
        popularity = math.log((m + 1) / (len(history.item) + history.n_items)) + 9
        np.testing.assert_allclose(features[i], [1, popularity, math.log((m - b + 1) / (b + 3))], rtol=1e-5, atol=1e-6)
