"""Tasks: what is known on a date, and what each household bought next.

The book has one protocol. :func:`next_basket_split` cuts the purchases at a date; what came before is the
history that a model may read, and each household's first basket after it is what the model must find.
:func:`tasks_at` makes the two tasks of a cut: one to tune on, a month earlier, and one to report.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from shoprec.data.purchases import catalogue_of, nobody_comes_back, number_baskets, require_purchases
from shoprec.data.report import DataError
from shoprec.formulas.arrays import Codes, Floats, Mask

VALIDATION_CUT = "2017-11-01"  #: everything that is tuned is tuned on the month from here
TEST_CUT = "2017-12-01"  #: and reported once, on the month from here
CUTS = tuple(f"2017-{month:02}-01" for month in range(7, 13))  #: the cuts that the book's conclusions rest on
MIN_USERS = 20  #: a product with fewer buyers before the month to tune on is left out


@dataclass(frozen=True)
class History:
    """Purchases as flat arrays, sorted by household, then time, then item.

    One event is one product in one basket; buying three of it at once is still one event. Households and
    products are numbered from 0, so that they index the rows and columns of matrices.

    Attributes
    ----------
    user, item, basket : arrays of int, shape (n_events,)
        Codes. Baskets are numbered in the order of the events.
    day : array of float, shape (n_events,)
        Time of the purchase's basket, that is of its first line, in days since 1970-01-01.
    n_users, n_items : int
        Size of the code ranges; some households may have no event.
    """

    user: Codes
    item: Codes
    basket: Codes
    day: Floats
    n_users: int
    n_items: int

    @cached_property
    def start(self) -> Codes:
        """Where each household's events begin: those of ``u`` are ``start[u]:start[u + 1]``."""
        return np.searchsorted(self.user, np.arange(self.n_users + 1))

    @cached_property
    def basket_start(self) -> Codes:
        """Where each basket's events begin: those of ``b`` are ``basket_start[b]:basket_start[b + 1]``."""
        return np.searchsorted(self.basket, np.arange(self.basket[-1] + 2))

    @cached_property
    def opens_basket(self) -> Mask:
        """Which events are the first of their basket."""
        return np.diff(self.basket, prepend=-1) > 0

    @cached_property
    def log_popularity(self) -> Floats:
        """Natural logarithm of each product's share of all events, with one event added to each product."""
        count = np.bincount(self.item, minlength=self.n_items) + 1.0
        return np.log(count / count.sum())

    @cached_property
    def bought(self) -> sparse.csr_array:
        """Which household has bought which product; bool, shape (n_users, n_items)."""
        return self.matrix() > 0

    @cached_property
    def n_buyers(self) -> Codes:
        """Number of households that have bought each product, shape (n_items,)."""
        return self.bought.sum(axis=0)

    @cached_property
    def _time_key(self) -> Floats:
        """One sorted key for (user, day): days since 1970 stay far below a million."""
        return self.user * 1e6 + self.day

    def known(self, users: Codes, days: Floats) -> Codes:
        """Number of the first event of each household that happens on or after a day.

        A basket is one moment: its events share their time, so it is known as a whole or not at all.

        Examples
        --------
        >>> user = np.array([0, 0, 1]); day = np.array([1.0, 5.0, 2.0])
        >>> history = History(user, item=user, basket=np.arange(3), day=day, n_users=2, n_items=2)
        >>> history.known(users=np.array([0, 1]), days=np.array([5.0, 9.0]))
        array([1, 3])
        """
        return np.searchsorted(self._time_key, users * 1e6 + days)

    def select(self, keep: Mask) -> "History":
        """The same households and products, with only some of the events; baskets are numbered anew.

        Parameters
        ----------
        keep : array of bool, shape (n_events,)
            Which events stay. With ``dataclasses.replace(task, history=...)`` this asks what a model would do if it
            knew less: fewer households, fewer months, one department less.

        Examples
        --------
        >>> user = np.array([0, 0, 1]); day = np.array([1.0, 5.0, 2.0])
        >>> history = History(user, item=user, basket=np.arange(3), day=day, n_users=2, n_items=2)
        >>> late = history.select(history.day > 1)
        >>> late.user, late.basket, late.n_users
        (array([0, 1]), array([0, 1]), 2)
        """
        basket = np.cumsum(np.diff(self.basket[keep], prepend=-1) > 0) - 1
        return History(self.user[keep], self.item[keep], basket, self.day[keep], self.n_users, self.n_items)

    def matrix(self, weights: Floats | None = None) -> sparse.csr_array:
        """Household-by-product matrix: the sum of each pair's event weights, by default their number.

        Parameters
        ----------
        weights : array of float, shape (n_events,), optional
            For example a decay by age.

        Returns
        -------
        sparse array of float32, shape (n_users, n_items)
        """
        values = np.ones(len(self.item), np.float32) if weights is None else weights.astype(np.float32)
        pairs = (self.user, self.item)
        return sparse.coo_array((values, pairs), shape=(self.n_users, self.n_items)).tocsr()


@dataclass(frozen=True)
class Task:
    """A date, the history before it, and each household's first basket from it on.

    Attributes
    ----------
    history : History
        All that a model may read.
    targets : sparse array of bool, shape (n_users, n_items)
        The products of the first basket after the cut; models never see them.
    households : array of int, shape (n_households,)
        Codes of the households that have both a history and a target, ascending.
    users, items : Index
        Code to the id in the data.
    cut : Timestamp
        The first moment that is not history.
    """

    history: History
    targets: sparse.csr_array
    households: Codes
    users: pd.Index
    items: pd.Index
    cut: pd.Timestamp

    @cached_property
    def cut_day(self) -> float:
        """The cut in days since 1970-01-01, the unit of ``history.day``."""
        return float(_days(pd.Series([self.cut]))[0])

    def __repr__(self) -> str:
        return (
            f"Task(cut={self.cut:%Y-%m-%d}, {len(self.history.item):,} events, {len(self.users):,} users, "
            f"{len(self.items):,} items, {len(self.households):,} households with a next basket)"
        )

    def in_words(self) -> tuple[str, str]:
        """Say in Chinese and in English what the task holds."""
        sizes = (f"{len(part):,}" for part in (self.history.item, self.users, self.items, self.households))
        events, users, items, households = sizes
        zh = f"{self.cut:%Y-%m-%d} 之前：{users} 户对 {items} 种商品的 {events} 次购买；{households} 户有下一篮"
        en = f"before {self.cut:%Y-%m-%d}: {events} purchases of {items} products by {users} households"
        return zh, f"{en}; {households} households have a next basket"


def frequent_items(purchases: pd.DataFrame, before: str | pd.Timestamp, min_users: int) -> pd.Index:
    """Products that at least ``min_users`` different households bought before a date.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [1, 2, 1], "item": ["tea", "tea", "jam"],
    ...                       "timestamp": pd.to_datetime(["2017-01-01", "2017-01-02", "2017-01-03"])})
    >>> frequent_items(table, before="2018-01-01", min_users=2).tolist()
    ['tea']
    """
    known = purchases.loc[purchases["timestamp"] < pd.Timestamp(before), ["user", "item"]].drop_duplicates()
    n_users = known["item"].value_counts()
    return pd.Index(n_users.index[n_users >= min_users].sort_values(), name="item")


def next_basket_split(
    purchases: pd.DataFrame,
    cut: str | pd.Timestamp = TEST_CUT,
    until: str | pd.Timestamp | None = None,
    items: pd.Index | Sequence | None = None,
    min_users: int = MIN_USERS,
) -> Task:
    """Cut purchases at a date: what came before is history, the first basket after it is the target.

    Parameters
    ----------
    purchases : DataFrame
        Columns ``user``, ``item``, ``timestamp`` (the shop's clock, without a zone) and, if known, ``basket``. A basket
        is what a user has under one id on one day; where there is no id, all that a user buys on one day is one.
        It happens at the time of its first line, so it lies on one side of the cut.
    cut : date
        First moment of the target period. A household's target is its first basket from then on.
    until : date, optional
        End of the target period, exclusive; baskets after it are no targets.
    items : sequence of item ids, optional
        The catalogue to rank. By default the items that ``min_users`` users bought before ``cut``. Pass the
        test task's ``items`` when making the validation task, so that both rank the same catalogue.
    min_users : int
        See ``items``.

    Returns
    -------
    Task

    Raises
    ------
    DataError
        A ValueError. If a column is missing or of a type that can't be cut, an item of the catalogue occurs twice or
        none was bought, nothing is left before or after the cut, or nobody has purchases on both sides of it.

    Examples
    --------
    Two members; Ann's first basket in March holds jam and tea, Bo does not come back.

    >>> table = pd.DataFrame({
    ...     "user": ["Ann", "Bo", "Ann", "Ann", "Ann"], "item": ["tea", "jam", "tea", "jam", "rye"],
    ...     "timestamp": pd.to_datetime(["2017-01-05", "2017-02-01", "2017-03-02", "2017-03-02", "2017-03-09"])})
    >>> task = next_basket_split(table, cut="2017-03-01", items=["jam", "rye", "tea"])
    >>> task.users[task.households].tolist(), task.targets[task.households].toarray()
    (['Ann'], array([[ True, False,  True]]))
    """
    return _split(_with_baskets(require_purchases(purchases)), cut, until, items, min_users)


def _split(
    purchases: pd.DataFrame,
    cut: str | pd.Timestamp,
    until: str | pd.Timestamp | None,
    items: pd.Index | Sequence | None,
    min_users: int = MIN_USERS,
) -> Task:
    """What :func:`next_basket_split` does, on purchases whose baskets are numbered."""
    cut, end = _moment(cut, "cut"), None if until is None else _moment(until, "until")
    if end is not None and end <= cut:
        raise DataError(f"until={end} is not after the cut {cut}; no purchase can lie between")
    catalogue = frequent_items(purchases, cut, min_users) if items is None else catalogue_of(items, purchases)
    table = purchases[purchases["item"].isin(catalogue)]
    users = pd.Index(np.sort(table["user"].unique()), name="user")
    table = table.assign(
        user=users.get_indexer(pd.Index(table["user"])), item=catalogue.get_indexer(pd.Index(table["item"]))
    )

    past = table["timestamp"] < cut
    future = table[~past] if end is None else table[~past & (table["timestamp"] < end)]
    if not past.any() or future.empty:
        side = "before" if not past.any() else "after"
        first, last = purchases["timestamp"].min(), purchases["timestamp"].max()
        raise DataError(
            f"no purchase of a catalogue item {side} the cut {cut:%Y-%m-%d}; the table runs from {first} to "
            f"{last} and the catalogue has {len(catalogue):,} items: choose another cut or a lower min_users"
        )
    history = _history(table[past], len(users), len(catalogue))
    targets = _first_baskets(future[future["user"].isin(np.unique(history.user))], history)
    households = np.flatnonzero(np.diff(targets.indptr))
    if not len(households):
        raise nobody_comes_back(purchases, cut, table["user"][past].nunique(), future["user"].nunique())
    return Task(history, targets, households, users, catalogue, cut)


def tasks_at(
    purchases: pd.DataFrame, cut: str | pd.Timestamp = TEST_CUT, min_users: int = MIN_USERS
) -> tuple[Task, Task]:
    """Make the two tasks of a cut: one to tune on, which begins a month before the cut, and the one to report.

    Both rank the same catalogue, and it is fixed before the first of them: what ``min_users`` users bought before the
    month to tune on. A product that came later is nobody's candidate, and nothing was chosen by what came later. A
    target is a first basket within a month from the task's own cut on.

    Parameters
    ----------
    purchases : DataFrame
        As for :func:`next_basket_split`.
    cut : date
        Where the month to report begins.
    min_users : int
        Buyers that a product of the catalogue needs.

    Returns
    -------
    validation, test : Task

    Raises
    ------
    DataError
        As :func:`next_basket_split`, for either task.

    Examples
    --------
    Jam was first bought in the month to tune on, so neither task has it.

    >>> table = pd.DataFrame({
    ...     "user": ["Ann", "Ann", "Bo", "Ann", "Ann"], "item": ["tea", "tea", "jam", "jam", "tea"],
    ...     "timestamp": pd.to_datetime(["2017-01-05", "2017-02-03", "2017-02-04", "2017-03-02", "2017-03-02"])})
    >>> validation, test = tasks_at(table, cut="2017-03-01", min_users=1)
    >>> f"{validation.cut:%B}, {test.cut:%B}: {test.items.tolist()}"
    "February, March: ['tea']"
    """
    month, end = pd.DateOffset(months=1), _moment(cut, "cut")
    start = end - month
    table = _with_baskets(require_purchases(purchases))
    items = frequent_items(table, start, min_users)
    return _split(table, start, end, items), _split(table, end, end + month, items)


def random_split(task: Task, share: float = 0.2, seed: int = 0) -> Task:
    """Hold out random purchases of the history instead of the next basket: the split to avoid.

    What is held out lies among what is kept, so a model is trained on the future of what it is tested on. It is
    here to measure by how much that flatters.

    Parameters
    ----------
    task : Task
        Gives the purchases, its history, and the catalogue.
    share : float
        Share of the purchases to hold out.
    seed : int
        Seed of the draw.
    """
    held = np.random.default_rng(seed).random(len(task.history.item)) < share
    return _held_out(task, keep=~held, held=held)


def random_basket_split(task: Task, past_only: bool, seed: int = 0) -> Task:
    """Hold out one random basket of each household, and keep all others or only those before it.

    The targets of the two are the same, so the difference between their results is what knowing the household's
    own future is worth. Ages are counted from the task's cut in both, and other households keep their places in
    time, so compare models that count without decay.

    Parameters
    ----------
    task : Task
        Gives the purchases, its history, and the catalogue.
    past_only : bool
        Whether each household's history ends at its held-out basket.
    seed : int
        Seed of the draw.
    """
    history = task.history
    first = history.basket[history.opens_basket]
    owner = history.user[history.opens_basket]
    n_baskets = np.bincount(owner, minlength=history.n_users)
    some = np.flatnonzero(n_baskets > 1)
    # A household's first basket has no past and is not drawn.
    offset = 1 + (np.random.default_rng(seed).random(len(some)) * (n_baskets[some] - 1)).astype(int)
    drawn = np.full(history.n_users, -1)
    drawn[some] = first[np.searchsorted(owner, some) + offset]
    held = history.basket == drawn[history.user]
    keep = history.basket < drawn[history.user] if past_only else ~held & (drawn >= 0)[history.user]
    return _held_out(task, keep, held)


def earlier(task: Task, cut: str | pd.Timestamp) -> Task:
    """The task as it stood at an earlier cut: less history, and as targets the first baskets of what was history.

    A model that learns from next baskets, such as one that orders candidates, learns from this task what it is asked
    about in the other, and never sees that one's targets.

    Parameters
    ----------
    task : Task
    cut : date
        Before the task's own cut.

    Raises
    ------
    DataError
        A ValueError. If the date isn't before the task's cut, or no household of the history has purchases on both
        sides of it.

    Examples
    --------
    >>> days = pd.to_datetime(["2017-01-05", "2017-02-03", "2017-03-02"])
    >>> table = pd.DataFrame({"user": "Ann", "item": ["tea", "jam", "rye"], "timestamp": days})
    >>> task = next_basket_split(table, cut="2017-03-01", items=["jam", "rye", "tea"])
    >>> before = earlier(task, "2017-02-01")
    >>> before.items[before.history.item].tolist(), before.targets.toarray()
    (['tea'], array([[ True, False, False]]))
    """
    moment, history = _moment(cut, "cut"), task.history
    if moment >= task.cut:
        raise DataError(f"{moment} isn't before the task's cut, {task.cut}; pass an earlier date")
    known = history.day < _days(pd.Series([moment]))[0]
    following = np.full(history.n_users, len(history.basket))  # no basket has this number
    np.minimum.at(following, history.user[~known], history.basket[~known])  # numbered in the order of time
    before = _held_out(task, keep=known, held=history.basket == following[history.user])
    if not len(before.households):
        raise DataError(
            f"no household has purchases both before {moment:%Y-%m-%d} and from then to {task.cut:%Y-%m-%d}; the "
            "history is too short for an earlier cut"
        )
    return replace(before, cut=moment)


def membership(items: pd.Index, groups: pd.Series) -> tuple[sparse.csr_array, pd.Index]:
    """Which products belong to which groups, as a matrix.

    Parameters
    ----------
    items : Index
        The products, in the order of their codes.
    groups : Series
        A group for each item id of its index. An item may stand there several times, in a group each time, or not at
        all; a missing group counts as none. Items that are no products of the catalogue are passed over.

    Returns
    -------
    matrix : sparse array of bool, shape (n_items, n_groups)
    groups : Index
        Code to the group, ascending.

    Raises
    ------
    DataError
        A ValueError. If no product is in any group.

    Examples
    --------
    Tea is both a drink and on offer; rye is in no group.

    >>> groups = pd.Series(["drink", "offer", "offer"], index=["tea", "tea", "jam"])
    >>> matrix, names = membership(pd.Index(["jam", "rye", "tea"]), groups)
    >>> names.tolist(), matrix.toarray().astype(int).tolist()
    (['drink', 'offer'], [[0, 1], [0, 0], [1, 1]])
    """
    known = groups[groups.index.isin(items)].dropna()
    if known.empty:
        raise DataError(
            f"none of the {len(items):,} products is in a group; the index of groups must hold the ids of items, as "
            f"{items[:1].tolist()} does"
        )
    names = pd.Index(np.sort(known.unique()))
    pairs = (items.get_indexer(known.index), names.get_indexer(pd.Index(known)))
    ones = np.ones(len(known), np.int32)
    return sparse.coo_array((ones, pairs), shape=(len(items), len(names))).tocsr().astype(bool), names


def group_items(task: Task, groups: pd.Series) -> Task:
    """The same task with groups in the place of products: brands, categories, coupons.

    A basket holds a group if it holds any product of it; that is one event, however many products there are. Households
    keep their codes; one whose next basket, or whose history, holds no group isn't judged.

    Parameters
    ----------
    task : Task
    groups : Series
        As for :func:`membership`.

    Returns
    -------
    Task
        Its ``items`` are the groups.

    Raises
    ------
    DataError
        A ValueError. If no product is in any group, or no household has a group on both sides of the cut.

    Examples
    --------
    Ann bought tea and coffee in one basket: for the groups that is one event.

    >>> table = pd.DataFrame({
    ...     "user": "Ann", "item": ["tea", "coffee", "jam", "tea"],
    ...     "timestamp": pd.to_datetime(["2017-01-05", "2017-01-05", "2017-02-03", "2017-03-02"])})
    >>> task = next_basket_split(table, cut="2017-03-01", items=["coffee", "jam", "tea"])
    >>> grouped = group_items(task, pd.Series(["drink", "drink", "spread"], index=["tea", "coffee", "jam"]))
    >>> grouped.items[grouped.history.item].tolist(), grouped.targets.toarray()
    (['drink', 'spread'], array([[ True, False]]))
    """
    matrix, names = membership(task.items, groups)
    history, ones = task.history, np.ones(len(task.history.item), np.int32)
    baskets = sparse.csr_array((ones, (history.basket, history.item)), shape=(history.basket[-1] + 1, len(task.items)))
    held = (baskets @ matrix.astype(np.int32)).tocsr()
    held.sort_indices()
    basket = np.repeat(np.arange(held.shape[0]), np.diff(held.indptr))
    first = history.basket_start[basket]  # an event of the same basket
    renumbered = np.cumsum(np.diff(basket, prepend=-1) > 0) - 1
    events = (history.user[first], held.indices, renumbered, history.day[first])
    targets = (task.targets.astype(np.int32) @ matrix.astype(np.int32)).tocsr().astype(bool)
    households = np.intersect1d(np.flatnonzero(np.diff(targets.indptr)), events[0])
    if not len(households):
        raise DataError(
            f"no household has products of the {len(names):,} groups both before {task.cut:%Y-%m-%d} and in its next "
            "basket; pass groups of more products"
        )
    grouped = History(*events, history.n_users, len(names))
    return replace(task, history=grouped, targets=targets, households=households, items=names)


def _held_out(task: Task, keep: Mask, held: Mask) -> Task:
    """The task of finding the events in ``held`` from those in ``keep``."""
    h = task.history
    history = h.select(keep)
    pairs = (h.user[held], h.item[held])
    count = sparse.coo_array((np.ones(held.sum()), pairs), shape=(h.n_users, h.n_items)).tocsr()
    targets = count.astype(bool)
    households = np.intersect1d(np.flatnonzero(np.diff(targets.indptr)), history.user)
    return replace(task, history=history, targets=targets, households=households)


def _moment(date: str | pd.Timestamp, name: str) -> pd.Timestamp:
    moment = pd.Timestamp(date)
    if moment is pd.NaT or moment.tz is not None:
        raise DataError(
            f"{name}={date!r} has a time zone or is no date; pass a date of the shop's own clock, as 2017-12-01"
        )
    return moment


def _with_baskets(purchases: pd.DataFrame) -> pd.DataFrame:
    """The purchases with their baskets numbered, each at the time of its first line: a basket is one moment."""
    table = purchases.assign(basket=number_baskets(purchases))
    return table.assign(timestamp=table.groupby("basket")["timestamp"].transform("min"))


def _history(past: pd.DataFrame, n_users: int, n_items: int) -> History:
    # A basket has one user and one moment, so that the baskets are put in order, and then the products of each.
    number, item = past["basket"].to_numpy(), past["item"].to_numpy()
    user, day = np.full(number.max() + 1, -1), np.zeros(number.max() + 1)
    user[number], day[number] = past["user"], _days(past["timestamp"])
    order = np.lexsort((day, user))
    order = order[user[order] >= 0]  # a number that no basket has
    place = np.empty(len(user), np.int64)
    place[order] = np.arange(len(order))
    event = np.sort(place[number] * n_items + item)
    basket, item = np.divmod(event[np.diff(event, prepend=-1) > 0], n_items)
    return History(user[order][basket], item, basket, day[order][basket], n_users, n_items)


def _first_baskets(future: pd.DataFrame, history: History) -> sparse.csr_array:
    future = future.sort_values(["timestamp", "basket"], kind="stable")
    target = future[future["basket"] == future.groupby("user")["basket"].transform("first")]
    pairs = (target["user"].to_numpy(), target["item"].to_numpy())
    shape = (history.n_users, history.n_items)
    return sparse.coo_array((np.ones(len(target), bool), pairs), shape=shape).tocsr().astype(bool)


def _days(timestamps: pd.Series) -> Floats:
    return (timestamps - pd.Timestamp(0)).to_numpy() / np.timedelta64(1, "D")
