"""The leaderboard's run: what it records is what the models do, and a cell of the book's record comes out again."""

import numpy as np
import pytest

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.leaderboard import ALL, AVERAGES, HYBRIDS, WITH_NETWORKS, Average, n_numbers, record_cut
from shoprec.experiments.networks import KINDS
from shoprec.experiments.records import Parts, load_record
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.hybrid import Hybrid
from shoprec.tasks import CUTS, tasks_at

CUT = CUTS[0]
NAMES = ("Popularity", "PersonalFrequency")


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    parts = Parts(tmp_path_factory.mktemp("parts"))
    record_cut(CUT, parts, seeds=0, names=NAMES)
    return parts


def test_a_cell_that_is_run_again_agrees_with_the_record(parts):
    record = load_record("leaderboard")
    cells, households = parts.finished()
    for cell in cells:
        same = record.cells.query("model == @cell['model'] and cut == @CUT").iloc[0]
        assert same["settings"] == cell["settings"]
        assert [t["settings"] for t in same["trials"]] == [t["settings"] for t in cell["trials"]]
        columns = ["household", "all", "repeat", "explore", "new"]
        recorded = record.households.query("model == @cell['model'] and cut == @CUT")[columns]
        again = households.query("model == @cell['model']")[columns]
        np.testing.assert_allclose(recorded, again.sort_values("household"), atol=1e-6)


def test_the_record_holds_every_model_at_every_cut_with_every_seed():
    record = load_record("leaderboard")
    seeds = record.cells.groupby(["model", "cut"])["seed"].nunique().unstack()
    assert tuple(seeds.columns) == CUTS
    seeded = [*KINDS, *WITH_NETWORKS]
    assert (seeds.loc[seeded] >= 3).all(axis=None)
    assert (seeds.drop(index=seeded) == 1).all(axis=None)
    counted = record.households.groupby(["model", "cut", "seed"], observed=True).size().groupby("cut", observed=True)
    assert (counted.nunique() == 1).all()  # everybody was judged on the same households


def test_what_is_recorded_is_what_the_model_does(parts):
    cells, households = parts.finished()
    validation, test = tasks_at(complete_journey().purchases, CUT)
    by_hand = evaluate(Popularity().fit(test), test).households
    own = households.query("model == 'Popularity'").set_index("household")
    for column in ("all", "repeat", "explore"):
        np.testing.assert_allclose(own[column], by_hand[column, "ndcg"], atol=1e-6)
    # Popularity's list for a household that bought nothing of it is the same with and without what was bought.
    assert (own["new"].dropna() >= own["explore"].dropna() - 1e-6).all()
    frequency = next(cell for cell in cells if cell["model"] == "PersonalFrequency")
    tuned = {trial["settings"]["half_life"]: trial["ndcg"] for trial in frequency["trials"]}
    assert tuned[frequency["settings"]["half_life"]] == max(tuned.values())
    half_life = frequency["settings"]["half_life"]
    again = evaluate(PersonalFrequency(half_life).fit(validation), validation)["ndcg"].mean()
    assert tuned[half_life] == pytest.approx(again, abs=1e-5)


def test_a_run_that_was_cut_off_goes_on_with_what_it_has(parts, monkeypatch):
    def forbidden(*_):
        raise AssertionError("searched twice")

    monkeypatch.setattr("shoprec.experiments.leaderboard.search", forbidden)
    before, _ = parts.finished()
    record_cut(CUT, parts, seeds=0, names=NAMES)
    after, _ = parts.finished()
    assert [cell["settings"] for cell in after] == [cell["settings"] for cell in before]


def test_hybrids_are_made_of_models_that_there_are():
    plain = {ALL, "UserKNN"}
    for members in (HYBRIDS | WITH_NETWORKS).values():
        assert set(members) <= plain | set(KINDS) | set(AVERAGES)
    assert set(AVERAGES.values()) <= set(KINDS)


def test_an_average_has_the_mean_of_its_models_scores():
    _, task = tasks_at(complete_journey().purchases, CUT)
    some = task.households[:5]
    models = {0: Popularity(), 1: PersonalFrequency(60)}
    mean = Average(models).fit(task).score(some)
    apart = [model.fit(task).score(some) for model in (Popularity(), PersonalFrequency(60))]
    np.testing.assert_allclose(mean, (apart[0] + apart[1]) / 2, rtol=1e-6)


def test_a_model_s_size_is_what_it_keeps():
    _, task = tasks_at(complete_journey().purchases, CUT)
    frequency = PersonalFrequency().fit(task)
    n_items = len(task.items)
    assert n_numbers(Popularity().fit(task)) == n_items
    assert n_numbers(Hybrid({"a": Popularity().fit(task)})) == n_items
    assert n_numbers(frequency) == 2 * frequency.frequency_.nnz + 2 * n_items
