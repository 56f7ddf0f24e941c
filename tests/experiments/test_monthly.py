"""Gains by month: as a plain loop over households finds them, and as the summary's own pairs have them over all."""

import numpy as np
import pandas as pd
import pytest
from recordings import CUTS, made_up

from shoprec.evaluation import paired_bootstrap
from shoprec.experiments.monthly import gains_by_month
from shoprec.experiments.records import load_record
from shoprec.experiments.summary import resample


def test_months_come_in_order_and_all_of_them_last() -> None:
    drawn = resample(made_up(["A", "B", "C"]), n=50)
    found = gains_by_month(drawn, ["C", "B"], "A")
    assert list(found) == ["model", "cut", "gain", "low", "high"]
    assert found["model"].tolist() == ["C"] * 7 + ["B"] * 7
    assert found["cut"].tolist() == [*CUTS, "all"] * 2


def test_over_all_months_it_is_what_the_pairs_say() -> None:
    drawn = resample(made_up({"A": 1, "B": 3}), n=200)
    [last] = gains_by_month(drawn, ["B"], "A").query("cut == 'all'")[["gain", "low", "high"]].to_numpy()
    np.testing.assert_allclose(last, drawn.pairs([("B", "A")])[["mean", "low", "high"]].to_numpy()[0])


def test_in_a_month_it_is_the_paired_bootstrap_of_the_book() -> None:
    """On the recording of section 8.3: the same means, and intervals as far apart as two draws of them are."""
    record = load_record("multimodal")
    models = ["text", "price, late", "promotion, visit", "promotion, placebo"]
    found = gains_by_month(resample(record), models, "base").set_index(["model", "cut"])
    scores = record.households.astype({"model": str, "cut": str})
    means = scores.groupby(["model", "cut", "household"])["all"].mean()  # of the seeds
    for model in models:
        for cut in CUTS:
            first, second = means[model, cut].align(means["base", cut], join="outer")
            mean, low, high = paired_bootstrap(first.to_numpy(), second.to_numpy(), n=2000, seed=1)
            here = found.loc[(model, cut)]
            assert here["gain"] == pytest.approx(mean, abs=1e-6)
            if "placebo" not in model:  # there, seeds are drawn, too, and the interval is wider
                assert here[["low", "high"]].to_numpy() == pytest.approx([low, high], abs=0.15 * (high - low))
            else:
                assert here["high"] - here["low"] > 0.95 * (high - low)


def test_an_unknown_model_is_named() -> None:
    drawn = resample(made_up(["A", "B"]), n=5)
    with pytest.raises(ValueError, match="nothing is recorded of Z"):
        gains_by_month(drawn, ["Z"], "A")
    with pytest.raises(ValueError, match="nothing is recorded of Z"):
        gains_by_month(drawn, ["A"], "Z")


def test_a_month_that_is_not_recorded_stays_empty() -> None:
    record = made_up(["A", "B"])
    households = record.households
    gone = (households["model"] == "B") & (households["cut"] == CUTS[2])
    object.__setattr__(record, "households", households[~gone])
    found = gains_by_month(resample(record, n=20), ["B"], "A").set_index("cut")
    assert found.index[found["gain"].isna()].tolist() == [CUTS[2], "all"]
    assert pd.isna(found.loc["all", "high"])
