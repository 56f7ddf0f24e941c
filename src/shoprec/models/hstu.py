r"""HSTU: attention that adds up instead of averaging, with a gate in the place of the feed-forward layer.

.. math:: U, V, Q, K = \operatorname{split}\,\mathrm{SiLU}(W_1 \mathrm{LN}(X)), \qquad
          Y = \tfrac{1}{n} \, \mathrm{SiLU}(Q K^\top + B) \, V, \qquad
          X' = X + W_2 \bigl( \mathrm{LN}(Y) \odot U \bigr)

There is no softmax: purchases don't compete for a sum of one, so that ten purchases of tea weigh more than one. The
bias :math:`B` is a learned number for how many purchases lie between two, plus one for how much time does. A layer has
about :math:`5 d^2` weights where a Transformer block has :math:`12 d^2`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shoprec.models.batches import N_AGES, Batch, age_class
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import History


class HSTULayer(nn.Module):
    """One layer.

    Parameters
    ----------
    config : TransformerConfig
        Width, heads, length of the windows and dropout.

    References
    ----------
    Zhai et al. (2024), *Actions speak louder than words: Trillion-parameter sequential transducers for generative
    recommendations*.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        d = config.d_model
        self.n_heads, self.n = config.n_heads, config.max_length
        self.norm_in, self.norm_out = nn.LayerNorm(d), nn.LayerNorm(d)
        self.split, self.out = nn.Linear(d, 4 * d), nn.Linear(d, d)
        self.distance, self.age = nn.Parameter(torch.zeros(config.max_length)), nn.Parameter(torch.zeros(N_AGES))
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, age: Tensor) -> Tensor:
        """(batch, length, d_model) in and out; ``age``, (batch, length, length), classes of the time between two."""
        n, length, d = x.shape
        u, v, q, k = F.silu(self.split(self.norm_in(x))).chunk(4, dim=-1)
        v, q, k = (part.view(n, length, self.n_heads, -1).transpose(1, 2) for part in (v, q, k))
        place = torch.arange(length, device=x.device)
        between = place[:, None] - place  # negative for what lies ahead, which nobody sees
        bias = self.distance[between.clamp(min=0)] + self.age[age]  # (n, length, length)
        weights = F.silu(q @ k.transpose(-2, -1) + bias[:, None]) / self.n
        y = weights.masked_fill(between < 0, 0.0) @ v
        return x + self.drop(self.out(self.norm_out(y.transpose(1, 2).reshape(n, length, d)) * u))


class HSTUTransformer(PurchaseTransformer):
    """Our network with HSTU layers in the place of its blocks; all around them stays the same.

    Parameters
    ----------
    history : History
    config : TransformerConfig
        Causal.
    n_sampled : int, optional
        As for :class:`shoprec.models.transformer.PurchaseTransformer`.
    """

    def __init__(self, history: History, config: TransformerConfig, n_sampled: int | None = None) -> None:
        super().__init__(history, config, n_sampled)
        if not config.causal:
            raise ValueError("an HSTU layer sees no purchase that lies ahead; pass causal=True")
        self.blocks = nn.ModuleList(HSTULayer(config) for _ in range(config.n_layers))

    def encode(self, batch: Batch) -> Tensor:
        """Read the windows: a vector for each purchase in the light of those before it, (n_windows, length, d)."""
        length = batch.items.shape[1]
        age = age_class(batch.days[:, :, None] - batch.days[:, None])
        x = self.drop(self.item(batch.items) + self.place.weight[:length] + self.gap(batch.gaps))
        for layer in self.blocks:
            x = layer(x, age)
        return self.norm(x)
