"""The dials of cold start: what is left of the past, told one purchase at a time, and places against pairs."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import roc_auc_score
from synthetic import CUT, make_purchases

from shoprec.applications.cold_start import place_among, with_first_sales, with_last_baskets
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


def sales(history):
    """Each product's sales as (day, household), the first in front."""
    found = [[] for _ in range(history.n_items)]
    for item, day, user in zip(history.item, history.day, history.user, strict=True):
        found[item].append((day, user))
    return [sorted(one) for one in found]


@pytest.mark.parametrize("n", [0, 1, 4, 10_000])
def test_the_first_sales_of_some_products_stay_and_all_of_the_others(task, n):
    cold = with_first_sales(task, [3, 5], n)
    for item, (left, whole) in enumerate(zip(sales(cold.history), sales(task.history), strict=True)):
        assert left == (whole[:n] if item in (3, 5) else whole)
    assert (cold.targets != task.targets).nnz == 0
    assert cold.households is task.households


@pytest.mark.parametrize("n", [0, 1, 3, 10_000])
def test_the_last_baskets_of_some_households_stay_and_all_of_the_others(task, n):
    some = task.households[:7]
    short = with_last_baskets(task, some, n)
    assert short.households.tolist() == some.tolist()
    for user in range(task.history.n_users):
        before, after = (np.unique(t.history.day[t.history.user == user]) for t in (task, short))
        kept = before[len(before) - min(n, len(before)) :] if user in some else before
        assert after.tolist() == kept.tolist()


def test_nothing_left_is_an_error_and_so_are_numbers_out_of_range(task):
    with pytest.raises(ValueError, match="no purchase would be left"):
        with_first_sales(task, np.arange(len(task.items)), 0)
    with pytest.raises(ValueError, match="n is "):
        with_first_sales(task, [1], -1)
    with pytest.raises(ValueError, match="n is "):
        with_last_baskets(task, task.households, 1.5)


def test_a_place_is_the_area_under_the_curve_of_one_product_against_the_others():
    rng = np.random.default_rng(0)
    scores, taken = rng.integers(0, 6, (12, 30)).astype(float), rng.random((12, 30)) < 0.3
    places = place_among(scores, np.arange(30), sparse.csr_array(taken))
    for row, (values, gone) in enumerate(zip(scores, taken, strict=True)):
        for item in range(30):
            if gone[item]:
                assert np.isnan(places[row, item])
            else:
                label = np.arange(30)[~gone] == item
                assert places[row, item] == pytest.approx(roc_auc_score(label, values[~gone]))


def test_products_of_each_household_have_the_places_that_they_have_among_all():
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 6, (12, 30)).astype(np.float32)
    own = rng.integers(0, 30, (12, 2))
    assert place_among(scores, own).tolist() == np.take_along_axis(place_among(scores, np.arange(30)), own, 1).tolist()
