"""The ways of SASRec and gSASRec, which ask at every place of a window for the next purchase, beside the book's.

``make record run=losses`` runs it, one process per core. The network is that of the recipe ``lifted`` of
:mod:`shoprec.experiments.plain_network`, and so is the third way: it asks for the next basket at some dates of a window
and has a softmax over all products. All read equally many windows. The learning rate and the stage of training are
chosen in November, with one seed, from equally many; more seeds follow, and December counts.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.experiments.judging import judged
from shoprec.experiments.networks import Kind, train_network
from shoprec.experiments.plain_network import LIFTED, ShuffledBaskets
from shoprec.experiments.records import Parts
from shoprec.experiments.workers import Stopwatch, side_by_side, workers
from shoprec.formulas.arrays import Codes
from shoprec.models.backbones import BinaryTransformer
from shoprec.models.batches import Batch, TrainingSet, make_batch
from shoprec.models.behaviour import ragged
from shoprec.models.factors import SVD
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer
from shoprec.tasks import CUTS, Task, tasks_at
from shoprec.training.loop import TrainingConfig

CUT = CUTS[-1]
SEEDS = 3
WINDOWS, STAGES = 60_000, 6  #: that a training reads; after each sixth of them it is judged in November
RATES = (1e-3, 3e-3, 1e-2)  #: learning rates that are tried
POOL = 1024  #: products drawn for a batch, from which each target's negatives are drawn


class EveryPlace(ShuffledBaskets):
    """Batches that ask at every place of a window for the purchase that stands next.

    References
    ----------
    Kang and McAuley (2018), *Self-attentive sequential recommendation*.
    """

    def sample(self, users: Codes, rng: np.random.Generator) -> Batch:
        """Draw a window for each household."""
        history = self.history
        start, stop = self.windows(users, rng)
        window, known = ragged(start + 1, stop)
        target = np.arange(len(known)), history.item[known]
        days = history.day[known]
        batch = make_batch(history, users, stop, window, days, known, self.max_length, target, behaviour=False)
        return batch.to(self.device)


class Way(NamedTuple):
    """What a training asks, and its loss.

    Attributes
    ----------
    examples : type of TrainingSet
    n_negatives : int
        For each target of a binary cross-entropy; 0 is the softmax over all products.
    t : float
        Calibration of :func:`shoprec.training.losses.gbce_power`.
    """

    examples: type[TrainingSet]
    n_negatives: int = 0
    t: float = 0.0


WAYS = {"NextBasket": Way(TrainingSet), "SASRec": Way(EveryPlace, 1), "gSASRec": Way(EveryPlace, 256, 0.75)}


class Try(NamedTuple):
    """A training."""

    model: str
    rate: float
    seed: int

    @property
    def name(self) -> str:
        """Under which it is kept."""
        return f"{self.model}-{self.rate}-{self.seed}"


def run() -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; the cells of the chosen rates, their households, and the seconds that all took."""
    parts = Parts.of("losses")
    with workers() as pool:
        tries = [Try(model, rate, 0) for model in WAYS for rate in RATES]
        side_by_side(pool, partial(record_try, parts=parts), missing(tries, parts))
        chosen = [Try(model, best_rate(model, parts), seed) for model in WAYS for seed in range(SEEDS)]
        side_by_side(pool, partial(record_try, parts=parts), missing(chosen, parts))
    cells, households = zip(*(finished(one, parts) for one in chosen), strict=True)
    seconds = sum(kept(one, parts)["fit_seconds"] for one in dict.fromkeys(tries + chosen))
    return list(cells), pd.concat(households, ignore_index=True), seconds


def missing(tries: Sequence[Try], parts: Parts) -> list[Try]:
    """Those that aren't kept yet."""
    return [one for one in tries if not parts.has(one.name)]


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_try(one: Try, parts: Parts) -> str:
    """Train a network, and keep how it does in November, after each stage, and in December."""
    return f"{one.name}: {max(parts.remember(one.name, partial(trained, one))['validation']):.4f}"


def kind_of(model: str, rate: float = RATES[0], windows: int = WINDOWS) -> Kind:
    """The network and its training, in the form in which the leaderboard's are trained."""
    training = TrainingConfig(STAGES, STAGES, rate)
    return replace(LIFTED.kind(), training=training, windows=windows, examples=WAYS[model].examples)


def new_network(model: str, kind: Kind, validation: Task, seed: int) -> PurchaseTransformer:
    """A network that has learned nothing yet; its products' vectors start from a decomposition."""
    torch.manual_seed(seed)
    way, history = WAYS[model], validation.history
    if way.n_negatives:
        network: PurchaseTransformer = BinaryTransformer(history, kind.network, POOL, way.n_negatives, way.t)
    else:
        network = PurchaseTransformer(history, kind.network)
    network.start_from(SVD(kind.network.d_model, half_life=np.inf).fit(validation).item_vectors())
    return network


@cache
def tasks() -> tuple[Task, Task]:
    """The two tasks of the cut."""
    return tasks_at(complete_journey().purchases, CUT)


def trained(one: Try, windows: int = WINDOWS) -> dict[str, Any]:
    """What a training and its two judgements give."""
    (validation, test), kind = tasks(), kind_of(one.model, one.rate, windows)
    watch, network = Stopwatch(torch.device("cpu")), new_network(one.model, kind, validation, one.seed)
    stages = train_network(network, kind, validation, one.seed)
    seconds = watch.seconds()
    result, households = judged(SequentialRecommender(network).fit(test), test)
    return {
        "validation": [round(score, 5) for score in stages],
        "fit_seconds": seconds,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "coverage": round(result.coverage, 5),
        "households": households.to_dict("list"),
    }


def kept(one: Try, parts: Parts) -> dict[str, Any]:
    """What is kept of a finished training."""
    found: dict[str, Any] = parts.remember(one.name, dict)
    return found


def best_rate(model: str, parts: Parts) -> float:
    """The learning rate that does best in November, at its best stage."""
    return max(RATES, key=lambda rate: max(kept(Try(model, rate, 0), parts)["validation"]))


def finished(one: Try, parts: Parts) -> tuple[dict[str, Any], pd.DataFrame]:
    """A chosen training as a cell of the record, and its households."""
    found = kept(one, parts)
    tried = [(rate, kept(Try(one.model, rate, 0), parts)["validation"]) for rate in RATES]
    key: dict[str, Any] = {"model": one.model, "cut": CUT, "seed": one.seed}
    cell = {
        **key,
        "settings": {"learning_rate": one.rate, "stage": int(np.argmax(found["validation"])) + 1},
        "trials": [
            {"settings": {"learning_rate": rate, "stage": stage}, "ndcg": ndcg}
            for rate, stages in tried
            for stage, ndcg in enumerate(stages, start=1)
        ],
        **{name: found[name] for name in ("validation", "fit_seconds", "parameters", "coverage")},
    }
    return cell, pd.DataFrame(found["households"]).assign(**key)
