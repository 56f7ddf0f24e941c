r"""Learning what to show while showing it: bandits, and a simulated shop to watch them in.

Nobody knows how often each item would be clicked, and showing it is the only way to find out. A bandit shows, looks
at the clicks, and shows again. Here several runs go on at once, as rows of one table, and learn after every batch of
impressions, as shops do: within a batch the policy stays as it is.
"""

from dataclasses import dataclass, field
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special

from shoprec.formulas.arrays import Codes, Floats, Mask, finite, whole
from shoprec.formulas.checks import number


@dataclass(frozen=True)
class ClickSimulator:
    """A shop in which the click rates are known.

    Attributes
    ----------
    rate : array of shape (n_groups, n_items)
        Probability that a user of a group clicks an item that is shown.
    share : array of shape (n_groups,)
        How often users of each group come; sums to 1.
    features : array of shape (n_groups, d)
        What a policy is told of a user.
    """

    rate: Floats
    share: Floats
    features: Floats

    def __post_init__(self) -> None:
        shapes = self.rate.shape[:1], self.share.shape, self.features.shape[:1]
        if len({*shapes}) != 1:
            raise ValueError(f"rate, share and features have {[s[0] for s in shapes]} groups; pass one row per group")
        if not (self.rate.min() >= 0 and self.rate.max() <= 1 and np.isclose(self.share.sum(), 1)):
            raise ValueError("rates are probabilities, and the groups' shares sum to 1; check both")


def item_rates(clicks: npt.ArrayLike, shown: npt.ArrayLike) -> Floats:
    r"""Click rates of items with few clicks, drawn toward their common mean as far as the data says.

    .. math:: \hat p_a = \frac{\alpha + c_a}{\alpha + \beta + n_a}

    where :math:`\alpha, \beta` make the counts most likely if the rates themselves are drawn from
    :math:`\mathrm{Beta}(\alpha, \beta)` (empirical Bayes).

    Parameters
    ----------
    clicks, shown : array of shape (n_items,)
        :math:`c_a` of :math:`n_a`.

    Returns
    -------
    array of shape (n_items,)

    Raises
    ------
    ValueError
        If an item has more clicks than it was shown, or a count is negative.

    Examples
    --------
    >>> item_rates([0, 1, 3, 2], [100, 100, 100, 1000]).round(3)
    array([0.005, 0.009, 0.018, 0.003])
    """
    c, n = (finite(x, name, "pass counts").astype(float) for x, name in ((clicks, "clicks"), (shown, "shown")))
    if c.shape != n.shape or (c < 0).any() or (c > n).any():
        raise ValueError("clicks must be between 0 and shown, item by item")
    mean = (c.sum() + 0.5) / (n.sum() + 1)

    def loss(theta: Floats) -> float:
        m, strength = special.expit(theta[0]), np.exp(theta[1])
        a, b = m * strength, (1 - m) * strength
        return -float((special.betaln(a + c, b + n - c) - special.betaln(a, b)).sum())

    start = [special.logit(mean), np.log(1 / mean)]
    bounds = [(None, None), (0.0, np.log(1e6))]  # of equal rates any strength would do; the data can't tell
    m, strength = optimize.minimize(loss, start, bounds=bounds, method="L-BFGS-B").x
    m, strength = special.expit(m), np.exp(strength)
    return (m * strength + c) / (strength + n)


def simulator(
    rows: pd.DataFrame, n_items: int, strength: float, groups: tuple[str, ...] = ("user_0", "user_1"), seed: int = 0
) -> ClickSimulator:
    r"""A shop whose items are clicked about as often as in a log, with tastes that are made up.

    .. math:: p_{ga} \propto \hat p_a \exp(\gamma \, \mathbf{x}_g^\top \boldsymbol\theta_a)

    The rates :math:`\hat p_a` and the groups of users are the log's. That groups differ in what they click is assumed:
    :math:`\boldsymbol\theta_a` is drawn at random, and :math:`\gamma` says how much it matters. Each item's rate over
    all groups stays :math:`\hat p_a`.

    Parameters
    ----------
    rows : DataFrame
        Columns ``item``, ``click`` and those in ``groups``, as in `BanditLog.rows`.
    n_items : int
    strength : float
        :math:`\gamma`; at 0, all groups are alike.
    groups : tuple of str
        Which columns make a group.
    seed : int
        Of the tastes.

    Returns
    -------
    ClickSimulator
        Features are a 1 and an indicator of each value of each column but its first.

    Raises
    ------
    ValueError
        If ``strength`` is negative.

    Examples
    --------
    >>> rows = pd.DataFrame({"item": [0, 0, 1, 1], "click": [True, False, False, False], "user_0": list("aabb")})
    >>> shop = simulator(rows, 2, strength=0.0, groups=("user_0",))
    >>> shop.rate.shape, shop.features.tolist()
    ((2, 2), [[1.0, 0.0], [1.0, 1.0]])
    """
    number(strength, "strength", 0)
    clicks, shown = np.zeros(n_items), np.zeros(n_items)
    np.add.at(shown, rows["item"], 1)
    np.add.at(clicks, rows["item"], rows["click"])
    base = item_rates(clicks, shown)
    kinds = rows.groupby(list(groups), observed=True).size()
    share = kinds.to_numpy() / kinds.sum()
    indicators = pd.get_dummies(kinds.index.to_frame(index=False), drop_first=True).to_numpy(float)
    features = np.hstack([np.ones((len(kinds), 1)), indicators])
    taste = np.random.default_rng(seed).normal(size=(features.shape[1], n_items))
    factor = np.exp(strength * features @ taste)
    rate = np.minimum(base * factor / (share @ factor), 1)
    return ClickSimulator(rate, share, features)


class Bandit(Protocol):
    """What shows items: chooses for a batch of users in each run, and learns from their clicks."""

    def start(self, n_runs: int, shop: ClickSimulator) -> Self:
        """Forget everything."""

    def choose(self, group: Codes, rng: np.random.Generator) -> Codes:
        """Items for users, by their groups; both of shape (n_runs, batch)."""

    def learn(self, group: Codes, item: Codes, click: Mask) -> None:
        """Take in what was clicked."""


@dataclass
class Uniform:
    """Every item is equally likely, for ever."""

    n_items: int = 0

    def start(self, n_runs: int, shop: ClickSimulator) -> Self:
        """Forget everything."""
        self.n_items = shop.rate.shape[1]
        return self

    def choose(self, group: Codes, rng: np.random.Generator) -> Codes:
        """Draw items, all equally likely."""
        return rng.integers(0, self.n_items, group.shape)

    def learn(self, group: Codes, item: Codes, click: Mask) -> None:
        """Learn nothing."""


@dataclass
class ThompsonSampling:
    r"""Draw a click rate for each item from what is believed of it, and show the item whose draw is highest.

    .. math:: \tilde p_a \sim \mathrm{Beta}(\alpha_0 + c_a,\; \beta_0 + n_a - c_a), \qquad a = \arg\max_a \tilde p_a

    Users are all alike to it. With ``greedy=True`` the draw is replaced by the mean, and nothing is shown in order to
    learn.

    Parameters
    ----------
    prior : tuple of float
        :math:`\alpha_0, \beta_0`.
    greedy : bool
    users_per_draw : int
        How many users in a row are served by one draw. Each is shown an item with the same probability as with a draw
        of its own; only the cost is less.

    References
    ----------
    Chapelle and Li (2011), *An empirical evaluation of Thompson sampling*.

    Examples
    --------
    >>> shop = ClickSimulator(np.array([[0.1, 0.9]]), np.ones(1), np.ones((1, 1)))
    >>> regret = run(ThompsonSampling(), shop, n_runs=2, n_batches=20, batch=10)
    >>> bool((np.diff(regret, axis=1)[:, -1] < 0.5).all())
    True
    """

    prior: tuple[float, float] = (1.0, 1.0)
    greedy: bool = False
    users_per_draw: int = 1
    hits: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    misses: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    def start(self, n_runs: int, shop: ClickSimulator) -> Self:
        """Forget everything."""
        shape = n_runs, shop.rate.shape[1]
        self.hits, self.misses = (np.full(shape, float(number(x, "prior", 0, ends="(]"))) for x in self.prior)
        return self

    def choose(self, group: Codes, rng: np.random.Generator) -> Codes:
        """Choose the items whose draws, or with ``greedy`` whose means, are highest."""
        a, b = self.hits[:, None], self.misses[:, None]
        if self.greedy:
            mean = a / (a + b) + 1e-12 * rng.random(a.shape)  # ties fall at random
            return np.broadcast_to(mean.argmax(axis=2), group.shape)
        n_runs, batch = group.shape
        size = n_runs, -(-batch // self.users_per_draw), a.shape[2]
        wins, losses = rng.standard_gamma(a, size), rng.standard_gamma(b, size)  # their share of the sum is Beta
        best = (wins / (wins + losses)).argmax(axis=2)
        return np.repeat(best, self.users_per_draw, axis=1)[:, :batch]

    def learn(self, group: Codes, item: Codes, click: Mask) -> None:
        """Count clicks, and exposures without one."""
        self.hits += _tally(self.hits.shape, item, weights=click)
        self.misses += _tally(self.misses.shape, item, weights=~click)


@dataclass
class LinUCB:
    r"""A linear model of clicks for each item, and a bonus for what is still uncertain (the disjoint form).

    .. math::

        A_a = \lambda I + \sum \mathbf{x} \mathbf{x}^\top, \quad
        \hat{\boldsymbol\theta}_a = A_a^{-1} \sum c\, \mathbf{x}, \quad
        a = \arg\max_a \; \mathbf{x}^\top \hat{\boldsymbol\theta}_a
            + \alpha \sqrt{\mathbf{x}^\top A_a^{-1} \mathbf{x}}

    where the sums go over the users to whom item a was shown, :math:`\mathbf{x}` are their features and :math:`c` is
    1 for a click.

    Parameters
    ----------
    alpha : float
        Size of the bonus :math:`\alpha`, in units of the clicks' standard deviation; the root of the click rate
        is a good start.
    ridge : float
        :math:`\lambda`.

    References
    ----------
    Li, Chu, Langford and Schapire (2010), *A contextual-bandit approach to personalized news article
    recommendation*, algorithm 1.

    Examples
    --------
    >>> rate = np.array([[0.1, 0.9], [0.9, 0.1]])  # tastes differ, and only features tell whose is whose
    >>> shop = ClickSimulator(rate, np.array([0.5, 0.5]), np.eye(2))
    >>> regret = run(LinUCB(alpha=0.5), shop, n_runs=2, n_batches=40, batch=5)
    >>> bool((np.diff(regret, axis=1)[:, -1] < 0.5).all())
    True
    """

    alpha: float = 1.0
    ridge: float = 1.0
    features: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    shown: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)), repr=False)
    clicks: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)), repr=False)

    def start(self, n_runs: int, shop: ClickSimulator) -> Self:
        """Forget everything."""
        number(self.alpha, "alpha", 0)
        number(self.ridge, "ridge", 0, ends="(]")
        self.features = shop.features
        self.shown, self.clicks = (np.zeros((n_runs, *shop.rate.shape)) for _ in range(2))
        return self

    def choose(self, group: Codes, rng: np.random.Generator) -> Codes:
        """Choose the items whose bounds are highest for the users' groups."""
        best = self.scores(rng).argmax(axis=2)
        return np.take_along_axis(best, group, axis=1)

    def scores(self, rng: np.random.Generator) -> Floats:
        """Bounds for every group and item, shape (n_runs, n_groups, n_items); equal ones fall at random."""
        x = self.features
        # Users of a group have equal features, so that counts by group are all that the sums need.
        a = np.einsum("rga,gi,gj->raij", self.shown, x, x, optimize=True) + self.ridge * np.eye(x.shape[1])
        inverse = np.linalg.inv(a)
        theta = np.einsum("raij,rga,gj->rai", inverse, self.clicks, x, optimize=True)
        width = np.sqrt(np.einsum("gi,raij,gj->rga", x, inverse, x, optimize=True))
        bound = np.einsum("gi,rai->rga", x, theta) + self.alpha * width
        return bound + 1e-12 * rng.random(bound.shape)

    def learn(self, group: Codes, item: Codes, click: Mask) -> None:
        """Count exposures and clicks by group."""
        self.shown += _tally(self.shown.shape, group, item)
        self.clicks += _tally(self.clicks.shape, group, item, weights=click)


def run(
    bandit: Bandit, shop: ClickSimulator, n_runs: int = 20, n_batches: int = 100, batch: int = 100, seed: int = 0
) -> Floats:
    r"""Let a bandit run in a shop, several times at once, and count the clicks that it missed.

    .. math:: R_t = \sum_{s \le t} \big( \max_a p_{g_s a} - p_{g_s a_s} \big)

    The regret counts expected clicks, so that luck in clicking plays no part in it.

    Parameters
    ----------
    bandit : Bandit
    shop : ClickSimulator
    n_runs, n_batches, batch : int
        Independent runs, batches in each, and impressions in a batch.
    seed : int
        Of users, clicks and draws.

    Returns
    -------
    array of shape (n_runs, n_batches)
        Regret :math:`R_t` at the end of each batch.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> shop = ClickSimulator(np.array([[0.2, 0.4]]), np.ones(1), np.ones((1, 1)))
    >>> run(Uniform(), shop, n_runs=1, n_batches=1, batch=20_000).round(-2)
    array([[2000.]])
    """
    n_runs, n_batches, batch = (
        whole(x, name, 1) for x, name in ((n_runs, "n_runs"), (n_batches, "n_batches"), (batch, "batch"))
    )
    rng, best = np.random.default_rng(seed), shop.rate.max(axis=1)
    regret, missed = np.zeros((n_runs, n_batches)), np.zeros(n_runs)
    bandit.start(n_runs, shop)
    for t in range(n_batches):
        group = rng.choice(len(shop.share), (n_runs, batch), p=shop.share)
        item = bandit.choose(group, rng)
        rate = shop.rate[group, item]
        bandit.learn(group, item, rng.random(rate.shape) < rate)
        missed += (best[group] - rate).sum(axis=1)
        regret[:, t] = missed
    return regret


def _tally(shape: tuple[int, ...], *places: Codes, weights: Mask | None = None) -> Floats:
    """Count, in each run, how often each place occurs; as ``np.add.at`` would, only faster."""
    run_number = np.broadcast_to(np.arange(shape[0])[:, None], places[0].shape)
    cell = np.ravel_multi_index((run_number, *places), shape).ravel()
    counts = np.bincount(cell, None if weights is None else weights.ravel(), minlength=int(np.prod(shape)))
    return counts.reshape(shape).astype(float)
