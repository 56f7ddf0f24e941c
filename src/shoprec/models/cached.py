"""A household's purchases as a causal network has read them: the next one is read by itself, not all of them again.

In a causal network a purchase sees only what came before it, so what has been computed for it stays as it is when
another one follows. The keys and values of each layer are kept, the key-value cache; a new purchase brings its own and
looks at those that are there. With :math:`n` purchases, width :math:`d` and :math:`L` layers, reading one more takes
about :math:`L (12 d^2 + 2 n d)` multiplications instead of :math:`n` times as many.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shoprec.formulas.arrays import Codes, Floats
from shoprec.models.batches import age_class
from shoprec.models.transformer import PurchaseTransformer, TransformerBlock, TransformerConfig
from shoprec.tasks import History


@dataclass(frozen=True)
class Purchases:
    """Some purchases of one household, oldest first.

    Attributes
    ----------
    items : array of int
        Codes of the products.
    days : array of float
        Time of each purchase's basket, in days.
    gaps : array of float
        Days between its basket and the one before, 0 within a basket and for a household's first.
    """

    items: Codes
    days: Floats
    gaps: Floats

    def __len__(self) -> int:
        return len(self.items)

    def __add__(self, later: "Purchases") -> "Purchases":
        items, days = np.concatenate([self.items, later.items]), np.concatenate([self.days, later.days])
        return Purchases(items, days, np.concatenate([self.gaps, later.gaps]))

    def part(self, start: int | None = None, stop: int | None = None) -> "Purchases":
        """Some of them, as by a slice."""
        return Purchases(self.items[start:stop], self.days[start:stop], self.gaps[start:stop])


def purchases_of(history: History, household: int, most: int) -> Purchases:
    """The latest purchases of a household, ``most`` at most."""
    start, stop = history.start[household], history.start[household + 1]
    first = max(start, stop - most)
    before = np.maximum(np.arange(first, stop) - 1, start)
    days = history.day[first:stop]
    return Purchases(history.item[first:stop], days, days - history.day[before])


def basket_after(known: Purchases, items: Sequence[int], day: float) -> Purchases:
    """Products that are being bought now, as the purchases after the known ones: one basket, one moment.

    Examples
    --------
    >>> known = Purchases(np.array([7]), np.array([3.0]), np.array([0.0]))
    >>> basket_after(known, [4, 7], day=5.0).gaps
    array([2., 0.])
    """
    gaps = np.zeros(len(items))
    if len(items) and len(known):
        gaps[0] = day - known.days[-1]
    return Purchases(np.asarray(items, int), np.full(len(items), float(day)), gaps)


class Session:
    """What a network knows of one household, a purchase more at a time.

    Parameters
    ----------
    network : PurchaseTransformer
        Causal, with the taste term and without the behaviour term.

    Raises
    ------
    ValueError
        If the network is another one.

    Notes
    -----
    Reading more purchases than the network has places for raises a ValueError. A window can't slide without being read
    again: each purchase would move to another place. So whoever begins a session leaves room for what is to come.
    """

    def __init__(self, network: PurchaseTransformer) -> None:
        config = network.config
        if not config.causal or not config.taste or config.behaviour:
            raise ValueError(
                "a session needs a causal network with the taste term alone: what it computes for a purchase mustn't "
                "change when another follows; set causal=True, taste=True and behaviour=False"
            )
        self.network = network.eval()
        self.items = torch.zeros(0, dtype=torch.long)
        self.days: Floats = np.zeros(0)
        none = torch.zeros(config.n_heads, 0, config.d_model // config.n_heads)
        self.keys, self.values = [none] * config.n_layers, [none] * config.n_layers
        self.vectors = torch.zeros(0, config.d_model)  # what the last layer says of each purchase
        self.targets = torch.zeros(0, config.d_model)  # and what is compared with a query that points

    def __len__(self) -> int:
        """Number of purchases read."""
        return len(self.items)

    @torch.no_grad()
    def read(self, new: Purchases) -> None:
        """Read further purchases, in one pass over them.

        Raises
        ------
        ValueError
            If there are more than the network has places for.
        """
        network, n = self.network, len(self)
        if not len(new):
            return
        if n + len(new) > network.config.max_length:
            raise ValueError(
                f"{n} purchases and {len(new)} more; the network has places for {network.config.max_length}: begin "
                "a session with fewer"
            )
        items = torch.as_tensor(np.array(new.items))  # a copy: those of a file may be read-only
        place = network.place.weight[n : n + len(items)]
        x = network.item(items) + place + network.gap(age_class(torch.as_tensor(np.array(new.gaps))))
        for layer, block in enumerate(network.blocks):
            x = self._pass(layer, block, x)
        self.items, self.days = torch.cat([self.items, items]), np.concatenate([self.days, new.days])
        x = network.norm(x)
        self.vectors = torch.cat([self.vectors, x])
        if network.config.pointing:
            self.targets = torch.cat([self.targets, network.point_at(x)])

    def _pass(self, layer: int, block: torch.nn.Module, x: Tensor) -> Tensor:
        """Let new purchases, (m, d), through a block; their keys and values join those that are kept."""
        assert isinstance(block, TransformerBlock)
        attention, n, (m, d) = block.attention, len(self), x.shape
        heads = attention.qkv(block.norm1(x)).view(m, 3, attention.n_heads, d // attention.n_heads)
        q, k, v = heads.permute(1, 2, 0, 3)  # each (heads, m, d / heads)
        self.keys[layer] = k = torch.cat([self.keys[layer], k], dim=1)
        self.values[layer] = v = torch.cat([self.values[layer], v], dim=1)
        seen = torch.arange(n + m) <= n + torch.arange(m)[:, None]  # (m, n + m)
        y = F.scaled_dot_product_attention(q[None], k[None], v[None], seen)[0]
        x = x + attention.out(y.transpose(0, 1).reshape(m, d))
        return x + block.feed_forward(block.norm2(x))

    def forget(self, n: int) -> None:
        """Keep the first ``n`` purchases only: a product was taken out of the basket again."""
        self.items, self.days = self.items[:n], self.days[:n]
        self.vectors, self.targets = self.vectors[:n], self.targets[:n]
        self.keys, self.values = ([part[:, :n] for part in kept] for kept in (self.keys, self.values))

    def copy(self) -> "Session":
        """Another session with the same purchases; what is kept is shared, since reading on changes none of it."""
        other = Session(self.network)
        other.items, other.days, other.vectors, other.targets = self.items, self.days, self.vectors, self.targets
        other.keys, other.values = list(self.keys), list(self.values)
        return other

    @torch.no_grad()
    def scores(self, day: float) -> Floats:
        """Score all products for a basket at a moment, shape (n_items,); without purchases, by popularity."""
        network, n = self.network, self.network.n_items
        scores = network.popularity_weight * network.log_popularity + network.item_bias
        if not len(self):
            return scores.numpy()
        x = self.vectors[-1]
        scores = scores + network.item.weight[:n] @ x
        if network.config.pointing:
            affinity = self.targets @ network.point_from(x) / math.sqrt(len(x))
            clock = torch.as_tensor((self.days - self.days[0]).astype(np.float32))
            age = age_class(torch.as_tensor(np.float32(day - self.days[0])) - clock)
            strength = (affinity + network.point_age[age]).clamp(max=20.0).exp()
            scores = scores + torch.zeros(n).index_add(0, self.items, strength).log1p()
        return scores.numpy()


def multiplications(config: TransformerConfig, new: int, known: int = 0) -> int:
    r"""Multiplications that reading ``new`` purchases after ``known`` ones takes.

    .. math:: L \sum_{j=1}^{m} \bigl(12 d^2 + 2 d (n + j)\bigr)

    for :math:`m` new purchases after :math:`n`: per layer, :math:`4 d^2` for query, key, value and output,
    :math:`8 d^2` for the feed-forward part, and :math:`2 d` for each purchase that is looked at. What is cut off by the
    causal mask isn't counted, though a full pass may compute it.

    Examples
    --------
    >>> config = TransformerConfig(d_model=4, n_layers=1, max_length=8)
    >>> multiplications(config, new=1), multiplications(config, new=3) == multiplications(config, 2) + 192 + 24
    (200, True)
    """
    d = config.d_model
    looked_at = new * known + new * (new + 1) // 2
    return config.n_layers * (12 * d * d * new + 2 * d * looked_at)
