"""Does a larger Transformer do better? In the six months that settings are chosen in, on windows of up to a year.

``make record run=large_network`` runs it, on a CUDA device in a few minutes; without one it takes a day. Like the
leaderboard's, each network learns from what was bought before a month, and that month judges it after each stage of the
training; the months after, which the leaderboard reports, aren't looked at. One seed tries all settings at each cut,
and the best setting gets more seeds.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.networks import Stage
from shoprec.experiments.records import KEY, Parts
from shoprec.experiments.workers import Stopwatch, side_by_side, workers
from shoprec.models.batches import TrainingSet
from shoprec.models.factors import SVD
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import CUTS, Task, tasks_at
from shoprec.training.device import describe_device, pick_device
from shoprec.training.loop import TrainingConfig, train

BATCH_SIZE, N_DATES = 64, 12  #: windows per step, and dates asked for in each
TRAINING = TrainingConfig(epochs=10, patience=4, learning_rate=1e-3)  #: its epochs are the stages


@dataclass(frozen=True)
class Setting:
    """What is tried of a network.

    Attributes
    ----------
    d_model, n_layers, n_heads : int
    dropout : float
    """

    d_model: int
    n_layers: int
    n_heads: int
    dropout: float


class Plan(NamedTuple):
    """A network: what it is made of, how much it reads, and the settings that are tried.

    Attributes
    ----------
    settings : tuple of Setting
    max_length, windows : int
        Purchases in a window, and windows that the training reads.
    behaviour : bool
        Whether its score has a term for behaviour, besides pointing.
    seeds : int
        Of the best setting.
    """

    settings: tuple[Setting, ...]
    max_length: int
    windows: int
    behaviour: bool
    seeds: int

    def network(self, setting: int) -> TransformerConfig:
        """The network by one of the settings."""
        some = self.settings[setting]
        return TransformerConfig(
            some.d_model, some.n_heads, some.n_layers, self.max_length, some.dropout, behaviour=self.behaviour
        )


SMALL, MIDDLE, LARGE = (64, 2, 2), (128, 2, 4), (256, 4, 8)  #: width, layers, heads
PLANS = {  # a window of 512 purchases holds most of the median household's year
    "LargePointing": Plan(
        (Setting(*SMALL, 0.1), Setting(*MIDDLE, 0.1), Setting(*MIDDLE, 0.3), Setting(*LARGE, 0.3)),
        max_length=512, windows=20_000, behaviour=False, seeds=5,
    ),
    "LargeBoth": Plan(
        (Setting(*SMALL, 0.1), Setting(*MIDDLE, 0.3)), max_length=256, windows=20_000, behaviour=True, seeds=1
    ),
}  # fmt: skip


class Try(NamedTuple):
    """A training that ends before the month to tune on."""

    model: str
    cut: str
    setting: int
    seed: int

    @property
    def name(self) -> str:
        """Under which it is kept."""
        return f"{self.cut}-{self.model}-{self.setting}-{self.seed}"


def run(models: Sequence[str] = tuple(PLANS)) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all trainings, no households, and the seconds that they took."""
    parts = Parts.of("large_network")
    with workers() as pool:
        cuts = [(model, cut) for model in models for cut in CUTS]
        tries = [Try(m, cut, i, 0) for m, cut in cuts for i in reversed(range(len(PLANS[m].settings)))]
        side_by_side(pool, partial(record_try, parts=parts), missing(tries, parts))
        chosen = [Try(m, cut, best_setting(m, cut, parts), i) for m, cut in cuts for i in range(PLANS[m].seeds)]
        side_by_side(pool, partial(record_try, parts=parts), missing(chosen, parts))
    cells = [described(one, parts) for one in dict.fromkeys(tries + chosen)]
    return cells, pd.DataFrame(columns=[*KEY, "household"]), sum(cell["seconds"] for cell in cells)


def missing(tries: Sequence[Try], parts: Parts) -> list[Try]:
    """Those that aren't kept yet."""
    return [one for one in tries if not parts.has(one.name)]


@cache
def validation_task(cut: str) -> Task:
    """The task to tune on, before a cut."""
    return tasks_at(complete_journey().purchases, cut)[0]


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_try(one: Try, parts: Parts) -> str:
    """Train a network, and keep how it does in the month to tune on, after each stage."""
    return f"{one.name}: {max(parts.remember(one.name, partial(trained, one))['stages']):.4f}"


def trained(one: Try) -> dict[str, Any]:
    """NDCG@10 after each stage of a training, and what it cost."""
    plan, task, device = PLANS[one.model], validation_task(one.cut), pick_device()
    watch, network = Stopwatch(device), new_network(plan.network(one.setting), task, one.seed).to(device)
    examples = TrainingSet(task.history, plan.max_length, BATCH_SIZE, N_DATES, device, plan.behaviour)
    stage = Stage(examples, max(1, round(plan.windows / BATCH_SIZE / TRAINING.epochs)))

    def ndcg(network: PurchaseTransformer) -> float:
        return float(evaluate(SequentialRecommender(network).fit(task), task)["ndcg"].mean())

    log = train(network, stage, stage.n, ndcg, replace(TRAINING, seed=one.seed), progress=False)
    stages = [round(float(score), 5) for score in log["validation"]]
    return {"stages": stages, "seconds": watch.seconds(), "device": describe_device(device)}


def new_network(config: TransformerConfig, task: Task, seed: int) -> PurchaseTransformer:
    """A network that has learned nothing yet; its products' vectors start from a decomposition."""
    torch.manual_seed(seed)
    network = PurchaseTransformer(task.history, config)
    network.start_from(SVD(config.d_model, half_life=np.inf).fit(task).item_vectors())
    return network


def kept(one: Try, parts: Parts) -> dict[str, Any]:
    """What is kept of a finished training."""
    found: dict[str, Any] = parts.remember(one.name, dict)
    return found


def best_setting(model: str, cut: str, parts: Parts) -> int:
    """The setting whose first seed does best in the month before a cut, at its best stage."""
    found = [max(kept(Try(model, cut, i, 0), parts)["stages"]) for i in range(len(PLANS[model].settings))]
    return int(np.argmax(found))


def described(one: Try, parts: Parts) -> dict[str, Any]:
    """What a record says of a training."""
    plan, found = PLANS[one.model], kept(one, parts)
    network = PurchaseTransformer(validation_task(one.cut).history, plan.network(one.setting))
    return {
        **one._asdict(),
        "settings": asdict(plan.settings[one.setting]),
        "chosen": one.setting == best_setting(one.model, one.cut, parts),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "ndcg": max(found["stages"]),
        **found,
    }
