"""Counting: what everybody buys, and what this household buys."""

from typing import Self

import numpy as np
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.checks import household_codes, number
from shoprec.models import fitted
from shoprec.tasks import Task


class Popularity:
    r"""The same list for everybody: products by the number of households that bought them.

    .. math:: s_{ui} = |\{v : i \in H_v\}|

    with :math:`H_v` the products in household :math:`v`'s history.

    Examples
    --------
    >>> from shoprec.tasks import next_basket_split
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2, 1], "item": ["tea", "tea", "jam", "jam"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-01-01", "2017-01-02", "2017-02-01"])})
    >>> task = next_basket_split(table, cut="2017-02-01", items=["jam", "tea"])
    >>> Popularity().fit(task).score(task.households)
    array([[1., 2.]], dtype=float32)
    """

    def fit(self, task: Task) -> Self:
        """Count each product's households."""
        self.n_buyers_ = task.history.n_buyers.astype(np.float32)
        self.n_users_ = task.history.n_users
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items); the rows share their memory, so copy before you write."""
        n_buyers = fitted(self, "n_buyers_")
        return np.broadcast_to(n_buyers, (len(household_codes(households, self.n_users_)), len(n_buyers)))


class RecentPopularity:
    r"""The same list for everybody: products by their purchases, where one counts half as much after every half-life.

    .. math:: s_{ui} = \sum_{p :\, i_p = i} 2^{-a_p / \tau}

    with :math:`a_p` the age of purchase :math:`p` in days at the cut, over all households' purchases.

    Parameters
    ----------
    half_life : float
        :math:`\tau` in days; ``inf`` counts all purchases alike.

    Raises
    ------
    ValueError
        If ``half_life`` is not positive.

    Examples
    --------
    >>> from shoprec.tasks import next_basket_split
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2, 1], "item": ["tea", "tea", "jam", "jam"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-01-01", "2017-01-31", "2017-03-02"])})
    >>> task = next_basket_split(table, cut="2017-03-02", items=["jam", "tea"])
    >>> RecentPopularity(half_life=30).fit(task).score(task.households)
    array([[0.5, 0.5]])
    """

    def __init__(self, half_life: float = 30.0) -> None:
        self.half_life = checked_half_life(half_life)

    def fit(self, task: Task) -> Self:
        """Sum the decayed purchases of each product."""
        weights = decay(task, self.half_life)
        self.purchases_ = np.bincount(task.history.item, weights, minlength=len(task.items))
        self.n_users_ = task.history.n_users
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items); the rows share their memory, so copy before you write."""
        purchases = fitted(self, "purchases_")
        return np.broadcast_to(purchases, (len(household_codes(households, self.n_users_)), len(purchases)))


class PersonalFrequency:
    r"""What the household bought before, where a purchase counts half as much after every half-life.

    .. math:: s_{ui} = \max\Bigl(\sum_{j \in H_u,\, i_j = i} 2^{-a_j / \tau}, \; \varepsilon \, n_i\Bigr)

    with :math:`a_j` the age of purchase :math:`j` in days at the cut, and :math:`n_i` the number of households that
    bought :math:`i`. The :math:`\varepsilon` is so small that it only orders what the household never bought. What it
    bought equally often is ordered by :math:`n_i`, too: see :func:`ties_broken`.

    Parameters
    ----------
    half_life : float
        :math:`\tau` in days; ``inf`` counts all purchases alike.

    Raises
    ------
    ValueError
        If ``half_life`` is not positive.
    """

    def __init__(self, half_life: float = 90.0) -> None:
        self.half_life = checked_half_life(half_life)

    def fit(self, task: Task) -> Self:
        """Sum each household's decayed purchases of each product."""
        self.frequency_ = task.history.matrix(decay(task, self.half_life))
        self.popularity_ = Popularity().fit(task)
        n_buyers = self.popularity_.n_buyers_
        self.ordered_ = ties_broken(self.frequency_, by=n_buyers)
        # Below the least frequency, so that nothing passes what was bought, but never so small that it vanishes in
        # 32 bits; and small even if that is large, for whoever adds these scores to others.
        most = np.clip(self.frequency_.data.min(initial=1), 1e-30, 1e-4)
        self.floor_ = most / (1 + n_buyers.max()) * n_buyers
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        ordered = fitted(self, "ordered_")
        scores = ordered[household_codes(households, ordered.shape[0])].toarray()
        return np.maximum(scores, self.floor_, out=scores)


def checked_half_life(half_life: float) -> float:
    """The half-life, after making sure that it is positive.

    Examples
    --------
    >>> checked_half_life(-1)
    Traceback (most recent call last):
    ValueError: half_life is -1; pass a number in (0, inf], in days; inf for no decay
    """
    return number(half_life, "half_life", 0, ends="(]", note=", in days; inf for no decay")


def decay(task: Task, half_life: float) -> Floats:
    r"""What each purchase of the history still counts at the cut, :math:`2^{-a_j / \tau}`; shape (n_events,).

    Examples
    --------
    >>> from shoprec.tasks import next_basket_split
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2017-01-01", "2017-01-31", "2017-03-02"])
    >>> task = next_basket_split(pd.DataFrame({"user": 1, "item": "tea", "timestamp": days}), "2017-03-02", min_users=1)
    >>> decay(task, half_life=30)
    array([0.25, 0.5 ])
    """
    return 0.5 ** ((task.cut_day - task.history.day) / checked_half_life(half_life))


def ties_broken(values: sparse.csr_array, by: Floats) -> sparse.csr_array:
    """Raise what is equal in a row by as few of the smallest steps of a 32-bit float as put it in order.

    An ordinary small number would not do: added to a float it is lost where it is below half a step, and passes what
    was larger where it is above.

    Parameters
    ----------
    values : sparse array of float32, shape (n_rows, n_columns)
        Stored entries that are not negative.
    by : array of float, shape (n_columns,)
        Of equal entries in a row, the one whose column has the larger number is raised above the other.

    Examples
    --------
    >>> raised = ties_broken(sparse.csr_array(np.float32([[1, 0, 1, 1, 2]])), by=np.array([5, 9, 7, 5, 1]))
    >>> (raised.data - [1, 1, 1, 2]) / np.spacing(np.float32(1))
    array([0., 1., 0., 0.])
    """
    row = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    second = by[values.indices]
    order = np.lexsort((second, values.data, row))
    # The bits of floats that are not negative, read as an integer, number them; here a row's lie above the one before.
    step = values.data[order].view(np.int32) + (row[order] << 32)
    place = np.cumsum((np.diff(step, prepend=-1) > 0) | (np.diff(second[order], prepend=-1) != 0))
    raised = np.maximum.accumulate(step - place) + place
    result = values.copy()
    result.data[order] = (raised - (row[order] << 32)).astype(np.int32).view(np.float32)
    return result
