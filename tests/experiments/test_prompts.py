"""The record of the prompts: it holds what the language model does, for the households that it says."""

import itertools

import numpy as np
import pytest

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.prompts import CUT, HOUSEHOLDS, agreement, drawn_households, ordered
from shoprec.experiments.records import load_record
from shoprec.formulas.metrics import ndcg_at_k
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language.prompts import PROMPTS
from shoprec.tasks import tasks_at


@pytest.fixture(scope="module")
def test_month():
    return tasks_at(complete_journey().purchases, CUT)[1]


def test_agreement_is_one_less_twice_the_share_of_pairs_that_are_turned():
    rng = np.random.default_rng(0)
    ten = rng.permuted(np.tile(np.arange(100, 110), (20, 1)), axis=1)
    ranked = rng.permuted(ten, axis=1)
    for value, new, old in zip(agreement(ranked, ten), ranked.tolist(), ten.tolist(), strict=True):
        turned = sum(new.index(a) > new.index(b) for a, b in itertools.combinations(old, 2))
        assert value == pytest.approx(1 - 2 * turned / 45, abs=1e-4)
    assert agreement(ten, ten) == [1] * 20
    assert agreement(ten[:, ::-1], ten) == [-1] * 20


def test_the_record_holds_every_prompt_for_the_same_households(test_month):
    record = load_record("prompts")
    assert set(record.cells["model"]) == {*PROMPTS, "counting", "shuffled"}
    drawn = set(test_month.users[drawn_households(test_month)])
    assert len(drawn) == HOUSEHOLDS
    for _, rows in record.households.groupby("model", observed=True):
        assert set(rows["household"]) == drawn
        assert len(rows) == HOUSEHOLDS


def test_counting_in_the_record_is_the_model(test_month):
    recorded = load_record("prompts").households.query("model == 'counting'").set_index("household")
    result = evaluate(PersonalFrequency(90).fit(test_month), test_month).households["all", "ndcg"]
    np.testing.assert_allclose(recorded["all"], result.loc[recorded.index], atol=1e-5)
    assert (recorded["tau"] == 1).all()


def test_two_households_that_are_asked_again_agree_with_the_record(test_month):
    recorded = load_record("prompts").households.pivot(index="household", columns="model", values="all")
    few = drawn_households(test_month)[:2]
    again = ordered(test_month, complete_journey().products["name_en"], few)
    differences = np.array([recorded.loc[test_month.users[few], name] - found["all"] for name, found in again.items()])
    # Another processor rounds otherwise, which can turn two products that are all but equal.
    assert np.abs(differences).mean() < 0.02


def test_shuffled_is_between_the_worst_and_the_best_order(test_month):
    few = drawn_households(test_month)[:50]
    lists = evaluate(PersonalFrequency(90).fit(test_month), test_month).ranked
    lists = lists[np.searchsorted(test_month.households, few)]
    recorded = load_record("prompts").households.pivot(index="household", columns="model", values="all")
    shuffled = recorded.loc[test_month.users[few], "shuffled"].to_numpy()
    hit = np.take_along_axis(test_month.targets[few].toarray() > 0, lists, axis=1)
    best, worst = (np.take_along_axis(lists, np.argsort(key, axis=1, kind="stable"), axis=1) for key in (~hit, hit))
    targets = test_month.targets[few]
    assert (ndcg_at_k(worst, targets) <= shuffled + 1e-5).all()
    assert (shuffled <= ndcg_at_k(best, targets) + 1e-5).all()
