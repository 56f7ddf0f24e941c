"""Time the package against other ways to do the same, in one run on one machine.

Usage: python benchmarks/run.py [--out benchmarks/results.json]

Only the ratios mean something: both sides of each are timed in turn, and the best of several rounds counts.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from implicit.nearest_neighbours import CosineRecommender

from shoprec.data.journey import complete_journey
from shoprec.formulas.metrics import ndcg_at_k, rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.models.neighbors import ItemKNN, damped
from shoprec.models.transformer import MultiHeadAttention, TransformerConfig
from shoprec.tasks import Task, next_basket_split
from shoprec.training.device import describe_device, pick_device

Side = Callable[[], object]


def best_of(side: Side, rounds: int) -> float:
    """Seconds of the fastest of several calls."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        side()
        times.append(time.perf_counter() - start)
    return min(times)


def loop_ndcg(scores: np.ndarray, targets: list[set[int]]) -> float:
    """NDCG@10 the obvious way, one household after another."""
    total = 0.0
    for row, wanted in zip(scores, targets, strict=True):
        top = np.argsort(-row, kind="stable")[:10]
        gain = sum(1 / np.log2(rank + 2) for rank, item in enumerate(top) if item in wanted)
        total += gain / sum(1 / np.log2(rank + 2) for rank in range(min(10, len(wanted))))
    return total / len(scores)


def attention(fused: bool, device: torch.device) -> Side:
    """One forward and backward pass of self-attention over 32 windows of 128 purchases."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(TransformerConfig(fused=fused, dropout=0.0)).to(device)
    x = torch.randn(32, 128, 64, device=device)

    def step() -> None:
        layer(x).sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return step


def cases(task: Task, device: torch.device) -> dict[str, tuple[Side, Side]]:
    """Each benchmark's two sides: ours, and the other."""
    scores = PersonalFrequency(90).fit(task).score(task.households)
    truth = task.targets[task.households]
    targets = [set(truth[[row]].nonzero()[1]) for row in range(truth.shape[0])]
    counts = damped(task.history.matrix()).tocsr()
    ours_ndcg = ndcg_at_k(rank_items(scores), truth).mean()
    assert abs(ours_ndcg - loop_ndcg(scores, targets)) < 1e-6, "the two sides must compute the same"
    return {
        "ItemKNN.fit / implicit CosineRecommender.fit": (
            lambda: ItemKNN(k=20).fit(task),
            lambda: CosineRecommender(K=20, num_threads=1).fit(counts, show_progress=False),
        ),
        "rank_items / full stable argsort": (
            lambda: rank_items(scores),
            lambda: np.argsort(-scores, axis=1, kind="stable")[:, :10],
        ),
        "full ranking and NDCG / loop over households": (
            lambda: ndcg_at_k(rank_items(scores), truth),
            lambda: loop_ndcg(scores, targets),
        ),
        "fused / written-out attention": (attention(True, device), attention(False, device)),
    }


def main() -> None:
    """Run all benchmarks, print them and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    device = pick_device()
    results: dict[str, object] = {"device": describe_device(device), "cores": os.cpu_count()}
    for name, sides in cases(next_basket_split(complete_journey().purchases), device).items():
        ours, other = (best_of(side, options.rounds) for side in sides)
        results[name] = {"ours_s": round(ours, 4), "other_s": round(other, 4), "ratio": round(ours / other, 3)}
        print(f"{name}: {ours:.3f} s / {other:.3f} s = {ours / other:.2f}")
    options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
