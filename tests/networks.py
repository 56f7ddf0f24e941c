"""Small networks, and batches for them, that several test modules need."""

from functools import cache

import numpy as np
import torch
from synthetic import CUT, make_purchases

from shoprec.models.batches import Batch, make_batch
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import History, Task, next_basket_split

CONFIG = TransformerConfig(d_model=8, n_heads=2, n_layers=2, max_length=24, d_product=4, dropout=0.1)


@cache
def make_task() -> Task:
    return next_basket_split(make_purchases(), CUT, min_users=1)


def make_network(history, config=CONFIG, kind=PurchaseTransformer, **options):
    """An untrained network whose every weight is random, so that no term is zero by its start."""
    torch.manual_seed(0)
    network = kind(history, config, **options).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network


def queries(history: History, users, days, max_length=CONFIG.max_length, stop=None) -> Batch:
    """One query per window, which by default ends where the query's knowledge does."""
    users, days = np.asarray(users), np.asarray(days, dtype=float)
    known = history.known(users, days)
    stop = known if stop is None else stop
    return make_batch(history, users, stop, np.arange(len(users)), days, known, max_length)


def random_queries(history: History, n=12, seed=0):
    rng = np.random.default_rng(seed)
    users = rng.integers(history.n_users, size=n)
    first, last = history.day[history.start[users]], history.day[history.start[users + 1] - 1]
    return users, first + rng.uniform(0.2, 0.9, n) * (last - first)
