"""Federated averaging by store: one step is training in one place, and it tells what a lone household bought."""

import numpy as np
import pandas as pd
import pytest
import torch
from networks import make_task

from shoprec.applications.federated import federated_round, flat, local_steps, main_stores
from shoprec.formulas.privacy import federated_mean
from shoprec.models.basket_network import BasketNetwork, rows_of


@pytest.fixture(scope="module")
def setting():
    task = make_task()
    rows = rows_of(task)
    network = BasketNetwork(len(task.items), d=3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    return task, rows, network


@pytest.mark.parametrize("n_stores", [1, 2, 7])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_local_step_is_one_step_over_all_households(setting, n_stores, seed):
    _, rows, network = setting
    stores = np.random.default_rng(seed).integers(n_stores, size=len(rows.known))
    stores[~rows.known] = -1
    once = federated_round(network, rows, stores, rate=0.5)
    central = local_steps(network, rows, rows.known, 0.5, 1)
    torch.testing.assert_close(flat(once), flat(central), atol=1e-5, rtol=1e-4)


def test_with_more_local_steps_it_is_another_network(setting):
    _, rows, network = setting
    stores = np.where(rows.known, np.arange(len(rows.known)) % 3, -1)
    three = federated_round(network, rows, stores, rate=20, steps=3)
    central = local_steps(network, rows, rows.known, 20, 3)
    assert (flat(three) - flat(central)).abs().max() > 1e-4


def test_a_round_is_the_formula(setting):
    _, rows, network = setting
    stores = np.where(rows.known, np.arange(len(rows.known)) % 3, -1)
    each = [flat(local_steps(network, rows, stores == s, 0.5, 2)).numpy() for s in range(3)]
    mean = federated_mean(each, [(stores == s).sum() for s in range(3)])
    np.testing.assert_allclose(flat(federated_round(network, rows, stores, 0.5, 2)), mean, atol=1e-5)


def test_the_update_of_a_store_with_one_household_names_its_products(setting):
    _, rows, network = setting
    alone = np.arange(len(rows.known)) == np.flatnonzero(rows.known)[0]
    sent = local_steps(network, rows, alone, 0.5, 1).decode.bias - network.decode.bias
    assert torch.equal(sent > 0, rows.targets[alone][0] > 0)


def test_the_main_store_is_the_one_visited_most():
    task = make_task()
    users = task.users[:3]
    visits = [
        (users[0], 7, 1),
        (users[0], 7, 1),
        (users[0], 5, 2),
        (users[0], 5, 3),
        (users[1], 9, 4),
        (users[1], 8, 5),
    ]
    table = pd.DataFrame(visits, columns=["user", "store", "basket"])
    table["timestamp"] = task.cut - pd.Timedelta(days=1)
    late = pd.DataFrame({"user": [users[1]] * 2, "store": 9, "basket": [6, 7], "timestamp": task.cut})
    found = main_stores(pd.concat([table, late]), task)
    assert found[:3].tolist() == [0, 1, -1]
