"""Language models beside counting: what the recorded studies of December say about quality and cost, in one table.

The studies are :mod:`shoprec.experiments.judge` and :mod:`shoprec.experiments.prompts`. Both let the same decoder put
the products in order that personal frequency picks, each for households of its own number, so that every way to ask is
compared with personal frequency on its own households.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from shoprec.evaluation import paired_bootstrap
from shoprec.experiments.records import Record
from shoprec.words import Pair

#: Weights of SmolLM2-135M: 49,152 tokens with 576 numbers each, 30 blocks with 3,540,096, and 576 at the end. The
#: output shares the tokens' table.
DECODER_PARAMETERS = 49_152 * 576 + 30 * 3_540_096 + 576
#: Bytes of a parameter: the judge ran in numbers of 16 bits, the prompts of 32; counting keeps a number and its place.
BYTES = {"judge": 2, "prompts": 4, "leaderboard": 8}
ORDERS = 3  #: Orders in which the judge read each household's list: frequency's, a random one, and its reverse.
REFERENCE = "counting"


class Asked(NamedTuple):
    """A way to ask the decoder.

    Attributes
    ----------
    study : str
        The record's name.
    model : str
        What it is called there.
    name : pair
        In Chinese and in English.
    questions : int
        Questions that the decoder reads for one household; 0 for a reference that asks nothing.
    """

    study: str
    model: str
    name: Pair
    questions: int


ASKED = (
    Asked("judge", "counting", ("个人频次", "Personal frequency"), 0),
    Asked("judge", "given", ("选字母，按频次的次序", "Letters, in frequency's order"), 1),
    Asked("judge", "calibrated", ("选字母，随机次序，扣掉位置", "Letters, random order, less the place"), 2),
    Asked("judge", "averaged", ("选字母，随机次序，正反平均", "Letters, random order, both ways"), 2),
    Asked("judge", "random", ("选字母，随机次序", "Letters, random order"), 1),
    Asked("judge", "shuffled", ("打乱这 20 件", "The same 20, shuffled"), 0),
    Asked("judge", "rhythm", ("选字母，扣掉位置，带日期", "Letters, less the place, with dates"), 2),
    Asked("prompts", "often", ("名字的似然，列出最常买的", "Likelihood of names, most frequent listed"), 1),
    Asked("prompts", "lately", ("名字的似然，列出最近买的", "Likelihood of names, latest listed"), 1),
    Asked("prompts", "rhythm", ("名字的似然，带次数和日期", "Likelihood of names, with counts and dates"), 1),
    Asked("prompts", "chat", ("名字的似然，对话形式", "Likelihood of names, as a chat"), 1),
    Asked("prompts", "shuffled", ("打乱这 10 件", "The same 10, shuffled"), 0),
)


def language_board(judge: Record, prompts: Record, leaderboard: Record | None = None, n: int = 10_000) -> pd.DataFrame:
    """Every way to ask, with its quality beside counting's and its cost.

    Parameters
    ----------
    judge, prompts : Record
    leaderboard : Record, optional
        Gives what personal frequency costs; without it, that isn't known.
    n : int
        Number of resamples.

    Returns
    -------
    DataFrame
        A row for each of ``ASKED``, in this order, indexed by ``study, model``. Columns ``households``; NDCG@10 as
        ``mean, low, high``; ``gain, gain_low, gain_high``, the paired difference to personal frequency on the same
        households; ``seconds`` of a core that one request takes, by :func:`seconds_a_question`; ``parameters``, and the
        ``bytes`` that they take. NaN where nothing is asked or known.

    Raises
    ------
    ValueError
        If a record lacks one of the ways.
    """
    records = {"judge": judge, "prompts": prompts}
    rows = {}
    for study, model, _, questions in ASKED:
        scores = records[study].households.pivot(index="household", columns="model", values="all")
        if model not in scores or REFERENCE not in scores:
            raise ValueError(f"the record {study} lacks {model} or {REFERENCE}; renew it with make record run={study}")
        own = scores[[model]].dropna().iloc[:, 0].to_numpy()
        than = scores.loc[scores[model].notna(), REFERENCE].to_numpy()
        row: dict[str, float] = {"households": len(own)}
        row |= dict(zip(("mean", "low", "high"), paired_bootstrap(own, np.zeros(len(own)), n), strict=True))
        gain = (np.nan,) * 3 if model == REFERENCE else paired_bootstrap(own, than, n)
        row |= dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True))
        if questions:
            row |= {"seconds": questions * seconds_a_question(records[study]), "parameters": DECODER_PARAMETERS}
            row["bytes"] = DECODER_PARAMETERS * BYTES[study]
        elif model == REFERENCE and leaderboard is not None:
            row |= _counting(leaderboard, records[study].cells["cut"].iloc[0])
        rows[study, model] = row
    return pd.DataFrame(rows).T.rename_axis(["study", "model"])


def seconds_a_question(record: Record) -> float:
    """Seconds of a core that the decoder takes for one question, all that the run did included.

    In the record ``prompts``, a question is a prompt with its ten names; in ``judge``, a list in one order.

    Examples
    --------
    >>> households = pd.DataFrame({"model": ["often"] * 2 + ["chat"] * 2 + ["counting"] * 2})
    >>> seconds_a_question(Record("prompts", pd.DataFrame(), households, {"seconds": 6}, True))
    1.5
    """
    n = record.households["model"].value_counts()
    asked = {"judge": ("given", "rhythm"), "prompts": [way.model for way in ASKED if way.study == "prompts"]}
    times = {"judge": ORDERS, "prompts": 1}
    silent = {way.model for way in ASKED if not way.questions}
    read = sum(n.get(model, 0) for model in asked[record.name] if model not in silent)
    return float(record.stamp["seconds"] / (times[record.name] * read))


def _counting(leaderboard: Record, cut: str) -> dict[str, float]:
    """What personal frequency costs at a cut."""
    cells = leaderboard.cells
    found = cells[(cells["model"] == "PersonalFrequency") & (cells["cut"] == cut)]
    seconds, parameters = found[["request_seconds", "parameters"]].mean()
    return {"seconds": seconds, "parameters": parameters, "bytes": parameters * BYTES["leaderboard"]}
