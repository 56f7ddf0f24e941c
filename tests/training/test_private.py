"""DP-SGD by Opacus does what the formula says: norms of households' gradients, one step, the noise, and ε."""

import copy
import math
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from shoprec.formulas.privacy import private_gradient
from shoprec.models.basket_network import BasketNetwork
from shoprec.training.private import DELTA, Steps, epsilon_of, noise_for, train

pytest.importorskip("opacus")  # the machine with a GPU may lack it
from opacus import GradSampleModule
from opacus.accountants.analysis.rdp import compute_rdp, get_privacy_spent
from opacus.grad_sample import GradSampleModuleFastGradientClipping

N, ITEMS = 9, 12


@pytest.fixture
def table():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(N, ITEMS, generator=generator)
    targets = torch.rand(N, ITEMS, generator=generator)
    return inputs, targets / targets.sum(dim=1, keepdim=True)


@pytest.fixture
def network():
    """Not at its start, where half of the gradients are 0."""
    found = BasketNetwork(ITEMS, d=3)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter += 0.5 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    return found


def gradients(network, inputs, targets):
    """Each household's gradient, by one backward pass each."""
    rows = []
    for x, y in zip(inputs, targets, strict=True):
        network.zero_grad()
        nn.functional.cross_entropy(network(x[None]), y[None]).backward()
        rows.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    return torch.stack(rows).numpy()


def test_ghost_norms_are_those_of_autograd(network, table):
    inputs, targets = table
    by_hand = np.linalg.norm(gradients(copy.deepcopy(network), inputs, targets), axis=1)
    private = GradSampleModuleFastGradientClipping(network, max_grad_norm=1.0, use_ghost_clipping=True)
    nn.functional.cross_entropy(private(inputs), targets).backward()
    np.testing.assert_allclose(private.get_norm_sample().numpy(), by_hand, rtol=1e-5)


def test_ghost_norms_are_those_of_opacus_own_gradients(network, table):
    inputs, targets = table
    whole = GradSampleModule(copy.deepcopy(network))
    nn.functional.cross_entropy(whole(inputs), targets).backward()
    rows = torch.cat([p.grad_sample.flatten(1) for p in whole.parameters()], dim=1)
    np.testing.assert_allclose(rows.numpy(), gradients(copy.deepcopy(network), inputs, targets), atol=1e-6)


@pytest.mark.parametrize("clip", [0.1, 0.5, 100.0])
def test_a_step_without_noise_is_the_formula(network, table, clip):
    inputs, targets = table
    before = nn.utils.parameters_to_vector(network.parameters()).detach().numpy()
    rows = gradients(copy.deepcopy(network), inputs, targets)
    train(network, inputs, targets, Steps(0.7, 1, clip, parts=1))  # everybody is drawn
    after = nn.utils.parameters_to_vector(network.parameters()).detach().numpy()
    step = 0.7 * private_gradient(rows, clip, 0.0, N, np.random.default_rng(0))
    np.testing.assert_allclose(before - after, step, atol=1e-6)


def test_without_clip_and_with_a_wide_one_training_is_the_same_when_all_are_drawn(network, table):
    plain = train(copy.deepcopy(network), *table, Steps(0.5, 5, parts=1))
    wide = train(copy.deepcopy(network), *table, Steps(0.5, 5, 1e6, parts=1))
    for a, b in zip(plain.parameters(), wide.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_the_noise_of_a_step_has_the_size_of_the_formula(table):
    inputs, targets = table
    network = BasketNetwork(ITEMS, d=200)
    quiet, loud = (train(copy.deepcopy(network), inputs, targets, Steps(1.0, 1, 0.2, z, parts=1)) for z in (0.0, 3.0))
    noise = nn.utils.parameters_to_vector(loud.parameters()) - nn.utils.parameters_to_vector(quiet.parameters())
    assert noise.std().item() == pytest.approx(3.0 * 0.2 / N, rel=0.05)


def test_the_same_seed_gives_the_same_network(table):
    plan = Steps(0.5, 6, 0.2, 1.0)
    one, two, other = (train(BasketNetwork(ITEMS, d=3), *table, plan, seed).decode.bias for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_epsilon_without_sampling_is_the_gaussian_mechanisms():
    """With all households in each step, RDP of order a is T a / (2 z²): turned into ε by the same conversion."""
    steps, z = 10, 4.0
    orders = [1 + x / 10 for x in range(1, 1000)]
    by_hand = min(
        steps * a / (2 * z**2) + math.log((a - 1) / a) - (math.log(DELTA) + math.log(a)) / (a - 1) for a in orders
    )
    assert epsilon_of(Steps(1, steps, 1.0, z, parts=1)) == pytest.approx(by_hand, rel=0.01)
    assert np.allclose(compute_rdp(q=1, noise_multiplier=z, steps=steps, orders=8.0), steps * 8 / (2 * z**2))


def test_epsilon_is_opacus_and_noise_keeps_it():
    orders = [1 + x / 10 for x in range(1, 100)] + list(range(12, 64))
    for epsilon in (0.5, 2.0, 8.0):
        plan = Steps(1, 30, 1.0, noise_for(epsilon, 30))
        assert 0.9 * epsilon < epsilon_of(plan) <= epsilon + 0.01
        rdp = compute_rdp(q=0.25, noise_multiplier=plan.multiplier, steps=30, orders=orders)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert epsilon_of(plan) == pytest.approx(get_privacy_spent(orders=orders, rdp=rdp, delta=DELTA)[0])
    assert epsilon_of(Steps(1, 30)) == float("inf")
