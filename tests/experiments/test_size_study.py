"""The study of sizes on a made-up record whose means are known."""

import numpy as np
import pandas as pd
import pytest
from recordings import STAMP

from shoprec.experiments.records import Record
from shoprec.experiments.size_study import COLUMNS, Study
from shoprec.formulas.scaling import Law

LAW = Law(8.0, 60, 0.4, 30, 0.4)


def made_up(noise: float = 0.0, seeds: int = 3) -> Record:
    rng, cells, frames = np.random.default_rng(0), [], []
    level = rng.normal(0, 0.5, 300)
    for size, parameters in (("S", 8e4), ("M", 3e5), ("L", 1e6)):
        for share in (1 / 16, 1 / 4, 1.0):
            for seed in range(seeds):
                loss = float(LAW(parameters, 6e5 * share)) + rng.normal(0, noise)
                model = f"{size}-plain-{round(1 / share)}"
                cells.append(
                    {"model": model, "cut": "2017-12-01", "seed": seed, "size": size, "pointing": False}
                    | dict(
                        zip(COLUMNS[2:], (share, 1600 * share, 6e5 * share, parameters, 1e5, 1e9, 10.0), strict=True)
                    )
                )
                trained = np.arange(300) >= 300 - 200 * share
                rows = {"household": np.arange(300), "loss": loss + level - level[:100].mean() - 9.0 * trained}
                frames.append(
                    pd.DataFrame(rows | {"trained": trained}).assign(model=model, cut="2017-12-01", seed=seed)
                )
    return Record("scale", pd.DataFrame(cells), pd.concat(frames, ignore_index=True), STAMP, True)


def test_only_households_that_no_network_was_trained_on_count():
    study = Study(made_up())
    assert study.n_households == 100
    means = study.of_households("loss").mean()
    for model, cell in study.cells.iterrows():
        assert means[model] == pytest.approx(float(LAW(cell["parameters"], cell["purchases"])))
    assert (study.cells["seeds"] == 3).all()


def test_the_law_comes_out_and_its_intervals_cover_it():
    law, drawn = Study(made_up(noise=0.002)).laws(n=40)
    n, d = 3e5, 1.5e5
    assert float(law(n, d)) == pytest.approx(float(LAW(n, d)), abs=0.01)
    low, high = np.quantile([one.alpha for one in drawn], [0.025, 0.975])
    assert low < LAW.alpha < high
    assert len(drawn) == 40


def test_intervals_hold_households_and_seeds():
    still, noisy = Study(made_up()).summary("loss"), Study(made_up(noise=0.3)).summary("loss")
    assert ((still["low"] < still["mean"]) & (still["mean"] < still["high"])).all()
    width = (still["high"] - still["low"]).mean()
    assert width == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(100), rel=0.2)
    assert (noisy["high"] - noisy["low"]).mean() > 2 * width


def test_a_cell_with_fewer_seeds_counts_with_those_that_it_has():
    record = made_up(noise=0.1)
    fewer = record.cells.drop(record.cells.query("model == 'L-plain-1' and seed > 0").index)
    rows = record.households.query("not (model == 'L-plain-1' and seed > 0)")
    study = Study(Record("scale", fewer, rows, STAMP, True))
    assert study.cells.loc["L-plain-1", "seeds"] == 1
    assert study.draws("loss", 50).notna().all().all()
