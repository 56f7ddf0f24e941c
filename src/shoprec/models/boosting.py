"""Boosted trees that order candidates by how, and how lately, a household bought them."""

from typing import Any, Self

import numpy as np
import pandas as pd

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, number
from shoprec.formulas.metrics import rank_items
from shoprec.models import behaviour, fitted, library
from shoprec.models.hybrid import in_front
from shoprec.models.neighbors import UserKNN
from shoprec.models.next_basket import n_baskets
from shoprec.tasks import Task, earlier

FEATURES = (
    *behaviour.FEATURES,
    *behaviour.PRODUCT_FEATURES[1:],
    "log popularity, last 30 d",
    "neighbours' score",
    "log(1 + baskets of the household)",
)
MONTH = 30.0  #: days


class _Shop:
    """What is known at a task's cut: who resembles whom, and each candidate's features."""

    def __init__(self, task: Task, neighbours: UserKNN, n: int) -> None:
        self.history, self.day = task.history, task.cut_day
        self.neighbours, self.n = neighbours.fit(task), min(n, task.history.n_items)
        lately = self.history.select(self.history.day >= self.day - MONTH)
        self.product = np.column_stack([behaviour.product_features(self.history)[:, 1:], lately.log_popularity])
        self.n_baskets = np.log1p(n_baskets(self.history))

    def candidates(self, households: Codes) -> tuple[Floats, Codes, Floats]:
        """Scores by the neighbours, the best products by these in the order of their codes, and their features.

        The shapes are (n_households, n_items), (n_households, n) and (n_households * n, len(FEATURES)).
        """
        scores = self.neighbours.score(households)
        items = np.sort(rank_items(scores, self.n), axis=1)
        of_neighbours = np.take_along_axis(scores, items, axis=1).ravel()
        size = np.repeat(self.n_baskets[households], self.n)
        columns = [self.behaviour(households, items), self.product[items.ravel()], of_neighbours, size]
        return scores, items, np.column_stack(columns).astype(np.float32)

    def behaviour(self, households: Codes, items: Codes) -> Floats:
        """Behaviour features, NaN where the household never bought the product; (items.size, n_features)."""
        days = np.full(len(households), self.day)
        known = self.history.known(households, days)
        bought = behaviour.purchase_features(self.history, households, days, known)
        place = np.full((len(households), self.history.n_items), -1, np.int32)
        place[bought.query, bought.item] = np.arange(len(bought.item))
        missing = np.full((1, len(behaviour.FEATURES)), np.nan, np.float32)  # the last row, which -1 names
        return np.concatenate([bought.features, missing])[np.take_along_axis(place, items, axis=1).ravel()]


class BoostedRanker:
    r"""Candidates from the neighbours, put in order by boosted trees over behaviour features (LambdaMART).

    .. math:: s_{ui} = \sum_{t=1}^{T} \eta \, f_t(\mathbf{x}_{ui})

    with trees :math:`f_t` of :math:`L` leaves, grown one after the other, each along the gradient of a pairwise loss in
    which a pair weighs as much as swapping it would change the list's NDCG. The candidates are the ``n`` products that
    :class:`shoprec.models.neighbors.UserKNN` puts first, most of them the household's own and popular ones; they are
    scored by their rank, and the rest follows in that model's order. The features :math:`\mathbf{x}`, named in
    :data:`FEATURES`, are known at the cut; those of :func:`shoprec.models.behaviour.purchase_features` are missing
    where the household never bought the product.

    The trees learn from the month before the task's cut: from the history before that month, and each household's
    first basket within it. What is asked about is computed from the whole history, the neighbours included.

    Parameters
    ----------
    n : int
        Candidates per household.
    n_trees : int
        :math:`T`.
    learning_rate : float
        :math:`\eta`, above 0 and at most 1.
    n_leaves : int
        :math:`L`, at least 2.
    least : int
        Candidates in a leaf, at least.
    neighbours : UserKNN, optional
        By default, with its own defaults.
    seed : int

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Burges (2010), *From RankNet to LambdaRank to LambdaMART: an overview*; Ke et al. (2017), *LightGBM: a highly
    efficient gradient boosting decision tree*.
    """

    def __init__(
        self,
        n: int = 150,
        n_trees: int = 80,
        learning_rate: float = 0.05,
        n_leaves: int = 15,
        least: int = 100,
        neighbours: UserKNN | None = None,
        seed: int = 0,
    ) -> None:
        self.n, self.n_trees, self.least = whole(n, "n"), whole(n_trees, "n_trees"), whole(least, "least")
        self.learning_rate = number(learning_rate, "learning_rate", 0, 1, ends="(]")
        self.n_leaves, self.seed = whole(n_leaves, "n_leaves", 2), whole(seed, "seed", 0)
        self.neighbours = UserKNN() if neighbours is None else neighbours

    def fit(self, task: Task) -> Self:
        """Grow the trees on the month before the cut, then read the whole history; needs the library ``lightgbm``."""
        lightgbm = library("lightgbm", self)
        before = earlier(task, task.cut - pd.DateOffset(months=1))
        _, items, features = _Shop(before, self.neighbours, self.n).candidates(before.households)
        hits = np.take_along_axis(before.targets[before.households].toarray(), items, axis=1)
        lists = np.full(len(items), items.shape[1])
        self.trees_ = lightgbm.train(
            self._settings(), lightgbm.Dataset(features, hits.ravel(), group=lists), self.n_trees
        )
        self.shop_ = _Shop(task, self.neighbours, self.n)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        shop = fitted(self, "shop_")
        households = household_codes(households, shop.history.n_users)
        if not len(households):
            return shop.neighbours.score(households)
        scores, items, features = shop.candidates(households)
        order = rank_items(self.trees_.predict(features, num_threads=1).reshape(items.shape), items.shape[1])
        return in_front(scores, np.take_along_axis(items, order, axis=1))

    def _settings(self) -> dict[str, Any]:
        """One thread and a fixed order of the sums: the same trees in every run."""
        return {
            "objective": "lambdarank",
            "learning_rate": self.learning_rate,
            "num_leaves": self.n_leaves,
            "min_data_in_leaf": self.least,
            "seed": self.seed,
            "num_threads": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
