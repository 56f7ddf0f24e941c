"""Next-basket recommenders by neighbours, as published: a household's own baskets, and those of households like it."""

from typing import Self

import numpy as np
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, number
from shoprec.formulas.similarity import euclidean_distances, largest
from shoprec.models import fitted
from shoprec.tasks import History, Task


def basket_age(history: History) -> Codes:
    """How many baskets ago each purchase was made, from 0 for a household's latest; shape (n_events,).

    Examples
    --------
    >>> basket, day = np.array([0, 0, 1, 2]), np.array([1.0, 1.0, 5.0, 2.0])
    >>> user = np.array([0, 0, 0, 1])
    >>> basket_age(History(user, item=np.array([0, 1, 1, 0]), basket=basket, day=day, n_users=2, n_items=2))
    array([1, 1, 0, 0])
    """
    latest = np.zeros(history.n_users, int)
    np.maximum.at(latest, history.user, history.basket)  # baskets are numbered in the order of the events
    return latest[history.user] - history.basket


def n_baskets(history: History) -> Codes:
    """Number of baskets of each household, shape (n_users,)."""
    return np.bincount(history.user, history.opens_basket, minlength=history.n_users).astype(int)


class TIFUKNN:
    r"""A household's purchases, decayed by the number of baskets since, blended with its neighbours' (TIFU-KNN).

    The baskets are counted back from the latest, in groups of ``m``. Within a group and from group to group they fade:

    .. math:: \bar{\mathbf{f}}_u = \frac{1}{G} \sum_{g=0}^{G-1} r_g^{\,g} \; \frac{1}{m_g} \sum_{j=0}^{m_g - 1}
              r_b^{\,j} \; \mathbf{b}_{u,\, gm + j}, \qquad
              s_u = (1 - \alpha) \, \bar{\mathbf{f}}_u + \frac{\alpha}{k} \sum_{v \in N_k(u)} \bar{\mathbf{f}}_v

    with :math:`\mathbf{b}_{u,n}` the basket of :math:`n` baskets ago, :math:`G` groups of which the oldest may be
    smaller (:math:`m_g \le m`), and :math:`N_k(u)` the ``k`` households whose :math:`\bar{\mathbf{f}}` are nearest.

    Parameters
    ----------
    k : int
        Neighbours per household, the household itself not among them.
    m : int
        Baskets in a group.
    within, across : float
        :math:`r_b` and :math:`r_g`, between 0 and 1.
    alpha : float
        :math:`1 - \alpha`, the household's own share, between 0 and 1; in the paper it is called :math:`\alpha`.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Hu, He, Gao and Zhang (2020), *Modeling personalized item frequency information for next-basket recommendation*.
    Their code cuts the baskets into a fixed number of groups instead; here, as in their equations, groups have ``m``.
    """

    def __init__(self, k: int = 300, m: int = 7, within: float = 0.9, across: float = 0.7, alpha: float = 0.7) -> None:
        self.k, self.m = whole(k, "k"), whole(m, "m")
        self.within, self.across = number(within, "within", 0, 1), number(across, "across", 0, 1)
        self.alpha = number(alpha, "alpha", 0, 1, note=", the household's own share")

    def fit(self, task: Task) -> Self:
        """Fade each household's baskets, and find its neighbours."""
        history = task.history
        group, place = np.divmod(basket_age(history), self.m)
        baskets = n_baskets(history)[history.user]
        in_group = np.minimum(self.m, baskets - group * self.m)
        n_groups = -(-baskets // self.m)
        weights = self.across**group * self.within**place / (in_group * n_groups)
        self.own_ = history.matrix(weights)
        self.neighbours_ = _nearest_others(self.own_, min(self.k, history.n_users - 1))
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        own = fitted(self, "own_")
        households = household_codes(households, own.shape[0])
        return (self.alpha * own[households] + (1 - self.alpha) * (self.neighbours_[households] @ own)).toarray()


def _nearest_others(vectors: sparse.csr_array, k: int) -> sparse.csr_array:
    """A row for each vector with 1 / k at the ``k`` nearest others; without others, nothing."""
    if k == 0:
        return sparse.csr_array(np.zeros((1, 1), np.float32))
    nearness = -euclidean_distances(vectors)
    np.fill_diagonal(nearness, -np.inf)
    return sparse.csr_array(largest(nearness, k) / np.float32(k))


class UPCF:
    r"""How often households like this one bought a product lately, the more alike the more it counts (UP-CF).

    .. math:: s_{ui} = \sum_v w_{uv}^{\,q} \; \bar f_{vi}, \qquad
              w_{uv} = \frac{|I_u \cap I_v|}{|I_u|^{\gamma} \, |I_v|^{1 - \gamma}}

    with :math:`I_u` the products in the household's history and :math:`\bar f_{vi}` the share of :math:`v`'s last ``r``
    baskets that hold :math:`i` (of all, if there are fewer). The household itself is among its own neighbours, with
    :math:`w_{uu} = 1`; the larger ``q``, the less the others count.

    Parameters
    ----------
    r : int
        Baskets that count, the latest ones.
    q : float
        Locality, at least 1.
    alpha : float
        Asymmetry :math:`\gamma` of the cosine, between 0 and 1; at 0.5 it is the cosine.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Faggioli, Polato and Aiolli (2020), *Recency aware collaborative filtering for next basket recommendation*.
    """

    def __init__(self, r: int = 25, q: float = 10.0, alpha: float = 0.25) -> None:
        self.r, self.q = whole(r, "r"), number(q, "q", 1, ends="[)")
        self.alpha = number(alpha, "alpha", 0, 1, note=", the asymmetry")

    def fit(self, task: Task) -> Self:
        """Compare all households, and count their latest baskets."""
        history = task.history
        bought = history.matrix().sign()
        common, size = (bought @ bought.T).toarray(), np.maximum(np.diff(bought.indptr), 1).astype(float)
        cosine = common / (size[:, None] ** self.alpha * size ** (1 - self.alpha))  # in 64 bits: q magnifies rounding
        self.weight_ = (cosine**self.q).astype(np.float32)
        recent = basket_age(history) < self.r
        denominator = np.minimum(n_baskets(history), self.r)[history.user]
        self.share_ = history.matrix(recent / denominator)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        weight = fitted(self, "weight_")
        return np.asarray(weight[household_codes(households, len(weight))] @ self.share_)
