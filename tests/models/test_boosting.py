"""The boosted ranker's features against plain pandas, what it may read, and whether it learns."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.models import boosting
from shoprec.models.boosting import FEATURES, BoostedRanker
from shoprec.models.counting import Popularity
from shoprec.models.neighbors import UserKNN
from shoprec.tasks import next_basket_split


def ranker(**settings):
    return BoostedRanker(**({"n": 30, "n_trees": 30, "least": 20} | settings))


@pytest.fixture(scope="module")
def table():
    return make_purchases()


@pytest.fixture(scope="module")
def task(table):
    return next_basket_split(table, CUT, min_users=1)


@pytest.fixture(scope="module")
def scores(task):
    return ranker().fit(task).score(task.households)


def by_pandas(table, task, user, item):
    """Some features of a pair, from the table as it came: one line per basket and product, before the cut."""
    known = table[table["timestamp"] < task.cut].drop_duplicates(["user", "basket", "item"])
    mine = known[known["user"] == user]
    ages = (task.cut - mine.loc[mine["item"] == item, "timestamp"]) / pd.Timedelta(days=1)
    baskets = mine.drop_duplicates("basket")["timestamp"]
    of_item, lately = known["item"] == item, known["timestamp"] >= task.cut - pd.Timedelta(days=30)
    cycle = max((ages.max() - ages.min()) / (len(ages) - 1) if len(ages) > 1 else 90, 1)
    n, items = of_item.sum(), len(task.items)
    return {
        "log(1 + purchases), half-life 21 d": np.log1p((0.5 ** (ages / 21)).sum()) if len(ages) else np.nan,
        "log(1 + days since last)": np.log1p(ages.min()) / 3,
        "log(1 + cycles since last)": np.log1p(ages.min() / cycle),
        "log popularity": np.log((n + 1) / (len(known) + items)) + 9,
        "log repeat rate": np.log((n - (b := known.loc[of_item, "user"].nunique()) + 1) / (b + 3)),
        "log popularity, last 30 d": np.log(((of_item & lately).sum() + 1) / (lately.sum() + items)),
        "log(1 + baskets of the household)": np.log1p(len(baskets)),
    }


def test_the_features_are_those_of_plain_pandas(table, task):
    households = task.households[[0, 7, 20]]
    neighbours, items, features = boosting._Shop(task, UserKNN(), 30).candidates(households)
    assert features.shape == (3 * 30, len(FEATURES))
    pairs = [(row, item) for row in range(3) for item in items[row]]
    for (row, item), found in zip(pairs, features, strict=True):
        named = dict(zip(FEATURES, found, strict=True))
        expected = by_pandas(table, task, task.users[households[row]], task.items[item])
        np.testing.assert_allclose([named[name] for name in expected], [*expected.values()], rtol=1e-4, atol=1e-4)
        assert named["neighbours' score"] == neighbours[row, item]
    assert np.isnan(features).any()  # some candidate was never bought
    assert not np.isnan(features).all(axis=0).any()


def test_the_candidates_are_the_neighbours_best_and_the_rest_follows_in_their_order(task, scores):
    by_neighbours = UserKNN().fit(task).score(task.households)
    for ours, theirs in zip(scores, by_neighbours, strict=True):
        order = np.argsort(-theirs, kind="stable")
        assert set(np.argsort(-ours)[:30]) == set(order[:30])
        np.testing.assert_array_equal(np.argsort(-ours)[30:], order[30:])


def test_the_targets_are_not_read(task, scores):
    upside_down = replace(task, targets=task.targets[::-1])
    np.testing.assert_array_equal(ranker().fit(upside_down).score(task.households), scores)


def test_what_is_bought_from_the_cut_on_changes_nothing(table, task, scores):
    late = table["timestamp"] >= CUT
    other = table[late].assign(item=table.loc[late, "item"].to_numpy()[::-1])
    again = next_basket_split(pd.concat([table[~late], other]), CUT, items=task.items)
    np.testing.assert_array_equal(ranker().fit(again).score(task.households), scores)


def test_a_purchase_on_the_eve_changes_the_features(table, task):
    user, item = task.users[task.households[0]], task.items[0]
    line = {"user": user, "item": item, "basket": -1, "timestamp": pd.Timestamp(CUT) - pd.Timedelta(hours=1)}
    again = next_basket_split(pd.concat([table, pd.DataFrame([line])]), CUT, items=task.items)
    shops = [boosting._Shop(t, UserKNN(), len(task.items)) for t in (task, again)]
    before, after = (shop.candidates(task.households[:1])[2][0] for shop in shops)
    since = FEATURES.index("log(1 + days since last)")
    assert after[since] == pytest.approx(np.log1p(1 / 24) / 3, rel=1e-3)
    assert before[since] != after[since]


def test_the_trees_see_no_feature_of_the_last_month(task, monkeypatch):
    seen = []
    shop = boosting._Shop
    monkeypatch.setattr(boosting, "_Shop", lambda task, *rest: seen.append(task) or shop(task, *rest))
    ranker().fit(task)
    training, asked = seen
    assert training.cut == task.cut - pd.DateOffset(months=1)
    assert training.history.day.max() < training.cut_day
    assert asked is task


def test_it_beats_popularity(task):
    ours, popular = (evaluate(m.fit(task), task)["ndcg"].mean() for m in (ranker(), Popularity()))
    assert ours > popular + 0.05


def test_it_runs_alike(task, scores):
    np.testing.assert_array_equal(ranker().fit(task).score(task.households), scores)


def test_a_catalogue_smaller_than_the_number_of_candidates_is_ordered_whole(task):
    scores = ranker(n=1000).fit(task).score(task.households[:3])
    assert scores.min() == 1


def test_it_says_what_to_install(task, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"BoostedRanker needs the library lightgbm, .*: pip install lightgbm"
    ):
        ranker().fit(task)


def test_a_history_of_less_than_a_month_teaches_nothing(table):
    table = table[table["timestamp"] >= "2021-10-25"]
    with pytest.raises(ValueError, match="too short for an earlier cut"):
        ranker().fit(next_basket_split(table, CUT, min_users=1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "n is 0"),
        ({"n_trees": 0}, "n_trees is 0"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"n_leaves": 1}, "n_leaves is 1"),
        ({"least": 0}, "least is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        BoostedRanker(**settings)
