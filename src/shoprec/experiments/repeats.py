"""When does counting lose? The order of four models in shops of which more or less is bought again.

``make record run=repeats`` runs it, one process per core. The shops are made from the book's data in two ways. A dial
leaves a share of all repeats, drawn at random; at 0, nobody ever buys a product twice. And each large department stands
as a shop of its own. In every shop, at each of six cuts, every model that has settings is tuned with as many of them,
and last it is tried whether its lists should hold what the household has bought before.
"""

import os
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.judging import in_json, judged
from shoprec.experiments.records import Parts
from shoprec.experiments.spaces import Candidate, candidates, search
from shoprec.models import Recommender
from shoprec.models.content import product_text
from shoprec.models.rules import OnlyNew
from shoprec.tasks import CUTS, Task, tasks_at

MODELS = ("Popularity", "PersonalFrequency", "UserKNN", "EASE")
KEPT = (0.0, 0.25, 0.5, 1.0)  #: shares of the repeats that the dial leaves
DEPARTMENTS = ("GROCERY", "DRUG GM", "PRODUCE", "MEAT", "MEAT-PCKGD", "DELI", "PASTRY")


class World(NamedTuple):
    """A shop at a cut."""

    shop: str
    cut: str


def shops(purchases: pd.DataFrame, products: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """The purchases of each shop, by its name: ``kept 0.25`` or a department's."""
    department = purchases["item"].map(products["department"])
    thinned = {f"kept {share}": thin(purchases, share) for share in KEPT}
    return thinned | {name: purchases[department == name] for name in DEPARTMENTS}


def thin(purchases: pd.DataFrame, share: float, seed: int = 0) -> pd.DataFrame:
    """Leave a share of the repeats, drawn at random, and every first purchase of a product by a household.

    Examples
    --------
    >>> days = pd.to_datetime(["2017-01-01", "2017-01-02", "2017-01-03"])
    >>> table = pd.DataFrame({"user": 1, "item": ["tea", "jam", "tea"], "timestamp": days})
    >>> thin(table, share=0.0)["item"].tolist()
    ['tea', 'jam']
    """
    ordered = purchases.sort_values("timestamp", kind="stable")
    bought = ordered.drop_duplicates(["user", "item", "timestamp"])  # a basket's lines of one product are one purchase
    again = bought.duplicated(["user", "item"])
    drawn = np.random.default_rng(seed).random(len(bought)) < share
    return bought[~again | drawn]


def repeat_share(task: Task) -> float:
    """Share of the targets that their household had bought before."""
    known = task.history.bought
    return float(task.targets.multiply(known).sum() / task.targets.sum())


def run(cuts: tuple[str, ...] = CUTS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds of a core that they took."""
    parts = Parts.of("repeats")
    names = [*(f"kept {share}" for share in KEPT), *DEPARTMENTS]
    waiting = [world for cut in cuts for name in names if not parts.has(finished(world := World(name, cut)))]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for world in pool.map(partial(record_world, parts=parts), waiting):
            print(*world, flush=True)
    cells, households = parts.finished()
    return cells, households, sum(cell["seconds"] for cell in cells)


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_world(world: World, parts: Parts) -> World:
    """Tune the models in the month before a cut, judge them in the month after it, and keep the results."""
    journey = complete_journey()
    purchases = shops(journey.purchases, journey.products)[world.shop]
    validation, test = tasks_at(purchases, world.cut)
    text = product_text(journey.products)
    about = {"shop": world.shop, "repeat_share": round(repeat_share(test), 4), "products": len(test.items)}
    for name in MODELS:
        start = time.process_time()
        model, chosen = tuned(candidates(text)[name], validation)
        _, households = judged(model.fit(test), test)
        key: dict[str, Any] = {"model": f"{world.shop}: {name}", "cut": world.cut, "seed": 0}
        seconds = {"seconds": round(time.process_time() - start, 1)}
        parts.save(key | {"name": name} | about | chosen | seconds, households[["household", "all"]].assign(**key))
    parts.remember(finished(world), dict)
    return world


def tuned(candidate: Candidate, validation: Task) -> tuple[Recommender, dict[str, Any]]:
    """A model with what does best in the month to tune on: its settings, and whether lists are of new products only."""
    settings, plain = search(candidate, validation)[0]
    model = candidate.build(**settings)
    new = float(evaluate(OnlyNew(model).fit(validation), validation)["ndcg"].mean())
    chosen = {"settings": in_json(settings), "only_new": new > plain, "validation": round(max(new, plain), 5)}
    return OnlyNew(model) if new > plain else model, chosen


def finished(world: World) -> str:
    """The note that a world is done."""
    return f"{world.shop}-{world.cut}-finished"
