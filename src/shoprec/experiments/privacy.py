"""What a small network gives away about the households it was trained on, for section 8.5.1.

``make record run=privacy`` trains at each cut on random halves of the households, plainly and by DP-SGD at several
values of ε, with settings tuned on the month before, and judges in the month after; and it makes the network forget a
tenth of its households. About seven minutes of one core for a cut.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.experiments.records import Parts
from shoprec.experiments.workers import side_by_side, workers
from shoprec.formulas.arrays import Floats, Mask
from shoprec.models.basket_network import BasketNetwork, BasketRecommender, Rows, losses, rows_of
from shoprec.tasks import CUTS, Task, tasks_at
from shoprec.training.private import Steps, epsilon_of, noise_for, train

EPSILONS = (8.0, 4.0, 2.0, 1.0, 0.5)
N_SEEDS, TUNING_SEED, SHARE_FORGOTTEN = 3, 100, 0.1
OVERFITTED = Steps(300, 100)  #: not chosen by anything: steps far too large
PLAIN = tuple(Steps(rate, steps) for rate, steps in product((10, 30, 100, 300), (30, 100, 300)))
#: Learning rate, steps and clip of the private arms; the noise follows from ε.
PRIVATE = tuple(Steps(rate, steps, clip) for rate, steps, clip in product((10, 30, 100), (10, 30), (0.1, 0.3)))
MORE_STEPS = 10  #: on the households that remain, to forget the others
OTHER, MEMBER, FORGOTTEN = 0, 1, 2


@dataclass(frozen=True)
class Study:
    """A cut's task, each household's row, and for each seed who is in the training data.

    Attributes
    ----------
    task : Task
    rows : Rows
    """

    task: Task
    rows: Rows

    def roles(self, seed: int) -> np.ndarray:
        """Member or other, by a fair coin for each household with a row; some members will ask to be forgotten."""
        rng = np.random.default_rng(seed)
        member = (rng.random(len(self.rows.known)) < 0.5) & self.rows.known
        asks = member & (rng.random(len(member)) < SHARE_FORGOTTEN)
        return np.where(asks, FORGOTTEN, np.where(member, MEMBER, OTHER)).astype(np.int8)

    def trained(self, some: Mask, plan: Steps, seed: int, network: BasketNetwork | None = None) -> BasketNetwork:
        """A network, new or the one given, trained on some households."""
        chosen = torch.from_numpy(np.flatnonzero(some))
        network = network or BasketNetwork(self.rows.inputs.shape[1], seed=seed)
        train(network, self.rows.inputs[chosen], self.rows.targets[chosen], plan, seed)
        return network

    def ndcg(self, network: BasketNetwork) -> Floats:
        """NDCG@10 of the next basket, shape (n_users,); NaN where there is none."""
        found = np.full(len(self.rows.known), np.nan)
        found[self.task.households] = evaluate(BasketRecommender(network).fit(self.task), self.task)["ndcg"]
        return found


def arm_of(epsilon: float) -> str:
    """Name of the private arm.

    Examples
    --------
    >>> arm_of(0.5)
    'epsilon 0.5'
    """
    return f"epsilon {epsilon:g}"


def with_noise(plan: Steps, epsilon: float) -> Steps:
    """The plan, with the noise that ε asks for.

    Examples
    --------
    >>> epsilon_of(with_noise(Steps(30, 10, 0.1), 2)) <= 2.001
    True
    """
    return replace(plan, multiplier=noise_for(epsilon, plan.steps, plan.parts))


def tuned(study: Study, plans: tuple[Steps, ...]) -> list[dict[str, Any]]:
    """NDCG@10 of each plan on the tuning month, one run each, best first."""
    member = study.roles(TUNING_SEED) != OTHER
    found = []
    for plan in plans:
        ndcg = float(np.nanmean(study.ndcg(study.trained(member, plan, TUNING_SEED))))
        found.append({"settings": asdict(plan), "ndcg": round(ndcg, 5)})
    return sorted(found, key=lambda trial: -trial["ndcg"])


def plans_of(parts: Parts, study: Study, cut: str) -> dict[str, tuple[Steps, list[dict[str, Any]]]]:
    """Each arm's plan for a cut and the trials that it was chosen from, on the month before.

    ``clipped`` has the plan of ε = 8 without noise, and ``short`` the same without the clip, so that it is seen which
    of steps, clip and noise does what.
    """
    trials = {"normal": parts.remember(f"tuned-{cut}-normal", partial(tuned, study, PLAIN))}
    for epsilon in EPSILONS:
        noisy = tuple(with_noise(plan, epsilon) for plan in PRIVATE)
        trials[arm_of(epsilon)] = parts.remember(f"tuned-{cut}-{epsilon:g}", partial(tuned, study, noisy))
        print(cut, epsilon, trials[arm_of(epsilon)][0], flush=True)
    plans = {arm: (Steps(**found[0]["settings"]), found) for arm, found in trials.items()}
    clipped = replace(plans[arm_of(EPSILONS[0])][0], multiplier=0.0)
    plans |= {"clipped": (clipped, []), "short": (replace(clipped, clip=None), [])}
    return plans | {"overfitted": (OVERFITTED, [])}


def forget(study: Study, roles: np.ndarray, network: BasketNetwork, plan: Steps, ascent: bool, seed: int) -> int:
    """Make a network forget, by a few steps on those who remain; the number of households' gradients that it took.

    Before, with ``ascent``, steps up the forgotten households' loss, a tenth as long as those of training, until it is
    as high as that of households that were never members, or for a hundred steps, as in all that is recorded.
    """
    cost, rows = 0, study.rows
    asks = torch.from_numpy(np.flatnonzero(roles == FORGOTTEN))
    if ascent:
        level = float(np.nanmean(losses(network, rows)[roles == OTHER]))
        optimizer = torch.optim.SGD(network.parameters(), lr=plan.learning_rate / 10, maximize=True)
        for _ in range(100):
            loss = F.cross_entropy(network(rows.inputs[asks]), rows.targets[asks])
            if loss.item() >= level:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cost += len(asks)
    more = replace(plan, steps=MORE_STEPS)
    study.trained(roles == MEMBER, more, seed + 10_000, network)
    return cost + MORE_STEPS * int((roles == MEMBER).sum()) // plan.parts


def networks_of(
    study: Study, plans: Mapping[str, tuple[Steps, list[dict[str, Any]]]], seed: int
) -> Iterator[tuple[str, BasketNetwork, int]]:
    """Each arm's network of a seed, with the number of households' gradients that it took."""
    roles = study.roles(seed)
    n = int((roles != OTHER).sum())
    networks = {}
    for arm, (plan, _) in plans.items():
        networks[arm] = study.trained(roles != OTHER, plan, seed)
        yield arm, networks[arm], plan.steps * n // plan.parts
    plan = plans["normal"][0]
    yield (
        "retrained",
        study.trained(roles == MEMBER, plan, seed),
        plan.steps * int((roles == MEMBER).sum()) // plan.parts,
    )
    for arm, ascent in (("continued", False), ("ascended", True)):
        network = deepcopy(networks["normal"])
        cost = forget(study, roles, network, plan, ascent, seed)
        yield arm, network, cost


def record_cut(cut: str) -> str:
    """Record what is missing of a cut; its name."""
    parts, start = Parts.of("privacy"), time.process_time()
    torch.set_num_threads(1)
    validation, test = tasks_at(complete_journey().purchases, cut)
    plans = plans_of(parts, Study(validation, rows_of(validation)), cut)
    study = Study(test, rows_of(test))
    for seed in range(N_SEEDS):
        if parts.has(f"seed-{cut}-{seed}"):
            continue
        for arm, network, cost in networks_of(study, plans, seed):
            plan, trials = plans.get(arm, plans["normal"])
            epsilon = epsilon_of(plan) if plan.multiplier else None
            cell: dict[str, Any] = {"model": arm, "cut": cut, "seed": seed, "gradients": cost}
            cell |= {"settings": asdict(plan), "epsilon": epsilon, "trials": trials if seed == 0 else []}
            table = pd.DataFrame({"household": test.users.astype(int), "role": study.roles(seed)})
            table["loss"] = losses(network, study.rows).astype(np.float32)
            table["all"] = study.ndcg(network).astype(np.float32)
            parts.save(cell, table.assign(model=arm, cut=cut, seed=seed))
            print(cut, seed, arm, cost, round(float(table["all"].mean()), 4), flush=True)
        parts.remember(f"seed-{cut}-{seed}", dict)
    parts.remember(f"seconds-{cut}", lambda: time.process_time() - start)
    return cut


def run(cuts: Sequence[str] = CUTS) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, each household's loss and NDCG, and the seconds of a core."""
    with workers() as pool:
        side_by_side(pool, record_cut, cuts)
    parts = Parts.of("privacy")
    cells, households = parts.finished()
    return cells, households, sum(parts.remember(f"seconds-{cut}", float) for cut in cuts)
