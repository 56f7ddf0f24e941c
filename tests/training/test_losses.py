"""Binary losses: PyTorch's own, their special cases, and what they learn."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoprec.training.losses import bce_loss, gbce_loss, gbce_power


def scores(n=7, k=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(n, generator=generator), 3 * torch.randn(n, k, generator=generator)


@pytest.mark.parametrize("k", [1, 5])
def test_bce_is_pytorchs(k):
    positive, negative = scores(k=k)
    logits, truth = torch.cat([positive[:, None], negative], dim=1), torch.zeros(7, k + 1)
    truth[:, 0] = 1
    torch.testing.assert_close(bce_loss(positive, negative), F.binary_cross_entropy_with_logits(logits, truth))


@given(beta=st.floats(0.01, 1.0), seed=st.integers(0, 100))
def test_gbce_is_the_cross_entropy_of_the_probability_to_the_power_beta(beta, seed):
    positive, negative = scores(seed=seed)
    positive, negative = positive.double(), negative.double()
    each = torch.log(positive.sigmoid() ** beta) + torch.log(1 - negative.sigmoid()).sum(dim=1)
    torch.testing.assert_close(gbce_loss(positive, negative, beta), -each.mean() / 6)


def test_without_calibration_gbce_is_bce():
    positive, negative = scores()
    beta = gbce_power(n_negatives=5, n_items=100, t=0.0)
    assert torch.equal(gbce_loss(positive, negative, beta), bce_loss(positive, negative))


@given(k=st.integers(1, 99), t=st.floats(0, 1))
def test_power_is_the_papers_formula(k, t):
    alpha = k / 99
    assert gbce_power(k, 100, t) == pytest.approx(alpha * (t * (1 - 1 / alpha) + 1 / alpha))
    assert gbce_power(k, 100, 1.0) == pytest.approx(alpha)


@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_the_minimum_is_where_the_theorem_says(t):
    """Expected loss of one product: bought with probability p, otherwise drawn with probability alpha."""
    p, k, n_items = 0.05, 3, 31
    alpha, beta = k / (n_items - 1), gbce_power(k, n_items, t)
    grid = torch.linspace(-8, 8, 160_001, dtype=torch.double)
    none = torch.full((len(grid), 1), -torch.inf, dtype=torch.double)
    bought = torch.stack([gbce_loss(s[None], none[:1], beta) for s in grid[::40]])
    drawn = F.softplus(grid[::40]) / 2
    best = grid[::40][(p * bought + (1 - p) * alpha * drawn).argmin()].sigmoid()
    assert float(best) == pytest.approx(beta * p / (beta * p + alpha * (1 - p)), rel=0.01)


def test_minus_infinity_leaves_a_negative_out():
    positive, negative = scores()
    without = negative.clone()
    without[:, 0] = -torch.inf
    expected = bce_loss(positive, negative[:, 1:]) * 5 / 6  # still counted in the mean
    torch.testing.assert_close(bce_loss(positive, without), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bce_loss(torch.zeros(3), torch.zeros(3)), "pass"),
        (lambda: bce_loss(torch.zeros(3), torch.zeros(2, 1)), "shapes"),
        (lambda: gbce_loss(torch.zeros(3), torch.zeros(3, 1), 0.0), "beta must be positive"),
        (lambda: gbce_power(0, 10, 0.5), "from 1 to n_items - 1 = 9"),
        (lambda: gbce_power(10, 10, 0.5), "not 10"),
        (lambda: gbce_power(1, 10, 1.5), "t must be"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
