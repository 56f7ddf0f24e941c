"""Scoring all products, a sample of them, or writing their codes; and our block or HSTU's: four networks, side by side.

``make record run=generative`` runs it on one core, the last cut first; killed, it goes on. All networks read the same
windows in the same number of steps and start from the same decomposition. Each has twelve settings, which are tried in
the month before the cut with a shorter training; the best are trained in full with three seeds and judged in the month
after. At the last cut three more show what the codes' parts are worth, with the generator's settings: ids dealt out at
random, ids from the products' texts alone, and four times the training, which the full softmax gets, too.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.networks import Stage
from shoprec.experiments.records import Parts
from shoprec.experiments.spaces import Settings, grid
from shoprec.formulas.arrays import Floats
from shoprec.models.batches import TrainingSet
from shoprec.models.content import product_text, texts_of
from shoprec.models.factors import SVD
from shoprec.models.generative import CodeTransformer
from shoprec.models.hstu import HSTUTransformer
from shoprec.models.semantic_ids import SemanticIds, semantic_ids
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import CUTS, Task, tasks_at
from shoprec.training.loop import TrainingConfig, train

SEEDS = 3
LAYERS, HSTU_LAYERS = 2, 5  #: 2 · 12 d² weights are as many as 5 · 5 d², but for a few
SIZES = (64, 64, 64)  #: of the codes' levels, but for the last
BEAM = 100  #: prefixes that the generator keeps when it is judged


@dataclass(frozen=True)
class Recipe:
    """What all networks share: the middle size of this section's study.

    Attributes
    ----------
    steps, trial_steps : int
        Of a training, and of one that only tries a setting.
    d_model, max_length, batch_size, n_dates : int
        Length of the vectors, purchases in a window, windows in a step, dates asked for in each window.
    """

    steps: int = 200
    trial_steps: int = 60
    d_model: int = 32
    max_length: int = 48
    batch_size: int = 32
    n_dates: int = 4


COMMON = {"learning_rate": [3e-3, 1e-2, 3e-2], "dropout": [0.0, 0.2]}
SPACES: dict[str, tuple[Settings, ...]] = {
    "FullSoftmax": grid(**COMMON, n_heads=[1, 2]),
    "SampledSoftmax": grid(**COMMON, n_sampled=[512, 2048]),
    "SemanticIds": grid(**COMMON, prior=[False, True]),
    "HSTU": grid(**COMMON, n_heads=[1, 2]),
}
CONTROLS = {  # whose settings each has
    "ShuffledIds": "SemanticIds",
    "TextIds": "SemanticIds",
    "FullSoftmaxLonger": "FullSoftmax",
    "SemanticIdsLonger": "SemanticIds",
}
LONGER = 4  #: times the training


class Cell(NamedTuple):
    """A network at a cut with a seed."""

    model: str
    cut: str
    seed: int

    @property
    def finished(self) -> str:
        """Under which name it is remembered that a cell is done."""
        return f"{self.model} {self.cut} {self.seed} finished"


def all_cells(cuts: Sequence[str], seeds: int) -> list[Cell]:
    """All cells in the order in which they are recorded: the last cut first, and its controls before other cuts."""
    cells = []
    for cut in reversed(cuts):
        cells += [Cell(model, cut, seed) for seed in range(seeds) for model in SPACES]
        if cut == CUTS[-1]:
            cells += [Cell(model, cut, seed) for seed in range(seeds) for model in CONTROLS]
    return cells


def run(cuts: Sequence[str] = CUTS, seeds: int = SEEDS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds of a core that they took."""
    parts = Parts.of("generative")
    for cell in all_cells(cuts, seeds):
        if not parts.has(cell.finished):
            print(record_cell(cell, parts), flush=True)
    cells, households = parts.finished()
    searches = {(cell["cut"], CONTROLS.get(cell["model"], cell["model"])): cell["search_seconds"] for cell in cells}
    return cells, households, sum(cell["seconds"] for cell in cells) + sum(searches.values())


@cache
def tasks_of(cut: str) -> tuple[Task, Task]:
    """The tasks of a cut."""
    return tasks_at(complete_journey().purchases, cut)


@cache
def vectors_of(cut: str, d: int) -> Floats:
    """The products' vectors by a decomposition of the purchases before the month to tune on."""
    return SVD(d, half_life=np.inf).fit(tasks_of(cut)[0]).item_vectors()


@cache
def ids_of(cut: str, kind: str, d: int = Recipe.d_model) -> SemanticIds:
    """Semantic ids of a cut's catalogue: of collaborative vectors, the same dealt out at random, or of texts."""
    if kind == "TextIds":
        return semantic_ids(
            text_vectors(texts_of(product_text(complete_journey().products), tasks_of(cut)[0]), d), SIZES
        )
    ids = semantic_ids(vectors_of(cut, d), SIZES)
    return ids.shuffled() if kind == "ShuffledIds" else ids


def text_vectors(texts: pd.Series, d: int) -> Floats:
    """Vectors of products' texts: TF-IDF in its strongest directions, (n_items, d)."""
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[^\s]+").fit_transform(texts)
    return TruncatedSVD(d, random_state=0).fit_transform(words)


def new_network(model: str, cut: str, settings: Settings, seed: int, recipe: Recipe) -> PurchaseTransformer:
    """A network that has learned nothing yet."""
    torch.manual_seed(seed)
    d, history = recipe.d_model, tasks_of(cut)[0].history
    base = CONTROLS.get(model, model)
    config = TransformerConfig(
        d, settings.get("n_heads", 2), HSTU_LAYERS if base == "HSTU" else LAYERS, recipe.max_length,
        settings["dropout"], behaviour=False, pointing=False,
    )  # fmt: skip
    if base == "SemanticIds":
        coded = CodeTransformer(history, ids_of(cut, model, d), config, prior=settings["prior"])
        coded.start_from_books()
        coded.beam_width = BEAM
        return coded
    kind = HSTUTransformer if base == "HSTU" else PurchaseTransformer
    network = kind(history, config, settings.get("n_sampled"))
    network.start_from(vectors_of(cut, d))
    return network


@threadpool_limits.wrap(limits=1)
def trained(model: str, cut: str, settings: Settings, seed: int, recipe: Recipe, steps: int) -> PurchaseTransformer:
    """A network after so many steps."""
    network = new_network(model, cut, settings, seed, recipe)
    examples = TrainingSet(
        tasks_of(cut)[0].history, recipe.max_length, recipe.batch_size, recipe.n_dates, behaviour=False
    )
    training = TrainingConfig(1, 1, settings["learning_rate"], seed=seed)
    train(network, Stage(examples, steps), steps, lambda network: 0.0, training, progress=False)
    return network


def tried(model: str, cut: str, recipe: Recipe) -> dict[str, Any]:
    """A network's settings with the NDCG@10 of each in the month to tune on, the best first, and the seconds."""
    start, validation = time.process_time(), tasks_of(cut)[0]
    trials: list[dict[str, Any]] = []
    for settings in SPACES[model]:
        try:
            network = trained(model, cut, settings, 0, recipe, recipe.trial_steps)
            ndcg = float(evaluate(SequentialRecommender(network).fit(validation), validation)["ndcg"].mean())
        except FloatingPointError:  # a rate at which the loss leaves all bounds
            ndcg = 0.0
        trials.append({"settings": settings, "ndcg": round(ndcg, 5)})
    best = sorted(trials, key=lambda trial: -trial["ndcg"])
    return {"trials": best, "seconds": round(time.process_time() - start, 1)}


def record_cell(cell: Cell, parts: Parts, recipe: Recipe | None = None) -> str:
    """Train a network with its best settings, judge it in the month after the cut, and keep the result."""
    recipe, (_, test) = recipe or Recipe(), tasks_of(cell.cut)
    base = CONTROLS.get(cell.model, cell.model)
    found = parts.remember(f"{base} {cell.cut} search", lambda: tried(base, cell.cut, recipe))
    settings, start = found["trials"][0]["settings"], time.process_time()
    steps = recipe.steps * (LONGER if cell.model.endswith("Longer") else 1)
    network = trained(cell.model, cell.cut, settings, cell.seed, recipe, steps)
    seconds = time.process_time() - start
    result = evaluate(SequentialRecommender(network).fit(test), test)
    described = {
        **cell._asdict(), "settings": settings, "trials": found["trials"], "search_seconds": found["seconds"],
        "steps": steps, "seconds": round(seconds, 1), "coverage": round(result.coverage, 5),
        "parameters": sum(p.numel() for p in network.parameters()),
        "table": network.item.weight.numel() + network.item_bias.numel(),
    }  # fmt: skip
    table = pd.DataFrame({name: result.households[name, "ndcg"] for name in ("all", "repeat", "explore")})
    table = table.astype("float32").rename_axis("household").reset_index()
    parts.save(described, table.assign(**cell._asdict()))
    parts.remember(cell.finished, dict)
    return f"{cell.model} {cell.cut} {cell.seed}: {table['all'].mean():.4f}, {described['seconds']:.0f} s"
