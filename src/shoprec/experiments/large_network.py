"""The Transformer's best chance: larger, over a longer window, with five seeds, and trained again up to the last month.

``make record run=large_network`` runs it, on a CUDA device in a few minutes; without one it takes a day. The settings
and the stage of the training are chosen in the month before the cut: trainings with one seed choose the settings, and
more seeds follow. Then each network is trained anew on all purchases before the cut, that month's too, for as long as
the first training did best; the leaderboard's other models are fitted again, too. The mean of all seeds is one more.

Beside them stand networks that don't point, by the losses of three papers, at a proper length of training.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_model, save_model
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.judging import judged
from shoprec.experiments.leaderboard import Average
from shoprec.experiments.networks import Kind, Stage
from shoprec.experiments.plain_network import NextPurchases
from shoprec.experiments.records import Parts
from shoprec.experiments.workers import Stopwatch, side_by_side, workers
from shoprec.models import Recommender
from shoprec.models.backbones import BinaryTransformer
from shoprec.models.batches import TrainingSet
from shoprec.models.factors import SVD
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import CUTS, Task, tasks_at
from shoprec.training.device import describe_device, pick_device
from shoprec.training.loop import TrainingConfig, train

STAGES = 10  #: of a training, after each of which it is judged
PATIENCE = 4  #: stages without a better one after which it ends


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
    """A network: what it is made of, how it trains, and the settings that are tried.

    Attributes
    ----------
    settings : tuple of Setting
    max_length, windows : int
        Purchases in a window, and windows that the training reads.
    pointing, behaviour : bool
        Which terms its score has besides.
    negatives : int
        Per target, of a binary cross-entropy; 0 for the softmax over all products.
    t : float
        Calibration of that cross-entropy.
    examples : type of TrainingSet
    n_dates : int
        Asked for in each window.
    cuts : tuple of str
    seeds : int
    """

    settings: tuple[Setting, ...]
    max_length: int = 256
    windows: int = 20_000
    pointing: bool = False
    behaviour: bool = False
    negatives: int = 0
    t: float = 0.0
    examples: type[TrainingSet] = TrainingSet
    n_dates: int = 12
    cuts: tuple[str, ...] = CUTS
    seeds: int = 5

    def kind(self, setting: int) -> Kind:
        """The network by one of the settings, and its training, in the form in which the leaderboard's are trained."""
        some = self.settings[setting]
        network = TransformerConfig(
            some.d_model, some.n_heads, some.n_layers, self.max_length, some.dropout,
            behaviour=self.behaviour, pointing=self.pointing,
        )  # fmt: skip
        training = TrainingConfig(STAGES, PATIENCE, learning_rate=1e-3)
        return Kind(network, training, self.windows, 64, self.n_dates, examples=self.examples)


SMALL, MIDDLE, LARGE = (64, 2, 2), (128, 2, 4), (256, 4, 8)  #: width, layers, heads
PLANS = {
    # A window of 512 purchases holds a year of the median household.
    "LargePointing": Plan(
        (Setting(*SMALL, 0.1), Setting(*MIDDLE, 0.1), Setting(*MIDDLE, 0.3), Setting(*LARGE, 0.3)), 512, pointing=True
    ),
    "LargeBoth": Plan((Setting(*SMALL, 0.1), Setting(*MIDDLE, 0.3)), pointing=True, behaviour=True),
    "LargePlain": Plan((Setting(*MIDDLE, 0.1), Setting(*LARGE, 0.3)), windows=60_000, seeds=3),
    "SASRec": Plan(
        (Setting(*SMALL, 0.1), Setting(*MIDDLE, 0.3)), windows=60_000, negatives=1, examples=NextPurchases, n_dates=48,
        cuts=CUTS[-1:], seeds=3,
    ),
    "gSASRec": Plan(
        (Setting(*SMALL, 0.1), Setting(*MIDDLE, 0.3)), windows=60_000, negatives=256, t=0.75, examples=NextPurchases,
        n_dates=48, cuts=CUTS[-1:], seeds=3,
    ),
}  # fmt: skip


def new_network(model: str, setting: int, task: Task, seed: int) -> PurchaseTransformer:
    """A network that has learned nothing yet; its products' vectors start from a decomposition."""
    torch.manual_seed(seed)
    plan, config = PLANS[model], PLANS[model].kind(setting).network
    if plan.negatives:
        network: PurchaseTransformer = BinaryTransformer(task.history, config, None, plan.negatives, plan.t)
    else:
        network = PurchaseTransformer(task.history, config)
    network.start_from(SVD(config.d_model, half_life=np.inf).fit(task).item_vectors())
    return network.to(pick_device())


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


class Cell(NamedTuple):
    """A network at a cut with a seed, trained up to the cut."""

    model: str
    cut: str
    seed: int

    @property
    def name(self) -> str:
        """Under which it is kept."""
        return f"{self.cut}-{self.model}-{self.seed}-finished"


def run(models: Sequence[str] = tuple(PLANS)) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds that they took."""
    parts = Parts.of("large_network")
    with workers() as pool:
        record_models(models, parts, pool)
    cells, households = parts.finished()
    return cells, households, sum(cell["seconds"] + cell["search_seconds"] for cell in cells)


def record_models(models: Sequence[str], parts: Parts, pool: Executor) -> None:
    """Choose the networks' settings at each cut, train them with all seeds, and average them."""

    def record(what: Callable[..., str], wanted: list[Any]) -> None:
        side_by_side(pool, partial(what, parts=parts), [one for one in wanted if not parts.has(one.name)])

    cuts = [(model, cut) for model in models for cut in PLANS[model].cuts]
    tried = [(m, cut, i) for m, cut in cuts for i in reversed(range(len(PLANS[m].settings)))]  # the largest first
    record(record_try, [Try(*one, seed=0) for one in tried])
    chosen = [(model, cut, best_setting(model, cut, parts)) for model, cut in cuts]
    record(record_try, [Try(*one, seed) for one in chosen for seed in range(PLANS[one[0]].seeds)])
    record(record_cell, [Cell(model, cut, seed) for model, cut in cuts for seed in range(PLANS[model].seeds)])
    record(record_average, [Cell(f"{model}Average", cut, 0) for model, cut in cuts])


@cache
def tasks(cut: str) -> tuple[Task, Task]:
    """The task to tune on and the one to report, at a cut."""
    return tasks_at(complete_journey().purchases, cut)


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_try(one: Try, parts: Parts) -> str:
    """Train a network by one setting, and keep how it does in the month to tune on, after each stage."""
    kind, validation = PLANS[one.model].kind(one.setting), tasks(one.cut)[0]

    def trained() -> dict[str, Any]:
        watch, network = Stopwatch(pick_device()), new_network(one.model, one.setting, validation, one.seed)

        def ndcg(network: PurchaseTransformer) -> float:
            return float(evaluate(SequentialRecommender(network).fit(validation), validation)["ndcg"].mean())

        stages = trained_stages(network, kind, validation, one.seed, ndcg)
        save_model(network, str(parts.folder / f"{one.name}.safetensors"))
        return {"stages": [round(score, 5) for score in stages], "seconds": watch.seconds()}

    return f"{one.name}: {max(parts.remember(one.name, trained)['stages']):.4f}"


def trained_stages(network: PurchaseTransformer, kind: Kind, task: Task, seed: int, judge: Any) -> list[float]:
    """Train a network in stages; what is judged of each."""
    config, batch = kind.network, kind.batch_size
    examples = kind.examples(task.history, config.max_length, batch, kind.n_dates, pick_device(), config.behaviour)
    stage = Stage(examples, max(1, round(kind.windows / batch / STAGES)))
    log = train(network, stage, stage.n, judge, replace(kind.training, seed=seed), progress=False)
    return [float(score) for score in log["validation"]]


def best_setting(model: str, cut: str, parts: Parts) -> int:
    """The setting that does best in the month before a cut, at its best stage."""
    found = [max(recall(Try(model, cut, i, 0), parts)["stages"]) for i in range(len(PLANS[model].settings))]
    return int(np.argmax(found))


def recall(one: Try, parts: Parts) -> dict[str, Any]:
    """What is kept of a finished try."""
    kept: dict[str, Any] = parts.remember(one.name, dict)
    return kept


@threadpool_limits.wrap(limits=1)
def record_cell(cell: Cell, parts: Parts) -> str:
    """Train a network up to the cut, for as long as it did best before; judge both in the month after it."""
    model, cut, seed = cell
    (validation, test), watch, plan = tasks(cut), Stopwatch(pick_device()), PLANS[model]
    chosen = Try(model, cut, best_setting(model, cut, parts), seed)
    before = recall(chosen, parts)
    stage = int(np.argmax(before["stages"])) + 1
    network, looks = new_network(model, chosen.setting, test, seed), iter(range(1, STAGES + 1))
    kind = plan.kind(chosen.setting)
    until = replace(kind, training=replace(kind.training, patience=1))
    trained_stages(network, until, test, seed, lambda _: -abs(next(looks) - stage))
    save_model(network, str(weights_of(cell, parts)))
    seconds = watch.seconds()
    earlier = new_network(model, chosen.setting, validation, seed)
    load_model(earlier, parts.folder / f"{chosen.name}.safetensors", device=str(pick_device()))
    tried = [recall(Try(model, cut, i, 0), parts) for i in range(len(plan.settings))]
    described = {
        "settings": asdict(plan.settings[chosen.setting]) | {"stage": stage, "of": STAGES},
        "trials": [{"settings": asdict(setting), "stages": one["stages"]}
                   for setting, one in zip(plan.settings, tried, strict=True)],
        "validation": before["stages"], "parameters": sum(p.numel() for p in network.parameters()),
        "search_seconds": sum(one["seconds"] for one in tried) if seed == 0 else before["seconds"], "seconds": seconds,
    }  # fmt: skip
    keep(cell._replace(model=f"{model}Earlier"), SequentialRecommender(earlier), described | NOTHING_MORE, parts)
    return keep(cell, SequentialRecommender(network), described, parts)


NOTHING_MORE = {"seconds": 0.0, "search_seconds": 0.0}  #: what a result costs that is only another look


def weights_of(cell: Cell, parts: Parts) -> Any:
    """Where the weights lie of a network that was trained up to the cut."""
    return parts.folder / f"{cell.name}.safetensors"


@threadpool_limits.wrap(limits=1)
def record_average(cell: Cell, parts: Parts) -> str:
    """Judge the mean of the scores of all seeds."""
    model, test = cell.model.removesuffix("Average"), tasks(cell.cut)[1]
    seeds: dict[int, Recommender] = {}
    for seed in range(PLANS[model].seeds):
        network = new_network(model, best_setting(model, cell.cut, parts), test, seed)
        load_model(network, weights_of(Cell(model, cell.cut, seed), parts), device=str(pick_device()))
        seeds[seed] = SequentialRecommender(network)
    numbers = PLANS[model].seeds * sum(p.numel() for p in network.parameters())
    described = {"settings": {"seeds": len(seeds)}, "trials": [], "parameters": numbers} | NOTHING_MORE
    return keep(cell, Average(seeds), described, parts)


def keep(cell: Cell, model: Recommender, described: dict[str, Any], parts: Parts) -> str:
    """Judge a network in the month after the cut, and keep its households' results."""
    test = tasks(cell.cut)[1]
    result, households = judged(model.fit(test), test)
    device = {"device": describe_device(pick_device()), "coverage": round(result.coverage, 5)}
    parts.save(cell._asdict() | described | device, households.assign(**cell._asdict()))
    parts.remember(cell.name, dict)
    return f"{cell.model} {cell.cut} {cell.seed}: {households['all'].mean():.4f}"
