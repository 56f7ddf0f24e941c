"""Recommenders, all with the two methods of :class:`Recommender`."""

from importlib import import_module
from typing import Any, Protocol, Self

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


def fitted(model: object, name: str) -> Any:
    """What a model has learned, one of its attributes.

    Raises
    ------
    ValueError
        If it has learned nothing yet.

    Examples
    --------
    >>> from shoprec.models.counting import Popularity
    >>> Popularity().score([0])
    Traceback (most recent call last):
    ValueError: Popularity has read no history yet; call fit(task) first
    """
    if not hasattr(model, name):
        raise ValueError(f"{type(model).__name__} has read no history yet; call fit(task) first")
    return getattr(model, name)


def library(module: str, model: object) -> Any:
    """A library that only this model needs, imported where it is used: the package runs without it.

    Raises
    ------
    ModuleNotFoundError
        If it is missing; the message says what to install.

    Examples
    --------
    >>> library("no_such.module", Recommender)
    Traceback (most recent call last):
    ModuleNotFoundError: Recommender needs the library no_such, which isn't there: pip install no_such
    """
    package, name = module.split(".")[0], getattr(model, "__name__", type(model).__name__)
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        message = f"{name} needs the library {package}, which isn't there: pip install {package}"
        raise ModuleNotFoundError(message, name=missing.name) from missing
