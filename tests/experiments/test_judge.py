"""The record of the judge: it holds what the language model says, for the households that it says."""

import numpy as np
import pandas as pd
import pytest

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.judge import CUT, WITH_RHYTHM, N, answers_to, judged, orders_of
from shoprec.experiments.records import load_record
from shoprec.formulas.metrics import ndcg_at_k, rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language.decoders import load_decoder
from shoprec.models.language.listwise import ListwiseJudge
from shoprec.tasks import tasks_at


@pytest.fixture(scope="module")
def test_month():
    return tasks_at(complete_journey().purchases, CUT)[1]


@pytest.fixture(scope="module")
def drawn(test_month):
    return np.random.default_rng(0).permutation(test_month.households)


def test_the_record_holds_every_ranking_for_the_same_households(test_month, drawn):
    record = load_record("judge")
    kinds = {"counting", "shuffled", "given", "random", "averaged", "calibrated", "rhythm"}
    assert set(record.cells["model"]) == kinds
    for name, rows in record.households.groupby("model", observed=True):
        expected = drawn[:WITH_RHYTHM] if name == "rhythm" else drawn
        assert sorted(rows["household"]) == sorted(test_month.users[expected])


def test_counting_in_the_record_is_the_model(test_month):
    recorded = load_record("judge").households.query("model == 'counting'").set_index("household")["all"]
    result = evaluate(PersonalFrequency(90).fit(test_month), test_month).households["all", "ndcg"]
    np.testing.assert_allclose(recorded, result.loc[recorded.index], atol=1e-5)


def test_shuffled_is_the_mean_of_orders_of_the_twenty(test_month, drawn):
    recorded = load_record("judge").households.query("model == 'shuffled'").set_index("household")["all"]
    few = drawn[:40]
    twenty = rank_items(PersonalFrequency(90).fit(test_month).score(few), N)
    rng = np.random.default_rng(0)
    orders = [ndcg_at_k(rng.permuted(twenty, axis=1), test_month.targets[few]) for _ in range(400)]
    np.testing.assert_allclose(recorded.loc[test_month.users[few]].mean(), np.mean(orders), atol=0.005)


def test_each_list_gives_each_rank_once():
    ranks = load_record("judge").households.query("model in ('given', 'random')").filter(like="place_")
    np.testing.assert_array_equal(np.sort(ranks, axis=1), np.tile(np.arange(1, N + 1), (len(ranks), 1)))


def test_what_a_judge_thinks_of_products_is_found_behind_its_taste_for_places(test_month, drawn):
    few, taste = drawn[:30], np.log(np.linspace(1, 2, N))
    base = PersonalFrequency(90).fit(test_month)
    orders = orders_of(ListwiseJudge(base, pd.Series(dtype=str), N), few)
    answers = taste - 0.02 * orders  # a strong taste for late places, and a weak one for counting's first products
    found = judged(test_month, few, answers, np.empty(0)).pivot(index="household", columns="model", values="all")
    better = found["calibrated"].mean(), found["averaged"].mean(), found["random"].mean()
    assert better[0] > better[1] >= better[2]
    np.testing.assert_allclose(better[0], found["counting"].mean(), atol=0.01)


def test_two_households_that_are_asked_again_agree_with_the_record(test_month, drawn, monkeypatch):
    # 16 bits are slow where the processor doesn't know them.
    monkeypatch.setattr("shoprec.experiments.judge.half_decoder", load_decoder)
    recorded = load_record("judge").households.query("model == 'random'").set_index("household").filter(like="place_")
    few = drawn[:2]
    log_p = answers_to("often", test_month, complete_journey().products["name_en"], few)[:, 1]
    again = np.argsort(np.argsort(-log_p, axis=1), axis=1) + 1
    # Rounded otherwise, two letters that are all but equal may change places.
    assert np.abs(again - recorded.loc[test_month.users[few]].to_numpy()).mean() < 0.5
