"""Chapter 7: libraries on the book's task, what they find and what they cost, at the December cut.

``make record run=tools`` runs it, one model per process and one process at a time, so that each model's memory is its
own. The models of the leaderboard keep the settings that were found there; those of other libraries get as many trials,
on November. RecTools answers from an environment of its own, which ``benchmarks/rectools.sh`` makes.
"""

import json
import multiprocessing
import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import SLICES, Evaluation, evaluate
from shoprec.experiments import rectools_side
from shoprec.experiments.judging import Ready, in_json
from shoprec.experiments.provenance import SOURCE
from shoprec.experiments.records import Parts, load_record
from shoprec.experiments.spaces import Candidate, candidates, grid, search
from shoprec.formulas.metrics import rank_items
from shoprec.models import Recommender
from shoprec.models.content import product_text
from shoprec.models.counting import decay
from shoprec.models.libraries import BPR, HistogramRanker, ImplicitItems, SVDIndex, as_scores
from shoprec.models.neighbors import weigh
from shoprec.tasks import TEST_CUT, Task, tasks_at

BOARD = ("Popularity", "PersonalFrequency", "ItemKNN", "UserKNN", "SVD", "EASE", "IALS", "TIFUKNN", "BoostedRanker")
INDEXES = {"SVDNumPy": "numpy", "SVDFlat": "flat", "SVDHNSW": "hnsw"}  #: ways to find the SVD's lists
NETWORK = {
    "n_blocks": 2,
    "n_heads": 2,
    "n_factors": 64,
    "lr": 1e-3,
    "batch_size": 32,
    "loss": "sampled_softmax",
    "n_negatives": 128,
}
ASKED = 100  #: households that are asked for one at a time, to time a request
LIBRARIES = ("faiss", "implicit.cpu.als", "implicit.cpu.bpr", "implicit.nearest_neighbours", "lightgbm")
PACKAGES = ("implicit", "lightgbm", "scikit-learn", "faiss-cpu", "numpy", "torch")


def rivals() -> dict[str, Candidate]:
    """Models of other libraries that aren't on the leaderboard, each with as many settings as those there."""
    return {
        "ImplicitItems": Candidate(
            ImplicitItems, grid(k=[2, 5], weighting=["cosine", "tfidf", "bm25"], half_life=[60, 90])
        ),
        "BPR": Candidate(BPR, grid(d=[32, 128], learning_rate=[0.03, 0.1], days=[60, 120, np.inf])),
        "HistogramRanker": Candidate(HistogramRanker, grid(n_leaves=[7, 15, 31], n_trees=[50, 100], n=[75, 150])),
    }


def run() -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds of a core that they took."""
    parts, journey = Parts.of("tools"), complete_journey()
    validation, test = tasks_at(journey.purchases, TEST_CUT)
    own = candidates(product_text(journey.products))
    chosen = on_the_board()
    for name in BOARD:
        alone(measured, name, partial(own[name].build, **chosen[name]), chosen[name], test, parts)
    for name, index in INDEXES.items():
        settings = {"index": index, **chosen["SVD"]}
        alone(measured, name, partial(SVDIndex, **settings), settings, test, parts)
    for name, candidate in rivals().items():
        alone(tuned, name, candidate, validation, parts)
        settings = parts.remember(f"{name}-search", dict)["settings"]
        alone(measured, name, partial(candidate.build, **settings), settings, test, parts)
    in_rectools("EASE", chosen["EASE"], validation, test, parts)
    in_rectools("SASRec", NETWORK, validation, test, parts)
    cells, households = parts.finished()
    return cells, households, sum(cell["search_seconds"] + cell["fit_seconds"] for cell in cells)


def on_the_board() -> dict[str, dict[str, Any]]:
    """The settings that the leaderboard's search found for its models at this cut."""
    cells = load_record("leaderboard").cells.query("cut == @TEST_CUT and seed == 0").set_index("model")
    settings: dict[Any, Any] = cells["settings"].to_dict()
    return {name: _numbers(settings[name]) for name in BOARD}


def alone(work: Callable[..., None], name: str, *arguments: Any) -> None:
    """Do something in a process of its own, which ends with it, unless it is done."""
    parts = arguments[-1]
    if parts.has(f"{name}-{work.__name__}"):
        return
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=start) as pool:
        pool.submit(work, name, *arguments).result()
    parts.remember(f"{name}-{work.__name__}", dict)
    print(f"{name}: {work.__name__}", flush=True)


@threadpool_limits.wrap(limits=1)
def tuned(name: str, candidate: Candidate, validation: Task, parts: Parts) -> None:
    """Try a model's settings on November and remember the best ones."""
    start = time.process_time()

    def found() -> dict[str, Any]:
        trials = search(candidate, validation)
        table = [{"settings": in_json(t.settings), "ndcg": round(t.ndcg, 5)} for t in trials]
        return {"settings": trials[0].settings, "trials": table, "seconds": time.process_time() - start}

    parts.remember(f"{name}-search", found)


@threadpool_limits.wrap(limits=1)
def measured(name: str, build: Callable[[], Recommender], settings: dict[str, Any], test: Task, parts: Parts) -> None:
    """Fit a model, time it, judge its December lists, and keep the results."""
    for module in LIBRARIES:
        import_module(module)  # else the first model to need one pays for it
    model, before, start = build(), rectools_side.memory(reset=True), time.process_time()
    model.fit(test)
    costs = {"fit_seconds": time.process_time() - start, "memory": rectools_side.memory() - before}
    costs["request_seconds"] = request(model, test)
    searched = parts.remember(f"{name}-search", dict) if parts.has(f"{name}-search") else {}
    note = {"settings": in_json(settings), "trials": searched.get("trials", [])}
    keep(name, evaluate(Ready(model), test), note | costs, searched.get("seconds", 0.0), parts)


def request(model: Any, task: Task) -> float:
    """Seconds of one core for one household's list of ten, by the library's own call where there is one."""
    households = np.split(task.households[:ASKED], ASKED)
    answer = getattr(model, "top", None) or (lambda one, k: rank_items(model.score(one), k))
    answer(households[0], 10)  # the first is about what is loaded, not about the work
    start = time.process_time()
    for household in households:
        answer(household, 10)
    return (time.process_time() - start) / ASKED


def keep(name: str, result: Evaluation, note: dict[str, Any], searched: float, parts: Parts, **more: Any) -> None:
    """Save a cell and its households."""
    key: dict[str, Any] = {"model": name, "cut": TEST_CUT, "seed": 0}
    columns = {part: result.households[part, "ndcg"] for part in SLICES}
    table = pd.DataFrame(columns).astype("float32").rename_axis("household").reset_index()
    about = {"processor": processor(), "versions": {package: version(package) for package in PACKAGES}}
    parts.save(key | note | {"search_seconds": round(searched, 1)} | about | more, table.assign(**key))
    print(f"{name}: {table['all'].mean():.4f}", note["settings"], flush=True)


def in_rectools(name: str, settings: dict[str, Any], validation: Task, test: Task, parts: Parts) -> None:
    """Let RecTools make lists in its own environment, and judge them here."""
    label, folder = f"RecTools{name}", parts.folder / "rectools"
    if parts.has(f"{label}-finished"):
        return
    folder.mkdir(exist_ok=True)
    half_life = settings.get("half_life", np.inf)
    for month, task in (("november", validation), ("december", test)):
        purchases(task, half_life, events=name == "SASRec").to_parquet(folder / f"{month}.parquet")
    theirs = {"regularization": settings["strength"]} if name == "EASE" else settings
    (folder / f"{name}.settings.json").write_text(json.dumps(theirs), "utf8")
    subprocess.run(["sh", SOURCE.parent / "benchmarks/rectools.sh"], check=True)
    python = SOURCE.parent / ".recording/rectools/bin/python"
    subprocess.run([python, rectools_side.__file__, folder, name], check=True)
    lists, note = pd.read_parquet(folder / f"{name}.parquet"), json.loads((folder / f"{name}.json").read_text("utf8"))
    trials = list(staged(lists, validation))
    stage = max(trials, key=lambda trial: trial["ndcg"])["settings"]["stage"] if trials else 0
    found = evaluate(Ready(Listed(lists.query("month == 'december' and stage == @stage"), test)), test)
    settings = in_json(settings) | ({"stage": stage} if trials else {})
    keep(
        label, found, {"settings": settings, "trials": trials} | note, 0.0, parts, library=f"rectools {note['version']}"
    )
    parts.remember(f"{label}-finished", dict)


def purchases(task: Task, half_life: float, events: bool) -> pd.DataFrame:
    """A task's history as RecTools reads it: one row per event, or per pair with its damped decayed count."""
    history = task.history
    if events:
        table = pd.DataFrame({"user": history.user, "item": history.item, "weight": 1.0, "day": history.day})
        table["datetime"] = pd.to_datetime(table.pop("day"), unit="D").astype("datetime64[ns]")
    else:
        weights = weigh(history.matrix(decay(task, half_life)), "log").tocoo()
        table = pd.DataFrame({"user": weights.row, "item": weights.col, "weight": weights.data})
        table["datetime"] = pd.Timestamp(task.cut)
    return table.assign(asked=np.isin(table["user"], task.households))


def staged(lists: pd.DataFrame, validation: Task) -> Iterator[dict[str, Any]]:
    """NDCG@10 in November of each stage of a network's training."""
    found = lists[lists["month"] == "november"]
    for stage in sorted(found["stage"].unique().tolist()):
        own = found[found["stage"] == stage]
        ndcg = evaluate(Ready(Listed(own, validation)), validation)["ndcg"].mean()
        yield {"settings": {"stage": stage}, "ndcg": round(float(ndcg), 5)}


class Listed:
    """Lists that something else has made, as scores.

    Parameters
    ----------
    lists : DataFrame
        Columns ``user, item, rank``, codes of the task, the best product at rank 1.
    task : Task
    """

    def __init__(self, lists: pd.DataFrame, task: Task) -> None:
        self.lists = np.full((len(task.users), lists["rank"].max()), -1)
        self.lists[lists["user"], lists["rank"] - 1] = lists["item"]
        self.n_items = len(task.items)

    def fit(self, task: Task) -> "Listed":
        """Leave the lists as they are."""
        return self

    def score(self, households: Any) -> Any:
        """Score all products, shape (n_households, n_items)."""
        return as_scores(self.lists[households], self.n_items)


def processor() -> str:
    """Name of the processor, as far as the system says it."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return platform.processor() or platform.machine()


def _numbers(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them, with infinity as a number again."""
    return {name: np.inf if value == "inf" else value for name, value in settings.items()}
