"""Shops with more and fewer repeats: what the dial leaves, what is tuned, and a cell that comes out again."""

import numpy as np
import pandas as pd
import pytest

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.records import Parts, load_record
from shoprec.experiments.repeats import (
    DEPARTMENTS,
    KEPT,
    MODELS,
    World,
    record_world,
    repeat_share,
    shops,
    thin,
    tuned,
)  # fmt: skip
from shoprec.experiments.spaces import Candidate, grid
from shoprec.models.counting import PersonalFrequency
from shoprec.models.rules import OnlyNew
from shoprec.tasks import CUTS, next_basket_split, tasks_at

CUT = CUTS[0]


@pytest.fixture(scope="module")
def journey():
    return complete_journey()


def test_the_dial_leaves_first_purchases_and_a_share_of_the_repeats(journey):
    purchases = journey.purchases
    pairs = purchases.drop_duplicates(["user", "item"])[["user", "item"]]
    n_repeats = []
    for share in KEPT:
        left = thin(purchases, share)
        assert not left.duplicated(["user", "item", "timestamp"]).any()
        first = left.drop_duplicates(["user", "item"])
        assert len(first) == len(pairs)
        bought = purchases.groupby(["user", "item"])["timestamp"].min()
        assert (
            first.set_index(["user", "item"])["timestamp"] == bought.reindex(first.set_index(["user", "item"]).index)
        ).all()
        n_repeats.append(len(left) - len(first))
    assert n_repeats[0] == 0
    np.testing.assert_allclose(np.array(n_repeats) / n_repeats[-1], KEPT, atol=0.005)


def test_a_department_is_a_shop_of_its_own(journey):
    sold = shops(journey.purchases, journey.products)
    assert list(sold) == [*(f"kept {share}" for share in KEPT), *DEPARTMENTS]
    for name in DEPARTMENTS:
        assert journey.products.loc[sold[name]["item"].unique(), "department"].eq(name).all()


def test_the_share_of_repeats_is_that_of_the_targets():
    rows = [(1, "tea", 5), (1, "jam", 40), (1, "tea", 40), (2, "tea", 6), (2, "rye", 41), (1, "rye", 3), (2, "jam", 2)]
    table = pd.DataFrame(rows, columns=["user", "item", "day"])
    table["timestamp"] = pd.Timestamp("2017-01-01") + pd.to_timedelta(table.pop("day"), unit="D")
    task = next_basket_split(pd.concat([table, table.assign(user=table["user"] + 2)]), "2017-02-05", min_users=1)
    # Each first household buys tea again and jam for the first time, each second one rye for the first time.
    assert repeat_share(task) == pytest.approx(1 / 3)


def test_new_products_only_where_that_is_better(journey):
    shop = {share: tasks_at(thin(journey.purchases, share), CUT)[0] for share in (0.0, 1.0)}
    for share, task in shop.items():
        model, chosen = tuned(Candidate(PersonalFrequency, grid(half_life=[60, 90])), task)
        assert chosen["only_new"] == isinstance(model, OnlyNew) == (share == 0)
        again = evaluate(model.fit(task), task)["ndcg"].mean()
        assert chosen["validation"] == pytest.approx(again, abs=1e-5)


def test_the_record_holds_every_shop_at_every_cut_and_a_shop_agrees(tmp_path):
    record = load_record("repeats")
    names = [*(f"kept {share}" for share in KEPT), *DEPARTMENTS]
    cells = record.cells.groupby(["shop", "name"])["cut"].nunique()
    assert cells.to_dict() == {(shop, name): len(CUTS) for shop in names for name in MODELS}
    parts = Parts(tmp_path)
    record_world(World("PASTRY", CUT), parts)
    cells, households = parts.finished()
    for cell in cells:
        recorded = record.cells.query("model == @cell['model'] and cut == @CUT").iloc[0]
        for column in ("settings", "only_new", "repeat_share", "products"):
            assert recorded[column] == cell[column]
        same = record.households.query("model == @cell['model'] and cut == @CUT")
        own = households.query("model == @cell['model']").sort_values("household")
        np.testing.assert_allclose(same["all"], own["all"], atol=1e-6)
