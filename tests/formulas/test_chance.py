"""What random lists earn, against all orders and against drawn ones."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoprec.formulas.metrics import above_chance, ndcg_at_k, random_ndcg


@given(st.integers(1, 6), st.data())
def test_the_mean_over_all_orders(n, data):
    m, k = data.draw(st.integers(1, n)), data.draw(st.integers(1, n))
    orders = np.array(list(permutations(range(n))))
    relevant = np.tile(np.arange(n) < m, (len(orders), 1))
    assert random_ndcg(m, n, k) == pytest.approx(ndcg_at_k(orders, relevant, k).mean())


def test_drawn_orders_come_close():
    rng, n, m = np.random.default_rng(0), 200, np.array([1, 7, 30, 200])
    for few in m:
        orders = rng.permuted(np.tile(np.arange(n), (4000, 1)), axis=1)
        drawn = ndcg_at_k(orders, np.tile(np.arange(n) < few, (4000, 1)))
        assert abs(drawn.mean() - random_ndcg(few, n)) < 4 * drawn.std() / np.sqrt(4000) + 1e-12
    assert random_ndcg(m, n).shape == m.shape


def test_it_grows_with_the_targets_and_shrinks_with_the_list():
    assert (np.diff(random_ndcg(np.arange(1, 51), 50)) > 0).all()
    assert (np.diff([random_ndcg(3, n) for n in range(10, 60)]) < 0).all()
    assert random_ndcg(50, 50) == pytest.approx(1)


@given(st.floats(0, 0.99), st.floats(0, 1))
def test_chance_is_0_and_the_best_is_1(chance, value):
    assert above_chance(chance, chance) == 0
    assert above_chance(1, chance) == pytest.approx(1)
    assert above_chance(value, chance) * (1 - chance) + chance == pytest.approx(value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_ndcg(0, 5, 3), "n_relevant must be from 1"),
        (lambda: random_ndcg(6, 5, 3), "n_relevant must be from 1"),
        (lambda: random_ndcg(1.5, 5, 3), "whole numbers"),
        (lambda: random_ndcg(1, 5), "k is 10, but 5 items"),
        (lambda: random_ndcg(np.nan, 50), "n_relevant"),
        (lambda: above_chance(0.5, 1.0), "chance must be below best"),
        (lambda: above_chance(np.inf, 0.5), "value"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
