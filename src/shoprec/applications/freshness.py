"""How old may a list be? Baskets of a month, with what was known at several moments before them, or half of them.

A list that is computed at the beginning of a month knows nothing of the baskets since. Here one basket of each
household is drawn from the month, and the household's purchases are counted as they stood at the beginning of the
month, of the week or of the day, or the moment before it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from shoprec.data.report import DataError
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.checks import number
from shoprec.tasks import History, next_basket_split

#: Moments at which a list may have been computed: days of a period that begins with the month, 0 for the very moment.
PERIODS = {"month": 31.0, "week": 7.0, "day": 1.0, "now": 0.0}


@dataclass(frozen=True)
class Month:
    """A month's baskets, one of each household, and all purchases until the month's end.

    Attributes
    ----------
    history : History
        Of the catalogue's products, the month included.
    begin : float
        Of the month, in days.
    household, basket : arrays of int, shape (n,)
        Code of the household and number of each basket drawn.
    ids : Index
        The households' ids in the data, which are the same in all months.
    """

    history: History
    begin: float
    household: Codes
    basket: Codes
    ids: pd.Index

    @property
    def day(self) -> Floats:
        """The moment of each basket."""
        return self.history.day[self.history.basket_start[self.basket]]

    @cached_property
    def targets(self) -> sparse.csr_array:
        """The products of each basket, shape (n, n_items)."""
        return self._rows(self.history.basket_start[self.basket], self.history.basket_start[self.basket + 1]).astype(
            bool
        )

    def frequencies(self, period: float, half_life: float) -> sparse.csr_array:
        r"""Each household's decayed purchases as a list knows them that is computed once in a period; (n, n_items).

        .. math:: f_{ui}(t) = \sum_{j :\, i_j = i,\, t_j < t_0} 2^{-(t - t_j) / \tau}

        with :math:`t` the moment of the basket and :math:`t_0` the latest beginning of a period before it. That the
        ages are those at :math:`t` changes no list: it scales a whole row.
        """
        day = self.day
        start, stop = self.history.start[self.household], self._known(period)
        age = np.repeat(day, stop - start) - self.history.day[_ranges(start, stop)]
        return self._rows(start, stop, 0.5 ** (age / number(half_life, "half_life", 0, ends="(]")))

    @cached_property
    def buyers(self) -> Floats:
        """Households that had bought each product before the month, which orders what is equal; shape (n_items,)."""
        known = (self.history.day < self.begin).astype(np.float32)
        return np.asarray((self.history.matrix(known) > 0).sum(axis=0), float)

    def missed(self, period: float) -> Codes:
        """How many baskets of the household such a list hasn't seen, shape (n,)."""
        return self.basket - self.history.basket[self._known(period)]

    def before(self) -> sparse.csr_array:
        """The products of the household's basket before each, shape (n, n_items)."""
        return self._rows(self.history.basket_start[self.basket - 1], self.history.basket_start[self.basket]) > 0

    def together(self) -> sparse.csr_array:
        """Baskets before the month by products, shape (n_baskets, n_items)."""
        known = self.history.day < self.begin
        values = np.ones(int(known.sum()), np.float32)
        shape = (int(self.history.basket[-1]) + 1, self.history.n_items)
        return sparse.csr_array((values, (self.history.basket[known], self.history.item[known])), shape=shape)

    def _known(self, period: float) -> Codes:
        """Number of the first event of each household that a list doesn't know which is computed once in a period."""
        begin, day = self.begin, self.day
        moment = day if period == 0 else begin + np.floor((day - begin) / period) * period
        return self.history.known(self.household, moment)

    def _rows(self, start: Codes, stop: Codes, values: Floats | None = None) -> sparse.csr_array:
        event, row = _ranges(start, stop), np.repeat(np.arange(len(start)), stop - start)
        given = np.ones(len(event)) if values is None else values
        table = sparse.coo_array(
            (given.astype(np.float32), (row, self.history.item[event])), (len(start), self.history.n_items)
        )
        return sparse.csr_array(table)


def month_of(purchases: pd.DataFrame, begin: str | pd.Timestamp, items: pd.Index, seed: int = 0) -> Month:
    """One basket of each household that bought something before a month and in it, drawn from those in the month.

    Parameters
    ----------
    purchases : DataFrame
        As for :func:`shoprec.tasks.next_basket_split`.
    begin : date
        The month runs from here.
    items : Index
        The catalogue.
    seed : int
        Of the draw.

    Raises
    ------
    DataError
        If nobody has a basket before and in the month.
    """
    start = pd.Timestamp(begin)
    end = start + pd.DateOffset(months=1)
    until = purchases[purchases["timestamp"] < end + pd.DateOffset(days=1)]
    task = next_basket_split(until, end, items=items)
    history, day = task.history, float((start - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1))
    opens = np.flatnonzero(history.opens_basket)
    user, when = history.user[opens], history.day[opens]
    known = np.zeros(history.n_users, bool)
    known[user[when < day]] = True
    asked = np.flatnonzero((when >= day) & known[user])
    if not len(asked):
        raise DataError(f"no household has a basket both before {start:%Y-%m-%d} and in the month from it on")
    drawn = asked[np.random.default_rng(seed).permutation(len(asked))]
    household, first = np.unique(user[drawn], return_index=True)
    return Month(history, day, household, history.basket[opens[drawn[first]]], task.users[household])


def halves(targets: sparse.csr_array, seed: int = 0) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Part each row's products at random: the half that has been scanned, rounded down, and the rest.

    Examples
    --------
    >>> scanned, rest = halves(sparse.csr_array([[1, 1, 0, 1], [0, 1, 0, 0]]))
    >>> scanned.sum(axis=1), rest.sum(axis=1)
    (array([1, 0]), array([2, 1]))
    """
    table = sparse.csr_array(targets)
    n = np.diff(table.indptr)
    row = np.repeat(np.arange(len(n)), n)
    order = np.lexsort((np.random.default_rng(seed).random(len(row)), row))
    place = np.arange(len(row)) - table.indptr[row]
    taken = np.zeros(len(row), bool)
    taken[order[place < n[row] // 2]] = True
    parts = []
    for keep in (taken, ~taken):
        place_of = row[keep], table.indices[keep]
        parts.append(sparse.csr_array((np.ones(int(keep.sum()), int), place_of), shape=table.shape))
    return parts[0], parts[1]


def companions(scanned: sparse.csr_array, together: sparse.csr_array) -> sparse.csr_array:
    r"""How strongly each product goes with what is in a basket; shape (n, n_items).

    .. math:: g_{bi} = \sum_{j \in b} \frac{c_{ij}}{\sqrt{n_i \, n_j}}

    with :math:`c_{ij}` the baskets that held both products and :math:`n_i` those that held the first.

    Parameters
    ----------
    scanned : sparse array of shape (n, n_items)
    together : sparse array of shape (n_baskets, n_items)
        Baskets that are known, by products.

    Examples
    --------
    >>> known = sparse.csr_array(np.float32([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> companions(sparse.csr_array(np.float32([[1, 0, 0]])), known).toarray().round(2)
    array([[1.  , 0.82, 0.  ]], dtype=float32)
    """
    scale = (1 / np.sqrt(np.maximum(np.asarray(together.sum(axis=0)).ravel(), 1))).astype(np.float32)
    seen = np.unique(scanned.indices)  # a product's baskets are looked up once, however many rows hold it
    pairs = together[:, seen].T.tocsr() @ together
    ours = scanned[:, seen].astype(np.float32) @ sparse.diags_array(scale[seen])
    return sparse.csr_array(ours @ pairs @ sparse.diags_array(scale))


def _ranges(start: Codes, stop: Codes) -> Codes:
    """The numbers of several ranges, one after the other."""
    length = stop - start
    return np.arange(length.sum()) + np.repeat(start - (np.cumsum(length) - length), length)
