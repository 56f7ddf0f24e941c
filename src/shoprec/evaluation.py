"""Judging: every model ranks the whole catalogue for every household, and every figure has an interval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, number, one_of, scores_of
from shoprec.formulas.metrics import coverage, hit_rate_at_k, mrr_at_k, ndcg_at_k, novelty, rank_items, recall_at_k
from shoprec.models import Recommender
from shoprec.tasks import Task

METRICS = {"ndcg": ndcg_at_k, "recall": recall_at_k, "hit_rate": hit_rate_at_k, "mrr": mrr_at_k}
SLICES = ("all", "repeat", "explore")
KEPT = 30_000_000  #: bytes of resamples that are kept for the next interval


@dataclass(frozen=True)
class Evaluation:
    """One model's results on one task.

    Attributes
    ----------
    ranked : array of int, shape (n_households, k)
        The lists that were judged, best product first.
    households : DataFrame
        One row per household, columns (slice, metric). In the slice ``repeat`` only those target products
        count that the household had bought before, in ``explore`` only those it had not; a household
        without such a target has NaN there. The list that is judged is the same.
    coverage : float
        Share of the catalogue that is shown to somebody.
    novelty : float
        Mean surprise of the products shown, in bits.
    k : int
        Length of the lists.
    """

    ranked: Codes
    households: pd.DataFrame
    coverage: float
    novelty: float
    k: int

    def __getitem__(self, metric: str) -> Floats:
        """One metric over all targets, one value per household."""
        return self.households["all", metric].to_numpy()

    def mean(self) -> pd.Series:
        """Means over the households, indexed by (slice, metric)."""
        return self.households.mean()


def evaluate(model: Recommender, task: Task, k: int = 10, batch: int = 256) -> Evaluation:
    """Rank the whole catalogue for every household of a task and compare with its next basket.

    No product is sampled or left out. Ties go to the lower item code. Works in batches of households, so
    that memory stays at about ``batch * n_items`` scores.

    Parameters
    ----------
    model : Recommender
        Fitted.
    task : Task
    k : int
        Length of the lists.
    batch : int
        Households per batch.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If the task has no households; if ``k`` or ``batch`` is out of range; if the model's scores have another shape
        than (households, items), or hold NaN or +inf. A score of -inf puts a product at the end.
    """
    k, n = whole(k, "k"), len(task.households)
    if not n:
        raise ValueError(
            "the task has no household with a history and a next basket; cut the purchases at another date"
        )
    batches = np.array_split(task.households, -(-n // whole(batch, "batch")))
    ranked = np.concatenate([rank_items(scores_of(model, b, len(task.items)), k) for b in batches])
    popularity = task.history.n_buyers / np.count_nonzero(np.diff(task.history.start))
    return Evaluation(
        ranked=ranked,
        households=_per_household(ranked, task, k),
        coverage=coverage(ranked, len(task.items), k),
        novelty=float(novelty(ranked, popularity, k).mean()),
        k=k,
    )


def paired_bootstrap(
    a: npt.ArrayLike, b: npt.ArrayLike, n: int = 10_000, level: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    r"""Mean difference a − b and its interval, when the same households are drawn anew.

    Both models are judged on the same households, so a household that is hard for both moves neither
    difference: pairing makes the interval far narrower than that of two separate means. The interval is
    the percentile bootstrap's: households are drawn with replacement ``n`` times.

    Parameters
    ----------
    a, b : arrays of float, shape (n_households,)
        A metric of two models, same households in the same order. Households where either is NaN are left out.
    n : int
        Number of resamples.
    level : float
        Probability that the interval covers, such as 0.95.
    seed : int
        Seed of the draws.

    Returns
    -------
    mean, low, high : float

    Raises
    ------
    ValueError
        If the arrays differ in length or hold infinity, fewer than two households are left, or ``n`` or ``level`` is
        out of range.

    References
    ----------
    Efron and Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 13.

    Examples
    --------
    >>> mean, low, high = paired_bootstrap([0.3, 0.5, 0.4, 0.6], [0.2, 0.5, 0.2, 0.5])
    >>> round(mean, 3), low > 0
    (0.1, True)
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"a and b have shapes {a.shape} and {b.shape}; pass one value per household for each")
    if np.isinf(a).any() or np.isinf(b).any():
        raise ValueError("a or b holds infinity, which has no mean; NaN leaves a household out")
    difference = (a - b)[~np.isnan(a - b)]
    if len(difference) < 2:
        raise ValueError(f"only {len(difference)} households have both values; an interval needs two or more")
    (low,), (high,) = _bootstrap_intervals(difference[None], whole(n, "n"), level, seed)
    return float(difference.mean()), float(low), float(high)


def leaderboard(evaluations: Mapping[str, Evaluation], metric: str = "ndcg", seed: int = 0) -> pd.DataFrame:
    """One row per model: the metric over all targets with its 95% interval, by slice, and the rest.

    Parameters
    ----------
    evaluations : mapping of name to Evaluation
        All on the same households.
    metric : str
        The metric that gets intervals and decides the order: ``ndcg``, ``recall``, ``hit_rate`` or ``mrr``.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    DataFrame
        Best model first; columns ``all, low, high, repeat, explore, recall, hit_rate, mrr, coverage,
        novelty``, where ``low`` and ``high`` bound ``all``.

    Raises
    ------
    ValueError
        If there are no evaluations, they are of different households, or the metric is unknown.
    """
    one_of(metric, "metric", METRICS)
    judged = [result.households.index for result in evaluations.values()]
    if not judged or not all(index.equals(judged[0]) for index in judged):
        raise ValueError("a leaderboard needs one evaluation or more, all on the same task; evaluate each model on it")
    values = np.stack([result[metric] for result in evaluations.values()])
    intervals = np.transpose(_bootstrap_intervals(values, 10_000, 0.95, seed))
    rows = {}
    for (name, result), (low, high) in zip(evaluations.items(), intervals, strict=True):
        mean = result.mean()
        rows[name] = {
            "all": mean["all", metric], "low": low, "high": high,
            "repeat": mean["repeat", metric], "explore": mean["explore", metric],
            **{other: mean["all", other] for other in METRICS if other != metric},
            "coverage": result.coverage, "novelty": result.novelty,
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").sort_values("all", ascending=False, kind="stable")


def recommend(model: Recommender, task: Task, household: int, products: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    """One household's list, with what it had bought and what it bought next.

    Parameters
    ----------
    model : Recommender
        Fitted on the task.
    task : Task
    household : int
        Code of the household.
    products : DataFrame
        Columns ``name_zh`` and ``name_en``, indexed by item id.
    k : int
        Length of the list.

    Returns
    -------
    DataFrame
        Best product first, indexed by rank from 1: ``item, name`` (a pair, Chinese and English), ``purchases`` and
        ``days_since`` (the last one; NaN if there is none) before the cut, and ``bought``, whether the next basket
        holds it.

    Raises
    ------
    ValueError
        If the household is unknown, a product has no names, or as :func:`evaluate`.
    """
    codes = household_codes([household], len(task.users))
    ranked = rank_items(scores_of(model, codes, len(task.items)), whole(k, "k"))[0]
    unnamed = task.items[ranked].difference(products.index).tolist()
    if unnamed or not {"name_zh", "name_en"} <= set(products):
        raise ValueError(
            f"products must have the columns name_zh and name_en and a row for each item; {len(unnamed)} of the list "
            f"have none, {unnamed[:3]}: pass complete_journey().products or a table like it"
        )
    own = task.history.user == household
    item, day = task.history.item[own], task.history.day[own]
    last = pd.Series(day, index=item).groupby(level=0).max().reindex(ranked)
    names = products.loc[task.items[ranked], ["name_zh", "name_en"]]
    return pd.DataFrame(
        {
            "item": task.items[ranked],
            "name": list(names.itertuples(index=False, name=None)),
            "purchases": np.bincount(item, minlength=len(task.items))[ranked],
            "days_since": (task.cut_day - last).to_numpy(),
            "bought": task.targets[[household]].toarray()[0, ranked],
        },
        index=pd.RangeIndex(1, k + 1, name="rank"),
    )


def _per_household(ranked: Codes, task: Task, k: int) -> pd.DataFrame:
    targets, bought = task.targets[task.households], task.history.bought[task.households]
    repeat = targets.multiply(bought).tocsr().astype(bool)
    explore = (targets.astype(np.int8) - repeat.astype(np.int8)).tocsr().astype(bool)
    columns = {}
    for name, relevant in zip(SLICES, (targets, repeat, explore), strict=True):
        some = np.asarray(relevant.sum(axis=1)).ravel() > 0
        for metric, function in METRICS.items():
            values = np.full(len(ranked), np.nan)
            values[some] = function(ranked[some], relevant[np.flatnonzero(some)], k)
            columns[name, metric] = values
    return pd.DataFrame(columns, index=task.users[task.households])


def _bootstrap_intervals(values: Floats, n: int, level: float, seed: int) -> tuple[Floats, Floats]:
    """Percentile intervals of several rows' means, ``low`` and ``high``, when the same columns are drawn for all."""
    number(level, "level", 0, 1, "()", note="; 0.95 for 95 %")
    size = values.shape[1]
    draws = _kept_draws(n, size, seed) if n * size <= KEPT else _draws(n, size, seed)
    means = np.concatenate([values @ times.T.astype(float) / size for times in draws], axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return low, high


@lru_cache(maxsize=4)
def _kept_draws(n: int, size: int, seed: int) -> list[Codes]:
    """All of :func:`_draws`, kept: a chapter compares dozens of models on the same households."""
    return list(_draws(n, size, seed))


def _draws(n: int, size: int, seed: int) -> Iterator[Codes]:
    """How often each of ``size`` households is drawn, in blocks of resamples, so that memory stays small."""
    rng, block = np.random.default_rng(seed), 500
    for i in range(0, n, block):
        drawn = rng.integers(size, size=(min(block, n - i), size))
        places = drawn + size * np.arange(len(drawn))[:, None]
        # A household among hundreds is drawn once on average: more than 255 times never happens.
        yield np.bincount(places.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(np.uint8)
