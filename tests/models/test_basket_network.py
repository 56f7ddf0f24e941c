"""A row for each household, nothing of it in another one, and nothing from after the cut."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import make_task

from shoprec.evaluation import evaluate
from shoprec.models.basket_network import BasketNetwork, BasketRecommender, losses, rows_of
from shoprec.training.private import Steps, train


def test_a_households_row_rests_on_its_own_history_alone():
    task = make_task()
    rows = rows_of(task)
    gone = int(np.flatnonzero(rows.known)[0])
    without = rows_of(replace(task, history=task.history.select(task.history.user != gone)))
    others = np.arange(len(rows.known)) != gone
    for name in ("inputs", "targets"):
        assert torch.equal(getattr(rows, name)[others], getattr(without, name)[others])
        assert not getattr(without, name)[gone].any()
    assert not without.known[gone]


def test_rows_are_the_month_before_the_cut_and_what_came_before_it():
    task = make_task()
    rows, history = rows_of(task), task.history
    first = (task.cut - pd.DateOffset(months=1) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    month = history.day >= first
    for user in np.flatnonzero(rows.known)[:20]:
        own = history.user == user
        assert set(np.flatnonzero(rows.targets[user])) == set(history.item[own & month])
        assert set(np.flatnonzero(rows.inputs[user])) == set(history.item[own & ~month])
        assert rows.targets[user].sum().item() == pytest.approx(1, abs=1e-6)


def test_at_the_start_all_products_are_alike_and_training_lowers_the_loss():
    task = make_task()
    rows = rows_of(task)
    network = BasketNetwork(len(task.items), d=4)
    before = losses(network, rows)
    np.testing.assert_allclose(before[rows.known], np.log(len(task.items)), rtol=1e-5)
    assert np.isnan(before[~rows.known]).all()
    some = torch.from_numpy(np.flatnonzero(rows.known))
    train(network, rows.inputs[some], rows.targets[some], Steps(5.0, 20, parts=1))
    assert np.nanmean(losses(network, rows)) < np.nanmean(before)
    found = evaluate(BasketRecommender(network).fit(task), task)
    assert found["ndcg"].shape == task.households.shape
