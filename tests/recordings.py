"""A recording with the right columns and made-up scores, for what is built on recordings."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from shoprec.experiments.records import Record, fingerprint

CUTS = tuple(f"2017-{month:02}-01" for month in range(7, 13))
STAMP = {
    "date": "2026-11-26", "device": "CPU", "python": "3.11.2", "versions": {"torch": "2.13.0"},
    "seconds": 1234.5, "threads": 1,
}  # fmt: skip


def made_up(
    models: Sequence[str] | dict[str, int], cuts: Sequence[str] = CUTS, households: int = 60, seed: int = 0
) -> Record:
    """Each household has its own level, each model and each month one, and each seed a little of its own.

    Of a mapping, the values are the numbers of seeds.
    """
    rng = np.random.default_rng(seed)
    seeds = models if isinstance(models, dict) else dict.fromkeys(models, 1)
    level, month = rng.gamma(2, 0.05, households), dict(zip(cuts, rng.normal(0, 0.01, len(cuts)), strict=True))
    frames, cells = [], []
    for place, (model, n_seeds) in enumerate(seeds.items()):
        for cut in cuts:
            for number in range(n_seeds):
                score = level - 0.004 * place + month[cut] + rng.normal(0, 0.03, households) + rng.normal(0, 0.003)
                frames.append(_scores(model, cut, number, score))
                cells.append(
                    {
                        "model": model, "cut": cut, "seed": number, "settings": {"k": 100}, "trials": [],
                        "fit_seconds": 0.01 * 4**place, "request_seconds": 0.0001 * (place + 1),
                        "parameters": 10_000 * place, "coverage": 0.1, "novelty": 9.0,
                    }
                )  # fmt: skip
    return Record("leaderboard", pd.DataFrame(cells), pd.concat(frames, ignore_index=True), STAMP, True)


def _scores(model: str, cut: str, seed: int, score: np.ndarray) -> pd.DataFrame:
    home = np.arange(len(score))
    scores = {"all": score, "repeat": score + 0.05, "explore": score / 5, "new": score / 4}
    scores["explore"] = np.where(home % 7 == 0, np.nan, scores["explore"])  # no such target
    frame = pd.DataFrame({name: np.clip(values, 0, 1) for name, values in scores.items()}, dtype="float32")
    keys = {"model": model, "cut": cut, "seed": np.int8(seed), "household": home.astype("int32")}
    return pd.DataFrame(keys, index=home).join(frame)


def write(record: Record, folder: Path) -> None:
    """Write a recording's two files."""
    about = {
        "name": record.name,
        "recorded": dict(record.stamp),
        "fingerprint": fingerprint(record.name) if record.current else "",
        "cells": record.cells.to_dict("records"),
    }
    (folder / f"{record.name}.json").write_text(json.dumps(about), "utf8")
    record.households.to_parquet(folder / f"{record.name}.parquet")
