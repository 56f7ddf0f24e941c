"""A language model fine-tuned on purchases: does it then put twenty products in order better than rules that count?

``make record run=fine_tuning`` runs it, on one core or, where there is one, a GPU. The decoder says yes or no to each
of the twenty products that personal frequency picks (:mod:`shoprec.models.language.pointwise`). LoRA
(:mod:`shoprec.models.language.lora`) trains it on households of October that bought some of the twenty, with the
history before October: of all twenty, those that were bought shall have the largest log-odds. How long, and how fast,
is decided by November's loss; December judges, on households drawn by chance, the same for all:

==============  ========================================================================================
``zero_shot``   the decoder as it came
``tuned``       the decoder with the trained adapters
``swapped``     the same, with each product under the name of another of the twenty, its facts kept; for some
``mislisted``   the same, with the list of what another household buys most often; for some
``formula``     a logistic regression on the numbers that the question tells, from the same answers
``counting``    the order that the twenty had
``popularity``  the same twenty by their number of buyers
``shuffled``    what an order of the twenty by chance would score on average
==============  ========================================================================================

The adapters lie beside the record, in ``recorded/fine_tuning.safetensors``.
"""

import copy
import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from shoprec.data.journey import complete_journey
from shoprec.experiments.records import RECORDED, Parts
from shoprec.formulas.arrays import Codes, Floats, Mask
from shoprec.formulas.metrics import ndcg_at_k, rank_items, shuffled_ndcg
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.language.decoders import load_decoder
from shoprec.models.language.lora import Adapters
from shoprec.models.language.pointwise import PointwiseJudge, purchase_facts
from shoprec.tasks import CUTS, Task, next_basket_split, tasks_at
from shoprec.training.device import pick_device

CUT = CUTS[-1]
LEARNED = "2017-10-01"  #: the cut whose answers are learned
HALF_LIFE = 90.0
N = 20  #: products to order
STAGE, STAGES = 60, 3  #: households between two looks at November, and how many looks
HOUSEHOLDS = {"october": STAGE * STAGES, "november": 50, "december": 300}
CHANGED = 100  #: households that are asked with swapped names and with another's list, too
CHANGES = {"tuned": "", "swapped": "names", "mislisted": "list"}  #: what is changed in the question
BATCH = 20  #: households between two savings
SEEDS = (0,)
LAYERS = r"layers\.(1[5-9]|2\d)\.self_attn\.[qv]_proj"  #: the upper half: no gradient goes through the lower one
RATES, WARM_UP = (1e-3,), 10  #: learning rates to try, and steps until they are reached
ADAPTERS = RECORDED / "fine_tuning.safetensors"  #: of the first seed
#: Of the formula: the degree of its terms, and how freely its coefficients move; as many as there are looks.
SETTINGS = [(1, 0.1), (2, 0.1), (2, 1.0)]


@dataclass(frozen=True)
class Sample:
    """Households drawn from a month, their twenty products, and what happened.

    Attributes
    ----------
    task : Task
    households : array of int, shape (n_households,)
        In random order: the first few are a sample, too.
    items : array of int, shape (n_households, N)
        In the order of personal frequency.
    bought : array of bool, shape (n_households, N)
        Whether the next basket holds them.
    facts : array of float, shape (n_households, N, 3)
        See :func:`shoprec.models.language.pointwise.purchase_facts`.
    """

    task: Task
    households: Codes
    items: Codes
    bought: Mask
    facts: Floats

    @classmethod
    def of(cls, task: Task, n_households: int, only_hits: bool = False) -> "Sample":
        """Draw households and pick their products; with ``only_hits``, households that bought one of these at least."""
        drawn = np.random.default_rng(0).permutation(task.households)[: n_households * (1 + only_hits)]
        items = rank_items(PersonalFrequency(HALF_LIFE).fit(task).score(drawn), N)
        bought = np.take_along_axis(task.targets[drawn].toarray(), items, axis=1)
        some = np.flatnonzero(bought.any(axis=1) | (not only_hits))[:n_households]
        facts = purchase_facts(task, drawn[some], items[some])
        return cls(task, drawn[some], items[some], bought[some], facts)

    def first(self, n: int) -> "Sample":
        """The first n households, drawn by chance as all are."""
        return Sample(self.task, self.households[:n], self.items[:n], self.bought[:n], self.facts[:n])

    def ndcg(self, odds: Floats) -> Floats:
        """Each household's NDCG@10 if its products are ordered by some log-odds; equal ones stay as they are."""
        order = np.argsort(-odds, axis=1, kind="stable")
        return ndcg_at_k(np.take_along_axis(self.items, order, axis=1)[:, :10], self.task.targets[self.households])

    def loss(self, odds: Floats) -> float:
        """Minus the log of the share that a bought product has in its twenty, exp(log-odds) over their sum; the mean.

        Over a household's bought products, then over the households. If all are alike it is log 20.
        """
        shares = log_softmax(odds.reshape(self.bought.shape), axis=1)
        each = (-shares * self.bought).sum(axis=1) / self.bought.sum(axis=1)
        return float(each.mean())


def samples(n_households: dict[str, int] | None = None) -> dict[str, Sample]:
    """The samples of October, November and December; all rank the catalogue of the last."""
    purchases = complete_journey().purchases
    november, december = tasks_at(purchases, CUT)
    october = next_basket_split(purchases, LEARNED, until=november.cut, items=november.items)
    tasks = {"october": october, "november": november, "december": december}
    wanted = n_households or HOUSEHOLDS
    return {month: Sample.of(task, wanted[month], month != "december") for month, task in tasks.items()}


@threadpool_limits.wrap(limits=1)
def run() -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; a cell for each order and seed, and the seconds of a core; write the adapters."""
    torch.set_num_threads(1)
    parts, shop = Parts.of("fine_tuning"), samples()
    odds: dict[tuple[str, int], Floats] = {}
    notes: dict[tuple[str, int], dict[str, Any]] = {}
    for seed in SEEDS:
        tuning = Tuning(seed, shop, parts)
        notes["tuned", seed] = tuning.chosen()
        for kind, change in CHANGES.items():
            odds[kind, seed] = tuning.odds("december", f"{kind}-{seed}", change)
        if seed == SEEDS[0]:
            tuning.adapters.save(ADAPTERS, torch.float16)
            tuning.adapters.restore(tuning.untrained)  # B is zero: the decoder as it came
            odds["zero_shot", seed] = tuning.odds("december", "zero_shot")
            notes["zero_shot", seed] = {"november": [shop["november"].loss(tuning.odds("november", "zero_shot"))]}
    odds["formula", SEEDS[0]], notes["formula", SEEDS[0]] = formula_odds(shop)
    cells, households = tabled(shop["december"], odds)
    found = [json.loads(file.read_text("utf8")) for file in parts.folder.glob("*.json")]
    cells = [cell | notes.get((cell["model"], cell["seed"]), {}) for cell in cells]
    return cells, households, sum(part["seconds"] for part in found)


class Tuning:
    """A decoder with adapters that learns October's answers in stages, and says what it thinks of a sample.

    Parameters
    ----------
    seed : int
        Of the adapters' start and of the order of the households.
    shop : dict of Sample
        By month.
    parts : Parts
        Where all that is finished is kept.
    """

    def __init__(self, seed: int, shop: dict[str, Sample], parts: Parts) -> None:
        self.seed, self.shop, self.parts = seed, shop, parts
        tokenizer, model = load_decoder()
        half = copy.deepcopy(model).bfloat16()  # numbers of 16 bits take a third of the time; A and B keep their 32
        self.decoder = tokenizer, half.to(pick_device())  # type: ignore[arg-type]
        self.adapters = Adapters(self.decoder[1], LAYERS, seed=seed)
        self.untrained = self.adapters.state()

    def judge(self, month: str) -> PointwiseJudge:
        """Who asks the decoder about a month's products."""
        names = complete_journey().products["name_en"]
        judge = PointwiseJudge(PersonalFrequency(HALF_LIFE), names, N, half_life=HALF_LIFE, decoder=self.decoder)
        return judge.fit(self.shop[month].task)

    def odds(self, month: str, name: str, change: str = "") -> Floats:
        """Log-odds of Yes for the products of a month's households, kept under a name."""
        sample = self.shop[month].first(CHANGED) if change else self.shop[month]
        judge = self.judge(month)
        batches = [slice(start, start + BATCH) for start in range(0, len(sample.households), BATCH)]
        parts = [
            self.parts.remember(f"{month}-{name}-{some.start}", partial(answers, judge, sample, some, change))
            for some in tqdm(batches, f"{month}, {name}")
        ]
        return np.array([odds for part in parts for odds in part["odds"]])

    def chosen(self) -> dict[str, Any]:
        """Train at each rate, keep what had November's least loss, rounded to 16 bits, and tell how it went."""
        looks = [(rate, stage) for rate in RATES for stage in range(STAGES)]
        losses, november = [], []
        for look in looks:
            losses.append(self.train(*look)["loss"])
            november.append(self.shop["november"].loss(self.odds("november", self.name(*look))))
        rate, stage = looks[int(np.argmin(november))]
        state = load_file(self.file(rate, stage))
        self.adapters.restore({name: state[name].half().float() for name in self.untrained})
        return {"losses": losses, "november": november, "rate": rate, "households": STAGE * (stage + 1)}

    def train(self, rate: float, stage: int) -> dict[str, float]:
        """Learn from the households of a stage, after those of the stages before, unless that has been done."""

        def compute() -> dict[str, float]:
            start, judge = time.process_time(), self.judge("october")
            self.adapters.restore(self.untrained)
            optimizer = torch.optim.AdamW(self.adapters.parameters(), rate, weight_decay=0.0)
            if stage:
                restore(self.adapters, optimizer, load_file(self.file(rate, stage - 1)))
            steps = range(stage * STAGE, (stage + 1) * STAGE)
            losses = [self.step(judge, optimizer, rate, number) for number in tqdm(steps, self.name(rate, stage))]
            save_file(self.adapters.state() | moments(optimizer), self.file(rate, stage))
            return {"loss": float(np.mean(losses)), "seconds": time.process_time() - start}

        note = self.parts.remember(self.name(rate, stage), compute)
        kept = load_file(self.file(rate, stage))
        self.adapters.restore({name: kept[name] for name in self.untrained})
        return note

    def step(self, judge: PointwiseJudge, optimizer: torch.optim.Optimizer, rate: float, number: int) -> float:
        """Learn from what one household bought; the loss before that, as in :meth:`Sample.loss`."""
        october = self.shop["october"]
        row = np.random.default_rng(self.seed).permutation(len(october.households))[number]
        for group in optimizer.param_groups:
            group["lr"] = rate * min((number + 1) / WARM_UP, 1 - number / (STAGE * STAGES))
        odds = judge.log_odds(october.households[row], october.items[row])
        loss = -odds.log_softmax(dim=0)[torch.from_numpy(october.bought[row]).to(odds.device)].mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.adapters.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    def name(self, rate: float, stage: int) -> str:
        """What the parts of a stage are called."""
        return f"stage-{self.seed}-{rate}-{stage}"

    def file(self, rate: float, stage: int) -> Path:
        """Where the state after a stage is kept."""
        return self.parts.folder / f"{self.name(rate, stage)}.safetensors"


def moments(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """What an optimizer remembers of each matrix, by name."""
    state = optimizer.state_dict()["state"]
    return {f"moment.{index}.{name}": value.cpu() for index, about in state.items() for name, value in about.items()}


def restore(adapters: Adapters, optimizer: torch.optim.Optimizer, kept: dict[str, torch.Tensor]) -> None:
    """Bring adapters and optimizer to what was kept, each its part."""
    adapters.restore({name: kept[name] for name in adapters.state()})
    about: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in kept.items():
        if key.startswith("moment."):
            _, index, name = key.split(".")
            about.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": about, "param_groups": optimizer.state_dict()["param_groups"]})


def answers(judge: PointwiseJudge, sample: Sample, some: slice, change: str = "") -> dict[str, Any]:
    """Log-odds of Yes for the products of some households, and the seconds that they took.

    With the change ``names`` each product stands under the name of another of the twenty, with its own facts; with
    ``list`` the question lists what another household buys most often.
    """
    start, found = time.process_time(), []
    others = np.roll(sample.households, 1)[some]
    for household, items, other in zip(sample.households[some], sample.items[some], others, strict=True):
        shift = np.random.default_rng([0, household]).integers(1, N)
        named = np.roll(items, shift) if change == "names" else items
        with torch.inference_mode():
            odds = judge.log_odds(household, items, named, other if change == "list" else household)
        found.append(odds.cpu().numpy().astype(float).round(3).tolist())
    return {"odds": found, "seconds": time.process_time() - start}


def formula_odds(shop: dict[str, Sample]) -> tuple[Floats, dict[str, Any]]:
    """Log-odds by the logistic regression that November likes best, and the losses that it had there."""
    october, november = shop["october"], shop["november"]
    models = [formula(*setting).fit(columns(october.facts), october.bought.ravel()) for setting in SETTINGS]
    losses = [november.loss(model.decision_function(columns(november.facts))) for model in models]
    best = int(np.argmin(losses))
    odds = models[best].decision_function(columns(shop["december"].facts))
    degree, strength = SETTINGS[best]
    return odds.reshape(-1, N), {"november": losses, "degree": degree, "strength": strength}


def formula(degree: int, strength: float) -> Pipeline:
    """A logistic regression on the columns and, of degree 2, on their squares and products."""
    terms = PolynomialFeatures(degree, include_bias=False)
    return make_pipeline(StandardScaler(), terms, LogisticRegression(C=strength, max_iter=1000))


def columns(facts: Floats) -> Floats:
    """What the question tells, as a row for each product: whether it was ever bought, how often, how long ago; visits.

    Numbers of times, days and visits on a log scale.
    """
    times, days, visits = facts.reshape(-1, 3).T
    return np.column_stack([times > 0, np.log1p(times), np.log1p(np.nan_to_num(days)), np.log(visits)])


def tabled(december: Sample, odds: dict[tuple[str, int], Floats]) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """A cell for each order and seed, and each household's NDCG@10 in it, with its log-odds where there are any."""
    users = december.task.users[december.households]
    buyers = Popularity().fit(december.task).n_buyers_[december.items]
    scores = {(name, seed): december.first(len(values)).ndcg(values) for (name, seed), values in odds.items()}
    scores["counting", 0] = december.ndcg(-np.arange(N) + np.zeros(december.items.shape))
    scores["popularity", 0] = december.ndcg(buyers)
    scores["shuffled", 0] = shuffled_ndcg(december.items, december.task.targets[december.households], n=N)
    tables = []
    for (name, seed), score in scores.items():
        table = pd.DataFrame(
            {"household": users[: len(score)], "all": score.round(5), "model": name, "cut": CUT, "seed": seed}
        )
        if (name, seed) in odds:
            table[[f"odds_{place}" for place in range(1, N + 1)]] = odds[name, seed].astype(np.float32)
        tables.append(table)
    cells = [{"model": name, "cut": CUT, "seed": seed} for name, seed in scores]
    return cells, pd.concat(tables, ignore_index=True)
