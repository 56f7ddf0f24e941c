"""Hybrids: one score from several.

Two models' scores live on different scales, so adding them needs a common one first: :func:`zscore`,
:func:`min_max` or, using only the order, :func:`ranks` with :func:`reciprocal_rank_fusion`. :class:`Hybrid` adds,
:class:`Switching` asks one model per household, :class:`Cascade` lets a second model order what a first one picked.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from shoprec.baselines import Recommender
from shoprec.metrics import discounts, ideal_dcg, ndcg_at_k, rank_items
from shoprec.splits import Codes, Task

Floats = npt.NDArray[np.floating]


def hybrid_score(
    user: npt.ArrayLike,
    item: npt.ArrayLike,
    product: npt.ArrayLike,
    behaviour: npt.ArrayLike,
    w1: float,
    w2: float,
) -> Floats:
    r"""Score items by taste and by content: a weighted sum of two inner products.

    .. math::

        s_{ui} = w_1 \langle \mathbf{u}_u, \mathbf{v}_i \rangle
               + w_2 \langle \mathbf{p}_i, \mathbf{b}_u \rangle

    The first product compares a user with an item in a space learned from purchases, the second
    compares the item's description with the user's behaviour in a space of content. For
    :math:`w_1, w_2 > 0` only the ratio :math:`w_1 / w_2` decides the ranking.

    Parameters
    ----------
    user : array of shape (n_users, d1) or (d1,)
        User vectors :math:`\mathbf{u}`.
    item : array of shape (n_items, d1) or (d1,)
        Item vectors :math:`\mathbf{v}`.
    product : array of shape (n_items, d2) or (d2,)
        Product content vectors :math:`\mathbf{p}`, in the same order as ``item``.
    behaviour : array of shape (n_users, d2) or (d2,)
        Behaviour vectors :math:`\mathbf{b}`, in the same order as ``user``.
    w1, w2 : float
        Weights.

    Returns
    -------
    array of shape (n_users, n_items)
        A single vector instead of a matrix drops its axis: one user gives shape (n_items,), one item gives
        (n_users,), one of each gives a scalar.

    Raises
    ------
    ValueError
        If two shapes that must agree do not; the message names both.

    References
    ----------
    Burke (2002), *Hybrid recommender systems: survey and experiments*, the weighted hybrid.

    Examples
    --------
    One user, two items; the second item's description fits the user's behaviour.

    >>> hybrid_score(user=[1, 2], item=[[3, 1], [1, 2]], product=[[0], [4]], behaviour=[1], w1=0.5, w2=0.25)
    array([2.5, 3.5])
    """
    u, v, p, b = (np.asarray(x, dtype=float) for x in (user, item, product, behaviour))
    for name, x in {"user": u, "item": v, "product": p, "behaviour": b}.items():
        if x.ndim not in (1, 2):
            raise ValueError(f"{name} has shape {x.shape}; pass one vector, or one vector per row")
    _check_agree("length of the vectors", user=u.shape[-1:], item=v.shape[-1:])
    _check_agree("length of the vectors", product=p.shape[-1:], behaviour=b.shape[-1:])
    _check_agree("number of users", user=u.shape[:-1], behaviour=b.shape[:-1])
    _check_agree("number of items", item=v.shape[:-1], product=p.shape[:-1])
    return w1 * (u @ v.T) + w2 * (b @ p.T)


def min_max(scores: npt.ArrayLike) -> Floats:
    r"""Stretch each row to run from 0 to 1.

    .. math:: x'_i = \frac{x_i - \min_j x_j}{\max_j x_j - \min_j x_j}

    One extreme score squeezes all others together, which :func:`zscore` softens.

    Parameters
    ----------
    scores : array of shape (..., n_items)
        Finite scores; a row is usually a user.

    Returns
    -------
    array of shape (..., n_items)
        A row of equal scores prefers nothing and becomes zeros. 32-bit floats stay 32-bit.

    Raises
    ------
    ValueError
        If a score is NaN or infinite, or there are no items.

    References
    ----------
    Lee (1997), *Analyses of multiple evidence combination*.

    Examples
    --------
    >>> min_max([[1, 2, 5], [7, 7, 7]])
    array([[0.  , 0.25, 1.  ],
           [0.  , 0.  , 0.  ]])
    """
    x = np.asarray(scores)
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(float)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"scores have shape {x.shape}; pass at least one item, shape (..., n_items)")
    if not np.isfinite(x).all():
        raise ValueError("scores contain NaN or infinity; put every item on the scale, mask items afterwards")
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    return (x - low) / np.where(high > low, high - low, 1)


def zscore(scores: npt.ArrayLike) -> Floats:
    r"""Shift and scale each row to mean 0 and standard deviation 1.

    .. math:: z_i = \frac{x_i - \mu}{\sigma}, \qquad
              \mu = \frac{1}{n} \sum_j x_j, \quad \sigma^2 = \frac{1}{n} \sum_j (x_j - \mu)^2

    Parameters
    ----------
    scores : array of shape (..., n_items)
        Finite scores; a row is usually a user.

    Returns
    -------
    array of shape (..., n_items)
        In standard deviations. A row of equal scores prefers nothing and becomes zeros.
        32-bit floats stay 32-bit.

    Raises
    ------
    ValueError
        If a score is NaN or infinite, or there are no items.

    Examples
    --------
    >>> zscore([[1, 1, 3, 3], [7, 7, 7, 7]])
    array([[-1., -1.,  1.,  1.],
           [ 0.,  0.,  0.,  0.]])
    """
    # A z-score does not change when a row is shifted and scaled. On [0, 1] squares cannot overflow or vanish,
    # and a constant row is exactly zero.
    x = min_max(scores)
    x -= x.mean(axis=-1, keepdims=True)
    sigma = x.std(axis=-1, keepdims=True)
    return x / np.where(sigma > 0, sigma, 1)


def ranks(scores: npt.ArrayLike) -> npt.NDArray[np.integer]:
    """Rank of each item in its row: 1 for the best; of equal scores, the lower item code comes first.

    The inverse of :func:`shoprec.metrics.rank_items`: that says which item is at a rank, this which
    rank an item has.

    Parameters
    ----------
    scores : array of shape (..., n_items)
        One score per item; a row is usually a user. ``-inf`` comes last.

    Returns
    -------
    array of int, shape (..., n_items)
        In each row a permutation of 1 to ``n_items``.

    Raises
    ------
    ValueError
        If a score is NaN, or there are no items.

    Examples
    --------
    >>> ranks([[0.1, 0.9, 0.5, 0.9]])
    array([[4, 1, 3, 2]])
    """
    order = rank_items(scores, k=np.shape(scores)[-1])
    result = np.empty_like(order)
    np.put_along_axis(result, order, np.arange(1, order.shape[-1] + 1), axis=-1)
    return result


def reciprocal_rank_fusion(
    rank_lists: Sequence[npt.ArrayLike], weights: Sequence[float] | None = None, k: float = 60
) -> Floats:
    r"""Fuse several rankings by their ranks alone, so that no scales need to be compared.

    .. math:: s_i = \sum_m \frac{w_m}{k + r_{mi}}

    Parameters
    ----------
    rank_lists : sequence of arrays of the same shape (..., n_items)
        Ranks :math:`r_{mi} \ge 1` that list :math:`m` gives to item :math:`i`, as from :func:`ranks`.
        Use ``inf`` for an item that a list leaves out; it then adds nothing.
    weights : sequence of float, optional
        One non-negative weight :math:`w_m` per list. Without weights all lists count alike, as in the
        original.
    k : float
        Damps the first ranks: at 0, rank 1 counts twice as much as rank 2; at 60, only 1.6 % more.

    Returns
    -------
    array of float, shape (..., n_items)
        Scores to be ranked, higher is better.

    Raises
    ------
    ValueError
        If there are no lists, shapes or the number of weights disagree, a rank is below 1 or NaN, a weight is
        negative, or ``k`` is.

    References
    ----------
    Cormack, Clarke and Büttcher (2009), *Reciprocal rank fusion outperforms Condorcet and individual
    rank learning methods*.

    Examples
    --------
    Two lists of three items agree on the last place only.

    >>> reciprocal_rank_fusion([[1, 2, 3], [2, 1, 3]], weights=[3, 1], k=1).round(3)
    array([1.833, 1.5  , 1.   ])
    """
    lists = [np.asarray(r, dtype=float) for r in rank_lists]
    w = np.ones(len(lists)) if weights is None else np.asarray(weights, dtype=float)
    if not lists:
        raise ValueError("rank_lists is empty; pass the ranks of at least one model")
    if w.shape != (len(lists),):
        raise ValueError(f"weights has shape {w.shape}; pass one weight for each of the {len(lists)} lists")
    if not (w >= 0).all():
        raise ValueError("weights must not be negative or NaN; a weight of 0 leaves a list out")
    if not k >= 0:
        raise ValueError(f"k is {k}; it must not be negative, and 60 is customary")
    for r in lists:
        if r.shape != lists[0].shape:
            raise ValueError(f"rank_lists differ in shape, {lists[0].shape} and {r.shape}; rank the same items")
        if not (r >= 1).all():
            raise ValueError("rank_lists must hold ranks from 1 (best); make them with ranks(scores)")
    return sum((w_m / (k + r) for w_m, r in zip(w, lists, strict=True)), start=np.zeros(lists[0].shape))


class Hybrid:
    r"""Several models, one score: what each says, put on a common scale, weighted and added.

    .. math:: s_{ui} = \sum_m w_m \, \phi(s^{(m)}_{u})_i

    with :math:`\phi` either :func:`zscore` over the household's products, or the reciprocal rank
    :math:`1 / (60 + r)` for the first 200 products of each model's list.

    Parameters
    ----------
    models : mapping of name to Recommender
    method : {"weighted", "rank"}
        ``"weighted"`` adds z-scores, ``"rank"`` reciprocal ranks (:func:`reciprocal_rank_fusion`).
    weights : mapping of name to float, optional
        Not negative, and 0 for a model that is left out; equal by default. :meth:`tune` replaces them.

    Raises
    ------
    ValueError
        If there are no models, the method is unknown, or a weight has no model; if a weight is negative, or all
        are 0.
    """

    def __init__(
        self,
        models: Mapping[str, Recommender],
        method: Literal["weighted", "rank"] = "weighted",
        weights: Mapping[str, float] | None = None,
    ) -> None:
        if not models:
            raise ValueError("a hybrid needs at least one model")
        if method not in ("weighted", "rank"):
            raise ValueError(f"method is {method!r}; choose 'weighted' or 'rank'")
        weights = dict.fromkeys(models, 1 / len(models)) if weights is None else weights
        if weights.keys() - models.keys():
            raise ValueError(f"weights for unknown models {sorted(weights.keys() - models.keys())}")
        self.models, self.method = dict(models), method
        self.weights = {name: float(weights.get(name, 0.0)) for name in models}
        if not (min(self.weights.values()) >= 0 and 0 < sum(self.weights.values()) < np.inf):
            raise ValueError(f"weights are {self.weights}; none may be negative or NaN, and one must be positive")

    def fit(self, task: Task) -> Self:
        """Fit every model on the task; the weights stay."""
        for model in self.models.values():
            model.fit(task)
        return self

    def tune(self, task: Task, k: int = 10, pool: int = 50) -> Self:
        """Choose the weights that give the best NDCG@k on a task's targets, by coordinate ascent.

        Starts at the best single model and changes one weight at a time, by steps that are halved when none
        helps. It is a search for the training of weights: run it on the validation month, never on the test.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        k : int
            Length of the lists.
        pool : int
            Only products among some model's first ``pool``, at least ``k``, are ranked; the rest hardly come first.
        """
        parts = [self._part(name, task.households) for name in self.models]
        weights = pool_candidates(parts, task, max(pool, k)).best_weights(k)
        self.weights = dict(zip(self.models, map(float, weights), strict=True))
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        used = {name: w for name, w in self.weights.items() if w > 0}
        return np.sum([w * self._part(name, households) for name, w in used.items()], axis=0)

    def _part(self, name: str, households: Codes) -> Floats:
        """One model's scores on the common scale."""
        scores = self.models[name].score(households)
        if self.method == "weighted":
            return zscore(scores)
        # Sorting whole catalogues is slow, and 1 / (60 + 200) is little: what comes later counts as unlisted.
        top = rank_items(scores, min(200, scores.shape[1]))
        rank = np.full(scores.shape, np.inf, np.float32)
        np.put_along_axis(rank, top, np.arange(1.0, top.shape[1] + 1, dtype=np.float32)[None], axis=1)
        return reciprocal_rank_fusion([rank])


@dataclass(frozen=True)
class Candidates:
    """The products worth ranking for each household, with every model's score of them.

    Attributes
    ----------
    items : array of int, shape (n_households, width)
        Product codes, ascending among the real ones of a row. Rows have different numbers of candidates and are
        filled up to the same width.
    filler : array of bool, shape (n_households, width)
        Which entries only fill up.
    scores : array of float32, shape (n_models, n_households, width)
        Each model's score of each candidate.
    hits : array of bool, shape (n_households, width)
        Which candidates are targets.
    n_targets : array of int, shape (n_households,)
        Targets of each household, candidates or not: a target that no model proposes counts as missed.
    """

    items: Codes
    filler: npt.NDArray[np.bool_]
    scores: Floats
    hits: npt.NDArray[np.bool_]
    n_targets: Codes

    def ndcg(self, fused: npt.ArrayLike, k: int = 10) -> Floats:
        """NDCG@k of each household when its candidates are ranked by a fused score; the rest of the catalogue is last.

        Parameters
        ----------
        fused : array of float, shape (n_households, width)
        k : int
            Length of the lists.
        """
        top = rank_items(np.where(self.filler, -np.inf, fused), k)
        return np.take_along_axis(self.hits, top, axis=1) @ discounts(k) / ideal_dcg(self.n_targets, k)

    def weighted(self, weights: npt.ArrayLike) -> Floats:
        """Fused score of each candidate, the weighted sum of the models' scores; (n_households, width)."""
        return np.tensordot(np.asarray(weights, dtype=float), self.scores, axes=1)

    def best_weights(self, k: int = 10) -> Floats:
        """Non-negative weights that sum to 1 and give the best mean NDCG@k, by coordinate ascent; (n_models,).

        The search starts at the best single model and changes one weight at a time, by steps that are halved when
        none helps.
        """
        weights = _coordinate_ascent(lambda w: float(self.ndcg(self.weighted(w), k).mean()), len(self.scores))
        return weights / weights.sum()

    def select(self, models: npt.ArrayLike | None = None, households: npt.ArrayLike | None = None) -> "Candidates":
        """The same candidates with some of the models (numbers) and some of the households (a mask) only."""
        rows = slice(None) if households is None else np.asarray(households)
        scores = self.scores if models is None else self.scores[np.asarray(models)]
        return Candidates(self.items[rows], self.filler[rows], scores[:, rows], self.hits[rows], self.n_targets[rows])


def pool_candidates(parts: Sequence[Floats], task: Task, pool: int = 50) -> Candidates:
    """Keep, for each household, the products among some model's first ``pool``: the rest hardly come first.

    Trying many ways to combine the same models is then fast, and a learner gets a table to learn from.

    Parameters
    ----------
    parts : sequence of arrays, each of shape (n_households, n_items)
        One model's scores of all products for the task's households, on whatever scale is to be combined.
    task : Task
        Gives the households and their targets.
    pool : int
        Products taken from the top of each model's list.

    Returns
    -------
    Candidates

    Raises
    ------
    ValueError
        If a part has another shape than (households, items).

    Examples
    --------
    >>> from shoprec.baselines import Popularity
    >>> from shoprec.splits import next_basket_split
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2, 1], "item": ["tea", "tea", "jam", "jam"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-01-01", "2017-01-02", "2017-02-01"])})
    >>> task = next_basket_split(table, cut="2017-02-01", items=["jam", "tea"])
    >>> pooled = pool_candidates([Popularity().fit(task).score(task.households)], task, pool=1)
    >>> task.items[pooled.items[0]].tolist(), pooled.hits.tolist(), pooled.n_targets.tolist()
    (['tea'], [[False]], [1])
    """
    shape = (len(task.households), len(task.items))
    targets = task.targets[task.households]
    wanted = np.zeros(shape, bool)
    for part in parts:
        if part.shape != shape:
            raise ValueError(f"a part has shape {part.shape}; score all {shape[1]} items for {shape[0]} households")
        np.put_along_axis(wanted, rank_items(part, min(pool, shape[1])), True, axis=1)
    items, filler = marked_items(wanted)
    return Candidates(
        items=items,
        filler=filler,
        scores=np.stack([np.take_along_axis(part, items, axis=1).astype(np.float32) for part in parts]),
        hits=np.take_along_axis(targets.toarray(), items, axis=1),
        n_targets=np.diff(targets.indptr),
    )


def marked_items(marked: npt.NDArray[np.bool_]) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """Codes of the items that are marked in each row, ascending, with rows filled up to the width of the longest.

    Returns
    -------
    items : array of int, shape (n_rows, width)
    filler : array of bool, shape (n_rows, width)
        Which entries only fill up.

    Examples
    --------
    >>> items, filler = marked_items(np.array([[False, True, True], [False, False, True]]))
    >>> items[0].tolist(), int(items[1, 0]), filler.tolist()
    ([1, 2], 2, [[False, False], [False, True]])
    """
    items = np.argsort(~marked, axis=1, kind="stable")[:, : marked.sum(axis=1).max()]
    return items, ~np.take_along_axis(marked, items, axis=1)


class Stored:
    """A model's scores for a task's households, computed once and kept, for trying many combinations of it.

    Takes four bytes per household and product: 77 MB for 2,000 households and 9,600 products.

    Parameters
    ----------
    model : Recommender
        Fitted anew by :meth:`fit`. The scores stay what they are when the model is later fitted on another task.
    """

    def __init__(self, model: Recommender) -> None:
        self.model = model

    def fit(self, task: Task) -> Self:
        """Fit the model and score all products for all of the task's households."""
        self.model.fit(task)
        self.row_ = np.full(len(task.users), -1)
        self.row_[task.households] = np.arange(len(task.households))
        batches = _batches(task.households)
        self.scores_ = np.concatenate([self.model.score(b).astype(np.float32) for b in batches])
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items).

        Raises
        ------
        ValueError
            If a household was not among the task's.
        """
        rows = self.row_[households]
        if (rows < 0).any():
            raise ValueError(
                f"household {households[rows < 0][0]} has no target in the task, so its scores were not kept; ask "
                "the model itself"
            )
        return self.scores_[rows]


def history_length(task: Task) -> Codes:
    """Number of purchases in each household's history, shape (n_users,)."""
    return np.diff(task.history.start)


class Switching:
    r"""One of two models for each household, chosen by a number that is known before the basket.

    .. math:: s_u = \begin{cases} s^{(1)}_u & x_u < \theta \\ s^{(2)}_u & x_u \ge \theta \end{cases}

    No scale is needed, since scores of different models are never compared.

    Parameters
    ----------
    few, many : Recommender
        The model of households below the threshold, and of all others. Either may be a hybrid itself.
    threshold : float
        :math:`\theta`. With ``-inf`` all households get ``many``, with ``inf`` all get ``few``. :meth:`tune` replaces
        it.
    by : callable
        :math:`x`: given a task, returns a number for each household code, shape (n_users,); by default
        :func:`history_length`. It must not look at the targets.

    Raises
    ------
    ValueError
        If ``threshold`` is NaN, or ``by`` returns anything but one number per household.

    References
    ----------
    Burke (2002), *Hybrid recommender systems: survey and experiments*, the switching hybrid.
    """

    def __init__(
        self,
        few: Recommender,
        many: Recommender,
        threshold: float = 0.0,
        by: Callable[[Task], npt.NDArray] = history_length,
    ) -> None:
        if np.isnan(threshold):
            raise ValueError("threshold is NaN; pass a number, inf or -inf, or let tune(task) find one")
        self.few, self.many, self.threshold, self.by = few, many, threshold, by

    def fit(self, task: Task) -> Self:
        """Fit both models on the task and describe its households; the threshold stays."""
        self.few.fit(task)
        self.many.fit(task)
        self.value_ = self._describe(task)
        return self

    def tune(self, task: Task, k: int = 10) -> Self:
        """Choose the threshold that gives the best NDCG@k on a task's targets; all of them are tried.

        It is a search for the training of the threshold: run it on the validation month, never on the test.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        k : int
            Length of the lists.
        """
        value = self._describe(task)[task.households]
        gain = _ndcg(self.few, task, k) - _ndcg(self.many, task, k)
        levels, level = np.unique(value, return_inverse=True)
        # What the households below a threshold gain by ``few``: nothing below the lowest value, all below inf.
        total = np.append(0.0, np.cumsum(np.bincount(level, gain)))
        self.threshold = float([-np.inf, *levels[1:], np.inf][int(np.argmax(total))])
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        below = self.value_[households] < self.threshold
        if below.all() or not below.any():
            return (self.few if below.any() else self.many).score(households)
        few, many = self.few.score(households[below]), self.many.score(households[~below])
        scores = np.empty((len(households), few.shape[1]), np.result_type(few, many))
        scores[below], scores[~below] = few, many
        return scores

    def _describe(self, task: Task) -> npt.NDArray:
        value = np.asarray(self.by(task))
        if value.shape != (len(task.users),) or np.isnan(value).any():
            raise ValueError(
                f"by(task) returned shape {value.shape}; it must return one number, not NaN, for each of the "
                f"{len(task.users)} households"
            )
        return value


class Cascade:
    r"""Two stages: the first model picks ``n`` candidates, the second puts them in order.

    .. math:: s_{ui} = \begin{cases} n + 1 - r^{(2)}_{ui} & i \in C_u \\
              \phi(s^{(1)}_u)_i - 1 & i \notin C_u \end{cases}

    with :math:`C_u` the first model's top ``n``, :math:`r^{(2)}_{ui}` the rank from 1 that the second gives
    :math:`i` within :math:`C_u`, and :math:`\phi` :func:`min_max`. So the candidates come first, and the rest follows
    in the first model's order. Like a search engine, it lets a costly model look at a few products only.

    Parameters
    ----------
    first, second : Recommender
    n : int
        Candidates per household; with the whole catalogue, the first model has no say. :meth:`tune` replaces it.

    Raises
    ------
    ValueError
        If ``n`` is below 1, or the first model's scores are not finite.

    References
    ----------
    Burke (2002), *Hybrid recommender systems: survey and experiments*, the cascade hybrid.
    """

    def __init__(self, first: Recommender, second: Recommender, n: int = 50) -> None:
        if not n >= 1:
            raise ValueError(f"n is {n}; the first model must pass on at least one candidate")
        self.first, self.second, self.n = first, second, n

    def fit(self, task: Task) -> Self:
        """Fit both models on the task; ``n`` stays."""
        self.first.fit(task)
        self.second.fit(task)
        return self

    def by_size(self, task: Task, sizes: Sequence[int], k: int = 10) -> Floats:
        """NDCG@k of each of a task's households for several numbers of candidates; (n_sizes, n_households).

        Each model scores once, whatever the number of sizes.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        sizes : sequence of int
            Numbers of candidates, at least ``k``.
        k : int
            Length of the lists.

        Raises
        ------
        ValueError
            If a size is below ``k``.
        """
        if min(sizes) < k:
            raise ValueError(f"sizes are {list(sizes)}; a list of {k} needs at least {k} candidates")
        values: list[list[Floats]] = [[] for _ in sizes]
        for batch in _batches(task.households):
            first, second = self.first.score(batch), self.second.score(batch)
            order = rank_items(first, min(max(sizes), first.shape[1]))
            for of_size, n in zip(values, sizes, strict=True):
                # In the order of the codes, so that the lower one wins a tie of the second model.
                chosen = np.sort(order[:, :n], axis=1)
                top = rank_items(np.take_along_axis(second, chosen, axis=1), k)
                of_size.append(ndcg_at_k(np.take_along_axis(chosen, top, axis=1), task.targets[batch], k))
        return np.stack([np.concatenate(of_size) for of_size in values])

    def tune(self, task: Task, k: int = 10, sizes: Sequence[int] = (10, 20, 50, 100, 200, 500)) -> Self:
        """Choose the number of candidates that gives the best NDCG@k on a task's targets.

        Run it on the validation month, never on the test.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        k : int
            Length of the lists.
        sizes : sequence of int
            Numbers of candidates to try, at least ``k``; at equal quality the earlier one wins.
        """
        self.n = int(sizes[int(np.argmax(self.by_size(task, sizes, k).mean(axis=1)))])
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        first = self.first.score(households)
        n = min(self.n, first.shape[1])
        # In the order of the codes, so that the lower one wins a tie of the second model.
        chosen = np.sort(rank_items(first, n), axis=1)
        second = np.take_along_axis(self.second.score(households), chosen, axis=1)
        scores = min_max(first) - 1
        np.put_along_axis(scores, chosen, (n + 1 - ranks(second)).astype(scores.dtype), axis=1)
        return scores


def _batches(households: Codes, size: int = 512) -> list[Codes]:
    """Households in batches, so that memory stays small."""
    return np.array_split(households, max(1, -(-len(households) // size)))


def _ndcg(model: Recommender, task: Task, k: int) -> Floats:
    """NDCG@k of each of a task's households."""
    return np.concatenate(
        [ndcg_at_k(rank_items(model.score(b), k), task.targets[b], k) for b in _batches(task.households)]
    )


def _coordinate_ascent(objective: Callable[[Floats], float], n: int, smallest: float = 0.02) -> Floats:
    """Maximise over non-negative weights, one coordinate at a time, from the best single one."""
    weights = max(np.eye(n), key=objective)
    best, step = objective(weights), 0.5
    while step >= smallest:
        improved = False
        for i, sign in itertools.product(range(n), (1, -1)):
            trial = weights.copy()
            trial[i] = max(0.0, trial[i] + sign * step)
            if trial.any() and (value := objective(trial)) > best:
                weights, best, improved = trial, value, True
        step = step if improved else step / 2
    return weights


def _check_agree(what: str, **shapes: tuple[int, ...]) -> None:
    """Raise if two arguments differ in ``what``."""
    (one, a), (two, b) = shapes.items()
    if a != b:
        raise ValueError(f"{one} and {two} must agree in the {what}, but have {a} and {b}")
