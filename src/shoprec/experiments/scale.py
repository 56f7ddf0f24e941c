"""Bigger networks, more households: the book's Transformer in several sizes, trained on shares of the households.

``make record run=scale`` runs it, on a CUDA device in a few minutes; without one, the two largest sizes are left out,
and it takes hours. A third of the households is never trained on: their November chooses how long to train, a short
training or a long one and the stage of it, and their December counts. Loss and NDCG are each judged where they do best,
since they part ways: a network that grows too sure of itself has a worse loss long before its lists get worse.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.networks import Stage
from shoprec.experiments.records import Parts
from shoprec.experiments.workers import Stopwatch, side_by_side, workers
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.compute import training_flops
from shoprec.models import Recommender
from shoprec.models.batches import Batch, TrainingSet
from shoprec.models.factors import SVD
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import CUTS, Task, tasks_at
from shoprec.training.device import describe_device, pick_device
from shoprec.training.loop import TrainingConfig, train

SEEDS = 3
CUT = CUTS[-1]
HELD_OUT = 1 / 3  #: of the households, never trained on
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  #: of the others
POINTING_SHARES = SHARES[::4]  #: of the networks that point
N_DATES = 4  #: asked for in each window, as in section 3.1's study


class Size(NamedTuple):
    """Width, layers, and attention heads in each."""

    d_model: int
    n_layers: int = 2
    n_heads: int = 2


SIZES = {"S": Size(8), "M": Size(32), "L": Size(96), "XL": Size(256, 4, 4), "XXL": Size(640, 5, 10)}
ON_ONE_CORE = ("S", "M", "L")
RATES = (1e-3, 3e-3, 1e-2)  #: peaks of the learning rate that are tried for each size and length, in November
WINDOWS = (8_000, 64_000)  #: that a short and a long training read at most; each has a schedule of its own


@dataclass(frozen=True)
class Recipe:
    """What all sizes share: section 3.1's best recipe with shorter windows.

    Attributes
    ----------
    windows : int
        That the training reads at most; one of :data:`WINDOWS`.
    stages : int
        That they are parted into; after each the network is judged.
    patience : int
        Stages without a better NDCG after which the training ends.
    max_length, batch_size, dropout
        As in :class:`shoprec.experiments.plain_network.Recipe`.
    """

    windows: int = WINDOWS[0]
    stages: int = 8
    patience: int = 3
    max_length: int = 48
    batch_size: int = 64
    dropout: float = 0.1


class Cell(NamedTuple):
    """A size with or without pointing, a share of the households, and a seed."""

    size: str
    pointing: bool
    share: float
    seed: int

    @property
    def model(self) -> str:
        """The cell's name but for the seed, such as ``L-pointing-4`` for a quarter of the households."""
        return f"{self.size}-{'pointing' if self.pointing else 'plain'}-{round(1 / self.share)}"


@dataclass
class Counted(Stage):
    """A stage that counts what it hands out: purchases read, and the operations of training on them."""

    size: Size
    pointing: bool
    tokens: int = 0
    flops: int = 0
    looks: list[dict[str, float]] = field(default_factory=list)

    def __call__(self, rng: np.random.Generator) -> Iterator[Batch]:
        """A stage's batches."""
        n_items = self.examples.history.n_items
        for batch in super().__call__(rng):
            self.tokens += int((batch.items != n_items).sum())
            n_windows, length = batch.items.shape
            self.flops += training_flops(
                self.size.d_model, self.size.n_layers, n_windows, length, len(batch.window), n_items, self.pointing
            )
            yield batch


def held_out(n_users: int) -> Codes:
    """The households that are never trained on."""
    return np.flatnonzero(np.random.default_rng(0).random(n_users) < HELD_OUT)


def trained_on(n_users: int, share: float, seed: int) -> Codes:
    """The households to train on; of a seed's, a smaller share lies within each larger one."""
    others = np.setdiff1d(np.arange(n_users), held_out(n_users))
    return np.sort(np.random.default_rng(seed).permutation(others)[: round(share * len(others))])


def only_of(task: Task, users: Codes) -> Task:
    """The task as who knows no other households' purchases sees it; products and codes stay."""
    history = task.history.select(np.isin(task.history.user, users))
    return replace(task, history=history, households=np.intersect1d(task.households, users))


def only_asked(task: Task, users: Codes) -> Task:
    """The task with some households' targets alone; the history stays."""
    return replace(task, households=np.intersect1d(task.households, users))


def new_network(task: Task, size: Size, pointing: bool, recipe: Recipe, seed: int) -> PurchaseTransformer:
    """A network that has learned nothing yet; its products' vectors start from a decomposition.

    Few households have few directions: half as many as households are taken, and the other numbers start at random.
    """
    torch.manual_seed(seed)
    d, n_users = size.d_model, len(np.unique(task.history.user))
    config = TransformerConfig(
        d, size.n_heads, size.n_layers, recipe.max_length, recipe.dropout, behaviour=False, pointing=pointing
    )
    network = PurchaseTransformer(task.history, config)
    found = SVD(min(d, n_users // 2), half_life=np.inf).fit(task).item_vectors()
    others = np.random.default_rng(seed).normal(0, found.std(), (len(found), d - found.shape[1]))
    network.start_from(np.hstack([found, others]).astype(np.float32))
    return network


def next_basket_loss(model: Recommender, task: Task, batch: int = 256) -> Floats:
    r"""Cross-entropy of each household's next basket, :math:`-\frac{1}{|T_u|} \sum_{t \in T_u} \log p_{ut}`, in nats.

    Parameters
    ----------
    model : Recommender
        Whose scores are logarithms of probabilities, up to a number for each household.
    task : Task
    batch : int
        Households at a time.

    Returns
    -------
    array of float, shape (n_households,)
    """
    losses = []
    for users in np.array_split(task.households, -(-len(task.households) // batch)):
        scores, right = model.score(users).astype(float), task.targets[users].astype(float)
        mean = np.asarray((right.multiply(scores)).sum(axis=1)).ravel() / right.sum(axis=1)
        losses.append(logsumexp(scores, axis=1) - mean)
    return np.concatenate(losses)


def run(seeds: int = SEEDS, sizes: tuple[str, ...] | None = None) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds that they took."""
    parts = Parts.of("scale")
    sizes = sizes or (tuple(SIZES) if pick_device().type == "cuda" else ON_ONE_CORE)
    sizes = sizes[::-1]  # the largest first, so that no core waits for it at the end
    tries = [Try(size, windows, rate) for windows in reversed(WINDOWS) for size in sizes for rate in RATES]
    waiting = [cell for cell in grid(sizes, seeds) if not parts.has(finished(cell))]
    with workers() as pool:
        side_by_side(pool, partial(record_try, parts=parts), [one for one in tries if not parts.has(name_of(one))])
        side_by_side(pool, partial(record_cell, parts=parts), waiting)
    cells, households = parts.finished()
    tried = sum(remembered(one, parts)["seconds"] for one in tries)
    return cells, households, tried + sum(cell["seconds"] for cell in cells)


def grid(sizes: Sequence[str], seeds: int) -> list[Cell]:
    """All cells: those that don't point first, since most rests on them."""
    kinds = ((False, SHARES), (True, POINTING_SHARES))
    return [
        Cell(size, pointing, share, seed)
        for pointing, shares in kinds
        for seed in range(seeds)
        for size in sizes
        for share in shares
    ]


def finished(cell: Cell) -> str:
    """Under which name it is remembered that a cell is done."""
    return f"{cell.model} {cell.seed} finished"


@cache
def both_tasks() -> tuple[Task, Task]:
    """The task to tune on and the one to report."""
    return tasks_at(complete_journey().purchases, CUT)


class Try(NamedTuple):
    """A learning rate to try for a size and a length of training."""

    size: str
    windows: int
    rate: float


def record_try(one: Try, parts: Parts, recipe: Recipe | None = None) -> str:
    """Keep the least loss in November, with all households and the first seed."""
    return f"{one}: {remembered(one, parts, recipe)['loss']:.3f}"


def remembered(one: Try, parts: Parts, recipe: Recipe | None = None) -> dict[str, float]:
    """A try's loss and seconds, which are measured the first time."""

    def measured() -> dict[str, float]:
        watch, cell = Stopwatch(pick_device()), Cell(one.size, False, 1.0, 0)
        loss = trained_run(cell, one.windows, {one.rate: np.nan}, recipe).loss
        return {"loss": loss, "seconds": watch.seconds()}

    return parts.remember(name_of(one), measured)


def name_of(one: Try) -> str:
    """Under which a try is remembered."""
    return "{} {} {}".format(*one)


class Run(NamedTuple):
    """A training of one length, and the rates that were tried for it."""

    windows: int
    losses: dict[float, float]
    trained: "Trained"

    @property
    def rate(self) -> float:
        """The learning rate with the least loss."""
        return min(self.losses, key=self.losses.__getitem__)

    @property
    def ndcg(self) -> float:
        """The best of all stages, in November."""
        return max(look["ndcg"] for look in self.trained.stage.looks)

    @property
    def loss(self) -> float:
        """The least of all stages, in November."""
        return min(look["loss"] for look in self.trained.stage.looks)


def trained_run(cell: Cell, windows: int, losses: dict[float, float], recipe: Recipe | None = None) -> Run:
    """Train a cell's network for a length, at the best of the rates that were tried."""
    recipe = replace(recipe or Recipe(), windows=windows)
    return Run(windows, losses, trained_cell(cell, recipe, min(losses, key=losses.__getitem__)))


def record_cell(cell: Cell, parts: Parts, recipe: Recipe | None = None) -> str:
    """Train a network of a size on a share, short and long; judge in December what November chooses, and keep it."""
    watch, runs = Stopwatch(pick_device()), []
    for windows in WINDOWS:
        tries = {rate: Try(cell.size, windows, rate) for rate in RATES}
        losses = {rate: remembered(one, parts, recipe)["loss"] for rate, one in tries.items()}
        runs.append(trained_run(cell, windows, losses, recipe))
    best, surest = max(runs, key=lambda run: run.ndcg), min(runs, key=lambda run: run.loss)
    table = december(best.trained, surest.trained)
    described = about(cell, runs, best, surest, recipe or Recipe()) | {"seconds": watch.seconds()}
    parts.save(described, table.assign(model=cell.model, cut=CUT, seed=cell.seed))
    parts.remember(finished(cell), dict)
    means = table[~table["trained"]][["loss", "all"]].mean()
    return f"{cell.model} {cell.seed}: {means['loss']:.3f} {means['all']:.4f}, {described['seconds']:.1f} s"


def december(best: "Trained", surest: "Trained") -> pd.DataFrame:
    """Each household's NDCG by one training and its loss by another, and whether it was trained on."""
    test = both_tasks()[1]
    result = evaluate(SequentialRecommender(best.network).fit(test), test)
    table = pd.DataFrame({name: result.households[name, "ndcg"] for name in ("all", "repeat", "explore")})
    table["loss"] = next_basket_loss(SequentialRecommender(surest.surest).fit(test), test)
    table = table.astype("float32").rename_axis("household").reset_index()
    return table.assign(trained=np.isin(test.households, best.users))


def about(cell: Cell, runs: Sequence[Run], best: Run, surest: Run, recipe: Recipe) -> dict[str, Any]:
    """What a record says of a cell; what it cost is that of the training with the best lists."""
    trained, size = best.trained, SIZES[cell.size]
    settings = asdict(recipe) | size._asdict() | {"windows": best.windows, "learning_rate": best.rate}
    history = both_tasks()[0].history
    return {
        "model": cell.model, "cut": CUT, "seed": cell.seed,
        "size": cell.size, "pointing": cell.pointing, "share": cell.share, "households": len(trained.users),
        "purchases": int(np.isin(history.user, trained.users).sum()),
        "parameters": sum(p.numel() for p in trained.network.parameters()),
        "settings": settings, "windows_of_least_loss": surest.windows,
        "trials": {run.windows: {str(rate): loss for rate, loss in run.losses.items()} for run in runs},
        "stages": {run.windows: run.trained.stage.looks for run in runs},
        "tokens": trained.stage.tokens, "flops": trained.stage.flops, "device": describe_device(pick_device()),
    }  # fmt: skip


class Trained(NamedTuple):
    """A trained network at the stage of its best NDCG and at that of its least loss, and what that took.

    Attributes
    ----------
    network, surest : PurchaseTransformer
    users : array of int
        The households that it learned from.
    stage : Counted
    """

    network: PurchaseTransformer
    surest: PurchaseTransformer
    users: Codes
    stage: Counted


@threadpool_limits.wrap(limits=1)
def trained_cell(cell: Cell, recipe: Recipe, rate: float) -> Trained:
    """Train a network; its stages are judged by the November of those held out."""
    validation, size, device = both_tasks()[0], SIZES[cell.size], pick_device()
    n_users = validation.history.n_users
    users, november = trained_on(n_users, cell.share, cell.seed), only_asked(validation, held_out(n_users))
    known = only_of(validation, users)
    network = new_network(known, size, cell.pointing, recipe, cell.seed).to(device)
    examples = TrainingSet(known.history, recipe.max_length, recipe.batch_size, N_DATES, device=device, behaviour=False)
    stage = Counted(examples, round(recipe.windows / recipe.batch_size / recipe.stages), size, cell.pointing)

    surest = deepcopy(network)

    def judge(network: PurchaseTransformer) -> float:
        model = SequentialRecommender(network).fit(november)
        loss, ndcg = float(next_basket_loss(model, november).mean()), float(evaluate(model, november)["ndcg"].mean())
        if all(loss < look["loss"] for look in stage.looks):
            surest.load_state_dict(network.state_dict())
        stage.looks.append({"loss": loss, "ndcg": ndcg, "tokens": stage.tokens, "flops": stage.flops})
        return ndcg

    training = TrainingConfig(recipe.stages, recipe.patience, rate, seed=cell.seed)
    train(network, stage, stage.n, judge, training, progress=False)
    return Trained(network, surest, users, stage)
