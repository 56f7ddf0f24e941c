"""Federated averaging by store: households' rows stay in their store, and only what a store has learned is sent."""

from copy import deepcopy

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

from shoprec.formulas.arrays import Codes, Mask
from shoprec.models.basket_network import Rows
from shoprec.tasks import Task


def main_stores(purchases: pd.DataFrame, task: Task) -> Codes:
    """The store that each of a task's households visited most before the cut, as a number from 0; -1 for none.

    Of stores that were visited equally often, the one with the lower id.

    Parameters
    ----------
    purchases : DataFrame
        Columns ``user, store, basket, timestamp``.
    task : Task
    """
    visits = purchases.loc[purchases["timestamp"] < task.cut, ["user", "store", "basket"]].drop_duplicates()
    counts = visits.groupby(["user", "store"], as_index=False).size()
    counts = counts.sort_values(["user", "size", "store"], ascending=[True, False, True])
    most = counts.drop_duplicates("user").set_index("user")["store"]
    return pd.factorize(most.reindex(task.users), sort=True)[0]


def local_steps(network: nn.Module, rows: Rows, some: Mask, rate: float, steps: int) -> nn.Module:
    """A copy of a network after a store's own steps, each over all of its households."""
    own = deepcopy(network)
    optimizer = torch.optim.SGD(own.parameters(), lr=rate)
    here = torch.from_numpy(np.flatnonzero(some))
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(own(rows.inputs[here]), rows.targets[here]).backward()
        optimizer.step()
    return own


def federated_round(network: nn.Module, rows: Rows, stores: Codes, rate: float, steps: int = 1) -> nn.Module:
    """One round: every store goes on from the same network, and the mean of theirs is the next one.

    Parameters
    ----------
    network : Module
    rows : Rows
    stores : array of int, shape (n_users,)
        Each household's store; -1 for who takes no part.
    rate : float
        Of each store's gradient descent.
    steps : int
        Of each store between two means. With one, the mean is the step over all households at once.
    """
    total, n = torch.zeros_like(flat(network)), 0
    for store in np.unique(stores[stores >= 0]):  # one after another, so that one network is in memory at a time
        here = stores == store
        total += int(here.sum()) * flat(local_steps(network, rows, here, rate, steps))
        n += int(here.sum())
    mean = deepcopy(network)
    nn.utils.vector_to_parameters(total / n, mean.parameters())
    return mean


def flat(network: nn.Module) -> torch.Tensor:
    """All parameters in one row."""
    return nn.utils.parameters_to_vector(network.parameters()).detach()
