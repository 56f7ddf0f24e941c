"""Forgetting a household exactly: counts, pairs and neighbours as if it had never been there."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from shoprec.formulas.arrays import Floats
from shoprec.formulas.similarity import cosine_top_k
from shoprec.models.neighbors import UserKNN, weigh
from shoprec.tasks import Task


@dataclass(frozen=True)
class Counts:
    """How many households bought each product, and each two products: whole numbers, which can be subtracted.

    Attributes
    ----------
    buyers : array of int64, shape (n_items,)
    pairs : sparse array of int64, shape (n_items, n_items)
        The diagonal holds the buyers.
    """

    buyers: np.ndarray
    pairs: sparse.csr_array

    @classmethod
    def of(cls, task: Task) -> Self:
        """Count from all of a task's history."""
        return cls._of(task.history.bought.astype(np.int64).tocsr())

    @classmethod
    def _of(cls, bought: sparse.csr_array) -> Self:
        pairs = sparse.csr_array(bought.T @ bought)
        pairs.sort_indices()
        return cls(bought.sum(axis=0), pairs)

    def without(self, task: Task, household: int) -> tuple[Self, int]:
        """The counts without a household, and the operations that it took: a product pair each.

        Parameters
        ----------
        task : Task
            That was counted.
        household : int
            Code of who is to be forgotten.
        """
        own = self._of((task.history.matrix()[[household]] > 0).astype(np.int64).tocsr())
        pairs = sparse.csr_array(self.pairs - own.pairs)
        pairs.eliminate_zeros()
        pairs.sort_indices()
        return type(self)(self.buyers - own.buyers, pairs), int(own.buyers.sum()) ** 2

    def cosine(self) -> sparse.csr_array:
        """Cosine of any two products' buyers."""
        rows = np.repeat(np.arange(len(self.buyers)), np.diff(self.pairs.indptr))
        length = np.sqrt(self.buyers.astype(float))
        values: Floats = self.pairs.data / (length[rows] * length[self.pairs.indices])
        return sparse.csr_array((values, self.pairs.indices, self.pairs.indptr), shape=self.pairs.shape)


def forget_neighbour(model: UserKNN, task: Task, household: int) -> tuple[UserKNN, int]:
    """User neighbours without a household, and how many households' neighbours had to be looked for again.

    Only those who had it among their neighbours: all others keep theirs. Its own purchases and neighbours go.

    Parameters
    ----------
    model : UserKNN
        Fitted on the task, with a weighting that looks at one household at a time.
    task : Task
    household : int
        Code of who is to be forgotten.

    Raises
    ------
    ValueError
        If similarities depend on the other households, so that all neighbours would have to be looked for again.
    """
    if model.similarity != "cosine" or model.weighting not in ("binary", "counts", "log"):
        raise ValueError(f"{model.similarity} of {model.weighting} rests on what all others bought; fit again")
    rest = task.history.select(task.history.user != household)
    vectors = weigh(rest.matrix(), model.weighting)
    touched = np.flatnonzero(model.neighbours_[:, [household]].toarray()[:, 0]).tolist()
    neighbours, frequency = model.neighbours_.tolil(), model.frequency_.tolil()
    neighbours[household], frequency[household] = 0, 0
    for row in touched:
        found = _nearest_to(vectors, row, model.k + 1)
        neighbours[row, :] = (found.toarray()[0] > 0).astype(np.float32)
        neighbours[row, row] = 0
    forgot = UserKNN(model.k, model.alpha, model.half_life, model.weighting, model.similarity)
    forgot.neighbours_, forgot.frequency_ = neighbours.tocsr(), frequency.tocsr()
    return forgot, len(touched)


def _nearest_to(vectors: sparse.csr_array, row: int, k: int) -> sparse.csr_array:
    """The row of :func:`shoprec.models.neighbors.nearest` for one row, itself among them however many are equal."""
    found = cosine_top_k(vectors[[row]], vectors, k=k)
    if found.nnz == k and found[0, row] == 0:
        found.data[-1] = 0
    return found
