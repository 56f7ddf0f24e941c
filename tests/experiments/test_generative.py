"""The run that compares output layers: equal trials, what is kept, and that it goes on where it was."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from networks import make_task

from shoprec.experiments import generative, output_board
from shoprec.experiments.generative import CONTROLS, SPACES, Cell, Recipe, all_cells
from shoprec.experiments.records import Parts, load_record
from shoprec.experiments.spaces import TRIALS
from shoprec.models.semantic_ids import semantic_ids
from shoprec.tasks import CUTS

RECIPE = Recipe(steps=3, trial_steps=2, d_model=8, max_length=12)


@pytest.fixture
def small(monkeypatch):
    """A small shop in the place of the book's, for both months."""
    monkeypatch.setattr(generative, "tasks_of", lambda cut: (make_task(), make_task()))
    monkeypatch.setattr(generative, "SIZES", (4, 3))
    vectors = np.random.default_rng(0).normal(size=(make_task().history.n_items, 8))
    monkeypatch.setattr(generative, "vectors_of", lambda cut, d: vectors)
    monkeypatch.setattr(generative, "ids_of", lambda cut, kind, d: semantic_ids(vectors, (4, 3)))


def test_all_have_as_many_trials_and_share_the_common_ones():
    for space in SPACES.values():
        assert len(space) == TRIALS == len({tuple(settings.items()) for settings in space})
        assert {(s["learning_rate"], s["dropout"]) for s in space} == {
            (rate, dropout) for rate in generative.COMMON["learning_rate"] for dropout in generative.COMMON["dropout"]
        }


def test_the_last_cut_comes_first_and_has_the_controls():
    cells = all_cells(CUTS, seeds=3)
    assert [cell.cut for cell in cells] == sorted((cell.cut for cell in cells), reverse=True)
    assert {cell.model for cell in cells if cell.cut != CUTS[-1]} == set(SPACES)
    assert len(set(cells)) == len(cells) == 3 * (6 * len(SPACES) + len(CONTROLS))


def test_who_reads_the_record_knows_its_networks():
    assert (*SPACES,) == output_board.NETWORKS
    assert (*SPACES, *CONTROLS) == output_board.ORDER
    assert generative.SEEDS == output_board.SEEDS


def test_a_cell_is_judged_with_the_best_settings_and_kept(small, tmp_path, monkeypatch):
    parts, cell = Parts(tmp_path), Cell("SemanticIds", CUTS[-1], 1)
    assert "SemanticIds" in generative.record_cell(cell, parts, RECIPE)
    assert parts.has(cell.finished)
    [told], households = parts.finished()
    assert len(told["trials"]) == TRIALS
    assert told["settings"] == max(told["trials"], key=lambda trial: trial["ndcg"])["settings"]
    assert told["steps"] == 3
    assert len(households) == len(make_task().households)
    monkeypatch.setattr(generative, "tried", lambda *_: pytest.fail("it was searched before"))
    generative.record_cell(Cell("SemanticIds", CUTS[-1], 1), parts, RECIPE)
    pd.testing.assert_frame_equal(parts.finished()[1], households)
    generative.record_cell(Cell("SemanticIdsLonger", CUTS[-1], 0), parts, RECIPE)
    assert {told["steps"] for told in parts.finished()[0]} == {3, 12}


def test_a_run_goes_on_where_it_was(small, tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(generative.Parts, "of", lambda name: Parts(tmp_path))
    monkeypatch.setattr(generative, "record_cell", partial(_recorded, done=done))
    Parts(tmp_path).remember(Cell("HSTU", CUTS[-1], 0).finished, dict)
    cells, _, seconds = generative.run(seeds=1)
    assert Cell("HSTU", CUTS[-1], 0) not in done
    assert len(done) == len(cells) == 6 * len(SPACES) + len(CONTROLS) - 1
    assert seconds == len(cells) + (6 * len(SPACES) - 1) * 10, "a search is counted once for its seeds and controls"


def _recorded(cell, parts, done):
    done.append(cell)
    told = {**cell._asdict(), "seconds": 1.0, "search_seconds": 10.0}
    parts.save(told, pd.DataFrame({"household": [1], "all": [0.5]}))
    return ""


def test_the_record_is_of_this_code_and_every_cell_had_equal_trials():
    record = load_record("generative")
    cells = {(cell.model, cell.cut, cell.seed) for cell in record.cells.itertuples()}
    assert cells <= set(map(tuple, all_cells(CUTS, generative.SEEDS)))
    assert {(model, CUTS[-1], seed) for model in SPACES for seed in range(generative.SEEDS)} <= cells
    assert set(record.cells["trials"].map(len)) == {TRIALS}
    steps = record.cells[~record.cells["model"].str.endswith("Longer")]["steps"]
    assert steps.nunique() == 1
