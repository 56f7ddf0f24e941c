"""Training with one row for each household, plain or with differential privacy (DP-SGD by Opacus)."""

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

DELTA = 1e-5  #: far below one in the number of households


@dataclass(frozen=True)
class Steps:
    r"""How a network is trained on a table of households.

    Attributes
    ----------
    learning_rate : float
        Of plain gradient descent: no momentum, nothing adaptive.
    steps : int
    clip : float
        :math:`C`, the longest that a household's gradient may be; None for no clipping.
    multiplier : float
        :math:`z`, the noise's standard deviation in units of :math:`C`.
    parts : int
        Each household is drawn for a step with probability :math:`q = 1 / \text{parts}`.
    """

    learning_rate: float
    steps: int
    clip: float | None = None
    multiplier: float = 0.0
    parts: int = 4


def noise_for(epsilon: float, steps: int, parts: int = 4, delta: float = DELTA) -> float:
    r"""The noise multiplier :math:`z` that so many steps need, by Opacus's accountant.

    Examples
    --------
    >>> noise_for(8, steps=20) < noise_for(1, steps=20) < noise_for(1, steps=80)
    True
    """
    from opacus.accountants.utils import get_noise_multiplier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # orders of the accountant that don't matter
        rates: dict[str, Any] = {"sample_rate": 1 / parts, "steps": steps, "accountant": "rdp"}
        return float(get_noise_multiplier(target_epsilon=epsilon, target_delta=delta, **rates))


def epsilon_of(plan: Steps, delta: float = DELTA) -> float:
    r""":math:`\varepsilon` that the steps of a plan spend, by Opacus's RDP accountant.

    Examples
    --------
    >>> plan = Steps(30, 20, clip=0.3, multiplier=noise_for(2, steps=20))
    >>> 1.9 < epsilon_of(plan) <= 2.001
    True
    """
    from opacus.accountants import RDPAccountant

    if not plan.multiplier:
        return float("inf")
    accountant = RDPAccountant()
    accountant.history = [(plan.multiplier, 1 / plan.parts, plan.steps)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return float(accountant.get_epsilon(delta))


def train(network: nn.Module, inputs: Tensor, targets: Tensor, plan: Steps, seed: int = 0) -> nn.Module:
    """Train a network on some households' rows, in place, and return it.

    Each step draws every household by itself (Poisson sampling). With a clip the steps are those of DP-SGD, the norms
    of the households' gradients by ghost clipping, and noise as the plan says.

    Parameters
    ----------
    network : Module
        Made of layers whose gradients' norms Opacus knows, where there is a clip.
    inputs, targets : Tensors of shape (n_households, n_items)
        A row for each household; a row of the targets is a distribution.
    plan : Steps
    seed : int
        Of the draws and of the noise.

    Returns
    -------
    Module
    """
    optimizer = torch.optim.SGD(network.parameters(), lr=plan.learning_rate)
    if plan.clip is not None:
        _train_privately(network, optimizer, inputs, targets, plan, seed)
        return network
    generator = torch.Generator().manual_seed(seed)
    expected = len(inputs) / plan.parts
    for _ in range(plan.steps):
        drawn = torch.rand(len(inputs), generator=generator) < 1 / plan.parts
        optimizer.zero_grad()
        loss = F.cross_entropy(network(inputs[drawn]), targets[drawn], reduction="sum") / expected
        loss.backward()
        optimizer.step()
    return network


def _train_privately(
    network: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor, plan: Steps, seed: int
) -> None:
    """Steps of DP-SGD by Opacus, with ghost clipping."""
    from opacus import PrivacyEngine

    batch = -(-len(inputs) // plan.parts)
    loader = DataLoader(TensorDataset(torch.arange(len(inputs))), batch, generator=torch.Generator().manual_seed(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the noise isn't cryptographic: said in the chapter
        private, optimizer, criterion, loader = PrivacyEngine().make_private(
            module=network,
            optimizer=optimizer,
            criterion=nn.CrossEntropyLoss(),
            data_loader=loader,
            noise_multiplier=plan.multiplier,
            max_grad_norm=float(plan.clip or 0),
            grad_sample_mode="ghost",
            noise_generator=torch.Generator().manual_seed(seed + 1_000),
        )
        done = 0
        while done < plan.steps:
            for (drawn,) in loader:
                optimizer.zero_grad()
                criterion(private(inputs[drawn]), targets[drawn]).backward()
                optimizer.step()
                done += 1
                if done == plan.steps:
                    break
    private.remove_hooks()
    for parameter in network.parameters():
        parameter.grad = None
