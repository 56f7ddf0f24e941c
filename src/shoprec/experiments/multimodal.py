"""What do text, price and promotion add to the purchase history? Each alone and all together, at six cuts.

``make record run=multimodal`` runs it. At each cut every fusion is tuned in the month before it, twelve settings for
each, and judged in the month after it. A placebo gives each product the text, the prices or the promotions of another
one of about the same popularity, five times anew. The promotions are read as they were known at different
times, with the settings of the running week; the household's own next visit is among them, which nobody knows at the
cut.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from shoprec.data.journey import Journey, complete_journey
from shoprec.data.promotions import OUTSIDE, Promotions, journey_promotions, shelf_prices, week_of
from shoprec.experiments.crossing import text_vectors
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.metrics import coverage, ndcg_at_k
from shoprec.models.modalities import HISTORY, Lately, Lists, Modality, Price, Promotion, Text, grow, late, read
from shoprec.models.neighbors import UserKNN
from shoprec.tasks import CUTS, Task, earlier, tasks_at

MODALITIES = ("text", "price", "promotion")
BASE = (HISTORY, "lately")  #: what every fusion reads
FUSIONS: dict[str, tuple[str, ...]] = {"base": (), **{m: (m,) for m in MODALITIES}, "all": MODALITIES}
#: When and where a promotion is known; "running" is what the book takes.
VERSIONS = ("over", "running", "plan", "week", "visit")
LEAVES, TREES = (4, 8), (20, 30, 40, 50, 60, 80)  #: twelve settings of early fusion
RATE = 0.1  #: of learning: half the trees of section 3.3 at twice the rate
SCALES = (0.05, 0.15, 0.4)
#: Twelve settings of late fusion: of one modality, and of all.
WEIGHTS = tuple(np.geomspace(0.01, 1.0, 12).round(4).tolist())
PATTERNS = tuple(dict(zip(MODALITIES, p, strict=True)) for p in ((1, 1, 1), (3, 1, 1), (1, 3, 1), (1, 1, 3)))
CANDIDATES = 75
DRAWS = 3  #: of each placebo
PLACES = tuple(f"place {r}" for r in range(1, 11))  #: of a list
ALIKE = 20  #: products of about the same popularity, among which a placebo exchanges
HALF_LIVES = {"words": (21.0, np.inf), "encoder": (60.0,)}


@cache
def journey() -> Journey:
    """The book's data, read once."""
    return complete_journey()


@cache
def shelf() -> pd.DataFrame:
    """Prices on the shelf, read once."""
    return shelf_prices()


@dataclass
class Shop:
    """The tables of a cut, and every modality as it is known for a task."""

    test: Task
    validation: Task
    promotions: Promotions
    category: Codes
    encoder: bool = True

    @classmethod
    def at(cls, cut: str, encoder: bool = True) -> "Shop":
        """Read what belongs to a cut; without the encoder, text is words alone."""
        validation, test = tasks_at(journey().purchases, cut)
        months = [test.cut + pd.DateOffset(months=m) for m in (-2, 1)]
        first, last = week_of(pd.DatetimeIndex(months))
        promotions = journey_promotions(test.items, tuple(range(first - 1, min(last, 53) + 1)))
        category, _ = pd.factorize(journey().products.loc[test.items, "category"])
        return cls(test, validation, promotions, category, encoder)

    def modality(self, name: str, order: Codes | None = None) -> Modality:
        """A modality by its name, such as ``"promotion, week"``; with an order, its placebo."""
        kind, _, version = name.partition(", ")
        if kind == "lately":
            return Lately()
        if kind == "text":
            return self._text(order)
        if kind == "price":
            return Price(shelf(), self.category, order)
        known = self.promotions if order is None else self.promotions.reordered(order)
        visits = Visits(self.promotions, version or "running")
        return Promotion(known.shares(), known.display, known.mailer, OUTSIDE, visits)

    def make(self, name: str) -> Callable[[Task], Modality]:
        """A modality as :class:`shoprec.models.modalities.EarlyFusion` asks for it."""
        return lambda task: self.modality(name)

    def placebo(self, seed: int) -> Codes:
        """Exchanges each product with another one that about as many households bought before the month to tune on."""
        return exchanged(self.validation.history.n_buyers, seed)

    def _text(self, order: Codes | None) -> Text:
        made = text_vectors(tuple(self.test.items))
        vectors = {"words": made["words", "all"]}
        if self.encoder:
            vectors["encoder"] = made["encoder", True]
        if order is not None:
            vectors = {kind: rows[order] for kind, rows in vectors.items()}
        return Text(vectors, HALF_LIVES)


def exchanged(n_buyers: Codes | Floats, seed: int, alike: int = ALIKE) -> Codes:
    """A random order of products in which each is exchanged with one of about as many buyers.

    Products are sorted by buyers and parted into groups of ``alike``; a cycle through a random order of each group
    leaves no product in its place.

    Examples
    --------
    >>> order = exchanged(np.array([9, 1, 8, 2, 7, 3]), seed=0, alike=3)
    >>> bool((order != np.arange(6)).all()), sorted(order[[0, 2, 4]].tolist())
    (True, [0, 2, 4])
    """
    rng, order = np.random.default_rng(seed), np.empty(len(n_buyers), int)
    ranked = np.argsort(-n_buyers, kind="stable")
    for group in np.array_split(ranked, max(1, len(ranked) // alike)):
        cycle = rng.permutation(group)
        order[cycle] = np.roll(cycle, 1)
    return order


@dataclass(frozen=True)
class Visits:
    """In which weeks and in which store each household of a task is looked for; see :data:`VERSIONS`.

    ``over`` is the last week that had ended at the cut, ``running`` the one in which the cut lies, ``plan`` that and
    the next. ``week`` is the week of the household's next basket, ``visit`` its week and its store: nobody knows them
    at the cut. All but ``visit`` take the store in which the household was most often before the cut.
    """

    promotions: Promotions
    version: str

    def __call__(self, task: Task) -> tuple[Codes, Codes]:
        """Rows of weeks, shape (n_users, n_weeks), and of stores, shape (n_users,)."""
        running = int(week_of(pd.DatetimeIndex([task.cut]))[0])
        ahead = {"over": (-1,), "plan": (0, 1)}.get(self.version, (0,))
        weeks = np.tile(running + np.array(ahead), (len(task.users), 1))
        lines = journey().purchases
        stores = usual_stores(lines[lines["timestamp"] < task.cut]).reindex(task.users).to_numpy(copy=True)
        if self.version in ("week", "visit"):
            following = next_visits(task, lines)
            here = task.users.get_indexer(following.index)
            weeks[here, 0] = week_of(following["timestamp"])
            if self.version == "visit":
                stores[here] = following["store"].to_numpy()
        known = self.promotions.weeks.get_indexer(pd.Index(weeks.ravel())).reshape(weeks.shape)
        return known, self.promotions.stores.get_indexer(pd.Index(stores))


def usual_stores(lines: pd.DataFrame) -> pd.Series:
    """The store in which each household has most baskets; of equals, the one with the lower id."""
    baskets = lines.drop_duplicates(["user", "basket"]).groupby(["user", "store"]).size()
    ordered = baskets.reset_index(name="n").sort_values(["n", "store"], ascending=[False, True], kind="stable")
    return ordered.drop_duplicates("user").set_index("user")["store"]


def next_visits(task: Task, lines: pd.DataFrame) -> pd.DataFrame:
    """Time and store of each household's first basket of the month from a task's cut on, indexed by household."""
    end = task.cut + pd.DateOffset(months=1)
    new = lines[lines["timestamp"].between(task.cut, end, inclusive="left") & lines["item"].isin(task.items)]
    return new.drop_duplicates("user").set_index("user").loc[task.users[task.households], ["timestamp", "store"]]


def run(cuts: tuple[str, ...] = CUTS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds of a core that they took."""
    parts = Parts.of("multimodal")
    for cut in cuts:
        if not parts.has(f"{cut}-finished"):
            record_cut(cut, parts)
            parts.remember(f"{cut}-finished", dict)
            print(cut, flush=True)
    cells, households = parts.finished()
    return cells, households, sum(cell["seconds"] for cell in cells)


@threadpool_limits.wrap(limits=1)
def record_cut(cut: str, parts: Parts) -> None:
    """Everything at one cut: early and late fusion, the placebos, and the promotions at other times."""
    start = time.process_time()  # the base's cell bears the reading of the data
    shop = Shop.at(cut)
    names = ["lately", *MODALITIES, *(f"promotion, {v}" for v in VERSIONS if v != "running")]
    lists = gathered(shop, names)
    settings = {}
    for name, members in FUSIONS.items():
        columns = BASE + members
        trials = tuned(lists[0], lists[1], shop.validation, columns)
        settings[name] = best(trials)
        scores = fitted_scores(lists[1], lists[2], columns, settings[name])
        note = {"settings": settings[name], "trials": trials, "columns": lists[2].table(columns).shape[1]}
        save(parts, shop, name, 0, lists[2].best(scores), note, start)
        start = time.process_time()
    for name in (name for name in names if ", " in name):
        scores = fitted_scores(lists[1], lists[2], (*BASE, name), settings["promotion"])
        save(parts, shop, name, 0, lists[2].best(scores), {"settings": settings["promotion"]}, start)
        start = time.process_time()
    alone = [parts_alone(a, b, settings["base"]) for a, b in ((lists[0], lists[1]), (lists[1], lists[2]))]
    for name, members in FUSIONS.items():
        if name != "base":
            both = [{m: found[m] for m in ("base", *members)} for found in alone]
            trials = late_trials(both[0], lists[1], shop.validation, members)
            note = {"settings": best(trials), "trials": trials}
            save(parts, shop, f"{name}, late", 0, lists[2].best(late(both[1], best(trials))), note, start)
            start = time.process_time()
    for name in MODALITIES:
        for seed in range(DRAWS):
            other = {name: shop.modality(name, shop.placebo(seed))}
            here = lists[1].added(shop.validation, other), lists[2].added(shop.test, other)
            ranked = here[1].best(fitted_scores(*here, (*BASE, name), settings[name]))
            save(parts, shop, f"{name}, placebo", seed, ranked, {"settings": settings[name]}, start)
            start = time.process_time()


def gathered(shop: Shop, names: list[str]) -> list[Lists]:
    """The lists to learn from, to tune on, and to report."""
    before = earlier(shop.validation, shop.validation.cut - pd.DateOffset(months=1))
    return [
        Lists.gather(task, {name: shop.modality(name) for name in names}, CANDIDATES, UserKNN())
        for task in (before, shop.validation, shop.test)
    ]


def tuned(learn: Lists, judge: Lists, task: Task, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """NDCG@10 of twelve settings; the trees of each number of leaves are grown once, and read as far as asked for."""
    trials = []
    for n_leaves in LEAVES:
        trees = grow(learn, columns, max(TREES), n_leaves, RATE)
        for n_trees in TREES:
            value = ndcg(judge.best(read(judge, trees, columns, n_trees)), task).mean()
            trials.append({"n_leaves": n_leaves, "n_trees": n_trees, "ndcg": float(value)})
    return trials


def best(trials: list[dict[str, Any]]) -> dict[str, Any]:
    """The settings of the best trial; of equals, those of the earlier one."""
    found = max(trials, key=lambda trial: trial["ndcg"])
    return {name: value for name, value in found.items() if name != "ndcg"}


def fitted_scores(learn: Lists, judge: Lists, columns: tuple[str, ...], settings: Mapping[str, int]) -> Floats:
    """Scores of candidates by trees that learned from the month before."""
    return read(judge, grow(learn, columns, **settings, rate=RATE), columns)


def parts_alone(learn: Lists, judge: Lists, settings: Mapping[str, int]) -> dict[str, Floats]:
    """For late fusion: the base's scores, and those of each modality's ranker, which reads nothing else."""
    rows = {"base": BASE, **{name: (name,) for name in MODALITIES}}
    return {name: fitted_scores(learn, judge, columns, settings) for name, columns in rows.items()}


def late_trials(
    scores: Mapping[str, Floats], lists: Lists, task: Task, members: tuple[str, ...]
) -> list[dict[str, Any]]:
    """NDCG@10 of twelve settings of the weights beside the base."""
    if len(members) == 1:
        tried = [{members[0]: w} for w in WEIGHTS]
    else:
        tried = [{m: round(scale * p[m], 4) for m in members} for scale in SCALES for p in PATTERNS]
    return [w | {"ndcg": float(ndcg(lists.best(late(scores, w)), task).mean())} for w in tried]


def ndcg(ranked: Codes, task: Task) -> Floats:
    """NDCG@10 of each household of a task."""
    return ndcg_at_k(ranked, task.targets[task.households])


def judged(ranked: Codes, task: Task) -> pd.DataFrame:
    """Each household's NDCG@10 over all, repeated and first purchases, and the share of its list that it had bought."""
    targets, bought = task.targets[task.households], task.history.matrix()[task.households] > 0
    repeat = sparse.csr_array(targets.multiply(bought))
    explore = sparse.csr_array(targets.astype(np.int8) - repeat.astype(np.int8))
    columns = {"all": ndcg(ranked, task)}
    for name, relevant in {"repeat": repeat, "explore": explore}.items():
        relevant.eliminate_zeros()
        some = np.flatnonzero(np.diff(relevant.indptr))
        columns[name] = np.full(len(ranked), np.nan)
        columns[name][some] = ndcg_at_k(ranked[some], relevant[some].astype(bool))
    columns["own"] = np.take_along_axis(bought.toarray(), ranked, axis=1).mean(axis=1)
    return pd.DataFrame(columns, dtype="float32").assign(household=task.users[task.households])


def save(parts: Parts, shop: Shop, model: str, seed: int, ranked: Codes, note: Mapping[str, Any], start: float) -> None:
    """Keep one fusion's results, how much of the catalogue its lists show, and, of early fusion, the lists themselves.

    A list is kept as codes of the cut's catalogue.
    """
    key: dict[str, Any] = {"model": model, "cut": f"{shop.test.cut:%Y-%m-%d}", "seed": seed}
    rows = judged(ranked, shop.test)
    if "placebo" in model:
        rows = rows[["household", "all"]]
    for place in PLACES:
        code = ranked[:, PLACES.index(place)] if model in FUSIONS else pd.NA
        rows = rows.assign(**{place: pd.Series(code, rows.index, dtype="Int16")})
    shown = coverage(ranked, len(shop.test.items), ranked.shape[1])
    cell = key | dict(note) | {"coverage": shown, "seconds": round(time.process_time() - start, 1)}
    parts.save(cell, rows.assign(**key))
    print(key, f"{rows['all'].mean():.4f}", cell["settings"], cell["seconds"], flush=True)
