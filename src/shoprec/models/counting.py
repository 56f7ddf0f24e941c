"""Counting: what everybody buys, and what this household buys."""

from typing import Self

import numpy as np

from shoprec.formulas.arrays import Codes, Floats
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
        self.n_buyers_ = (task.history.matrix() > 0).sum(axis=0).astype(np.float32)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        return np.tile(self.n_buyers_, (len(households), 1))


class PersonalFrequency:
    r"""What the household bought before, where a purchase counts half as much after every half-life.

    .. math:: s_{ui} = \sum_{p \in H_u,\, i_p = i} 2^{-a_p / \tau} + \varepsilon \, n_i

    with :math:`a_p` the age of purchase :math:`p` in days at the cut, and :math:`n_i` the number of
    households that bought :math:`i`. The :math:`\varepsilon` is so small that it only orders what the household
    never bought, and what it bought equally often.

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
        if not half_life > 0:
            raise ValueError(f"half_life is {half_life} days; it must be positive, inf for no decay")
        self.half_life = half_life

    def fit(self, task: Task) -> Self:
        """Sum each household's decayed purchases of each product."""
        age = task.cut_day - task.history.day
        self.frequency_ = task.history.matrix(0.5 ** (age / self.half_life))
        self.popularity_ = Popularity().fit(task)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        # Below the least frequency, so that nothing passes what was bought; small even if that is large, so that it
        # decides between equals alone; and not so small that it vanishes in 32 bits.
        most = np.clip(self.frequency_.data.min(initial=1), 1e-30, 1e-4)
        epsilon = most / (1 + self.popularity_.n_buyers_.max())
        return self.frequency_[households].toarray() + epsilon * self.popularity_.score(households)
