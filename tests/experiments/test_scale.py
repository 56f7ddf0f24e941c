"""The study of sizes and shares: nobody who is judged was trained on, and what is counted is what was done."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import make_network, make_task

from shoprec.evaluation import evaluate
from shoprec.experiments import scale
from shoprec.experiments.records import Parts, load_record
from shoprec.experiments.scale import SHARES, SIZES, Cell, Counted, Recipe, held_out, next_basket_loss, trained_on
from shoprec.formulas.compute import training_flops
from shoprec.models.batches import TrainingSet, make_batch
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import TransformerConfig
from shoprec.training.losses import basket_loss


def test_nobody_who_is_judged_is_trained_on_and_shares_lie_within_each_other():
    away = held_out(900)
    assert 250 < len(away) < 350
    for seed in range(3):
        nested = [set(trained_on(900, share, seed)) for share in SHARES]
        assert not set(away) & nested[-1]
        assert nested[-1] | set(away) == set(range(900))
        assert all(small < large for small, large in pairwise(nested))
        assert [len(some) for some in nested] == [round(share * (900 - len(away))) for share in SHARES]
    assert set(trained_on(900, 0.25, 0)) != set(trained_on(900, 0.25, 1))


def test_a_network_of_few_households_knows_no_others():
    task = make_task()
    known = scale.only_of(task, np.arange(9))
    assert set(known.history.user) == set(range(9))
    assert set(known.households) <= set(range(9))
    network = scale.new_network(known, SIZES["M"], True, Recipe(max_length=12), seed=1)
    count = np.bincount(known.history.item, minlength=task.history.n_items) + 1.0
    np.testing.assert_allclose(network.log_popularity, np.log(count / count.sum()), rtol=1e-5)
    vectors = network.item.weight[: network.n_items].detach()
    assert float(vectors.std()) == pytest.approx(0.06, rel=1e-3)
    assert torch.equal(vectors, scale.new_network(known, SIZES["M"], True, Recipe(max_length=12), 1).item.weight[:-1])


def test_the_loss_of_a_basket_is_that_of_training():
    task = make_task()
    network = make_network(task.history, TransformerConfig(8, max_length=24, behaviour=False))
    losses = next_basket_loss(SequentialRecommender(network).fit(task), task, batch=7)
    users, days = task.households, np.full(len(task.households), task.cut_day)
    query, item = task.targets[users].nonzero()
    stop = task.history.start[users + 1]
    batch = make_batch(task.history, users, stop, np.arange(len(users)), days, stop, 24, (query, item), behaviour=False)
    with torch.no_grad():
        expected = basket_loss(network(batch), batch.target_query, batch.target_item).item()
    assert losses.mean() == pytest.approx(expected, rel=1e-5)


def test_a_stage_counts_what_it_hands_out():
    history, size = make_task().history, SIZES["S"]
    stage = Counted(TrainingSet(history, 12, batch_size=8, n_dates=3, behaviour=False), 20, size, True)
    tokens = flops = 0
    for batch in stage(np.random.default_rng(0)):
        tokens += int((batch.items < history.n_items).sum())
        shape = (*batch.items.shape, len(batch.window), history.n_items)
        flops += training_flops(size.d_model, size.n_layers, *shape, True)
    assert (stage.tokens, stage.flops) == (tokens, flops)
    assert tokens > 0


def test_a_cell_keeps_the_best_of_both_lengths(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "WINDOWS", (128, 256))
    recipe, cell, found = Recipe(stages=2), Cell("S", False, 1 / 16, 1), []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        parts = Parts(tmp_path / folder)
        for windows in scale.WINDOWS:
            for rate in scale.RATES:
                loss = 8.9 if rate == 1e-2 else 9.1
                parts.remember(f"S {windows} {rate}", lambda loss=loss: {"loss": loss, "seconds": 1.0})
        scale.record_cell(cell, parts, recipe)
        found.append(parts.finished())
    ([about], rows), (_, again) = found
    ndcg, loss = (
        {n: [look[key] for look in looks] for n, looks in about["stages"].items()} for key in ("ndcg", "loss")
    )
    assert list(ndcg) == ["128", "256"]
    best = max(ndcg, key=lambda n: max(ndcg[n]))
    assert about["settings"]["windows"] == int(best)
    assert about["windows_of_least_loss"] == int(min(loss, key=lambda n: min(loss[n])))
    assert about["settings"]["learning_rate"] == 0.01
    assert about["stages"][best][-1]["flops"] == about["flops"]
    pd.testing.assert_frame_equal(rows, again)
    _, test = scale.both_tasks()
    assert rows["household"].tolist() == test.users[test.households].tolist()
    assert rows["trained"].sum() == np.isin(test.households, trained_on(test.history.n_users, 1 / 16, 1)).sum()


def test_a_try_is_made_once(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(scale, "trained_run", lambda *about: made.append(about) or SimpleNamespace(loss=8.5))
    one, parts = scale.Try("S", 128, 1e-3), Parts(tmp_path)
    assert {scale.record_try(one, parts) for _ in range(2)} == {f"{one}: 8.500"}
    assert len(made) == 1


def test_the_record_holds_all_plain_networks_and_a_cell_agrees():
    record = load_record("scale")
    cells = record.cells.set_index(["model", "seed"])
    for cell in scale.grid(tuple(SIZES), 1):
        if not cell.pointing:
            assert (cell.model, 0) in cells.index
    for (model, _), about in cells.iterrows():
        assert model == Cell(about["size"], about["pointing"], about["share"], 0).model
        tried = about["trials"][str(about["settings"]["windows"])]
        assert about["settings"]["learning_rate"] == float(min(tried, key=tried.get))
        assert [len(about["trials"][str(n)]) for n in scale.WINDOWS] == [len(scale.RATES)] * 2
        looks = about["stages"]
        assert max(looks, key=lambda n: max(look["ndcg"] for look in looks[n])) == str(about["settings"]["windows"])
    assert not record.households.duplicated(["model", "cut", "seed", "household"]).any()
    kept = cells.loc[("S-plain-16", 0)]
    recipe = Recipe(windows=kept["settings"]["windows"])
    again = scale.trained_cell(Cell("S", False, 1 / 16, 0), recipe, kept["settings"]["learning_rate"])
    _, test = scale.both_tasks()
    here = replace(test, households=np.intersect1d(test.households, held_out(test.history.n_users)))
    live = evaluate(SequentialRecommender(again.network).fit(test), here)["ndcg"].mean()
    rows = record.households.query("model == 'S-plain-16' and seed == 0").set_index("household")
    # A card rounds otherwise, and a network's training carries that on.
    assert live == pytest.approx(rows.loc[test.users[here.households], "all"].mean(), abs=0.01)
