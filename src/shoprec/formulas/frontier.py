"""What is worth its cost: choices that no other beats in both respects."""

import numpy as np
import numpy.typing as npt

from shoprec.formulas.arrays import Mask


def pareto_front(cost: npt.ArrayLike, value: npt.ArrayLike) -> Mask:
    r"""Which points no other point dominates.

    Point :math:`a` dominates :math:`b` if it is at least as good in both respects and better in one:

    .. math:: c_a \le c_b, \quad v_a \ge v_b, \quad (c_a, v_a) \ne (c_b, v_b)

    Sorted by cost, of equal ones the more valuable first, those remain that are worth more than all before them, and
    those equal to one that remains. Takes the time of sorting, :math:`O(n \log n)`.

    Parameters
    ----------
    cost : array of shape (n,)
        The less, the better.
    value : array of shape (n,)
        The more, the better.

    Returns
    -------
    array of bool, shape (n,)

    Raises
    ------
    ValueError
        If the shapes differ, or a number is NaN.

    Examples
    --------
    The third costs more than the second and is worth less.

    >>> pareto_front([1, 2, 3, 4], [0.1, 0.3, 0.2, 0.4])
    array([ True,  True, False,  True])
    """
    cost, value = np.asarray(cost, dtype=float), np.asarray(value, dtype=float)
    if cost.shape != value.shape or cost.ndim != 1:
        raise ValueError(
            f"cost and value have shapes {cost.shape} and {value.shape}; pass one number of each per point"
        )
    if np.isnan(cost).any() or np.isnan(value).any():
        raise ValueError("cost or value holds NaN, which can't be compared; leave those points out")
    order = np.lexsort((-value, cost))
    cost, value = cost[order], value[order]
    best = np.maximum.accumulate(np.concatenate([[-np.inf], value]))[:-1]
    new = value > best
    first = np.maximum.accumulate(np.where(new, np.arange(len(cost)), 0))  # the last one that remains so far
    front = np.empty(len(cost), bool)
    front[order] = new | ((cost == cost[first]) & (value == value[first]))
    return front
