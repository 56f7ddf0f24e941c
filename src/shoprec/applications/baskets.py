r"""Bought together: which products share baskets, and more often than chance would have it.

Of :math:`N` baskets, :math:`n_i` hold product :math:`i`, and :math:`c_{ij}` hold both :math:`i` and :math:`j`.
"""

import numpy as np
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats
from shoprec.tasks import History


class BasketCounts:
    """How many baskets hold a product, and how many hold a pair of them.

    Parameters
    ----------
    history : History

    Attributes
    ----------
    n_baskets : int
    single : array of float, shape (n_items,)
        Baskets with each product, :math:`n_i`.
    pairs : sparse array, shape (n_items, n_items)
        Baskets with each pair, :math:`c_{ij}`; the diagonal is empty.
    """

    def __init__(self, history: History) -> None:
        once = np.ones(len(history.item), np.float32)
        shape = int(history.basket[-1]) + 1, history.n_items
        holds = sparse.coo_array((once, (history.basket, history.item)), shape=shape).tocsr()
        holds.data[:] = 1  # bought twice in a basket counts once
        pairs = (holds.T @ holds).tocsr()
        pairs.setdiag(0)
        pairs.eliminate_zeros()
        self.n_baskets, self.single, self.pairs = holds.shape[0], holds.sum(axis=0).astype(float), pairs

    def confidence(self, items: Codes) -> Floats:
        r"""Share of the baskets with each product that hold another, :math:`c_{ij} / n_i`.

        Parameters
        ----------
        items : array of int, shape (n,)

        Returns
        -------
        array of float, shape (n, n_items)
            Zeros for a product that was never bought.
        """
        return self.pairs[items].toarray() / np.maximum(self.single[items], 1)[:, None]

    def lift(self, items: Codes, prior: float = 0.0) -> Floats:
        r"""How many times as often as by chance two products share a basket, shrunk towards once.

        .. math:: \ell_{ij} = \frac{c_{ij} + a}{e_{ij} + a}, \qquad e_{ij} = \frac{n_i n_j}{N}

        By chance, :math:`e_{ij}` baskets would hold both. If :math:`c_{ij}` is Poisson with mean
        :math:`\lambda_{ij} e_{ij}`, and :math:`\lambda_{ij}` is drawn from a gamma distribution with mean 1 and shape
        :math:`a`, then :math:`\ell_{ij}` is the mean of :math:`\lambda_{ij}` once :math:`c_{ij}` is known.

        Parameters
        ----------
        items : array of int, shape (n,)
        prior : float
            :math:`a`, 0 for the plain lift.

        Returns
        -------
        array of float, shape (n, n_items)
            Without a prior, zeros where nothing is expected.

        Raises
        ------
        ValueError
            If the prior is negative.
        """
        if not prior >= 0:
            raise ValueError(f"the prior must be 0 or positive, not {prior}")
        expected = self.single[items][:, None] * self.single / self.n_baskets + prior
        together = self.pairs[items].toarray().astype(float) + prior
        return np.divide(together, expected, out=np.zeros_like(expected), where=expected > 0)
