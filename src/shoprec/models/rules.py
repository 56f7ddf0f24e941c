"""Rules of the house: what a list may hold, whatever the model thinks of it."""

from typing import Self

import numpy as np

from shoprec.formulas.arrays import Codes, Floats, Mask
from shoprec.formulas.checks import household_codes, scores_of
from shoprec.models import Recommender, fitted
from shoprec.tasks import Task


class OnlyNew:
    r"""A model's list without what the household has bought before.

    .. math:: s_{ui} = \begin{cases} -\infty & i \in H_u \\ s^{(1)}_{ui} & i \notin H_u \end{cases}

    Repeats and discoveries compete for the same ten places: whoever repeats well has none left to explore. On lists
    without repeats, models can be compared by what they discover.

    Parameters
    ----------
    model : Recommender

    Examples
    --------
    >>> from shoprec.models.counting import Popularity
    >>> from shoprec.tasks import next_basket_split
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2, 1], "item": ["tea", "tea", "jam", "jam"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-01-01", "2017-01-02", "2017-02-01"])})
    >>> task = next_basket_split(table, cut="2017-02-01", items=["jam", "tea"])
    >>> OnlyNew(Popularity()).fit(task).score(task.households)
    array([[  1., -inf]], dtype=float32)
    """

    def __init__(self, model: Recommender) -> None:
        self.model = model

    def fit(self, task: Task) -> Self:
        """Fit the model, and see what each household has bought."""
        self.model.fit(task)
        self.bought_ = task.history.bought
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        bought = fitted(self, "bought_")
        known = bought[household_codes(households, bought.shape[0])].toarray()
        return np.where(known, -np.inf, scores_of(self.model, households, known.shape[1]))


class Only:
    r"""A model's list of some products alone: what is in stock, or what may stand on the home page.

    .. math:: s_{ui} = \begin{cases} s^{(1)}_{ui} & i \in A \\ -\infty & i \notin A \end{cases}

    Parameters
    ----------
    model : Recommender
    allowed : array of bool, shape (n_items,)
        Membership of :math:`A`, in the order of the task's items.

    Raises
    ------
    ValueError
        If nothing is allowed, or on :meth:`fit`, if ``allowed`` has another length than the catalogue.

    Examples
    --------
    >>> from shoprec.models.counting import Popularity
    >>> from shoprec.tasks import next_basket_split
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2, 1], "item": ["tea", "tea", "jam", "jam"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-01-01", "2017-01-02", "2017-02-01"])})
    >>> task = next_basket_split(table, cut="2017-02-01", items=["jam", "tea"])
    >>> Only(Popularity(), [True, False]).fit(task).score(task.households)
    array([[  1., -inf]], dtype=float32)
    """

    def __init__(self, model: Recommender, allowed: Mask) -> None:
        self.model, self.allowed = model, np.asarray(allowed, dtype=bool)
        if not self.allowed.any():
            raise ValueError("no product is allowed; a list needs one at least")

    def fit(self, task: Task) -> Self:
        """Fit the model; the rule stays."""
        if self.allowed.shape != (len(task.items),):
            raise ValueError(f"allowed has shape {self.allowed.shape}; the task has {len(task.items)} products")
        self.model.fit(task)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        return np.where(self.allowed, scores_of(self.model, households, len(self.allowed)), -np.inf)
