"""Recommenders, all with the two methods of :class:`Recommender`."""

from typing import Protocol, Self

from shoprec.formulas.arrays import Codes, Floats
from shoprec.tasks import Task


class Recommender(Protocol):
    """What every model of the book can do."""

    def fit(self, task: Task) -> Self:
        """Read the task's history, never its targets."""
        ...

    def score(self, households: Codes) -> Floats:
        """Score all products for each household, higher is better; shape (n_households, n_items)."""
        ...
