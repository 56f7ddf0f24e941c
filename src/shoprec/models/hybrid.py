"""Hybrids: one recommender from several.

:class:`Hybrid` adds the models' scores, :class:`Switching` asks one model per household, :class:`Cascade` lets a second
model order what a first one picked. The formulas are in :mod:`shoprec.formulas.fusion`.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from shoprec.formulas.arrays import Codes, Floats, Mask, whole
from shoprec.formulas.checks import household_codes, number, one_of, scores_of
from shoprec.formulas.fusion import marked_items, ranks, reciprocal_rank_fusion, zscore
from shoprec.formulas.metrics import discounts, ideal_dcg, ndcg_at_k, rank_items
from shoprec.models import Recommender, fitted
from shoprec.tasks import Task


class Hybrid:
    r"""Several models, one score: what each says, put on a common scale, weighted and added.

    .. math:: s_{ui} = \sum_m w_m \, \phi(s^{(m)}_{u})_i

    with :math:`\phi` either :func:`zscore` over the household's products, or the reciprocal rank
    :math:`1 / (60 + r)` for the first 200 products of each model's list, and 0 for the rest.

    Parameters
    ----------
    models : mapping of name to Recommender
    method : {"weighted", "rank"}
        ``"weighted"`` adds z-scores, ``"rank"`` reciprocal ranks (:func:`reciprocal_rank_fusion`).
    weights : mapping of name to float, optional
        Not negative, and 0 for a model that is left out; equal by default. :meth:`tune` replaces them.

    Raises
    ------
    ValueError
        If there are no models, the method is unknown, or a weight has no model; if a weight is negative, or all
        are 0.
    """

    def __init__(
        self,
        models: Mapping[str, Recommender],
        method: Literal["weighted", "rank"] = "weighted",
        weights: Mapping[str, float] | None = None,
    ) -> None:
        if not models:
            raise ValueError("a hybrid needs at least one model")
        weights = dict.fromkeys(models, 1 / len(models)) if weights is None else weights
        if weights.keys() - models.keys():
            raise ValueError(f"weights for unknown models {sorted(weights.keys() - models.keys())}")
        self.models, self.method = dict(models), one_of(method, "method", ("weighted", "rank"))
        self.weights = {name: float(weights.get(name, 0.0)) for name in models}
        if not (min(self.weights.values()) >= 0 and 0 < sum(self.weights.values()) < np.inf):
            raise ValueError(f"weights are {self.weights}; none may be negative or NaN, and one must be positive")

    def fit(self, task: Task) -> Self:
        """Fit every model on the task; the weights stay."""
        for model in self.models.values():
            model.fit(task)
        return self

    def tune(self, task: Task, k: int = 10, pool: int = 50) -> Self:
        """Choose the weights that give the best NDCG@k on a task's targets, by coordinate ascent.

        Starts at the best single model and changes one weight at a time, by steps that are halved when none
        helps. It is a search for the training of weights: run it on the validation month, never on the test.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        k : int
            Length of the lists.
        pool : int
            Only products among some model's first ``pool``, at least ``k``, are ranked; the rest hardly come first.
        """
        weights = self.candidates(task, max(whole(pool, "pool"), whole(k, "k"))).best_weights(k)
        self.weights = dict(zip(self.models, map(float, weights), strict=True))
        return self

    def candidates(self, task: Task, pool: int = 50) -> "Candidates":
        """What :func:`pool_candidates` gives for these models' scores on the common scale, a batch at a time.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        pool : int
            Products taken from the top of each model's list.
        """
        batches, n_items = _batches(task.households), len(task.items)
        return _pooled(((self._part(name, b, n_items) for name in self.models) for b in batches), task, pool)

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        used = ((name, w) for name, w in self.weights.items() if w > 0)
        return functools.reduce(_sum, (w * self._part(name, households) for name, w in used))

    def _part(self, name: str, households: Codes, n_items: int | None = None) -> Floats:
        """One model's scores on the common scale."""
        scores = scores_of(self.models[name], households, n_items)
        if self.method == "weighted":
            return zscore(scores)
        # Sorting whole catalogues is slow, and 1 / (60 + 200) is little: what comes later counts as unlisted.
        top = rank_items(scores, min(200, scores.shape[1]))
        part = np.zeros(scores.shape)
        np.put_along_axis(part, top, reciprocal_rank_fusion([np.arange(1, top.shape[1] + 1)])[None], axis=1)
        part[scores == -np.inf] = 0  # a model that rules a product out doesn't list it
        return part


@dataclass(frozen=True)
class Candidates:
    """The products worth ranking for each household, with every model's score of them.

    Attributes
    ----------
    items : array of int, shape (n_households, width)
        Product codes, ascending among the real ones of a row. Rows have different numbers of candidates and are
        filled up to the same width.
    filler : array of bool, shape (n_households, width)
        Which entries only fill up.
    scores : array of float, shape (n_models, n_households, width)
        Each model's score of each candidate, in the precision in which it came.
    hits : array of bool, shape (n_households, width)
        Which candidates are targets; none that only fills up is.
    n_targets : array of int, shape (n_households,)
        Targets of each household, candidates or not: a target that no model proposes counts as missed.
    """

    items: Codes
    filler: Mask
    scores: Floats
    hits: Mask
    n_targets: Codes

    def ndcg(self, fused: npt.ArrayLike, k: int = 10) -> Floats:
        """NDCG@k of each household when its candidates are ranked by a fused score; the rest of the catalogue is last.

        Parameters
        ----------
        fused : array of float, shape (n_households, width)
        k : int
            Length of the lists.
        """
        top = rank_items(np.where(self.filler, -np.inf, fused), k)
        return np.take_along_axis(self.hits, top, axis=1) @ discounts(k) / ideal_dcg(self.n_targets, k)

    def weighted(self, weights: npt.ArrayLike) -> Floats:
        """Fused score of each candidate, the weighted sum of the models' scores; (n_households, width)."""
        return np.tensordot(np.asarray(weights, dtype=float), self.scores, axes=1)

    def best_weights(self, k: int = 10) -> Floats:
        """Non-negative weights that sum to 1 and give the best mean NDCG@k, by coordinate ascent; (n_models,).

        The search starts at the best single model and changes one weight at a time, by steps that are halved when
        none helps.
        """
        weights = _coordinate_ascent(lambda w: float(self.ndcg(self.weighted(w), k).mean()), len(self.scores))
        return weights / weights.sum()

    def select(self, models: npt.ArrayLike | None = None, households: npt.ArrayLike | None = None) -> "Candidates":
        """The same candidates with some of the models (numbers) and some of the households (a mask) only."""
        rows = slice(None) if households is None else np.asarray(households)
        scores = self.scores if models is None else self.scores[np.asarray(models)]
        return Candidates(self.items[rows], self.filler[rows], scores[:, rows], self.hits[rows], self.n_targets[rows])


def pool_candidates(parts: Sequence[Floats], task: Task, pool: int = 50) -> Candidates:
    """Keep, for each household, the products among some model's first ``pool``: the rest hardly come first.

    Trying many ways to combine the same models is then fast, and a learner gets a table to learn from.

    Parameters
    ----------
    parts : sequence of arrays, each of shape (n_households, n_items)
        One model's scores of all products for the task's households, on whatever scale is to be combined.
    task : Task
        Gives the households and their targets.
    pool : int
        Products taken from the top of each model's list.

    Returns
    -------
    Candidates

    Raises
    ------
    ValueError
        If there is no part, one has another shape than (households, items), or ``pool`` is below 1.

    Examples
    --------
    >>> from shoprec.models.counting import Popularity
    >>> from shoprec.tasks import next_basket_split
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2, 1], "item": ["tea", "tea", "jam", "jam"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-01-01", "2017-01-02", "2017-02-01"])})
    >>> task = next_basket_split(table, cut="2017-02-01", items=["jam", "tea"])
    >>> pooled = pool_candidates([Popularity().fit(task).score(task.households)], task, pool=1)
    >>> task.items[pooled.items[0]].tolist(), pooled.hits.tolist(), pooled.n_targets.tolist()
    (['tea'], [[False]], [1])
    """
    shape = (len(task.households), len(task.items))
    for part in parts:
        if part.shape != shape:
            raise ValueError(f"a part has shape {part.shape}; score all {shape[1]} items for {shape[0]} households")
    if not parts:
        raise ValueError("there are no parts; pass the scores of at least one model")
    return _pooled(([part[rows] for part in parts] for rows in _batches(np.arange(shape[0]))), task, pool)


def _pooled(batches: Iterable[Iterable[Floats]], task: Task, pool: int) -> Candidates:
    """Candidates of all households, from the models' scores for one batch of them after another."""
    targets, n = (task.targets[b] for b in _batches(task.households)), whole(pool, "pool")
    return _joined([_pool_of_batch(list(parts), rows, n) for parts, rows in zip(batches, targets, strict=True)])


def _pool_of_batch(parts: Sequence[Floats], targets: sparse.csr_array, pool: int) -> Candidates:
    wanted = np.zeros(targets.shape, bool)
    for part in parts:
        np.put_along_axis(wanted, rank_items(part, min(pool, targets.shape[1])), True, axis=1)
    items, filler = marked_items(wanted)
    return Candidates(
        items=items,
        filler=filler,
        scores=np.stack([np.take_along_axis(part, items, axis=1) for part in parts]),
        hits=np.take_along_axis(targets.toarray(), items, axis=1) & ~filler,
        n_targets=np.diff(targets.indptr),
    )


def _joined(pools: Sequence[Candidates]) -> Candidates:
    """The candidates of several batches of households, filled up to the same width."""
    width = max(pool.items.shape[1] for pool in pools)

    def rows(name: str, fill: float, axis: int = 0) -> npt.NDArray:
        parts = [getattr(pool, name) for pool in pools]
        spare = [[*[(0, 0)] * (part.ndim - 1), (0, width - part.shape[-1])] for part in parts]
        return np.concatenate([np.pad(p, s, constant_values=fill) for p, s in zip(parts, spare, strict=True)], axis)

    return Candidates(
        items=rows("items", 0),
        filler=rows("filler", True),
        scores=rows("scores", 0, axis=1),
        hits=rows("hits", False),
        n_targets=np.concatenate([pool.n_targets for pool in pools]),
    )


class Stored:
    """A model's scores for a task's households, computed once and kept, for trying many combinations of it.

    Takes as many bytes as the model's scores do: four per household and product in 32 bits, 71 MB for 2,000 households
    and 9,000 products. They are not rounded to fewer, which could make equal what is not.

    Parameters
    ----------
    model : Recommender
        Fitted anew by :meth:`fit`. The scores stay what they are when the model is later fitted on another task.
    """

    def __init__(self, model: Recommender) -> None:
        self.model = model

    def fit(self, task: Task) -> Self:
        """Fit the model and score all products for all of the task's households."""
        self.model.fit(task)
        self.row_ = np.full(len(task.users), -1)
        self.row_[task.households] = np.arange(len(task.households))
        # A list of rows, so that no second copy is made to join the batches.
        self.scores_ = [row for b in _batches(task.households) for row in scores_of(self.model, b, len(task.items))]
        self.n_items_ = len(task.items)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items).

        Raises
        ------
        ValueError
            If a household was not among the task's.
        """
        row = fitted(self, "row_")
        households = household_codes(households, len(row))
        rows = row[households]
        if (rows < 0).any():
            raise ValueError(
                f"household {households[rows < 0][0]} has no target in the task, so its scores were not kept; ask "
                "the model itself"
            )
        return np.array([self.scores_[r] for r in rows]).reshape(len(rows), self.n_items_)


def history_length(task: Task) -> Codes:
    """Number of purchases in each household's history, shape (n_users,)."""
    return np.diff(task.history.start)


class Switching:
    r"""One of two models for each household, chosen by a number that is known before the basket.

    .. math:: s_u = \begin{cases} s^{(1)}_u & x_u < \theta \\ s^{(2)}_u & x_u \ge \theta \end{cases}

    No scale is needed, since scores of different models are never compared.

    Parameters
    ----------
    few, many : Recommender
        The model of households below the threshold, and of all others. Either may be a hybrid itself.
    threshold : float
        :math:`\theta`. With ``-inf`` all households get ``many``, with ``inf`` all get ``few``. :meth:`tune` replaces
        it.
    by : callable
        :math:`x`: given a task, returns a number for each household code, shape (n_users,); by default
        :func:`history_length`. It must not look at the targets.

    Raises
    ------
    ValueError
        If ``threshold`` is NaN, or ``by`` returns anything but one number per household.

    References
    ----------
    Burke (2002), *Hybrid recommender systems: survey and experiments*, the switching hybrid.
    """

    def __init__(
        self,
        few: Recommender,
        many: Recommender,
        threshold: float = 0.0,
        by: Callable[[Task], npt.NDArray] = history_length,
    ) -> None:
        self.threshold = number(threshold, "threshold", -np.inf, note="; tune(task) finds one")
        self.few, self.many, self.by = few, many, by

    def fit(self, task: Task) -> Self:
        """Fit both models on the task and describe its households; the threshold stays."""
        self.few.fit(task)
        self.many.fit(task)
        self.value_ = self._describe(task)
        return self

    def tune(self, task: Task, k: int = 10) -> Self:
        """Choose the threshold that gives the best NDCG@k on a task's targets; all of them are tried.

        It is a search for the training of the threshold: run it on the validation month, never on the test.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        k : int
            Length of the lists.
        """
        value = self._describe(task)[task.households]
        gain = _ndcg(self.few, task, k) - _ndcg(self.many, task, k)
        levels, level = np.unique(value, return_inverse=True)
        # What the households below a threshold gain by ``few``: nothing below the lowest value, all below inf.
        total = np.append(0.0, np.cumsum(np.bincount(level, gain)))
        self.threshold = float([-np.inf, *levels[1:], np.inf][int(np.argmax(total))])
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        value = fitted(self, "value_")
        households = household_codes(households, len(value))
        below = value[households] < self.threshold
        if below.all() or not below.any():
            return (self.few if below.any() else self.many).score(households)
        few, many = self.few.score(households[below]), self.many.score(households[~below])
        scores = np.empty((len(households), few.shape[1]), np.result_type(few, many))
        scores[below], scores[~below] = few, many
        return scores

    def _describe(self, task: Task) -> npt.NDArray:
        value = np.asarray(self.by(task))
        if value.shape != (len(task.users),) or value.dtype.kind not in "biuf" or np.isnan(value).any():
            raise ValueError(
                f"by(task) returned shape {value.shape} and type {value.dtype}; it must return one number, not NaN, "
                f"for each of the {len(task.users)} households"
            )
        return value


class Cascade:
    r"""Two stages: the first model picks ``n`` candidates, the second puts them in order.

    .. math:: s_{ui} = \begin{cases} n + 1 - r^{(2)}_{ui} & i \in C_u \\
              -r^{(1)}_{ui} / |I| & i \notin C_u \end{cases}

    with :math:`C_u` the first model's top ``n``, :math:`r^{(2)}_{ui}` the rank from 1 that the second gives
    :math:`i` within :math:`C_u`, :math:`r^{(1)}_{ui}` the one that the first gives it in the whole catalogue :math:`I`.
    So the candidates come first, and the rest follows in the first model's order, whatever the size of its scores. Like
    a search engine, it lets a costly model look at a few products only.

    Parameters
    ----------
    first, second : Recommender
    n : int
        Candidates per household; with the whole catalogue, the first model has no say. :meth:`tune` replaces it.

    Raises
    ------
    ValueError
        If ``n`` is no whole number of at least 1.

    References
    ----------
    Burke (2002), *Hybrid recommender systems: survey and experiments*, the cascade hybrid.
    """

    def __init__(self, first: Recommender, second: Recommender, n: int = 50) -> None:
        self.first, self.second, self.n = first, second, whole(n, "n")

    def fit(self, task: Task) -> Self:
        """Fit both models on the task; ``n`` stays."""
        self.first.fit(task)
        self.second.fit(task)
        return self

    def by_size(self, task: Task, sizes: Sequence[int], k: int = 10) -> Floats:
        """NDCG@k of each of a task's households for several numbers of candidates; (n_sizes, n_households).

        Each model scores once, whatever the number of sizes.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        sizes : sequence of int
            Numbers of candidates, at least ``k``.
        k : int
            Length of the lists.

        Raises
        ------
        ValueError
            If there is no size, or one is below ``k``.
        """
        if not len(sizes) or min(whole(n, "a size") for n in sizes) < whole(k, "k"):
            raise ValueError(f"sizes are {list(sizes)}; a list of {k} needs at least {k} candidates")
        values: list[list[Floats]] = [[] for _ in sizes]
        for batch in _batches(task.households):
            first, second = (scores_of(model, batch, len(task.items)) for model in (self.first, self.second))
            order = rank_items(first, min(max(sizes), first.shape[1]))
            for of_size, n in zip(values, sizes, strict=True):
                # In the order of the codes, so that the lower one wins a tie of the second model.
                chosen = np.sort(order[:, :n], axis=1)
                top = rank_items(np.take_along_axis(second, chosen, axis=1), k)
                of_size.append(ndcg_at_k(np.take_along_axis(chosen, top, axis=1), task.targets[batch], k))
        return np.stack([np.concatenate(of_size) for of_size in values])

    def tune(self, task: Task, k: int = 10, sizes: Sequence[int] = (10, 20, 50, 100, 200, 500)) -> Self:
        """Choose the number of candidates that gives the best NDCG@k on a task's targets.

        Run it on the validation month, never on the test.

        Parameters
        ----------
        task : Task
            The task that the models are fitted on.
        k : int
            Length of the lists.
        sizes : sequence of int
            Numbers of candidates to try, at least ``k``; at equal quality the earlier one wins.
        """
        self.n = int(sizes[int(np.argmax(self.by_size(task, sizes, k).mean(axis=1)))])
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        first = scores_of(self.first, households)
        second = scores_of(self.second, households, first.shape[1])
        # In the order of the codes, so that the lower one wins a tie of the second model.
        chosen = np.sort(rank_items(first, min(self.n, first.shape[1])), axis=1)
        order = rank_items(np.take_along_axis(second, chosen, axis=1), chosen.shape[1])
        return in_front(first, np.take_along_axis(chosen, order, axis=1))


def in_front(scores: npt.ArrayLike, items: Codes) -> Floats:
    """Scores of lists in which some items come first, in a given order, and the rest follows in that of its scores.

    Only ranks decide: no offset is added to the scores, in which those that are close would become equal.

    Parameters
    ----------
    scores : array of shape (n_households, n_items)
    items : array of int, shape (n_households, n)
        The items in front of each list, best first.

    Returns
    -------
    array of float32, shape (n_households, n_items)
        From ``n`` down to 1 for what is in front, from 0 to -1 for the rest; no two in a row are equal.

    Examples
    --------
    >>> in_front([[1e-9, 2e-9, 7.0, 7.0]], items=np.array([[3, 1]]))
    array([[-1. ,  1. , -0.25,  2. ]], dtype=float32)
    """
    scores = np.asarray(scores)
    result = np.empty(scores.shape, np.float32)
    for row, values, front in zip(result, scores, items, strict=True):  # one at a time: ranks take eight bytes each
        row[:] = -ranks(values) / len(values)
        row[front] = np.arange(len(front), 0, -1)
    return result


def _batches(households: Codes, size: int = 256) -> list[Codes]:
    """Households in batches, so that memory stays small."""
    return np.array_split(households, max(1, -(-len(households) // size)))


def _sum(a: Floats, b: Floats) -> Floats:
    """Scores of two models, added."""
    if a.shape != b.shape:
        raise ValueError(f"the models' scores have shapes {a.shape} and {b.shape}; fit all on the same task: fit(task)")
    return a + b


def _ndcg(model: Recommender, task: Task, k: int) -> Floats:
    """NDCG@k of each of a task's households."""
    return np.concatenate(
        [
            ndcg_at_k(rank_items(scores_of(model, b, len(task.items)), k), task.targets[b], k)
            for b in _batches(task.households)
        ]
    )


def _coordinate_ascent(objective: Callable[[Floats], float], n: int, smallest: float = 0.02) -> Floats:
    """Maximise over non-negative weights, one coordinate at a time, from the best single one."""
    weights = max(np.eye(n), key=objective)
    best, step = objective(weights), 0.5
    while step >= smallest:
        improved = False
        for i, sign in itertools.product(range(n), (1, -1)):
            trial = weights.copy()
            trial[i] = max(0.0, trial[i] + sign * step)
            if trial.any() and (value := objective(trial)) > best:
                weights, best, improved = trial, value, True
        step = step if improved else step / 2
    return weights
