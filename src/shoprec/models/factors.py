"""Collaborative filtering by factors: what households and products have in common, in few numbers or in one matrix."""

from typing import Self

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import threadpool_limits

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, number, one_of
from shoprec.models import fitted, library
from shoprec.models.counting import checked_half_life, decay
from shoprec.models.neighbors import WEIGHTINGS, Weighting, weigh
from shoprec.tasks import Task


class SVD:
    r"""The purchases, seen through the few directions in which households differ most (PureSVD).

    .. math:: X \approx U_d \Sigma_d V_d^\top, \qquad s_u = \mathbf{x}_u V_d V_d^\top

    with :math:`X` the households' weighed purchases, which may decay. A row is projected onto the ``d`` strongest
    directions of products and written out again: what is often bought with what the household bought comes back.

    Parameters
    ----------
    d : int
        Directions kept, below the number of households and that of products.
    half_life : float
        :math:`\tau` in days; ``inf`` counts all purchases alike.
    weighting : str
        How the (decayed) counts are weighed; see :func:`shoprec.models.neighbors.weigh`.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.

    References
    ----------
    Cremonesi, Koren and Turrin (2010), *Performance of recommender algorithms on top-N recommendation tasks*.
    """

    def __init__(self, d: int = 256, half_life: float = 90.0, weighting: Weighting = "log") -> None:
        self.d, self.half_life = whole(d, "d"), checked_half_life(half_life)
        self.weighting = one_of(weighting, "weighting", WEIGHTINGS)

    def fit(self, task: Task) -> Self:
        """Find the strongest directions of the history."""
        self.purchases_ = weigh(task.history.matrix(decay(task, self.half_life)), self.weighting)
        if self.d >= (smaller := min(self.purchases_.shape)):
            raise ValueError(f"d is {self.d}; {smaller} households or products have fewer directions than that")
        start = np.ones(smaller, np.float32)  # else the solver draws one, and no two runs are alike
        self.directions_ = sparse.linalg.svds(self.purchases_, self.d, v0=start)[2]
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        directions = fitted(self, "directions_")
        rows = self.purchases_[household_codes(households, self.purchases_.shape[0])]
        return (rows @ directions.T) @ directions

    def item_vectors(self) -> Floats:
        r"""The products' vectors, the rows of :math:`V_d \Sigma_d^{1/2}`, shape (n_items, d).

        Products that the same households buy lie near one another: another model may start from them.
        """
        directions = fitted(self, "directions_")
        strengths = np.linalg.norm(self.purchases_ @ directions.T, axis=0)  # the singular values
        return directions.T * np.sqrt(strengths)


class EASE:
    r"""A weight for each pair of products, the best ones for guessing a product from all others (EASE).

    .. math:: \min_B \lVert X - X B \rVert^2 + \lambda \lVert B \rVert^2 \quad\text{with}\quad B_{jj} = 0,
              \qquad s_u = \mathbf{x}_u B

    Without the condition a product would be guessed from itself. With :math:`P = (X^\top X + \lambda I)^{-1}` the
    solution is :math:`B_{ij} = -P_{ij} / P_{jj}` for :math:`i \ne j`. There are fewer households than products, so
    :math:`P` is never formed: by Woodbury's identity :math:`\lambda P = I - X^\top G X` with
    :math:`G = (X X^\top + \lambda I)^{-1}`, a matrix of households by households, and

    .. math:: s_{uj} = \frac{(K G X)_{uj} - x_{uj} q_j}{1 - q_j}, \qquad K = X X^\top, \quad q_j = (X^\top G X)_{jj}.

    Parameters
    ----------
    strength : float
        :math:`\lambda > 0`; the larger, the smaller the weights.
    half_life : float
        :math:`\tau` in days; ``inf`` counts all purchases alike.
    weighting : str
        How the (decayed) counts are weighed; see :func:`shoprec.models.neighbors.weigh`.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.

    References
    ----------
    Steck (2019), *Embarrassingly shallow autoencoders for sparse data*.
    """

    def __init__(self, strength: float = 20.0, half_life: float = 90.0, weighting: Weighting = "log") -> None:
        self.strength = number(strength, "strength", 0, ends="()")
        self.half_life = checked_half_life(half_life)
        self.weighting = one_of(weighting, "weighting", WEIGHTINGS)

    def fit(self, task: Task) -> Self:
        """Solve for the weights, as far as scores need them."""
        X = weigh(task.history.matrix(decay(task, self.half_life)), self.weighting).astype(float)
        K = (X @ X.T).toarray()
        factor = linalg.cho_factor(K + self.strength * np.eye(len(K)))
        self.mixing_ = linalg.cho_solve(factor, K).T  # K G: both are symmetric
        whitened = linalg.solve_triangular(factor[0], X.toarray(), trans="T", check_finite=False)
        self.own_ = (whitened**2).sum(axis=0)
        self.purchases_ = X
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        own = fitted(self, "own_")
        households = household_codes(households, len(self.mixing_))
        guessed = self.purchases_.T @ self.mixing_[households].T
        theirs = self.purchases_[households].multiply(own)
        return (guessed.T - theirs.toarray()) / (1 - own)


class IALS:
    r"""Vectors of households and products whose product is 1 for what was bought and 0 for the rest (iALS).

    .. math:: \min_{U, V} \sum_{u,i} c_{ui} \bigl(p_{ui} - \mathbf{u}_u^\top \mathbf{v}_i\bigr)^2
              + \lambda \bigl(\lVert U \rVert^2 + \lVert V \rVert^2\bigr), \qquad
              s_{ui} = \mathbf{u}_u^\top \mathbf{v}_i

    with :math:`p_{ui} = 1` and the confidence :math:`c_{ui} = \alpha x_{ui}` if household :math:`u` bought product
    :math:`i`, otherwise :math:`p_{ui} = 0` and :math:`c_{ui} = 1`; :math:`x` are the weighed purchases, which may
    decay. Given the products' vectors, each household's is a small least-squares problem, and the other way round: the
    two sides take turns. Each turn takes three steps of conjugate gradients, and the households' last one is exact.

    Parameters
    ----------
    d : int
        Length of the vectors.
    regularization : float
        :math:`\lambda > 0`.
    alpha : float
        :math:`\alpha > 0`, how much more a purchase says than none.
    iterations : int
        Turns of both sides.
    half_life : float
        :math:`\tau` in days; ``inf`` counts all purchases alike.
    weighting : str
        How the (decayed) counts are weighed; see :func:`shoprec.models.neighbors.weigh`.
    seed : int
        Of the vectors that it starts with.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.

    References
    ----------
    Hu, Koren and Volinsky (2008), *Collaborative filtering for implicit feedback datasets*, by the library
    ``implicit``. Their confidence is :math:`1 + \alpha x`, by which a purchase long ago says as much as none today; in
    the library's, as here, it is forgotten.
    """

    def __init__(
        self,
        d: int = 128,
        regularization: float = 10.0,
        alpha: float = 1.0,
        iterations: int = 5,
        half_life: float = 30.0,
        weighting: Weighting = "counts",
        seed: int = 0,
    ) -> None:
        self.d, self.iterations, self.seed = whole(d, "d"), whole(iterations, "iterations"), whole(seed, "seed", 0)
        self.regularization = number(regularization, "regularization", 0, ends="()")
        self.alpha = number(alpha, "alpha", 0, ends="()")
        self.half_life = checked_half_life(half_life)
        self.weighting = one_of(weighting, "weighting", WEIGHTINGS)

    def fit(self, task: Task) -> Self:
        """Let the two sides take turns; needs the library ``implicit``."""
        als = library("implicit.cpu.als", self)
        purchases = weigh(task.history.matrix(decay(task, self.half_life)), self.weighting)
        confidence = sparse.csr_matrix(self.alpha * purchases)  # the library knows no sparse arrays
        with threadpool_limits(1):  # threads would add in an order of their own
            model = als.AlternatingLeastSquares(
                self.d, self.regularization, iterations=self.iterations, num_threads=1, random_state=self.seed
            )
            model.fit(confidence, show_progress=False)
            self.users_ = model.recalculate_user(np.arange(confidence.shape[0]), confidence)
        self.items_ = model.item_factors
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        users = fitted(self, "users_")
        return users[household_codes(households, len(users))] @ self.items_.T
