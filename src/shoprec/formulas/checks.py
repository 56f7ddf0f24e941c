"""What callers pass, checked in one place: numbers in a range, codes of households, tables of scores."""

from collections.abc import Iterable
from numbers import Real
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from shoprec.formulas.arrays import Codes, Floats

Name = TypeVar("Name", bound=str)


def number(value: float, name: str, low: float, high: float = np.inf, ends: str = "[]", note: str = "") -> float:
    """A number within a range, and not NaN.

    Parameters
    ----------
    value : float
    name : str
        What the message calls it.
    low, high : float
        Ends of the range.
    ends : str
        Brackets as in mathematics: a square one for an end that belongs to the range, a round one for one that doesn't.
    note : str
        What the message says after the range.

    Raises
    ------
    ValueError
        If the value is out of the range, NaN or no number.

    Examples
    --------
    >>> number(0.3, "alpha", 0, 1)
    0.3
    >>> number(95, "level", 0, 1, "()", note="; 0.95 for 95 %")
    Traceback (most recent call last):
    ValueError: level is 95; pass a number in (0, 1); 0.95 for 95 %
    """
    excluded = {end for end, bracket in zip((low, high), ends, strict=True) if bracket in "()"}
    if not (isinstance(value, Real) and low <= value <= high and value not in excluded):
        raise ValueError(f"{name} is {value!r}; pass a number in {ends[0]}{low:g}, {high:g}{ends[1]}{note}")
    return value


def one_of(value: Name, name: str, choices: Iterable[str]) -> Name:
    """One of the names that there are.

    Examples
    --------
    >>> one_of("votes", "method", ("weighted", "rank"))
    Traceback (most recent call last):
    ValueError: method is 'votes'; choose one of weighted, rank
    """
    choices = tuple(choices)
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; choose one of {', '.join(choices)}")
    return value


def household_codes(households: npt.ArrayLike, n_users: int) -> Codes:
    """Codes of households that a model was fitted on.

    Raises
    ------
    ValueError
        If they are no flat array of integers, or one is out of range. A negative code would count from the end.

    Examples
    --------
    >>> household_codes([0, 2], n_users=3)
    array([0, 2])
    >>> household_codes([101], n_users=3)
    Traceback (most recent call last):
    ValueError: households holds codes from 101 to 101, ...
    """
    codes = np.asarray(households)
    if codes.shape == (0,):
        return codes.astype(int)
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        raise ValueError(
            f"households has shape {codes.shape} and type {codes.dtype}; pass codes in a flat array of integers, such "
            "as task.households"
        )
    if codes.min() < 0 or codes.max() >= n_users:
        raise ValueError(
            f"households holds codes from {codes.min()} to {codes.max()}, but the model was fitted on codes from 0 to "
            f"{n_users - 1}; task.users.get_indexer(ids) turns ids into codes, and fit(task) reads another task"
        )
    return codes


def scores_of(model: Any, households: Codes, n_items: int | None = None) -> Floats:
    """A model's scores, after making sure that they are what was asked for.

    Parameters
    ----------
    model : Recommender
    households : array of int, shape (n_households,)
    n_items : int, optional
        Products of the catalogue, if it is known.

    Returns
    -------
    array of shape (n_households, n_items)

    Raises
    ------
    ValueError
        If the shape is another, or a score is no number, NaN or +inf (which is what an overflow leaves). -inf is
        allowed: such a product comes last.
    """
    scores = np.asarray(model.score(households))
    by = f"{type(model).__name__}.score returned"
    if scores.ndim != 2 or scores.shape != (len(households), n_items or scores.shape[1]):
        raise ValueError(
            f"{by} shape {scores.shape} for {len(households)} households and {n_items or 'all'} items; fit it on the "
            "task that it is asked about"
        )
    if scores.dtype.kind not in "biuf":
        raise ValueError(f"{by} type {scores.dtype}; a score is a number")
    if scores.size and not scores.max() < np.inf:  # NaN if any is
        raise ValueError(f"{by} NaN or +inf; give each product a number, -inf if it must come last")
    return scores
