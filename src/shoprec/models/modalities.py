r"""Modalities: what a product's text, price and promotion say, beside who bought it when.

Each modality turns a household and a product into a few numbers. There are two ways to fuse them with the behaviour
features of :mod:`shoprec.models.boosting`. In *early fusion* the columns stand side by side, and one ranker reads all
of them:

.. math:: s_{ui} = f\bigl(\mathbf{x}^{(0)}_{ui}, \mathbf{x}^{(1)}_{ui}, \dots, \mathbf{x}^{(M)}_{ui}\bigr)

In *late fusion* each modality has a ranker of its own, and their scores are put on one scale, weighted and added:

.. math:: s_{ui} = \phi\bigl(f_0(\mathbf{x}^{(0)}_{ui})\bigr)
          + \sum_{m=1}^{M} w_m \, \phi\bigl(f_m(\mathbf{x}^{(m)}_{ui})\bigr)

with :math:`\phi` the z-score over the household's candidates.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from shoprec.formulas.arrays import Codes, Floats, Mask
from shoprec.formulas.checks import household_codes
from shoprec.formulas.fusion import zscore
from shoprec.formulas.metrics import rank_items
from shoprec.models import fitted, library
from shoprec.models.boosting import _Shop
from shoprec.models.counting import decay
from shoprec.models.hybrid import in_front
from shoprec.models.neighbors import UserKNN
from shoprec.tasks import Task, earlier

HISTORY = "history"  #: the name of the behaviour features, which every ranker but a modality's own reads
BATCH = 256  #: households that are looked at at once
RECENT, LATELY, FORGOTTEN = 90.0, 7.0, 28.0  #: days
SHRINK = 10.0  #: purchases at the mean that are added to a household's own


class Modality(Protocol):
    """What one source of data says of a household and a product."""

    names: tuple[str, ...]

    def fit(self, task: Task) -> Self:
        """Read what is known at the task's cut."""
        ...

    def features(self, households: Codes, items: Codes) -> Floats:
        """Features of each household's items, of shape (n_households, n); the shape is (items.size, len(names))."""
        ...


class Lately:
    """How popular a product was in the last week: no modality of its own, but what prices could give away."""

    names: tuple[str, ...] = ("log popularity, last 7 d",)

    def fit(self, task: Task) -> Self:
        """Count the purchases of the last week."""
        history = task.history
        self.popularity_ = history.select(history.day >= task.cut_day - LATELY).log_popularity
        return self

    def features(self, households: Codes, items: Codes) -> Floats:
        """See :meth:`Modality.features`."""
        return fitted(self, "popularity_")[items].reshape(-1, 1)


class Text:
    r"""How much a product's text resembles what the household bought: a cosine for each kind of vector and half-life.

    Parameters
    ----------
    vectors : mapping of name to array or sparse array, shape (n_items, d)
        One row per item of the task.
    half_lives : mapping of name to sequence of float
        In days, for each kind of vector.
    """

    def __init__(self, vectors: Mapping[str, Any], half_lives: Mapping[str, Sequence[float]]) -> None:
        self.vectors, self.half_lives = vectors, half_lives
        self.names = tuple(f"{kind}, half-life {h:g} d" for kind in vectors for h in half_lives[kind])

    def fit(self, task: Task) -> Self:
        """Add up the vectors of what each household bought."""
        self.unit_ = {kind: normalize(rows) for kind, rows in self.vectors.items()}
        self.profiles_ = [
            (kind, normalize(task.history.matrix(decay(task, h)) @ self.unit_[kind]))
            for kind in self.vectors
            for h in self.half_lives[kind]
        ]
        return self

    def features(self, households: Codes, items: Codes) -> Floats:
        """See :meth:`Modality.features`."""
        columns = np.empty((*items.shape, len(self.names)), np.float32)
        for column, (kind, profiles) in enumerate(fitted(self, "profiles_")):
            for start in range(0, len(items), BATCH):
                some = slice(start, start + BATCH)
                scores: Any = profiles[households[some]] @ self.unit_[kind].T
                scores = scores.toarray() if hasattr(scores, "toarray") else np.asarray(scores)
                columns[some, :, column] = np.take_along_axis(scores, items[some], axis=1)
        return columns.reshape(items.size, -1)


class Price:
    """How dear a product is within its category, how far it is reduced, and how that fits what the household buys.

    All of it is taken from receipts before the cut: the usual price is the median of the last 90 days, the present
    discount is that of the last week in which the product was sold, and none if that was over four weeks ago.

    Parameters
    ----------
    prices : DataFrame
        One row per receipt line: ``item``, ``timestamp``, ``regular`` and ``depth``.
    category : array of int, shape (n_items,)
        Of each item of the task.
    order : array of int, shape (n_items,), optional
        Gives item i the prices of item ``order[i]``; the placebo.
    """

    names: tuple[str, ...] = ("log price", "price level", "discount", "usual discount",
                              "level, less the household's", "usual discount, less the household's")  # fmt: skip

    def __init__(self, prices: pd.DataFrame, category: Codes, order: Codes | None = None) -> None:
        self.prices, self.category, self.order = prices, category, order

    def fit(self, task: Task) -> Self:
        """Take each product's prices, and the mean of what each household bought."""
        known = self.prices[(self.prices["timestamp"] < task.cut) & self.prices["item"].isin(task.items)]
        table = price_table(known, task.cut, task.items, self.category)
        self.table_ = table.to_numpy() if self.order is None else table.to_numpy()[self.order]
        bought = task.history.matrix()
        self.own_ = np.column_stack([_mean_bought(bought, self.table_[:, c]) for c in (1, 3)])
        return self

    def features(self, households: Codes, items: Codes) -> Floats:
        """See :meth:`Modality.features`."""
        of_product = fitted(self, "table_")[items.ravel()]
        own = np.repeat(self.own_[households], items.shape[1], axis=0)
        return np.column_stack([of_product, of_product[:, [1, 3]] - own]).astype(np.float32)


def price_table(known: pd.DataFrame, cut: pd.Timestamp, items: pd.Index, category: Codes) -> pd.DataFrame:
    """Prices and discounts of products as they are known at a cut; NaN where a product was never sold.

    Parameters
    ----------
    known : DataFrame
        Receipt lines before the cut: ``item``, ``timestamp``, ``regular`` and ``depth``.
    cut : Timestamp
    items : Index
    category : array of int, shape (n_items,)

    Returns
    -------
    DataFrame
        Indexed by item: ``price``, the logarithm of the usual price; ``level``, that less the category's median;
        ``discount``, the mean depth of the last week of sales; ``usual``, the mean depth of the last 90 days.
    """
    age = (cut - known["timestamp"]).dt.total_seconds() / 86400
    recent = known[age <= RECENT]
    usual = recent.groupby("item")["regular"].median().reindex(items)
    price = np.log(usual.fillna(known.groupby("item")["regular"].median().reindex(items)))
    level = price - price.groupby(category).transform("median")
    last = age.groupby(known["item"]).transform("min")
    lately = known[(age <= last + LATELY) & (last <= FORGOTTEN)].groupby("item")["depth"].mean()
    often = recent.groupby("item")["depth"].mean()
    sold = price.notna()
    discount, depth = (mean.reindex(items).fillna(0).where(sold) for mean in (lately, often))
    return pd.DataFrame({"price": price, "level": level, "discount": discount, "usual": depth}, index=items)


def _mean_bought(bought: sparse.csr_array, values: Floats) -> Floats:
    """Mean of a product's value over each household's purchases, drawn towards the mean of all purchases."""
    known = np.isfinite(values)
    total, n = bought @ np.where(known, values, 0), bought @ known.astype(float)
    return (total + SHRINK * total.sum() / max(n.sum(), 1)) / (n + SHRINK)


class Visits(Protocol):
    """Where and when households are thought to come next."""

    def __call__(self, task: Task) -> tuple[Codes, Codes]:
        """Rows of weeks, shape (n_users, n_weeks), and of stores, shape (n_users,); -1 for a store not listed."""
        ...


class Promotion:
    """Whether a product is on display and in the mailer: in how many stores, and in the one that the household visits.

    Parameters
    ----------
    shares : array of float, shape (n_weeks, n_items, 3)
        Of stores with a display, a place in the mailer, and one on an outer page of it.
    display, mailer : array of int, shape (n_weeks, n_stores, n_items)
        Numbers of the codes, 0 for none.
    outside : int
        The first number of an outer page.
    visits : callable
        Which week and store each household of a task is asked for; see :class:`Visits`.
    """

    columns: tuple[str, ...] = ("share of stores, display", "share of stores, mailer", "share of stores, outer page",
                                "display in the store", "mailer in the store")  # fmt: skip

    def __init__(self, shares: Floats, display: Codes, mailer: Codes, outside: int, visits: Visits) -> None:
        self.shares, self.display, self.mailer, self.outside = shares, display, mailer, outside
        self.visits, self.names = visits, self.columns

    def fit(self, task: Task) -> Self:
        """Look up each household's weeks and store."""
        self.weeks_, self.store_ = self.visits(task)
        self.names = tuple(f"{name}, week {w}" for w in range(self.weeks_.shape[1]) for name in self.columns)
        return self

    def features(self, households: Codes, items: Codes) -> Floats:
        """See :meth:`Modality.features`; NaN in the store's columns where the store isn't listed."""
        store, blocks = fitted(self, "store_")[households][:, None], []
        for week in self.weeks_[households].T:
            week = week[:, None]
            here = self.display[week, store, items] > 0
            mailer = self.mailer[week, store, items]
            level = (mailer > 0).astype(np.float32) + (mailer >= self.outside)
            local = np.where((store >= 0)[..., None], np.stack([here, level], axis=-1), np.nan)
            blocks.append(np.concatenate([self.shares[week, items], local], axis=-1))
        return np.concatenate(blocks, axis=-1).reshape(items.size, -1).astype(np.float32)


@dataclass(frozen=True)
class Lists:
    """Candidates of a task's households, and what each modality says of them.

    Attributes
    ----------
    items : array of int, shape (n_households, n)
        Candidates, in the order of their codes.
    blocks : mapping of name to array of float32, shape (n_households * n, d)
    hits : array of bool, shape (n_households, n)
        Which of them the household buys next.
    """

    items: Codes
    blocks: Mapping[str, Floats]
    hits: Mask

    @classmethod
    def gather(cls, task: Task, modalities: Mapping[str, Modality], n: int, neighbours: UserKNN) -> "Lists":
        """Candidates of :class:`shoprec.models.boosting.BoostedRanker`, with its features as :data:`HISTORY`."""
        _, items, features = _Shop(task, neighbours, n).candidates(task.households)
        hits = np.take_along_axis(task.targets[task.households].toarray(), items, axis=1)
        return cls(items, {HISTORY: features}, hits).added(task, modalities)

    def added(self, task: Task, modalities: Mapping[str, Modality]) -> "Lists":
        """The same lists with more modalities, or other ones of the same names."""
        new = {name: m.fit(task).features(task.households, self.items) for name, m in modalities.items()}
        return replace(self, blocks={**self.blocks, **new})

    def table(self, names: Sequence[str]) -> Floats:
        """The columns of some modalities, side by side."""
        return np.column_stack([self.blocks[name] for name in names])

    def best(self, scores: Floats, k: int = 10) -> Codes:
        """The first items of each list, shape (n_households, k); scores are of shape (n_households, n)."""
        return np.take_along_axis(self.items, rank_items(scores, k), axis=1)


def grow(lists: Lists, names: Sequence[str], n_trees: int, n_leaves: int, rate: float = 0.05, least: int = 100) -> Any:
    """Grow trees that order lists by the columns of some modalities; needs the library ``lightgbm``.

    The settings are those of :class:`shoprec.models.boosting.BoostedRanker`.

    Returns
    -------
    lightgbm.Booster
    """
    lightgbm = library("lightgbm", grow)
    group = np.full(len(lists.items), lists.items.shape[1])
    data = lightgbm.Dataset(lists.table(names), lists.hits.ravel(), group=group)
    settings = {
        "objective": "lambdarank",
        "learning_rate": rate,
        "num_leaves": n_leaves,
        "min_data_in_leaf": least,
        "seed": 0,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    return lightgbm.train(settings, data, n_trees)


def read(lists: Lists, trees: Any, names: Sequence[str], n_trees: int | None = None) -> Floats:
    """Scores of the candidates by the first ``n_trees`` trees, shape (n_households, n)."""
    return trees.predict(lists.table(names), num_iteration=n_trees, num_threads=1).reshape(lists.items.shape)


def late(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Weighted sum of z-scores over each household's candidates.

    Parameters
    ----------
    scores : mapping of name to array, shape (n_households, n)
    weights : mapping of name to float
        What is not named weighs 1.

    Examples
    --------
    The second ranker turns the order when it weighs enough.

    >>> both = {"history": np.array([[3.0, 2.0, 1.0]]), "text": np.array([[0.0, 0.0, 9.0]])}
    >>> late(both, {"text": 0.1}).argmax(), late(both, {"text": 2.0}).argmax()
    (np.int64(0), np.int64(2))
    """
    return np.sum([weights.get(name, 1.0) * zscore(values) for name, values in scores.items()], axis=0)


class EarlyFusion:
    """One ranker over the behaviour features and any modalities, side by side.

    Without a modality it is :class:`shoprec.models.boosting.BoostedRanker`, and like it learns from the month before
    the task's cut.

    Parameters
    ----------
    modalities : mapping of name to callable
        Each makes the modality for a task.
    n : int
        Candidates per household.
    n_trees, n_leaves : int
    rate : float
        Of learning.
    neighbours : UserKNN, optional
        Who picks the candidates.
    """

    def __init__(
        self,
        modalities: Mapping[str, Callable[[Task], Modality]],
        n: int = 150,
        n_trees: int = 80,
        n_leaves: int = 15,
        rate: float = 0.05,
        neighbours: UserKNN | None = None,
    ) -> None:
        self.modalities, self.n, self.rate = dict(modalities), n, rate
        self.n_trees, self.n_leaves = n_trees, n_leaves
        self.neighbours = UserKNN() if neighbours is None else neighbours

    def fit(self, task: Task) -> Self:
        """Grow the trees on the month before the cut, then read the whole history."""
        before = earlier(task, task.cut - pd.DateOffset(months=1))
        lists = Lists.gather(before, self._made(before), self.n, self.neighbours)
        self.names_ = tuple(lists.blocks)
        self.trees_ = grow(lists, self.names_, self.n_trees, self.n_leaves, self.rate)
        self.shop_ = _Shop(task, self.neighbours, self.n)
        self.read_ = {name: modality.fit(task) for name, modality in self._made(task).items()}
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        shop = fitted(self, "shop_")
        households = household_codes(households, shop.history.n_users)
        if not len(households):
            return shop.neighbours.score(households)
        scores, items, history = shop.candidates(households)
        blocks = {name: modality.features(households, items) for name, modality in self.read_.items()}
        lists = Lists(items, {HISTORY: history, **blocks}, np.zeros(items.shape, bool))
        return in_front(scores, lists.best(read(lists, self.trees_, self.names_), items.shape[1]))

    def _made(self, task: Task) -> dict[str, Modality]:
        return {name: make(task) for name, make in self.modalities.items()}
