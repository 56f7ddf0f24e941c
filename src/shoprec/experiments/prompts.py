"""A language model puts ten products in order: does it depend on how it is asked?

``make record run=prompts`` runs it, one process per core. For households drawn from December's, personal frequency
picks ten products, and the decoder orders them by how readily it would name each after a prompt
(:class:`shoprec.models.language.likelihood.LikelihoodReranker`). Each of the prompts does so for the same households;
beside them stand the order that the ten had, and what a shuffle of them would score on average.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.stats import kendalltau
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Codes
from shoprec.formulas.metrics import ndcg_at_k, rank_items, shuffled_ndcg
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language.likelihood import LikelihoodReranker
from shoprec.models.language.prompts import PROMPTS
from shoprec.tasks import CUTS, Task, tasks_at

HOUSEHOLDS = 200
BATCH = 20  #: households between two savings
HALF_LIFE = 90.0
CUT = CUTS[-1]


def run(n_households: int = HOUSEHOLDS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; a cell for each prompt and each reference, and the seconds of a core that it took."""
    parts = Parts.of("prompts")
    _, test = tasks_at(complete_journey().purchases, CUT)
    drawn = drawn_households(test, n_households)
    batches = [drawn[i : i + BATCH] for i in range(0, len(drawn), BATCH)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(partial(record_batch, parts=parts), batches))
    seconds = sum(part["seconds"] for part in found)
    cells = [{"model": name, "cut": CUT, "seed": 0} for name in found[0]["scores"]]
    tables = [
        pd.DataFrame(scores).assign(household=test.users[batch], model=name, cut=CUT, seed=0)
        for batch, part in zip(batches, found, strict=True)
        for name, scores in part["scores"].items()
    ]
    return cells, pd.concat(tables, ignore_index=True), seconds


def drawn_households(test: Task, n: int = HOUSEHOLDS) -> Codes:
    """Households drawn at random, in random order: the first few are a sample, too."""
    return np.random.default_rng(0).permutation(test.households)[:n]


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_batch(households: Codes, parts: Parts) -> dict[str, Any]:
    """Some households' results with every prompt, and the seconds that they took."""
    torch.set_num_threads(1)

    def compute() -> dict[str, Any]:
        start = time.process_time()
        journey = complete_journey()
        _, test = tasks_at(journey.purchases, CUT)
        scores = ordered(test, journey.products["name_en"], households)
        print(f"{len(households)} households: {time.process_time() - start:.0f} s", flush=True)
        return {"scores": scores, "seconds": time.process_time() - start}

    return parts.remember(f"{CUT}-{households[0]}-{len(households)}", compute)


def ordered(test: Task, names: pd.Series, households: Codes) -> dict[str, dict[str, list[float]]]:
    """Each household's NDCG@10 and Kendall's tau with counting's order: of every prompt, of counting, and shuffled."""
    base, targets = PersonalFrequency(HALF_LIFE).fit(test), test.targets[households]
    ten = evaluate(base, replace(test, households=households)).ranked
    lists = {"counting": ten}
    for name, prompt in PROMPTS.items():
        model = LikelihoodReranker(base, names, half_life=HALF_LIFE, prompt=prompt).fit(test)
        lists[name] = np.concatenate([rank_items(model.score(one)) for one in np.split(households, len(households))])
    scores = {
        name: {"all": ndcg_at_k(ranked, targets).round(5).tolist(), "tau": agreement(ranked, ten)}
        for name, ranked in lists.items()
    }
    return scores | {"shuffled": {"all": shuffled_ndcg(ten, targets).round(5).tolist(), "tau": [0.0] * len(ten)}}


def agreement(ranked: Codes, ten: Codes) -> list[float]:
    """Kendall's tau of each list with another order of the same products: 1 if they agree, -1 if one is reversed."""
    places = (ranked[:, :, None] == ten[:, None, :]).argmax(axis=2)
    return [round(float(kendalltau(np.arange(len(place)), place).statistic), 4) for place in places]
