"""Similarity of vectors: how alike are two items, or two households?

Rows are vectors, dense or SciPy sparse. Sparse input is never densified: a table of purchases has a few
hundred entries per household among thousands of items. The result is dense; where that is too large,
:func:`cosine_top_k` keeps the nearest neighbours alone.

Numbers may be as large or small as their type allows: what is squared is scaled by a power of two first, if need be.
32-bit floats stay 32-bit where that is precise enough, and results come back as such.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from shoprec.formulas.arrays import (
    EXACT,
    MILLION,
    Floats,
    Mask,
    Matrix,
    Rows,
    blocks,
    centred,
    descending,
    exponents,
    finite,
    fitted,
    floats,
    lengths,
    norms,
    scaled,
    unchecked,
    whole,
    wide,
)
from shoprec.formulas.checks import number

LONG = 2**16  #: sums of more numbers than this are not left to 32 bits
MISSING = "fill in or drop missing values first"


def cosine_similarity(a: Matrix, b: Matrix | None = None) -> Floats:
    r"""Cosine of the angle between each row of ``a`` and each row of ``b``.

    .. math::

        \cos(\mathbf{a}, \mathbf{b}) = \frac{\langle \mathbf{a}, \mathbf{b} \rangle}
                                          {\lVert \mathbf{a} \rVert \, \lVert \mathbf{b} \rVert}

    Parameters
    ----------
    a : dense or sparse matrix of shape (n_a, d)
    b : dense or sparse matrix of shape (n_b, d), optional
        Without it, the rows of ``a`` are compared with each other.

    Returns
    -------
    array of shape (n_a, n_b)
        Between -1 and 1; rounding beyond that is clipped. A zero row has no direction: its similarity is
        0, with itself too. Always dense; floats come back in their precision, integers become 64-bit floats.

    Raises
    ------
    ValueError
        If an argument is not a matrix, holds NaN or infinity, or the rows differ in length.

    References
    ----------
    Salton, Wong and Yang (1975), *A vector space model for automatic indexing*; between items, Sarwar,
    Karypis, Konstan and Riedl (2001), *Item-based collaborative filtering recommendation algorithms*.

    Examples
    --------
    >>> cosine_similarity([[1, 0], [3, 4], [0, 0]])
    array([[1. , 0.6, 0. ],
           [0.6, 1. , 0. ],
           [0. , 0. , 0. ]])
    """
    x, y, dtype = _rows(a, b)
    x, y = _moderate(x), _moderate(y)
    return _normalise(_dot(x, y), norms(x), norms(y)).astype(dtype, copy=False)


def pearson_similarity(a: Matrix, b: Matrix | None = None) -> Floats:
    r"""Pearson correlation of each row of ``a`` with each row of ``b``, over *all* coordinates.

    The cosine of the rows after subtracting their means:

    .. math:: r(\mathbf{a}, \mathbf{b}) = \frac{\sum_j (a_j - \bar a)(b_j - \bar b)}
              {\sqrt{\sum_j (a_j - \bar a)^2} \sqrt{\sum_j (b_j - \bar b)^2}}

    Subtracting a mean would fill a sparse matrix. The numerator is therefore computed as the sparse product
    minus a rank-one correction, :math:`\langle \mathbf{a}, \mathbf{b} \rangle - d\,\bar a\,\bar b`, in 64 bits. That
    difference would lose digits if a row's mean were far larger than its spread; but a row that has a zero spreads
    at least as far as from there to its mean, and from a row without zeros the mean can be subtracted.

    Parameters
    ----------
    a : dense or sparse matrix of shape (n_a, d)
        A coordinate that is not stored in a sparse matrix is a zero, not a missing value.
    b : dense or sparse matrix of shape (n_b, d), optional
        Without it, the rows of ``a`` are compared with each other.

    Returns
    -------
    array of shape (n_a, n_b)
        Between -1 and 1; rounding beyond that is clipped. A constant row does not vary with anything: its
        similarity is 0, with itself too. Always dense; floats come back in their precision.

    Raises
    ------
    ValueError
        If an argument is not a matrix, holds NaN or infinity, or the rows differ in length.

    References
    ----------
    Resnick, Iacovou, Suchak, Bergstrom and Riedl (1994), *GroupLens: an open architecture for
    collaborative filtering of netnews*, which correlates over co-rated items only.

    Examples
    --------
    >>> pearson_similarity([[1, 2, 3], [6, 4, 2], [5, 5, 5]])
    array([[ 1., -1.,  0.],
           [-1.,  1.,  0.],
           [ 0.,  0.,  0.]])
    """
    x, y, dtype = _rows(a, b)
    (x, x_mean, x_norm), (y, y_mean, y_norm) = _centre(x), _centre(y)
    product = _dot(x, y)
    product -= np.outer(x.shape[1] * x_mean, y_mean)
    return _normalise(product, x_norm, y_norm).astype(dtype, copy=False)


def jaccard_similarity(a: Matrix, b: Matrix | None = None) -> Floats:
    r"""Jaccard index of each row of ``a`` with each row of ``b``: what two sets share of all that they hold.

    .. math:: J(A, B) = \frac{|A \cap B|}{|A \cup B|} = \frac{n_{AB}}{n_A + n_B - n_{AB}}

    Parameters
    ----------
    a : dense or sparse matrix of shape (n_a, d)
        A row is the set of the coordinates in which it is nonzero; how large they are doesn't count.
    b : dense or sparse matrix of shape (n_b, d), optional
        Without it, the rows of ``a`` are compared with each other.

    Returns
    -------
    array of shape (n_a, n_b)
        Between 0 and 1. An empty set resembles nothing: its similarity is 0, with itself too. Always dense;
        floats come back in their precision.

    Raises
    ------
    ValueError
        If an argument is not a matrix, holds NaN or infinity, or the rows differ in length.

    References
    ----------
    Manning, Raghavan and Schütze (2008), *Introduction to Information Retrieval*, section 3.3.4.

    Examples
    --------
    >>> jaccard_similarity([[1, 1, 1, 0], [0, 2, 0, 0], [0, 0, 5, 5]]).round(2)
    array([[1.  , 0.33, 0.25],
           [0.33, 1.  , 0.  ],
           [0.25, 0.  , 1.  ]])
    """
    x, y, dtype = _rows(a, b)
    x, y = _seen(x), _seen(y)
    common = _dot(x, y)
    union = np.asarray(x.sum(axis=1))[:, None] + np.asarray(y.sum(axis=1)) - common
    return np.divide(common, union, out=common, where=union > 0).astype(dtype, copy=False)


def euclidean_distances(a: Matrix, b: Matrix | None = None) -> Floats:
    r"""Straight-line distance from each row of ``a`` to each row of ``b``.

    .. math:: \lVert \mathbf{a} - \mathbf{b} \rVert = \sqrt{\lVert \mathbf{a} \rVert^2 + \lVert \mathbf{b} \rVert^2
              - 2 \langle \mathbf{a}, \mathbf{b} \rangle}

    Computed as it stands there, from the sparse inner products, in 64 bits. The difference under the root loses
    digits where two rows are far closer to each other than to the origin, and squares may overflow or vanish: the
    distances of such pairs are computed again, from the difference of the two rows.

    Parameters
    ----------
    a : dense or sparse matrix of shape (n_a, d)
    b : dense or sparse matrix of shape (n_b, d), optional
        Without it, the rows of ``a`` are compared with each other.

    Returns
    -------
    array of shape (n_a, n_b)
        Never negative. Always dense; floats come back in their precision.

    Raises
    ------
    ValueError
        If an argument is not a matrix, holds NaN or infinity, the rows differ in length, or a distance leaves the
        range of the type.

    Examples
    --------
    >>> euclidean_distances([[0, 0], [3, 4]])
    array([[0., 5.],
           [5., 0.]])
    """
    x, y, dtype = _rows(a, b)
    x, y = wide(x), wide(y)
    with unchecked():
        both = norms(x)[:, None] ** 2 + norms(y) ** 2
        square = both - 2 * _dot(x, y)
        sound = (square > 1e-3 * both) & (both > 1e-270) & (both < np.inf)
        distance = np.sqrt(np.where(sound, square, 0))
        rows, columns = np.nonzero(~sound & ((lengths(x)[:, None] > 0) | (lengths(y) > 0)))
        for part in blocks(len(rows), 1 + MILLION // x.shape[1]):
            distance[rows[part], columns[part]] = lengths(x[rows[part]] - y[columns[part]])
    return fitted(distance, dtype, "a distance")


def shrink(similarity: npt.ArrayLike, support: npt.ArrayLike, strength: float) -> Floats:
    r"""Pull similarities that rest on few observations towards zero.

    .. math:: s'_{ij} = \frac{n_{ij}}{n_{ij} + \lambda}\, s_{ij}

    Two items that one and the same household bought, and nobody else, have cosine 1. With
    :math:`\lambda = 10` 1/11 of it is left, whereas with 100 common households 10/11 would be.

    Parameters
    ----------
    similarity : array
        :math:`s`, of any shape.
    support : array of the same shape
        :math:`n`, the number of observations behind each similarity: 0, or from 2**-53 to 2**53.
    strength : float
        :math:`\lambda`, the support at which half of a similarity is left, from 0 to 2**53. A support of 0 leaves
        nothing.

    Returns
    -------
    array of the same shape

    Raises
    ------
    ValueError
        If the shapes differ, an argument is sparse, ``similarity`` holds NaN or infinity, or ``support`` or
        ``strength`` is out of its range.

    References
    ----------
    Bell and Koren (2007), *Scalable collaborative filtering with jointly derived neighborhood interpolation
    weights*.

    Examples
    --------
    >>> shrink([[1.0, 0.8]], support=[[1, 30]], strength=10).round(3)
    array([[0.091, 0.6  ]])
    """
    if sparse.issparse(similarity) or sparse.issparse(support):
        raise ValueError("similarity and support must be dense; for large tables, cosine_top_k shrinks in blocks")
    s, n = finite(similarity, "similarity", "give pairs without a similarity 0"), floats(support, "support")
    dtype, n = np.result_type(s, n), wide(n, np.float32)
    if s.shape != n.shape:
        raise ValueError(f"similarity has shape {s.shape}, support {n.shape}; give each similarity its support")
    if not ((n == 0) | ((n >= 1 / EXACT) & (n <= EXACT))).all():
        raise ValueError("support is negative, NaN or out of the range 2**-53 to 2**53; it counts observations")
    return _shrunk(wide(s, np.float32), n, _counted(strength)).astype(dtype, copy=False)


def largest(x: npt.ArrayLike, k: int) -> Mask:
    """Mark the ``k`` largest entries of each row; of equal entries, those further left.

    Parameters
    ----------
    x : array of shape (..., n)
        Numbers of any type; infinite ones are allowed.
    k : int
        Between 1 and ``n``.

    Returns
    -------
    array of bool, shape (..., n)
        With exactly ``k`` true entries in each row.

    Raises
    ------
    ValueError
        If an entry is NaN, or ``k`` is out of range.

    Examples
    --------
    >>> largest([[5, 7, 5, 5]], k=3)
    array([[ True,  True,  True, False]])
    """
    x = np.asarray(x)
    if x.ndim == 0 or not 1 <= whole(k, "k") <= x.shape[-1]:
        raise ValueError(f"k is {k}, but x has shape {x.shape}; choose 1 <= k <= length of a row")
    if x.dtype.kind not in "biuf":
        raise ValueError(f"x has type {x.dtype}; pass booleans, integers or floats")
    marked = np.empty(x.shape, dtype=bool)
    rows, marks = x.reshape(-1, x.shape[-1]), marked.reshape(-1, x.shape[-1])
    for part in blocks(len(rows), 1 + MILLION // x.shape[-1]):  # a block's five tables at a time
        marks[part] = _mark_largest(rows[part], k)
    return marked


def _mark_largest(x: npt.NDArray[Any], k: int) -> Mask:
    """What :func:`largest` does, on a block of rows."""
    if np.isnan(x).any():
        raise ValueError("x contains NaN, which is neither large nor small; use -inf for what must come last")
    if k == x.shape[1]:
        return np.ones(x.shape, dtype=bool)
    cost = descending(x)  # np.partition is ten times slower at the upper end of many equal values
    threshold = np.partition(cost, k - 1, axis=1)[:, [k - 1]]
    marks = cost <= threshold
    crowded = np.flatnonzero(marks.sum(axis=1) > k)  # rows with more entries tied than places are left for them
    above, tied = cost[crowded] < threshold[crowded], cost[crowded] == threshold[crowded]
    places = k - above.sum(axis=1, keepdims=True)  # which the tied take from the left
    marks[crowded] = above | (tied & (np.cumsum(tied, axis=1, dtype=np.int32) <= places))
    return marks


def top_k(similarity: Matrix, k: int, block: int = 256) -> sparse.csr_array:
    """Keep the ``k`` largest entries of each row; of equal entries, those with the lower column.

    Parameters
    ----------
    similarity : dense or sparse matrix of shape (n, m)
        A sparse matrix is read as the dense one that it stands for: an entry that is not stored is a 0, and
        larger than a negative entry.
    k : int
        At least 1; rows shorter than ``k`` are kept whole.
    block : int
        Rows to hold densely at a time: ``block`` x ``m`` floats, three times over.

    Returns
    -------
    csr_array of shape (n, m)
        At most ``k`` entries per row, fewer where the ``k`` largest include zeros, which aren't stored. SciPy has
        no sparse matrices of 16-bit floats: they become 32-bit.

    Raises
    ------
    ValueError
        If ``similarity`` is not a matrix or holds NaN or infinity, or ``k`` or ``block`` is below 1.

    Examples
    --------
    >>> top_k([[0.2, 0.9, 0.2], [0.0, 0.3, -0.5]], k=2).toarray()
    array([[0.2, 0.9, 0. ],
           [0. , 0.3, 0. ]])
    """
    s = wide(_matrix(similarity, "similarity"), np.float32)
    k = whole(k, "k")
    return sparse.vstack([_sparse_largest(s[rows], k) for rows in blocks(s.shape[0], block)], format="csr")


def cosine_top_k(
    a: Matrix, b: Matrix | None = None, k: int = 100, strength: float = 0.0, block: int = 256
) -> sparse.csr_array:
    r"""Cosine similarity of each row of ``a`` to its ``k`` nearest rows of ``b``.

    Equal to ``top_k(cosine_similarity(a, b), k)``, where each similarity is first shrunk if ``strength`` is
    positive; its support is the number of coordinates in which both rows are nonzero. Only ``block`` rows
    of the full matrix exist at a time in each thread: for 10,000 items some 100 MB per core instead of 800.

    Parameters
    ----------
    a, b
        As in :func:`cosine_similarity`. Compared with itself, a row is its own neighbour.
    k, block
        As in :func:`top_k`.
    strength : float
        :math:`\lambda` of :func:`shrink`.

    Returns
    -------
    csr_array of shape (n_a, n_b)

    Raises
    ------
    ValueError
        As :func:`cosine_similarity`, :func:`top_k` and :func:`shrink`.

    Examples
    --------
    Three items, bought by four households.

    >>> bought = [[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 1]]
    >>> cosine_top_k(bought, k=2).toarray()
    array([[1. , 0.5, 0. ],
           [0.5, 1. , 0. ],
           [0.5, 0. , 1. ]])
    """
    x, y, dtype = _rows(a, b)
    k, strength, dtype = whole(k, "k"), _counted(strength), np.result_type(dtype, np.float32)
    x_seen, y_seen = _seen(x), _seen(y)
    binary = x_seen is x and y_seen is y
    x, y = _moderate(x), _moderate(y)
    x_norm, y_norm = norms(x), norms(y)

    def neighbours(rows: slice) -> sparse.csr_array:
        product = _dot(x[rows], y)
        if strength == 0:
            similarity = _normalise(product, x_norm[rows], y_norm)
        else:
            support = product.copy() if binary else _dot(x_seen[rows], y_seen)
            similarity = _shrunk(_normalise(product, x_norm[rows], y_norm), support, strength)
        return _sparse_largest(similarity, k).astype(dtype, copy=False)

    # SciPy and NumPy let other threads run while they compute. No more than cores: a thread keeps memory it has used.
    with ThreadPoolExecutor(_threads()) as pool:
        return sparse.vstack(list(pool.map(neighbours, blocks(x.shape[0], block))), format="csr")


def _matrix(x: Matrix, name: str) -> Rows:
    """A float matrix, dense or in canonical CSR format; may share memory with the input."""
    m = sparse.csr_array(x) if sparse.issparse(x) else np.asarray(x)
    if m.ndim != 2 or m.shape[1] == 0:
        raise ValueError(f"{name} has shape {m.shape}; pass a matrix whose rows are vectors, or v[None, :]")
    if not isinstance(m, sparse.csr_array):
        return finite(m, name, MISSING)
    m = m.astype(floats(m.data, name).dtype, copy=False)
    if not m.has_canonical_format:
        m = m.copy()
        m.sum_duplicates()
    finite(m.data, name, MISSING)
    return m


def _rows(a: Matrix, b: Matrix | None) -> tuple[Rows, Rows, np.dtype]:
    """Both arguments as matrices with rows of the same length, ready to be summed, and the type of the result."""
    x = _matrix(a, "a")
    y = x if b is None else _matrix(b, "b")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"rows of a have {x.shape[1]} entries, those of b {y.shape[1]}; they must agree")
    dtype, least = np.result_type(x.dtype, y.dtype), np.float32 if x.shape[1] <= LONG else np.float64
    x = wide(x, least)
    return x, x if b is None else wide(y, least), dtype


def _threads() -> int:
    """How many threads to compute with: as many as other libraries are told to, or one for each core."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdecimal() and int(told) else os.cpu_count() or 1


def _counted(strength: float) -> float:
    """The strength of :func:`shrink`, after a look at its range."""
    return float(number(strength, "strength", 0, EXACT, note="; it stands for so many observations"))


def _shrunk(similarity: Floats, support: Floats, strength: float) -> Floats:
    """What :func:`shrink` does, on floats that have been checked."""
    return similarity * (support / np.where(support > 0, support + strength, 1))


def _sparse_largest(x: Rows, k: int) -> sparse.csr_array:
    """What :func:`top_k` does, on a block small enough to be dense."""
    dense = x.toarray() if isinstance(x, sparse.csr_array) else x
    if dense.shape[1] == 0:  # b has no rows
        return sparse.csr_array(dense)
    row, column = np.nonzero(largest(dense, min(k, dense.shape[1])) & (dense != 0))
    ends = np.cumsum(np.bincount(row, minlength=len(dense)))
    return sparse.csr_array((dense[row, column], column, np.append(0, ends)), shape=dense.shape)


def _dot(x: Rows, y: Rows) -> Floats:
    """Inner products of all rows of ``x`` with all rows of ``y``, dense."""
    if sparse.issparse(x) and sparse.issparse(y) and _crowded(x, y):
        return np.ascontiguousarray((y @ np.ascontiguousarray(x.toarray().T)).T)
    product = x @ y.T
    return product.toarray() if sparse.issparse(product) else np.asarray(product)


def _crowded(x: sparse.csr_array, y: sparse.csr_array) -> bool:
    """Whether a dense ``x`` gives the products sooner, and takes little more memory than they do.

    It multiplies by all the zeros of ``x``, too, but twenty to forty times as fast as one places sparse products.
    """
    if x.shape[1] > 4 * y.shape[0]:
        return False
    n_sparse = x.count_nonzero(axis=0) @ y.count_nonzero(axis=0)
    return bool(30 * n_sparse > x.shape[0] * y.nnz)


def _reciprocal(norm: Floats) -> Floats:
    """``1 / norm``, but 0 for a norm of 0: what has no direction is left without length."""
    return np.divide(1, norm, out=np.zeros_like(norm), where=norm > 0)


def _moderate(x: Rows) -> Rows:
    """Rows that can be squared: scaled by powers of two if one is very large or small, which leaves their angles."""
    exponent = exponents(x)
    return scaled(x, -exponent) if (np.abs(exponent) > np.finfo(x.dtype).maxexp // 3).any() else x


def _normalise(product: Floats, x_norm: Floats, y_norm: Floats) -> Floats:
    """Divide inner products by both lengths, in place; by a length of 0, the result is 0.

    Dividing last keeps the products of counts exact, so that equal similarities come out equal.
    """
    product *= _reciprocal(x_norm)[:, None]
    product *= _reciprocal(y_norm)
    return np.clip(product, -1, 1, out=product)


def _seen(x: Rows) -> Rows:
    """1 where a row is nonzero; ``x`` itself if that is all it says."""
    values = x.data if isinstance(x, sparse.csr_array) else x
    if np.isin(values, (0, 1)).all():
        return x
    seen = x.copy()
    (seen.data if isinstance(seen, sparse.csr_array) else seen)[...] = values != 0
    return seen


def _centre(x: Rows) -> tuple[Rows, Floats, Floats]:
    """Rows in 64 bits, the means yet to be subtracted from them, and the lengths that they will then have.

    They are scaled, which changes no correlation.
    """
    x = scaled(wide(x), -exponents(x))
    if not isinstance(x, sparse.csr_array):
        deviations = centred(x)
        return deviations, np.zeros(len(x)), norms(deviations)
    n_stored = np.diff(x.indptr)
    full = n_stored == x.shape[1]  # no zeros are left out that would have to be filled
    x.data[np.repeat(full, n_stored)] = centred(x[full].toarray()).ravel()
    mean = np.where(full, 0, x.mean(axis=1))
    stored = x.copy()
    stored.data -= np.repeat(mean, n_stored)
    return x, mean, np.sqrt(norms(stored) ** 2 + (x.shape[1] - n_stored) * mean**2)
