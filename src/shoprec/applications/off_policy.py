r"""What would another policy have earned? Answers from the log of the policy that ran.

A log holds contexts :math:`x_i`, actions :math:`a_i` drawn from the policy that ran, :math:`\mu(a \mid x)`, and rewards
:math:`r_i`. Asked is the value :math:`V` of a target policy :math:`\pi(a \mid x)`, its mean reward. All estimators
here read the log through two columns, rewards and weights

.. math:: w_i = \frac{\pi(a_i \mid x_i)}{\mu(a_i \mid x_i)}

and, where a model of the rewards helps, through its predictions :math:`\hat q(x, a)`. They work along the last axis,
so that a table with one log per row gives one estimate per row.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from shoprec.formulas.arrays import MILLION, Codes, Floats, Mask, finite, whole
from shoprec.formulas.checks import number


@dataclass(frozen=True)
class Estimate:
    """A policy's value as a log tells it.

    Attributes
    ----------
    value : float or array
        Estimated mean reward.
    error : float or array
        Standard error, as if the rows of the log were drawn independently.
    """

    value: Floats
    error: Floats

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Ends of the interval that the normal approximation gives.

        Few clicks or a few huge weights make it too narrow; :func:`bootstrap` is no cure for weights that the log
        doesn't hold.

        Examples
        --------
        >>> low, high = Estimate(np.float64(0.5), np.float64(0.1)).interval()
        >>> round(float(low), 3), round(float(high), 3)
        (0.304, 0.696)
        """
        number(level, "level", 0, 1, "()", note="; 0.95 for 95 %")
        half = stats.norm.ppf((1 + level) / 2) * self.error
        return self.value - half, self.value + half


def importance_weights(target: npt.ArrayLike, propensity: npt.ArrayLike, clip: float = np.inf) -> Floats:
    r"""How much more often the target policy would have done what was done.

    .. math:: w_i = \min\!\Big(\frac{\pi(a_i \mid x_i)}{\mu(a_i \mid x_i)},\; M\Big)

    Parameters
    ----------
    target : array of shape (..., n)
        Probability :math:`\pi` of each logged action under the target policy.
    propensity : array, broadcast against ``target``
        Its probability :math:`\mu` under the policy that ran.
    clip : float
        :math:`M`, the largest weight allowed.

    Returns
    -------
    array of shape (..., n)

    Raises
    ------
    ValueError
        If a probability is outside of [0, 1], a propensity is 0 (what was done had a chance), or ``clip`` isn't
        positive.

    References
    ----------
    Bottou et al. (2013), *Counterfactual reasoning and learning systems*, for clipping.

    Examples
    --------
    >>> importance_weights([0.5, 0.1], [0.1, 0.5])
    array([5. , 0.2])
    >>> importance_weights([0.5, 0.1], [0.1, 0.5], clip=2)
    array([2. , 0.2])
    """
    number(clip, "clip", 0, np.inf, "(]", note=", the largest weight")
    pi, b = (_probabilities(p, name) for p, name in ((target, "target"), (propensity, "propensity")))
    if (b == 0).any():
        raise ValueError("propensity holds a zero; an action that was logged had a chance, so look how it was recorded")
    return np.minimum(pi / b, clip)


def effective_sample_size(weight: npt.ArrayLike) -> Floats:
    r"""How many rows of equal weight would tell as much.

    .. math:: n_{\text{eff}} = \frac{\big(\sum_i w_i\big)^2}{\sum_i w_i^2}

    Parameters
    ----------
    weight : array of shape (..., n)
        Weights, not negative.

    Returns
    -------
    array of shape (...)
        From 1, one row has all the weight, to n, all rows have the same; 0 if all weights are 0.

    Raises
    ------
    ValueError
        If a weight is negative, NaN or infinite.

    References
    ----------
    Kish (1965), *Survey sampling*.

    Examples
    --------
    >>> float(effective_sample_size([1, 1, 1, 1])), float(effective_sample_size([1000, 1, 1, 1]).round(2))
    (4.0, 1.01)
    """
    w = _weights(weight)
    total, square = w.sum(axis=-1), (w**2).sum(axis=-1)
    return np.divide(total**2, square, out=np.zeros_like(total), where=square > 0)


def ips(reward: npt.ArrayLike, weight: npt.ArrayLike) -> Estimate:
    r"""Inverse propensity score: the mean of weighted rewards.

    .. math:: \hat V_{\text{IPS}} = \frac1n \sum_{i=1}^n w_i r_i

    Unbiased if the propensities are right and wherever :math:`\pi > 0`, :math:`\mu > 0`; with clipped weights, biased
    toward 0.

    Parameters
    ----------
    reward, weight : array of shape (..., n)

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If shapes differ, there are fewer than two rows, or a number is NaN, infinite, or a negative weight.

    Examples
    --------
    >>> ips([1, 0, 1, 0], [2.0, 1.0, 0.5, 0.5]).value
    np.float64(0.625)
    """
    r, w = _columns(reward=reward, weight=_weights(weight))
    return _mean(w * r)


def snips(reward: npt.ArrayLike, weight: npt.ArrayLike) -> Estimate:
    r"""Self-normalised IPS: divide by the weights that were drawn instead of by their expected sum.

    .. math:: \hat V_{\text{SNIPS}} = \frac{\sum_i w_i r_i}{\sum_i w_i}

    Consistent, slightly biased, and never outside of the rewards' range. The error is the delta method's:
    that of the mean of :math:`w_i (r_i - \hat V) / \bar w`.

    Parameters
    ----------
    reward, weight : array of shape (..., n)

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        As :func:`ips`, and if all weights of a log are 0.

    References
    ----------
    Swaminathan and Joachims (2015), *The self-normalized estimator for counterfactual learning*.

    Examples
    --------
    >>> snips([1, 0, 1, 0], [2.0, 1.0, 0.5, 0.5]).value
    np.float64(0.625)
    >>> snips([1, 1, 1], [5.0, 1.0, 3.0]).value
    np.float64(1.0)
    """
    r, w = _columns(reward=reward, weight=_weights(weight))
    mean = w.mean(axis=-1, keepdims=True)
    if (mean == 0).any():
        raise ValueError("all weights are 0: the target policy never does what was logged, so the log can't judge it")
    value = (w * r).mean(axis=-1, keepdims=True) / mean
    return Estimate(value[..., 0][()], _mean(w * (r - value) / mean).error)


def direct_method(expected: npt.ArrayLike) -> Estimate:
    r"""Direct method: what a model of the rewards expects of the target policy.

    .. math::

        \hat V_{\text{DM}} = \frac1n \sum_{i=1}^n \hat q(x_i, \pi), \qquad
        \hat q(x, \pi) = \sum_a \pi(a \mid x)\, \hat q(x, a)

    As right as the model is; the error counts which contexts were drawn, not how wrong the model may be.

    Parameters
    ----------
    expected : array of shape (..., n)
        :math:`\hat q(x_i, \pi)`.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there are fewer than two rows, or NaN or infinity.

    Examples
    --------
    >>> direct_method([0.125, 0.25, 0.375]).value
    np.float64(0.25)
    """
    (q,) = _columns(expected=expected)
    return _mean(q)


def doubly_robust(
    reward: npt.ArrayLike, weight: npt.ArrayLike, predicted: npt.ArrayLike, expected: npt.ArrayLike
) -> Estimate:
    r"""Doubly robust: the model's answer, corrected by the weighted errors that it makes on the log.

    .. math::

        \hat V_{\text{DR}} = \frac1n \sum_{i=1}^n
            \Big[ \hat q(x_i, \pi) + w_i \big( r_i - \hat q(x_i, a_i) \big) \Big]

    Unbiased if the propensities are right or the model is; the model must not have seen the row that it corrects.

    Parameters
    ----------
    reward, weight : array of shape (..., n)
    predicted : array of shape (..., n)
        :math:`\hat q(x_i, a_i)`, of what was done.
    expected : array of shape (..., n)
        :math:`\hat q(x_i, \pi)`, of what the target policy would do.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        As :func:`ips`.

    References
    ----------
    Dudík, Langford and Li (2011), *Doubly robust policy evaluation and learning*.

    Examples
    --------
    A model that is right about every reward leaves nothing to correct.

    >>> doubly_robust([1, 0], [30.0, 0.1], predicted=[1, 0], expected=[0.6, 0.4]).value
    np.float64(0.5)
    """
    r, w, q, e = _columns(reward=reward, weight=_weights(weight), predicted=predicted, expected=expected)
    return _mean(e + w * (r - q))


def bootstrap(
    estimator: Callable[..., Estimate],
    *columns: npt.ArrayLike,
    n_samples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of an estimator from redrawn rows of one log.

    The same seed redraws the same rows, so that two estimators, or two clip levels, are compared on equal draws.

    Parameters
    ----------
    estimator : function
        From the columns to an :class:`Estimate`, along the last axis.
    *columns : array of shape (n,)
        What it reads, row by row.
    n_samples : int
    level : float
    seed : int

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If columns aren't equally long, or a number is out of range.

    Examples
    --------
    >>> low, high = bootstrap(ips, [0, 1] * 200, [1.0] * 400)
    >>> 0.44 < low < 0.46 < 0.54 < high < 0.56
    True
    """
    number(level, "level", 0, 1, "()", note="; 0.95 for 95 %")
    table = _columns(**{f"column {i}": column for i, column in enumerate(columns)})
    n, rng, values = table[0].shape[-1], np.random.default_rng(seed), []
    left = whole(n_samples, "n_samples", 1)
    while left:
        block = min(left, max(1, MILLION // n))
        drawn = rng.integers(0, n, (block, n))
        values.append(estimator(*(column[drawn] for column in table)).value)
        left -= block
    low, high = np.quantile(np.concatenate(values), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def clipped_moments(
    target: npt.ArrayLike, behaviour: npt.ArrayLike, rate: npt.ArrayLike, clip: float = np.inf
) -> tuple[float, float]:
    r"""Expected value and variance of one clipped term, :math:`\min(w, M)\, r` with r 0 or 1, where all is known.

    .. math::

        \mathbb{E} = \frac1C \sum_x \sum_a \mu(a \mid x) \min(w_{xa}, M)\, q_{xa}, \qquad
        \operatorname{Var} = \frac1C \sum_x \sum_a \mu(a \mid x) \min(w_{xa}, M)^2\, q_{xa} - \mathbb{E}^2

    The mean of n terms has the same expected value and a variance n times smaller. Without clipping the first is
    :math:`V`; what clipping takes away, :math:`\frac1C \sum_x \sum_a (\pi - M \mu)_+ \, q`, is the bias.

    Parameters
    ----------
    target, behaviour : array of shape (n_contexts, n_actions)
        The policies :math:`\pi` and :math:`\mu`; contexts are equally frequent.
    rate : array of shape (n_contexts, n_actions)
        Probability of a reward.
    clip : float
        :math:`M`.

    Returns
    -------
    mean, variance : float

    Raises
    ------
    ValueError
        If shapes differ or a probability is out of range.

    Examples
    --------
    >>> clipped_moments([[0.9, 0.1]], [[0.1, 0.9]], [[0.5, 0.5]])[0]
    0.5
    >>> round(clipped_moments([[0.9, 0.1]], [[0.1, 0.9]], [[0.5, 0.5]], clip=3)[0], 3)
    0.2
    """
    named = {"target": target, "behaviour": behaviour, "rate": rate}
    pi, b, q = (np.atleast_2d(_probabilities(p, name)) for name, p in named.items())
    if not pi.shape == b.shape == q.shape:
        raise ValueError(
            f"target, behaviour and rate have shapes {pi.shape}, {b.shape} and {q.shape}; pass three alike"
        )
    w = importance_weights(pi, np.where(b > 0, b, 1), clip)
    first, second = ((b * w**power * q).sum() / len(b) for power in (1, 2))
    return float(first), float(second - first**2)


def draw_logs(
    behaviour: npt.ArrayLike, rate: npt.ArrayLike, n_logs: int, n_rows: int, seed: int = 0
) -> tuple[Codes, Codes, Mask]:
    """Write logs of a policy in a shop where the click rates are known.

    Parameters
    ----------
    behaviour, rate : array of shape (n_contexts, n_actions)
        Policy, with rows that sum to 1, and probabilities of a reward; contexts are equally frequent.
    n_logs, n_rows : int
    seed : int

    Returns
    -------
    context, action : array of int, shape (n_logs, n_rows)
    reward : array of bool, shape (n_logs, n_rows)

    Raises
    ------
    ValueError
        If shapes differ, a probability is out of range, or rows of the policy don't sum to 1.

    Examples
    --------
    >>> context, action, reward = draw_logs([[0.25, 0.75]], [[0.0, 1.0]], n_logs=1, n_rows=10_000)
    >>> float(action.mean().round(2)), bool((reward == action).all())
    (0.75, True)
    """
    b, q = (_probabilities(p, name) for p, name in ((behaviour, "behaviour"), (rate, "rate")))
    if b.ndim != 2 or b.shape != q.shape or not np.allclose(b.sum(axis=1), 1):
        raise ValueError(f"behaviour {b.shape} and rate {q.shape} need the same two axes, and policies rows of sum 1")
    rng, size = np.random.default_rng(seed), (whole(n_logs, "n_logs", 1), whole(n_rows, "n_rows", 1))
    context, uniform = rng.integers(0, len(b), size), rng.random(size)
    edges = np.cumsum(b, axis=1) + np.arange(len(b))[:, None]  # a context's edges lie between its number and the next
    edges[:, -1] = np.arange(1, len(b) + 1)
    action = np.searchsorted(edges.ravel(), uniform + context, side="right") - context * b.shape[1]
    return context, action, rng.random(size) < q[context, action]


def _probabilities(p: npt.ArrayLike, name: str) -> Floats:
    values = finite(p, name, "pass probabilities").astype(float)
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"{name} runs from {values.min():g} to {values.max():g}; pass probabilities, from 0 to 1")
    return values


def _weights(weight: npt.ArrayLike) -> Floats:
    values = finite(weight, "weight", "pass importance_weights(...)").astype(float)
    if values.size and values.min() < 0:
        raise ValueError(f"weight holds {values.min():g}; weights are ratios of probabilities and never negative")
    return values


def _columns(**columns: npt.ArrayLike) -> list[Floats]:
    """Columns of equal length, at least two rows long, as floats."""
    arrays = {name: finite(column, name, "drop such rows") for name, column in columns.items()}
    lengths = {name: array.shape[-1] if array.ndim else 0 for name, array in arrays.items()}
    if len({*lengths.values()}) != 1 or min(lengths.values()) < 2:
        raise ValueError(f"columns have the lengths {lengths}; pass equally long ones of at least two rows")
    return [array.astype(float, copy=False) for array in arrays.values()]


def _mean(terms: Floats) -> Estimate:
    n = terms.shape[-1]
    return Estimate(terms.mean(axis=-1)[()], (terms.std(axis=-1, ddof=1) / np.sqrt(n))[()])
