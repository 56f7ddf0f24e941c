r"""Lists as a whole: how alike their products are, whose mix they have, and what either costs.

A ranking looks at one product at a time, so ten near-equal products can fill a list. Two ways to order the candidates
anew, both greedy: :func:`mmr` takes off what a product shares with those already chosen, :func:`calibrate` fits the
list's mix of groups to the household's own. In both, :math:`\lambda` is the weight of the list's composition: 0 leaves
the ranking as it is, 1 looks at nothing but the composition.

All functions take one list, or one per row; several rows, such as households, are computed at once.
"""

import numpy as np
import numpy.typing as npt

from shoprec.formulas.arrays import Codes, Floats, finite, whole, wide
from shoprec.formulas.checks import number

ALPHA = 0.01  #: share of the target that is mixed into a list's own mix, so that no group of it has share 0


def shared_prefix(paths: npt.ArrayLike) -> Floats:
    r"""Similarity of products in a hierarchy: the share of levels, from the top, on which two agree.

    .. math:: \operatorname{sim}(i, j) = \frac{1}{L} \sum_{l=1}^{L}
              \bigl[a_{i1} = a_{j1}, \dots, a_{il} = a_{jl}\bigr]

    Parameters
    ----------
    paths : array of int, shape (..., n, L)
        Each product's codes from the top level to the lowest, such as department, category and type.

    Returns
    -------
    array of float, shape (..., n, n)

    Examples
    --------
    Two cheeses of one type; milk, which shares their department; soap.

    >>> shared_prefix([[0, 0, 0], [0, 0, 0], [0, 1, 0], [1, 2, 0]]).round(2)
    array([[1.  , 1.  , 0.33, 0.  ],
           [1.  , 1.  , 0.33, 0.  ],
           [0.33, 0.33, 1.  , 0.  ],
           [0.  , 0.  , 0.  , 1.  ]])
    """
    codes = np.asarray(paths)
    if codes.ndim < 2 or not codes.shape[-1]:
        raise ValueError(f"paths have shape {codes.shape}; pass the codes of each level, shape (n_items, n_levels)")
    result = np.zeros((*codes.shape[:-1], codes.shape[-2]))
    agree = np.ones(result.shape, dtype=bool)
    for level in np.moveaxis(codes, -1, 0):
        agree &= level[..., :, None] == level[..., None, :]
        result += agree
    return result / codes.shape[-1]


def intra_list_diversity(similarity: npt.ArrayLike) -> Floats:
    r"""How different a list's products are: one minus the mean similarity of its pairs.

    .. math:: \mathrm{ILD} = \frac{2}{k (k - 1)} \sum_{r < t} \bigl(1 - \operatorname{sim}(i_r, i_t)\bigr)

    Parameters
    ----------
    similarity : array of float, shape (..., k, k)
        Of a list's products with one another, symmetric; the diagonal isn't read.

    Returns
    -------
    array of float, shape (...)

    References
    ----------
    Ziegler, McNee, Konstan and Lausen (2005), *Improving recommendation lists through topic diversification*, whose
    intra-list similarity is the sum, not one minus the mean.

    Examples
    --------
    >>> intra_list_diversity([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).round(3)
    np.float64(0.667)
    """
    s = _similarities(similarity)
    k = s.shape[-1]
    if k < 2:
        raise ValueError(f"a list of {k} products has no pair; pass two or more")
    pairs = np.triu_indices(k, 1)
    return 1 - s[..., pairs[0], pairs[1]].mean(axis=-1)


def mmr(relevance: npt.ArrayLike, similarity: npt.ArrayLike, weight: float, k: int = 10) -> Codes:
    r"""Maximal marginal relevance: choose again and again what is relevant and unlike what was chosen.

    .. math:: i_{r} = \arg\max_{i \notin S} \; (1 - \lambda) \, x_i
              - \lambda \max_{j \in S} \operatorname{sim}(i, j), \qquad S = \{i_1, \dots, i_{r-1}\}

    The maximum over an empty :math:`S` is 0. Ties go to the candidate that comes first.

    Parameters
    ----------
    relevance : array of float, shape (..., n)
        :math:`x`, on a scale that fits similarities, such as 0 to 1; the candidates in the order of the ranking.
    similarity : array of float, shape (..., n, n)
        Between 0 and 1.
    weight : float
        :math:`\lambda`, from 0 to 1. In the paper :math:`\lambda` is the weight of relevance, here of diversity.
    k : int
        Length of the list.

    Returns
    -------
    array of int, shape (..., k)
        Positions among the candidates, in the order in which they were chosen.

    Raises
    ------
    ValueError
        If shapes don't agree, a number isn't finite or out of range, or there are fewer than ``k`` candidates.

    References
    ----------
    Carbonell and Goldstein (1998), *The use of MMR, diversity-based reranking for reordering documents and producing
    summaries*.

    Examples
    --------
    The second is like the first, so that the third passes it.

    >>> mmr([1.0, 0.9, 0.5], [[1, 1, 0], [1, 1, 0], [0, 0, 1]], weight=0.5, k=2)
    array([0, 2])
    """
    x, k = _relevance(relevance, k)
    s = _similarities(similarity)
    if s.shape != (*x.shape, x.shape[-1]):
        raise ValueError(f"similarity has shape {s.shape} for relevance of shape {x.shape}; compare all candidates")
    number(weight, "weight", 0, 1, note=", the weight of diversity")
    closest, left = np.zeros_like(x), np.ones(x.shape, dtype=bool)
    chosen = np.empty((*x.shape[:-1], k), dtype=np.intp)
    for r in range(k):
        pick = np.where(left, (1 - weight) * x - weight * closest, -np.inf).argmax(axis=-1)[..., None]
        chosen[..., r] = pick[..., 0]
        np.put_along_axis(left, pick, False, axis=-1)
        to_pick = np.take_along_axis(s, pick[..., None], axis=-2)[..., 0, :]
        closest = np.maximum(closest, to_pick)
    return chosen


def shares(groups: npt.ArrayLike, n_groups: int, weights: npt.ArrayLike | None = None) -> Floats:
    """Share of each group among some products, all alike or by weight.

    Parameters
    ----------
    groups : array of int, shape (..., n)
    n_groups : int
    weights : array of float, shape (..., n), optional
        Not negative, not all 0.

    Returns
    -------
    array of float, shape (..., n_groups)

    Examples
    --------
    >>> shares([0, 0, 2], n_groups=3).round(2), shares([0, 0, 2], n_groups=3, weights=[1, 1, 2])
    (array([0.67, 0.  , 0.33]), array([0.5, 0. , 0.5]))
    """
    g = _groups(groups, n_groups)
    w = np.ones(g.shape) if weights is None else wide(finite(weights, "weights", "they must be finite"))
    if w.shape != g.shape or not (w >= 0).all() or not (total := w.sum(axis=-1, keepdims=True)).all():
        raise ValueError("weights must have a number, not negative, for each product, and not be 0 for all of a row")
    rows = np.arange(g[..., 0].size)[:, None]
    result = np.zeros((len(rows), n_groups))
    np.add.at(result, (rows, g.reshape(len(rows), -1)), (w / total).reshape(len(rows), -1))
    return result.reshape(*g.shape[:-1], n_groups)


def miscalibration(target: npt.ArrayLike, mix: npt.ArrayLike, alpha: float = ALPHA) -> Floats:
    r"""How far a list's mix of groups is from a target: the Kullback–Leibler divergence, in nats.

    .. math:: C(p, q) = \sum_g p_g \ln \frac{p_g}{\tilde q_g}, \qquad
              \tilde q_g = \varepsilon p_g + (1 - \varepsilon) q_g

    A group that the list lacks would make it infinite, hence :math:`\tilde q`. It is 0 if and only if the two are the
    same, and at most :math:`\ln (1 / \varepsilon)`.

    Parameters
    ----------
    target, mix : array of float, shape (..., n_groups)
        Shares :math:`p` and :math:`q`; each row adds up to 1.
    alpha : float
        :math:`\varepsilon`, more than 0 and less than 1.

    Returns
    -------
    array of float, shape (...)

    Raises
    ------
    ValueError
        If a row is no distribution, shapes don't agree, or ``alpha`` is out of range.

    References
    ----------
    Steck (2018), *Calibrated recommendations*.

    Examples
    --------
    >>> miscalibration([0.5, 0.5], [0.5, 0.5]), miscalibration([0.5, 0.5], [1, 0]).round(3)
    (np.float64(0.0), np.float64(1.959))
    """
    p, q = _distribution(target, "target"), _distribution(mix, "mix")
    number(alpha, "alpha", 0, 1, "()")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"target has {p.shape[-1]} groups, mix {q.shape[-1]}; count the same ones")
    smooth = alpha * p + (1 - alpha) * q
    some = p > 0
    ratio = np.divide(p, smooth, out=np.ones(np.broadcast_shapes(p.shape, q.shape)), where=some)
    return np.maximum((p * np.log(ratio)).sum(axis=-1), 0.0)


def calibrate(
    relevance: npt.ArrayLike,
    groups: npt.ArrayLike,
    target: npt.ArrayLike,
    weight: float,
    k: int = 10,
    alpha: float = ALPHA,
) -> Codes:
    r"""Choose a list that is relevant and whose mix of groups is close to a target.

    The list's value is :math:`(1 - \lambda) \frac{1}{k} \sum_{i \in S} x_i - \lambda \, C(p, q(S))`. Up to a constant,
    and with :math:`n_g` the number of products chosen from group :math:`g`, that is

    .. math:: F(S) = \frac{1 - \lambda}{k} \sum_{i \in S} x_i
              + \lambda \sum_g p_g \ln \Bigl(\varepsilon p_g + (1 - \varepsilon) \frac{n_g}{k}\Bigr),

    which makes sense of shorter lists, too, and gains ever less from one more product of a group. Each product is in
    one group, so to take at each step the product that gains most gives the best list of ``k``, not only a good one.

    Parameters
    ----------
    relevance : array of float, shape (..., n)
        :math:`x`, the candidates in the order of the ranking; ties go to the first.
    groups : array of int, shape (..., n)
        Each candidate's group.
    target : array of float, shape (..., n_groups)
        The shares :math:`p` to come close to.
    weight : float
        :math:`\lambda`, from 0 to 1.
    k : int
        Length of the list.
    alpha : float
        As in :func:`miscalibration`.

    Returns
    -------
    array of int, shape (..., k)
        Positions among the candidates, in the order in which they were chosen.

    Raises
    ------
    ValueError
        If shapes don't agree, a number isn't finite or out of range, or there are fewer than ``k`` candidates.

    References
    ----------
    Steck (2018), *Calibrated recommendations*; its greedy step divides by the length so far, which agrees with this at
    length ``k``.

    Examples
    --------
    A household that buys half and half: the best of the other group takes the second place.

    >>> calibrate([1.0, 0.9, 0.1], [0, 0, 1], target=[0.5, 0.5], weight=0.5, k=2)
    array([0, 2])
    """
    x, k = _relevance(relevance, k)
    p = _distribution(target, "target")
    g = _groups(groups, p.shape[-1])
    if g.shape != x.shape or p.shape[:-1] != x.shape[:-1]:
        raise ValueError(
            f"relevance has shape {x.shape}, groups {g.shape}, target {p.shape}; pass a group for each candidate, and "
            "a target for each list"
        )
    number(weight, "weight", 0, 1, note=", the weight of calibration")
    number(alpha, "alpha", 0, 1, "()")
    # What one more product of a group gains, by how many there are already; a group with no share gains nothing.
    some = np.where(p > 0, p, 1.0)
    fill = alpha * some[..., None] + (1 - alpha) * np.arange(k + 1) / k
    gains = weight * p[..., None] * np.diff(np.log(fill), axis=-1)
    n, left = np.zeros(p.shape, dtype=np.intp), np.ones(x.shape, dtype=bool)
    chosen = np.empty((*x.shape[:-1], k), dtype=np.intp)
    for r in range(k):
        gain = np.take_along_axis(np.take_along_axis(gains, n[..., None], axis=-1)[..., 0], g, axis=-1)
        pick = np.where(left, (1 - weight) * x / k + gain, -np.inf).argmax(axis=-1)[..., None]
        chosen[..., r] = pick[..., 0]
        np.put_along_axis(left, pick, False, axis=-1)
        group = np.take_along_axis(g, pick, axis=-1)
        np.put_along_axis(n, group, np.take_along_axis(n, group, axis=-1) + 1, axis=-1)
    return chosen


def _relevance(relevance: npt.ArrayLike, k: int) -> tuple[Floats, int]:
    x = wide(finite(relevance, "relevance", "pass candidates that may be shown, and no others"))
    if x.ndim < 1 or not 1 <= whole(k, "k") <= x.shape[-1]:
        raise ValueError(f"relevance has shape {x.shape} and k is {k}; pass at least k candidates")
    return x, k


def _similarities(similarity: npt.ArrayLike) -> Floats:
    s = wide(finite(similarity, "similarity", "compare all products"))
    if s.ndim < 2 or s.shape[-1] != s.shape[-2]:
        raise ValueError(
            f"similarity has shape {s.shape}; pass one number for each pair of products, shape (..., n, n)"
        )
    if s.size and not (s.min() >= 0 and s.max() <= 1):
        raise ValueError(f"similarity runs from {s.min():g} to {s.max():g}; its range is 0 to 1")
    return s


def _groups(groups: npt.ArrayLike, n_groups: int) -> Codes:
    g = np.asarray(groups)
    if g.ndim < 1 or g.dtype.kind not in "iu" or not g.size or g.min() < 0 or g.max() >= whole(n_groups, "n_groups"):
        raise ValueError(
            f"groups must be codes from 0 to {n_groups - 1}, one for each product; got {g.dtype} {g.shape}"
        )
    return g


def _distribution(values: npt.ArrayLike, name: str) -> Floats:
    p = wide(finite(values, name, "pass shares"))
    if p.ndim < 1 or not (p >= 0).all() or not np.allclose(p.sum(axis=-1), 1, atol=1e-6):
        raise ValueError(f"{name} must hold shares, not negative, that add up to 1 in each row")
    return p
