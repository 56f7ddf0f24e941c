"""The log of advertisements as the package hands it out."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from shoprec.data.bandit import CAMPAIGNS, POLICIES, open_bandit


@pytest.mark.parametrize("campaign", CAMPAIGNS)
@pytest.mark.parametrize("policy", POLICIES)
def test_columns_and_ranges(campaign, policy):
    log = open_bandit(campaign, policy)
    kinds = {name: str(kind) for name, kind in log.rows.dtypes.items()}
    assert kinds.pop("timestamp").startswith("datetime64")
    assert kinds.pop("click") == "bool"
    assert kinds == {"item": "int16", "position": "int8", "propensity": "float64"} | {
        f"user_{i}": "category" for i in range(4)
    }
    assert len(log.rows) == 10_000
    assert log.rows.notna().all().all()
    assert log.rows["timestamp"].is_monotonic_increasing
    assert log.rows["timestamp"].dt.strftime("%F").between("2019-11-24", "2019-11-30").all()
    assert log.rows["item"].between(0, log.n_items - 1).all()
    assert log.rows["position"].between(1, 3).all()
    assert log.rows["propensity"].between(0, 1, inclusive="right").all()
    assert log.n_items == CAMPAIGNS[campaign]
    assert log.items.index.tolist() == list(range(log.n_items))
    assert log.affinity.shape == (10_000, log.n_items)
    assert log.affinity.min() >= 0
    assert 30 <= log.rows["click"].sum() <= 70


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_the_random_policy_is_uniform(campaign):
    log = open_bandit(campaign, "random")
    assert np.allclose(log.rows["propensity"], 1 / log.n_items)
    expected = 10_000 / log.n_items
    counts = log.rows["item"].value_counts()
    assert len(counts) == log.n_items
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_propensities_are_those_of_the_item_in_its_position():
    """A mean of propensities that are right comes out as the share that an item really had."""
    log = open_bandit("men", "bts")
    inverse = (1 / (log.n_items * log.rows["propensity"])).groupby(log.rows["position"]).mean()
    assert np.allclose(inverse, 1, atol=0.25)  # each has the expected value 1
    shares = log.shares()
    assert shares.shape == (34, 3)
    assert np.allclose(shares.sum(axis=0), 1)
    row = log.rows.iloc[0]
    same = (log.rows["item"] == row["item"]) & (log.rows["position"] == row["position"])
    assert shares[row["item"], row["position"] - 1] == pytest.approx(
        same.sum() / (log.rows["position"] == row["position"]).sum()
    )


def test_wrong_names_are_named():
    with pytest.raises(ValueError, match="campaign is 'kids'; choose one of all, men, women"):
        open_bandit("kids", "bts")
    with pytest.raises(ValueError, match="policy is 'ts'; choose one of random, bts"):
        open_bandit("men", "ts")


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install --no-deps obp"):
        open_bandit("men", "bts")


def test_obp_is_not_imported():
    code = "import sys, shoprec.data.bandit as b; b.open_bandit('men', 'bts'); print('obp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
