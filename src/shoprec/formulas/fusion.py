r"""Fusion: one score from several.

Two models' scores live on different scales, so adding them needs a common one first: :func:`zscore`, :func:`min_max`
or, using only the order, :func:`ranks` with :func:`reciprocal_rank_fusion`.

For two scores, :func:`weight_path` and :func:`ndcg_path` follow every weight of :math:`w\,s_1 + (1 - w)\,s_2` at once,
exactly. To a household, an item is a point :math:`(s_1, s_2)`. As :math:`w` runs from 0 to 1, two items change places
at one weight or never, so a ranking, and any metric of it, is constant between finitely many weights. No grid is
needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from shoprec.formulas.arrays import (
    EXACT,
    MILLION,
    Codes,
    Floats,
    Mask,
    Matrix,
    blocks,
    exponents,
    finite,
    fitted,
    floats,
    scaled,
    unchecked,
    whole,
    wide,
)
from shoprec.formulas.checks import number
from shoprec.formulas.metrics import ideal_dcg, rank_items, relevant_items

#: The smallest and the largest weight between 0 and 1: where two items swap outside of them, rounding would say 0 or 1.
LEAST, MOST = np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)


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
               + w_2 \langle \mathbf{c}_i, \mathbf{b}_u \rangle

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
        Product content vectors :math:`\mathbf{c}`, in the same order as ``item``.
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
        If two shapes that must agree do not (the message names both), there is NaN or infinity in an argument, or a
        score or one of its two products leaves the range of float64, ±1.8e308.

    References
    ----------
    Burke (2002), *Hybrid recommender systems: survey and experiments*, the weighted hybrid.

    Examples
    --------
    One user, two items; the second item's description fits the user's behaviour.

    >>> hybrid_score(user=[1, 2], item=[[3, 1], [1, 2]], product=[[0], [4]], behaviour=[1], w1=0.5, w2=0.25)
    array([2.5, 3.5])
    """
    named = {"user": user, "item": item, "product": product, "behaviour": behaviour}
    u, v, p, b = (wide(finite(x, name, "fill in or drop missing values first")) for name, x in named.items())
    finite([w1, w2], "w1 or w2", "pass two numbers")
    for name, x in {"user": u, "item": v, "product": p, "behaviour": b}.items():
        if x.ndim not in (1, 2):
            raise ValueError(f"{name} has shape {x.shape}; pass one vector, or one vector per row")
    _check_agree("length of the vectors", user=u.shape[-1:], item=v.shape[-1:])
    _check_agree("length of the vectors", product=p.shape[-1:], behaviour=b.shape[-1:])
    _check_agree("number of users", user=u.shape[:-1], behaviour=b.shape[:-1])
    _check_agree("number of items", item=v.shape[:-1], product=p.shape[:-1])
    with unchecked():
        return fitted(w1 * (u @ v.T) + w2 * (b @ p.T), u.dtype, "a score")[()]


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
        A row of equal scores prefers nothing and becomes zeros. Floats come back in their precision.

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
    stretched, dtype = _stretched(scores)
    return stretched.astype(dtype, copy=False)


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
        Floats come back in their precision.

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
    x, dtype = _stretched(scores)
    rows = x.reshape(-1, x.shape[-1])  # a view
    for part in blocks(len(rows), 1 + MILLION // x.shape[-1]):
        rows[part] -= rows[part].mean(axis=1, keepdims=True)
        sigma = rows[part].std(axis=1, keepdims=True)
        rows[part] /= np.where(sigma > 0, sigma, 1)
    return x.astype(dtype, copy=False)


def _stretched(scores: npt.ArrayLike) -> tuple[Floats, np.dtype]:
    """Rows from 0 to 1, not in 16 bits, and the type in which they go back."""
    given = finite(scores, "scores", "put every item on the scale, mask items afterwards")
    if given.ndim == 0 or given.shape[-1] == 0:
        raise ValueError(f"scores have shape {given.shape}; pass at least one item, shape (..., n_items)")
    x = wide(given, np.float32)
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    with unchecked():
        half = np.where(np.isfinite(high - low), 1, 0.5).astype(x.dtype)
    if (half < 1).any():  # such a row's range would overflow
        x, low, high = x * half, low * half, high * half
    stretched = np.subtract(x, low, order="C")  # rows are summed next, most precisely if their numbers are neighbours
    stretched /= np.where(high > low, high - low, 1)
    return stretched, given.dtype


def ranks(scores: npt.ArrayLike) -> Codes:
    """Rank of each item in its row: 1 for the best; of equal scores, the lower item code comes first.

    The inverse of :func:`shoprec.formulas.metrics.rank_items`: that says which item is at a rank, this which
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
    order = rank_items(scores, k=(np.shape(scores) or (1,))[-1])
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
        Damps the first ranks: at 0, rank 1 counts twice as much as rank 2; at 60, only 1.6% more. At most 2**53.

    Returns
    -------
    array of float, shape (..., n_items)
        Scores to be ranked, higher is better.

    Raises
    ------
    ValueError
        If there are no lists, shapes or the number of weights disagree, a rank is below 1 or NaN, a weight is
        negative or not finite, ``k`` is out of its range, or a sum leaves that of float64.

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
    lists = [wide(floats(r, "rank_lists")) for r in rank_lists]
    w = np.ones(len(lists)) if weights is None else wide(finite(weights, "weights", "a weight of 0 leaves a list out"))
    if not lists:
        raise ValueError("rank_lists is empty; pass the ranks of at least one model")
    if w.shape != (len(lists),):
        raise ValueError(f"weights has shape {w.shape}; pass one weight for each of the {len(lists)} lists")
    if not (w >= 0).all():
        raise ValueError("weights must not be negative; a weight of 0 leaves a list out")
    number(k, "k", 0, EXACT, note="; 60 is customary")
    for r in lists:
        if r.shape != lists[0].shape:
            raise ValueError(f"rank_lists differ in shape, {lists[0].shape} and {r.shape}; rank the same items")
        if not (r >= 1).all():
            raise ValueError("rank_lists must hold ranks from 1 (best); make them with ranks(scores)")
    with unchecked():
        fused = sum((w_m / (k + r) for w_m, r in zip(w, lists, strict=True)), start=np.zeros(lists[0].shape))
    return fitted(fused, float, "a sum of weights")


def marked_items(marked: Mask) -> tuple[Codes, Mask]:
    """Codes of the items that are marked in each row, ascending, with rows filled up to the width of the longest.

    Parameters
    ----------
    marked : array of bool, shape (n_rows, n_items)

    Returns
    -------
    items : array of int, shape (n_rows, width)
    filler : array of bool, shape (n_rows, width)
        Which entries only fill up.

    Raises
    ------
    ValueError
        If ``marked`` is no matrix of booleans.

    Examples
    --------
    >>> items, filler = marked_items(np.array([[False, True, True], [False, False, True]]))
    >>> items[0].tolist(), int(items[1, 0]), filler.tolist()
    ([1, 2], 2, [[False, False], [False, True]])
    """
    if marked.ndim != 2 or marked.dtype != bool:
        raise ValueError(f"marked has shape {marked.shape} and type {marked.dtype}; pass a matrix of booleans")
    order = np.argsort(~marked, axis=1, kind="stable")
    items = order[:, : marked.sum(axis=1).max(initial=0)].copy()  # a view would keep the whole order
    return items, ~np.take_along_axis(marked, items, axis=1)


def crossings(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Floats, Codes, Codes]:
    r"""Weights at which two items of one household change places.

    Items :math:`i` and :math:`j` have the same fused score at

    .. math:: w^* = \frac{s_{2j} - s_{2i}}{(s_{1i} - s_{1j}) + (s_{2j} - s_{2i})},

    which lies strictly between 0 and 1 if and only if each item is ahead of the other in one of the scores. Otherwise
    one of them is ahead at all weights.

    Parameters
    ----------
    first, second : arrays of shape (n_items,)
        The two scores, finite.

    Returns
    -------
    w : array of float, ascending
        At most ``n_items * (n_items - 1) / 2`` weights, in 64 bits.
    rises, falls : arrays of int, of the same shape
        Which item comes from behind, and which one it passes, as ``w`` grows. The one that rises has the larger
        first score.

    Raises
    ------
    ValueError
        If the scores are not two finite vectors of the same length.

    Examples
    --------
    Item 2 is behind both others in both scores and never moves.

    >>> w, rises, falls = crossings([3.0, 1.0, 0.5], [1.0, 2.0, 0.5])
    >>> w.round(3), rises, falls
    (array([0.333]), array([0]), array([1]))
    """
    a, b = map(wide, _two_scores(first, second, ndim=1))
    rises, falls = np.nonzero((a[:, None] > a) & (b[:, None] < b))
    w = _swap_weights(a[rises], b[rises], a[falls], b[falls])
    order = np.argsort(w, kind="stable")
    return w[order], rises[order], falls[order]


def _swap_weights(a: Floats, b: Floats, other_a: Floats, other_b: Floats) -> Floats:
    """Weights at which items with points (a, b) have the scores of others, given that each leads in one of the two."""
    with unchecked():
        gain, loss = a - other_a, other_b - b
        far = ~np.isfinite(gain + loss)
    # A quarter of all differences has the same ratio, and a sum that cannot overflow.
    gain[far], loss[far] = a[far] / 4 - other_a[far] / 4, other_b[far] / 4 - b[far] / 4
    return np.clip(loss / (gain + loss), LEAST, MOST)


def skyband(first: npt.ArrayLike, second: npt.ArrayLike, k: int = 10) -> Mask:
    r"""Mark the items that fewer than ``k`` others dominate: the only ones that a fused list of ``k`` can contain.

    Item :math:`j` dominates :math:`i` if it is at least as good in both scores and better in one. It is then ahead of
    :math:`i` whatever the positive weights, and whatever formula that strictly increases with both scores replaces the
    sum. Of items with equal points, the one with the lower code counts as dominating, as in
    :func:`shoprec.formulas.metrics.rank_items`.

    Parameters
    ----------
    first, second : arrays of shape (..., n_items)
        The two scores, finite; a row is a household.
    k : int
        Length of the list; ``k = 1`` marks the Pareto front.

    Returns
    -------
    array of bool, shape (..., n_items)

    Raises
    ------
    ValueError
        If the scores differ in shape or are not finite, or ``k`` is less than 1.

    References
    ----------
    Papadias, Tao, Fu and Seeger (2005), *Progressive skyline computation in database systems*.

    Examples
    --------
    >>> skyband([3, 2, 1, 0], [0, 2, 3, 1], k=1)
    array([ True,  True,  True, False])
    >>> skyband([3, 2, 1, 0], [0, 2, 3, 1], k=3)
    array([ True,  True,  True,  True])
    """
    a, b = _two_scores(first, second)
    k = whole(k, "k")
    inside = np.zeros(a.shape, dtype=bool)
    for row in np.ndindex(a.shape[:-1]):
        items = _not_hopeless(a[row], b[row], k)
        inside[row][items] = _few_dominators(a[row][items], b[row][items], k)
    return inside


def _not_hopeless(a: Floats, b: Floats, k: int) -> Codes:
    """Items to look at: any ``k`` items together dominate all that lies below and left of their common corner.

    It is a shortcut and changes no result. Items that are good on average put the corner far out.
    """
    if len(a) <= k:
        return np.arange(len(a))
    with unchecked():  # overflow makes another choice, no wrong one
        good = np.argpartition(-(a / (a.std() or 1) + b / (b.std() or 1)), k - 1)[:k]
    one, two = a[good].min(), b[good].min()
    return np.flatnonzero((a > one) | (b > two) | ((a == one) & (b == two)))


def _few_dominators(a: Floats, b: Floats, k: int) -> Mask:
    """Mark the items of one household that fewer than ``k`` others dominate."""
    order = np.lexsort((-b, -a))  # all that dominates an item stands before it; stable, so codes break ties
    current = handed_on = b[order]
    inside = np.zeros(len(a), dtype=bool)
    # Round m finds the m-th largest second score before each item, and hands on to the next round what falls out.
    # An item above the m-th best before it, for some m <= k, has fewer than k dominators.
    for _ in range(k):
        before = np.append(-np.inf, np.maximum.accumulate(handed_on)[:-1])
        inside |= current > before
        handed_on = np.minimum(handed_on, before)
    result = np.empty_like(inside)
    result[order] = inside
    return result


def weight_path(first: npt.ArrayLike, second: npt.ArrayLike, k: int = 10) -> tuple[Floats, Codes]:
    """All the lists of one household that a weight strictly between 0 and 1 can produce.

    Parameters
    ----------
    first, second : arrays of shape (n_items,)
        The two scores, finite.
    k : int
        Length of the lists, at most ``n_items``.

    Returns
    -------
    edges : array of float, shape (n_lists + 1,)
        From 0 to 1: list ``m`` holds for the weights strictly between ``edges[m]`` and ``edges[m + 1]``.
    lists : array of int, shape (n_lists, k)
        Item codes, best first; each list differs from the next.

    Raises
    ------
    ValueError
        As :func:`crossings`, and if ``k`` is out of range.

    Examples
    --------
    >>> edges, lists = weight_path([3.0, 1.0, 0.5], [1.0, 2.0, 0.5], k=2)
    >>> edges.round(3), lists
    (array([0.   , 0.333, 1.   ]), array([[1, 0], [0, 1]]))
    """
    a, b = _two_scores(first, second, ndim=1)
    items = np.flatnonzero(skyband(a, b, k))
    w, rises, falls = crossings(a[items], b[items])
    edges, at = np.unique(w, return_inverse=True)
    # Ranks just above 0, and at each edge the places that items lose and win there: nothing is left to rounding.
    moves = np.zeros((len(edges) + 1, len(items)), dtype=int)
    moves[0, np.lexsort((-a[items], -b[items]))] = np.arange(len(items))
    np.add.at(moves, (at + 1, falls), 1)
    np.add.at(moves, (at + 1, rises), -1)
    lists = items[rank_items(-np.cumsum(moves, axis=0), k)]
    new = np.concatenate([[True], (lists[1:] != lists[:-1]).any(axis=1)])
    return np.concatenate([[0.0], edges, [1.0]])[np.append(new, True)], lists[new]


@dataclass(frozen=True)
class SkybandCandidates:
    """The items of each household that can enter a fused list of ``k``, with what a metric needs to know of them.

    Attributes
    ----------
    items : array of int, shape (n_households, m)
        Item codes, ascending; rows with fewer candidates are filled up with other items.
    filler : array of bool, shape (n_households, m)
        Which entries only fill up.
    first, second : arrays of float, shape (n_households, m)
        Their two scores.
    relevant : array of bool, shape (n_households, m)
        Which are to be found.
    n_relevant : array of int, shape (n_households,)
        All items to be found, candidates or not.
    k : int
        Length of the lists.
    """

    items: Codes
    filler: Mask
    first: Floats
    second: Floats
    relevant: Mask
    n_relevant: Codes
    k: int

    @classmethod
    def select(cls, first: Floats, second: Floats, targets: Matrix, k: int = 10) -> Self:
        """Keep each household's :func:`skyband`, from scores and targets of shape (n_households, n_items).

        Raises
        ------
        ValueError
            As :func:`skyband`, if targets are negative or NaN, and if a household has nothing to be found.
        """
        truth = relevant_items(targets)
        n_relevant = np.diff(truth.indptr)
        if first.shape != truth.shape or not n_relevant.all():
            raise ValueError(f"scores {first.shape} need targets of that shape, {truth.shape}, with one in each row")
        items, filler = marked_items(skyband(first, second, k))
        relevant = np.take_along_axis(truth.toarray(), items, axis=1) & ~filler
        empty = np.empty(items.shape)
        return cls(items, filler, empty, empty, relevant, n_relevant, k).rescaled(first, second)

    def rescaled(self, first: Floats, second: Floats) -> Self:
        """Return the same candidates with scores from other matrices.

        They stay the right ones if each row of the matrices is a strictly increasing function of what it was. Ranks
        that break ties by code are not: equal scores must stay equal.

        Raises
        ------
        ValueError
            If a candidate's score is NaN or infinite, or the matrices have other households.
        """
        if len(first) != len(self.items) or len(second) != len(self.items):
            raise ValueError(f"scores are of {len(first)} and {len(second)} households; pass {len(self.items)} rows")
        one, two = (np.take_along_axis(np.asarray(x), self.items, axis=1) for x in (first, second))
        one, two = _two_scores(one, two)
        return replace(self, first=wide(one), second=wide(two))

    @property
    def ideal(self) -> Floats:
        """Discounted gain of the best list there could be, shape (n_households,)."""
        return ideal_dcg(self.n_relevant, self.k)

    @property
    def bound(self) -> Floats:
        """NDCG that no fusion can exceed if it respects dominance, shape (n_households,).

        All relevant candidates are at the top.
        """
        return ideal_dcg(self.relevant.sum(axis=1), self.k) / self.ideal


@dataclass(frozen=True)
class NdcgPath:
    """NDCG of many households as step functions of the weight, on the open interval from 0 to 1.

    Attributes
    ----------
    start : array of float, shape (n_households,)
        NDCG for weights just above 0.
    household, w, jump : arrays of shape (n_jumps,)
        At weight ``w``, in ascending order, a household's NDCG changes by ``jump``.
    """

    start: Floats
    household: Codes
    w: Floats
    jump: Floats

    def at(self, w: float) -> Floats:
        """NDCG of each household just above a weight from 0 to below 1, shape (n_households,).

        Raises
        ------
        ValueError
            If ``w`` is out of that range.
        """
        number(w, "w", 0, 1, "[)", note="; the end of the path is at 1 - 1e-9")
        past = self.w <= w
        return self.start + np.bincount(self.household[past], self.jump[past], minlength=len(self.start))

    def mean(self, counts: npt.ArrayLike | None = None) -> tuple[Floats, Floats]:
        """Mean over the households, ``edges`` from 0 to 1 and the ``values`` between them.

        ``counts``, one per household, says how often each is counted: a bootstrap draws them.

        Raises
        ------
        ValueError
            If there is not one count per household, one is negative or not finite, or all are 0.
        """
        n = np.ones(len(self.start)) if counts is None else wide(finite(counts, "counts", "count each household"))
        if n.shape != self.start.shape or (n < 0).any() or not n.any():
            raise ValueError(f"counts has shape {n.shape}; pass how often each of {len(self.start)} households counts")
        n = scaled(n, -exponents(n))  # their ratios count, and no sum overflows
        at, where = np.unique(self.w, return_inverse=True)
        jumps = np.bincount(where, self.jump * n[self.household], minlength=len(at))
        values = np.cumsum(np.concatenate([[self.start @ n], jumps])) / n.sum()
        return np.concatenate([[0.0], at, [1.0]]), values

    def best(self, counts: npt.ArrayLike | None = None) -> tuple[float, float, float]:
        """Return the interval of weights with the largest mean, ``low`` and ``high``, and that mean."""
        edges, values = self.mean(counts)
        # Equal values differ in rounding; the first interval of the largest value is taken.
        m = int(np.argmax(values > values.max() - 1e-12))
        return float(edges[m]), float(edges[m + 1]), float(values[m])

    def best_each(self) -> Floats:
        """NDCG of each household at its own best weight, shape (n_households,)."""
        order = np.lexsort((self.w, self.household))
        household, w, jump = self.household[order], self.w[order], self.jump[order]
        total = np.cumsum(jump)
        first = np.searchsorted(household, np.arange(len(self.start)))
        value = self.start[household] + total - (total - jump)[first[household]] if len(w) else total
        # Jumps at the same weight happen together: only the state after the last of them exists.
        last = np.append((household[1:] != household[:-1]) | (w[1:] != w[:-1]), True)[: len(w)]
        result = self.start.copy()
        np.maximum.at(result, household[last], value[last])
        return result


def ndcg_path(candidates: SkybandCandidates) -> NdcgPath:
    r"""NDCG@k of every household as an exact function of the weight.

    Only the ranks of relevant items matter. Item :math:`j` is ahead of a relevant item :math:`t` at all weights, at
    none, or on one side of their crossing; hence

    .. math:: r_t(w) = 1 + \sum_j [\, w (s_{1j} - s_{1t}) + (1 - w)(s_{2j} - s_{2t}) > 0 \,]

    changes by one at the crossings of :math:`t` alone, and all of them can be sorted at once.

    Parameters
    ----------
    candidates : SkybandCandidates

    Returns
    -------
    NdcgPath

    References
    ----------
    Och (2003), *Minimum error rate training in statistical machine translation*: the same exact search along a line.

    Examples
    --------
    Two items, the second of which is bought: it leads while the second score has the say.

    >>> one, two = np.array([[3.0, 1.0]]), np.array([[1.0, 2.0]])
    >>> path = ndcg_path(SkybandCandidates.select(one, two, [[False, True]], k=1))
    >>> path.start, path.w.round(3), path.jump
    (array([1.]), array([0.333]), array([-1.]))
    """
    c = candidates
    household, target = np.nonzero(c.relevant)
    with unchecked():
        gain = c.first[household] - c.first[household, target][:, None]  # of every candidate over the relevant one
        lead = c.second[household] - c.second[household, target][:, None]
    real = ~c.filler[household]
    equal_before = (gain == 0) & (lead == 0) & (np.arange(c.items.shape[1]) < target[:, None])
    always = (gain >= 0) & (lead >= 0) & ((gain > 0) | (lead > 0)) | equal_before
    comes, goes = (gain > 0) & (lead < 0) & real, (gain < 0) & (lead > 0) & real
    w = np.full(gain.shape, np.inf)
    pair, other = np.nonzero(comes | goes)
    here, there = (household[pair], other), (household[pair], target[pair])
    w[pair, other] = _swap_weights(c.first[here], c.second[here], c.first[there], c.second[there])
    order = np.argsort(w, axis=1, kind="stable")
    change = np.take_along_axis(comes.astype(int) - goes.astype(int), order, axis=1)
    rank = 1 + (always & real).sum(axis=1) + goes.sum(axis=1)
    ranks = rank[:, None] + np.concatenate([np.zeros((len(rank), 1), int), np.cumsum(change, axis=1)], axis=1)
    value = np.where(ranks <= c.k, 1 / np.log2(1 + ranks), 0.0) / c.ideal[household, None]

    jump, at = np.diff(value, axis=1), np.take_along_axis(w, order, axis=1)
    row, column = np.nonzero(jump)
    order = np.argsort(at[row, column], kind="stable")
    row, column = row[order], column[order]
    start = np.zeros(len(c.items)) + np.bincount(household, value[:, 0], minlength=len(c.items))
    return NdcgPath(start, household[row], at[row, column], jump[row, column])


def _two_scores(first: npt.ArrayLike, second: npt.ArrayLike, ndim: int | None = None) -> tuple[Floats, Floats]:
    """Both scores as arrays, checked."""
    remedy = "which has no place in the plane; leave such items out"
    a, b = finite(first, "the first scores", remedy), finite(second, "the second scores", remedy)
    if a.shape != b.shape or a.ndim == 0 or (ndim is not None and a.ndim != ndim):
        want = "one household's items" if ndim == 1 else "the same items"
        raise ValueError(f"first has shape {a.shape}, second {b.shape}; pass both scores of {want}")
    return a, b


def _check_agree(what: str, **shapes: tuple[int, ...]) -> None:
    """Raise if two arguments differ in ``what``."""
    (one, a), (two, b) = shapes.items()
    if a != b:
        raise ValueError(f"{one} and {two} must agree in the {what}, but have {a} and {b}")
