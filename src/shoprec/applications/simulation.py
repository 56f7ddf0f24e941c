"""A simulated shop: its recommender learns from the purchases that it caused itself.

Real logs can't show what would have happened under another recommender. Here the households are real, but whether
they accept a recommendation is assumed: this shows what the loop does under that assumption, not how people behave.
"""

from collections.abc import Callable, Iterator

import numpy as np

from shoprec.formulas.arrays import Floats
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
        If a household has no event, ``accept`` is no probability, or ``n_random`` exceeds ``k``.

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
    length = np.diff(history.start)
    if not length.all():
        raise ValueError(f"{(length == 0).sum()} households have no purchase to go on with; leave them out")
    if not 0 <= accept <= 1:
        raise ValueError(f"accept is {accept}; a probability lies between 0 and 1")
    if not 0 <= n_random <= k:
        raise ValueError(f"n_random is {n_random} of {k} places; choose a number between 0 and {k}")
    rng, everyone = np.random.default_rng(seed), np.arange(history.n_users)[:, None]
    counts = history.matrix().toarray().astype(float)
    yield counts.copy()
    for _ in range(n_rounds):
        scores = np.broadcast_to(policy(counts), counts.shape)
        if n_random:
            drawn = rank_items(rng.random(counts.shape), n_random)
            scores = scores.copy()
            scores[everyone, drawn] = np.inf
        shown = rank_items(scores, k)
        np.add.at(counts, (everyone, shown), rng.random(shown.shape) < accept)
        event = history.start[:-1, None] + (rng.random((history.n_users, n_own)) * length[:, None]).astype(int)
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
    total = popular(counts)
    return counts + total / (1 + total.max())
