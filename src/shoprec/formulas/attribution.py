"""Attributions: what each input contributes to a number, and whether the number falls when inputs are taken away."""

from collections.abc import Callable

import numpy as np

from shoprec.formulas.arrays import Codes, Floats, Mask, finite, whole


def integrated_gradients(
    gradient: Callable[[Floats], Floats], x: Floats, baseline: Floats, n_steps: int = 50
) -> Floats:
    r"""What each input contributes to f(x) − f(b), along the straight way from the baseline to the input.

    .. math:: \phi_j = (x_j - b_j) \int_0^1 \frac{\partial f}{\partial x_j}\bigl(\mathbf{b} + t (\mathbf{x} -
              \mathbf{b})\bigr) \, dt, \qquad \sum_j \phi_j = f(\mathbf{x}) - f(\mathbf{b})

    The integral is a sum over the nodes of the Gauss–Legendre rule, exact where the gradient along the way is a
    polynomial in :math:`t` of a degree up to ``2 n_steps - 1``.

    Parameters
    ----------
    gradient : callable
        From points, shape (n_steps, d), to the gradient of f at each, of the same shape.
    x, baseline : arrays of float, shape (d,)
    n_steps : int

    Raises
    ------
    ValueError
        If the shapes differ, or a number is NaN or infinite.

    References
    ----------
    Sundararajan, Taly and Yan (2017), *Axiomatic attribution for deep networks*.

    Examples
    --------
    f is the product of the two inputs; from zero on, they share it.

    >>> integrated_gradients(lambda points: points[:, ::-1], np.array([2.0, 3.0]), np.zeros(2)).round(6)
    array([3., 3.])
    """
    x, baseline = finite(x, "x", "pass numbers"), finite(baseline, "baseline", "pass numbers")
    if x.shape != baseline.shape or x.ndim != 1:
        raise ValueError(f"x and baseline must be vectors of one length, not {x.shape} and {baseline.shape}")
    share, weight = along_the_way(n_steps)
    gradients = gradient(baseline + share[:, None] * (x - baseline))
    if np.shape(gradients) != (n_steps, len(x)):
        raise ValueError(f"gradient returned the shape {np.shape(gradients)} for {n_steps} points of {len(x)} inputs")
    return (x - baseline) * (weight @ gradients)


def along_the_way(n_steps: int) -> tuple[Floats, Floats]:
    """Nodes between 0 and 1 of the Gauss–Legendre rule, and their weights, which sum to 1.

    Examples
    --------
    >>> along_the_way(1)
    (array([0.5]), array([1.]))
    """
    nodes, weights = np.polynomial.legendre.leggauss(whole(n_steps, "n_steps"))
    return (1 + nodes) / 2, weights / 2


def rollout(weights: Floats) -> Floats:
    r"""Attention followed through the layers: which input a position looks at, by all ways there are.

    .. math:: R = \tilde A_L \cdots \tilde A_1, \qquad \tilde A_l = \tfrac{1}{2} \Bigl(\frac{1}{H} \sum_h A_{lh} +
              I\Bigr)

    with half of each layer for the residual connection, which passes a position's own vector on.

    Parameters
    ----------
    weights : array of float, shape (n_layers, n_heads, length, length)
        Rows sum to 1.

    Returns
    -------
    array of float, shape (length, length)
        Rows sum to 1.

    References
    ----------
    Abnar and Zuidema (2020), *Quantifying attention flow in transformers*.

    Examples
    --------
    The second position looks at the first alone, in both layers: three quarters of what it holds come from there.

    >>> layer = np.array([[[1.0, 0.0], [1.0, 0.0]]])
    >>> rollout(np.stack([layer, layer]))
    array([[1.  , 0.  ],
           [0.75, 0.25]])
    """
    if np.ndim(weights) != 4 or weights.shape[2] != weights.shape[3] or not len(weights):
        raise ValueError(f"weights have shape {np.shape(weights)}; pass (n_layers, n_heads, length, length)")
    total = np.eye(weights.shape[-1])
    for layer in weights.mean(axis=1):
        total = (layer + np.eye(len(layer))) / 2 @ total
    return total


def left_over(order: Codes, shares: Floats) -> Mask:
    """What is left when the first of an order have been taken away, for several shares of them.

    A share is rounded up to whole inputs, so that any share above 0 takes one at least. To insert in the same order,
    start with nothing: ``~left_over(order, shares)`` has what was taken away.

    Parameters
    ----------
    order : array of int, shape (n,)
        The numbers from 0 to n − 1, what goes first in front.
    shares : array of float, shape (n_shares,)
        From 0 to 1.

    Returns
    -------
    array of bool, shape (n_shares, n)

    Raises
    ------
    ValueError
        If the order isn't one, or a share is out of range.

    Examples
    --------
    >>> left_over(np.array([2, 0, 1]), np.array([0.0, 0.3, 0.6])).astype(int)
    array([[1, 1, 1],
           [1, 1, 0],
           [0, 1, 0]])
    """
    order, shares = np.asarray(order), np.asarray(shares, float)
    if sorted(order.tolist()) != list(range(len(order))):
        raise ValueError("an order holds each number from 0 on once")
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"shares lie between 0 and 1, not {shares}")
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    taken = np.ceil(shares * len(order) - 1e-9)
    return place >= taken[:, None]


def mean_height(values: Floats, shares: Floats) -> Floats:
    r"""Mean height of curves, the area below divided by the width.

    .. math:: \bar v = \frac{1}{s_n - s_1} \sum_i (s_{i+1} - s_i) \, \frac{v_i + v_{i+1}}{2}

    Parameters
    ----------
    values : array of float, shape (..., n)
    shares : array of float, shape (n,)
        Rising.

    Examples
    --------
    >>> mean_height(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.5, 1.0])).item()
    0.25
    """
    shares = np.asarray(shares, float)
    if len(shares) < 2 or (np.diff(shares) <= 0).any() or np.shape(values)[-1:] != shares.shape:
        raise ValueError("pass a value for each share, of two shares or more that rise")
    return np.trapezoid(values, shares, axis=-1) / (shares[-1] - shares[0])
