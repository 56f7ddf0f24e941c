"""A language model says why a household would buy a product: does its answer rest on the purchase that it names?

``make record run=reasons`` runs it, one process per core. For households drawn from December's, the six names that
personal frequency puts first are listed, in a random order and in the reverse of that. From these six alone, ItemKNN
picks the product to recommend, one whose name is new to the household. For each list, the decoder
(:mod:`shoprec.models.language.reasons`) says how readily it would name each purchase as its reason, with the product
named and without; and how much rather it answers Yes than No, about the whole list and with each purchase deleted.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language.decoders import load_decoder
from shoprec.models.language.listwise import drawn_orders
from shoprec.models.language.reasons import reason_log_likelihoods, yes_log_odds
from shoprec.models.neighbors import ItemKNN
from shoprec.tasks import CUTS, Task, tasks_at

CELL: dict[str, Any] = {"model": "decoder", "cut": CUTS[-1], "seed": 0}
HOUSEHOLDS = 100
BATCH = 5  #: households between two savings
HALF_LIFE = 90.0
N = 6  #: purchases that are listed


class Recommended(NamedTuple):
    """What is recommended to a household, and what that rests on.

    Attributes
    ----------
    bought : list of str
        The names that it buys most often, the most frequent first.
    product : str
        The recommended product's name.
    share : array of float, shape (6,)
        Of ItemKNN's score of the product, what the products of each name give; sums to 1.
    """

    bought: list[str]
    product: str
    share: Floats


def run(
    n_households: int = HOUSEHOLDS, n_processes: int | None = None
) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; one cell, a row for each purchase in each order, and the seconds of a core."""
    parts = Parts.of("reasons")
    journey = complete_journey()
    _, test = tasks_at(journey.purchases, CELL["cut"])
    drawn = drawn_households(test, journey.products["name_en"], n_households)
    batches = [drawn[i : i + BATCH] for i in range(0, n_households, BATCH)]
    with ProcessPoolExecutor(n_processes or os.cpu_count()) as pool:
        found = list(pool.map(partial(record_batch, parts=parts), batches))
    rows = pd.concat([pd.DataFrame(part["rows"]) for part in found], ignore_index=True)
    return [CELL], rows.assign(**CELL), sum(part["seconds"] for part in found)


def drawn_households(test: Task, names: pd.Series, n: int = HOUSEHOLDS) -> Codes:
    """Households with six names or more, drawn at random, in random order: the first few are a sample, too."""
    name = pd.Series(pd.factorize(names[test.items])[0][test.history.item])
    known = name.groupby(test.history.user).nunique().reindex(test.households).to_numpy()
    return np.random.default_rng(0).permutation(test.households[known >= N])[:n]


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_batch(households: Codes, parts: Parts) -> dict[str, Any]:
    """Some households' rows, and the seconds that they took."""
    torch.set_num_threads(1)

    def compute() -> dict[str, Any]:
        start = time.process_time()
        journey = complete_journey()
        _, test = tasks_at(journey.purchases, CELL["cut"])
        rows = explained(test, journey.products["name_en"], households)
        seconds = time.process_time() - start
        print(f"{len(households)} households: {seconds:.0f} s", flush=True)
        return {"rows": rows.to_dict("list"), "seconds": seconds}

    return parts.remember(f"{CELL['cut']}-{households[0]}-{len(households)}", compute)


def recommended(test: Task, names: pd.Series, households: Codes) -> list[Recommended]:
    """What ItemKNN recommends to each household from its six most frequent names, new to it by name."""
    name_of = names[test.items].to_numpy()
    often = PersonalFrequency(HALF_LIFE).fit(test).score(households)
    knn = ItemKNN(half_life=HALF_LIFE).fit(test)
    similarity, frequency = knn.similarity_.tocsc(), knn.frequency_[households]
    found = []
    for row, ranked in enumerate(rank_items(often, often.shape[1])):
        own = frequency[[row]].toarray()[0]
        bought = list(dict.fromkeys(name_of[ranked[own[ranked] > 0]]))[:N]
        of_name = np.column_stack([similarity @ np.where(name_of == name, own, 0.0) for name in bought])
        score = np.where(np.isin(name_of, name_of[own > 0]), -np.inf, of_name.sum(axis=1))
        best = rank_items(score[None], 1)[0, 0]
        found.append(Recommended(bought, str(name_of[best]), of_name[best] / of_name[best].sum()))
    return found


def explained(test: Task, names: pd.Series, households: Codes) -> pd.DataFrame:
    """For each household, order and purchase: how readily it is named, and what the answer is without it."""
    decoder, tables = load_decoder(), []
    for household, (bought, product, share) in zip(households, recommended(test, names, households), strict=True):
        for number, order in enumerate(drawn_orders(N, 1, np.random.default_rng([0, household]))):
            listed = [bought[i] for i in order]
            table = pd.DataFrame({"purchase": order, "bought": listed, "share": share[order], "place": range(N)})
            table["reason"] = reason_log_likelihoods(decoder, listed, product)
            table["plain"] = reason_log_likelihoods(decoder, listed)
            table["whole"], table["without"] = yes_log_odds(decoder, listed, product)
            tables.append(table.assign(order=number, product=product, household=test.users[household]))
    return pd.concat(tables, ignore_index=True).round(4)
