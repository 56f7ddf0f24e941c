"""Collaborative filtering by neighbours: similar products, similar households."""

from collections.abc import Callable
from typing import Literal, Self, get_args

import numpy as np
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, number, one_of
from shoprec.formulas.similarity import cosine_top_k, pearson_similarity, shrink, top_k
from shoprec.models import fitted
from shoprec.models.counting import checked_half_life, decay
from shoprec.tasks import Task

Similarity = Literal["cosine", "pearson"]
Weighting = Literal["binary", "counts", "log", "tfidf", "bm25"]
SIMILARITIES = get_args(Similarity)


class ItemKNN:
    r"""Products bought by the same households as those in the household's own history.

    .. math:: s_{ui} = \sum_{j \in N_k(i)} \operatorname{sim}(i, j) \, f_{uj}, \qquad
              f_{ui} = \sum_{j \in H_u,\, i_j = i} 2^{-a_j / \tau}

    with :math:`N_k(i)` the ``k`` products most similar to :math:`i`, itself among them, by the shrunk cosine (or
    correlation) of their buyers' vectors, and :math:`f` the household's decayed frequencies.

    Parameters
    ----------
    k : int
        Neighbours kept per product.
    strength : float
        :math:`\lambda` of :func:`shoprec.formulas.similarity.shrink`.
    half_life : float
        :math:`\tau` in days.
    weighting : str
        How a product's purchases by each household are weighed before products are compared; see :func:`weigh`.
    similarity : str
        ``"cosine"`` or ``"pearson"``.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl (2001), *Item-based collaborative filtering recommendation algorithms*;
    Deshpande and Karypis (2004), *Item-based top-N recommendation algorithms*.
    """

    def __init__(
        self,
        k: int = 20,
        strength: float = 0.0,
        half_life: float = 90.0,
        weighting: Weighting = "log",
        similarity: Similarity = "cosine",
    ) -> None:
        self.k, self.strength = whole(k, "k"), number(strength, "strength", 0)
        self.half_life = checked_half_life(half_life)
        self.weighting = one_of(weighting, "weighting", WEIGHTINGS)
        self.similarity = one_of(similarity, "similarity", SIMILARITIES)

    def fit(self, task: Task) -> Self:
        """Find each product's neighbours."""
        buyers = weigh(task.history.matrix().T.tocsr(), self.weighting)
        self.similarity_ = nearest(buyers, self.k, self.strength, self.similarity)
        self.frequency_ = task.history.matrix(decay(task, self.half_life))
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        frequency = fitted(self, "frequency_")
        return (frequency[household_codes(households, frequency.shape[0])] @ self.similarity_.T).toarray()


class UserKNN:
    r"""What the households that resemble this one buy, and what it buys itself.

    .. math:: s_{ui} = (1 - \alpha) \, \bar f_{ui} + \frac{\alpha}{|N_k(u)|} \sum_{v \in N_k(u)} \bar f_{vi}

    with :math:`N_k(u)` the ``k`` other households with the most similar purchases (by default, the cosine of damped
    counts; fewer where fewer have anything in common with this one) and :math:`\bar f_{ui}` the household's decayed
    frequency of product :math:`i`, relative to its decayed number of baskets or to 1, whichever is more. The own share
    makes it a next-basket model: without it, it forgets what the household is used to.

    Parameters
    ----------
    k : int
        Neighbours per household.
    alpha : float
        :math:`\alpha`, the neighbours' share, between 0 and 1.
    half_life : float
        :math:`\tau` in days.
    weighting, similarity : str
        As in :class:`ItemKNN`, of a household's purchases of each product.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.

    References
    ----------
    Hu, He, Gao and Zhang (2020), *Modeling personalized item frequency information for next-basket
    recommendation* (TIFU-KNN).
    """

    def __init__(
        self,
        k: int = 100,
        alpha: float = 0.3,
        half_life: float = 90.0,
        weighting: Weighting = "log",
        similarity: Similarity = "cosine",
    ) -> None:
        self.k, self.alpha = whole(k, "k"), number(alpha, "alpha", 0, 1, note=", the neighbours' share")
        self.half_life = checked_half_life(half_life)
        self.weighting = one_of(weighting, "weighting", WEIGHTINGS)
        self.similarity = one_of(similarity, "similarity", SIMILARITIES)

    def fit(self, task: Task) -> Self:
        """Find each household's neighbours and how often each household buys each product."""
        vectors = weigh(task.history.matrix(), self.weighting)
        similarity = nearest(vectors, self.k + 1, similarity=self.similarity)
        self.neighbours_ = sparse.csr_array(similarity > 0).astype(np.float32)
        self.neighbours_.setdiag(0)  # each household was the first of its own k + 1
        self.frequency_ = basket_frequency(task, self.half_life)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        frequency = fitted(self, "frequency_")
        households = household_codes(households, frequency.shape[0])
        neighbours = self.neighbours_[households]
        share = self.alpha / np.maximum(neighbours.sum(axis=1), 1)
        theirs = sparse.diags_array(share.astype(np.float32)) @ neighbours @ frequency
        return ((1 - self.alpha) * frequency[households] + theirs).toarray()


def basket_frequency(task: Task, half_life: float) -> sparse.csr_array:
    r"""How often each household buys each product, :math:`\bar f_{ui}` of :class:`UserKNN`; (n_users, n_items).

    Examples
    --------
    One of two baskets had jam, and both had tea.

    >>> import pandas as pd
    >>> from shoprec.tasks import next_basket_split
    >>> days = pd.to_datetime(["2017-01-05", "2017-02-03", "2017-02-03", "2017-03-02"])
    >>> table = pd.DataFrame({"user": "Ann", "item": ["tea", "jam", "tea", "tea"], "timestamp": days})
    >>> task = next_basket_split(table, cut="2017-03-01", items=["jam", "tea"])
    >>> basket_frequency(task, half_life=np.inf).toarray()
    array([[0.5, 1. ]], dtype=float32)
    """
    history, weight = task.history, decay(task, half_life)
    n_baskets = np.bincount(history.user, weight * history.opens_basket, minlength=history.n_users)
    return history.matrix(weight / np.maximum(n_baskets, 1)[history.user])


def nearest(
    vectors: sparse.csr_array, k: int, strength: float = 0.0, similarity: Similarity = "cosine", block: int = 256
) -> sparse.csr_array:
    """Similarity of each row to its ``k`` nearest rows, itself among them however many are equal to it.

    Parameters
    ----------
    vectors : sparse array of shape (n, d)
    k : int
        Entries kept per row.
    strength : float
        Strength of :func:`shoprec.formulas.similarity.shrink`; the support is the number of columns where both rows are
        nonzero.
    similarity : str
        ``"cosine"`` or ``"pearson"``, the latter over all columns.
    block : int
        Rows of the full matrix that exist at a time.

    Returns
    -------
    csr_array of shape (n, n)

    Raises
    ------
    ValueError
        If the similarity has another name, or a number is out of range.

    Examples
    --------
    The second and third item share no buyer. Uncorrelated would be 0; their correlation is negative.

    >>> bought = sparse.csr_array([[1., 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    >>> nearest(bought, k=3, similarity="pearson").toarray().round(2)
    array([[ 1.  ,  0.33, -1.  ],
           [ 0.33,  1.  , -0.33],
           [-1.  , -0.33,  1.  ]])
    """
    k, strength = whole(k, "k"), number(strength, "strength", 0)
    if one_of(similarity, "similarity", SIMILARITIES) == "cosine":
        return _with_itself(cosine_top_k(vectors, k=k, strength=strength, block=block), k)
    seen = abs(vectors).sign()
    blocks = []
    for start in range(0, vectors.shape[0], whole(block, "block")):
        rows = slice(start, start + block)
        correlation = pearson_similarity(vectors[rows], vectors)
        if strength != 0:
            correlation = shrink(correlation, (seen[rows] @ seen.T).toarray(), strength)
        blocks.append(top_k(correlation, k))
    return _with_itself(sparse.vstack(blocks, format="csr"), k)


def _with_itself(similarity: sparse.csr_array, k: int) -> sparse.csr_array:
    """Give a row a place among its own ``k`` nearest if as many rows equal to it took all places."""
    crowded = np.flatnonzero((similarity.diagonal() == 0) & (np.diff(similarity.indptr) == k))
    # Nothing is nearer to a row than itself, so that those in its places are as near.
    similarity.indices[similarity.indptr[crowded + 1] - 1] = crowded
    similarity.has_sorted_indices = False
    similarity.sort_indices()
    return similarity


def weigh(counts: sparse.csr_array, weighting: Weighting) -> sparse.csr_array:
    """Weigh counts before rows are compared: what an entry says about its row.

    Parameters
    ----------
    counts : sparse array of shape (n, d)
        How often each of the rows that are to be compared occurs with each column.
    weighting : str
        ``"counts"`` as they are, ``"binary"`` 1 for each that is not 0, ``"log"`` (:func:`damped`), ``"tfidf"``
        (:func:`tfidf_weights`) or ``"bm25"`` (:func:`bm25_weights`).

    Raises
    ------
    ValueError
        If the weighting has another name, or a count is negative, NaN or infinite.

    Examples
    --------
    >>> weigh(sparse.csr_array([[3., 0, 1]]), "binary").toarray()
    array([[1., 0., 1.]])
    """
    return WEIGHTINGS[one_of(weighting, "weighting", WEIGHTINGS)](counts)


def damped(counts: sparse.csr_array) -> sparse.csr_array:
    """Counts on a logarithmic scale, log(1 + n): the tenth carton of milk says less than the first."""
    return _counts(counts).log1p()


def tfidf_weights(counts: sparse.csr_array) -> sparse.csr_array:
    r"""Counts under a square root, times the rarity of the column: who buys everything says little.

    .. math:: w_{rc} = \sqrt{n_{rc}} \; \max\Bigl(0, \log \frac{N}{1 + d_c}\Bigr)

    with :math:`N` rows, and :math:`d_c` of them nonzero in column :math:`c`. A factor that depended on the row alone
    would not change a cosine.

    Parameters
    ----------
    counts : sparse array of shape (n_rows, n_columns)
        Not negative; rows are what is compared ("documents"), columns what they hold ("terms").

    References
    ----------
    Breese, Heckerman and Kadie (1998), *Empirical analysis of predictive algorithms for collaborative filtering*
    (inverse user frequency); the form of the library ``implicit``.

    Examples
    --------
    Four products; the first household bought all of them, the second only one, four times.

    >>> counts = sparse.csr_array([[1., 4], [1, 0], [1, 0], [1, 0]])
    >>> tfidf_weights(counts).toarray().round(3)
    array([[0.   , 1.386],
           [0.   , 0.   ],
           [0.   , 0.   ],
           [0.   , 0.   ]])
    """
    counts = _counts(counts)
    return _scaled(counts.sqrt(), columns=_rarity(counts))


def bm25_weights(counts: sparse.csr_array, k1: float = 1.2, b: float = 0.75) -> sparse.csr_array:
    r"""Saturating counts, relative to the row's length, times the rarity of the column.

    .. math:: w_{rc} = \frac{(k_1 + 1) \, n_{rc}}{n_{rc} + k_1 \left(1 - b + b \, L_r / \bar L\right)} \;
              \max\Bigl(0, \log \frac{N}{1 + d_c}\Bigr)

    with :math:`L_r = \sum_c n_{rc}` the length of the row and :math:`\bar L` the mean length. The fraction rises from
    0 towards :math:`k_1 + 1`: :math:`k_1` says how soon it levels off, :math:`b` how much longer rows are discounted.

    Parameters
    ----------
    counts : sparse array of shape (n_rows, n_columns)
        As in :func:`tfidf_weights`.
    k1 : float
        At least 0, where a count is as good as 1.
    b : float
        Between 0, length doesn't matter, and 1.

    Raises
    ------
    ValueError
        If a parameter is out of range, or a count is.

    References
    ----------
    Robertson and Zaragoza (2009), *The probabilistic relevance framework: BM25 and beyond*; the rarity is that of
    :func:`tfidf_weights`.

    Examples
    --------
    >>> counts = sparse.csr_array([[1., 0, 0], [0, 9, 0], [0, 0, 1], [0, 0, 0]])
    >>> bm25_weights(counts, b=0).max(axis=1).toarray().round(3)
    array([0.693, 1.346, 0.693, 0.   ])
    """
    counts, k1, b = _counts(counts), number(k1, "k1", 0, ends="[)"), number(b, "b", 0, 1)
    length = counts.sum(axis=1)
    norm = k1 * (1 - b + b * length / max(length.mean(), 1e-12))
    weights = counts.copy()
    weights.data *= (k1 + 1) / (weights.data + np.repeat(norm, np.diff(counts.indptr))).astype(counts.dtype)
    return _scaled(weights, columns=_rarity(counts))


def _counts(counts: sparse.csr_array) -> sparse.csr_array:
    """Counts as floats, after making sure that they can be counts."""
    counts = sparse.csr_array(counts)
    if counts.dtype.kind != "f":
        counts = counts.astype(float)
    if not (counts.data >= 0).all() or np.isinf(counts.data).any():
        raise ValueError("counts hold a number that is negative, NaN or infinite; pass how often each pair occurs")
    return counts


def _rarity(counts: sparse.csr_array) -> Floats:
    """Logarithm of the number of rows over one more than those nonzero in a column, not below 0."""
    n_nonzero = counts.count_nonzero(axis=0)
    return np.log(np.maximum(counts.shape[0] / (1 + n_nonzero), 1))


def _scaled(matrix: sparse.csr_array, columns: Floats) -> sparse.csr_array:
    """Each column times its factor, in the matrix's own precision; zeros that arise are not stored."""
    scaled = sparse.csr_array(matrix @ sparse.diags_array(columns.astype(matrix.dtype)))
    scaled.eliminate_zeros()
    return scaled


WEIGHTINGS: dict[str, Callable[[sparse.csr_array], sparse.csr_array]] = {
    "binary": lambda counts: _counts(counts).sign(),
    "counts": _counts,
    "log": damped,
    "tfidf": tfidf_weights,
    "bm25": bm25_weights,
}
