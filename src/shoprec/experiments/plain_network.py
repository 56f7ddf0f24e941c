"""What keeps a network without pointing at the level of the bestseller list: its training, one change at a time.

``make record run=plain_network`` runs it, one process per core. Two recipes stand at the ends: ``chapter``, that of
section 3.1's quick networks, and ``lifted``. Each of the others is ``lifted`` with one setting put back to what it is
in ``chapter``; but ``longer``, ``svd`` and ``both`` are ``chapter`` with as many windows as ``lifted``, with its start
from a decomposition, and with both; ``purchase`` asks for the next purchase instead of the next basket, and
``pointing`` adds the direct path that plain networks lack. The stage of training is chosen in November, and December
counts.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.experiments.judging import judged
from shoprec.experiments.networks import Kind, new_network, train_network
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Codes
from shoprec.models.batches import Batch, TrainingSet, make_batch
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import TransformerConfig
from shoprec.tasks import CUTS, tasks_at
from shoprec.training.loop import TrainingConfig

SEEDS = 3
N_DATES = 4  #: asked for in each window
STAGES = 4  #: of a run, after each of which the network is judged in November
CUT = CUTS[-1]


class ShuffledBaskets(TrainingSet):
    """Batches in whose windows the products of a basket stand in a random order, another one in each pass.

    They were bought at one moment. In the order of their codes, the next one's code would be higher: who is asked for
    the next purchase would learn that.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.ordered = self.history

    def _batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        order = np.lexsort((rng.random(len(self.ordered.item)), self.ordered.basket))
        self.history = replace(self.ordered, item=self.ordered.item[order])
        yield from super()._batches(rng)


class NextPurchases(ShuffledBaskets):
    """Batches that ask, at random places of a window, for the purchase that stands next, in its basket or in a new one.

    References
    ----------
    Kang and McAuley (2018), *Self-attentive sequential recommendation*, ask so, at every place.
    """

    def sample(self, users: Codes, rng: np.random.Generator) -> Batch:
        """Draw a window and places for each household."""
        history = self.history
        start, stop = self.windows(users, rng)
        window = np.repeat(np.arange(len(users)), self.n_dates)
        known = rng.integers(start[window] + 1, stop[window])
        target = np.arange(len(known)), history.item[known]
        days = history.day[known]
        batch = make_batch(history, users, stop, window, days, known, self.max_length, target, behaviour=False)
        return batch.to(self.device)


@dataclass(frozen=True)
class Recipe:
    """A network and its training.

    Attributes
    ----------
    windows : int
        That the training reads, those of all stages together.
    batch_size : int
        Windows per step.
    learning_rate : float
        Its peak.
    dropout : float
        Share of activations that training sets to zero.
    n_sampled : int or None
        Products that the softmax's denominator is estimated from; without it, all are in it.
    d_model, max_length : int
        Length of the vectors, and purchases in a window.
    from_svd : bool
        Whether the products' vectors start from those of a singular value decomposition, or from random ones.
    basket : bool
        Whether the whole next basket is asked for, or only the next purchase.
    pointing : bool
        Whether the network has a direct path to the household's own purchases.
    """

    windows: int = 40_000
    batch_size: int = 32
    learning_rate: float = 1e-3
    dropout: float = 0.1
    n_sampled: int | None = None
    d_model: int = 64
    max_length: int = 128
    from_svd: bool = True
    basket: bool = True
    pointing: bool = False

    def kind(self) -> Kind:
        """The network and its training, in the form in which the leaderboard's are trained."""
        network = TransformerConfig(
            self.d_model, max_length=self.max_length, dropout=self.dropout, behaviour=False, pointing=self.pointing
        )
        return Kind(
            network,
            TrainingConfig(STAGES, STAGES, self.learning_rate),
            self.windows,
            self.batch_size,
            N_DATES,
            self.n_sampled,
            self.from_svd,
            TrainingSet if self.basket else NextPurchases,
        )


LIFTED = Recipe()
CHAPTER = Recipe(
    windows=4_800, batch_size=16, learning_rate=6e-3, dropout=0.3, n_sampled=512, d_model=32, max_length=48,
    from_svd=False,
)  # fmt: skip


def put_back(*names: str) -> Recipe:
    """``LIFTED`` with some settings as they are in ``CHAPTER``."""
    return replace(LIFTED, **{name: getattr(CHAPTER, name) for name in names})


RECIPES = {
    "lifted": LIFTED,
    "chapter": CHAPTER,
    "windows": put_back("windows"),
    "start": put_back("from_svd"),
    "batch": put_back("batch_size", "learning_rate"),  # a rate goes with a size
    "softmax": put_back("n_sampled"),
    "dropout": put_back("dropout"),
    "width": put_back("d_model"),
    "length": put_back("max_length"),
    "purchase": replace(LIFTED, basket=False),
    "pointing": replace(LIFTED, pointing=True),
    "longer": replace(CHAPTER, windows=LIFTED.windows),
    "svd": replace(CHAPTER, from_svd=True),
    "both": replace(CHAPTER, windows=LIFTED.windows, from_svd=True),
}


class Cell(NamedTuple):
    """A recipe with a seed."""

    recipe: str
    seed: int


def run(seeds: int = SEEDS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds of a core that they took."""
    parts = Parts.of("plain_network")
    waiting = [Cell(name, seed) for seed in range(seeds) for name in RECIPES]
    waiting = [cell for cell in waiting if not parts.has(f"{cell.recipe}-{cell.seed}-finished")]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for score in pool.map(partial(record_cell, parts=parts), waiting):
            print(score, flush=True)
    cells, households = parts.finished()
    return cells, households, sum(cell["fit_seconds"] for cell in cells)


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_cell(cell: Cell, parts: Parts, recipe: Recipe | None = None, cut: str = CUT) -> str:
    """Train a network by a recipe, judge it in the month after the cut, and keep the result."""
    name, seed = cell
    recipe = recipe or RECIPES[name]
    start = time.process_time()
    validation, test = tasks_at(complete_journey().purchases, cut)
    network = new_network(recipe.kind(), validation, seed)
    stages = train_network(network, recipe.kind(), validation, seed)
    seconds = time.process_time() - start
    result, households = judged(SequentialRecommender(network).fit(test), test)
    described = {
        "model": name,
        "cut": cut,
        "seed": seed,
        "settings": asdict(recipe) | {"stage": int(np.argmax(stages)) + 1},
        "validation": [round(score, 5) for score in stages],
        "fit_seconds": round(seconds, 1),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "coverage": round(result.coverage, 5),
    }
    parts.save(described, households.assign(model=name, cut=cut, seed=seed))
    parts.remember(f"{name}-{seed}-finished", dict)
    return f"{name} {seed}: {result['ndcg'].mean():.4f}"
