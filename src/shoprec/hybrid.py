"""Hybrids: one score from several.

Two models' scores live on different scales, so adding them needs a common one first: :func:`zscore`,
:func:`min_max` or, using only the order, :func:`ranks` with :func:`reciprocal_rank_fusion`.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from shoprec.baselines import Recommender
from shoprec.metrics import rank_items
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
        parts, hits, n_relevant = self._candidates(task, max(pool, k))
        discount = 1 / np.log2(np.arange(2, k + 2))
        ideal = np.cumsum(discount)[np.minimum(k, n_relevant) - 1]

        def ndcg(w: Floats) -> float:
            top = rank_items(np.tensordot(w, parts, axes=1), k)
            return float((np.take_along_axis(hits, top, axis=1) @ discount / ideal).mean())

        weights = _coordinate_ascent(ndcg, len(self.models))
        self.weights = dict(zip(self.models, map(float, weights / weights.sum()), strict=True))
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

    def _candidates(self, task: Task, pool: int) -> tuple[Floats, Floats, Codes]:
        """Each model's part for the candidates, (n_models, n_households, n_candidates); hits; target counts."""
        parts = [self._part(name, task.households).astype(np.float32) for name in self.models]
        targets = task.targets[task.households]
        wanted = np.zeros(parts[0].shape, bool)
        for part in parts:
            np.put_along_axis(wanted, rank_items(part, min(pool, part.shape[1])), True, axis=1)
        # Rows have different numbers of candidates; a stable sort puts them first, and fillers are banned below.
        items = np.argsort(~wanted, axis=1, kind="stable")[:, : wanted.sum(axis=1).max()]
        filler = ~np.take_along_axis(wanted, items, axis=1)
        stacked = np.stack([np.take_along_axis(part, items, axis=1) for part in parts])
        stacked[:, filler] = -1e9
        hits = np.take_along_axis(targets.toarray(), items, axis=1).astype(float)
        return stacked, hits, np.diff(targets.indptr)


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
