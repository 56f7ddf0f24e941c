"""Privacy: one update of DP-SGD, how well an attack can tell members at most, and the mean of federated learning."""

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from shoprec.formulas.arrays import Floats
from shoprec.formulas.checks import number


def clipped(gradients: npt.ArrayLike, bound: float) -> Floats:
    r"""Each household's gradient, shortened to a length of at most ``bound``.

    .. math:: \tilde{\mathbf g}_u = \mathbf g_u \, \min\Bigl(1, \frac{C}{\lVert \mathbf g_u \rVert}\Bigr)

    Parameters
    ----------
    gradients : array of float, shape (n_households, n_parameters)
        A row for each household.
    bound : float
        :math:`C`, more than 0.

    Returns
    -------
    array of float, shape (n_households, n_parameters)

    Raises
    ------
    ValueError
        If the gradients are no table, or the bound isn't positive.

    Examples
    --------
    >>> clipped([[3.0, 4.0], [0.3, 0.4]], bound=1)
    array([[0.6, 0.8],
           [0.3, 0.4]])
    """
    rows = np.asarray(gradients, dtype=float)
    if rows.ndim != 2:
        raise ValueError(f"gradients have shape {rows.shape}; pass a row for each household")
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows * np.minimum(1, number(bound, "bound", 0, ends="(]") / np.maximum(length, 1e-300))


def private_gradient(
    gradients: npt.ArrayLike, bound: float, multiplier: float, expected: float, rng: np.random.Generator
) -> Floats:
    r"""What DP-SGD steps along: clip each household's gradient, add them up, add noise, divide.

    .. math:: \hat{\mathbf g} = \frac{1}{\bar B} \Bigl( \sum_{u \in B} \tilde{\mathbf g}_u + z C \,
              \boldsymbol\xi \Bigr), \qquad \boldsymbol\xi \sim \mathcal N(0, I)

    with :math:`\tilde{\mathbf g}_u` of :func:`clipped`, :math:`B` the households drawn for this step, each by itself,
    and :math:`\bar B` how many are expected, which doesn't depend on who was drawn.

    Parameters
    ----------
    gradients : array of float, shape (n_drawn, n_parameters)
        May have no row.
    bound : float
        :math:`C`.
    multiplier : float
        :math:`z`, the noise's standard deviation in units of :math:`C`.
    expected : float
        :math:`\bar B`.
    rng : Generator

    Returns
    -------
    array of float, shape (n_parameters,)

    Raises
    ------
    ValueError
        If the gradients are no table, or a number is out of range.

    References
    ----------
    Abadi et al. (2016), *Deep learning with differential privacy*, algorithm 1.

    Examples
    --------
    >>> private_gradient([[3.0, 4.0], [0.3, 0.4]], bound=1, multiplier=0, expected=2, rng=np.random.default_rng(0))
    array([0.45, 0.6 ])
    """
    total = clipped(gradients, bound).sum(axis=0)
    noise = number(multiplier, "multiplier", 0) * bound * rng.standard_normal(total.shape)
    return (total + noise) / number(expected, "expected", 0, ends="(]")


def attack_auc(members: npt.ArrayLike, others: npt.ArrayLike) -> float:
    r"""How often an attack scores a member above somebody else; a tie counts half.

    .. math:: \mathrm{AUC} = P(a_u > a_v) + \tfrac12 P(a_u = a_v), \qquad u \text{ a member}, v \text{ none}

    Parameters
    ----------
    members, others : arrays of float, shapes (n_members,) and (n_others,)
        The attack's scores; more says “member”.

    Raises
    ------
    ValueError
        If one of them is empty, or holds NaN.

    Examples
    --------
    >>> attack_auc([3, 2], [1, 2])
    0.875
    """
    inside, outside = (np.asarray(scores, dtype=float).ravel() for scores in (members, others))
    both = np.concatenate([inside, outside])
    if not len(inside) or not len(outside) or np.isnan(both).any():
        raise ValueError("members and others need a score each, and none may be NaN")
    above = rankdata(both)[: len(inside)].sum() - len(inside) * (len(inside) + 1) / 2
    return float(above / len(inside) / len(outside))


def largest_auc(epsilon: float, delta: float = 0.0) -> float:
    r"""The highest AUC of any attack on what was trained with :math:`(\varepsilon, \delta)`-differential privacy.

    At a rate :math:`f` of false alarms the guarantee lets an attack find at most :math:`\min(1, e^\varepsilon f +
    \delta, 1 - e^{-\varepsilon} (1 - \delta - f))` of the members; the area below is

    .. math:: \mathrm{AUC} \le 1 - \frac{(1 - \delta)^2}{1 + e^\varepsilon}

    Parameters
    ----------
    epsilon : float
        At least 0; infinity promises nothing.
    delta : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> largest_auc(0), round(largest_auc(1), 3), largest_auc(np.inf)
    (0.5, 0.731, 1.0)
    """
    rest = (1 - number(delta, "delta", 0, 1)) ** 2
    return float(1 - rest / (1 + np.exp(min(number(epsilon, "epsilon", 0), 700.0)))) if epsilon < np.inf else 1.0


def federated_mean(weights: npt.ArrayLike, households: npt.ArrayLike) -> Floats:
    r"""The mean of what each store sends, by its number of households.

    .. math:: \theta = \sum_s \frac{n_s}{\sum_{s'} n_{s'}} \, \theta_s

    Parameters
    ----------
    weights : array of float, shape (n_stores, n_parameters)
        Each store's parameters after its own steps.
    households : array of float, shape (n_stores,)
        :math:`n_s`.

    Raises
    ------
    ValueError
        If the shapes don't fit, a number is negative, or all are 0.

    References
    ----------
    McMahan et al. (2017), *Communication-efficient learning of deep networks from decentralized data*.

    Examples
    --------
    >>> federated_mean([[1.0, 0.0], [4.0, 3.0]], [2, 1])
    array([2., 1.])
    """
    rows, n = np.asarray(weights, dtype=float), np.asarray(households, dtype=float)
    if rows.ndim != 2 or n.shape != rows.shape[:1] or (n < 0).any() or not n.sum() > 0:
        raise ValueError(f"weights {rows.shape} need one number of households a store, not all 0; there are {n.shape}")
    return n @ rows / n.sum()
