"""Trainings so small that a test can run many: a real network, and a single number."""

from dataclasses import replace

import numpy as np
import torch
from synthetic import CUT, make_purchases
from torch import nn

from shoprec.models.batches import TrainingSet
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import next_basket_split
from shoprec.training.loop import TrainingConfig, train

EPOCHS = 40
CONFIG = TrainingConfig(epochs=EPOCHS, patience=EPOCHS, learning_rate=0.01)


def real_parts(n_users=20, dropout=0.3, n_sampled=15, n_dates=3, seed=0, kind=PurchaseTransformer, **options):
    """A small Transformer, with all that is random in it: batches, dropout, drawn products."""
    history = next_basket_split(make_purchases(n_users=n_users), CUT, min_users=1).history
    settings = TransformerConfig(d_model=8, n_heads=2, n_layers=1, max_length=16, dropout=dropout, d_product=4)
    torch.manual_seed(seed)
    network = kind(history, settings, n_sampled, **options)
    batches = TrainingSet(history, max_length=16, batch_size=10, n_dates=n_dates)
    judge = TrainingSet(history, max_length=16, batch_size=20, n_dates=3)

    def validate(network):
        (batch,) = judge(np.random.default_rng(1))
        with torch.no_grad():
            return -network.loss(batch).item()

    return network, batches, validate


def run_real(checkpoint=None, config=CONFIG, **options):
    network, batches, validate = real_parts(**options)
    log = train(network, batches, len(batches), validate, config, checkpoint, progress=False)
    return network, log


class Point(nn.Module):
    """A single number that is pulled to the batch's; every loss, step and score can be computed by hand."""

    def __init__(self, start=0.0):
        super().__init__()
        self.x = nn.Parameter(torch.tensor([start]))

    def loss(self, batch):
        return (self.x - batch).square().sum()


def batches_of(*values):
    return lambda rng: [torch.tensor([float(v)]) for v in values]


def run_point(validate=lambda network: 0.0, batches=None, checkpoint=None, **settings):
    config = replace(TrainingConfig(epochs=6, patience=6, learning_rate=0.1), **settings)
    network = Point()
    log = train(network, batches or batches_of(1, 1, 1), 3, validate, config, checkpoint, progress=False)
    return network, log


def assert_same_weights(a, b):
    a, b = a.state_dict(), b.state_dict()
    assert a.keys() == b.keys()
    assert [name for name in a if not torch.equal(a[name], b[name])] == []
