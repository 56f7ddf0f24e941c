"""One server and a queue: how long requests wait, by how busy the server is and how requests arrive.

Times are in units of the service time, so that nothing here depends on a machine.
"""

import numpy as np

from shoprec.formulas.arrays import Floats, whole
from shoprec.formulas.checks import number


def arrivals(load: float, n: int, seed: int = 0) -> Floats:
    r"""When requests arrive that know nothing of each other: a Poisson stream of so many per service time.

    Parameters
    ----------
    load : float
        :math:`\rho`, requests per service time: the share of the time that the server is busy, if it is below 1.
    n : int
    seed : int

    Returns
    -------
    array of float, shape (n,)
        Ascending.

    Examples
    --------
    >>> times = arrivals(load=0.5, n=10_000)
    >>> bool(0.49 < len(times) / times[-1] < 0.51)
    True
    """
    gaps = np.random.default_rng(seed).exponential(1 / number(load, "load", 0, ends="()"), whole(n, "n"))
    return np.cumsum(gaps)


def answer_times(arrived: Floats, service: Floats | float = 1.0) -> Floats:
    r"""From a request's arrival to its answer, waiting included, if they are answered one by one in their order.

    .. math:: W_{n+1} = \max(0, \; W_n + S_n - A_{n+1}), \qquad T_n = W_n + S_n

    with :math:`W_n` the time that request :math:`n` waits, :math:`S_n` the time that its answer takes and
    :math:`A_{n+1}` the time until the next one arrives (Lindley's recursion).

    Parameters
    ----------
    arrived : array of float, shape (n,)
        Ascending.
    service : float or array of float, shape (n,)

    Returns
    -------
    array of float, shape (n,)

    Examples
    --------
    The second arrives while the first is answered; the third finds nobody.

    >>> answer_times(np.array([0.0, 0.25, 5.0]))
    array([1.  , 1.75, 1.  ])
    """
    taken = np.broadcast_to(np.asarray(service, float), arrived.shape)
    # The server has been at work for all requests since somebody found it idle: the latest start that explains a time.
    done = np.cumsum(taken)
    free = np.maximum.accumulate(arrived - (done - taken))
    return free + done - arrived


def mean_wait(load: float) -> float:
    r"""Mean time in the queue if each answer takes the same time, in service times.

    .. math:: \bar W = \frac{\rho}{2 (1 - \rho)}

    Pollaczek's and Khinchine's formula for requests that arrive as a Poisson stream.

    Examples
    --------
    >>> mean_wait(0.5), round(mean_wait(0.9), 3)
    (0.5, 4.5)
    """
    load = number(load, "load", 0, 1, "[)")
    return load / (2 * (1 - load))


def mean_number(arrived: Floats, took: Floats) -> float:
    """Mean number of requests that wait or are answered, over the time from the first arrival to the last answer.

    Counted moment by moment, without Little's law, which says that it is the rate of arrivals times the mean time.

    Examples
    --------
    >>> mean_number(np.array([0.0, 0.0]), np.array([1.0, 2.0]))
    1.5
    """
    at = np.concatenate([arrived, arrived + took])
    step = np.repeat([1.0, -1.0], len(arrived))
    order = np.lexsort((-step, at))
    there = np.cumsum(step[order])[:-1]
    return float((there * np.diff(at[order])).sum() / (at.max() - at.min()))
