"""The run of text, price and promotion: what is known when, what is exchanged, and a cell that comes out again."""

import numpy as np
import pandas as pd
import pytest

from shoprec.data.promotions import week_of
from shoprec.experiments import multimodal as mm
from shoprec.experiments.records import load_record
from shoprec.models.modalities import Lists
from shoprec.models.neighbors import UserKNN
from shoprec.tasks import CUTS, TEST_CUT


@pytest.fixture(scope="module")
def shop():
    return mm.Shop.at(TEST_CUT, encoder=False)


@pytest.fixture(scope="module")
def record():
    return load_record("multimodal")


def test_every_fusion_has_twelve_settings():
    assert len(mm.LEAVES) * len(mm.TREES) == len(mm.WEIGHTS) == len(mm.SCALES) * len(mm.PATTERNS) == 12


def test_a_placebo_exchanges_products_about_as_popular():
    n_buyers = np.random.default_rng(0).integers(20, 900, 2000)
    order = mm.exchanged(n_buyers, seed=1)
    assert sorted(order) == list(range(2000))
    assert (order != np.arange(2000)).all()
    rank = np.argsort(np.argsort(-n_buyers, kind="stable"))
    assert np.abs(rank[order] - rank).max() < mm.ALIKE
    assert (mm.exchanged(n_buyers, seed=2) != order).mean() > 0.9


def test_the_usual_store_is_where_most_baskets_are():
    lines = pd.DataFrame(
        {"user": [1] * 6 + [2] * 2, "basket": [1, 2, 3, 3, 3, 3, 7, 8], "store": [5, 5, *[9] * 4, 8, 4]}
    )
    assert mm.usual_stores(lines).to_dict() == {1: 5, 2: 4}


def test_next_visits_are_those_of_the_targets(shop):
    task = shop.test
    found = mm.next_visits(task, mm.journey().purchases)
    assert found.index.equals(task.users[task.households])
    bought = mm.journey().purchases
    for household in task.households[:40:8]:
        user = task.users[household]
        mine = bought[(bought["user"] == user) & (bought["timestamp"] >= task.cut) & bought["item"].isin(task.items)]
        first = mine[mine["basket"] == mine["basket"].iloc[0]]
        targets = task.items[task.targets[[household]].toarray()[0]]
        assert set(first["item"]) == set(targets)
        assert (found.loc[user, "store"], found.loc[user, "timestamp"]) == tuple(first.iloc[0][["store", "timestamp"]])


def test_only_the_visit_itself_reads_what_comes_after_the_cut(shop):
    """December's promotions are looked up: none but the two leaks use a week after the next, and all are listed."""
    task, weeks = shop.test, {}
    for version in mm.VERSIONS:
        rows, store = mm.Visits(shop.promotions, version)(task)
        assert rows.min() >= 0
        assert (store[task.households] >= 0).mean() > 0.9
        weeks[version] = shop.promotions.weeks.to_numpy()[rows[task.households]], store
    running = week_of(pd.DatetimeIndex([task.cut]))[0]
    assert (weeks["over"][0] == running - 1).all()
    assert (weeks["running"][0] == running).all()
    assert (weeks["plan"][0] == [running, running + 1]).all()
    came = week_of(mm.next_visits(task, mm.journey().purchases)["timestamp"])
    np.testing.assert_array_equal(weeks["week"][0][:, 0], came)
    np.testing.assert_array_equal(weeks["week"][1], weeks["running"][1])
    assert 0.2 < (weeks["visit"][1] != weeks["week"][1])[task.households].mean() < 0.4


def test_the_record_holds_every_list_at_every_cut(record):
    versions = {f"promotion, {v}" for v in mm.VERSIONS if v != "running"}
    fusions = {*mm.FUSIONS, *(f"{name}, late" for name in mm.FUSIONS if name != "base")}
    placebos = {f"{name}, placebo" for name in mm.MODALITIES}
    found = record.cells.groupby("model")[["cut", "seed"]].nunique()
    assert set(found.index) == versions | fusions | placebos
    assert set(found["cut"]) == {len(CUTS)}
    assert all(n == (mm.DRAWS if name in placebos else 1) for name, n in found["seed"].items())
    tried = record.cells["trials"].dropna()
    assert len(tried) == len(CUTS) * len(fusions)
    assert all(len(trials) == 12 for trials in tried)


def test_a_cell_of_the_record_comes_out_again(record, shop):
    cell = record.cells.query("model == 'price' and cut == @TEST_CUT").iloc[0]
    columns = (*mm.BASE, "price")
    lists = [
        Lists.gather(task, {name: shop.modality(name) for name in columns[1:]}, mm.CANDIDATES, UserKNN())
        for task in (shop.validation, shop.test)
    ]
    ranked = lists[1].best(mm.fitted_scores(*lists, columns, cell["settings"]))
    again = mm.judged(ranked, shop.test).set_index("household")
    kept = record.households.query("model == 'price' and cut == @TEST_CUT").set_index("household").loc[again.index]
    assert (np.abs(kept["all"] - again["all"]) < 1e-6).mean() > 0.99
    assert (kept[[*mm.PLACES]].to_numpy(int) == ranked).mean() > 0.99
    np.testing.assert_allclose(again["all"], mm.ndcg(ranked, shop.test), atol=1e-6)
