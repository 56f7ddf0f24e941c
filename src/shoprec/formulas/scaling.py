r"""Laws of scale: how a loss falls with parameters and data, what a cost grows by, and what training takes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from shoprec.formulas.arrays import Floats, finite, whole
from shoprec.formulas.checks import number


class Law(NamedTuple):
    r"""The law :math:`\hat L(N, D) = E + A N^{-\alpha} + B D^{-\beta}`.

    Attributes
    ----------
    floor : float
        :math:`E`, what no size and no amount of data removes.
    a, alpha : float
        :math:`A` and :math:`\alpha`, of the parameters :math:`N`.
    b, beta : float
        :math:`B` and :math:`\beta`, of the data :math:`D`.
    """

    floor: float
    a: float
    alpha: float
    b: float
    beta: float

    def __call__(self, n: npt.ArrayLike, d: npt.ArrayLike) -> Floats:
        """The loss that the law expects."""
        n, d = np.asarray(n, float), np.asarray(d, float)
        return self.floor + self.a * n**-self.alpha + self.b * d**-self.beta


def fit_law(n: npt.ArrayLike, d: npt.ArrayLike, loss: npt.ArrayLike) -> Law:
    r"""Fit the law :math:`\hat L(N, D) = E + A N^{-\alpha} + B D^{-\beta}` by least squares.

    For given exponents the law is linear in :math:`E`, :math:`A` and :math:`B`, which are then found exactly; only
    :math:`\alpha` and :math:`\beta`, both in [0.01, 3], are searched for, from several places.

    Parameters
    ----------
    n, d, loss : arrays of float, shape (n_cells,)
        Parameters, data and loss of each network; three different sizes and amounts of data at least.

    Raises
    ------
    ValueError
        If the shapes differ, a number isn't finite, a size or an amount isn't positive, or there are fewer than five
        cells, or fewer than three sizes or amounts: then a part of the law can't be told from its floor.

    References
    ----------
    Hoffmann et al. (2022), *Training compute-optimal large language models*, equation 2.

    Examples
    --------
    >>> n, d = (x.ravel() for x in np.meshgrid([1e4, 1e5, 1e6], [1e3, 1e4, 1e5]))
    >>> law = fit_law(n, d, Law(2.0, 30.0, 0.5, 10.0, 0.3)(n, d))
    >>> f"{law.floor:.3f} {law.alpha:.3f} {law.beta:.3f}"
    '2.000 0.500 0.300'
    """
    n, d, loss = (finite(x, name, "leave such cells out") for x, name in ((n, "n"), (d, "d"), (loss, "loss")))
    if not n.shape == d.shape == loss.shape or n.ndim != 1:
        raise ValueError(f"n, d and loss have shapes {n.shape}, {d.shape} and {loss.shape}; pass one number a cell")
    if len(n) < 5 or min(len(np.unique(n)), len(np.unique(d))) < 3 or min(n.min(), d.min()) <= 0:
        raise ValueError("the law has five numbers; pass five cells or more, of three positive sizes and amounts")

    def columns(exponents: Floats) -> Floats:
        powers = [(x / x.min()) ** -exponent for x, exponent in zip((n, d), exponents, strict=True)]
        return np.column_stack([np.ones(len(n)), *powers])

    def apart(exponents: Floats) -> Floats:
        table = columns(exponents)
        return table @ np.linalg.lstsq(table, loss)[0] - loss

    starts = [(a, b) for a in (0.1, 0.5, 1.5) for b in (0.1, 0.5, 1.5)]
    found = min((least_squares(apart, start, bounds=(0.01, 3)) for start in starts), key=lambda fit: fit.cost)
    floor, a, b = np.linalg.lstsq(columns(found.x), loss)[0]
    alpha, beta = found.x
    return Law(float(floor), float(a * n.min() ** alpha), float(alpha), float(b * d.min() ** beta), float(beta))


def exponent(size: npt.ArrayLike, cost: npt.ArrayLike) -> float:
    r"""The exponent :math:`\gamma` of :math:`\text{cost} \propto \text{size}^{\gamma}`, by a line in logarithms.

    Parameters
    ----------
    size, cost : arrays of float, shape (n,)
        Positive; two different sizes at least.

    Raises
    ------
    ValueError
        If the shapes differ, a number isn't positive and finite, or all sizes are the same.

    Examples
    --------
    >>> round(exponent([1, 10, 100], [5, 500, 50_000]), 6)
    2.0
    """
    size, cost = finite(size, "size", "leave it out"), finite(cost, "cost", "leave it out")
    if size.shape != cost.shape or size.ndim != 1 or len(np.unique(size)) < 2 or min(size.min(), cost.min()) <= 0:
        raise ValueError("size and cost must be of one length and positive, with two different sizes at least")
    return float(np.polyfit(np.log(size), np.log(cost), 1)[0])


def memory_per_process(parameters: int, n_processes: int, sharded: bool, unit: int = 0) -> int:
    r"""Bytes of weights, gradients and Adam's two moments that each process of a training holds, in 32 bits.

    .. math:: M_\text{DDP} = 16 N, \qquad M_\text{FSDP} = \frac{16 N}{P} + 4 N_\text{unit}

    A copy on each process takes 4 bytes for each weight, 4 for its gradient and 8 for the moments. Sharded, a process
    keeps the :math:`P`-th part of all four, and besides, for as long as it computes with it, one unit of the network
    (such as a block) whole. This is what the forward pass takes; backward, the unit's gradients are whole for a moment,
    too, another :math:`4 N_\text{unit}`. Activations come on top of all.

    Parameters
    ----------
    parameters : int
        :math:`N`.
    n_processes : int
        :math:`P`.
    sharded : bool
        By FSDP, or a copy on each process, as by DDP.
    unit : int
        :math:`N_\text{unit}`, the parameters of the largest unit that is put together at a time.

    Raises
    ------
    ValueError
        If a number is out of range, or a unit is larger than the network.

    References
    ----------
    Rajbhandari et al. (2020), *ZeRO: Memory optimizations toward training trillion parameter models*; Zhao et al.
    (2023), *PyTorch FSDP: Experiences on scaling fully sharded data parallel*.

    Examples
    --------
    >>> memory_per_process(10**9, 8, sharded=False), memory_per_process(10**9, 8, sharded=True, unit=10**8)
    (16000000000, 2400000000)
    """
    whole(parameters, "parameters")
    if whole(unit, "unit", least=0) > parameters:
        raise ValueError(f"a unit of {unit} parameters is larger than the network's {parameters}")
    each = -(-parameters // whole(n_processes, "n_processes"))
    return 16 * each + 4 * unit if sharded else 16 * parameters


def energy(seconds: float, watts: float, overhead: float = 1.2) -> float:
    r"""Kilowatt-hours of a computation: power times time, and what the building adds for cooling and conversion.

    Parameters
    ----------
    seconds : float
    watts : float
        Of what computes, an assumption: a processor's rating divided by its cores, say.
    overhead : float
        Power usage effectiveness of the building, 1 for none.

    Raises
    ------
    ValueError
        If a number is negative, or the overhead below 1.

    Examples
    --------
    >>> round(energy(seconds=3600, watts=100, overhead=1.5), 3)
    0.15
    """
    number(seconds, "seconds", 0)
    number(watts, "watts", 0)
    return seconds * watts * number(overhead, "overhead", 1) / 3.6e6
