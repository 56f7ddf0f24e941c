"""Why a network lists a product: several explanations, and whether deleting what they name bears them out.

``make record run=explanations`` runs it, on one core. At each of some cuts, networks that point are trained with
two seeds, in a shorter window and for less long than the leaderboard's. For households drawn by chance two products
are explained: the first of the list that stands in the window (``repeat``), and the first of all that don't (``new``),
the head of a list of new products alone. An explanation gives each purchase of the window a number; by it the purchases
are put in order:

=============  ========================================================================================
``attention``  how much the last layer looks at the purchase, from the last one on; mean over heads
``rollout``    the same through all layers (:func:`shoprec.formulas.attribution.rollout`)
``pointing``   how strongly the network points at the purchase, if it is one of the product itself; else 0
``vectors``    integrated gradients of the product's log share by the purchases' vectors, from zero on
``path``       the same, and pointing comes along the way, too
``mean``       as ``path``, from the mean vector of all products on
``padding``    as ``path``, from the vector of the padding on
``occlusion``  by how much the log share falls when this purchase alone is deleted
``recent``     nothing of the network: the latest purchase first
``random``     orders by chance; what is recorded is their mean
=============  ========================================================================================

Then purchases are deleted in this order, a share of them at a time, and, once more from the other end, the first in the
order are all that is kept. One network, of the last cut and the first seed, lies beside the record.
"""

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_model, save_model
from scipy.special import logsumexp
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.networks import KINDS, new_network, train_network
from shoprec.experiments.records import RECORDED, Parts
from shoprec.formulas.arrays import Codes, Floats, Mask
from shoprec.formulas.attribution import left_over, rollout
from shoprec.formulas.metrics import rank_items
from shoprec.models.gated import Window, kept_batch, kept_scores, path_attributions, pointed_at, window_of
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, attention_maps
from shoprec.tasks import Task, tasks_at

RUN_CUTS = ("2017-08-01", "2017-10-01", "2017-12-01")
SEEDS = (0, 2)
HOUSEHOLDS = 30  #: at each cut, the same for all seeds
LEAST = 20  #: purchases that a household must have
LISTED = 10
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)  #: of the purchases that are taken away
RANDOM = 4  #: orders by chance
STEPS = 20  #: of the integral
MOST = 10  #: purchases that the greedy search takes away at most
TRIED = 16  #: purchases that it chooses among, those whose loss alone lowers the product most
METHODS = (
    "attention", "rollout", "pointing", "vectors", "path", "mean", "padding", "occlusion", "recent", "random",
)  # fmt: skip
NETWORK = RECORDED / "explanations.safetensors"  #: of the last cut and the first seed

# Half as long a window and half as much training as the leaderboard's network has, for the sake of time.
_BOARD = KINDS["PointingTransformer"]
KIND = replace(
    _BOARD,
    network=replace(_BOARD.network, max_length=128),
    training=replace(_BOARD.training, epochs=3),
    windows=_BOARD.windows // 2,
)


class Target(NamedTuple):
    """A product on a household's list.

    Attributes
    ----------
    window : Window
    product : int
    kind : str
        ``"repeat"`` or ``"new"``.
    rivals : array of bool, shape (n_items,)
        Products that its place is counted among: all, or those that aren't in the window.
    """

    window: Window
    product: int
    kind: str
    rivals: Mask

    @property
    def own(self) -> Mask:
        """Which purchases of the window are of the product itself."""
        return np.asarray(self.window.items == self.product)


class Explained(NamedTuple):
    """What each explanation says of a product.

    Attributes
    ----------
    says : dict of str to array of float, shape (n,)
        For each method but ``random``, a number for each purchase of the window.
    missing : dict of str to float
        For each method with an integral, the sum of its numbers less the change that they should sum to.
    """

    says: dict[str, Floats]
    missing: dict[str, float]


@threadpool_limits.wrap(limits=1)
def run(
    cuts: Sequence[str] = RUN_CUTS, seeds: Sequence[int] = SEEDS, n_households: int = HOUSEHOLDS
) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; a cell for each network, its households' curves, and the seconds of a core."""
    torch.set_num_threads(1)
    parts = Parts.of("explanations")
    for seed in seeds:
        for cut in cuts:
            if not (parts.folder / f"{cut}-PointingTransformer-{seed}.cell").is_file():
                record_cell(cut, seed, parts, n_households)
    shutil.copyfile(_weights(parts, cuts[-1], seeds[0]), NETWORK)
    cells, households = parts.finished()
    return cells, households, sum(cell["seconds"] for cell in cells)


def _weights(parts: Parts, cut: str, seed: int) -> Any:
    return parts.folder / f"{cut}-{seed}.safetensors"


def record_cell(cut: str, seed: int, parts: Parts, n_households: int) -> None:
    """Train a network, explain what it lists, delete, and keep the results."""
    start = time.process_time()
    validation, test = tasks_at(complete_journey().purchases, cut)
    network = new_network(KIND, validation, seed)
    log = train_network(network, KIND, validation, seed)
    save_model(network.half(), str(_weights(parts, cut, seed)))  # what is explained is what is kept: in 16 bits
    network.float().eval()
    trained = time.process_time() - start
    ndcg = evaluate(SequentialRecommender(network).fit(test), test)["ndcg"].mean()
    rows = [row for household in drawn_households(test, n_households) for row in judged(network, test, household)]
    cell = {"model": "PointingTransformer", "cut": cut, "seed": seed}
    about = {"settings": {"stage": int(np.argmax(log)) + 1}, "ndcg": round(float(ndcg), 5)}
    about |= {"training_seconds": round(trained, 1), "seconds": round(time.process_time() - start, 1)}
    parts.save(cell | about, pd.DataFrame(rows).assign(cut=cut, seed=seed))
    print(f"{cut}, seed {seed}: {about}", flush=True)


def load_network(task: Task) -> PurchaseTransformer:
    """The network that lies beside the record, for the tasks of the last cut."""
    network = PurchaseTransformer(task.history, KIND.network).half()
    load_model(network, str(NETWORK))
    return network.float().eval()


def drawn_households(test: Task, n: int) -> Codes:
    """Households with purchases enough, drawn at random, in random order: the first few are a sample, too."""
    known = np.diff(test.history.start)[test.households]
    return np.random.default_rng(0).permutation(test.households[known >= LEAST])[:n]


def targets_of(network: PurchaseTransformer, window: Window) -> list[Target]:
    """The first product of the list that stands in the window, and the first of all that don't."""
    [scores] = kept_scores(network, window, _all(window))
    known = np.isin(np.arange(len(scores)), window.items)
    found = []
    for kind, some in (("repeat", known), ("new", ~known)):
        product = int(rank_items(np.where(some, scores, -np.inf)[None], 1)[0, 0])
        target = Target(window, product, kind, ~known if kind == "new" else np.ones_like(known))
        if kind == "new" or (scores > scores[product]).sum() < LISTED:
            found.append(target)
    return found


def explain(network: PurchaseTransformer, target: Target) -> Explained:
    """Ask every method but chance why a product is listed."""
    window, n = target.window, len(target.window)
    maps = attention_maps(network, kept_batch(window, _all(window), network.n_items))[:, 0].double().numpy()
    says, missing = {"attention": maps[-1].mean(axis=0)[-1], "rollout": rollout(maps)[-1]}, {}
    says["pointing"] = pointed_at(network, window) * target.own
    table = network.item.weight.detach()
    starts = {"vectors": torch.zeros_like(table[0]), "path": torch.zeros_like(table[0])}
    starts |= {"mean": table[: network.n_items].mean(dim=0), "padding": table[network.n_items]}
    for name, baseline in starts.items():
        says[name], change = path_attributions(network, window, target.product, baseline, name != "vectors", STEPS)
        missing[name] = float(says[name].sum() - change)
    alone, _ = shares_and_places(network, target, np.vstack([_all(window), ~np.eye(n, dtype=bool)]))
    return Explained(says | {"occlusion": alone[0] - alone[1:], "recent": np.arange(n, dtype=float)}, missing)


def shares_and_places(network: PurchaseTransformer, target: Target, kept: Mask) -> tuple[Floats, Codes]:
    """A product's log share and its place, from 1, when only some purchases are kept; both of shape (n_versions,)."""
    scores = kept_scores(network, target.window, kept).astype(float)
    own = scores[:, [target.product]]
    return own[:, 0] - logsumexp(scores, axis=1), 1 + ((scores > own) & target.rivals).sum(axis=1)


def in_order(says: Floats) -> Codes:
    """Purchases by what an explanation says of them, the largest number first, of equal ones the older."""
    return np.argsort(-says, kind="stable")


def curves(network: PurchaseTransformer, target: Target, order: Codes) -> dict[str, Floats]:
    """Deletion and insertion in an order: log shares, and places, for each share that is taken away.

    To insert is to take away from the end of the order, so that what is in front is all that is kept at last.
    """
    kept = np.vstack([left_over(order, np.array(SHARES)), left_over(order[::-1], np.array(SHARES))])
    share, places = shares_and_places(network, target, kept)
    place, n = places.astype(float), len(SHARES)
    return {"deleted": share[:n], "kept": share[n:], "place_deleted": place[:n], "place_kept": place[n:]}


def greedy(network: PurchaseTransformer, target: Target, alone: Floats, most: int = MOST) -> list[int] | None:
    """Purchases without which a product isn't among the first ten: each time the best of some goes, too.

    Parameters
    ----------
    network, target
    alone : array of float, shape (n,)
        What the loss of each purchase costs alone; the search is among the largest.
    most : int

    Returns
    -------
    list of int or None
        Places in the window, in the order in which they go; None if ``most`` don't suffice.
    """
    kept, gone = np.ones(len(target.window), bool), []
    tried = in_order(alone)[:TRIED]
    for _ in range(min(most, len(kept) - 1)):
        left = tried[kept[tried]]
        trials = np.repeat(kept[None], len(left), axis=0)
        trials[np.arange(len(left)), left] = False
        share, place = shares_and_places(network, target, trials)
        best = int(np.argmin(share))
        kept[left[best]] = False
        gone.append(int(left[best]))
        if place[best] > LISTED:
            return gone
    return None


def together(network: PurchaseTransformer, target: Target, alone: Floats) -> dict[str, float]:
    """Of the purchases of the product itself: how many, what their single deletions cost in sum, and all at once."""
    own, facts = target.own, {"n_own": float(target.own.sum()), "singles": np.nan, "joint": np.nan}
    if own.any() and not own.all():
        share, _ = shares_and_places(network, target, np.vstack([_all(target.window), ~own]))
        facts |= {"singles": float(alone[own].sum()), "joint": float(share[0] - share[1])}
    return facts


def judged(network: PurchaseTransformer, test: Task, household: int) -> list[dict[str, Any]]:
    """A row for each product and method of a household."""
    window = window_of(test.history, household, test.cut_day, KIND.network.max_length)
    rows = []
    for target in targets_of(network, window):
        explained = explain(network, target)
        gone = greedy(network, target, explained.says["occlusion"])
        facts = together(network, target, explained.says["occlusion"])
        facts |= {"needed": np.nan if gone is None else len(gone)}
        facts |= {"needed_own": np.nan if gone is None else float(target.own[gone].sum())}
        about = {"household": test.users[household], "kind": target.kind, "product": target.product, "n": len(window)}
        for method in METHODS:
            rows.append({"model": method, **about, **facts, **_row(network, target, explained, method, household)})
    return rows


def _row(
    network: PurchaseTransformer, target: Target, explained: Explained, method: str, household: int
) -> dict[str, Any]:
    """What is recorded of a method: curves, agreement with occlusion and with the path from zero, what is missing."""
    row: dict[str, Any] = {"missing": explained.missing.get(method, np.nan), "top": -1}
    if method == "random":
        rng = np.random.default_rng([0, household])
        drawn = [curves(network, target, rng.permutation(len(target.window))) for _ in range(RANDOM)]
        found = {name: np.mean([one[name] for one in drawn], axis=0) for name in drawn[0]}
    else:
        says = explained.says[method]
        found = curves(network, target, in_order(says))
        row["top"] = int(in_order(says)[0])
        varies = method != "pointing" or target.own.any()  # without a purchase of its own, it says 0 of all
        for other in ("occlusion", "path") if varies else ():
            row[f"like_{other}"] = float(spearmanr(says, explained.says[other]).statistic)
    return row | {f"{name}_{i}": float(v) for name, values in found.items() for i, v in enumerate(values)}


def _all(window: Window) -> Mask:
    return np.ones((1, len(window)), bool)
