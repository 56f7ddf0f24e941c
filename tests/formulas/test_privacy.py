"""DP-SGD's update, the attack's score and its bound, and the federated mean, against other ways to compute them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from shoprec.formulas.privacy import attack_auc, clipped, federated_mean, largest_auc, private_gradient

RNG = np.random.default_rng(0)


def test_no_gradient_is_longer_than_the_bound_and_directions_stay():
    gradients = RNG.normal(size=(50, 7)) * RNG.uniform(0, 3, size=(50, 1))
    short = clipped(gradients, 1.0)
    length = np.linalg.norm(gradients, axis=1)
    np.testing.assert_allclose(np.linalg.norm(short, axis=1), np.minimum(length, 1))
    for row, own in zip(short, gradients, strict=True):
        parameter = torch.nn.Parameter(torch.zeros(7))
        parameter.grad = torch.from_numpy(own).float()
        torch.nn.utils.clip_grad_norm_([parameter], 1.0)
        np.testing.assert_allclose(row, parameter.grad.numpy(), atol=1e-5)
    np.testing.assert_array_equal(clipped(np.zeros((2, 3)), 1.0), 0)


def test_one_household_moves_the_sum_by_no_more_than_the_bound():
    gradients = RNG.normal(size=(20, 5)) * 10
    with_all, without = (private_gradient(g, 0.3, 0.0, expected=10, rng=RNG) * 10 for g in (gradients, gradients[1:]))
    assert np.linalg.norm(with_all - without) <= 0.3 + 1e-12


def test_the_noise_has_the_size_that_is_asked_for():
    rng = np.random.default_rng(1)
    drawn = np.stack([private_gradient(np.ones((4, 3)), 0.5, 2.0, 8, rng) for _ in range(20_000)])
    np.testing.assert_allclose(drawn.mean(axis=0), clipped(np.ones((4, 3)), 0.5).sum(axis=0) / 8, atol=0.004)
    np.testing.assert_allclose(drawn.std(axis=0), 2.0 * 0.5 / 8, rtol=0.03)
    nobody = private_gradient(np.empty((0, 3)), 0.5, 2.0, 8, rng)
    assert nobody.shape == (3,)
    assert nobody.any()


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.lists(st.integers(0, 6), min_size=1, max_size=30))
def test_auc_is_scikit_learns(members, others):
    truth = [1] * len(members) + [0] * len(others)
    assert attack_auc(members, others) == pytest.approx(roc_auc_score(truth, members + others))


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 2.0, 8.0])
@pytest.mark.parametrize("delta", [0.0, 1e-5, 0.2])
def test_the_largest_auc_is_the_area_below_the_guarantee(epsilon, delta):
    alarms = np.linspace(0, 1, 400_001)
    found = np.minimum(np.exp(epsilon) * alarms + delta, 1 - np.exp(-epsilon) * (1 - delta - alarms))
    area = np.trapezoid(np.clip(found, 0, 1), alarms)
    assert largest_auc(epsilon, delta) == pytest.approx(area, abs=1e-5)


def test_an_attack_on_the_most_telling_answer_reaches_the_bound():
    """Randomised response tells the truth with probability e^ε / (1 + e^ε): nothing tells more at this ε."""
    truth = np.exp(1.5) / (1 + np.exp(1.5))
    rng = np.random.default_rng(0)
    members, others = rng.random(200_000) < truth, rng.random(200_000) < 1 - truth
    assert attack_auc(members, others) == pytest.approx(largest_auc(1.5), abs=0.005)


def test_the_federated_mean_is_the_mean_over_households():
    weights, n = RNG.normal(size=(4, 3)), np.array([1, 5, 2, 8])
    np.testing.assert_allclose(federated_mean(weights, n), np.repeat(weights, n, axis=0).mean(axis=0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clipped([1.0, 2.0], 1), "a row for each household"),
        (lambda: clipped([[1.0]], 0), "bound"),
        (lambda: private_gradient([[1.0]], 1, -1, 1, RNG), "multiplier"),
        (lambda: private_gradient([[1.0]], 1, 1, 0, RNG), "expected"),
        (lambda: attack_auc([], [1]), "a score each"),
        (lambda: attack_auc([np.nan], [1]), "NaN"),
        (lambda: largest_auc(-1), "epsilon"),
        (lambda: largest_auc(1, 2), "delta"),
        (lambda: federated_mean([[1.0]], [0]), "not all 0"),
        (lambda: federated_mean([[1.0]], [1, 2]), "one number of households"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
