"""Linking accounts that may belong to one household: what a right, a wrong and a missed link are worth.

A link joins the history of another account. A right one brings a gain, a wrong one the taste of a stranger; without a
link nothing changes. Whether to link is a bet on how sure the link is.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, number
from shoprec.formulas.similarity import cosine_similarity


def expected_change(precision: npt.ArrayLike, linked: npt.ArrayLike, gain: float, loss: float) -> Floats:
    r"""Mean change of a metric over all accounts when a share of them is linked, not always rightly.

    .. math:: \bar g(\rho, \kappa) = \kappa \, \bigl( \rho \, g_+ - (1 - \rho) \, g_- \bigr)

    Parameters
    ----------
    precision : float or array
        :math:`\rho`, the share of the links that are right.
    linked : float or array
        :math:`\kappa`, the share of the accounts that are linked at all. If every household has a right partner,
        recall is :math:`\rho \kappa`.
    gain : float
        :math:`g_+`, what a right link adds to the metric on average.
    loss : float
        :math:`g_-`, what a wrong one takes away.

    Returns
    -------
    array of float
        Of the shape to which ``precision`` and ``linked`` broadcast.

    Raises
    ------
    ValueError
        If a share is not in [0, 1], or gain or loss is no finite number.

    Examples
    --------
    >>> expected_change([1.0, 0.5, 0.0], 0.8, gain=0.02, loss=0.03).round(3)
    array([ 0.016, -0.004, -0.024])
    """
    p, share = np.asarray(precision, float), np.asarray(linked, float)
    for name, values in (("precision", p), ("linked", share)):
        if not ((values >= 0) & (values <= 1)).all():
            raise ValueError(f"{name} holds {values.min():g} to {values.max():g}; a share lies between 0 and 1")
    if not (np.isfinite(gain) and np.isfinite(loss)):
        raise ValueError(f"gain is {gain} and loss {loss}; both must be finite")
    return share * (p * gain - (1 - p) * loss)


def break_even_precision(gain: float, loss: float) -> float:
    r"""The share of right links from which on linking pays.

    .. math:: \rho^* = \frac{g_-}{g_+ + g_-}

    It is where :func:`expected_change` is 0, whatever the share of linked accounts.

    Parameters
    ----------
    gain, loss : float
        :math:`g_+` and :math:`g_-`, of a right and of a wrong link.

    Returns
    -------
    float
        Between 0, where wrong links do no harm, and 1; above 1 if the right ones do none good: ``inf``.

    Raises
    ------
    ValueError
        If gain or loss is no finite number.

    Examples
    --------
    >>> break_even_precision(gain=0.01, loss=0.03)
    0.75
    >>> break_even_precision(gain=-0.01, loss=0.03)
    inf
    """
    gain, loss = (number(value, name, -np.inf, np.inf, "()") for value, name in ((gain, "gain"), (loss, "loss")))
    if loss <= 0:
        return 0.0
    return loss / (gain + loss) if gain > 0 else np.inf


def strangers(n: int, seed: int = 0) -> Codes:
    """For each of ``n`` households another one, drawn so that each is drawn once; shape (n,).

    Raises
    ------
    ValueError
        If there are fewer than two.

    Examples
    --------
    >>> others = strangers(5)
    >>> (others != np.arange(5)).all(), np.sort(others).tolist()
    (np.True_, [0, 1, 2, 3, 4])
    """
    circle = np.random.default_rng(seed).permutation(whole(n, "n", least=2))
    others = np.empty(n, int)
    others[circle] = np.roll(circle, 1)
    return others


def noisy_links(n: int, precision: float, linked: float, seed: int = 0) -> Codes:
    """Links as noisy keys give them: some right, some to a stranger, some missing; shape (n,).

    Parameters
    ----------
    n : int
        Households; number ``u`` belongs to the account ``u`` on either platform.
    precision : float
        Share of the links that are right, rounded to whole links.
    linked : float
        Share of the households that are linked, rounded too.
    seed : int

    Returns
    -------
    array of int, shape (n,)
        The account on the other platform; -1 where there is no link.

    Examples
    --------
    >>> links = noisy_links(8, precision=0.5, linked=0.5)
    >>> int((links >= 0).sum()), int((links == np.arange(8)).sum())
    (4, 2)
    """
    n_linked = round(whole(n, "n", least=2) * number(linked, "linked", 0, 1))
    n_right = round(n_linked * number(precision, "precision", 0, 1))
    order = np.random.default_rng(seed).permutation(n)
    links = np.full(n, -1)
    links[order[:n_right]] = order[:n_right]
    wrong = order[n_right:n_linked]
    links[wrong] = strangers(n, seed)[wrong]
    return links


def match_ranks(queries: sparse.csr_array, gallery: sparse.csr_array, truth: Codes) -> Codes:
    """At which rank by cosine each query finds its own household in a gallery; shape (n,).

    Parameters
    ----------
    queries : sparse array of shape (n, n_items)
        What is known of each household on one platform.
    gallery : sparse array of shape (m, n_items)
        What is known of accounts on other platforms.
    truth : array of int, shape (n,)
        The row of the gallery that belongs to the household.

    Returns
    -------
    array of int
        1 where no other row is as similar. What is equally similar counts as being in front.

    Raises
    ------
    ValueError
        If there isn't one row of the gallery for each query, or it doesn't exist.

    Examples
    --------
    >>> queries = sparse.csr_array([[1.0, 0, 1], [0, 1, 0]])
    >>> match_ranks(queries, sparse.csr_array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]]), truth=np.array([0, 1]))
    array([2, 1])
    """
    truth = household_codes(truth, gallery.shape[0])
    if len(truth) != queries.shape[0]:
        raise ValueError(f"truth has {len(truth)} rows for {queries.shape[0]} queries; say where each one is")
    alike = np.asarray(cosine_similarity(queries, gallery))
    own = alike[np.arange(len(truth)), truth]
    return (alike >= own[:, None]).sum(axis=1)
