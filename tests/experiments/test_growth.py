"""A shop that grows: it holds what it says, and the steps count what they do."""

import numpy as np
import pytest
from networks import make_task

from shoprec.data.journey import complete_journey
from shoprec.experiments.growth import AXES, FACTORS, counting, grown, neighbours, search, together
from shoprec.experiments.records import load_record
from shoprec.formulas.scaling import exponent
from shoprec.tasks import tasks_at


@pytest.mark.parametrize("axis", AXES)
def test_a_grown_shop_is_the_real_one_several_times(axis):
    history, n = make_task().history, 3
    large = grown(history, axis, n)
    assert large.n_users == history.n_users * (n if axis == "households" else 1)
    assert large.n_items == history.n_items * (n if axis == "products" else 1)
    assert len(large.item) == len(history.item) * (1 if axis == "products" else n)
    # As every history is: sorted by household, then time; baskets are numbered in that order, each of one household.
    assert (np.lexsort((large.day, large.user)) == np.arange(len(large.item))).all()
    assert set(np.diff(large.basket)) <= {0, 1}
    assert large.basket[0] == 0
    counts = np.bincount(large.item % history.n_items, minlength=history.n_items)
    np.testing.assert_array_equal(counts, np.bincount(history.item) * (1 if axis == "products" else n))


def test_a_household_buys_one_variant_of_a_product():
    history = make_task().history
    large = grown(history, "products", 5)
    before, after = ((h.matrix() > 0).sum(axis=1) for h in (history, large))
    np.testing.assert_array_equal(before, after)
    assert len(np.unique(large.item)) > 2 * len(np.unique(history.item))


def test_the_shop_times_one_is_the_shop():
    history = make_task().history
    for axis in AXES:
        same = grown(history, axis, 1)
        for name in ("user", "item", "basket", "day"):
            np.testing.assert_array_equal(getattr(same, name), getattr(history, name))
    with pytest.raises(ValueError, match="axis"):
        grown(history, "stores", 2)
    with pytest.raises(ValueError, match="factor"):
        grown(history, "history", 0)


def test_the_steps_count_what_they_do():
    history = make_task().history
    sizes = np.bincount(history.basket)
    assert together(history)[0] == (sizes**2).sum()
    assert counting(history)[0] == len(history.item)
    buyers = (history.matrix() > 0).sum(axis=0)
    assert neighbours(history) == ((buyers.astype(int) ** 2).sum(), 4 * history.n_users**2)
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    assert search(vectors, vectors[:2]) == (200, vectors.nbytes)
    for axis in ("households", "history"):
        assert together(grown(history, axis, 4))[0] == 4 * together(history)[0]
    assert neighbours(grown(history, "households", 4))[0] == 16 * neighbours(history)[0]


def test_the_record_holds_every_step_and_its_counts_come_out_again():
    record = load_record("growth")
    cells = record.cells.set_index(["model", "cut", "seed"])
    for step in ("counting", "together", "neighbours"):
        assert {(axis, factor) for axis in AXES for factor in FACTORS} <= set(cells.loc[step].index)
    _, task = tasks_at(complete_journey().purchases)
    assert cells.loc[("counting", "households", 1), "operations"] == len(task.history.item)
    assert cells.loc[("counting", "households", 10), "operations"] > 1e7
    assert cells.loc["search", "bytes"].max() > 4 * 64 * 1_000_000
    assert cells.loc[("neighbours", "products", 3), "operations"] == neighbours(grown(task.history, "products", 3))[0]
    grew = cells.loc["neighbours"].loc["households", "operations"]
    assert exponent(grew.index, grew) == pytest.approx(2, abs=1e-9)
