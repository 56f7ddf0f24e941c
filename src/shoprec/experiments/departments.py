"""Departments as domains: a household's purchases in one are hidden, and what it buys there next is to be predicted.

A shop's departments stand for the domains of cross-domain recommendation. All models see what every other household
bought everywhere, and what the household that is asked about, the reader, bought in the source departments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from shoprec.data.purchases import number_baskets
from shoprec.formulas.arrays import Codes, Floats, Mask
from shoprec.tasks import MIN_USERS, History, frequent_items

DEPARTMENTS = ("GROCERY", "DRUG GM", "PRODUCE", "MEAT", "MEAT-PCKGD", "DELI", "PASTRY")  #: with lists to fill in July
LEAST = 5  #: baskets that a reader has in the source
HALF_LIFE = 90.0  #: of the frequencies, in days


@dataclass(frozen=True)
class Domains:
    """What all households bought before a date, and in the month from it on, by department.

    Attributes
    ----------
    history : History
        All purchases up to the end of the month.
    cut_day : float
        Where the month begins.
    items : Index
        Code to item id.
    of_item : array of str, shape (n_items,)
        The department of each product.
    store : array of int, shape (n_users,)
        The store where a household had most baskets before the cut.
    """

    history: History
    cut_day: float
    items: pd.Index
    of_item: np.ndarray
    store: Codes

    @cached_property
    def past(self) -> Mask:
        """Which events lie before the month."""
        return self.history.day < self.cut_day

    @cached_property
    def counts(self) -> sparse.csr_array:
        """Number of baskets with each product before the month, shape (n_users, n_items)."""
        return self.history.matrix(self.past.astype(np.float32)).tocsr()

    def columns(self, *departments: str) -> Codes:
        """Codes of the products of some departments, ascending."""
        return np.flatnonzero(np.isin(self.of_item, departments))

    def inside(self, *departments: str) -> Mask:
        """Which events are purchases in some departments."""
        return np.isin(self.of_item, departments)[self.history.item]

    def n_baskets(self, *departments: str) -> Codes:
        """Each household's baskets before the month that hold something of some departments."""
        events = self.past & self.inside(*departments)
        opens = np.diff(self.history.basket[events], prepend=-1) > 0
        return np.bincount(self.history.user[events][opens], minlength=self.history.n_users)

    def targets(self, department: str) -> sparse.csr_array:
        """Products of a department in the first basket of the month that holds any, shape (n_users, n_columns)."""
        events = np.flatnonzero(~self.past & self.inside(department))
        user, basket = self.history.user[events], self.history.basket[events]
        first = np.full(self.history.n_users, np.iinfo(int).max)
        np.minimum.at(first, user, basket)
        events = events[basket == first[user]]
        place = np.searchsorted(self.columns(department), self.history.item[events])
        shape = self.history.n_users, len(self.columns(department))
        found = sparse.csr_array((np.ones(len(events), bool), (self.history.user[events], place)), shape=shape)
        return found

    def readers(self, source: tuple[str, ...], target: str, least: int = LEAST) -> Codes:
        """Households with a target, and with enough baskets in the source."""
        asked = np.diff(self.targets(target).indptr) > 0
        return np.flatnonzero(asked & (self.n_baskets(*source) >= least))

    def latest(self, department: str, n: int | None = None) -> sparse.csr_array:
        """How often each household buys each product of a department, for each basket that it had there lately.

        Decayed, half for each 90 days: its purchases, relative to its baskets with something of the department, or to 1
        if that is more. With ``n``, of its ``n`` latest baskets of the kind alone. Shape (n_users, n_columns).
        """
        history, events = self.history, np.flatnonzero(self.past & self.inside(department))
        user = history.user[events]
        opens = np.diff(history.basket[events], prepend=-1) > 0
        number = np.cumsum(opens)
        last = np.zeros(history.n_users, int)
        last[user] = number  # events ascend, so the last one stays
        kept = np.ones(len(events), bool) if n is None else last[user] - number < n
        user, opens, events = user[kept], opens[kept], events[kept]
        weight = 0.5 ** ((self.cut_day - history.day[events]) / HALF_LIFE)
        n_baskets = np.maximum(np.bincount(user, weight * opens, minlength=history.n_users), 1)
        place = user, np.searchsorted(self.columns(department), history.item[events])
        shape = history.n_users, len(self.columns(department))
        return sparse.coo_array(((weight / n_baskets[user]).astype(np.float32), place), shape=shape).tocsr()


def domains_at(
    purchases: pd.DataFrame,
    products: pd.DataFrame,
    cut: str | pd.Timestamp,
    departments: Sequence[str] = DEPARTMENTS,
    min_users: int = MIN_USERS,
) -> tuple[Domains, Domains]:
    """The month to tune on, before a cut, and the month to report, from it on; the catalogue is fixed before both.

    Parameters
    ----------
    purchases : DataFrame
        Columns ``user, item, timestamp`` and, if known, ``basket`` and ``store``; without stores there is one.
    products : DataFrame
        With a column ``department``, indexed by item.
    cut : date
    departments : sequence of str
        Those that take part.
    min_users : int
        Households that must have bought a product before the month to tune on.

    Returns
    -------
    tune, test : Domains
    """
    end = pd.Timestamp(cut)
    edges = [end - pd.DateOffset(months=1), end, end + pd.DateOffset(months=1)]
    lines = purchases[["user", "item", "timestamp"]].assign(
        basket=number_baskets(purchases), store=purchases.get("store", 0)
    )
    lines["timestamp"] = lines.groupby("basket")["timestamp"].transform("min")
    frequent = frequent_items(lines, edges[0], min_users)
    department = products["department"].reindex(frequent).astype(str)
    items = frequent[department.isin(list(departments)).to_numpy()]
    users = pd.Index(np.sort(lines["user"].unique()), name="user")
    of_item = department.loc[items].to_numpy(dtype=str)
    return _domains(lines, users, items, of_item, *edges[:2]), _domains(lines, users, items, of_item, *edges[1:])


def _domains(
    lines: pd.DataFrame, users: pd.Index, items: pd.Index, of_item: np.ndarray, cut: pd.Timestamp, until: pd.Timestamp
) -> Domains:
    """One month, from ``cut`` to ``until``."""
    known = lines[(lines["timestamp"] < until) & lines["item"].isin(items)].drop_duplicates(["basket", "item"])
    known = known.assign(
        user=users.get_indexer(pd.Index(known["user"])), item=items.get_indexer(pd.Index(known["item"]))
    )
    known = known.sort_values(["user", "timestamp", "basket", "item"], kind="stable")
    opens = known["basket"].ne(known["basket"].shift()).to_numpy()
    day = (known["timestamp"] - pd.Timestamp(0)).dt.total_seconds().to_numpy() / 86400
    basket = np.cumsum(opens) - 1
    history = History(known["user"].to_numpy(), known["item"].to_numpy(), basket, day, len(users), len(items))
    visits = known[opens & (known["timestamp"] < cut).to_numpy()].groupby(["user", "store"]).size()
    store = (
        visits.sort_values(kind="stable").reset_index().drop_duplicates("user", keep="last").set_index("user")["store"]
    )
    codes = pd.factorize(store.reindex(np.arange(len(users))), use_na_sentinel=False)[0]
    return Domains(history, float((cut - pd.Timestamp(0)).total_seconds() / 86400), items, of_item, codes)


def strangers(readers: Codes, store: Codes, activity: Floats, step: int = 1) -> Codes:
    """For each reader another one of the same store with about as many purchases, whose history it is lent.

    Readers are put in order of store, then of activity, and each takes the one that follows ``step`` places later in
    its store; at the end of a store it starts again. Readers of stores with too few share one circle.

    Parameters
    ----------
    readers : array of int
    store, activity : arrays of shape (n_users,)
    step : int
        1 for the next, -1 for the one before; not 0.

    Examples
    --------
    >>> strangers(np.arange(5), store=np.array([7, 7, 7, 7, 7]), activity=np.array([5, 1, 4, 2, 3]))
    array([1, 3, 0, 4, 2])
    """
    n_here = np.bincount(store[readers], minlength=store.max() + 1)
    circle = np.where(n_here[store[readers]] > 2 * abs(step), store[readers], -1)
    order = np.lexsort((readers, activity[readers], circle))
    sorted_circle = circle[order]
    start = np.searchsorted(sorted_circle, sorted_circle)
    size = np.searchsorted(sorted_circle, sorted_circle, side="right") - start
    lent = np.empty_like(readers)
    lent[order] = readers[order[start + (np.arange(len(order)) - start + step) % size]]
    return lent
