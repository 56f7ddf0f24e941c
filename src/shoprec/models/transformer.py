r"""A causal Transformer over the purchase history, with purchase behaviour in its score.

The source's score has two terms, :math:`w_1 \langle user, item \rangle + w_2 \langle product, behaviour \rangle`.
Here both are learned:

- *taste*: the Transformer reads the last purchases and turns them into a household vector
  :math:`\mathbf{h}_u`, compared with each item's vector :math:`\mathbf{e}_i`. It also points at purchases to be
  repeated: the attention of its last layer goes straight to the products, :math:`c_{ui}` below, as in pointer
  networks. Without that it would have to tell 9,000 products apart in 64 dimensions to learn to repeat one;
- *behaviour*: how often, how lately and how regularly the household bought the product,
  :math:`\mathbf{b}_{ui}`, compared with what such a rhythm means for this product, :math:`\mathbf{c}_i`.

.. math:: s_{ui} = \langle \mathbf{h}_u, \mathbf{e}_i \rangle + \log(1 + c_{ui})
          + \langle \mathbf{c}_i, \mathbf{b}_{ui} \rangle + b_i, \qquad
          c_{ui} = \sum_{j :\, i_j = i} e^{\langle \mathbf{q}_u, \mathbf{k}_j \rangle / \sqrt{d} + \kappa(a_j)}

with :math:`a_j` the age of purchase :math:`j` at the query and :math:`\kappa` a learned curve of forgetting.

A training example is a household at a past date: the history before it is the input, the first basket after it
the target, just as in the test. One causal pass over a window of purchases answers for all dates within it.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shoprec.formulas.arrays import Floats, whole
from shoprec.models.batches import N_AGES, Batch, age_class
from shoprec.models.behaviour import FEATURES, PRODUCT_FEATURES, product_features
from shoprec.tasks import History
from shoprec.training.losses import basket_loss


@dataclass(frozen=True)
class TransformerConfig:
    """Settings of :class:`PurchaseTransformer`.

    Attributes
    ----------
    d_model : int
        Length of the vectors of items and households.
    n_heads, n_layers : int
        Attention heads per layer, and layers.
    max_length : int
        Purchases in a window; older ones reach the score only through the behaviour term.
    dropout : float
        Share of activations that training sets to zero.
    taste, behaviour : bool
        Which of the score's two terms to use.
    d_product : int
        Length of the product vectors of the behaviour term.
    fused : bool
        Use PyTorch's fused attention instead of the written-out one; same numbers, faster.
    causal : bool
        Let a purchase see only itself and what came before (SASRec, GPT). Otherwise it sees the whole window, and
        what is asked for must be hidden behind [MASK] (BERT4Rec); such a network has no behaviour term.
    pointing : bool
        Whether the taste term also points at purchases.

    Raises
    ------
    ValueError
        If a value is out of range, or two of them don't go together.

    Notes
    -----
    On CUDA a causal layer is computed by FlashAttention, which takes no mask; there ``d_model / n_heads`` should be a
    multiple of 8.
    """

    d_model: int = 64
    n_heads: int = 2
    n_layers: int = 2
    max_length: int = 128
    dropout: float = 0.3
    taste: bool = True
    behaviour: bool = True
    d_product: int = 32
    fused: bool = True
    causal: bool = True
    pointing: bool = True

    def __post_init__(self) -> None:
        for name in ("d_model", "n_heads", "max_length", "d_product"):
            whole(getattr(self, name), name)
        whole(self.n_layers, "n_layers", least=0)  # without layers, it still points
        if self.d_model % self.n_heads:
            raise ValueError(f"d_model {self.d_model} is no multiple of n_heads {self.n_heads}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is a share of at least 0 and below 1, not {self.dropout}")
        for name in ("taste", "behaviour", "fused", "causal", "pointing"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be True or False, not {getattr(self, name)!r}")
        if not self.causal and self.behaviour:
            raise ValueError("a network that isn't causal has no behaviour term; set behaviour=False")
        if not self.causal and not self.taste:
            raise ValueError("a network that isn't causal is all taste; set taste=True or causal=True")
        if not self.causal and self.max_length < 2:
            raise ValueError("[MASK] takes one place, so that max_length=1 leaves none for purchases; set 2 or more")


class MultiHeadAttention(nn.Module):
    """Multi-head self-attention, causal or not: the features are split into heads, never the sequence."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.n_heads, self.dropout, self.fused = config.n_heads, config.dropout, config.fused
        self.causal = config.causal
        self.weights: Tensor | None = None  # of the last written-out pass, to look at
        self.qkv = nn.Linear(config.d_model, 3 * config.d_model)
        self.out = nn.Linear(config.d_model, config.d_model)

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """Let each position look at what it may see; (batch, length, d_model) in and out.

        ``visible``, (batch, length), says what is no padding. A causal layer needs no telling: padding comes last.
        """
        n, length, d = x.shape
        heads = self.qkv(x).view(n, length, 3, self.n_heads, d // self.n_heads)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each (n, heads, length, d / heads)
        p = self.dropout if self.training else 0.0
        mask = None if self.causal or visible is None else visible[:, None, None]
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v, mask, p, is_causal=self.causal)
        else:
            scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (n, heads, length, length)
            if self.causal:
                mask = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
            if mask is not None:
                scores = scores.masked_fill(~mask, -math.inf)
            weights = scores.softmax(dim=-1)
            self.weights = weights.detach()
            y = F.dropout(weights, p) @ v
        return self.out(y.transpose(1, 2).reshape(n, length, d))


class TransformerBlock(nn.Module):
    r"""Pre-norm block: :math:`y = x + \mathrm{MHA}(\mathrm{LN}(x))`, then :math:`y + \mathrm{FFN}(\mathrm{LN}(y))`.

    References
    ----------
    Vaswani et al. (2017); the norm before each part, Xiong et al. (2020).
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        d = config.d_model
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attention = MultiHeadAttention(config)
        self.feed_forward = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """(batch, length, d_model) in and out."""
        x = x + self.drop(self.attention(self.norm1(x), visible))
        return x + self.drop(self.feed_forward(self.norm2(x)))


class PurchaseTransformer(nn.Module):
    """The network: from a :class:`Batch` to a score for every query and product.

    Parameters
    ----------
    history : History
        Gives the number of products and their popularity, where the scores start from.
    config : TransformerConfig, optional
    n_sampled : int, optional
        Products drawn per batch to estimate the softmax's denominator; without it, all of them are used, which suits a
        GPU: there it is cheap, and a draw makes it wait for the number of different products.
    backbone : Module, optional
        Takes the place of the blocks: called like :class:`TransformerBlock`, causal if the configuration is.

    Raises
    ------
    ValueError
        If no product is to be drawn, or a backbone is given to a network that reads no purchases.
    """

    def __init__(
        self,
        history: History,
        config: TransformerConfig | None = None,
        n_sampled: int | None = None,
        backbone: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.config = config = config or TransformerConfig()
        if n_sampled is not None:
            whole(n_sampled, "n_sampled")
        if backbone is not None and not config.taste:
            raise ValueError(
                "a network without the taste term reads no purchases; leave out backbone or set taste=True"
            )
        self.n_items, self.n_sampled = history.n_items, n_sampled
        self.log_popularity: Tensor
        self.register_buffer("log_popularity", torch.as_tensor(history.log_popularity, dtype=torch.float32))
        self.popularity_weight = nn.Parameter(torch.tensor(0.7))
        self.item_bias = nn.Parameter(torch.zeros(self.n_items))
        if config.taste:
            d = config.d_model
            # Behind the products stand the padding and, where there is one, [MASK].
            n_tokens = self.n_items + (1 if config.causal else 2)
            self.item = nn.Embedding(n_tokens, d, padding_idx=self.n_items)
            self.place = nn.Embedding(config.max_length, d)
            self.gap = nn.Embedding(N_AGES, d)
            blocks = (TransformerBlock(config) for _ in range(config.n_layers))
            self.blocks = nn.ModuleList(blocks if backbone is None else [backbone])
            self.norm, self.drop = nn.LayerNorm(d), nn.Dropout(config.dropout)
            if config.pointing:
                self.point_from, self.point_at = nn.Linear(d, d, bias=False), nn.Linear(d, d, bias=False)
                self.point_age = nn.Parameter(torch.zeros(N_AGES))
            for table in (self.item, self.place, self.gap):
                nn.init.normal_(table.weight, std=0.02)
        if config.behaviour:
            d_p = config.d_product
            self.rhythm = nn.Sequential(nn.Linear(len(FEATURES), d_p), nn.GELU())
            # A free vector per product would learn the few households that bought it by heart.
            self.product_kind: Tensor
            self.register_buffer("product_kind", torch.as_tensor(product_features(history)))
            self.product = nn.Linear(len(PRODUCT_FEATURES), d_p, bias=False)

    @torch.no_grad()
    def start_from(self, vectors: Floats, spread: float = 0.06) -> None:
        """Let the products' vectors start from given ones instead of random ones.

        Parameters
        ----------
        vectors : array of float, shape (n_items, d_model)
            Such as :meth:`shoprec.models.factors.SVD.item_vectors`.
        spread : float
            Their standard deviation once they are scaled: that of a trained network's, three times that of random ones.

        Raises
        ------
        ValueError
            If the shape is another, or all numbers are the same.
        """
        shape = (self.n_items, self.config.d_model)
        if np.shape(vectors) != shape or not np.std(vectors) > 0:
            raise ValueError(f"vectors to start from must have the shape {shape} and differ, not {np.shape(vectors)}")
        self.item.weight[: self.n_items] = torch.as_tensor(vectors * (spread / np.std(vectors)))

    def encode(self, batch: Batch) -> Tensor:
        """Read the windows: a vector for each purchase in the light of those it sees, (n_windows, length, d)."""
        length = batch.items.shape[1]
        if length > len(self.place.weight):
            raise ValueError(
                f"the batch's windows hold {length} purchases, the network has places for {len(self.place.weight)}; "
                "make both with the same max_length"
            )
        x = self.drop(self.item(batch.items) + self.place.weight[:length] + self.gap(batch.gaps))
        visible = batch.items != self.n_items
        for block in self.blocks:
            x = block(x, visible)
        return self.norm(x)

    def point(self, x: Tensor, batch: Batch) -> Tensor:
        """How strongly each query points at each purchase of its window; (n_queries, length), 0 for the unseen."""
        affinity = self.point_from(x) @ self.point_at(x).transpose(1, 2) / math.sqrt(x.shape[-1])
        age = age_class(batch.day[:, None] - batch.days.index_select(0, batch.window))
        forgetting = self.point_age.index_select(0, age.flatten()).view_as(age)
        logits = at_queries(affinity, batch).float() + forgetting
        if self.config.causal:
            unseen = torch.arange(x.shape[1], device=x.device) > batch.position[:, None]
        else:
            unseen = (batch.items >= self.n_items).index_select(0, batch.window)  # padding and [MASK]
        return logits.clamp(max=20.0).masked_fill(unseen, -math.inf).exp()  # unbounded, exp would overflow

    def forward(self, batch: Batch, candidates: Tensor | None = None) -> Tensor:
        """Score candidate products, by default all, for each query; (n_queries, n_candidates), float32."""
        n_queries = len(batch.window)
        prior = self._of(candidates, self.popularity_weight * self.log_popularity + self.item_bias)
        if self.config.taste:
            x = self.encode(batch)
            vectors = at_queries(x, batch)  # (n_queries, d)
            with torch.autocast(x.device.type, enabled=False):  # in bfloat16, close scores would become ties
                scores = F.linear(vectors.float(), self._of(candidates, self.item.weight), prior)
            if self.config.pointing:
                window = torch.arange(n_queries, device=x.device)[:, None].expand(-1, x.shape[1])
                bought = batch.items.index_select(0, batch.window)
                scores += self._collect(self.point(x, batch), window, bought, candidates, n_queries).log1p()
        else:
            scores = prior.expand(n_queries, -1)
        if self.config.behaviour:
            value = self.behaviour(batch)
            scores = scores + self._collect(value, batch.pair_query, batch.pair_item, candidates, n_queries)
        return scores

    def behaviour(self, batch: Batch) -> Tensor:
        """⟨product, behaviour⟩ of each pair of query and product, shape (n_pairs,)."""
        if len(batch.window) and not len(batch.pair_item):  # each query knows a purchase
            raise ValueError("the batch has no behaviour features; make it with behaviour=True")
        # In float32, as the backward pass adds up a product's gradient over all its pairs.
        products = self.product(self.product_kind).float().index_select(0, batch.pair_item)
        return (self.rhythm(batch.pair_features) * products).sum(dim=1).float()

    def _of(self, candidates: Tensor | None, table: Tensor) -> Tensor:
        """The candidates' rows of a table of products, without a copy if they are all."""
        return table[: self.n_items] if candidates is None else table.index_select(0, candidates)

    def _collect(self, value: Tensor, query: Tensor, item: Tensor, candidates: Tensor | None, n_queries: int) -> Tensor:
        """Add up values by query and candidate, (n_queries, n_candidates).

        What belongs to other products, to padding or [MASK] goes into a last column, which is left out: so all shapes
        are known beforehand, and a GPU need not be asked for them.
        """
        column, width = item.clamp(max=self.n_items), self.n_items + 1
        if candidates is not None:
            width = len(candidates) + 1
            place = torch.full((self.n_items + 1,), width - 1, device=item.device)
            column = place.index_copy(0, candidates, torch.arange(width - 1, device=item.device))[column]
        total = torch.zeros(n_queries * width, device=value.device)
        total.index_add_(0, (query * width + column).flatten(), value.flatten())
        return total.view(n_queries, width)[:, :-1]

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the next baskets: mean over queries of the mean over their targets."""
        if self.n_sampled is None:
            return basket_loss(self(batch), batch.target_query, batch.target_item)
        drawn = torch.randint(self.n_items, (self.n_sampled,), device=batch.target_item.device)
        candidates, times = torch.cat([drawn, batch.target_item]).unique(return_counts=True)
        column = torch.searchsorted(candidates, batch.target_item)
        times = times - torch.bincount(column, minlength=len(candidates))
        weight = times * (self.n_items / self.n_sampled)  # draws over expected draws
        return basket_loss(self(batch, candidates), batch.target_query, column, weight)


def at_queries(values: Tensor, batch: Batch) -> Tensor:
    """What stands at each query's last known purchase: (n_windows, length, n) to (n_queries, n).

    The same as ``values[batch.window, batch.position]``, with a backward pass that is much faster on a GPU.
    """
    row = batch.window * values.shape[1] + batch.position
    return values.flatten(0, 1).index_select(0, row)


@torch.no_grad()
def attention_maps(network: PurchaseTransformer, batch: Batch) -> Tensor:
    """Which purchase looks at which, by the written-out attention: (n_layers, n_windows, n_heads, length, length).

    Entry (…, i, j) is the weight that purchase i gives to purchase j; a row adds up to 1.

    Parameters
    ----------
    network : PurchaseTransformer
        With its own blocks.
    batch : Batch
    """
    layers = [module for module in network.modules() if isinstance(module, MultiHeadAttention)]
    fused = [layer.fused for layer in layers]
    for layer in layers:
        layer.fused = False
    network.eval().encode(batch)
    for layer, was in zip(layers, fused, strict=True):
        layer.fused = was
    return torch.stack([layer.weights for layer in layers if layer.weights is not None])
