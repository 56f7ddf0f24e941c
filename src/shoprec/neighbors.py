"""Collaborative filtering by neighbours: similar products, similar households."""

from typing import Self

import numpy as np
from scipy import sparse

from shoprec.similarity import cosine_top_k
from shoprec.splits import Codes, Floats, Task


class ItemKNN:
    r"""Products bought by the same households as those in the household's own history.

    .. math:: s_{ui} = \sum_{j \in N_k(i)} \operatorname{sim}(i, j) \, f_{uj}, \qquad
              f_{uj} = \sum_{p \in H_u,\, i_p = j} 2^{-a_p / \tau}

    with :math:`N_k(i)` the ``k`` products most similar to :math:`i`, itself among them, by the shrunk cosine of
    their buyers' vectors, and :math:`f` the household's decayed frequencies.

    Parameters
    ----------
    k : int
        Neighbours kept per product.
    strength : float
        :math:`\lambda` of :func:`shoprec.similarity.shrink`.
    half_life : float
        :math:`\tau` in days.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl (2001), *Item-based collaborative filtering recommendation algorithms*;
    Deshpande and Karypis (2004), *Item-based top-N recommendation algorithms*.
    """

    def __init__(self, k: int = 20, strength: float = 0.0, half_life: float = 90.0) -> None:
        self.k, self.strength, self.half_life = k, strength, half_life

    def fit(self, task: Task) -> Self:
        """Find each product's neighbours."""
        buyers = damped(task.history.matrix()).T.tocsr()
        self.similarity_ = cosine_top_k(buyers, k=self.k, strength=self.strength)
        self.frequency_ = task.history.matrix(0.5 ** ((task.cut_day - task.history.day) / self.half_life))
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        return (self.frequency_[households] @ self.similarity_.T).toarray()


class UserKNN:
    r"""What the households that resemble this one buy, and what it buys itself.

    .. math:: s_{ui} = (1 - \alpha) \, f_{ui} + \frac{\alpha}{k} \sum_{v \in N_k(u)} f_{vi}

    with :math:`N_k(u)` the ``k`` other households with the most similar purchases (cosine of damped counts) and
    :math:`f_{ui}` the household's decayed frequency of product :math:`i`, relative to its decayed number of
    baskets or to 1, whichever is more. The own share makes it a next-basket model: without it, it forgets what the
    household is used to.

    Parameters
    ----------
    k : int
        Neighbours per household.
    alpha : float
        :math:`\alpha`, the neighbours' share, between 0 and 1.
    half_life : float
        :math:`\tau` in days.

    References
    ----------
    Hu, He, Gao and Zhang (2020), *Modeling personalized item frequency information for next-basket
    recommendation* (TIFU-KNN).
    """

    def __init__(self, k: int = 100, alpha: float = 0.3, half_life: float = 90.0) -> None:
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha is {alpha}; the neighbours' share lies between 0 and 1")
        self.k, self.alpha, self.half_life = k, alpha, half_life

    def fit(self, task: Task) -> Self:
        """Find each household's neighbours and add up what they buy."""
        history = task.history
        neighbours = cosine_top_k(damped(history.matrix()), k=self.k + 1)  # + 1: the household itself
        neighbours = sparse.csr_array(neighbours > 0).astype(np.float32)
        neighbours.setdiag(0)
        self.neighbours_ = neighbours
        decay = 0.5 ** ((task.cut_day - history.day) / self.half_life)
        n_baskets = np.bincount(history.user, decay * history.opens_basket, minlength=history.n_users)
        self.frequency_ = sparse.csr_array(sparse.diags_array(1 / np.maximum(n_baskets, 1)) @ history.matrix(decay))
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        own = self.frequency_[households]
        theirs = self.neighbours_[households] @ self.frequency_
        return (1 - self.alpha) * own.toarray() + self.alpha / self.k * theirs.toarray()


def damped(counts: sparse.csr_array) -> sparse.csr_array:
    """Counts on a logarithmic scale, log(1 + n): the tenth carton of milk says less than the first."""
    return counts.log1p()
