"""Modalities: what each says, that none reads the future, and early fusion against the ranker that it extends."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.metrics.pairwise import cosine_similarity
from synthetic import CUT as SYNTHETIC_CUT
from synthetic import make_purchases

from shoprec.evaluation import evaluate
from shoprec.models.boosting import BoostedRanker
from shoprec.models.counting import decay
from shoprec.models.modalities import EarlyFusion, Lately, Lists, Price, Promotion, Text, late, price_table
from shoprec.models.neighbors import UserKNN
from shoprec.tasks import next_basket_split

CUT = pd.Timestamp(SYNTHETIC_CUT)


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def asked(task):
    rng = np.random.default_rng(0)
    households = task.households[:12]
    return households, np.stack([rng.choice(len(task.items), 7, replace=False) for _ in households])


def test_text_is_the_cosine_with_what_was_bought(task, asked):
    rng = np.random.default_rng(1)
    vectors = {"dense": rng.normal(size=(len(task.items), 5)).astype(np.float32)}
    vectors["sparse"] = sparse.csr_array(rng.random((len(task.items), 9)) * (rng.random((len(task.items), 9)) > 0.5))
    found = Text(vectors, {"dense": (30.0,), "sparse": (np.inf,)}).fit(task).features(*asked)
    found = found.reshape(*asked[1].shape, 2)
    for column, (kind, half_life) in enumerate((("dense", 30.0), ("sparse", np.inf))):
        rows = vectors[kind] if kind == "dense" else vectors[kind].toarray()
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        profiles = task.history.matrix(decay(task, half_life)).toarray()[asked[0]] @ unit
        expected = np.take_along_axis(cosine_similarity(profiles, unit), asked[1], axis=1)
        np.testing.assert_allclose(found[..., column], expected, atol=1e-5)


def receipts(items, cut=CUT):
    """Each product at 2 dollars, the second at 4 with half off lately, and all of it changed after the cut."""
    rows = []
    for place, item in enumerate(items):
        regular = 4.0 if place == 1 else 2.0
        rows += [(item, cut - pd.DateOffset(days=60), regular, 0.0), (item, cut - pd.DateOffset(days=10), regular, 0.0)]
        rows.append((item, cut - pd.DateOffset(days=5), regular, 0.5 if place == 1 else 0.0))
        rows.append((item, cut + pd.DateOffset(days=1), 99.0, 0.9))
    return pd.DataFrame(rows, columns=["item", "timestamp", "regular", "depth"])


def test_a_price_is_the_usual_one_and_the_discount_the_latest(task):
    items, category = task.items[:4], np.array([0, 0, 0, 1])
    prices = receipts(items)
    table = price_table(prices[prices["timestamp"] < CUT], CUT, items, category)
    np.testing.assert_allclose(table["price"], np.log([2, 4, 2, 2]))
    np.testing.assert_allclose(table["level"], np.log([1, 2, 1, 1]))
    np.testing.assert_allclose(table["discount"], [0, 0.25, 0, 0])  # two lines of the last week: full price, half off
    np.testing.assert_allclose(table["usual"], [0, 0.5 / 3, 0, 0])


def test_an_old_discount_is_over_and_an_unsold_product_has_no_price():
    items = pd.Index([1, 2])
    prices = pd.DataFrame({"item": [1], "timestamp": [CUT - pd.DateOffset(days=40)], "regular": [3.0], "depth": [0.5]})
    table = price_table(prices, CUT, items, np.zeros(2, int))
    assert table.loc[1, "discount"] == 0
    assert table.loc[1, "usual"] == 0.5
    assert table.loc[2].isna().all()


def test_prices_after_the_cut_change_nothing(task, asked):
    prices = receipts(task.items)
    category = np.arange(len(task.items)) % 3
    found = Price(prices, category).fit(task).features(*asked)
    known = Price(prices[prices["timestamp"] < CUT], category).fit(task).features(*asked)
    np.testing.assert_array_equal(found, known)
    assert found.shape == (asked[1].size, len(Price.names))


def test_an_exchange_gives_a_product_anothers_prices(task, asked):
    prices, category = receipts(task.items), np.arange(len(task.items)) % 3
    order = np.roll(np.arange(len(task.items)), 1)
    own, other = (Price(prices, category, o).fit(task) for o in (None, order))
    np.testing.assert_array_equal(other.table_, own.table_[order])
    columns = other.features(*asked)[:, :4], own.features(asked[0], order[asked[1]])[:, :4]
    np.testing.assert_allclose(*columns)


def test_a_promotion_is_looked_up_in_the_households_week_and_store(task, asked):
    rng = np.random.default_rng(2)
    shape = 3, 4, len(task.items)
    display, mailer = rng.integers(0, 3, shape), rng.integers(0, 8, shape)
    shares = rng.random((3, len(task.items), 3)).astype(np.float32)
    weeks = rng.integers(0, 3, (len(task.users), 2))
    store = rng.integers(-1, 4, len(task.users))
    modality = Promotion(shares, display, mailer, 6, lambda task: (weeks, store)).fit(task)
    found = modality.features(*asked).reshape(*asked[1].shape, -1)
    assert found.shape[-1] == len(modality.names) == 10
    for row, household in enumerate(asked[0]):
        for place, item in enumerate(asked[1][row]):
            for w in range(2):
                week, here = weeks[household, w], store[household]
                expected = [*shares[week, item], display[week, here, item] > 0]
                page = mailer[week, here, item]
                expected.append(2 if page >= 6 else int(page > 0))
                expected = np.array(expected, float)
                expected[3:] = np.nan if here < 0 else expected[3:]
                np.testing.assert_allclose(found[row, place, 5 * w : 5 * w + 5], expected)


def test_lately_counts_the_last_week(task, asked):
    days = task.cut_day - task.history.day
    count = np.bincount(task.history.item[days <= 7], minlength=len(task.items)) + 1
    np.testing.assert_allclose(
        Lately().fit(task).features(*asked).ravel(), np.log(count / count.sum())[asked[1]].ravel()
    )


def test_late_fusion_adds_standardised_scores():
    rng = np.random.default_rng(3)
    scores = {name: rng.normal(size=(4, 9)) for name in ("base", "text", "price")}
    expected = sum(w * stats.zscore(scores[name], axis=1) for name, w in (("base", 1), ("text", 0.3), ("price", 2)))
    np.testing.assert_allclose(late(scores, {"text": 0.3, "price": 2}), expected, rtol=1e-5)


def test_without_a_modality_early_fusion_is_the_boosted_ranker(task):
    early, plain = EarlyFusion({}, n=20, n_trees=5, n_leaves=4), BoostedRanker(n=20, n_trees=5, n_leaves=4)
    np.testing.assert_array_equal(early.fit(task).score(task.households), plain.fit(task).score(task.households))
    assert early.score(task.households[:0]).shape == (0, len(task.items))


def test_a_modality_that_names_the_targets_is_used(task):
    """A column that gives the next basket away lifts early fusion far above what it is without it."""

    class Oracle:
        names = ("target",)

        def fit(self, task):
            self.targets = task.targets
            return self

        def features(self, households, items):
            return np.take_along_axis(self.targets[households].toarray(), items, axis=1).reshape(-1, 1)

    plain, told = (
        evaluate(EarlyFusion(extra, n=20, n_trees=20, n_leaves=4).fit(task), task)["ndcg"].mean()
        for extra in ({}, {"oracle": lambda task: Oracle()})
    )
    assert told > plain + 0.1


def test_lists_hold_what_each_household_buys_next(task):
    lists = Lists.gather(task, {"lately": Lately()}, 20, UserKNN())
    assert lists.table(["history", "lately"]).shape == (lists.items.size, lists.blocks["history"].shape[1] + 1)
    for row in (0, 5):
        bought = np.flatnonzero(task.targets[[task.households[row]]].toarray()[0])
        np.testing.assert_array_equal(lists.items[row][lists.hits[row]], np.intersect1d(lists.items[row], bought))
    other = lists.added(replace(task), {"lately": Lately()})
    np.testing.assert_array_equal(other.blocks["lately"], lists.blocks["lately"])
    assert lists.best(lists.hits.astype(float), k=3).shape == (len(task.households), 3)
