"""The attack's scores and their intervals."""

import numpy as np
import pandas as pd
import pytest

from shoprec.applications.membership import Draws, Losses, auc_draws, interval, weighted_auc
from shoprec.formulas.privacy import attack_auc


def made(gap, n_seeds=5, n=400, seed=0):
    """Losses of households that are easy or hard, lower by a gap where a network knows them."""
    rng = np.random.default_rng(seed)
    hard, role = rng.normal(8, 1, n), (rng.random((n_seeds, n)) < 0.5).astype(np.int8)
    return Losses(hard - gap * role + rng.normal(0, 0.1, role.shape), role)


def test_the_calibrated_attack_takes_out_how_hard_a_household_is():
    found = made(gap=0.2)
    draws = Draws.make(*found.loss.shape)
    plain, calibrated = (interval(auc_draws(a, found.role, draws)) for a in (found.plain(), found.calibrated()))
    assert plain[0] < 0.65 < 0.85 < calibrated[0]
    assert calibrated[1] < calibrated[0] < calibrated[2]


def test_without_a_gap_neither_attack_finds_members():
    found = made(gap=0.0)
    draws = Draws.make(*found.loss.shape)
    for scores in (found.plain(), found.calibrated()):
        _, low, high = interval(auc_draws(scores, found.role, draws))
        assert low < 0.5 < high


def test_a_reference_is_a_network_of_another_seed_that_did_not_know_the_household():
    loss = np.array([[1.0, 5.0], [2.0, 6.0], [4.0, 7.0]])
    role = np.array([[0, 1], [0, 1], [1, 1]], np.int8)
    scores = Losses(loss, role).calibrated()
    np.testing.assert_allclose(scores[:, 0], [2 - 1, 1 - 2, 1.5 - 4])
    assert np.isnan(scores[:, 1]).all()


def test_weights_count_households_that_often():
    rng = np.random.default_rng(0)
    scores, inside = rng.integers(0, 5, 30).astype(float), rng.random(30) < 0.5
    scores[0] = np.nan
    weights = rng.integers(0, 3, (6, 30))
    found = weighted_auc(scores, inside, ~inside, weights)
    for w, auc in zip(weights, found, strict=True):
        drawn = np.repeat(np.arange(30), w)
        drawn = drawn[~np.isnan(scores[drawn])]
        assert auc == pytest.approx(attack_auc(scores[drawn][inside[drawn]], scores[drawn][~inside[drawn]]))


def test_losses_are_read_from_a_record():
    rows = [("a", s, h, h % 2, s + h if h else np.nan) for s in (0, 1) for h in (0, 1, 2)]
    table = pd.DataFrame(rows, columns=["model", "seed", "household", "role", "loss"])
    found = Losses.of(table, "a")
    np.testing.assert_array_equal(found.loss, [[1, 2], [2, 3]])
    np.testing.assert_array_equal(found.role, [[1, 0], [1, 0]])
