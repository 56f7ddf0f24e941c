"""Bigger networks, more households: the book's Transformer in several sizes, trained on shares of the households.

``make record run=scale`` runs it on one core, in about twenty minutes; with a CUDA device it goes on with the sizes
that a core is too slow for. A third of the households is never trained on: their November chooses the stage of the
training, their December counts. Loss and NDCG are each judged at the stage that does best by it, since they part ways:
a network that grows too sure of itself has a worse loss long before its lists get worse.
"""

import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import cache
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
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.compute import training_flops
from shoprec.models import Recommender
from shoprec.models.batches import Batch, TrainingSet
from shoprec.models.factors import SVD
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import CUTS, Task, tasks_at
from shoprec.training.device import pick_device
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
RATES = (1e-3, 3e-3, 1e-2)  #: peaks of the learning rate that are tried for each size, in November


@dataclass(frozen=True)
class Recipe:
    """What all sizes share: section 3.1's best recipe with shorter windows.

    Attributes
    ----------
    windows : int
        That the training reads at most.
    stages : int
        That they are parted into; after each the network is judged.
    patience : int
        Stages without a better NDCG after which the training ends.
    max_length, batch_size, dropout
        As in :class:`shoprec.experiments.plain_network.Recipe`.
    """

    windows: int = 8_000
    stages: int = 8
    patience: int = 3
    max_length: int = 48
    batch_size: int = 32
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
    """Record what is missing; all cells, their households' results, and the seconds of a core that they took."""
    parts = Parts.of("scale")
    sizes = sizes or (tuple(SIZES) if pick_device().type == "cuda" else ON_ONE_CORE)
    for cell in grid(sizes, seeds):
        if not parts.has(finished(cell)):
            print(record_cell(cell, parts), flush=True)
    cells, households = parts.finished()
    return cells, households, sum(cell["seconds"] for cell in cells)


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


def record_cell(cell: Cell, parts: Parts, recipe: Recipe | None = None) -> str:
    """Train a network of a size on a share, judge it in December, and keep the result."""
    recipe = recipe or Recipe()
    rates = parts.remember(f"{cell.size} rates", lambda: tried_rates(cell.size, recipe))
    rate = float(min(rates, key=rates.__getitem__))
    (validation, test), start = both_tasks(), time.process_time()
    trained = trained_cell(cell, recipe, rate)
    seconds, network = time.process_time() - start, trained.network
    result = evaluate(SequentialRecommender(network).fit(test), test)
    table = pd.DataFrame({name: result.households[name, "ndcg"] for name in ("all", "repeat", "explore")})
    table["loss"] = next_basket_loss(SequentialRecommender(trained.surest).fit(test), test)
    table = table.astype("float32").rename_axis("household").reset_index()
    table["trained"] = np.isin(test.households, trained.users)
    described = {
        "model": cell.model, "cut": CUT, "seed": cell.seed,
        "size": cell.size, "pointing": cell.pointing, "share": cell.share, "households": len(trained.users),
        "purchases": int(np.isin(validation.history.user, trained.users).sum()),
        "parameters": sum(p.numel() for p in network.parameters()),
        "settings": asdict(recipe) | SIZES[cell.size]._asdict() | {"learning_rate": rate}, "trials": rates,
        "stages": trained.stage.looks, "tokens": trained.stage.tokens, "flops": trained.stage.flops,
        "seconds": round(seconds, 1), "device": pick_device().type,
    }  # fmt: skip
    parts.save(described, table.assign(model=cell.model, cut=CUT, seed=cell.seed))
    parts.remember(finished(cell), dict)
    means = table[~table["trained"]][["loss", "all"]].mean()
    looks = len(trained.stage.looks)
    return f"{cell.model} {cell.seed}: {means['loss']:.3f} {means['all']:.4f}, {seconds:.0f} s, {looks} stages"


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


def tried_rates(size: str, recipe: Recipe) -> dict[str, float]:
    """The least loss in November by each learning rate, with all households and the first seed."""
    cell = Cell(size, False, 1.0, 0)
    looks = {rate: trained_cell(cell, recipe, rate).stage.looks for rate in RATES}
    return {str(rate): min(look["loss"] for look in losses) for rate, losses in looks.items()}


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
