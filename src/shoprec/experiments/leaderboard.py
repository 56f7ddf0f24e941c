"""The leaderboard: every model, tuned and judged at each of six cuts, networks with several seeds.

``make record run=leaderboard`` runs it, one process per core and one cut per process. What is finished is kept: a run
that was killed goes on.
"""

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from safetensors.torch import load_model, save_model
from scipy import sparse
from threadpoolctl import threadpool_limits
from torch import nn

from shoprec.data.journey import complete_journey
from shoprec.evaluation import Evaluation
from shoprec.experiments.judging import Ready, in_json, judged
from shoprec.experiments.networks import KINDS, new_network, train_network
from shoprec.experiments.records import Parts
from shoprec.experiments.spaces import Candidate, Trial, candidates, search
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.metrics import rank_items
from shoprec.models import Recommender
from shoprec.models.content import product_text
from shoprec.models.hybrid import Hybrid, Stored
from shoprec.models.sequential import SequentialRecommender
from shoprec.tasks import CUTS, Task, tasks_at

SEEDS = 3  #: of each network
ASKED = 100  #: households that are asked for one at a time, to time a request
ALL = "every model without a network"

AVERAGES = {"PointingAverage": "PointingTransformer"}  # over all seeds
HYBRIDS = {"Hybrid": (ALL,), "RankFusion": (ALL,), "HybridAverage": (ALL, "PointingAverage")}
WITH_NETWORKS = {  # one for each seed
    "TwoTerms": ("PointingTransformer", "BehaviourTerm"),
    "UserKNNTransformer": ("UserKNN", "PointingTransformer"),
    "HybridTransformer": (ALL, "PointingTransformer"),
    "HybridBehaviour": (ALL, "BehaviourTerm"),
    "HybridNetworks": (ALL, "PointingTransformer", "BehaviourTerm"),
}


class Cell(NamedTuple):
    """A model at a cut with a seed."""

    model: str
    cut: str
    seed: int


@dataclass
class Entry:
    """A model, how it was tuned, and what it cost."""

    model: Recommender
    settings: dict[str, Any]
    trials: Sequence[Trial] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    members: Sequence["Entry"] = ()

    def cost(self, name: str) -> float:
        """Seconds of one core, those of a hybrid's members included."""
        return self.seconds.get(name, 0.0) + sum(member.cost(name) for member in self.members)


class Average:
    """The mean of several models' scores: here, of one network trained with several seeds."""

    def __init__(self, models: dict[int, Recommender]) -> None:
        self.models = models

    def fit(self, task: Task) -> Self:
        """Fit each of them."""
        for model in self.models.values():
            model.fit(task)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        return np.mean([model.score(households) for model in self.models.values()], axis=0)


def run(cuts: Sequence[str] = CUTS, seeds: int = SEEDS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what has not been recorded yet; all cells, their households' results, and the seconds of a core it took.

    The seconds are those of searching, training and fitting; a hybrid's are its members', and not counted again.
    """
    parts = Parts.of("leaderboard")
    waiting = [cut for cut in cuts if not parts.has(f"{cut}-finished")]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for cut in pool.map(partial(record_cut, parts=parts, seeds=seeds), waiting):
            print(f"{cut}: finished", flush=True)
    cells, households = parts.finished()
    single = (cell for cell in cells if cell["model"] not in AVERAGES | HYBRIDS | WITH_NETWORKS)
    return cells, households, sum(cell["search_seconds"] + cell["fit_seconds"] for cell in single)


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_cut(cut: str, parts: Parts, seeds: int = SEEDS, names: Sequence[str] = ()) -> str:
    """Tune the models in the month before a cut, judge them in the month after it, and keep every cell.

    Parameters
    ----------
    cut : str
    parts : Parts
        Where finished searches, networks and cells are kept.
    seeds : int
        Of each network; with 0 there are none.
    names : sequence of str
        The models without a network to record, by default all.
    """
    journey = complete_journey()
    validation, test = tasks_at(journey.purchases, cut)
    chosen = candidates(product_text(journey.products))
    entries = {
        Cell(name, cut, 0): tuned(candidate, validation, f"{cut}-{name}", parts)
        for name, candidate in chosen.items()
        if name in (names or chosen)
    }
    for seed in range(seeds):
        entries |= {Cell(name, cut, seed): trained(name, cut, seed, validation, parts) for name in KINDS}
    if seeds:
        entries |= {Cell(name, cut, 0): averaged(kind, entries) for name, kind in AVERAGES.items()}
    kept = {cell: Stored(Ready(entry.model.fit(validation))).fit(validation) for cell, entry in entries.items()}
    hybrids = {} if names else {cell: mixed(cell, entries, kept, validation) for cell in hybrid_cells(cut, seeds)}
    for cell, entry in entries.items():
        entry.seconds["fit"] = entry.seconds.get("training", 0) + timed(entry.model.fit, test)
        kept[cell].fit(test)
    for cell, entry in (entries | hybrids).items():
        entry.seconds["request"] = timed(ask, entry.model, test) / ASKED
        scores = kept.get(cell) or Stored(Ready(entry.model)).fit(test)
        result, households = judged(scores, test)
        parts.save(described(cell, entry, result), households.assign(**cell._asdict()))
        print(f"{cut} {cell.model} {cell.seed}: {households['all'].mean():.4f}", entry.settings, flush=True)
    parts.remember(f"{cut}-finished", dict)
    return cut


def tuned(candidate: Candidate, validation: Task, key: str, parts: Parts) -> Entry:
    """A model with the settings that do best in the month to tune on."""
    start = time.process_time()
    found = parts.remember(
        f"{key}-search", lambda: {"trials": search(candidate, validation), "seconds": time.process_time() - start}
    )
    trials = [Trial(*trial) for trial in found["trials"]]
    seconds = {"search": found["seconds"]}
    return Entry(candidate.build(**trials[0].settings), trials[0].settings, trials, seconds)


def trained(name: str, cut: str, seed: int, validation: Task, parts: Parts) -> Entry:
    """A network at its best stage."""
    start, key = time.process_time(), f"{cut}-{name}-{seed}"
    network, weights = new_network(KINDS[name], validation, seed), parts.folder / f"{key}.safetensors"

    def train() -> dict[str, Any]:
        stages = train_network(network, KINDS[name], validation, seed, parts.folder / f"{key}.run.safetensors")
        save_model(network, str(weights))
        return {"stages": stages, "seconds": time.process_time() - start}

    found = parts.remember(f"{key}-training", train)
    load_model(network, weights)
    trials = [Trial({"stage": stage}, ndcg) for stage, ndcg in enumerate(found["stages"], start=1)]
    trials = sorted(trials, key=lambda trial: -trial.ndcg)  # stable: of equals, the earlier one
    return Entry(SequentialRecommender(network), trials[0].settings, trials, {"training": found["seconds"]})


def averaged(name: str, entries: Mapping[Cell, Entry]) -> Entry:
    """The mean of a network's seeds."""
    seeds = {cell.seed: entry for cell, entry in entries.items() if cell.model == name}
    model = Average({seed: entry.model for seed, entry in seeds.items()})
    return Entry(model, {"seeds": len(seeds)}, members=list(seeds.values()))


def hybrid_cells(cut: str, seeds: int) -> list[Cell]:
    """The hybrids to be made."""
    seeded = [Cell(name, cut, seed) for name in WITH_NETWORKS for seed in range(seeds)]
    return [*(Cell(name, cut, 0) for name in HYBRIDS), *seeded]


def mixed(cell: Cell, entries: Mapping[Cell, Entry], kept: Mapping[Cell, Stored], validation: Task) -> Entry:
    """A hybrid of stored scores, with the weights that do best in the month to tune on."""
    plain = [other.model for other in entries if other.model not in KINDS | AVERAGES]
    members = [m for name in (HYBRIDS | WITH_NETWORKS)[cell.model] for m in (plain if name == ALL else [name])]
    cells = {name: cell._replace(model=name, seed=cell.seed if name in KINDS else 0) for name in members}
    hybrid = Hybrid({m: kept[c] for m, c in cells.items()}, "rank" if cell.model == "RankFusion" else "weighted")
    seconds = {"search": timed(hybrid.tune, validation)}
    used = [entries[cells[name]] for name, weight in hybrid.weights.items() if weight > 0]
    return Entry(hybrid, dict(hybrid.weights), seconds=seconds, members=used)


def described(cell: Cell, entry: Entry, result: Evaluation) -> dict[str, Any]:
    """What a record says of a cell."""
    costs = {f"{name}_seconds": round(entry.cost(name), 5) for name in ("search", "fit", "request")}
    return {
        **cell._asdict(),
        "settings": in_json(entry.settings),
        "trials": [{"settings": in_json(trial.settings), "ndcg": round(trial.ndcg, 5)} for trial in entry.trials],
        **costs,
        "parameters": n_numbers(entry.model),
        "coverage": round(result.coverage, 5),
        "novelty": round(result.novelty, 4),
    }


def n_numbers(thing: object) -> int:
    """Numbers that a fitted model keeps to answer with; those of a hybrid's members included."""
    if isinstance(thing, nn.Module):
        return sum(parameter.numel() for parameter in thing.parameters())
    if isinstance(thing, sparse.csr_array):
        return int(thing.nnz)
    if isinstance(thing, Stored):
        return n_numbers(thing.model)
    if isinstance(thing, dict):
        return sum(map(n_numbers, thing.values()))
    if hasattr(thing, "size"):
        return int(thing.size)
    own = vars(thing) if hasattr(thing, "score") else {}
    return sum(n_numbers(value) for name, value in own.items() if name.endswith("_") or name in INNER)


INNER = ("model", "models", "network")  #: where a model keeps others, or its weights


def ask(model: Recommender, task: Task) -> None:
    """Make the lists of some households, one at a time."""
    for household in np.split(task.households[:ASKED], min(ASKED, len(task.households))):
        rank_items(model.score(household), 10)


def timed(function: Any, *arguments: Any) -> float:
    """Seconds of one core that a call takes, whatever else the machine does."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start
