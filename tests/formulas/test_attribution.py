"""Attributions against Captum, against hand-made numbers, and by what must hold of them."""

import captum.attr
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shoprec.formulas.attribution import along_the_way, integrated_gradients, left_over, mean_height, rollout

D = 6


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    layers = torch.nn.Linear(D, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
    return torch.nn.Sequential(*layers).double()


def gradient_of(network: torch.nn.Module):
    def gradient(points: np.ndarray) -> np.ndarray:
        inputs = torch.tensor(points, requires_grad=True)
        return torch.autograd.grad(network(inputs).sum(), inputs)[0].numpy()

    return gradient


@pytest.mark.parametrize("n_steps", [1, 7, 40])
def test_the_same_numbers_as_captum(network: torch.nn.Module, n_steps: int) -> None:
    x, baseline = np.random.default_rng(1).normal(size=(2, D))
    theirs = captum.attr.IntegratedGradients(lambda inputs: network(inputs)[:, 0]).attribute(
        torch.tensor(x[None]), torch.tensor(baseline[None]), n_steps=n_steps, method="gausslegendre"
    )
    np.testing.assert_allclose(
        integrated_gradients(gradient_of(network), x, baseline, n_steps), theirs[0].numpy(), atol=1e-12
    )


def test_they_sum_to_the_change_and_nothing_moves_without_a_change(network: torch.nn.Module) -> None:
    x, baseline = np.random.default_rng(2).normal(size=(2, D))
    baseline[2] = x[2]
    found = integrated_gradients(gradient_of(network), x, baseline, 60)
    ends = network(torch.tensor(np.stack([x, baseline])))[:, 0].detach().numpy()
    assert found.sum() == pytest.approx(ends[0] - ends[1], abs=1e-10)
    assert found[2] == 0


def test_a_linear_function_gives_weight_times_change_in_one_step() -> None:
    weight = np.array([2.0, -1.0, 0.0])
    found = integrated_gradients(lambda points: np.tile(weight, (len(points), 1)), np.ones(3), np.zeros(3), 1)
    np.testing.assert_allclose(found, weight)


def test_the_rule_integrates_polynomials_exactly() -> None:
    share, weight = along_the_way(3)
    for degree in range(6):
        assert weight @ share**degree == pytest.approx(1 / (degree + 1))
    assert abs(weight @ share**6 - 1 / 7) > 1e-6


@pytest.mark.parametrize(
    ("x", "baseline", "message"),
    [(np.ones(2), np.ones(3), "one length"), (np.array([np.nan]), np.ones(1), "NaN")],
)
def test_what_does_not_fit_is_refused(x: np.ndarray, baseline: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        integrated_gradients(lambda points: points, x, baseline)


def test_a_gradient_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="returned the shape"):
        integrated_gradients(lambda points: points[0], np.ones(2), np.zeros(2), 4)


def test_rollout_is_the_sum_over_all_ways() -> None:
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(4), size=(3, 2, 4))
    total = rollout(weights)
    np.testing.assert_allclose(total.sum(axis=1), 1)
    layers = [(layer.mean(axis=0) + np.eye(4)) / 2 for layer in weights]
    by_hand = sum(layers[2][3, b] * layers[1][b, a] * layers[0][a, 1] for a in range(4) for b in range(4))
    assert total[3, 1] == pytest.approx(by_hand)
    with pytest.raises(ValueError, match="n_layers"):
        rollout(weights[0])


@given(st.permutations(range(9)), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_what_is_left_over_is_the_end_of_the_order(order: list[int], shares: list[float]) -> None:
    left = left_over(np.array(order), np.array(shares))
    for kept, share in zip(left, shares, strict=True):
        taken = int(np.ceil(share * 9 - 1e-9))
        assert set(np.flatnonzero(kept)) == set(order[taken:])


@pytest.mark.parametrize(("order", "shares"), [([0, 0, 1], [0.5]), ([1, 2], [0.5]), ([0, 1], [1.5]), ([0, 1], [-0.1])])
def test_no_order_and_no_share(order: list[int], shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"order holds|between 0 and 1"):
        left_over(np.array(order), np.array(shares))


def test_the_mean_height_of_a_line_and_of_several_curves() -> None:
    shares = np.array([0.0, 0.1, 0.4, 0.9])
    np.testing.assert_allclose(mean_height(np.stack([shares, 0 * shares + 2]), shares), [0.45, 2])
    for wrong in (np.array([0.0]), np.array([0.0, 0.0, 0.1, 0.2]), shares[:3]):
        with pytest.raises(ValueError, match="a value for each share"):
            mean_height(np.zeros(4), wrong)
