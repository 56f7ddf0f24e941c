"""A simulated shop: its recommender learns from the purchases that it caused itself.

Real logs can't show what would have happened under another recommender. Here the households are real, but whether
they accept a recommendation is assumed: this shows what the loop does under that assumption, not how people behave.
"""

from collections.abc import Callable, Iterator

import numpy as np

from shoprec.formulas.arrays import Floats, whole
from shoprec.formulas.checks import number
from shoprec.formulas.metrics import rank_items
from shoprec.tasks import History

Policy = Callable[[Floats], Floats]


def feedback_loop(
    history: History,
    policy: Policy,
    n_rounds: int = 20,
    accept: float = 0.2,
    n_random: int = 0,
    n_own: int = 10,
    k: int = 10,
    seed: int = 0,
) -> Iterator[Floats]:
    r"""Recommend, let households buy, add what they bought to the counts, and recommend again.

    In each round every household :math:`u`

    - redraws ``n_own`` purchases from its real history: without recommendations it goes on as before;
    - is shown the ``k`` best products by the policy's scores; ``n_random`` of the places go to random products;
    - buys each product shown with probability ``accept``, whatever it is.

    The counts :math:`C_{ui}` grow by both, and the next round's scores are computed from them: the recommender can't
    tell what it caused from what it didn't.

    Parameters
    ----------
    history : History
        Each household needs at least one event.
    policy : callable
        From the counts, shape (n_users, n_items), to scores of the same shape, or of shape (1, n_items) for the same
        list for everybody.
    n_rounds : int
    accept : float
        Probability that a household buys a product that it is shown.
    n_random : int
        Places per list for exploration, at most ``k``.
    n_own : int
        Purchases per round that no recommendation caused.
    k : int
        Length of the lists.
    seed : int

    Yields
    ------
    array of float, shape (n_users, n_items)
        The counts before the first round and after each one; not to be changed.

    Raises
    ------
    ValueError
        If a household has no event, a number is out of range, or the policy returns another shape or NaN.

    References
    ----------
    Chaney, Stewart and Engelhardt (2018), *How algorithmic confounding in recommendation systems increases
    homogeneity and decreases utility*.

    Examples
    --------
    Two households buy different things; the popularity list brings them together.

    >>> user = np.array([0, 0, 1]); item = np.array([0, 0, 1])
    >>> history = History(user, item, np.arange(3), np.zeros(3), n_users=2, n_items=3)
    >>> *_, counts = feedback_loop(history, popular, n_rounds=2, accept=1.0, n_own=0, k=1)
    >>> counts
    array([[4., 0., 0.],
           [2., 1., 0.]])
    """
    empty = int((np.diff(history.start) == 0).sum())
    if empty:
        raise ValueError(f"{empty} households have no purchase to go on with; leave them out")
    number(accept, "accept", 0, 1, note=", a probability")
    if not whole(n_random, "n_random", 0) <= whole(k, "k") <= history.n_items:
        raise ValueError(
            f"n_random is {n_random} of {k} places for {history.n_items} products; choose n_random <= k <= products"
        )
    n_rounds, n_own = whole(n_rounds, "n_rounds", 0), whole(n_own, "n_own", 0)
    return _rounds(history, policy, n_rounds, accept, n_random, n_own, k, np.random.default_rng(seed))


def _rounds(
    history: History,
    policy: Policy,
    n_rounds: int,
    accept: float,
    n_random: int,
    n_own: int,
    k: int,
    rng: np.random.Generator,
) -> Iterator[Floats]:
    """Yield what :func:`feedback_loop` promises; it checks the arguments when it is called, not at the first round."""
    everyone, length = np.arange(history.n_users)[:, None], np.diff(history.start)[:, None]
    counts = history.matrix().toarray().astype(float)
    yield counts.copy()
    for _ in range(n_rounds):
        scores = np.asarray(policy(counts))
        if scores.shape not in (counts.shape, (1, history.n_items)):
            raise ValueError(f"the policy returned shape {scores.shape} for counts of shape {counts.shape}; see policy")
        scores = np.broadcast_to(scores, counts.shape)
        if n_random:
            drawn = rank_items(rng.random(counts.shape), n_random)
            scores = scores.astype(float)
            scores[everyone, drawn] = np.inf
        shown = rank_items(scores, k)
        np.add.at(counts, (everyone, shown), rng.random(shown.shape) < accept)
        event = history.start[:-1, None] + (rng.random((history.n_users, n_own)) * length).astype(int)
        np.add.at(counts, (everyone, history.item[event]), 1)
        yield counts.copy()


def popular(counts: Floats) -> Floats:
    """Policy of one list for everybody: what was bought most often.

    Examples
    --------
    >>> popular(np.array([[2.0, 0.0], [1.0, 1.0]]))
    array([[3., 1.]])
    """
    return counts.sum(axis=0, keepdims=True)


def personal(counts: Floats) -> Floats:
    """Policy of a list for each household: what it bought most often itself, with ties by popularity.

    Examples
    --------
    >>> personal(np.array([[2.0, 0.0, 0.0], [1.0, 1.0, 0.0]])).argmax(axis=1)
    array([0, 0])
    """
    counts = np.asarray(counts, dtype=float)  # a fraction added to a large count would be lost in 32 bits
    total = popular(counts)
    return counts + total / (1 + total.max())
