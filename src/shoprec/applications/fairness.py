r"""Fairness: whom lists serve how well, whom they show, and what a list without a profile costs whom.

Three things may be asked to be equal, and they can't all be: the quality of the lists of two groups of households, what
either gains over a list that is the same for all, and the exposure of makers against what is bought of them. What
groups have in common besides their name, such as the size of the next basket, is made equal by :func:`thinned`, or by
:func:`shoprec.applications.cold_start.with_last_baskets`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse, stats

from shoprec.applications.diversity import shares
from shoprec.formulas.arrays import Codes, Floats, finite, whole, wide
from shoprec.formulas.checks import number
from shoprec.formulas.metrics import discounts, rank_items
from shoprec.tasks import Task

#: Three groups of each kind, by the bands of the demographics.
BANDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "age": {"young": ("19-24", "25-34"), "middle": ("35-44", "45-54"), "old": ("55-64", "65+")},
    "income": {
        "low": ("Under 15K", "15-24K", "25-34K"),
        "middle": ("35-49K", "50-74K"),
        "high": ("75-99K", "100-124K", "125-149K", "150-174K", "175-199K", "200-249K", "250K+"),
    },
    "household_size": {"one": ("1",), "two": ("2",), "more": ("3", "4", "5+")},
}


class Difference(NamedTuple):
    """A difference of two groups' means, with its 95 % interval and p-value, and how many households either has."""

    mean: float
    low: float
    high: float
    p: float
    first: int
    second: int


def groups_of(households: pd.DataFrame) -> pd.DataFrame:
    """Put households into three groups by age, by income and by size.

    Parameters
    ----------
    households : DataFrame
        As :func:`shoprec.data.journey.complete_journey` gives them: bands in the columns ``age, income,
        household_size``.

    Returns
    -------
    DataFrame
        The same rows and columns, with the names of :data:`BANDS`.

    Raises
    ------
    ValueError
        If a band belongs to no group.

    Examples
    --------
    >>> table = pd.DataFrame({"age": ["65+"], "income": ["Under 15K"], "household_size": ["2"]})
    >>> groups_of(table).iloc[0].tolist()
    ['old', 'low', 'two']
    """
    columns = {}
    for column, groups in BANDS.items():
        name_of = {band: name for name, bands in groups.items() for band in bands}
        columns[column] = households[column].astype(str).map(name_of)
        if unknown := sorted(set(households[column].astype(str)) - set(name_of)):
            raise ValueError(f"{column} has the bands {unknown}, which belong to no group")
    return pd.DataFrame(columns, households.index)


def difference(values: pd.Series, groups: pd.Series, first: object, second: object) -> Difference:
    r"""How much larger a group's mean is than another's: Welch's interval and test, which let variances differ.

    .. math:: \bar q_g - \bar q_h \pm t \sqrt{s_g^2 / n_g + s_h^2 / n_h}

    Parameters
    ----------
    values : Series of float
        A value of each household; NaN is left out.
    groups : Series
        The group of each household, under the same index; households that have none are left out.
    first, second : group
        The two to compare.

    Raises
    ------
    ValueError
        If a group has fewer than two households with a value.

    Examples
    --------
    >>> values, groups = pd.Series([0.3, 0.5, 0.1, 0.1, 0.2]), pd.Series(["a", "a", "b", "b", "b"])
    >>> found = difference(values, groups, "a", "b")
    >>> round(found.mean, 3), found.low < 0 < found.high, found.first, found.second
    (0.267, True, 2, 3)
    """
    both = [values[groups.reindex(values.index) == group].dropna().to_numpy(float) for group in (first, second)]
    sizes = [len(part) for part in both]
    if min(sizes) < 2:
        raise ValueError(f"{first} has {sizes[0]} households with a value and {second} {sizes[1]}; two are needed")
    found = stats.ttest_ind(*both, equal_var=False)
    interval = found.confidence_interval(0.95)
    gap = float(both[0].mean() - both[1].mean())
    return Difference(gap, float(interval.low), float(interval.high), float(found.pvalue), *sizes)


def largest_gap(values: pd.Series, groups: pd.Series) -> float:
    r"""The best-served group's mean less the worst-served one's: 0 if all are served alike.

    .. math:: \max_g \bar q_g - \min_g \bar q_g

    With values of one model it asks for equal quality; with the gain over a list that is the same for all, for equal
    improvement. It is never negative, and grows by chance with the number of groups: look at :func:`difference`, too.

    Examples
    --------
    >>> round(largest_gap(pd.Series([0.4, 0.2, 0.1]), pd.Series(["a", "a", "b"])), 3)
    0.2
    """
    means = values.groupby(groups.reindex(values.index)).mean()
    return float(means.max() - means.min())


def exposure(ranked: npt.ArrayLike, classes: npt.ArrayLike, n_classes: int) -> Floats:
    r"""Share of exposure that each class of products gets, where a place counts as in NDCG.

    .. math:: e_c = \frac{1}{|U|} \sum_u \frac{\sum_r [\,c(i_{ur}) = c\,] / \log_2(r + 1)}{\sum_r 1 / \log_2(r + 1)}

    Parameters
    ----------
    ranked : array of int, shape (n_households, k)
        Lists, best product first.
    classes : array of int, shape (n_items,)
        The class of each product, such as its maker's.
    n_classes : int

    Returns
    -------
    array of float, shape (n_classes,)
        Adds up to 1.

    References
    ----------
    Singh and Joachims (2018), *Fairness of exposure in rankings*.

    Examples
    --------
    >>> exposure([[0, 1]], classes=[0, 1], n_classes=2).round(3)
    array([0.613, 0.387])
    """
    shown = np.asarray(classes)[np.asarray(ranked)]
    return shares(shown, n_classes, np.broadcast_to(discounts(shown.shape[-1]), shown.shape)).mean(axis=0)


def tiers(counts: npt.ArrayLike, edges: tuple[float, ...] = (0.5, 0.8)) -> Codes:
    """Head, middle and tail: 0 for the most bought products that make up half of all purchases, and so on.

    Parameters
    ----------
    counts : array of float, shape (n_items,)
        Purchases of each product.
    edges : tuple of float
        Shares of all purchases at which a tier ends; a product that reaches across an edge belongs to the tier before.

    Returns
    -------
    array of int, shape (n_items,)

    Examples
    --------
    >>> tiers([1, 6, 3], edges=(0.5, 0.8))
    array([2, 0, 1])
    """
    n = wide(finite(counts, "counts", "pass purchases of each product"))
    if not n.size or n.min() < 0 or not n.any():
        raise ValueError("counts must not be negative, nor all 0")
    order = np.argsort(-n, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(n[order])[:-1]]) / n.sum()
    tier = np.empty(len(n), dtype=np.intp)
    tier[order] = np.searchsorted(edges, before, side="right")
    return tier


def thinned(targets: sparse.csr_array, n: int, seed: int = 0) -> sparse.csr_array:
    """Next baskets of equal size: n products of each, drawn at random; smaller ones are emptied.

    Parameters
    ----------
    targets : sparse array of bool, shape (n_households, n_items)
    n : int
        Products that stay.
    seed : int
        Seed of the draw.

    Examples
    --------
    >>> baskets = sparse.csr_array([[True, True, True], [True, False, False]])
    >>> thinned(baskets, 2).sum(axis=1).tolist()
    [2, 0]
    """
    rng, coo = np.random.default_rng(seed), targets.tocoo()
    order = np.lexsort((rng.random(coo.nnz), coo.row))
    size = np.bincount(coo.row, minlength=targets.shape[0])
    place = np.arange(coo.nnz) - np.repeat(np.cumsum(size) - size, size)
    kept = order[(place < whole(n, "n")) & (size[coo.row[order]] >= n)]
    pairs = coo.row[kept], coo.col[kept]
    return sparse.csr_array((np.ones(len(kept), dtype=bool), pairs), shape=targets.shape)


class StorePopularity:
    r"""A list that is the same for all who shop in a store, whoever they are.

    .. math:: s_{\sigma i} = \frac{n_{\sigma i} + \mu \, \pi_i}{n_\sigma + \mu}

    with :math:`n_{\sigma i}` the purchases of product :math:`i` in store :math:`\sigma`, where one counts half as much
    after every half-life, :math:`n_\sigma` their sum, and :math:`\pi_i` the product's share in all stores. It reads no
    household's history, only the store in which the list is asked for, so it is no model with households to score.

    Parameters
    ----------
    half_life : float
        In days.
    strength : float
        :math:`\mu`: with how many purchases a store's own count as much as the chain's; a store that is new gets the
        chain's list.
    """

    def __init__(self, half_life: float = 60.0, strength: float = 1000.0) -> None:
        self.half_life = number(half_life, "half_life", 0, ends="(]", note=", in days")
        self.strength = number(strength, "strength", 0, ends="(]")

    def fit(self, purchases: pd.DataFrame, task: Task) -> "StorePopularity":
        """Count the purchases before the task's cut; ``purchases`` has the columns ``item, store, timestamp``."""
        known = purchases[purchases["timestamp"] < task.cut]
        item = task.items.get_indexer(pd.Index(known["item"]))
        known, item = known[item >= 0], item[item >= 0]
        self.stores_ = pd.Index(np.sort(known["store"].unique()))
        age = (task.cut - known["timestamp"]).dt.total_seconds().to_numpy() / 86_400
        place = self.stores_.get_indexer(pd.Index(known["store"])), item
        shape = len(self.stores_), len(task.items)
        self.counts_ = sparse.coo_array((0.5 ** (age / self.half_life), place), shape=shape).tocsr()
        self.shares_ = self.counts_.sum(axis=0) / self.counts_.sum()
        return self

    def score(self, stores: npt.NDArray[Any]) -> Floats:
        """Score all products for stores, shape (n_stores, n_items)."""
        code = self.stores_.get_indexer(pd.Index(np.asarray(stores)))
        own = np.where(code[:, None] >= 0, self.counts_[np.maximum(code, 0)].toarray(), 0.0)
        return (own + self.strength * self.shares_) / (own.sum(axis=1, keepdims=True) + self.strength)

    def rank(self, stores: npt.NDArray[Any], k: int = 10) -> Codes:
        """The list of each store, shape (n_stores, k); of equal stores, it is made once."""
        each, row = np.unique(stores, return_inverse=True)
        return rank_items(self.score(each), k)[row]


def stores_of(purchases: pd.DataFrame, task: Task, until: str | pd.Timestamp) -> npt.NDArray[Any]:
    """The store in which each of a task's households fills its next basket, in the order of ``task.households``.

    It is known when the list is asked for, as the till or the shelf asks; and it tells nothing of the household's past.

    Parameters
    ----------
    purchases : DataFrame
        Columns ``user, item, store, timestamp``, in order of time.
    task : Task
        Made from them, with the same end.
    until : date
        End of the target period.
    """
    month = purchases[(purchases["timestamp"] >= task.cut) & (purchases["timestamp"] < pd.Timestamp(until))]
    first = month[month["item"].isin(task.items)].drop_duplicates("user").set_index("user")["store"]
    return first.reindex(task.users[task.households]).to_numpy()
