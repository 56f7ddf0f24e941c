"""Cold start: what a model would do if a product had hardly been sold, or a household hardly been seen.

Both are made from products and households that are well known: their past is cut down to what a dial says, and
nothing else changes. So the same answers can be asked for at every turn of the dial.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats, Mask, whole
from shoprec.formulas.checks import household_codes
from shoprec.tasks import Task


def with_first_sales(task: Task, items: Codes, n: int) -> Task:
    """The task as if each of some products had been sold so many times only: its first sales, in time.

    Parameters
    ----------
    task : Task
    items : array of int
        Codes of the products.
    n : int
        Sales of each that stay; 0 for products that are new.

    Raises
    ------
    ValueError
        If n is negative, or no purchase would be left.

    Examples
    --------
    >>> from shoprec.tasks import next_basket_split
    >>> table = pd.DataFrame({"user": [1, 2, 3, 1], "item": ["tea", "tea", "jam", "jam"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-01-02", "2017-01-02", "2017-02-01"])})
    >>> task = next_basket_split(table, cut="2017-02-01", items=["jam", "tea"])
    >>> with_first_sales(task, items=[1], n=1).history.matrix().toarray().tolist()
    [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    """
    history = task.history
    cold = np.isin(history.item, items)
    sale = pd.Series(history.day).groupby(history.item).rank(method="first").to_numpy()  # 1 for a product's first
    return _with_history(task, ~cold | (sale <= whole(n, "n", 0)))


def with_last_baskets(task: Task, households: Codes, n: int) -> Task:
    """The task as if each of some households had come so many times only: its last baskets before the cut.

    Parameters
    ----------
    task : Task
    households : array of int
        Codes of the households, which the result is to be judged by, too.
    n : int
        Baskets of each that stay; 0 for households that have never come.

    Raises
    ------
    ValueError
        If n is negative, a code is none of the task's, or no purchase would be left.
    """
    history = task.history
    households = household_codes(households, history.n_users)
    one = pd.DataFrame({"user": history.user, "basket": history.basket}).drop_duplicates()
    left = one.groupby("user")["basket"].rank(ascending=False).to_numpy()  # 1 for a household's last
    keep = ~np.isin(history.user, households) | (left[history.basket] <= whole(n, "n", 0))
    return replace(_with_history(task, keep), households=households)


def place_among(scores: Floats, items: Codes, among: sparse.csr_array | None = None) -> Floats:
    r"""Where each household's list has some products: 1 for the top, 0 for the end, on average ½ by chance.

    .. math:: \mathrm{place}_{ui} = \frac{1}{n_u - 1} \sum_{j \in C_u \setminus i} \bigl( [s_{uj} < s_{ui}]
              + \tfrac{1}{2} [s_{uj} = s_{ui}] \bigr)

    with :math:`C_u` the products that compete, :math:`n_u` in number. It is the area under the ROC curve of one product
    against all others.

    Parameters
    ----------
    scores : array, shape (n_households, n_items)
    items : array of int, shape (n_wanted,) or (n_households, n_wanted)
        Codes of the products that are looked for, the same for all households or some for each.
    among : sparse array of bool, shape (n_households, n_items), optional
        What does *not* compete, for example what a household has bought before.

    Returns
    -------
    array of float, shape (n_households, n_wanted)
        NaN for a product that does not compete.

    Examples
    --------
    >>> place_among(np.array([[3.0, 1.0, 2.0, 2.0]]), items=[0, 1, 2])
    array([[1. , 0. , 0.5]])
    """
    scores = np.asarray(scores)
    gone = np.zeros(scores.shape, dtype=bool) if among is None else among.toarray().astype(bool)
    wanted = np.broadcast_to(items, (len(scores), np.shape(items)[-1]))
    places = np.empty(wanted.shape)
    for place, row, absent, own in zip(places, scores, gone, wanted, strict=True):
        rivals, score = row[~absent], row[own, None]
        worse, not_better = (rivals < score).sum(axis=1), (rivals <= score).sum(axis=1)
        place[:] = (worse + not_better - 1) / 2 / (len(rivals) - 1)  # one of those not better is the product itself
        place[absent[own]] = np.nan
    return places


def _with_history(task: Task, keep: Mask) -> Task:
    if not keep.any():
        raise ValueError("no purchase would be left to learn from; pass fewer items or households, or a larger n")
    return replace(task, history=task.history.select(keep))
