"""Losses: PyTorch's own, their special cases, and what they learn."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoprec.training.losses import basket_loss, bce_loss, gbce_loss, gbce_power


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
        (lambda: bce_loss(torch.zeros(0), torch.zeros(0, 1)), "with a target at least"),
        (lambda: gbce_loss(torch.zeros(3), torch.zeros(3, 1), 0.0), "beta must be positive"),
        (lambda: gbce_power(0, 10, 0.5), "from 1 to n_items - 1 = 9"),
        (lambda: gbce_power(10, 10, 0.5), "not 10"),
        (lambda: gbce_power(1, 10, 1.5), "t must be"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- Baskets --------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10**6), weighted=st.booleans())
def test_basket_loss_is_its_formula(seed, weighted):
    rng = np.random.default_rng(seed)
    n_queries, n_items = rng.integers(1, 7), rng.integers(3, 12)
    s, w = rng.normal(0, 3, (n_queries, n_items)), rng.uniform(0, 2, n_items) if weighted else np.ones(n_items)
    baskets = [rng.choice(n_items, rng.integers(1, n_items), replace=False) for _ in range(n_queries)]
    loss = 0.0
    for q, basket in enumerate(baskets):
        z = sum((1 if j in basket else w[j]) * math.exp(s[q, j]) for j in range(n_items))
        loss -= np.mean([math.log(math.exp(s[q, t]) / z) for t in basket]) / n_queries
    query = torch.as_tensor(np.repeat(np.arange(n_queries), [len(basket) for basket in baskets]))
    order = torch.as_tensor(rng.permutation(len(query)))  # the targets come in any order
    target = torch.as_tensor(np.concatenate(baskets))
    got = basket_loss(torch.as_tensor(s), query[order], target[order], torch.as_tensor(w) if weighted else None)
    assert got.item() == pytest.approx(loss, rel=1e-9)


def test_basket_loss_of_one_target_is_pytorchs_with_its_gradient():
    s = scores()[1].requires_grad_()
    target = torch.randint(5, (7,), generator=torch.Generator().manual_seed(0))
    ours, theirs = basket_loss(s, torch.arange(7), target), F.cross_entropy(s, target)
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad(loss, s)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_basket_losss_gradient_is_the_formulas_to_the_last_bit():
    """The formula as one would write it, with the indexing that is slow on a GPU."""
    generator = torch.Generator().manual_seed(0)
    s = (3 * torch.randn(30, 200, generator=generator)).requires_grad_()
    right = torch.rand(30, 200, generator=generator) < 0.1
    right[:, 0] = True
    query, target = right.nonzero(as_tuple=True)
    log_p = s[query, target] - s.logsumexp(dim=1)[query]
    plain = -(log_p / torch.bincount(query)[query]).sum() / 30
    ours = basket_loss(s, query, target)
    assert torch.equal(ours, plain)
    assert torch.equal(*(torch.autograd.grad(loss, s)[0] for loss in (ours, plain)))


def test_a_weight_of_zero_leaves_a_product_out():
    s = torch.tensor([[1.0, 2.0, 9.0]])
    query, target = torch.tensor([0]), torch.tensor([0])
    left_out = basket_loss(s, query, target, torch.tensor([1.0, 1.0, 0.0]))
    torch.testing.assert_close(left_out, basket_loss(s[:, :2], query, target))
    right = torch.tensor([2])  # what is right counts, whatever its weight
    torch.testing.assert_close(
        basket_loss(s, query, right, torch.tensor([1.0, 1.0, 0.0])), basket_loss(s, query, right)
    )


@pytest.mark.parametrize(
    ("s", "query", "target"),
    [((3,), 2, 2), ((0, 4), 1, 1), ((3, 0), 1, 1), ((3, 4), 1, 2), ((3, 4), 2, 1), ((3, 4), 0, 0)],
)
def test_baskets_of_the_wrong_shape_are_named(s, query, target):
    index = [torch.zeros(n, dtype=torch.long) for n in (query, target)]
    with pytest.raises(ValueError, match=r"scores, target_query and target have shapes .*none of them empty"):
        basket_loss(torch.zeros(s), *index)
