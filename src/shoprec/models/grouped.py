"""Groups of products, scored by their products."""

from typing import Self

import numpy as np
import pandas as pd

from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.checks import scores_of
from shoprec.models import Recommender, fitted
from shoprec.tasks import Task, membership


class GroupSum:
    r"""A group's score is the sum of its products' scores.

    .. math:: s_{ug} = \sum_{i \in g} s_{ui}

    If the products' scores are numbers of purchases, so is the sum. The other way to rank groups is to count them as if
    they were products, on the task of :func:`shoprec.tasks.group_items`: a basket with two products of a group then
    counts once, here twice.

    Parameters
    ----------
    model : Recommender
        Of products.
    products : Task
        What the model reads.
    groups : Series
        As for :func:`shoprec.tasks.membership`.

    Examples
    --------
    >>> from shoprec.models.counting import Popularity
    >>> from shoprec.tasks import group_items, next_basket_split
    >>> table = pd.DataFrame({"user": "Ann", "item": ["tea", "coffee", "jam", "tea"],
    ...     "timestamp": pd.to_datetime(["2017-01-05", "2017-01-05", "2017-02-03", "2017-03-02"])})
    >>> task = next_basket_split(table, cut="2017-03-01", items=["coffee", "jam", "tea"])
    >>> groups = pd.Series(["drink", "drink", "spread"], index=["tea", "coffee", "jam"])
    >>> grouped = group_items(task, groups)
    >>> GroupSum(Popularity(), task, groups).fit(grouped).score(grouped.households)
    array([[2., 1.]], dtype=float32)
    """

    def __init__(self, model: Recommender, products: Task, groups: pd.Series) -> None:
        self.model, self.products, self.groups = model, products, groups

    def fit(self, task: Task) -> Self:
        """Fit the model of products; the groups' task says which groups there are.

        Raises
        ------
        ValueError
            If the task has other groups, or other households.
        """
        matrix, names = membership(self.products.items, self.groups)
        if not names.equals(task.items) or not self.products.users.equals(task.users):
            raise ValueError(
                f"the task ranks {len(task.items):,} groups for {len(task.users):,} households, but these are "
                f"{len(names):,} groups for {len(self.products.users):,}; make it by group_items(products, groups)"
            )
        self.model.fit(self.products)
        self.members_ = matrix.astype(np.float32)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all groups, shape (n_households, n_groups)."""
        members = fitted(self, "members_")
        return scores_of(self.model, households, members.shape[0]) @ members
