"""The record of the reasons: it holds what the decoder says and what it answers, for the households that it says."""

import numpy as np
import pandas as pd
import pytest

from shoprec.data.journey import complete_journey
from shoprec.experiments.reasons import CELL, HALF_LIFE, HOUSEHOLDS, N, drawn_households, explained, recommended
from shoprec.experiments.records import load_record
from shoprec.models.counting import PersonalFrequency
from shoprec.models.neighbors import ItemKNN
from shoprec.tasks import Task, tasks_at


@pytest.fixture(scope="module")
def test_month() -> Task:
    return tasks_at(complete_journey().purchases, CELL["cut"])[1]


@pytest.fixture(scope="module")
def names() -> pd.Series:
    return complete_journey().products["name_en"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return load_record("reasons").households


def test_the_record_holds_every_purchase_in_both_orders(test_month: Task, names: pd.Series, rows: pd.DataFrame) -> None:
    drawn = drawn_households(test_month, names)
    assert len(drawn) == HOUSEHOLDS
    assert set(rows["household"]) == set(test_month.users[drawn])
    for _, own in rows.groupby(["household", "order"]):
        assert sorted(own["purchase"]) == sorted(own["place"]) == list(range(N))
        assert own["whole"].nunique() == own["product"].nunique() == 1
    places = rows.groupby(["household", "purchase"])["place"].sum()
    assert (places == N - 1).all()  # one order is the reverse of the other
    assert np.isfinite(rows[["reason", "plain", "whole", "without", "share"]]).all(axis=None)


def test_the_first_households_are_the_draw_of_fewer(test_month: Task, names: pd.Series) -> None:
    drawn = drawn_households(test_month, names)
    np.testing.assert_array_equal(drawn_households(test_month, names, 7), drawn[:7])
    name_of, history = names[test_month.items].to_numpy(), test_month.history
    for household in drawn[:20]:
        assert len(set(name_of[history.item[history.user == household]])) >= N


def test_the_six_are_the_most_frequent_and_the_product_is_new(test_month: Task, names: pd.Series) -> None:
    few = drawn_households(test_month, names, 12)
    name_of, history = names[test_month.items].to_numpy(), test_month.history
    often = PersonalFrequency(HALF_LIFE).fit(test_month).score(few)
    for household, score, found in zip(few, often, recommended(test_month, names, few), strict=True):
        known = pd.Series(name_of[history.item[history.user == household]]).unique()
        first = list(dict.fromkeys(name_of[np.argsort(-score, kind="stable")]))
        assert found.bought == [name for name in first if name in known][:N]
        assert found.product not in known
        assert found.share.sum() == pytest.approx(1, abs=1e-5)
        assert (found.share >= 0).all()


def test_shares_are_what_deleting_takes_from_the_recommenders_score(test_month: Task, names: pd.Series) -> None:
    few = drawn_households(test_month, names, 5)
    knn, name_of = ItemKNN(half_life=HALF_LIFE).fit(test_month), names[test_month.items].to_numpy()
    for household, found in zip(few, recommended(test_month, names, few), strict=True):
        own = knn.frequency_[[household]].toarray()[0]
        score = {}
        for left_out in (None, *found.bought):
            kept = [name for name in found.bought if name != left_out]
            product = knn.similarity_ @ np.where(np.isin(name_of, kept), own, 0.0)
            score[left_out] = np.where(np.isin(name_of, name_of[own > 0]), -np.inf, product)
        best = score[None].argmax()
        assert name_of[best] == found.product
        lost = [1 - score[name][best] / score[None][best] for name in found.bought]
        np.testing.assert_allclose(found.share, lost, atol=1e-5)


def test_the_record_agrees_with_what_is_recommended(test_month: Task, names: pd.Series, rows: pd.DataFrame) -> None:
    few = drawn_households(test_month, names, 10)
    for household, found in zip(few, recommended(test_month, names, few), strict=True):
        own = rows[(rows["household"] == test_month.users[household]) & (rows["order"] == 0)].sort_values("purchase")
        assert own["bought"].tolist() == found.bought
        assert set(own["product"]) == {found.product}
        np.testing.assert_allclose(own["share"], found.share, atol=1e-4)


def test_a_household_that_is_asked_again_agrees_with_the_record(
    test_month: Task, names: pd.Series, rows: pd.DataFrame
) -> None:
    [household] = drawn_households(test_month, names, 1)
    again = explained(test_month, names, np.array([household])).sort_values(["order", "purchase"])
    own = rows[rows["household"] == test_month.users[household]].sort_values(["order", "purchase"])
    for column in ("reason", "plain", "whole", "without"):  # another processor rounds otherwise
        np.testing.assert_allclose(again[column], own[column], atol=0.01)
