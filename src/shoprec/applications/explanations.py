"""Explanations: does an answer rest on what is named as its reason?

Everything here is about effects of deletion: by how much a score falls when one of the things that it may rest on is
taken away. Arrays have the shape (n_households, n_orders, n_purchases), with purchases in the same sequence in each
order, wherever they stood.
"""

import numpy as np

from shoprec.formulas.arrays import Codes, Floats


def less_the_place(effects: Floats, places: Codes) -> Floats:
    r"""Effects without what is common to all purchases at a place.

    .. math:: \tilde\Delta_{uoi} = \Delta_{uoi} - \bar\Delta_{t(u, o, i)}

    with :math:`t` the place at which the purchase stood, and :math:`\bar\Delta_t` the mean over all that stood there.
    Where orders are random, that mean is about the place alone.

    Parameters
    ----------
    effects : array of float, shape (n_households, n_orders, n_purchases)
    places : array of int, same shape
        From 0.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> less_the_place(np.array([[[3.0, 1.0], [2.0, 2.0]]]), np.array([[[0, 1], [1, 0]]]))
    array([[[ 0.5, -0.5],
            [ 0.5, -0.5]]])
    """
    if effects.shape != places.shape:
        raise ValueError(f"effects have shape {effects.shape}, places {places.shape}; give each effect its place")
    total, n = np.bincount(places.ravel(), effects.ravel()), np.bincount(places.ravel())
    return effects - (total / np.maximum(n, 1))[places]


def more_than_others(effects: Floats, named: Codes) -> Floats:
    """Effect of the purchase that is named, less the mean of the others': what a random other one has on average.

    Parameters
    ----------
    effects : array of float, shape (n_households, n_purchases)
    named : array of int, shape (n_households,)

    Returns
    -------
    array of float, shape (n_households,)

    Examples
    --------
    >>> more_than_others(np.array([[0.5, 0.1, 0.3]]), np.array([0]))
    array([0.3])
    """
    own = np.take_along_axis(effects, named[:, None], axis=1)[:, 0]
    return own - (effects.sum(axis=1) - own) / (effects.shape[1] - 1)


def largest_elsewhere(effects: Floats) -> Floats:
    """How much more than the others' the effect is of the purchase that has the largest one in another order.

    The largest of several is large by chance, too. What is largest in one order is therefore measured in the other, and
    the two are averaged: the most that naming could have reached, as far as one order tells.

    Parameters
    ----------
    effects : array of float, shape (n_households, 2, n_purchases)

    Returns
    -------
    array of float, shape (n_households,)

    Raises
    ------
    ValueError
        If there aren't two orders.

    Examples
    --------
    Purchase 0 has the larger effect in the first order, and purchase 1 in the second.

    >>> largest_elsewhere(np.array([[[0.4, 0.0], [0.1, 0.3]]])).round(2)
    array([-0.3])
    """
    if effects.ndim != 3 or effects.shape[1] != 2:
        raise ValueError(f"effects have shape {effects.shape}; pass two orders, (n_households, 2, n_purchases)")
    pairs = ((0, 1), (1, 0))
    return np.mean([more_than_others(effects[:, b], effects[:, a].argmax(axis=1)) for a, b in pairs], axis=0)
