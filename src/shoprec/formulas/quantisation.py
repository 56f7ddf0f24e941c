r"""Residual quantisation: a vector written as a few whole numbers, each of which corrects what those before left over.

.. math:: \mathbf{r}_i^{(0)} = \mathbf{v}_i, \qquad
          z_{i\ell} = \arg\min_c \bigl\lVert \mathbf{r}_i^{(\ell-1)} - \mathbf{b}_{\ell c} \bigr\rVert, \qquad
          \mathbf{r}_i^{(\ell)} = \mathbf{r}_i^{(\ell-1)} - \mathbf{b}_{\ell z_{i\ell}}

The vectors :math:`\mathbf{b}_{\ell c}` of a level are its codebook, found by k-means on what the levels before left
over. A product's codes are its semantic id: those that begin alike are alike. Products that still share all codes are
told apart by one number more, which means nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shoprec.formulas.arrays import Codes, Floats, finite, whole


class Quantised(NamedTuple):
    r"""Codes, and the codebooks that they choose from.

    Attributes
    ----------
    codes : array of int, shape (n, L)
        :math:`z_{i\ell}`.
    books : tuple of arrays, each of shape (codes of the level, d)
        :math:`\mathbf{b}_{\ell c}`.
    """

    codes: Codes
    books: tuple[Floats, ...]

    def vectors(self, levels: int | None = None) -> Floats:
        r"""What the codes of the first levels say of the vectors, :math:`\sum_\ell \mathbf{b}_{\ell z_{i\ell}}`."""
        pairs = list(zip(self.books, self.codes.T, strict=True))[:levels]
        return np.sum([book[code] for book, code in pairs], axis=0)


def quantise(vectors: npt.ArrayLike, sizes: Sequence[int], seed: int = 0) -> Quantised:
    """Residual quantisation by k-means, level after level.

    Parameters
    ----------
    vectors : array of float, shape (n, d)
    sizes : sequence of int
        Codes at each level; where fewer different vectors are left over, as many as these.
    seed : int
        Of the vectors that k-means starts from.

    Raises
    ------
    ValueError
        If the vectors are no table of finite numbers, or there is no level or a size is none.

    References
    ----------
    Rajput et al. (2023), *Recommender systems with generative retrieval*, learn the codes with a network; residual
    k-means is the same without one.

    Examples
    --------
    Four corners by two levels of two codes: the first tells left from right, the second top from bottom.

    >>> corners = np.array([[0.0, 0.0], [0.0, 1.0], [9.0, 0.0], [9.0, 1.0]])
    >>> found = quantise(corners, [2, 2])
    >>> len(np.unique(found.codes[:, 0])), len(np.unique(found.codes, axis=0)), np.allclose(found.vectors(), corners)
    (2, 4, True)
    """
    left = finite(vectors, "vectors", "leave such rows out").astype(float)
    if left.ndim != 2 or not left.size or not len(sizes):
        raise ValueError(f"vectors have the shape {left.shape} and sizes are {list(sizes)}; pass a table and a level")
    rng, codes, books = np.random.default_rng(seed), [], []
    for size in sizes:
        book = k_means(left, whole(size, "a level's size"), rng)
        codes.append(nearest(left, book))
        books.append(book)
        left = left - book[codes[-1]]
    return Quantised(np.stack(codes, axis=1), tuple(books))


def k_means(vectors: Floats, k: int, rng: np.random.Generator, steps: int = 25) -> Floats:
    """Centres that k-means finds, at most ``k``; it starts from vectors drawn far apart (k-means++).

    Parameters
    ----------
    vectors : array of float, shape (n, d)
    k : int
    rng : Generator
    steps : int
        Times that each vector goes to its nearest centre, and each centre to the mean of its vectors.

    Returns
    -------
    array of float, shape (k, d)
        Fewer rows if there are fewer different vectors.

    References
    ----------
    Arthur and Vassilvitskii (2007), *k-means++: The advantages of careful seeding*.
    """
    centres = [vectors[rng.integers(len(vectors))]]
    apart = _squares(vectors, centres[0][None])[:, 0]
    scale = max(float(np.square(vectors).sum(axis=1).max()), np.finfo(float).tiny)
    while len(centres) < k and apart.max() > 1e-12 * scale:  # else all vectors are centres already
        centres.append(vectors[rng.choice(len(vectors), p=apart / apart.sum())])
        apart = np.minimum(apart, _squares(vectors, centres[-1][None])[:, 0])
    found = np.array(centres)
    for _ in range(steps):
        code = nearest(vectors, found)
        n = np.bincount(code, minlength=len(found))
        sums = np.zeros_like(found)
        np.add.at(sums, code, vectors)
        found = np.where(n[:, None] > 0, sums / np.maximum(n, 1)[:, None], found)
    return found


def nearest(vectors: Floats, centres: Floats) -> Codes:
    """The nearest centre of each vector, shape (n,); of equals, the first.

    Examples
    --------
    >>> nearest(np.array([[0.1], [0.9]]), np.array([[0.0], [1.0]]))
    array([0, 1])
    """
    return _squares(vectors, centres).argmin(axis=1)


def told_apart(codes: Codes) -> Codes:
    """The codes with a last one that counts those who share all others, from 0 in the order of the rows.

    Parameters
    ----------
    codes : array of int, shape (n, L)

    Returns
    -------
    array of int, shape (n, L + 1)
        No two rows are alike.

    Examples
    --------
    >>> told_apart(np.array([[3, 1], [0, 1], [3, 1]]))
    array([[3, 1, 0],
           [0, 1, 0],
           [3, 1, 1]])
    """
    _, group, n = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    place = np.empty(len(codes), int)
    place[order] = np.arange(len(codes)) - np.repeat(np.cumsum(n) - n, n)
    return np.column_stack([codes, place])


def collisions(codes: Codes) -> float:
    """Share of the rows that share all their codes with another one.

    Examples
    --------
    >>> collisions(np.array([[3, 1], [0, 1], [3, 1], [2, 2]]))
    0.5
    """
    _, group, n = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    return float((n[group] > 1).mean())


def _squares(vectors: Floats, centres: Floats) -> Floats:
    """Squared distances, (n, k); rounding may leave less than nothing, which becomes nothing."""
    products = vectors @ centres.T
    lengths = np.square(vectors).sum(axis=1)[:, None] + np.square(centres).sum(axis=1)
    return np.maximum(lengths - 2 * products, 0)
