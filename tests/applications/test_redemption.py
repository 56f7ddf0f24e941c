"""Forecasts of redemption: nothing from after the start, no campaign that still runs, and calibration that corrects."""

import numpy as np
import pandas as pd
import pytest
from scipy import special
from sklearn.dummy import DummyClassifier

from shoprec.applications.redemption import (
    FEATURES,
    base_rates,
    forecast,
    recalibrate,
    redemption_features,
    sample_size,
)
from shoprec.data.coupons import journey_coupons
from shoprec.data.journey import complete_journey


@pytest.fixture(scope="module")
def coupons():
    return journey_coupons()


@pytest.fixture(scope="module")
def purchases():
    return complete_journey().purchases


@pytest.fixture(scope="module")
def pairs(coupons):
    return coupons.pairs()


def test_features_against_a_count_by_hand(coupons, purchases, pairs):
    some = pairs[pairs["campaign"] == 18].iloc[[3, 500, 1000]]
    features = redemption_features(some, coupons, purchases)
    assert features.columns.tolist() == FEATURES
    assert features.index.equals(some.index)
    start = coupons.campaigns.loc[18, "start"]
    offered = set(coupons.offers.loc[coupons.offers["campaign"] == 18, "item"])
    for row, user in some["user"].items():
        mine = purchases[(purchases["user"] == user) & (purchases["timestamp"] < start)]
        recent = mine[mine["timestamp"] >= start - pd.Timedelta(28, "D")]
        on_offer = recent[recent["item"].isin(offered)]
        done = coupons.redemptions.query("user == @user and date < @start")
        expected = {
            "baskets": np.log1p(recent["basket"].nunique()),
            "spend": np.log1p(recent["price"].sum()),
            "fits": np.log1p(on_offer["item"].nunique()),
            "fit_spend": np.log1p(on_offer["price"].sum()),
            "gap": np.log1p((start - mine["timestamp"].max()).days),
            "redeemed_coupons": np.log1p(len(done)),
            "redeemed_campaigns": done["campaign"].nunique(),
            "type_a": 1.0,
            "type_c": 0.0,
            "offered": np.log1p(len(offered)),
            "days": 55,
        }
        assert features.loc[row, list(expected)].to_dict() == pytest.approx(expected)


def test_what_comes_after_the_start_changes_nothing(coupons, purchases, pairs):
    some = pairs[pairs["campaign"].isin([9, 13])]
    start = coupons.campaigns.loc[13, "start"]
    table = redemption_features(some, coupons, purchases)
    future = coupons.redemptions[coupons.redemptions["date"] >= start]
    cut = type(coupons)(coupons.campaigns, coupons.sent, coupons.offers, coupons.redemptions.drop(future.index))
    earlier = redemption_features(some, cut, purchases[purchases["timestamp"] < start])
    pd.testing.assert_frame_equal(table, earlier)


def made_up():
    day = pd.Timestamp("2017-03-01")
    days = {1: (0, 10), 2: (5, 40), 3: (20, 30)}  # the second still runs when the third starts
    rows = [(c, t, r) for c, t, r in [(1, "A", 1), (1, "A", 0), (2, "B", 1), (2, "B", 1), (3, "B", 0)]]
    pairs = pd.DataFrame(rows, columns=["campaign", "type", "redeemed"]).astype({"redeemed": bool})
    pairs["start"] = [day + pd.Timedelta(days[c][0], "D") for c in pairs["campaign"]]
    pairs["end"] = [day + pd.Timedelta(days[c][1], "D") for c in pairs["campaign"]]
    return pairs


def test_a_campaign_that_still_runs_is_not_learned_from():
    pairs = made_up()
    assert forecast(pairs, pairs[["campaign"]], DummyClassifier, [3]).to_dict() == {4: 0.5}
    assert base_rates(pairs, [3]).to_dict() == {4: 0.5}
    with pytest.raises(ValueError, match="no campaigns that ended before 2"):
        forecast(pairs, pairs[["campaign"]], DummyClassifier, [2])


def test_recalibration_recovers_what_was_distorted():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.02, 0.9, 60_000)
    outcome = rng.random(60_000) < truth
    distorted = special.expit(2 * special.logit(truth) + 1)
    assert recalibrate(distorted, outcome, distorted) == pytest.approx(truth, abs=0.02)
    order = np.argsort(distorted)
    assert (np.diff(recalibrate(distorted, outcome, distorted)[order]) >= 0).all()
    with pytest.raises(ValueError, match="nothing can correct certainty"):
        recalibrate([0.5, 1.0], [0, 1], [0.5])


def test_sample_size_gives_the_power_that_it_promises():
    n = sample_size(0.1, 0.3, power=0.9)
    one, two = np.random.default_rng(0).binomial(n, [[0.1], [0.13]], (2, 20_000)) / n
    error = np.sqrt((one * (1 - one) + two * (1 - two)) / n)
    assert (two - one > 1.96 * error).mean() == pytest.approx(0.9, abs=0.015)
    assert sample_size(0.1, 0.1) > sample_size(0.1, 0.2)
    assert sample_size(0.01, 0.2) > sample_size(0.1, 0.2)


@pytest.mark.parametrize(("rate", "lift", "message"), [(0, 0.1, "rate"), (0.1, 0, "lift of 0"), (0.5, 2, "to 1.5")])
def test_impossible_experiments_are_named(rate, lift, message):
    with pytest.raises(ValueError, match=message):
        sample_size(rate, lift)
