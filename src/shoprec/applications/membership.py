"""Membership inference: who was in the training data? An attack that reads losses, and its score with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from shoprec.formulas.arrays import Floats, Mask

INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Losses:
    """Losses of one arm's networks, each trained on a part of the households that was drawn anew.

    Attributes
    ----------
    loss : array of float, shape (n_seeds, n_households)
    role : array of int, shape (n_seeds, n_households)
        0 for who was never a member, 1 for members, 2 for members who ask to be forgotten.
    """

    loss: Floats
    role: npt.NDArray[np.int8]

    @classmethod
    def of(cls, households: pd.DataFrame, arm: str) -> "Losses":
        """Those of a record's arm, of the households that have a row."""
        own = households[(households["model"] == arm) & households["loss"].notna()]
        loss, role = (own.pivot(index="seed", columns="household", values=name) for name in ("loss", "role"))
        return cls(loss.to_numpy(), role.to_numpy())

    def plain(self) -> Floats:
        """The attack that reads one loss: the lower, the rather a member."""
        return -self.loss

    def calibrated(self, reference: "Losses | None" = None) -> Floats:
        r"""The attack that knows how hard a household is: by how much its loss is below that of other networks.

        .. math:: a_u = \frac{1}{|S_u|} \sum_{s \in S_u} \ell_u(\theta_s) - \ell_u(\theta)

        with :math:`S_u` the networks of the other seeds that weren't trained on :math:`u`; NaN where there is none.

        Parameters
        ----------
        reference : Losses, optional
            Of the networks to compare with; by default of the same arm.
        """
        other = reference or self
        scores = np.full(self.loss.shape, np.nan)
        for s in range(len(self.loss)):
            unseen = other.role == 0
            unseen[s] = False
            n = unseen.sum(axis=0)
            level = np.where(unseen, other.loss, 0).sum(axis=0) / np.maximum(n, 1)
            scores[s] = np.where(n > 0, level - self.loss[s], np.nan)
        return scores


@dataclass(frozen=True)
class Draws:
    """Households and seeds drawn anew, the same for all that is compared.

    Attributes
    ----------
    households : array of int, shape (n, n_households)
        How often each household was drawn.
    seeds : array of float, shape (n, n_seeds)
        Each seed's share of a draw.
    """

    households: npt.NDArray[np.int64]
    seeds: Floats

    @classmethod
    def make(cls, n_seeds: int, n_households: int, n: int = 500, seed: int = 0) -> "Draws":
        """Draw with replacement, both by themselves.

        Examples
        --------
        >>> draws = Draws.make(3, 10, n=4)
        >>> draws.households.sum(axis=1).tolist(), draws.seeds.sum(axis=1).round(9).tolist()
        ([10, 10, 10, 10], [1.0, 1.0, 1.0, 1.0])
        """
        rng = np.random.default_rng(seed)
        households = rng.multinomial(n_households, np.full(n_households, 1 / n_households), size=n)
        return cls(households, rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=n) / n_seeds)

    def over(self, by_seed: Callable[[int, npt.NDArray[np.int64]], Floats]) -> Floats:
        """What a statistic is on average over the seeds: first as it is, then in each draw; shape (n + 1,).

        Parameters
        ----------
        by_seed : function
            From a seed's number and the households' weights, shape (n + 1, n_households), to values, shape (n + 1,).
        """
        one = np.ones((1, self.households.shape[1]), dtype=self.households.dtype)
        weights = np.concatenate([one, self.households])
        seeds = np.concatenate([np.full((1, self.seeds.shape[1]), 1 / self.seeds.shape[1]), self.seeds])
        return np.sum([seeds[:, s] * by_seed(s, weights) for s in range(seeds.shape[1])], axis=0)


def weighted_auc(scores: Floats, inside: Mask, outside: Mask, weights: npt.NDArray[np.int64]) -> Floats:
    """AUC with each household counted so often, shape (n_draws,); what is NaN or on neither side is left out.

    Examples
    --------
    >>> scores, inside = np.array([3.0, 2.0, 1.0, 2.0]), np.array([True, True, False, False])
    >>> weighted_auc(scores, inside, ~inside, np.array([[1, 1, 1, 1], [1, 0, 0, 3]]))
    array([0.875, 1.   ])
    """
    some = np.flatnonzero((inside | outside) & ~np.isnan(scores))
    order = some[np.argsort(scores[some], kind="stable")]
    _, group = np.unique(scores[order], return_inverse=True)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    members = np.add.reduceat(np.where(inside[order], weights[:, order], 0), starts, axis=1)
    others = np.add.reduceat(np.where(outside[order], weights[:, order], 0), starts, axis=1)
    below = np.cumsum(others, axis=1) - others / 2
    return (members * below).sum(axis=1) / (members.sum(axis=1) * others.sum(axis=1))


def auc_draws(scores: Floats, role: npt.NDArray[np.int8], draws: Draws, inside: tuple[int, ...] = (1, 2)) -> Floats:
    """AUC of an attack, mean over the seeds, as it is and in each draw; shape (n + 1,).

    Parameters
    ----------
    scores, role : arrays of shape (n_seeds, n_households)
    draws : Draws
    inside : tuple of int
        The roles that the attack should find, against those of role 0.
    """
    return draws.over(lambda s, w: weighted_auc(scores[s], np.isin(role[s], inside), role[s] == 0, w))


def interval(values: Floats) -> tuple[float, float, float]:
    """A statistic and its 95% interval, from what it is and what it is in each draw."""
    low, high = np.quantile(values[1:], INTERVAL)
    return float(values[0]), float(low), float(high)


def mean_draws(values: Floats, draws: Draws) -> Floats:
    """Mean of a value per household, over households and seeds, as it is and in each draw; shape (n + 1,).

    Parameters
    ----------
    values : array of float, shape (n_seeds, n_households)
        None may be NaN.
    draws : Draws

    Examples
    --------
    >>> mean_draws(np.array([[1.0, 2.0], [3.0, 6.0]]), Draws.make(2, 2, n=3))[0]
    np.float64(3.0)
    """
    return draws.over(lambda s, weights: weights @ values[s] / weights.sum(axis=1))
