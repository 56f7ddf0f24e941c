"""Ranking metrics, computed from what was shown and what was bought.

A metric reads ``ranked``, the item codes shown to each user, best first, and compares its first ``k``
columns with ``relevant``, a boolean user-by-item matrix of the purchases to be found. It returns one value
per user, so that the caller can average it, slice it or bootstrap it.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from shoprec.formulas.arrays import (
    EXACT,
    Codes,
    Floats,
    Mask,
    Matrix,
    descending,
    exponents,
    finite,
    floats,
    scaled,
    whole,
    wide,
)
from shoprec.formulas.similarity import largest


def rank_items(scores: npt.ArrayLike, k: int = 10) -> Codes:
    """Codes of the ``k`` best items of each row: higher score first, then lower code.

    Equal to the first ``k`` columns of a full stable sort, but it sorts only ``k`` items per row. Ties
    matter: a model that counts gives thousands of items the same score, and an unstable rule would make
    its metrics random.

    Parameters
    ----------
    scores : array of shape (..., n_items)
        One score per item; a row is usually a user. Infinite scores are allowed: ``-inf`` comes last.
    k : int
        How many items to return, between 1 and ``n_items``.

    Returns
    -------
    array of int, shape (..., k)

    Raises
    ------
    ValueError
        If a score is NaN, or ``k`` is out of range.

    Examples
    --------
    >>> rank_items([[0.1, 0.9, 0.5, 0.9]], k=3)
    array([[1, 3, 2]])
    """
    x = np.asarray(scores)
    if x.ndim == 0:
        raise ValueError("scores is a single number; pass one score per item, shape (..., n_items)")
    n_items = x.shape[-1]
    if n_items == 0:
        raise ValueError(f"scores have shape {x.shape}; pass at least one item")
    if not 1 <= whole(k, "k") <= n_items:
        raise ValueError(f"k is {k}, but scores rank {n_items} items; choose 1 <= k <= {n_items}")
    if x.dtype.kind == "f" and x.size and np.isnan(x.min()):
        raise ValueError("scores contain NaN, which has no rank; use -inf for items that must come last")
    codes = np.flatnonzero(largest(x, k)).reshape(*x.shape[:-1], k) % n_items
    # Codes ascend so far; a stable sort keeps that order among equals.
    order = np.argsort(descending(np.take_along_axis(x, codes, axis=-1)), axis=-1, kind="stable")
    return np.take_along_axis(codes, order, axis=-1)


def recall_at_k(ranked: npt.ArrayLike, relevant: Matrix, k: int = 10) -> Floats:
    r"""Share of a user's relevant items that the first ``k`` shown contain.

    .. math:: \mathrm{Recall@}k(u) = \frac{|\{i_{u1}, \dots, i_{uk}\} \cap R_u|}{|R_u|}

    Parameters
    ----------
    ranked : array of int, shape (n_users, at least k)
        Item codes, best first, no item twice.
    relevant : dense or SciPy sparse matrix of shape (n_users, n_items)
        Positive where the user's item :math:`i` is relevant, :math:`i \in R_u`, and 0 elsewhere.
    k : int
        How many of the shown items count.

    Returns
    -------
    array of float, shape (n_users,)
        Between 0 and 1; it stays below 1 where a user has more than ``k`` relevant items.

    Raises
    ------
    ValueError
        If the shapes disagree, a code is no column of ``relevant``, a list repeats an item, ``relevant`` holds
        negative numbers or NaN, or a user has no relevant item and therefore no metric.

    References
    ----------
    Manning, Raghavan and Schütze (2008), *Introduction to Information Retrieval*, chapter 8.

    Examples
    --------
    Ann bought items 0 and 3, Bo bought item 2.

    >>> relevant = [[1, 0, 0, 1], [0, 0, 1, 0]]
    >>> recall_at_k([[0, 1], [2, 3]], relevant, k=2)
    array([0.5, 1. ])
    """
    hits, n_relevant = _hits(ranked, relevant, k)
    return hits.sum(axis=1) / n_relevant


def ndcg_at_k(ranked: npt.ArrayLike, relevant: Matrix, k: int = 10) -> Floats:
    r"""Discounted gain of the hits, relative to the best list there could be.

    A hit at rank :math:`r` earns :math:`1 / \log_2(r + 1)`. The ideal list puts relevant items on all of
    its first :math:`\min(k, |R_u|)` ranks.

    .. math::

        \mathrm{NDCG@}k(u) = \frac{\sum_{r=1}^{k} [i_{ur} \in R_u] / \log_2(r + 1)}
                                  {\sum_{r=1}^{\min(k, |R_u|)} 1 / \log_2(r + 1)}

    Parameters
    ----------
    ranked, relevant, k
        As in :func:`recall_at_k`, with the same errors.

    Returns
    -------
    array of float, shape (n_users,)
        Between 0 and 1; 1 if all of the ideal list's ranks are hits.

    References
    ----------
    Järvelin and Kekäläinen (2002), *Cumulated gain-based evaluation of IR techniques*; here with binary
    gains.

    Examples
    --------
    The only relevant item at rank 1, at rank 3, and not shown.

    >>> ndcg_at_k([[0, 1, 2], [1, 2, 0], [1, 2, 3]], [[1, 0, 0, 0]] * 3, k=3)
    array([1. , 0.5, 0. ])
    """
    hits, n_relevant = _hits(ranked, relevant, k)
    # Summed in the same order as the ideal, so that no rounding lifts the ratio above 1.
    return np.cumsum(hits * discounts(k), axis=1)[:, -1] / ideal_dcg(n_relevant, k)


def shuffled_ndcg(ranked: npt.ArrayLike, relevant: Matrix, k: int = 10, n: int | None = None) -> Floats:
    r"""NDCG@k that a list has on average over all orders of its first ``n`` items.

    Each hit is equally likely to stand at any of the :math:`n` ranks, so it earns the mean of their discounts, which
    are zero behind rank :math:`k`.

    Parameters
    ----------
    ranked, relevant, k
        As in :func:`recall_at_k`, with the same errors.
    n : int, optional
        How many of the first items change places, at least ``k``; by default ``k``. What stands behind stays there.

    Returns
    -------
    array of float, shape (n_users,)

    Examples
    --------
    Two orders, one of which has the hit in front.

    >>> shuffled_ndcg([[0, 1]], [[0, 1]], k=2).round(4), ndcg_at_k([[0, 1], [1, 0]], [[0, 1]] * 2, k=2).mean().round(4)
    (array([0.8155]), np.float64(0.8155))

    The first of two, when only the first place counts: half of the time.

    >>> shuffled_ndcg([[0, 1]], [[0, 1]], k=1, n=2)
    array([0.5])
    """
    n = whole(k if n is None else n, "n", whole(k, "k"))
    hits, _ = _hits(ranked, relevant, n)
    n_relevant = relevant_items(relevant).sum(axis=1)
    return hits.sum(axis=1) * discounts(k).sum() / n / ideal_dcg(n_relevant, k)


def random_ndcg(n_relevant: npt.ArrayLike, n_items: int, k: int = 10) -> Floats:
    r"""NDCG that random lists have on average: what a value of NDCG has to be compared with.

    .. math::

        \mathbb{E}\,\mathrm{NDCG@}k = \frac{m}{n} \cdot
            \frac{\sum_{r=1}^{k} 1 / \log_2(r + 1)}{\sum_{r=1}^{\min(k, m)} 1 / \log_2(r + 1)}

    At each rank of a random order of :math:`n` items, one of :math:`m` relevant ones stands with probability
    :math:`m / n`; expectations add up, though the ranks aren't independent.

    Parameters
    ----------
    n_relevant : array of int
        :math:`m`, each user's number of relevant items, from 1 to ``n_items``; of any shape.
    n_items : int
        :math:`n`, how many items are ranked.
    k : int
        Length of the lists, at most ``n_items``.

    Returns
    -------
    array of the same shape

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    Three items in all their orders, one of them relevant.

    >>> orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    >>> ndcg_at_k(orders, [[1, 0, 0]] * 6, k=2).mean().round(4), random_ndcg(1, n_items=3, k=2).round(4)
    (np.float64(0.5436), np.float64(0.5436))
    """
    m = wide(floats(n_relevant, "n_relevant"))
    if not 1 <= whole(k, "k") <= whole(n_items, "n_items"):
        raise ValueError(f"k is {k}, but {n_items} items are ranked; choose 1 <= k <= {n_items}")
    if not ((m >= 1) & (m <= n_items)).all():
        raise ValueError(f"n_relevant must be from 1 to n_items, {n_items}; leave users with nothing to find out")
    return m / n_items * discounts(k).sum() / ideal_dcg(m, k)


def above_chance(value: npt.ArrayLike, chance: npt.ArrayLike, best: npt.ArrayLike = 1.0) -> Floats:
    r"""A value on a scale where chance is 0 and the best possible is 1.

    .. math:: \frac{x - x_\text{chance}}{x_\text{best} - x_\text{chance}}

    Values of lists of different length, or of catalogues of different size, can be compared on it. Below 0 is worse
    than chance.

    Parameters
    ----------
    value, chance, best : arrays of float of the same shape, or single numbers

    Returns
    -------
    array of the same shape

    Raises
    ------
    ValueError
        If a number is NaN or infinite, or chance isn't below the best.

    References
    ----------
    Cohen (1960), *A coefficient of agreement for nominal scales*, has the same correction for chance.

    Examples
    --------
    >>> above_chance([0.5, 0.75, 1.0, 0.25], chance=0.5)
    array([ 0. ,  0.5,  1. , -0.5])
    """
    named = {"value": value, "chance": chance, "best": best}
    x, low, high = (wide(finite(v, name, "leave such users out")) for name, v in named.items())
    if not (low < high).all():
        raise ValueError("chance must be below best; where chance reaches it, nothing is left to be gained")
    return (x - low) / (high - low)


def discounts(k: int) -> Floats:
    r"""What a hit is worth at each rank from 1 to ``k``, :math:`1 / \log_2(r + 1)`, shape (k,).

    Examples
    --------
    >>> discounts(3).round(3)
    array([1.   , 0.631, 0.5  ])
    """
    return 1 / np.log2(np.arange(2, whole(k, "k") + 2))


def ideal_dcg(n_relevant: npt.ArrayLike, k: int = 10) -> Floats:
    """Discounted gain of the best list of ``k``: hits at the top until there are no more relevant items.

    Parameters
    ----------
    n_relevant : array of int
        Relevant items, at least 0; of any shape.
    k : int
        Length of the list.

    Returns
    -------
    array of the same shape

    Raises
    ------
    ValueError
        If a number of items is negative or not whole.

    Examples
    --------
    >>> ideal_dcg([0, 1, 2, 99], k=2).round(3)
    array([0.   , 1.   , 1.631, 1.631])
    """
    n = wide(floats(n_relevant, "n_relevant"))
    if not ((n >= 0) & (n <= EXACT) & (n == np.floor(n))).all():
        raise ValueError("n_relevant must hold whole numbers in the range from 0 to 2**53; it counts items")
    return np.concatenate([[0.0], np.cumsum(discounts(k))])[np.minimum(k, n.astype(np.int64))]


def hit_rate_at_k(ranked: npt.ArrayLike, relevant: Matrix, k: int = 10) -> Floats:
    r"""Whether the first ``k`` shown contain a relevant item at all.

    .. math:: \mathrm{HR@}k(u) = [\{i_{u1}, \dots, i_{uk}\} \cap R_u \ne \emptyset]

    Parameters
    ----------
    ranked, relevant, k
        As in :func:`recall_at_k`, with the same errors.

    Returns
    -------
    array of float, shape (n_users,)
        0 or 1; the mean over users is the hit rate.

    References
    ----------
    Deshpande and Karypis (2004), *Item-based top-N recommendation algorithms*.

    Examples
    --------
    >>> hit_rate_at_k([[0, 1], [0, 1]], [[1, 1, 0], [0, 0, 1]], k=2)
    array([1., 0.])
    """
    hits, _ = _hits(ranked, relevant, k)
    return hits.any(axis=1).astype(float)


def mrr_at_k(ranked: npt.ArrayLike, relevant: Matrix, k: int = 10) -> Floats:
    r"""One over the rank of the first hit; 0 if there is none among the first ``k``.

    .. math:: \mathrm{RR@}k(u) = \max_{r \le k} \frac{[i_{ur} \in R_u]}{r}

    Parameters
    ----------
    ranked, relevant, k
        As in :func:`recall_at_k`, with the same errors.

    Returns
    -------
    array of float, shape (n_users,)
        Between 0 and 1; the mean over users is the mean reciprocal rank, MRR.

    References
    ----------
    Voorhees (1999), *The TREC-8 question answering track report*.

    Examples
    --------
    >>> mrr_at_k([[0, 1, 2], [1, 2, 0], [1, 2, 3]], [[1, 0, 1, 0]] * 3, k=3)
    array([1. , 0.5, 0.5])
    """
    hits, _ = _hits(ranked, relevant, k)
    return (hits / np.arange(1, k + 1)).max(axis=1)


def coverage(ranked: npt.ArrayLike, n_items: int, k: int = 10) -> float:
    r"""Share of the catalogue that is shown to somebody.

    .. math:: \mathrm{Coverage@}k = \frac{|\bigcup_u \{i_{u1}, \dots, i_{uk}\}|}{|I|}

    Parameters
    ----------
    ranked : array of int, shape (n_users, at least k)
        Item codes, best first, no item twice in a row.
    n_items : int
        Size of the catalogue :math:`|I|`.
    k : int
        How many of the shown items count.

    Returns
    -------
    float
        Between 0 and 1. It grows with the number of users, so compare it only over the same users.

    Raises
    ------
    ValueError
        If ``ranked`` has fewer than ``k`` columns, repeats an item, or names one outside the catalogue.

    References
    ----------
    Ge, Delgado-Battenfeld and Jannach (2010), *Beyond accuracy: evaluating recommender systems by
    coverage and serendipity*.

    Examples
    --------
    >>> coverage([[0, 1], [0, 2]], n_items=10, k=2)
    0.3
    """
    return np.unique(_shown(ranked, whole(n_items, "n_items"), k)).size / n_items


def novelty(ranked: npt.ArrayLike, popularity: npt.ArrayLike, k: int = 10) -> Floats:
    r"""Mean self-information of the items shown, in bits: the rarer, the more surprising.

    .. math:: \mathrm{Novelty@}k(u) = \frac{1}{k} \sum_{r=1}^{k} -\log_2 p(i_{ur})

    An item that nobody bought has :math:`p = 0` and infinite self-information. It counts as if it were as
    popular as the rarest item that somebody bought: a finite lower bound.

    Parameters
    ----------
    ranked : array of int, shape (n_users, at least k)
        Item codes, best first, no item twice in a row.
    popularity : array of float, shape (n_items,)
        :math:`p(i)`, the share of households that bought item :math:`i` before the test, between 0 and 1.
    k : int
        How many of the shown items count.

    Returns
    -------
    array of float, shape (n_users,)
        In bits: one bit more means that the items are bought by half as many households.

    Raises
    ------
    ValueError
        If ``ranked`` is not as described, or ``popularity`` is not: counts must be divided by the number of
        households first.

    References
    ----------
    Vargas and Castells (2011), *Rank and relevance in novelty and diversity metrics for recommender systems*.

    Examples
    --------
    >>> novelty([[0, 1], [1, 2]], popularity=[0.5, 0.25, 0.125], k=2)
    array([1.5, 2.5])
    """
    p = wide(floats(popularity, "popularity"))
    if p.ndim != 1:
        raise ValueError(f"popularity has shape {p.shape}; pass one share per item, shape (n_items,)")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("popularity must lie between 0 and 1; divide counts by the number of households")
    if not p.any():
        raise ValueError("popularity is 0 for every item; compute it on the history, not on an empty table")
    shown = _shown(ranked, p.size, k)
    information = -np.log2(np.maximum(p, p[p > 0].min()))
    return information[shown].mean(axis=1)


def inter_list_distance(ranked: npt.ArrayLike, n_items: int, k: int = 10) -> float:
    r"""How different the lists of two households are on average: 0 if all are the same, 1 if none share an item.

    .. math::

        D@k = \frac{1}{\binom{n}{2}} \sum_{u < v} \Bigl( 1 - \frac{|L_u \cap L_v|}{k} \Bigr)
            = 1 - \frac{\sum_i c_i (c_i - 1)}{k \, n (n - 1)}

    with :math:`L_u` the first :math:`k` items shown to household :math:`u`, :math:`n` households, and :math:`c_i`
    the number of lists that hold item :math:`i`. The right side needs no loop over the pairs: item :math:`i` is
    shared by :math:`c_i (c_i - 1) / 2` of them.

    Parameters
    ----------
    ranked : array of int, shape (n_users, at least k)
        Item codes, best first, no item twice in a row.
    n_items : int
        Size of the catalogue.
    k : int
        How many of the shown items count.

    Returns
    -------
    float
        Between 0 and 1. It says nothing of accuracy: random lists come closest to 1.

    Raises
    ------
    ValueError
        If ``ranked`` is not as described, or has fewer than two rows.

    References
    ----------
    Zhou, Kuscsik, Liu, Medo, Wakeling and Zhang (2010), *Solving the apparent diversity-accuracy dilemma of
    recommender systems*.

    Examples
    --------
    Ann and Bo share one of two items, Cy shares none with them.

    >>> round(inter_list_distance([[0, 1], [1, 2], [3, 4]], n_items=5, k=2), 3)
    0.833
    """
    shown = _shown(ranked, whole(n_items, "n_items"), k)
    n = len(shown)
    if n < 2:
        raise ValueError(f"ranked has {n} rows; a distance between lists needs at least two households")
    count = np.bincount(shown.ravel(), minlength=n_items).astype(float)
    return float(1 - (count * (count - 1)).sum() / (k * n * (n - 1)))


def gini(counts: npt.ArrayLike) -> float:
    r"""How unevenly a total is shared out: 0 if all get the same, close to 1 if one gets everything.

    .. math::

        G = \frac{\sum_{i,j} |c_i - c_j|}{2 n \sum_i c_i}
          = \frac{\sum_{r=1}^{n} (2r - n - 1) \, c_{(r)}}{n \sum_i c_i},
          \qquad c_{(1)} \le \dots \le c_{(n)}

    Half the mean difference of two shares, relative to the mean share.

    Parameters
    ----------
    counts : array of float, shape (n_items,)
        What each item gets, not negative; items that get nothing belong in it, too.

    Returns
    -------
    float
        Between 0 and :math:`1 - 1/n`.

    Raises
    ------
    ValueError
        If a count is negative or not finite, or all are 0.

    References
    ----------
    Gini (1912), *Variabilità e mutabilità*.

    Examples
    --------
    >>> gini([3, 3, 3]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    c = np.sort(wide(finite(counts, "counts", "they must be finite, not negative and not all 0")).ravel())
    if not c.size or c[0] < 0 or not c.any():
        raise ValueError("counts must be finite, not negative, and not all 0; pass how often each item was shown")
    n, c = len(c), scaled(c, -exponents(c))  # shares don't change, and no sum overflows
    return max(0.0, float((2 * np.arange(1, n + 1) - n - 1) @ c / (n * c.sum())))


def _shown(ranked: npt.ArrayLike, n_items: int, k: int) -> Codes:
    """First ``k`` columns of ``ranked``, after making sure that they are lists of different items."""
    codes = np.asarray(ranked)
    if codes.ndim != 2 or not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(f"ranked has shape {codes.shape} and type {codes.dtype}; pass item codes, shape (n_users, k)")
    if not 1 <= whole(k, "k") <= codes.shape[1]:
        raise ValueError(f"k is {k}, but ranked shows {codes.shape[1]} items per user; rank at least k items")
    codes = codes[:, :k]
    # A negative code would silently count from the end of the catalogue.
    if codes.size and (codes.min() < 0 or codes.max() >= n_items):
        raise ValueError(f"ranked has codes {codes.min()} to {codes.max()}; item codes run from 0 to {n_items - 1}")
    repeats = (np.diff(np.sort(codes, axis=1), axis=1) == 0).any(axis=1)
    if repeats.any():
        raise ValueError(f"ranked has in row {repeats.argmax()} the same item twice; show each item once")
    return codes.astype(np.intp, copy=False)


def relevant_items(relevant: Matrix) -> sparse.csr_array:
    """What is to be found, as a boolean matrix that stores nothing else.

    Parameters
    ----------
    relevant : dense or SciPy sparse matrix of shape (n_users, n_items)
        Booleans, or numbers such as quantities that are positive where an item is relevant.

    Raises
    ------
    ValueError
        If it is no matrix, or holds negative numbers or NaN.

    Examples
    --------
    >>> relevant_items([[0, 2, 0]]).toarray()
    array([[False,  True, False]])
    """
    matrix = sparse.csr_array(relevant) if sparse.issparse(relevant) else np.asarray(relevant)
    if matrix.ndim != 2:
        raise ValueError(f"relevant has shape {matrix.shape}; pass a matrix of shape (n_users, n_items)")
    values = np.asarray(matrix.data) if isinstance(matrix, sparse.csr_array) else matrix
    if values.dtype.kind not in "biuf" or not (values >= 0).all():
        raise ValueError(
            f"relevant has type {values.dtype} and holds negative numbers, NaN or none at all; pass booleans, or what "
            "is positive where an item is to be found"
        )
    truth = sparse.csr_array(matrix.astype(bool))
    truth.sum_duplicates()
    truth.eliminate_zeros()  # a stored zero would count as a relevant item
    return truth


def _hits(ranked: npt.ArrayLike, relevant: Matrix, k: int) -> tuple[Mask, Codes]:
    """Whether each shown item is relevant, shape (n_users, k), and each user's number of relevant items."""
    truth = relevant_items(relevant)
    shown = _shown(ranked, truth.shape[1], k)
    if len(shown) != truth.shape[0]:
        raise ValueError(f"ranked has {len(shown)} rows, relevant {truth.shape[0]}; align the users")
    n_relevant = np.diff(truth.indptr)
    if not n_relevant.all():
        raise ValueError(
            f"{np.sum(n_relevant == 0)} users have no relevant item, first row {n_relevant.argmin()}, and "
            "thus no metric; drop these rows from ranked and relevant"
        )
    hits = sparse.csr_array(truth[np.arange(len(shown))[:, None], shown]).toarray()
    return hits, n_relevant
