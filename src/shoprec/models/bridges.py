r"""Bridges: ways from what a household bought in some departments to products of another one that it hasn't seen.

Let :math:`F` hold what the households that are asked about ("readers") bought in the departments that are known, the
*source*, with damped counts, and :math:`A` and :math:`B` who bought what in the source and in the *target*. Words
compare products of both sides, and need nobody else. The other bridges need households that were seen on both sides,
and a household must not be its own witness: entries and terms that are the reader's own are taken out, see ``but``.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.preprocessing import normalize

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import number


def by_words(profile: sparse.csr_array | Floats, source: Floats, target: Floats) -> Floats:
    r"""Cosine between the text of all that a household bought in the source and that of each target product.

    .. math:: s_{ui} = \frac{\langle \mathbf{b}_u, \mathbf{c}_i \rangle}{\|\mathbf{b}_u\|}, \qquad
              \mathbf{b}_u = \sum_{j \in S} F_{uj} \, \mathbf{c}_j

    Parameters
    ----------
    profile : sparse array of shape (n_readers, n_source)
        :math:`F`.
    source, target : arrays or sparse arrays of shape (n_source, d), (n_target, d)
        Vectors of the products' texts, of length 1.

    Returns
    -------
    array of float, shape (n_readers, n_target)
        Zeros for a reader whose purchases have no text.

    Examples
    --------
    >>> by_words(np.array([[2.0, 0]]), source=np.array([[1.0, 0], [0, 1]]), target=np.array([[0.6, 0.8]]))
    array([[0.6]])
    """
    return _dense(normalize(profile @ source) @ target.T)


def agreement(readers: sparse.csr_array, witnesses: sparse.csr_array, but: Codes) -> Floats:
    r"""How much of a reader's source purchases each witness shares, :math:`K = F A^\mathsf{T}`, without some witnesses.

    Parameters
    ----------
    readers, witnesses : sparse arrays of shape (n_readers, n_source), (n_witnesses, n_source)
    but : array of int, shape (n_readers,) or (n_readers, n)
        Witnesses that don't count for a reader: itself, and whoever's history it was lent. Empty, and all count.

    Returns
    -------
    array of float, shape (n_readers, n_witnesses)

    Examples
    --------
    >>> bought = sparse.csr_array([[1.0, 0], [1, 1], [0, 1]])
    >>> agreement(bought, bought, but=np.arange(3))
    array([[0., 1., 0.],
           [1., 0., 1.],
           [0., 1., 0.]])
    """
    shared = _dense(readers @ witnesses.T)
    if len(but):
        np.put_along_axis(shared, np.asarray(but).reshape(len(shared), -1), 0, axis=1)
    return shared


def by_copurchase(shared: Floats, bought: sparse.csr_array, power: float = 0.5) -> Floats:
    r"""Target products that are bought by those who buy what the reader buys in the source.

    .. math:: s_{ui} = \frac{1}{n_i^{p}} \sum_{j \in S} F_{uj} \, n_{ji}
                     = \frac{1}{n_i^{p}} \sum_{v \ne u} K_{uv} \, B_{vi}, \qquad n_{ji} = \sum_{v \ne u} A_{vj} B_{vi}

    The two sums are one product of three matrices, bracketed differently: what products have in common
    (:math:`A^\mathsf{T} B`), read through the household, or what households have in common, read through the products.

    Parameters
    ----------
    shared : array of shape (n_readers, n_witnesses)
        :math:`K`, from :func:`agreement`.
    bought : sparse array of shape (n_witnesses, n_target)
        :math:`B`, 1 where a witness bought a product.
    power : float
        :math:`p`: 0 favours what everybody buys, 1 what few do.

    Returns
    -------
    array of float, shape (n_readers, n_target)

    Examples
    --------
    The first product has two buyers, the second one; the reader agrees with the second witness alone.

    >>> bought = sparse.csr_array([[1.0, 0], [1, 1]])
    >>> by_copurchase(np.array([[0.0, 3.0]]), bought, power=1)
    array([[1.5, 3. ]])
    """
    buyers = np.maximum(bought.sum(axis=0), 1).astype(shared.dtype)
    return np.asarray(_dense(shared @ bought) / buyers ** number(power, "power", 0, 1), shared.dtype)


def by_households(shared: Floats, bought: sparse.csr_array, k: int = 100) -> Floats:
    r"""What the ``k`` households most alike in the source buy in the target.

    .. math:: s_{ui} = \frac{1}{k} \sum_{v \in N_k(u)} B_{vi}

    Parameters
    ----------
    shared : array of shape (n_readers, n_witnesses)
        Similarities in the source, from :func:`agreement` of rows of length 1, which makes them cosines.
    bought : sparse array of shape (n_witnesses, n_target)
        What a witness buys in the target, such as 1 for each product, or damped counts.
    k : int

    Returns
    -------
    array of float, shape (n_readers, n_target)
        Households with which a reader shares nothing are no neighbours.

    Examples
    --------
    >>> by_households(np.array([[0.9, 0.1, 0.5]]), sparse.csr_array([[1.0, 0], [0, 1], [1, 1]]), k=2)
    array([[1. , 0.5]])
    """
    k = min(whole(k, "k"), shared.shape[1])
    near = np.argpartition(-shared, k - 1, axis=1)[:, :k]
    rows = np.repeat(np.arange(len(shared)), k)
    some = np.take_along_axis(shared, near, axis=1).ravel() > 0
    pairs = rows[some], near.ravel()[some]
    neighbours = sparse.csr_array((np.ones(some.sum(), np.float32), pairs), shape=shared.shape)
    return _dense(neighbours @ bought) / k


def by_mapping(factors: Floats, bought: sparse.csr_array, rows: Codes, but: Codes, strength: float = 1.0) -> Floats:
    r"""A linear map from the source's factors to the target's products, learned from the other households.

    .. math:: s_u = \mathbf{u}_u^\mathsf{T} \, (U^\mathsf{T} U + \lambda I)^{-1} \, U^\mathsf{T} B

    where a reader's own row, and that of the household whose history it was lent, take no part. With
    :math:`H = U (U^\mathsf{T} U + \lambda I)^{-1} U^\mathsf{T}` and the residuals :math:`E = B - H B`, leaving out the
    rows :math:`T` changes their residuals to :math:`(I - H_{TT})^{-1} E_T`, so that nothing is learned anew.

    Parameters
    ----------
    factors : array of shape (n_households, d)
        :math:`U`.
    bought : sparse array of shape (n_households, n_target)
    rows : array of int, shape (n_readers,)
        Whose factors are read.
    but : array of int, shape (n_readers,)
        Who is asked about; the same as ``rows`` if nobody was lent a history.
    strength : float
        :math:`\lambda`, relative to the mean diagonal entry of :math:`U^\mathsf{T} U`.

    Returns
    -------
    array of float, shape (n_readers, n_target)

    References
    ----------
    Man, Shen, Jin and Cheng (2017), *Cross-domain recommendation: An embedding and mapping approach*, whose map goes
    from factors to factors.

    Examples
    --------
    One factor; without its own row the first household is told by the second alone.

    >>> factors, bought = np.array([[1.0], [1.0]]), sparse.csr_array([[9.0], [4.0]])
    >>> by_mapping(factors, bought, rows=np.array([0]), but=np.array([0]), strength=0).round(3)
    array([[4.]])
    """
    gram = factors.T @ factors
    gram[np.diag_indices_from(gram)] += number(strength, "strength", 0) * np.trace(gram) / len(gram)
    left = factors @ np.linalg.inv(gram)  # H = left @ factors.T
    weights = _dense(left.T @ bought)
    own, lent = _dense(bought[but]) - factors[but] @ weights, _dense(bought[rows]) - factors[rows] @ weights

    def hat(a: Codes, b: Codes) -> Floats:
        return (left[a] * factors[b]).sum(axis=1)[:, None]

    a, b, d = 1 - hat(but, but), -hat(but, rows), 1 - hat(rows, rows)
    without = np.where(
        (but == rows)[:, None], lent / d, (a * lent - b * own) / np.where(a * d > b * b, a * d - b * b, 1)
    )
    return _dense(bought[rows]) - without


def leaning(n_buyers: npt.ArrayLike, local: Floats, strength: float) -> Floats:
    r"""Popularity that leans on the chain where a store has few buyers.

    .. math:: s_{ui} = n_i^{\text{store of } u} + m \, \frac{n_i}{\sum_j n_j}

    Parameters
    ----------
    n_buyers : array of shape (n_target,) or (n_readers, n_target)
        Buyers in the chain.
    local : array of shape (n_readers, n_target)
        Buyers in the reader's store.
    strength : float
        :math:`m`.

    Examples
    --------
    >>> leaning([6, 2], local=np.array([[0.0, 1.0]]), strength=4)
    array([[3., 2.]])
    """
    n = np.asarray(n_buyers, dtype=np.float32)
    return local + number(strength, "strength", 0) * n / np.maximum(n.sum(axis=-1, keepdims=True), 1)


def _dense(matrix: sparse.csr_array | Floats) -> Floats:
    """A matrix as an array."""
    return np.asarray(matrix.toarray() if isinstance(matrix, sparse.sparray) else matrix)
