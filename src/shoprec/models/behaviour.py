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
    :math:`c_h = \sum_p 2^{-a_p / h}` as :math:`\log(1 + c_h)`; the product's share
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
    query, event = ragged(history.start[users], stop)
    age = days[query] - history.day[event]
    if len(age) and age.min() < 0:
        raise ValueError("stop lets a query see events after its day; use history.known(users, days)")
    pair, inverse = np.unique(query * history.n_items + history.item[event], return_inverse=True)
    query_of, item_of = np.divmod(pair, history.n_items)

    decay = 0.5 ** (age[:, None] / HALF_LIVES)
    counts = _sum_by(inverse, decay, len(pair))
    opens = history.opens_basket[event]
    baskets = _sum_by(query[opens], decay[opens], len(users))
    share = np.log(counts / (baskets[query_of] + 0.5) + 1e-3)[:, 2:] + 7

    last, first = np.full(len(pair), np.inf), np.zeros(len(pair))
    np.minimum.at(last, inverse, age)
    np.maximum.at(first, inverse, age)
    n = np.round(counts[:, -1])
    cycle = np.where(n > 1, (first - last) / np.maximum(n - 1, 1), DEFAULT_CYCLE)
    due = last / np.maximum(cycle, 1)
    rhythm = [np.log1p(last) / 3, np.log1p(due), np.exp(-due), np.exp(-((due - 1) ** 2)), n > 1]
    features = np.concatenate([np.log1p(counts), share, np.stack(rhythm, axis=1)], axis=1)
    return Behaviour(query_of, item_of, features.astype(np.float32))


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
    buyers = (history.matrix() > 0).sum(axis=0)
    repeat = np.log((purchases - buyers + 1) / (buyers + 3))
    columns = [np.ones(history.n_items), history.log_popularity + 9, repeat]
    return np.stack(columns, axis=1).astype(np.float32)


def _sum_by(group: Codes, values: Floats, n_groups: int) -> Floats:
    """Column sums of the rows of ``values`` in each group, shape (n_groups, n_columns)."""
    return np.stack([np.bincount(group, column, minlength=n_groups) for column in values.T], axis=1)
