"""Exact reasons: sums that are the score, products that can be listed, and fewest deletions, against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_task

from shoprec.applications.item_reasons import by_product, can_be_listed, fewest_to_unlist, neighbour_parts
from shoprec.models.counting import PersonalFrequency, decay
from shoprec.models.neighbors import ItemKNN


def test_parts_add_up_to_the_score_and_a_deletion_takes_its_part() -> None:
    task = make_task()
    model = ItemKNN(k=5, half_life=30.0).fit(task)
    for household in task.households[:4]:
        items, parts = neighbour_parts(model, task, household)
        np.testing.assert_allclose(parts.sum(axis=1), model.score(np.array([household]))[0], atol=1e-4)
        own = np.flatnonzero(task.history.user == household)
        np.testing.assert_array_equal(items, task.history.item[own])
        kept = np.random.default_rng(0).random(len(own)) < 0.5
        frequency = np.bincount(items[kept], decay(task, 30.0)[own][kept], minlength=len(task.items))
        np.testing.assert_allclose(parts[:, kept].sum(axis=1), model.similarity_ @ frequency, atol=1e-4)


def test_one_neighbour_is_counting() -> None:
    task = make_task()
    items, parts = neighbour_parts(ItemKNN(k=1, half_life=30.0).fit(task), task, task.households[0])
    counted = PersonalFrequency(30.0).fit(task).score(task.households[:1])[0]
    np.testing.assert_allclose(parts.sum(axis=1)[items], counted[items], rtol=1e-4)
    assert (np.count_nonzero(parts, axis=0) == 1).all()


def test_purchases_of_a_product_are_added_up() -> None:
    items, parts = np.array([4, 2, 4, 9]), np.random.default_rng(0).random((3, 4))
    products, summed = by_product(items, parts)
    np.testing.assert_array_equal(products, [2, 4, 9])
    np.testing.assert_allclose(summed[:, 1], parts[:, 0] + parts[:, 2])
    np.testing.assert_allclose(summed.sum(axis=1), parts.sum(axis=1))


@pytest.mark.parametrize("seed", range(20))
def test_whoever_is_listed_without_some_purchases_was_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.integers(0, 4, (12, 4)) * (rng.random((12, 4)) < 0.6) / 4
    for n in (1, 3):
        possible = can_be_listed(parts, n)
        for kept in itertools.product([0, 1], repeat=4):
            total = parts @ np.array(kept)
            listed = [i for i in np.argsort(-total, kind="stable")[:n] if total[i] > 0]
            assert possible[listed].all()
    assert not can_be_listed(parts, 1).all()


@given(
    st.lists(st.integers(1, 8), min_size=1, max_size=5),
    st.lists(st.integers(1, 12), min_size=2, max_size=5),
    st.integers(1, 2),
)
def test_fewest_is_the_fewest_of_all_sets(own: list[int], others: list[int], n: int) -> None:
    least = sorted(others)[-n]
    sets = itertools.chain.from_iterable(itertools.combinations(own, k) for k in range(len(own) + 1))
    best = min(len(gone) for gone in sets if sum(own) - sum(gone) < least)
    assert fewest_to_unlist(np.array(own, float), np.array(others, float), n) == best


def test_a_list_that_the_others_do_not_fill_is_refused() -> None:
    with pytest.raises(ValueError, match="can't fill"):
        fewest_to_unlist(np.ones(2), np.ones(1), 2)
    with pytest.raises(ValueError, match="counts 0"):
        fewest_to_unlist(np.ones(2), np.array([1.0, 0.0]), 2)
