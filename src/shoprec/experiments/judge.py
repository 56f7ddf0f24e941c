"""A language model puts twenty products in order: does it follow the order that it is given?

``make record run=judge`` runs it, one process per core. For each of December's households, personal frequency picks
twenty products, and the decoder is asked for the letter of the one that it would buy
(:mod:`shoprec.models.language.listwise`): once with the list as frequency orders it, once in random order, and once in
the reverse of that. The same answers make five rankings:

==============  ========================================================================================
``given``       as the letters say, with the list in frequency's order
``random``      as the letters say, with the list in random order
``averaged``    the mean log-probability over the random order and its reverse
``calibrated``  the same, less what each place has on average over all of them
``rhythm``      as ``calibrated``, with a question that tells how often and how long ago each product was
                bought, for the first households alone
==============  ========================================================================================

Beside them stand frequency's own order, and what an order of the twenty by chance would score on average.
"""

import copy
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CUT = CUTS[-1]
BATCH = 20  #: households between two savings
WITH_RHYTHM = 200  #: households that are asked about with dates, too
HALF_LIFE = 90.0
N = 20  #: products to order


def run(n_households: int | None = None) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing, of all households or of a sample; a cell for each ranking, and the seconds of a core."""
    parts = Parts.of("judge")
    _, test = tasks_at(complete_journey().purchases, CUT)
    drawn = np.random.default_rng(0).permutation(test.households)[:n_households]  # the first few are a sample, too
    batches = [(drawn[i : i + BATCH], i < WITH_RHYTHM) for i in range(0, len(drawn), BATCH)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(partial(record_batch, parts=parts), batches))
    answers = np.array([answer for part in found for answer in part["often"]])
    dated = np.array([answer for part in found for answer in part["rhythm"]])
    households = judged(test, drawn, answers, dated)
    cells = [{"model": name, "cut": CUT, "seed": 0} for name in households["model"].unique()]
    return cells, households, sum(part["seconds"] for part in found)


@threadpool_limits.wrap(limits=1)  # a process has one core
def record_batch(batch: tuple[Codes, bool], parts: Parts) -> dict[str, Any]:
    """The decoder's answers about some households, and the seconds that they took."""
    torch.set_num_threads(1)
    households, with_rhythm = batch

    def compute() -> dict[str, Any]:
        start = time.process_time()
        journey = complete_journey()
        _, test = tasks_at(journey.purchases, CUT)
        names = journey.products["name_en"]
        often = answers_to("often", test, names, households)
        rhythm = answers_to("rhythm", test, names, households)[:, 1:] if with_rhythm else np.empty(0)
        seconds = time.process_time() - start
        print(f"{len(households)} households: {seconds:.0f} s", flush=True)
        return {"often": often.round(3).tolist(), "rhythm": rhythm.round(3).tolist(), "seconds": seconds}

    return parts.remember(f"{CUT}-{households[0]}-{len(households)}", compute)


def answers_to(question: str, test: Task, names: pd.Series, households: Codes) -> Floats:
    """Log-probabilities by place, shape (n_households, 3, 20): in frequency's order, a random one, and its reverse."""
    base = PersonalFrequency(HALF_LIFE)
    judge = ListwiseJudge(
        base, names, N, half_life=HALF_LIFE, question=QUESTIONS[question], decoder=half_decoder()
    ).fit(test)
    items = rank_items(base.score(households), N)
    asked = zip(households, items, orders_of(judge, households), strict=True)
    return np.stack([judge.judge(household, few, orders) for household, few, orders in asked])


@cache
def half_decoder() -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    """The decoder in numbers of 16 bits, which takes half the time; the one of 32 stays as it is."""
    tokenizer, model = load_decoder()
    return tokenizer, copy.deepcopy(model).bfloat16()


def orders_of(judge: ListwiseJudge, households: Codes) -> Codes:
    """The orders in which each household's products are listed, shape (n_households, 3, 20)."""
    return np.stack([np.vstack([np.arange(N), judge.orders(household)]) for household in households])


def judged(test: Task, households: Codes, answers: Floats, dated: Floats) -> pd.DataFrame:
    """Each household's NDCG@10 by each ranking; with ``given`` and ``random``, the rank that each place was given."""
    base = PersonalFrequency(HALF_LIFE).fit(test)
    items, targets = rank_items(base.score(households), N), test.targets[households]
    orders = orders_of(ListwiseJudge(base, pd.Series(dtype=str), N), households)
    mean = answers[:, 1:].mean(axis=(0, 1))  # of each place, over the random orders
    values = {
        "given": by_candidate(answers[:, 0], orders[:, 0]),
        "random": by_candidate(answers[:, 1], orders[:, 1]),
        "averaged": by_candidate(answers, orders)[:, 1:].mean(axis=1),
        "calibrated": by_candidate(answers - mean, orders)[:, 1:].mean(axis=1),
    }
    if len(dated):
        known = dated - dated.mean(axis=(0, 1))
        values["rhythm"] = by_candidate(known, orders[: len(dated), 1:]).mean(axis=1)
    scores = {"counting": ndcg(items, targets), "shuffled": shuffled_ndcg(items, targets, n=N)}
    for name, value in values.items():
        ranked = np.take_along_axis(items[: len(value)], order_of(value), axis=1)
        scores[name] = ndcg(ranked, targets[: len(value)])
    tables = [
        pd.DataFrame({"all": score.round(5), "household": test.users[households[: len(score)]], "model": name})
        for name, score in scores.items()
    ]
    for name, place in {"given": 0, "random": 1}.items():
        ranks = np.argsort(order_of(answers[:, place]), axis=1) + 1
        table = next(table for table in tables if table["model"].iloc[0] == name)
        table[[f"place_{p}" for p in range(1, N + 1)]] = ranks
    return pd.concat(tables, ignore_index=True).assign(cut=CUT, seed=0)


def order_of(values: Floats) -> Codes:
    """The candidates of each row, the best first."""
    return np.argsort(-values, axis=1, kind="stable")


def ndcg(ranked: Codes, targets: Any) -> Floats:
    """Each household's NDCG@10."""
    return ndcg_at_k(ranked[:, :10], targets)
