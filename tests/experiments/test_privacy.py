"""The study of privacy: coins, plans, forgetting, and what the record holds."""

from copy import deepcopy
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from networks import make_task

from shoprec.applications.membership import Draws, Losses, auc_draws, interval
from shoprec.experiments.privacy import (
    EPSILONS,
    FORGOTTEN,
    MEMBER,
    MORE_STEPS,
    N_SEEDS,
    OTHER,
    PRIVATE,
    Study,
    arm_of,
    forget,
    with_noise,
)  # fmt: skip
from shoprec.experiments.records import load_record
from shoprec.models.basket_network import losses, rows_of
from shoprec.tasks import CUTS
from shoprec.training.private import Steps, epsilon_of


@pytest.fixture(scope="module")
def study():
    task = make_task()
    return Study(task, rows_of(task))


def test_a_fair_coin_decides_who_is_a_member(study):
    many = replace(study, rows=replace(study.rows, known=np.ones(20_000, bool)))
    roles = many.roles(0)
    assert np.mean(roles != OTHER) == pytest.approx(0.5, abs=0.015)
    assert np.mean(roles[roles != OTHER] == FORGOTTEN) == pytest.approx(0.1, abs=0.01)
    assert (roles == many.roles(0)).all()
    both = (roles != OTHER) & (many.roles(1) != OTHER)
    assert both.mean() == pytest.approx(0.25, abs=0.015)
    assert not study.roles(0)[~study.rows.known].any()


def test_plans_have_the_noise_that_epsilon_asks_for():
    for epsilon in EPSILONS:
        assert 0.9 * epsilon < epsilon_of(with_noise(PRIVATE[0], epsilon)) <= epsilon + 0.01
    assert len({arm_of(epsilon) for epsilon in EPSILONS}) == len(EPSILONS)


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_ascent_lifts_the_loss_of_those_who_ask_and_counts_its_work(study, seed):
    """Nobody but those who ask has trained the network, so their losses are below others', and ascent must happen."""
    roles, plan = study.roles(seed), Steps(3.0, 40)
    asks = roles == FORGOTTEN
    network, alike = (study.trained(asks, plan, seed) for _ in range(2))
    start = losses(network, study.rows)
    assert start[asks].mean() < np.nanmean(start[roles == OTHER]) - 0.5
    rest = forget(study, roles, alike, plan, ascent=False, seed=seed)
    assert rest == MORE_STEPS * int((roles == MEMBER).sum()) // plan.parts
    steps, left = divmod(forget(study, roles, network, plan, ascent=True, seed=seed) - rest, int(asks.sum()))
    assert left == 0
    assert 0 < steps < 100
    assert np.mean(losses(network, study.rows)[asks] - losses(alike, study.rows)[asks]) > 0.02


def test_ascent_takes_no_step_where_losses_are_as_high_as_others(study):
    roles, plan = study.roles(0), Steps(3.0, 40)
    network = study.trained(roles == OTHER, plan, 0)
    alike = deepcopy(network)
    costs = [forget(study, roles, one, plan, ascent, seed=0) for one, ascent in ((network, True), (alike, False))]
    assert costs[0] == costs[1]
    np.testing.assert_array_equal(losses(network, study.rows), losses(alike, study.rows))


@pytest.fixture(scope="module")
def record():
    return load_record("privacy")


def test_the_record_holds_every_arm_of_every_cut_with_the_coins_of_its_seed(record):
    arms = {arm_of(e) for e in EPSILONS} | {"normal", "overfitted", "short", "clipped"}
    arms |= {"retrained", "continued", "ascended"}
    assert record.current
    kept = record.cells[["cut", "model", "seed"]].itertuples(index=False, name=None)
    assert sorted(kept) == sorted(product(CUTS, arms, range(N_SEEDS)))
    keys = ["cut", "seed", "household"]
    assert (record.households.groupby(keys, observed=True)["role"].nunique() == 1).all()
    for row in record.cells[record.cells["seed"] == 0].itertuples():
        plan = Steps(**row.settings)
        if row.epsilon and row.epsilon > 0:
            assert epsilon_of(plan) == pytest.approx(row.epsilon, rel=1e-6)
            assert row.trials[0]["ndcg"] == max(trial["ndcg"] for trial in row.trials)


def test_ascent_took_all_its_steps_in_december(record):
    """The chapter says that it was stopped by its limit, before losses were as high as others'."""
    work = record.cells.query("cut == @CUTS[-1]").pivot(index="seed", columns="model", values="gradients")
    own = record.households.query("cut == @CUTS[-1] and model == 'ascended'")
    asked = (own["role"] == FORGOTTEN).groupby(own["seed"]).sum()
    assert (work["ascended"] - work["continued"]).to_dict() == (100 * asked).to_dict()
    loss = own.groupby(["seed", "role"], observed=True)["loss"].mean().unstack()
    assert (loss[FORGOTTEN] < loss[OTHER] - 0.1).all()


@pytest.mark.parametrize("cut", CUTS)
def test_the_attack_stays_below_every_bound_of_the_record(record, cut):
    own = record.households[record.households["cut"] == cut]
    for epsilon in EPSILONS:
        found = Losses.of(own, arm_of(epsilon))
        auc = interval(auc_draws(found.calibrated(), found.role, Draws.make(*found.loss.shape, n=50)))[0]
        assert auc <= 1 - (1 - 1e-5) ** 2 / (1 + np.exp(epsilon))
