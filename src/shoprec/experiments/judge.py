"""A language model puts twenty products in order, for all households: does it follow the given order?

``make record run=judge`` runs it, one process per core. Personal frequency picks twenty products for each household,
and the decoder is asked for the letter of the one that it would buy (:mod:`shoprec.models.language.listwise`): once
with the list as frequency orders it, once in random order, and once in the reverse of that. So three rankings come out
of the same decoder: ``given``, ``random``, and ``averaged``, over the random order and its reverse; ``rhythm`` is
``averaged`` with a question that tells how often and how long ago each product was bought, for the first households
alone. Beside them stand frequency's own order, and what a shuffle of the twenty would score on average.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.metrics import ndcg_at_k, rank_items, shuffled_ndcg
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language.decoders import load_decoder
from shoprec.models.language.listwise import QUESTIONS, ListwiseJudge, by_candidate
from shoprec.tasks import CUTS, Task, tasks_at

CUT = CUTS[-1]
BATCH = 20  #: households between two savings
WITH_RHYTHM = 300  #: households that are asked about with dates, too
HALF_LIFE = 90.0
N = 20  #: products to order


def run(n_households: int | None = None) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; a cell for each ranking, and the seconds of a core that all took."""
    parts = Parts.of("judge")
    _, test = tasks_at(complete_journey().purchases, CUT)
    drawn = np.random.default_rng(0).permutation(test.households)[:n_households]  # the first few are a sample, too
    starts = range(0, len(drawn), BATCH)
    batches = [(drawn[i : i + BATCH], i < WITH_RHYTHM) for i in starts]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(partial(record_batch, parts=parts), batches))
    tables = []
    for (batch, _), part in zip(batches, found, strict=True):
        for name, columns in part["scores"].items():
            tables.append(pd.DataFrame(columns).assign(household=test.users[batch], model=name, cut=CUT, seed=0))
    names = list(dict.fromkeys(table["model"].iloc[0] for table in tables))
    seconds = sum(part["seconds"] for part in found)
    return [{"model": name, "cut": CUT, "seed": 0} for name in names], pd.concat(tables, ignore_index=True), seconds


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_batch(batch: tuple[Codes, bool], parts: Parts) -> dict[str, Any]:
    """Some households' results, and the seconds that they took."""
    torch.set_num_threads(1)
    households, with_rhythm = batch

    def compute() -> dict[str, Any]:
        start = time.process_time()
        journey = complete_journey()
        _, test = tasks_at(journey.purchases, CUT)
        scores = judged_lists(test, journey.products["name_en"], households, with_rhythm)
        seconds = time.process_time() - start
        print(f"{len(households)} households: {seconds:.0f} s", flush=True)
        return {"scores": scores, "seconds": seconds}

    return parts.remember(f"{CUT}-{households[0]}-{len(households)}", compute)


def judged_lists(test: Task, names: pd.Series, households: Codes, with_rhythm: bool) -> dict[str, dict[str, Any]]:
    """Each household's NDCG@10 by each ranking, and the rank that the decoder gave to each place of its list."""
    tokenizer, model = load_decoder()
    decoder = tokenizer, model.to(torch.bfloat16)  # half the time; the 4-bit weights lose nothing
    base, targets = PersonalFrequency(HALF_LIFE).fit(test), test.targets[households]
    items = rank_items(base.score(households), N)
    scores: dict[str, dict[str, Any]] = {
        "counting": {"all": ndcg(items, targets)},
        "shuffled": {"all": shuffled_ndcg(items, targets).round(5).tolist()},
    }
    judge = ListwiseJudge(base, names, N, half_life=HALF_LIFE, decoder=decoder).fit(test)
    orders = [np.vstack([np.arange(N), judge.orders(household)]) for household in households]
    asked = zip(households, items, orders, strict=True)
    log_p = np.stack([judge.judge(household, few, order) for household, few, order in asked])
    by_product = np.stack([by_candidate(p, order) for p, order in zip(log_p, orders, strict=True)])
    kinds = {"given": by_product[:, 0], "random": by_product[:, 1], "averaged": by_product[:, 1:].mean(axis=1)}
    if with_rhythm:
        dated = ListwiseJudge(base, names, N, half_life=HALF_LIFE, question=QUESTIONS["rhythm"], decoder=decoder).fit(
            test
        )
        answers = [dated.judge(h, few, o[1:]) for h, few, o in zip(households, items, orders, strict=True)]
        kinds["rhythm"] = np.stack([by_candidate(p, o[1:]).mean(axis=0) for p, o in zip(answers, orders, strict=True)])
    for name, value in kinds.items():
        scores[name] = {"all": ndcg(np.take_along_axis(items, order_of(value), axis=1), targets)}
    for name, place in {"given": 0, "random": 1}.items():
        scores[name] |= {f"place_{p + 1}": ranks.tolist() for p, ranks in enumerate(ranks_of(log_p[:, place]).T)}
    return scores


def order_of(values: Floats) -> Codes:
    """The candidates of each row, the best first."""
    return np.argsort(-values, axis=1, kind="stable")


def ranks_of(values: Floats) -> Codes:
    """The rank of each candidate in its row, from 1."""
    return np.argsort(order_of(values), axis=1) + 1


def ndcg(ranked: Codes, targets: Any) -> list[float]:
    """Each household's NDCG@10."""
    return ndcg_at_k(ranked[:, :10], targets).round(5).tolist()
