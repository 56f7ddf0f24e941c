"""What crosses from department to department? Bridges at the book's six cuts, with strangers' histories as a control.

``make record run=cross_domain`` runs it. At each cut, every bridge is tuned in the month before it, eight settings for
each, and judged in the month after it: from all other departments to each, and, with one bridge, from each department
to each other one. The same lists are made once more for readers that are lent the history of another household of
their store with about as many purchases: what that gains over popularity isn't about the household. Last, baskets
of the target department are given back, from none to a hundred.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.experiments.crossing import Crossing, standardised
from shoprec.experiments.departments import DEPARTMENTS, LEAST, Domains, domains_at
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.fusion import zscore
from shoprec.models.bridges import agreement, by_households, leaning
from shoprec.models.neighbors import weigh
from shoprec.tasks import CUTS

EVERY = {"GROCERY": 3}  #: of so many readers one is asked, where a target has thousands of products
#: The bridges, and the two values of each one's own setting.
BRIDGES: Mapping[str, tuple[Any, Any]] = {
    "words": ("all", "type"),
    "encoder": (True, False),
    "copurchase": (0.0, 0.5),
    "households": (50, 200),
    "mapping": (20, 60),
}
WEIGHTS = (0.25, 1.0, 4.0, 16.0)  #: of popularity beside a bridge
LEANS = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0)  #: of a store's popularity on the chain's
STEPS = (1, -1)  #: to the strangers whose histories are lent
KNOWN = {"GROCERY": (0, 1, 2, 5, 10, 20, 50, 100), "PRODUCE": (0, 1, 2, 5, 10, 20, 50), "DRUG GM": (0, 1, 2, 5, 10, 20)}
PRIORS = ("popularity", "inside", "bridge", "both")
PRIOR_WEIGHTS = (0.003, 0.01, 0.03, 0.1)


def others(target: str) -> tuple[str, ...]:
    """All departments but one."""
    return tuple(name for name in DEPARTMENTS if name != target)


def run(cuts: tuple[str, ...] = CUTS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their households' results, and the seconds of a core that they took."""
    parts = Parts.of("cross_domain")
    for cut in cuts:
        if not parts.has(f"{cut}-finished"):
            record_cut(cut, parts)
            parts.remember(f"{cut}-finished", dict)
            print(cut, flush=True)
    cells, households = parts.finished()
    return cells, households, sum(cell["seconds"] for cell in cells)


def domains_at_cut(cut: str) -> tuple[Domains, Domains]:
    """The month to tune on and the month to report, of the book's data."""
    journey = complete_journey()
    return domains_at(journey.purchases, journey.products, cut)


@threadpool_limits.wrap(limits=1)
def record_cut(cut: str, parts: Parts, targets: tuple[str, ...] = DEPARTMENTS) -> None:
    """Everything at one cut: all bridges into each target, one bridge from each source, and baskets given back."""
    tune, test = domains_at_cut(cut)
    chosen, recent = {}, {}
    for target in targets:
        start = time.process_time()
        recent[target] = ever_or_lately(tune, target)
        chosen[target] = tuned(crossing_of(tune, target, recent[target]))
        crossing = crossing_of(test, target, recent[target])
        notes = chosen[target] | {"recent": recent[target]}
        save(parts, cut, crossing, ladder(crossing, chosen[target]), notes, start)
    bridge = parts.remember("bridge", lambda: best_bridge(chosen))
    for target in targets:
        for source in others(target):
            start = time.process_time()
            pair = [Crossing(m, (source,), target, recent[target], every=EVERY.get(target, 1)) for m in (tune, test)]
            settings = {bridge: tuned_weight(pair[0], bridge, chosen[target][bridge]["setting"])}
            save(parts, cut, pair[1], with_strangers(pair[1], settings), settings, start, f"{source} to ")
        if target in KNOWN:
            start = time.process_time()
            _, best = few_baskets(crossing_of(tune, target, recent[target]), chosen[target][bridge], bridge)
            crossing = Crossing(test, others(target), target, recent[target])
            found, _ = few_baskets(crossing, chosen[target][bridge], bridge, best)
            save(parts, cut, crossing, found, best, start, "known ")


def crossing_of(month: Domains, target: str, recent: bool) -> Crossing:
    """All other departments to a target."""
    return Crossing(month, others(target), target, recent, every=EVERY.get(target, 1))


def best_bridge(chosen: Mapping[str, Mapping[str, Any]]) -> str:
    """The bridge that is best over all targets in the first month to tune on: it goes from department to department."""
    return max(BRIDGES, key=lambda name: sum(found[name]["validation"] for found in chosen.values()))


def save(
    parts: Parts,
    cut: str,
    crossing: Crossing,
    found: pd.DataFrame,
    notes: Mapping[str, Any],
    start: float,
    prefix: str = "",
) -> None:
    """Keep the results of one crossing: a row for each list and household, NaN where there is no list."""
    model = prefix + crossing.target
    rows = found.melt(ignore_index=False, var_name="list", value_name="ndcg").rename_axis("household").reset_index()
    rows = rows.dropna().astype({"ndcg": "float32", "list": "category"})
    key: dict[str, Any] = {"model": model, "cut": cut, "seed": 0}
    seconds = round(time.process_time() - start, 1)
    cell = key | {"target": crossing.target, "source": " ".join(crossing.source), "readers": len(crossing.readers)}
    parts.save(cell | {"products": len(crossing.to_items), "settings": notes, "seconds": seconds}, rows.assign(**key))


def ever_or_lately(tune: Domains, target: str) -> bool:
    """Whether popularity by recent frequency beats that by households that ever bought, in the month to tune on."""
    lists = {recent: crossing_of(tune, target, recent) for recent in (False, True)}
    return bool(np.diff([crossing.judge(crossing.popularity).mean() for crossing in lists.values()])[0] > 0)


def tuned(crossing: Crossing) -> dict[str, dict[str, Any]]:
    """The best of eight settings of each bridge, and of a store's popularity."""
    best: dict[str, dict[str, Any]] = {}
    for name, settings in BRIDGES.items():
        best[name] = max((tuned_weight(crossing, name, s) for s in settings), key=lambda found: found["validation"])
    local = crossing.local()
    leans = {m: float(crossing.judge(leaning(crossing.popularity, local, m)).mean()) for m in LEANS}
    m = max(leans, key=lambda lean: leans[lean])
    return best | {"store": {"setting": m, "validation": leans[m]}}


def tuned_weight(crossing: Crossing, bridge: str, setting: Any) -> dict[str, Any]:
    """The best weight of popularity beside a bridge."""
    z = zscore(crossing.scores(bridge, setting))
    trials = {w: float(crossing.judge(z + w * crossing.z_popularity).mean()) for w in WEIGHTS}
    w = max(trials, key=lambda weight: trials[weight])
    return {"setting": setting, "weight": w, "validation": trials[w]}


def listed(crossing: Crossing, bridge: str, chosen: Mapping[str, Any], step: int = 0, leak: bool = False) -> Floats:
    """A bridge with popularity, as tuned."""
    scores = crossing.scores(bridge, chosen["setting"], step, leak)
    return zscore(scores) + chosen["weight"] * crossing.z_popularity


def with_strangers(crossing: Crossing, chosen: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """NDCG@10 of popularity, of bridges, and of the same bridges reading strangers, one row per reader."""
    found = {"popularity": crossing.judge(crossing.popularity)}
    for name, settings in chosen.items():
        found[name] = crossing.judge(listed(crossing, name, settings))
        lent = [crossing.judge(listed(crossing, name, settings, step)) for step in STEPS]
        found[f"{name}, lent"] = np.mean(lent, axis=0)
    return pd.DataFrame(found, index=crossing.readers)


def ladder(crossing: Crossing, chosen: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """NDCG@10 of all lists from all other departments; with the mistake of a household that is its own witness."""
    found = with_strangers(crossing, {name: chosen[name] for name in BRIDGES})
    near = leaning(crossing.popularity, crossing.local(), chosen["store"]["setting"])
    found["store"] = crossing.judge(near)
    best = max(BRIDGES, key=lambda name: chosen[name]["validation"])
    z = zscore(crossing.scores(best, chosen[best]["setting"]))
    found["best, store"] = crossing.judge(z + chosen[best]["weight"] * standardised(near))
    found["best"] = found[best]
    found["households, leak"] = crossing.judge(listed(crossing, "households", chosen["households"], leak=True))
    found["baskets"] = crossing.domains.n_baskets(crossing.target)[crossing.readers]
    return found


def few_baskets(
    crossing: Crossing, chosen: Mapping[str, Any], bridge: str, settings: Mapping[str, Any] | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """NDCG@10 when a reader's latest baskets in the target are known, by prior and number of baskets, and the settings.

    A list is the reader's own frequency in those baskets, and a prior, which orders what it hasn't bought: popularity,
    neighbours by the baskets that are known (``inside``), the bridge, or both. Without settings they are tuned, on all
    readers with as many baskets; with them, the readers are those with the most baskets of all.
    """
    target, own = crossing.target, crossing.domains.n_baskets(crossing.target)[crossing.readers]
    across, best = zscore(listed(crossing, bridge, chosen)), dict[str, Any]()
    found: dict[str, pd.Series] = {}
    for n in KNOWN[target]:
        rows = np.flatnonzero(own >= (max(KNOWN[target]) if settings else max(n, LEAST)))
        readers, popular = crossing.readers[rows], crossing.z_popularity[rows]
        mine = crossing.domains.latest(target, n)[readers].toarray()
        near = neighbours_inside(crossing, readers, n) if n else popular
        for prior in PRIORS:
            tried = [settings[f"{prior} {n}"]] if settings else prior_settings(prior, n, best)
            judged = []
            for beside, w in tried:
                inside = zscore(near + beside * popular)
                parts = {"popularity": popular, "inside": inside, "bridge": across[rows], "both": inside + across[rows]}
                judged.append(crossing.judge(mine + w * parts[prior], rows))
            at = int(np.argmax([values.mean() for values in judged]))
            best[f"{prior} {n}"] = tried[at]
            found[f"{prior} {n}"] = pd.Series(judged[at], readers)
    return pd.DataFrame(found), best


def prior_settings(prior: str, n: int, best: Mapping[str, tuple[float, float]]) -> list[tuple[float, float]]:
    """What is tried for a prior: popularity's weight beside neighbours inside, and the prior's weight."""
    beside = {"inside": WEIGHTS[::2] if n else (0.0,), "both": (best[f"inside {n}"][0],) if prior == "both" else ()}
    return [(b, w) for b in beside.get(prior, (0.0,)) for w in PRIOR_WEIGHTS]


def neighbours_inside(crossing: Crossing, readers: Codes, n: int) -> Floats:
    """What the hundred households buy that are most like a reader in its ``n`` latest baskets in the target."""
    latest = weigh(crossing.domains.latest(crossing.target, n)[readers], "log")
    alike = agreement(normalize(latest), normalize(weigh(crossing.bought, "log")), but=readers)
    return zscore(by_households(alike, crossing.bought, 100))
