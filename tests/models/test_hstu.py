"""HSTU's layer against plain loops, and what a causal network must not see."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from networks import make_network, make_task

from shoprec.evaluation import evaluate
from shoprec.models.batches import N_AGES, TrainingSet
from shoprec.models.hstu import HSTULayer, HSTUTransformer
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import TransformerBlock, TransformerConfig

CONFIG = TransformerConfig(d_model=8, n_heads=2, n_layers=3, max_length=12, dropout=0.0, behaviour=False)


def silu(x):
    return x / (1 + np.exp(-x))


def norm(x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5)


def slowly(layer, x, age):
    """One window, number by number, as the paper writes it."""
    weight, bias = layer.split.weight.numpy().astype(float), layer.split.bias.numpy().astype(float)
    length, d = x.shape
    u, v, q, k = np.split(np.array([silu(weight @ norm(row) + bias) for row in x]), 4, axis=1)
    y, each = np.zeros((length, d)), d // layer.n_heads
    for head in range(layer.n_heads):
        own = slice(head * each, (head + 1) * each)
        for i in range(length):
            for j in range(i + 1):
                affinity = sum(a * b for a, b in zip(q[i, own], k[j, own], strict=True))
                affinity += float(layer.distance[i - j]) + float(layer.age[age[i, j]])
                y[i, own] += affinity / (1 + math.exp(-affinity)) / layer.n * v[j, own]
    gated = np.array([norm(row) for row in y]) * u
    return x + gated @ layer.out.weight.numpy().astype(float).T + layer.out.bias.numpy()


@torch.no_grad()
def test_a_layer_is_what_the_paper_writes():
    torch.manual_seed(0)
    layer = HSTULayer(CONFIG)
    layer.distance.normal_()
    layer.age.normal_()
    x, age = torch.randn(2, 7, 8), torch.randint(N_AGES, (2, 7, 7))
    fast = layer(x, age)
    for window in range(2):
        expected = slowly(layer, x[window].numpy().astype(float), age[window].numpy())
        np.testing.assert_allclose(fast[window], expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_without_a_softmax_twice_the_same_weighs_more():
    torch.manual_seed(0)
    layer = HSTULayer(CONFIG)
    layer.split.bias.fill_(1.0)
    x = torch.randn(1, 1, 8)
    once, twice = x.expand(1, 2, 8), x.expand(1, 3, 8)
    age = torch.zeros(1, 3, 3, dtype=torch.long)
    layer.norm_out = torch.nn.Identity()  # which takes out how much there is of all
    gain = [
        layer(some, age[:, : some.shape[1], : some.shape[1]])[0, -1] - x[0, 0] - layer.out.bias
        for some in (once, twice)
    ]
    torch.testing.assert_close(gain[1], gain[0] * 3 / 2, rtol=1e-4, atol=1e-6)


@torch.no_grad()
def test_nobody_sees_ahead():
    network = make_network(make_task().history, CONFIG, HSTUTransformer)
    batch = next(
        TrainingSet(make_task().history, 12, batch_size=5, n_dates=3, behaviour=False)(np.random.default_rng(0))
    )
    before = network.encode(batch)
    items = batch.items.clone()
    items[:, 6:] = 0
    after = network.encode(batch._replace(items=items))
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


@torch.no_grad()
def test_time_between_purchases_counts():
    network = make_network(make_task().history, CONFIG, HSTUTransformer)
    batch = next(
        TrainingSet(make_task().history, 12, batch_size=5, n_dates=3, behaviour=False)(np.random.default_rng(0))
    )
    assert not torch.allclose(network.encode(batch), network.encode(batch._replace(days=5 * batch.days)))


def test_five_layers_have_about_as_many_weights_as_two_blocks():
    config = replace(CONFIG, d_model=32)
    theirs = 5 * sum(p.numel() for p in HSTULayer(config).parameters())
    ours = 2 * sum(p.numel() for p in TransformerBlock(config).parameters())
    assert 0.9 < theirs / ours < 1.1


def test_it_ranks_all_products():
    task = make_task()
    network = make_network(task.history, CONFIG, HSTUTransformer)
    assert np.isfinite(evaluate(SequentialRecommender(network).fit(task), task)["ndcg"]).all()


def test_what_isnt_causal_is_refused():
    with pytest.raises(ValueError, match="causal"):
        HSTUTransformer(make_task().history, replace(CONFIG, causal=False))
