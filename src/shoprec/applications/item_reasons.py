"""Reasons that are exact: of models whose score is a sum over a household's purchases, what each of them adds."""

import numpy as np
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats, Mask, whole
from shoprec.models.counting import decay
from shoprec.models.neighbors import ItemKNN
from shoprec.tasks import Task


def neighbour_parts(model: ItemKNN, task: Task, household: int) -> tuple[Codes, Floats]:
    r"""What each purchase of a household adds to each product's score by ItemKNN.

    .. math:: s_{ui} = \sum_{j \in H_u} \underbrace{\operatorname{sim}(i, i_j) \, 2^{-a_j / \tau}}_{r_{ij}}

    with :math:`\operatorname{sim}` only where :math:`i_j` is among the neighbours of :math:`i`. With one neighbour, the
    product itself, it is what personal frequency counts.

    Parameters
    ----------
    model : ItemKNN
        Fitted on the task.
    task : Task
    household : int

    Returns
    -------
    items : array of int, shape (n,)
        Product of each purchase, oldest first.
    parts : array of float, shape (n_items, n)
        A row adds up to the product's score.
    """
    own = np.flatnonzero(task.history.user == household)
    items = task.history.item[own]
    weight = decay(task, model.half_life)[own]
    parts = model.similarity_.tocsc()[:, items] @ sparse.diags_array(weight)
    return items, parts.toarray()


def by_product(items: Codes, parts: Floats) -> tuple[Codes, Floats]:
    """Parts of purchases added up by what was bought, most recent product last.

    Examples
    --------
    >>> by_product(np.array([7, 3, 7]), np.array([[1.0, 2.0, 4.0]]))
    (array([3, 7]), array([[2., 5.]]))
    """
    last = {int(item): at for at, item in enumerate(items)}
    products = np.array(sorted(last, key=lambda item: last[item]), int)
    return products, np.stack([parts[:, items == item].sum(axis=1) for item in products], axis=1)


def can_be_listed(parts: Floats, n: int) -> Mask:
    """Which products can be among the first n of a list, whatever purchases are taken away.

    A product to which no purchase adds more than to each of n others is behind those n in every sum; of equal sums, the
    first in the table goes ahead. Those products are left out, and so are those to which nothing adds.

    Parameters
    ----------
    parts : array of float, shape (n_products, n_purchases)
        Not negative.
    n : int

    Returns
    -------
    array of bool, shape (n_products,)

    Examples
    --------
    The third is behind the first in every sum, and the fourth has no reason at all.

    >>> can_be_listed(np.array([[0.5, 0.2], [0.1, 0.3], [0.4, 0.1], [0.0, 0.0]]), n=1)
    array([ True,  True, False, False])
    """
    whole(n, "n")
    possible = np.flatnonzero(parts.any(axis=1))
    table = parts[possible]
    ahead = np.zeros(len(possible), int)
    for at, row in enumerate(table):  # who is behind this one, whatever is taken away
        later, less = np.arange(len(table)) > at, ((table < row) | (table == 0)).all(axis=1)
        behind = (table <= row).all(axis=1) & (later | less)  # less wherever it has a part, or equal and later
        behind[at] = False
        ahead += behind
    return np.isin(np.arange(len(parts)), possible[ahead < n])


def fewest_to_unlist(own: Floats, others: Floats, n: int) -> int:
    """How many purchases of a product have to go until a list of counts no longer holds it.

    For counting, exactly: other purchases only lower other products, so that to lower this one its own have to go, the
    heaviest first.

    Parameters
    ----------
    own : array of float, shape (n_own,)
        What each purchase of the product counts.
    others : array of float
        The counts of all other products, n at least above 0.
    n : int
        Length of the list; ties are won by the product.

    Raises
    ------
    ValueError
        If fewer than n others count.

    Examples
    --------
    >>> fewest_to_unlist(np.array([0.5, 1.0, 0.25]), np.array([0.7, 0.6]), n=2)
    2
    """
    if len(others) < whole(n, "n"):
        raise ValueError(f"{len(others)} other products can't fill a list of {n}")
    least = np.sort(others)[-n]
    left = np.append(0.0, np.cumsum(np.sort(own)))  # the lightest ones stay longest
    if least <= 0:
        raise ValueError("the others don't fill the list: one of the first counts 0, and no deletion gets below that")
    return int(len(own) - np.flatnonzero(left < least).max())
