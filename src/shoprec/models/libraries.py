"""What other libraries offer for the book's task, behind the two methods that every recommender here has.

Each has a third one, ``top``, which answers by the library's own call: that is what a shop would use, and what its
time should be measured with.
"""

import warnings
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, number, one_of
from shoprec.formulas.metrics import rank_items
from shoprec.models import fitted, library
from shoprec.models.boosting import BoostedRanker, _Shop
from shoprec.models.counting import checked_half_life, decay
from shoprec.models.factors import SVD
from shoprec.models.hybrid import in_front
from shoprec.tasks import Task, earlier

CLASSES = {"cosine": "CosineRecommender", "tfidf": "TFIDFRecommender", "bm25": "BM25Recommender"}
INDEXES = ("numpy", "flat", "hnsw")


class ImplicitItems:
    r"""Products like those that a household bought, by the library ``implicit``.

    .. math:: s_{ui} = \sum_{j :\, i \in N_k(j)} f_{uj} \operatorname{sim}(j, i)

    with :math:`N_k(j)` the ``k`` products most similar to :math:`j`, itself among them, and :math:`f` the household's
    decayed frequencies. :class:`shoprec.models.neighbors.ItemKNN` sums over the neighbours of :math:`i` instead.

    Parameters
    ----------
    k : int
        Neighbours kept per product.
    weighting : str
        ``"cosine"``, ``"tfidf"`` or ``"bm25"``: how purchases are weighed before products are compared.
    half_life : float
        Of the frequencies, in days.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.
    """

    def __init__(self, k: int = 5, weighting: str = "cosine", half_life: float = 90.0) -> None:
        self.k, self.weighting = whole(k, "k"), one_of(weighting, "weighting", CLASSES)
        self.half_life = checked_half_life(half_life)

    def fit(self, task: Task) -> Self:
        """Find each product's neighbours; needs the library ``implicit``."""
        neighbours = library("implicit.nearest_neighbours", self)
        self.model_ = getattr(neighbours, CLASSES[self.weighting])(K=self.k, num_threads=1)
        with warnings.catch_warnings():  # the library converts a matrix of its own, and warns of it
            warnings.simplefilter("ignore", category=library("implicit.utils", self).ParameterWarning)
            self.model_.fit(sparse.csr_matrix(task.history.matrix()), show_progress=False)
        self.frequency_ = sparse.csr_matrix(task.history.matrix(decay(task, self.half_life)))
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        frequency = fitted(self, "frequency_")
        rows = frequency[household_codes(households, frequency.shape[0])]
        return (rows @ self.model_.similarity).toarray()

    def top(self, households: Codes, k: int = 10) -> Codes:
        """The library's own lists, shape (n_households, k)."""
        frequency = fitted(self, "frequency_")
        households = household_codes(households, frequency.shape[0])
        lists, _ = self.model_.recommend(households, frequency[households], N=k, filter_already_liked_items=False)
        return lists


class BPR:
    r"""Vectors by which what was bought beats what wasn't, pair by pair (BPR), by the library ``implicit``.

    .. math:: \max_{U, V, b} \sum_{(u, i, j)} \log \sigma\bigl(s_{ui} - s_{uj}\bigr) - \text{penalty}, \qquad
              s_{ui} = \mathbf{u}_u^\top \mathbf{v}_i + b_i

    with :math:`i` a product that household :math:`u` bought and :math:`j` one drawn at random. How often it was bought
    doesn't matter, and when only by the window.

    Parameters
    ----------
    d : int
        Length of the vectors.
    learning_rate, regularization : float
        Above 0.
    iterations : int
        Passes over the pairs.
    days : float
        Purchases of the last so many days are read; ``inf`` reads all.
    seed : int

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Rendle, Freudenthaler, Gantner and Schmidt-Thieme (2009), *BPR: Bayesian personalized ranking from implicit
    feedback*.
    """

    def __init__(
        self,
        d: int = 64,
        learning_rate: float = 0.05,
        regularization: float = 0.01,
        iterations: int = 60,
        days: float = np.inf,
        seed: int = 0,
    ) -> None:
        self.d, self.iterations, self.seed = whole(d, "d"), whole(iterations, "iterations"), whole(seed, "seed", 0)
        self.learning_rate = number(learning_rate, "learning_rate", 0, ends="()")
        self.regularization = number(regularization, "regularization", 0, ends="()")
        self.days = checked_half_life(days)

    def fit(self, task: Task) -> Self:
        """Take steps on drawn pairs; needs the library ``implicit``."""
        bpr = library("implicit.cpu.bpr", self)
        read = task.history.day >= task.cut_day - self.days
        self.bought_ = sparse.csr_matrix(task.history.matrix(read.astype(float)).sign())
        self.bought_.eliminate_zeros()
        self.model_ = bpr.BayesianPersonalizedRanking(
            self.d, self.learning_rate, self.regularization, iterations=self.iterations, num_threads=1,
            random_state=self.seed,
        )  # fmt: skip
        self.model_.fit(self.bought_, show_progress=False)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        model = fitted(self, "model_")
        return model.user_factors[household_codes(households, len(model.user_factors))] @ model.item_factors.T

    def top(self, households: Codes, k: int = 10) -> Codes:
        """The library's own lists, shape (n_households, k)."""
        model = fitted(self, "model_")
        households = household_codes(households, len(model.user_factors))
        lists, _ = model.recommend(households, self.bought_[households], N=k, filter_already_liked_items=False)
        return lists


class HistogramRanker(BoostedRanker):
    r"""The candidates and features of :class:`shoprec.models.boosting.BoostedRanker`, the trees by scikit-learn.

    .. math:: s_{ui} = P(\text{bought} \mid \mathbf{x}_{ui})

    scikit-learn has no loss for lists: each candidate is judged by itself, bought next or not. Parameters and errors
    are those of the other ranker.
    """

    def fit(self, task: Task) -> Self:
        """Grow the trees on the month before the cut, then read the whole history."""
        ensemble = library("sklearn.ensemble", self)
        before = earlier(task, task.cut - pd.DateOffset(months=1))
        _, items, features = _Shop(before, self.neighbours, self.n).candidates(before.households)
        hits = np.take_along_axis(before.targets[before.households].toarray(), items, axis=1)
        with threadpool_limits(1):
            self.trees_ = ensemble.HistGradientBoostingClassifier(
                learning_rate=self.learning_rate, max_iter=self.n_trees, max_leaf_nodes=self.n_leaves,
                min_samples_leaf=self.least, early_stopping=False, random_state=self.seed,
            ).fit(features, hits.ravel())  # fmt: skip
        self.shop_ = _Shop(task, self.neighbours, self.n)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        shop = fitted(self, "shop_")
        households = household_codes(households, shop.history.n_users)
        if not len(households):
            return shop.neighbours.score(households)
        scores, items, features = shop.candidates(households)
        with threadpool_limits(1):
            bought = self.trees_.predict_proba(features)[:, 1]
        order = rank_items(bought.reshape(items.shape), items.shape[1])
        return in_front(scores, np.take_along_axis(items, order, axis=1))


class SVDIndex:
    r"""The lists of :class:`shoprec.models.factors.SVD`: vectors are computed once, products are put into an index.

    .. math:: s_{ui} = \mathbf{q}_u^\top \mathbf{v}_i, \qquad \mathbf{q}_u = \mathbf{x}_u V_d

    Parameters
    ----------
    index : str
        ``"numpy"`` multiplies with all products and sorts, ``"flat"`` lets FAISS do so, ``"hnsw"`` lets FAISS walk
        a graph of near products, which is no longer exact.
    links : int
        Of each product in the graph.
    effort : int
        Products that a walk keeps in view, at least the length of the list.
    **settings
        Of the SVD.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.

    References
    ----------
    Malkov and Yashunin (2016), *Efficient and robust approximate nearest neighbor search using hierarchical navigable
    small world graphs*; Douze et al. (2024), *The Faiss library*.
    """

    def __init__(
        self, index: Literal["numpy", "flat", "hnsw"] = "flat", links: int = 32, effort: int = 64, **settings: Any
    ) -> None:
        self.index, self.links, self.effort = one_of(index, "index", INDEXES), whole(links, "links"), effort
        self.svd = SVD(**settings)

    def fit(self, task: Task) -> Self:
        """Compute the vectors and put the products' into the index; needs ``faiss`` unless the index is NumPy."""
        self.svd.fit(task)
        self.items_ = np.ascontiguousarray(self.svd.directions_.T, np.float32)
        self.queries_ = np.asarray(self.svd.purchases_ @ self.items_, np.float32)
        self.faiss_ = self._index()
        return self

    def _index(self) -> Any:
        if self.index == "numpy":
            return None
        faiss = library("faiss", self)
        faiss.omp_set_num_threads(1)
        if self.index == "flat":
            index = faiss.IndexFlatIP(self.items_.shape[1])
        else:
            index = faiss.IndexHNSWFlat(self.items_.shape[1], self.links, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efSearch = self.effort
        index.add(self.items_)
        return index

    def score(self, households: Codes) -> Floats:
        """Score the hundred best products and leave the others at -inf; shape (n_households, n_items)."""
        households = household_codes(households, len(fitted(self, "queries_")))
        return as_scores(self.top(households, min(100, len(self.items_))), len(self.items_))

    def top(self, households: Codes, k: int = 10) -> Codes:
        """The best products of each household, shape (n_households, k); -1 where a walk found too few."""
        queries = fitted(self, "queries_")
        queries = queries[household_codes(households, len(queries))]
        if self.faiss_ is None:
            return rank_items(queries @ self.items_.T, k)
        return self.faiss_.search(queries, k)[1]


def as_scores(lists: Codes, n_items: int) -> Floats:
    """Scores that put a list's products first, in its order, and all others at -inf.

    Parameters
    ----------
    lists : array of int, shape (n_households, k)
        Best product first; -1 is no product.
    n_items : int

    Returns
    -------
    array of float, shape (n_households, n_items)

    Examples
    --------
    >>> as_scores(np.array([[2, 0], [1, -1]]), n_items=3)
    array([[  1., -inf,   2.],
           [-inf,   2., -inf]])
    """
    n, k = lists.shape
    scores = np.full((n, n_items + 1), -np.inf)  # the last column takes what is no product
    np.put_along_axis(scores, lists, np.arange(k, 0.0, -1)[None], axis=1)
    return scores[:, :n_items]
