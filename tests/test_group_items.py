"""Groups in the place of products, against loops over baskets."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import CUT, make_purchases

from shoprec.data.report import DataError
from shoprec.evaluation import evaluate
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.grouped import GroupSum
from shoprec.models.neighbors import ItemKNN, UserKNN
from shoprec.tasks import group_items, membership, next_basket_split

TASK = next_basket_split(make_purchases(), CUT, min_users=2)


def drawn(seed, overlapping=True):
    """Groups of the task's products: some in none, some in two."""
    rng = np.random.default_rng(seed)
    items = rng.choice(TASK.items, size=int(1.4 * len(TASK.items)), replace=True) if overlapping else TASK.items
    return pd.Series(rng.choice(["a", "b", "c", "d", None], size=len(items)), index=items)


def events(task):
    h = task.history
    return set(zip(task.users[h.user], h.day, task.items[h.item], strict=True))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_basket_holds_a_group_if_it_holds_one_of_its_products(seed):
    groups = drawn(seed)
    of = {item: set(groups[groups.index == item].dropna()) for item in TASK.items}
    grouped, h = group_items(TASK, groups), TASK.history
    baskets = {}
    for user, day, basket, item in zip(h.user, h.day, h.basket, TASK.items[h.item], strict=True):
        baskets.setdefault((TASK.users[user], day, basket), set()).update(of[item])
    expected = [(user, day, group) for (user, day, _), held in baskets.items() for group in held]
    assert events(grouped) == set(expected)
    assert len(grouped.history.item) == len(expected), "one event for a group in a basket"
    for u in range(len(TASK.users)):
        bought = TASK.items[np.flatnonzero(TASK.targets[[u]].toarray()[0])]
        found = grouped.items[np.flatnonzero(grouped.targets[[u]].toarray()[0])]
        assert set(found) == set().union(*(of[item] for item in bought))


def test_the_history_is_in_order_and_baskets_are_numbered_from_0():
    h = group_items(TASK, drawn(1)).history
    order = np.lexsort((h.item, h.basket))
    np.testing.assert_array_equal(order, np.arange(len(order)))
    assert set(np.diff(h.basket)) <= {0, 1}
    assert h.basket[0] == 0
    assert (np.diff(h.user) >= 0).all()


def test_a_group_for_each_product_is_the_task_itself():
    grouped = group_items(TASK, pd.Series(TASK.items, index=TASK.items))
    assert events(grouped) == events(TASK)
    np.testing.assert_array_equal(grouped.households, TASK.households)
    np.testing.assert_array_equal(grouped.targets.toarray(), TASK.targets.toarray())


@pytest.mark.parametrize("model", [Popularity(), PersonalFrequency(), ItemKNN(k=2), UserKNN(k=3)])
def test_models_run_unchanged(model):
    grouped = group_items(TASK, drawn(2))
    assert np.isfinite(evaluate(model.fit(grouped), grouped, k=3)["ndcg"]).all()


def test_households_without_a_group_are_not_judged():
    few = pd.Series("a", index=TASK.items[:3])
    grouped = group_items(TASK, few)
    assert set(grouped.households) < set(TASK.households)
    assert (grouped.targets[grouped.households].sum(axis=1) > 0).all()
    assert np.isin(grouped.households, grouped.history.user).all()


def test_membership_by_looking_up():
    groups = drawn(3)
    matrix, names = membership(TASK.items, groups)
    dense = matrix.toarray()
    assert names.tolist() == sorted(groups.dropna().unique())
    for i, item in enumerate(TASK.items):
        assert set(names[dense[i]]) == set(groups[groups.index == item].dropna())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_sums_of_products_by_loops(seed):
    groups, model = drawn(seed), PersonalFrequency(half_life=30)
    grouped = group_items(TASK, groups)
    products = model.fit(TASK).score(grouped.households)
    matrix, _ = membership(TASK.items, groups)
    slow = np.stack([products[:, column].sum(axis=1) for column in matrix.toarray().T], axis=1)
    fast = GroupSum(PersonalFrequency(half_life=30), TASK, groups).fit(grouped).score(grouped.households)
    np.testing.assert_allclose(fast, slow, rtol=1e-5)


def test_with_one_product_a_group_sum_and_count_agree():
    groups = pd.Series(TASK.items, index=TASK.items)
    grouped = group_items(TASK, groups)
    one = GroupSum(PersonalFrequency(), TASK, groups).fit(grouped).score(grouped.households)
    np.testing.assert_allclose(one, PersonalFrequency().fit(grouped).score(grouped.households), rtol=1e-6)


def test_bad_groups_are_named():
    with pytest.raises(DataError, match="products is in a group"):
        group_items(TASK, pd.Series(["a"], index=["no such item"]))
    with pytest.raises(ValueError, match="make it by group_items"):
        GroupSum(Popularity(), TASK, drawn(1)).fit(TASK)
    with pytest.raises(ValueError, match="read no history yet"):
        GroupSum(Popularity(), TASK, drawn(1)).score(TASK.households)
