"""Larger networks: a training is what its setting says, is made once, and the record chose what did best."""

import pandas as pd
import pytest
from networks import make_task

from shoprec.experiments import large_network
from shoprec.experiments.large_network import PLANS, Plan, Setting, Try, best_setting, described, record_try
from shoprec.experiments.records import Parts, load_record
from shoprec.tasks import CUTS


@pytest.fixture
def small(monkeypatch):
    """A plan of two tiny networks on a made-up shop."""
    monkeypatch.setattr(large_network, "validation_task", lambda cut: make_task())
    monkeypatch.setitem(
        PLANS, "Tiny", Plan((Setting(8, 1, 2, 0.0), Setting(16, 1, 2, 0.0)), 12, windows=640, behaviour=False, seeds=2)
    )


def test_a_training_is_made_once_and_the_best_setting_is_chosen(small, tmp_path):
    parts, tries = Parts(tmp_path), [Try("Tiny", CUTS[0], setting, 0) for setting in range(2)]
    said = [record_try(one, parts) for one in tries]
    kept = {path: path.read_text() for path in tmp_path.iterdir()}
    assert [record_try(one, parts) for one in tries] == said
    assert {path: path.read_text() for path in tmp_path.iterdir()} == kept
    cells = [described(one, parts) for one in tries]
    best = max(range(2), key=lambda i: cells[i]["ndcg"])
    assert best == best_setting("Tiny", CUTS[0], parts)
    assert [cell["chosen"] for cell in cells] == [i == best for i in range(2)]
    assert cells[0]["parameters"] < cells[1]["parameters"]
    for cell in cells:
        assert cell["ndcg"] == max(cell["stages"])
        assert 1 <= len(cell["stages"]) <= large_network.TRAINING.epochs


def test_a_network_learns_from_what_was_bought_before_the_month_that_judges_it():
    early, late = (large_network.validation_task(cut) for cut in CUTS[::5])
    assert early.cut_day < late.cut_day
    for task in (early, late):
        assert task.history.day.max() < task.cut_day


def test_the_record_holds_all_settings_and_all_seeds_of_the_best():
    cells = load_record("large_network").cells
    for (model, cut), some in cells.groupby(["model", "cut"]):
        plan = PLANS[model]
        assert cut in CUTS
        assert set(some.loc[some["seed"] == 0, "setting"]) == set(range(len(plan.settings)))
        first = some[some["seed"] == 0].set_index("setting")["ndcg"]
        chosen = some[some["chosen"]]
        assert set(chosen["setting"]) == {first.idxmax()}
        assert sorted(chosen["seed"]) == list(range(plan.seeds))
    assert cells.groupby(["model", "cut"]).ngroups == len(PLANS) * len(CUTS)
    pd.testing.assert_series_equal(cells["ndcg"], cells["stages"].map(max), check_names=False)
