"""The study of what lifts a plain network: each recipe differs as it says, and a cell comes out again."""

from dataclasses import asdict, replace
from itertools import islice

import numpy as np
import pytest
from networks import make_task

from shoprec.data.journey import complete_journey
from shoprec.experiments import plain_network
from shoprec.experiments.losses import EveryPlace
from shoprec.experiments.networks import Stage
from shoprec.experiments.plain_network import (
    CHAPTER,
    LIFTED,
    RECIPES,
    SEEDS,
    Cell,
    NextPurchases,
    Recipe,
    record_cell,
)  # fmt: skip
from shoprec.experiments.records import Parts, load_record
from shoprec.models.batches import TrainingSet
from shoprec.tasks import tasks_at


def changed(recipe: Recipe, since: Recipe) -> set[str]:
    return {name for name, value in asdict(recipe).items() if value != getattr(since, name)}


def test_each_recipe_changes_what_it_is_named_for():
    back = {"windows": "windows", "start": "from_svd", "softmax": "n_sampled", "dropout": "dropout"}
    back |= {"width": "d_model", "length": "max_length"}
    for name, setting in back.items():
        assert changed(RECIPES[name], LIFTED) == {setting}
        assert getattr(RECIPES[name], setting) == getattr(CHAPTER, setting)
    assert changed(RECIPES["batch"], LIFTED) == {"batch_size", "learning_rate"}
    assert changed(RECIPES["purchase"], LIFTED) == {"basket"}
    assert changed(RECIPES["pointing"], LIFTED) == {"pointing"}
    assert changed(RECIPES["longer"], CHAPTER) == {"windows"}
    assert changed(RECIPES["svd"], CHAPTER) == {"from_svd"}
    assert changed(RECIPES["both"], CHAPTER) == {"windows", "from_svd"}
    named = {*back, "batch", "purchase", "pointing", "longer", "svd", "both", "lifted", "chapter"}
    assert set(RECIPES) == named  # nothing is recorded that this test doesn't know
    # All that tells the two ends apart is put back by one of the recipes.
    assert changed(CHAPTER, LIFTED) == {*back.values(), "batch_size", "learning_rate"}


def test_the_next_purchase_is_the_one_after_the_last_that_is_known():
    history = make_task().history
    examples = NextPurchases(history, max_length=5, batch_size=4, n_dates=6, behaviour=False)
    for batch in examples(np.random.default_rng(0)):
        assert batch.target_query.tolist() == list(range(len(batch.window)))
        inside = batch.position + 1 < (batch.items < history.n_items).sum(dim=1)[batch.window]
        assert inside.all()
        following = batch.items[batch.window, batch.position + 1]
        assert batch.target_item.tolist() == following.tolist()
        # Asked at the moment of that purchase, and not before what is known.
        assert (batch.day == batch.days[batch.window, batch.position + 1]).all()


@pytest.mark.parametrize("kind", [NextPurchases, EveryPlace])
def test_a_basket_s_products_stand_in_another_order_in_each_pass(kind):
    history = make_task().history
    examples, orders = kind(history, max_length=5, batch_size=4), []
    rng = np.random.default_rng(0)
    for _ in range(2):
        list(examples(rng))
        orders.append(examples.history.item)
        key = [np.lexsort((item, history.basket)) for item in (orders[-1], history.item)]
        np.testing.assert_array_equal(orders[-1][key[0]], history.item[key[1]])  # the same products in each basket
    assert (orders[0] != orders[1]).any()
    assert (orders[0] != history.item).any()
    one, two = (next(examples(np.random.default_rng(7))).items for _ in range(2))
    assert (one == two).all()


def test_a_stage_has_as_many_batches_as_it_says_however_many_an_epoch_has():
    examples = TrainingSet(make_task().history, 5, batch_size=8, behaviour=False)
    for n in (1, len(examples), 3 * len(examples) + 1):
        assert len(list(Stage(examples, n)(np.random.default_rng(0)))) == n
    first = next(Stage(examples, 1)(np.random.default_rng(3))).items
    assert (first == next(examples(np.random.default_rng(3))).items).all()
    one, two = (list(islice(Stage(examples, 9)(np.random.default_rng(5)), 9)) for _ in range(2))
    assert all((a.items == b.items).all() for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("basket", [True, False])
def test_a_cell_is_what_its_recipe_does_and_comes_out_again(tmp_path, basket, monkeypatch):
    monkeypatch.setattr(plain_network, "STAGES", 2)
    recipe = replace(CHAPTER, windows=64, basket=basket)
    found = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        parts = Parts(tmp_path / folder)
        record_cell(Cell("tiny", 1), parts, recipe)
        found.append(parts.finished())
        assert parts.has("tiny-1-finished")
    (cells, households), (_, again) = found
    assert len(cells[0]["validation"]) == 2
    assert cells[0]["settings"] == asdict(recipe) | {"stage": int(np.argmax(cells[0]["validation"])) + 1}
    assert cells[0]["seed"] == 1
    np.testing.assert_array_equal(households["all"], again["all"])
    _, test = tasks_at(complete_journey().purchases)
    assert households["household"].tolist() == test.users[test.households].tolist()


def test_the_record_holds_every_recipe_with_every_seed_and_a_cell_agrees(tmp_path):
    record = load_record("plain_network")
    assert record.cells.groupby("model")["seed"].nunique().to_dict() == dict.fromkeys(RECIPES, SEEDS)
    for _, cell in record.cells.iterrows():
        settings = dict(cell["settings"])
        assert settings.pop("stage") == int(np.argmax(cell["validation"])) + 1
        assert settings == asdict(RECIPES[cell["model"]])
    parts = Parts(tmp_path)
    record_cell(Cell("chapter", 0), parts)
    _, households = parts.finished()
    recorded = record.households.query("model == 'chapter' and seed == 0")
    # Another processor rounds otherwise, and a network's training carries that on.
    assert households["all"].mean() == pytest.approx(recorded["all"].mean(), abs=0.01)
