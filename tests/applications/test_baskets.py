"""Products that share baskets, counted by sets, and the mean of the posterior by numbers."""

import numpy as np
import pytest
from scipy import integrate, stats
from synthetic import CUT, make_purchases

from shoprec.applications.baskets import BasketCounts
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def history():
    return next_basket_split(make_purchases(), CUT, min_users=1).history


@pytest.fixture(scope="module")
def baskets(history):
    found = {}
    for basket, item in zip(history.basket.tolist(), history.item.tolist(), strict=True):
        found.setdefault(basket, set()).add(item)
    return list(found.values())


def test_counts_are_those_of_sets(history, baskets):
    counts = BasketCounts(history)
    assert counts.n_baskets == len(baskets)
    for i in range(history.n_items):
        assert counts.single[i] == sum(i in basket for basket in baskets)
        for j in range(history.n_items):
            together = sum({i, j} <= basket for basket in baskets)
            assert counts.pairs[i, j] == (together if i != j else 0)


def test_confidence_and_lift_are_ratios_of_counts(history):
    counts, items = BasketCounts(history), np.array([4, 0])
    for row, i in enumerate(items):
        for j in range(history.n_items):
            c, n_i, n_j = counts.pairs[i, j], counts.single[i], counts.single[j]
            assert counts.confidence(items)[row, j] == pytest.approx(c / n_i)
            assert counts.lift(items)[row, j] == pytest.approx(c * counts.n_baskets / (n_i * n_j))


@pytest.mark.parametrize("prior", [0.5, 3.0, 40.0])
def test_shrunk_lift_is_the_mean_of_the_posterior(history, prior):
    counts = BasketCounts(history)
    item, other = np.argsort(-counts.single)[:2]
    expected = counts.single[item] * counts.single[other] / counts.n_baskets

    def weight(ratio):
        likelihood = stats.poisson.pmf(counts.pairs[item, other], ratio * expected)
        return likelihood * stats.gamma.pdf(ratio, prior, scale=1 / prior)

    total = integrate.quad(weight, 0, 50, points=[1])[0]
    mean = integrate.quad(lambda ratio: ratio * weight(ratio), 0, 50, points=[1])[0] / total
    assert counts.lift([item], prior)[0, other] == pytest.approx(mean, rel=1e-5)


def test_a_negative_prior_is_an_error(history):
    with pytest.raises(ValueError, match="prior must be 0 or positive, not -1"):
        BasketCounts(history).lift([0], prior=-1)
