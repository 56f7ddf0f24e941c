"""SASRec's and gSASRec's training: what each place is asked, in which order, and what the record holds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from networks import make_task

from shoprec.data.journey import complete_journey
from shoprec.experiments import losses
from shoprec.experiments.losses import RATES, SEEDS, STAGES, WAYS, EveryPlace, Try, best_rate, finished, kind_of
from shoprec.experiments.plain_network import LIFTED
from shoprec.experiments.records import Parts, load_record
from shoprec.models.backbones import BinaryTransformer
from shoprec.models.batches import TrainingSet
from shoprec.tasks import tasks_at
from shoprec.training.losses import gbce_power


@pytest.fixture
def history():
    return make_task().history


def test_every_place_but_the_last_is_asked_for_the_purchase_after_it(history):
    for batch in EveryPlace(history, max_length=5, batch_size=4)(np.random.default_rng(0)):
        length = (batch.items < history.n_items).sum(dim=1)
        asked = [(window, place) for window, n in enumerate(length.tolist()) for place in range(n - 1)]
        assert list(zip(batch.window.tolist(), batch.position.tolist(), strict=True)) == asked
        assert batch.target_query.tolist() == list(range(len(asked)))
        assert (batch.target_item == batch.items[batch.window, batch.position + 1]).all()
        assert (batch.day == batch.days[batch.window, batch.position + 1]).all()


@pytest.mark.parametrize("model", WAYS)
def test_only_the_way_and_the_length_of_training_differ_from_the_recipe(model):
    kind, lifted = kind_of(model, RATES[1]), LIFTED.kind()
    assert kind.network == lifted.network
    assert not kind.network.pointing
    assert (kind.batch_size, kind.n_dates, kind.from_svd) == (lifted.batch_size, lifted.n_dates, True)
    assert kind.windows == 1.5 * lifted.windows
    assert kind.training.learning_rate == RATES[1]
    assert RATES[0] == lifted.training.learning_rate


def test_the_losses_are_the_papers():
    shop = make_task()
    validation = replace(shop, history=replace(shop.history, n_items=400))  # room for 256 negatives
    for model, (n, t) in {"SASRec": (1, 0.0), "gSASRec": (256, 0.75)}.items():
        kind = kind_of(model)
        kind = replace(kind, network=replace(kind.network, d_model=4))  # a small shop has no 64 directions
        network = losses.new_network(model, kind, validation, seed=0)
        assert kind.examples is EveryPlace
        assert network.n_negatives == n
        assert network.beta == gbce_power(n, validation.history.n_items, t)
        assert np.std(network.item.weight.detach().numpy()) > 0.05  # from the decomposition: random ones are at 0.02
    kind = kind_of("NextBasket")
    ours = losses.new_network("NextBasket", replace(kind, network=replace(kind.network, d_model=4)), validation, seed=0)
    assert (kind.examples, ours.n_sampled) == (TrainingSet, None)
    assert not isinstance(ours, BinaryTransformer)


def test_the_rate_is_chosen_in_november_and_all_trials_are_kept(tmp_path):
    parts, november = Parts(tmp_path), dict(zip(RATES, ([0.1, 0.2], [0.3, 0.1], [0.0, 0.2]), strict=True))
    household = {"household": [1], "all": [0.5]}
    for rate, validation in november.items():
        told = {"validation": validation, "fit_seconds": 1.0, "parameters": 2, "coverage": 0.1, "households": household}
        parts.remember(Try("SASRec", rate, 0).name, lambda told=told: told)
    assert best_rate("SASRec", parts) == RATES[1]
    cell, table = finished(Try("SASRec", RATES[1], 0), parts)
    assert cell["settings"] == {"learning_rate": RATES[1], "stage": 1}
    assert [trial["ndcg"] for trial in cell["trials"]] == [0.1, 0.2, 0.3, 0.1, 0.0, 0.2]
    assert table.to_dict("records") == [{**household_of(household), "model": "SASRec", "cut": losses.CUT, "seed": 0}]


def household_of(table):
    return {name: values[0] for name, values in table.items()}


def test_the_record_holds_every_seed():
    record = load_record("losses")
    assert record.cells.groupby("model")["seed"].nunique().to_dict() == dict.fromkeys(WAYS, SEEDS)
    _, test = tasks_at(complete_journey().purchases)
    for _, cell in record.cells.iterrows():
        assert len(cell["validation"]) == STAGES
        assert len(cell["trials"]) == len(RATES) * STAGES
        assert cell["settings"]["stage"] == int(np.argmax(cell["validation"])) + 1
        best = max(cell["trials"], key=lambda trial: trial["ndcg"])["settings"]
        assert cell["settings"]["learning_rate"] == best["learning_rate"]
        own = record.households.query("model == @cell.model and seed == @cell.seed")
        assert own["household"].tolist() == test.users[test.households].tolist()


def test_a_short_training_comes_out_again_and_is_of_the_recorded_network(monkeypatch):
    monkeypatch.setattr(losses, "STAGES", 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    one, two = (losses.trained(Try("gSASRec", RATES[0], 0), windows=2 * 32) for _ in range(2))
    torch.set_num_threads(threads)
    for column, values in one["households"].items():
        np.testing.assert_array_equal(values, two["households"][column])
    assert len(one["validation"]) == 2
    assert one["validation"] == two["validation"]
    cell = load_record("losses").cells.query("model == 'gSASRec'").iloc[0]
    assert one["parameters"] == cell["parameters"]
