"""A small network from what a household bought to what it buys in a month: one row for each household."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional as F

from shoprec.formulas.arrays import Codes, Floats, Mask
from shoprec.formulas.checks import household_codes
from shoprec.models import fitted
from shoprec.models.counting import decay
from shoprec.tasks import Task

HALF_LIFE = 60.0  #: days, of what the network reads


class BasketNetwork(nn.Module):
    r"""Scores of all products for a household, from the vector :math:`\mathbf x` of its purchases.

    .. math:: \mathbf h = \tanh(W \mathbf x / \lVert \mathbf x \rVert) / \sqrt d, \qquad
              \mathbf s = E \mathbf h + \mathbf b

    At the start :math:`E` and :math:`\mathbf b` are 0, so that all products are alike, and :math:`W` is drawn.

    Parameters
    ----------
    n_items, d : int
        Products, and length of :math:`\mathbf h`.
    seed : int
        Of the draw.

    Examples
    --------
    >>> BasketNetwork(n_items=5, d=2)(torch.ones(3, 5)).shape
    torch.Size([3, 5])
    """

    def __init__(self, n_items: int, d: int = 16, seed: int = 0) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(n_items, d, bias=False), nn.Linear(d, n_items)
        nn.init.normal_(self.encode.weight, generator=torch.Generator().manual_seed(seed))
        nn.init.zeros_(self.decode.weight)
        nn.init.zeros_(self.decode.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Score all products; shapes (n_households, n_items) in and out."""
        return self.decode(torch.tanh(self.encode(F.normalize(x, dim=-1))) / self.encode.out_features**0.5)


@dataclass(frozen=True)
class Rows:
    """What training knows: one row for each household, and nothing of it in any other row.

    Attributes
    ----------
    inputs : Tensor of shape (n_users, n_items)
        The household's purchases before the last month of the history, decayed, on a log scale.
    targets : Tensor of shape (n_users, n_items)
        The products it bought in that month; a row sums to one, or to 0 where there is nothing.
    known : array of bool, shape (n_users,)
        Which households have both; the others aren't trained on.
    """

    inputs: Tensor
    targets: Tensor
    known: Mask


def rows_of(task: Task) -> Rows:
    """Make each household's row from a task's history; its targets, the months after the cut, stay unseen."""
    history, start = task.history, task.cut - pd.DateOffset(months=1)
    first = task.cut_day - (task.cut - start) / pd.Timedelta(days=1)
    before = history.day < first
    weights = np.where(before, 0.5 ** ((first - history.day) / HALF_LIFE), 0.0)
    inputs = history.matrix(weights).log1p().toarray()
    targets = (history.matrix((~before).astype(float)) > 0).toarray().astype(np.float32)
    size = targets.sum(axis=1, keepdims=True)
    known = (inputs.sum(axis=1) > 0) & (size[:, 0] > 0)
    return Rows(torch.from_numpy(inputs), torch.from_numpy(targets / np.maximum(size, 1)), known)


@torch.no_grad()
def losses(network: nn.Module, rows: Rows, batch: int = 256) -> Floats:
    """Cross-entropy of each household's month, shape (n_users,); NaN where a household has no row."""
    found = np.full(len(rows.known), np.nan)
    for some in np.array_split(np.flatnonzero(rows.known), max(1, int(rows.known.sum()) // batch)):
        found[some] = F.cross_entropy(network(rows.inputs[some]), rows.targets[some], reduction="none").numpy()
    return found


class BasketRecommender:
    """The book's two methods for a trained network: fitting reads each household's history, training is done before.

    Parameters
    ----------
    network : Module
        Scores of all products from the purchases.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def fit(self, task: Task) -> Self:
        """Read what each household bought until the cut."""
        self.inputs_: sparse.csr_array = task.history.matrix(decay(task, HALF_LIFE)).log1p()
        return self

    @torch.no_grad()
    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        inputs = fitted(self, "inputs_")
        return self.network(torch.from_numpy(inputs[household_codes(households, inputs.shape[0])].toarray())).numpy()
