"""A network's score for one household, with some of its purchases deleted, or present to a degree.

Deleted is deleted: the network reads the shorter history, as it would have been without those purchases. To a degree is
for gradients: a purchase's vector goes from a baseline to its own, and how strongly the network points at it from 0 to
what it is; its place and its day stay.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shoprec.formulas.arrays import Codes, Floats, Mask
from shoprec.formulas.attribution import along_the_way
from shoprec.models.batches import Batch, age_class
from shoprec.models.transformer import PurchaseTransformer
from shoprec.tasks import History

CHUNK = 64  #: versions of a history scored at a time


@dataclass(frozen=True)
class Window:
    """What a network reads of a household, and when it is asked.

    Attributes
    ----------
    items : array of int, shape (n,)
        Products, oldest first.
    days : array of float, shape (n,)
        When they were bought.
    before : float
        Day of the basket before the window; of the first purchase where there is none.
    asked : float
        Day of the question.
    """

    items: Codes
    days: Floats
    before: float
    asked: float

    def __len__(self) -> int:
        return len(self.items)


def window_of(history: History, household: int, asked: float, length: int) -> Window:
    """The latest purchases of a household, ``length`` at most.

    Raises
    ------
    ValueError
        If it has none.
    """
    begin, stop = history.start[household], history.start[household + 1]
    if begin == stop:
        raise ValueError(f"household {household} has no history; there is nothing to explain")
    first = max(begin, stop - length)
    before = float(history.day[max(begin, first - 1)])
    return Window(history.item[first:stop], history.day[first:stop], before, float(asked))


def kept_batch(window: Window, kept: Mask, n_items: int) -> Batch:
    """Versions of a window from which purchases are deleted, each a row of what is kept; each keeps one at least.

    Parameters
    ----------
    window : Window
    kept : array of bool, shape (n_versions, n)
    n_items : int

    Raises
    ------
    ValueError
        If a version keeps nothing: the network reads a history.
    """
    length = kept.sum(axis=1)
    if not length.all():
        raise ValueError("a version keeps no purchase, and the network reads a history; keep one")
    row, event = np.nonzero(kept)
    column = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    shape = (len(kept), int(length.max()))
    items, days, last = np.full(shape, n_items), np.zeros(shape), np.full(len(kept), window.before)
    items[row, column], days[row, column] = window.items[event], window.days[event]
    gaps = np.diff(days, axis=1, prepend=last[:, None]) * (items < n_items)
    begin = days[:, :1]
    clock = ((days - begin) * (items < n_items)).astype(np.float32)
    none = torch.zeros(0, dtype=torch.long)
    arrays = items, age_class(torch.as_tensor(gaps)), clock, np.arange(len(kept)), length - 1
    tensors = [torch.as_tensor(array) for array in (*arrays, (window.asked - begin[:, 0]).astype(np.float32))]
    tensors += [none, none, torch.zeros(0, 0), none, none]
    return Batch(*tensors)


@torch.no_grad()
def kept_scores(network: PurchaseTransformer, window: Window, kept: Mask) -> Floats:
    """Scores of all products for each version of a window, shape (n_versions, n_items)."""
    network.eval()
    parts = [kept_batch(window, kept[i : i + CHUNK], network.n_items) for i in range(0, len(kept), CHUNK)]
    return np.concatenate([network(part).numpy() for part in parts])


@torch.no_grad()
def pointed_at(network: PurchaseTransformer, window: Window) -> Floats:
    r"""How strongly the network points at each purchase, :math:`e^{r_{uj}}`; shape (n,)."""
    batch = kept_batch(window, np.ones((1, len(window)), bool), network.n_items)
    return network.eval().point(network.encode(batch), batch)[0].numpy()


def log_share(scores: Tensor, product: int) -> Tensor:
    r"""Logarithm of a product's share in the softmax over all, :math:`s_{ui} - \log \sum_k e^{s_{uk}}`.

    What all products have in common drops out; it changes no list.
    """
    return scores[..., product] - scores.logsumexp(dim=-1)


def gated_scores(network: PurchaseTransformer, window: Window, vectors: Tensor, present: Tensor) -> Tensor:
    r"""Scores of all products if the purchases had other vectors, and were there to a degree only.

    .. math:: s_{ui} = \langle \mathbf{h}_u, \mathbf{e}_i \rangle + \log\Bigl(1 + \sum_{j :\, i_j = i} g_j \,
              e^{r_{uj}}\Bigr) + \text{prior}_i

    Parameters
    ----------
    network : PurchaseTransformer
        Causal, with the taste term and without the behaviour term.
    window : Window
    vectors : Tensor, shape (n_versions, n, d)
        In the place of the products' vectors.
    present : Tensor, shape (n_versions, n)
        How strongly it points at each purchase, from 0 to 1.

    Returns
    -------
    Tensor, shape (n_versions, n_items)
        With the products' own vectors, and all present, the network's scores.
    """
    config = network.config
    if not config.causal or not config.taste or config.behaviour:
        raise ValueError("only a causal network with the taste term alone can be read by degrees")
    batch = kept_batch(window, np.ones((1, len(window)), bool), network.n_items)
    x = vectors + network.place.weight[: len(window)] + network.gap(batch.gaps)
    for block in network.blocks:
        x = block(x)
    x = network.norm(x)
    asked, n = x[:, -1], network.n_items
    scores = F.linear(
        asked, network.item.weight[:n], network.popularity_weight * network.log_popularity + network.item_bias
    )
    if config.pointing:
        affinity = (network.point_at(x) * network.point_from(asked)[:, None]).sum(dim=-1) / math.sqrt(x.shape[-1])
        age = age_class(batch.day[:, None] - batch.days)
        strength = (affinity + network.point_age[age]).clamp(max=20.0).exp() * present
        pointed = torch.zeros(len(x), n).index_add(1, batch.items[0], strength)
        scores = scores + pointed.log1p()
    return scores


def path_attributions(
    network: PurchaseTransformer,
    window: Window,
    product: int,
    baseline: Tensor,
    pointing: bool = True,
    n_steps: int = 32,
) -> tuple[Floats, float]:
    """Integrated gradients of a product's log share, by purchase, and the change that they should sum to.

    Parameters
    ----------
    network, window
        See :func:`gated_scores`.
    product : int
    baseline : Tensor, shape (d,)
        Vector from which every purchase's comes.
    pointing : bool
        Whether the way starts without pointing, too; otherwise only the vectors change along it.
    n_steps : int

    Returns
    -------
    attributions : array of float, shape (n,)
    change : float
        Log share of the history less that of the baseline.
    """
    network.eval().requires_grad_(False)
    own = network.item.weight[torch.as_tensor(np.array(window.items))]
    share, weight = (torch.as_tensor(array, dtype=torch.float32) for array in along_the_way(n_steps))

    def value(degree: Tensor) -> Tensor:
        vectors = baseline + degree[:, :, None] * (own - baseline)
        present = degree if pointing else torch.ones_like(degree)
        return log_share(gated_scores(network, window, vectors, present), product)

    degree = share[:, None].repeat(1, len(window)).requires_grad_()
    [gradient] = torch.autograd.grad(value(degree).sum(), degree)
    with torch.no_grad():
        ends = value(torch.tensor([[0.0], [1.0]]).repeat(1, len(window)))
    return (weight @ gradient).numpy(), float(ends[1] - ends[0])
