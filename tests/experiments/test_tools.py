"""Other libraries on the book's task: equal trials, what goes to RecTools and comes back, and cells that agree."""

import mmap

import numpy as np
import pandas as pd
import pytest

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments import rectools_side, tools
from shoprec.experiments.judging import Ready
from shoprec.experiments.records import Parts, load_record
from shoprec.experiments.spaces import TRIALS
from shoprec.models.counting import PersonalFrequency, decay
from shoprec.models.libraries import SVDIndex
from shoprec.tasks import TEST_CUT, tasks_at


@pytest.fixture(scope="module")
def tasks():
    return tasks_at(complete_journey().purchases, TEST_CUT)


def test_every_rival_has_as_many_trials_as_the_scoreboard_s_models() -> None:
    for candidate in tools.rivals().values():
        assert len(candidate.trials) == TRIALS
        for settings in candidate.trials:
            candidate.build(**settings)


def test_models_of_the_board_have_the_settings_found_there() -> None:
    chosen = tools.on_the_board()
    assert {*chosen} == {*tools.BOARD}
    assert chosen["PersonalFrequency"]["half_life"] > 0
    assert tools._numbers({"half_life": "inf", "k": 2}) == {"half_life": np.inf, "k": 2}


def test_rectools_gets_each_event_or_each_pair_s_damped_count(tasks) -> None:
    _, test = tasks
    events = tools.purchases(test, np.inf, events=True)
    assert len(events) == len(test.history.item)
    assert (events["datetime"] < test.cut).all()
    pairs = tools.purchases(test, 90, events=False)
    counts = test.history.matrix(decay(test, 90))
    assert len(pairs) == counts.nnz
    total = np.zeros(counts.shape)
    total[pairs["user"], pairs["item"]] = pairs["weight"]
    np.testing.assert_allclose(total, np.log1p(counts.toarray()), rtol=1e-5)
    asked = events.loc[events["asked"], "user"].unique()
    assert {*asked} == {*test.households}


def test_lists_that_come_back_are_judged_as_the_scores_they_came_from(tasks) -> None:
    validation, _ = tasks
    model = PersonalFrequency(90).fit(validation)
    expected = evaluate(model, validation)
    rows = [
        (u, i, r) for u, lst in zip(validation.households, expected.ranked, strict=True) for r, i in enumerate(lst, 1)
    ]
    lists = pd.DataFrame(rows, columns=["user", "item", "rank"])
    again = evaluate(Ready(tools.Listed(lists, validation)), validation)
    np.testing.assert_array_equal(again["ndcg"], expected["ndcg"])
    stages = pd.concat([lists.assign(month="november", stage=1), lists.assign(month="december", stage=2)])
    assert [*tools.staged(stages, validation)] == [
        {"settings": {"stage": 1}, "ndcg": pytest.approx(expected["ndcg"].mean(), abs=1e-5)}
    ]


def test_a_cell_s_costs_are_measured(tasks, tmp_path) -> None:
    validation, _ = tasks
    settings = {"index": "numpy", "d": 16}
    tools.measured("SVDNumPy", lambda: SVDIndex(**settings), settings, validation, Parts(tmp_path))
    [cell], households = Parts(tmp_path).finished()
    assert cell["fit_seconds"] > 0 < cell["request_seconds"] < cell["fit_seconds"]
    assert cell["memory"] >= 0
    assert len(households) == len(validation.households)


def test_memory_is_the_process_s_peak() -> None:
    # A mapping of its own: an array may lie on pages that an earlier test has freed and the process still holds.
    before = rectools_side.memory(reset=True)
    with mmap.mmap(-1, 240 * 2**20) as pages:
        for _ in range(240):
            pages.write(b"x" * 2**20)
        assert 0.9 * len(pages) < rectools_side.memory() - before < 1.5 * len(pages)


def test_the_record_agrees_with_the_scoreboard_s() -> None:
    record, board = load_record("tools"), load_record("leaderboard")
    earlier = board.households.query("cut == @TEST_CUT and seed == 0")
    for name in tools.BOARD:
        own = record.households.query("model == @name").set_index("household")["all"]
        theirs = earlier[earlier["model"] == name].set_index("household")["all"].loc[own.index]
        assert abs(own - theirs).mean() < 1e-3
    assert record.current
    trials = record.cells.set_index("model")["trials"].map(len)
    assert (trials[[*tools.rivals(), "RecToolsSASRec"]] == TRIALS).all()
