r"""A causal Transformer over the purchase history, with purchase behaviour in its score.

The source's score has two terms, :math:`w_1 \langle user, item \rangle + w_2 \langle product, behaviour \rangle`.
Here both are learned:

- *taste*: the Transformer reads the last purchases and turns them into a household vector
  :math:`\mathbf{h}_u`, compared with each item's vector :math:`\mathbf{e}_i`. It also points at purchases to be
  repeated: the attention of its last layer goes straight to the products, :math:`c_{ui}` below, as in pointer
  networks. Without that it would have to tell 10,000 products apart in 64 dimensions to learn to repeat one;
- *behaviour*: how often, how lately and how regularly the household bought the product,
  :math:`\mathbf{b}_{ui}`, compared with what such a rhythm means for this product, :math:`\mathbf{p}_i`.

.. math:: s_{ui} = \langle \mathbf{h}_u, \mathbf{e}_i \rangle + \log(1 + c_{ui})
          + \langle \mathbf{p}_i, \mathbf{b}_{ui} \rangle + \beta_i, \qquad
          c_{ui} = \sum_{j :\, i_j = i} e^{\langle \mathbf{q}_u, \mathbf{k}_j \rangle / \sqrt{d} + \alpha(a_j)}

with :math:`a_j` the age of purchase :math:`j` at the query and :math:`\alpha` a learned curve of forgetting.

A training example is a household at a past date: the history before it is the input, the first basket after it
the target, just as in the test. One causal pass over a window of purchases answers for all dates within it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shoprec.behaviour import FEATURES, PRODUCT_FEATURES, product_features, purchase_features, ragged
from shoprec.splits import Codes, Floats, History, Task

N_AGES = 20  #: classes of time spans, two per doubling; the last one begins at about two years


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


class MultiHeadAttention(nn.Module):
    """Multi-head self-attention, causal or not: the features are split into heads, never the sequence."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        if config.d_model % config.n_heads:
            raise ValueError(f"d_model {config.d_model} is no multiple of n_heads {config.n_heads}")
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


class Batch(NamedTuple):
    """Windows of purchases, the queries within them, and the queries' behaviour and targets.

    Attributes
    ----------
    items, gaps : Tensor of int, shape (n_windows, length)
        Products, oldest first and padded at the end with ``n_items``; class of the days since the basket before.
    days : Tensor of float, shape (n_windows, length)
        Time of the purchases, in days since the window's first.
    window, position : Tensor of int, shape (n_queries,)
        Where the last purchase known to the query stands.
    day : Tensor of float, shape (n_queries,)
        Moment of the query, on the same clock as ``days``.
    pair_query, pair_item, pair_features : Tensors, (n_pairs,), (n_pairs,) and (n_pairs, n_features)
        :class:`shoprec.behaviour.Behaviour` of the queries.
    target_query, target_item : Tensor of int, shape (n_targets,)
        Products of each query's next basket; empty when scoring.
    """

    items: Tensor
    gaps: Tensor
    days: Tensor
    window: Tensor
    position: Tensor
    day: Tensor
    pair_query: Tensor
    pair_item: Tensor
    pair_features: Tensor
    target_query: Tensor
    target_item: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Move all tensors to a device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


class PurchaseTransformer(nn.Module):
    """The network: from a :class:`Batch` to a score for every query and product.

    Parameters
    ----------
    history : History
        Gives the number of products and their popularity, where the scores start from.
    config : TransformerConfig, optional
    n_sampled : int, optional
        Products drawn per batch to estimate the softmax's denominator; without it, all of them are used.
    backbone : Module, optional
        Takes the place of the blocks: called like :class:`TransformerBlock`, causal if the configuration is.

    Raises
    ------
    ValueError
        If a network that is not causal is to have the behaviour term.
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
        if config.behaviour and not config.causal:
            raise ValueError("a network that isn't causal has no behaviour term; set behaviour=False")
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

    def encode(self, batch: Batch) -> Tensor:
        """Read the windows: a vector for each purchase in the light of those it sees, (n_windows, length, d)."""
        x = self.item(batch.items) + self.place.weight[: batch.items.shape[1]] + self.gap(batch.gaps)
        x = self.drop(x)
        visible = batch.items != self.n_items
        for block in self.blocks:
            x = block(x, visible)
        return self.norm(x)

    def point(self, x: Tensor, batch: Batch) -> Tensor:
        """How strongly each query points at each purchase of its window; (n_queries, length), 0 for the unseen."""
        affinity = self.point_from(x) @ self.point_at(x).transpose(1, 2) / math.sqrt(x.shape[-1])
        age = batch.day[:, None] - batch.days[batch.window]
        logits = affinity[batch.window, batch.position].float() + self.point_age[age_class(age)]
        if self.config.causal:
            unseen = torch.arange(x.shape[1], device=x.device) > batch.position[:, None]
        else:
            unseen = (batch.items >= self.n_items)[batch.window]  # padding and [MASK]
        return logits.clamp(max=20.0).masked_fill(unseen, -math.inf).exp()  # unbounded, exp would overflow

    def forward(self, batch: Batch, candidates: Tensor | None = None) -> Tensor:
        """Score candidate products, by default all, for each query; (n_queries, n_candidates), float32."""
        if candidates is None:
            candidates = torch.arange(self.n_items, device=batch.window.device)
        prior = self.popularity_weight * self.log_popularity[candidates] + self.item_bias[candidates]
        scores = prior.expand(len(batch.window), -1)
        if self.config.taste:
            x = self.encode(batch)
            with torch.autocast(x.device.type, enabled=False):  # in bfloat16, close scores would become ties
                scores = scores + x[batch.window, batch.position].float() @ self.item.weight[candidates].T
            if self.config.pointing:
                pointed = self._collect(self.point(x, batch), batch.items[batch.window], candidates)
                scores = scores + pointed.log1p()
        if self.config.behaviour:
            query, item = batch.pair_query, batch.pair_item
            scores = scores + self._collect(self.behaviour(batch), item, candidates, query, len(scores))
        return scores

    def behaviour(self, batch: Batch) -> Tensor:
        """⟨product, behaviour⟩ of each pair of query and product, shape (n_pairs,)."""
        products = self.product(self.product_kind)
        return (self.rhythm(batch.pair_features) * products[batch.pair_item]).sum(dim=1).float()

    def _collect(
        self, value: Tensor, item: Tensor, candidates: Tensor, query: Tensor | None = None, n_queries: int = 0
    ) -> Tensor:
        """Add up values by query and candidate; what belongs to other products, or to padding, is left out.

        Without ``query``, the rows of ``value`` and ``item`` are the queries.
        """
        if query is None:
            n_queries = len(value)
            query = torch.arange(n_queries, device=value.device)[:, None].expand_as(value)
        column = torch.full((self.n_items + 2,), -1, device=item.device)  # -1 also for padding and [MASK]
        column[candidates] = torch.arange(len(candidates), device=item.device)
        place = column[item]
        keep = place >= 0
        total = torch.zeros(n_queries * len(candidates), device=value.device)
        total = total.index_add(0, (query * len(candidates) + place)[keep], value[keep])
        return total.view(n_queries, len(candidates))

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


def basket_loss(scores: Tensor, target_query: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    r"""Softmax cross-entropy when several products are right.

    .. math:: L = -\frac{1}{Q} \sum_q \frac{1}{|T_q|} \sum_{t \in T_q} \log \frac{e^{s_{qt}}}{Z_q}, \qquad
              Z_q = \sum_{t \in T_q} e^{s_{qt}} + \sum_{j \notin T_q} w_j \, e^{s_{qj}}

    With all products as candidates and :math:`w_j = 1` this is the full softmax. If product :math:`j` was drawn
    :math:`m_j` times in :math:`n` draws with probability :math:`\pi_j`, then :math:`w_j = m_j / (n \pi_j)` has mean
    1, and :math:`Z_q` is an unbiased estimate of the full denominator.

    Parameters
    ----------
    scores : Tensor, shape (n_queries, n_candidates)
    target_query, target : Tensor of int, shape (n_targets,)
        Query, and column in ``scores``, of each right product.
    weight : Tensor, shape (n_candidates,), optional
        :math:`w_j`; ones by default.

    Returns
    -------
    Tensor
        A scalar, in nats.

    References
    ----------
    Bengio and Senécal (2008), *Adaptive importance sampling to accelerate training of a neural probabilistic
    language model*.

    Examples
    --------
    Equal scores for four products, one of them right: log 4.

    >>> one = torch.tensor([0])
    >>> round(float(basket_loss(torch.zeros(1, 4), one, one)), 4) == round(math.log(4), 4)
    True
    """
    if weight is None:
        log_z = scores.logsumexp(dim=1)
    else:
        log_w = weight.to(scores.dtype).log().expand(len(scores), -1).clone()
        log_w[target_query, target] = 0.0
        log_z = (scores + log_w).logsumexp(dim=1)
    log_p = scores[target_query, target] - log_z[target_query]
    n_targets = torch.bincount(target_query, minlength=len(scores))
    return -(log_p / n_targets[target_query]).sum() / len(scores)


class TrainingSet:
    """Batches of past dates: for each household a random window, and random dates within it.

    The dates are uniform in time, so an example is what the test is: on some day, predict the next basket. Each
    household appears once per epoch.

    Parameters
    ----------
    history : History
    max_length : int
        Purchases per window.
    batch_size : int
        Households per batch.
    n_dates : int
        Dates drawn per household.
    device : torch.device, optional
    behaviour : bool
        Whether to compute the behaviour term's features, which takes time and which only that term reads.
    """

    def __init__(
        self,
        history: History,
        max_length: int,
        batch_size: int = 32,
        n_dates: int = 16,
        device: torch.device | None = None,
        behaviour: bool = True,
    ) -> None:
        self.history, self.max_length = history, max_length
        self.batch_size, self.n_dates, self.device = batch_size, n_dates, device or torch.device("cpu")
        self.behaviour = behaviour
        first_basket = history.basket[history.start[:-1].clip(max=len(history.basket) - 1)]
        last_basket = history.basket[history.start[1:] - 1]
        has_two = (np.diff(history.start) > 0) & (last_basket > first_basket)
        self.users = np.flatnonzero(has_two)  # a household with one basket has nothing to predict
        if not len(self.users):
            raise ValueError("no household has two baskets in the history; there is no next basket to learn from")

    def __len__(self) -> int:
        """Batches per epoch."""
        return -(-len(self.users) // self.batch_size)

    def __call__(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield an epoch's batches."""
        users = rng.permutation(self.users)
        for i in range(0, len(users), self.batch_size):
            yield self.sample(users[i : i + self.batch_size], rng)

    def sample(self, users: Codes, rng: np.random.Generator) -> Batch:
        """Draw a window and dates for each household."""
        history, n_dates = self.history, self.n_dates
        begin, end = history.start[users], history.start[users + 1]
        # Ends beyond the last purchase are cut back to it: recent windows are drawn more often.
        stop = np.minimum(end, begin + rng.integers(2, end - begin + self.max_length))
        start = np.maximum(begin, stop - self.max_length)
        window = np.repeat(np.arange(len(users)), n_dates)
        first, last = history.day[start][window], history.day[stop - 1][window]
        days = first + (last - first) * rng.random(len(window))
        known = history.known(users[window], days)
        # A window may begin within a basket; a date needs a purchase in the window before it, and a next basket.
        ok = (known > start[window]) & (known < stop[window])
        if not ok.any():  # windows of one basket only; take the households' last baskets as targets instead
            window = np.arange(len(users))
            known = history.basket_start[history.basket[end - 1]]
            stop, days, ok = known, history.day[known], known > begin
        window, days, known = window[ok], days[ok], known[ok]
        basket = history.basket[known]
        target_query, event = ragged(history.basket_start[basket], history.basket_start[basket + 1])
        targets = (target_query, history.item[event])
        make = make_batch if self.behaviour else partial(make_batch, behaviour=False)
        return make(history, users, stop, window, days, known, self.max_length, targets).to(self.device)


class ClozeSet(TrainingSet):
    """Batches of gaps to be filled in, for a network that is not causal.

    From each household a window that ends before one of its baskets, drawn at random. [MASK] stands behind the window
    and asks for that basket, as it will when recommending; and a share of the purchases in the window is hidden behind
    [MASK] too, each to be guessed from all that is left.

    Parameters
    ----------
    share : float
        Share of the purchases to hide.
    **settings
        Those of :class:`TrainingSet`.

    References
    ----------
    Sun et al. (2019), *BERT4Rec: Sequential recommendation with bidirectional encoder representations from
    Transformer*.
    """

    def __init__(self, history: History, max_length: int, share: float = 0.2, **settings: Any) -> None:
        super().__init__(history, max_length, **settings, behaviour=False)
        self.share = share

    def sample(self, users: Codes, rng: np.random.Generator) -> Batch:
        """Draw a basket to ask for and purchases to hide from each household."""
        history = self.history
        begin, end = history.start[users], history.start[users + 1]
        basket = rng.integers(history.basket[begin] + 1, history.basket[end - 1] + 1)
        stop = history.basket_start[basket]
        target_query, event = ragged(stop, history.basket_start[basket + 1])
        batch = make_batch(
            history, users, stop, np.arange(len(users)), history.day[stop], stop, self.max_length - 1,
            (target_query, history.item[event]), behaviour=False,
        )  # fmt: skip
        batch = append_mask(batch, history.n_items)
        chosen = torch.as_tensor(rng.random(batch.items.shape) < self.share)
        return hide(batch, chosen, history.n_items).to(self.device)


class SequentialRecommender:
    """A trained :class:`PurchaseTransformer` as a recommender.

    ``fit`` only reads the history: what the network learned from it stays as it is. So the weights that were
    chosen on the validation month can be used a month later, on a longer history, as in a running shop.

    Parameters
    ----------
    network : PurchaseTransformer
        Trained with :func:`shoprec.training.train`.
    """

    def __init__(self, network: PurchaseTransformer) -> None:
        self.network = network

    def fit(self, task: Task) -> Self:
        """Read the history of a task with the same catalogue.

        Raises
        ------
        ValueError
            If the task's number of items differs from the network's.
        """
        if len(task.items) != self.network.n_items:
            raise ValueError(
                f"the network knows {self.network.n_items} items, the task has {len(task.items)}; make both "
                "tasks with the same items"
            )
        self.history_, self.day_ = task.history, task.cut_day
        return self

    @torch.no_grad()
    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items).

        Raises
        ------
        ValueError
            If a household has no history.
        """
        stop = self.history_.start[households + 1]
        empty = stop == self.history_.start[households]
        if empty.any():
            raise ValueError(
                f"{empty.sum()} households have no history, first code {households[empty][0]}; the network reads a "
                "history, so recommend to them by popularity"
            )
        days = np.full(len(households), self.day_)
        window = np.arange(len(households))
        config = self.network.config
        length = config.max_length - (not config.causal)  # [MASK] takes a place
        batch = make_batch(self.history_, households, stop, window, days, stop, length, behaviour=config.behaviour)
        if not config.causal:
            batch = append_mask(batch, self.network.n_items)
        device = self.network.item_bias.device
        return self.network.eval()(batch.to(device)).float().cpu().numpy()


def make_batch(
    history: History,
    users: Codes,
    stop: Codes,
    window: Codes,
    days: Floats,
    known: Codes,
    max_length: int,
    targets: tuple[Codes, Codes] = (np.zeros(0, int), np.zeros(0, int)),
    behaviour: bool = True,
) -> Batch:
    """Collect windows and queries into tensors.

    Parameters
    ----------
    history : History
    users, stop : arrays of int, shape (n_windows,)
        Household of each window, and the first event after it.
    window, days, known : arrays, shape (n_queries,)
        Window, moment and first unknown event of each query.
    max_length : int
        Purchases per window.
    targets : pair of arrays of int
        Query and product of each target.
    behaviour : bool
        Whether to compute the behaviour features; without, there are no pairs.
    """
    start = np.maximum(history.start[users], stop - max_length)
    row, event = ragged(start, stop)
    column = event - start[row]
    items = np.full((len(users), max_length), history.n_items)
    items[row, column] = history.item[event]
    gaps = np.zeros_like(items)
    gaps[row, column] = age_class(torch.as_tensor(_days_since_last_basket(history, event)))
    begin = history.day[start]
    clock = np.zeros(items.shape, np.float32)
    clock[row, column] = history.day[event] - begin[row]
    day = (days - begin[window]).astype(np.float32)
    none = np.zeros(0, int)
    pairs = (none, none, np.zeros((0, len(FEATURES)), np.float32))
    if behaviour:
        pairs = purchase_features(history, users[window], days, known)
    arrays = (
        items, gaps, clock, window, known - 1 - start[window], day, *pairs, *targets,
    )  # fmt: skip
    return Batch(*map(torch.as_tensor, arrays))


def append_mask(batch: Batch, n_items: int) -> Batch:
    """Put [MASK] behind each window and move its query there.

    The windows get one column more. Each must have one query, at its last purchase.
    """
    row, place = batch.window, batch.position + 1
    items, gaps, days = F.pad(batch.items, (0, 1), value=n_items), F.pad(batch.gaps, (0, 1)), F.pad(batch.days, (0, 1))
    items[row, place] = n_items + 1
    gaps[row, place] = age_class(batch.day - days[row, batch.position])
    days[row, place] = batch.day
    return batch._replace(items=items, gaps=gaps, days=days, position=place)


def hide(batch: Batch, chosen: Tensor, n_items: int) -> Batch:
    """Hide purchases behind [MASK], and ask for each by a query at its place.

    Parameters
    ----------
    batch : Batch
    chosen : Tensor of bool, shape (n_windows, length)
        What to hide; padding and [MASK] stay as they are.
    n_items : int
    """
    row, place = torch.nonzero(chosen & (batch.items < n_items), as_tuple=True)
    query = len(batch.window) + torch.arange(len(row))
    return batch._replace(
        items=batch.items.index_put((row, place), torch.tensor(n_items + 1)),
        window=torch.cat([batch.window, row]),
        position=torch.cat([batch.position, place]),
        day=torch.cat([batch.day, batch.days[row, place]]),
        target_query=torch.cat([batch.target_query, query]),
        target_item=torch.cat([batch.target_item, batch.items[row, place]]),
    )


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


def age_class(days: Tensor) -> Tensor:
    """Class of a time span: two per doubling, from 0 for less than half a day.

    Examples
    --------
    >>> age_class(torch.tensor([0.0, 0.5, 1.0, 7.0, 364.0, 9999.0])).tolist()
    [0, 1, 2, 6, 17, 19]
    """
    return (2 * torch.log2(1 + days.clamp(min=0))).long().clamp(max=N_AGES - 1)


def _days_since_last_basket(history: History, event: Codes) -> Floats:
    """Days between an event and the one before; 0 within a basket and for a household's first."""
    before = np.maximum(event - 1, 0)
    same = history.user[before] == history.user[event]
    return np.where(same, history.day[event] - history.day[before], 0.0)
