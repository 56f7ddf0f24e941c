"""Behaviour as numbers: how often, how lately and how regularly a household bought a product.

These features are what the second term of the hybrid score, ⟨product, behaviour⟩, reads. They are computed for
any moment in the history, so that a model can be trained at many past dates and asked at the cut.
"""

from typing import NamedTuple

import numpy as np

from shoprec.formulas.arrays import Codes, Floats
from shoprec.tasks import History

HALF_LIVES = np.array([7, 21, 60, 180, np.inf])  #: days
FEATURES = (
    *(f"log(1 + purchases), half-life {h:g} d" for h in HALF_LIVES),
    *(f"log share of baskets, half-life {h:g} d" for h in HALF_LIVES[2:]),
    "log(1 + days since last)",
    "log(1 + cycles since last)",
    "due: exp(-cycles since last)",
    "due: exp(-(cycles - 1)²)",
    "bought more than once",
)
PRODUCT_FEATURES = ("one", "log popularity", "log repeat rate")
DEFAULT_CYCLE = 90.0  #: days between purchases, assumed for a product bought once


class Behaviour(NamedTuple):
    """Sparse features: one row for each product that the household of a query had bought.

    Attributes
    ----------
    query, item : arrays of int, shape (n_pairs,)
        Position of the query, and code of the product; sorted by both.
    features : array of float32, shape (n_pairs, len(FEATURES))
    """

    query: Codes
    item: Codes
    features: Floats


def ragged(start: Codes, stop: Codes) -> tuple[Codes, Codes]:
    """Concatenate ranges: for each its number, repeated, and the values it runs through.

    Examples
    --------
    >>> ragged(np.array([3, 0]), np.array([5, 1]))
    (array([0, 0, 1]), array([3, 4, 0]))
    """
    length = stop - start
    row = np.repeat(np.arange(len(length)), length)
    offset = np.cumsum(length) - length
    return row, np.arange(length.sum()) + (start - offset)[row]


def purchase_features(history: History, users: Codes, days: Floats, stop: Codes) -> Behaviour:
    r"""Frequency, recency and rhythm of each household's purchases, seen from a day.

    For query :math:`q` and each product that its household bought, with purchase ages
    :math:`a_1 \le \dots \le a_n` in days, the features (named in :data:`FEATURES`) are: decayed counts
    :math:`c_h = \sum_j 2^{-a_j / h}` as :math:`\log(1 + c_h)`; the product's share
    :math:`\log(c_h / (B_h + 1/2) + 10^{-3}) + 7` of the household's decayed number of baskets :math:`B_h`;
    recency :math:`\log(1 + a_1) / 3`; and, with the mean cycle :math:`g = (a_n - a_1) / (n - 1)`, at least a day and
    :data:`DEFAULT_CYCLE` for a product bought once, how far the next purchase is due, :math:`r = a_1 / g`. The
    constants bring all to about the same scale.

    Parameters
    ----------
    history : History
    users : array of int, shape (n_queries,)
        Household of each query.
    days : array of float, shape (n_queries,)
        Moment of each query, in days since 1970-01-01.
    stop : array of int, shape (n_queries,)
        Number of the first event that is not known yet at that moment; see :meth:`History.known`.

    Returns
    -------
    Behaviour

    Raises
    ------
    ValueError
        If an event before ``stop`` lies after the query's day.

    Examples
    --------
    Milk on days 0 and 10, seen on day 15: half a cycle since the last purchase.

    >>> one = np.zeros(2, int)
    >>> history = History(user=one, item=one, basket=np.array([0, 1]), day=np.array([0.0, 10.0]), n_users=1, n_items=1)
    >>> result = purchase_features(history, np.array([0]), np.array([15.0]), np.array([2]))
    >>> cycles = np.expm1(result.features[0, FEATURES.index("log(1 + cycles since last)")])
    >>> round(float(cycles), 3)
    0.5
    """
    query, event = _known_by_item(history, users, stop)
    age = days[query] - history.day[event]
    if len(age) and age.min() < 0:
        raise ValueError("stop lets a query see events after its day; use history.known(users, days)")
    item = history.item[event]
    opens = (np.diff(query, prepend=-1) > 0) | (np.diff(item, prepend=-1) != 0)
    oldest = np.flatnonzero(opens)  # of each pair of query and product
    newest = np.append(oldest[1:], len(opens))[: len(oldest)] - 1
    query_of, item_of, last = query[oldest], item[oldest], age[newest]

    counts = _decayed(np.cumsum(opens) - 1, age, len(oldest))
    first_line = history.opens_basket[event]
    baskets = _decayed(query[first_line], age[first_line], len(users))
    share = [np.log(c / (b[query_of] + 0.5) + 1e-3) + 7 for c, b in zip(counts[2:], baskets[2:], strict=True)]
    n = counts[-1]
    cycle = np.where(n > 1, (age[oldest] - last) / np.maximum(n - 1, 1), DEFAULT_CYCLE)
    due = last / np.maximum(cycle, 1)
    rhythm = [np.log1p(last) / 3, np.log1p(due), np.exp(-due), np.exp(-((due - 1) ** 2)), n > 1]
    columns = [np.log1p(c) for c in counts] + share + rhythm
    return Behaviour(query_of, item_of, np.stack(columns, axis=1, dtype=np.float32, casting="unsafe"))


def product_features(history: History) -> Floats:
    r"""What kind of product it is: a constant, its popularity, and how readily it is bought again.

    The repeat rate is the mean number of further purchases per buyer, :math:`(m - b + 1) / (b + 3)` for
    :math:`m` purchases by :math:`b` households; the added constants keep rare products near 1/3.

    Returns
    -------
    array of float32, shape (n_items, len(PRODUCT_FEATURES))

    Examples
    --------
    >>> history = History(user=np.zeros(3, int), item=np.array([0, 0, 1]), basket=np.arange(3),
    ...                   day=np.arange(3.0), n_users=1, n_items=2)
    >>> product_features(history)[:, PRODUCT_FEATURES.index("log repeat rate")].round(2)
    array([-0.69, -1.39], dtype=float32)
    """
    purchases = np.bincount(history.item, minlength=history.n_items)
    buyers = history.n_buyers
    repeat = np.log((purchases - buyers + 1) / (buyers + 3))
    columns = [np.ones(history.n_items), history.log_popularity + 9, repeat]
    return np.stack(columns, axis=1).astype(np.float32)


def _known_by_item(history: History, users: Codes, stop: Codes) -> tuple[Codes, Codes]:
    """Each query's number, repeated, and its household's events before ``stop``, sorted by product, then time.

    A training batch asks several times about a household: its events are sorted once, and then each query leaves out
    those that it does not know yet.
    """
    own, which = np.unique(users, return_inverse=True)
    row, event = ragged(history.start[own], history.start[own + 1])
    event = event[np.lexsort((history.item[event], row))]  # stable: of one product, in the order of time
    end = np.cumsum(np.bincount(row, minlength=len(own)))
    begin = np.append(0, end)[:-1]
    query, place = ragged(begin[which], end[which])
    event = event[place]
    known = event < stop[query]
    return query[known], event[known]


def _decayed(group: Codes, age: Floats, n_groups: int) -> list[Floats]:
    """Each group's sum of 2^(-age / h), for each half-life h; shape (n_groups,) each."""
    weights = (np.exp(-np.log(2) / h * age) if np.isfinite(h) else None for h in HALF_LIVES)
    return [np.bincount(group, weight, minlength=n_groups).astype(float, copy=False) for weight in weights]
