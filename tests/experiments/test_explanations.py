"""The record of explanations: it holds what it says, and a household that is asked again agrees with it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import CONFIG, make_network, make_task
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments import explanations as study
from shoprec.experiments.records import Record, load_record
from shoprec.models.gated import window_of
from shoprec.models.sequential import SequentialRecommender
from shoprec.tasks import Task, tasks_at

N = len(study.SHARES)


@pytest.fixture(scope="module")
def record() -> Record:
    return load_record("explanations")


@pytest.fixture(scope="module")
def december() -> Task:
    return tasks_at(complete_journey().purchases, study.RUN_CUTS[-1])[1]


@pytest.fixture(scope="module")
def network(december: Task):
    return study.load_network(december)


@pytest.fixture(scope="module")
def target(december: Task) -> study.Target:
    """Of a small network with random weights: a product that stands in the window."""
    task = make_task()
    network = make_network(task.history, replace(CONFIG, behaviour=False))
    window = window_of(task.history, task.households[0], task.cut_day, CONFIG.max_length)
    return study.targets_of(network, window)[0]


def test_the_record_holds_every_method_for_the_same_products(record: Record, december: Task) -> None:
    cells, rows = record.cells, record.households
    assert sorted(zip(cells["cut"], cells["seed"], strict=True)) == [
        (cut, seed) for cut in study.RUN_CUTS for seed in study.SEEDS
    ]
    assert set(rows["model"]) == set(study.METHODS)
    counts = rows.groupby(["cut", "seed", "household", "kind"], observed=True)["model"].nunique()
    assert (counts == len(study.METHODS)).all()
    own = rows[rows["cut"] == study.RUN_CUTS[-1]]
    assert set(own["household"]) == set(december.users[study.drawn_households(december, study.HOUSEHOLDS)])
    assert np.isfinite(rows[[f"{part}_{i}" for part in ("deleted", "kept") for i in range(N)]]).all(axis=None)


def test_curves_of_all_methods_begin_at_the_same_height(record: Record) -> None:
    rows = record.households
    product = rows.groupby(["cut", "seed", "household", "kind"], observed=True)
    for column in ("deleted_0", "kept_0"):
        np.testing.assert_allclose(rows[column], product["deleted_0"].transform("first"), atol=1e-4)
    repeat, new = ((rows["kind"] == kind) for kind in ("repeat", "new"))
    assert (rows.loc[new, "place_deleted_0"] == 1).all()
    assert (rows.loc[repeat, "place_deleted_0"] <= study.LISTED).all()
    assert (rows.loc[repeat, "n_own"] >= 1).all()
    assert (rows.loc[new, "n_own"] == 0).all()


def test_integrals_add_up(record: Record) -> None:
    missing = record.households.dropna(subset="missing")
    assert set(missing["model"]) == {"vectors", "path", "mean", "padding"}
    assert missing["missing"].abs().quantile(0.9) < 0.1


@threadpool_limits.wrap(limits=1)
def test_a_household_that_is_asked_again_agrees_with_the_record(record: Record, december: Task, network) -> None:
    [household] = study.drawn_households(december, 1)
    again = pd.DataFrame(study.judged(network, december, household))
    rows = record.households.query("cut == @study.RUN_CUTS[-1] and seed == 0")
    own = (
        rows[rows["household"] == december.users[household]]
        .set_index(["model", "kind"])
        .loc[pd.MultiIndex.from_frame(again[["model", "kind"]])]
    )
    assert own["product"].tolist() == again["product"].tolist()
    for column in ("joint", "singles", "deleted_3", "kept_3"):  # another processor rounds otherwise
        np.testing.assert_allclose(again[column], own[column], atol=0.05)


def test_the_kept_network_is_the_recorded_one(record: Record, december: Task, network) -> None:
    some = december.households[:300]
    assert torch.equal(network.item.weight, network.item.weight.half().float())
    found = evaluate(SequentialRecommender(network).fit(december), december)["ndcg"]
    cell = record.cells.query("cut == @study.RUN_CUTS[-1] and seed == 0").iloc[0]
    assert len(found) > len(some)
    assert found.mean() == pytest.approx(cell["ndcg"], abs=1e-3)


def test_places_and_targets(target: study.Target) -> None:
    assert target.own.any()
    task = make_task()
    network = make_network(task.history, replace(CONFIG, behaviour=False))
    kept = np.ones((1, len(target.window)), bool)
    _, [place] = study.shares_and_places(network, target, kept)
    assert 1 <= place <= study.LISTED
    explained = study.explain(network, target)
    assert set(explained.says) == set(study.METHODS) - {"random"}
    assert all(len(numbers) == len(target.window) for numbers in explained.says.values())
    assert (explained.says["pointing"][~target.own] == 0).all()
    assert explained.says["attention"].sum() == pytest.approx(1, abs=1e-4)


def test_a_greedy_set_does_unlist_and_its_parts_do_not(target: study.Target) -> None:
    task = make_task()
    network = make_network(task.history, replace(CONFIG, behaviour=False))
    alone = study.explain(network, target).says["occlusion"]
    gone = study.greedy(network, target, alone, most=len(target.window) - 1)
    if gone is not None:
        for n in range(len(gone) + 1):
            kept = np.ones((1, len(target.window)), bool)
            kept[0, gone[:n]] = False
            _, [place] = study.shares_and_places(network, target, kept)
            assert (place > study.LISTED) == (n == len(gone))
    assert study.greedy(network, target, alone, most=0) is None


def test_curves_follow_the_order(target: study.Target) -> None:
    task = make_task()
    network = make_network(task.history, replace(CONFIG, behaviour=False))
    order = np.random.default_rng(0).permutation(len(target.window))
    forward, backward = (study.curves(network, target, way) for way in (order, order[::-1]))
    np.testing.assert_allclose(forward["deleted"], backward["kept"], atol=1e-5)
    np.testing.assert_allclose(forward["deleted"][0], forward["kept"][0], atol=1e-5)
    assert study.in_order(np.array([0.1, 0.3, 0.3])).tolist() == [1, 2, 0]
