"""The frontier against its definition, pair by pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoprec.formulas.frontier import pareto_front

points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40)


def dominates(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[0] and a[1] >= b[1] and a != b


@given(points)
def test_exactly_those_remain_that_none_dominates(given_points: list[tuple[int, int]]) -> None:
    cost, value = (np.array([p[i] for p in given_points], dtype=float) for i in (0, 1))
    expected = [not any(dominates(a, b) for a in given_points) for b in given_points]
    assert pareto_front(cost, value).tolist() == expected


@given(points)
def test_order_and_units_do_not_matter(given_points: list[tuple[int, int]]) -> None:
    cost, value = (np.array([p[i] for p in given_points], dtype=float) for i in (0, 1))
    shuffled = np.random.default_rng(len(cost)).permutation(len(cost))
    np.testing.assert_array_equal(pareto_front(cost, value)[shuffled], pareto_front(cost[shuffled], value[shuffled]))
    np.testing.assert_array_equal(pareto_front(cost, value), pareto_front(np.exp(cost), 3 * value - 1))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        pareto_front([1, 2], [1])
    with pytest.raises(ValueError, match="NaN"):
        pareto_front([1, np.nan], [1, 2])
