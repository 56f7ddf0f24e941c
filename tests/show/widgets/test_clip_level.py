"""The clip level's static half: what a reader without scripts gets."""

import json

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from printed import number

from shoprec.show.widgets import clip_explorer

LEVELS = [1.0, 10.0, np.inf]
NAMES = [("倾向", "IPS"), ("自归一", "SNIPS")]


@pytest.fixture
def moments():
    rng = np.random.default_rng(0)
    rows = [(level, *name, *rng.normal(size=1), *rng.random(2)) for name in NAMES for level in LEVELS]
    return pd.DataFrame(rows, columns=["clip", "name_zh", "name_en", "bias", "spread", "coverage"])


def parse(output):
    return BeautifulSoup(output.data, "html.parser")


@pytest.mark.parametrize("clip", LEVELS)
def test_the_table_holds_the_chosen_level(moments, clip):
    soup = parse(clip_explorer(moments, 5.0, clip=clip))
    chosen = moments[moments["clip"] == clip]
    for row, given in zip(soup.select(".now tbody tr"), chosen.itertuples(), strict=True):
        assert number(row.select_one(".bias").text) == pytest.approx(given.bias, abs=0.006)
        assert float(row.select_one(".spread").text) == pytest.approx(given.spread, abs=0.006)
        assert float(row.select_one(".rmse").text) == pytest.approx(np.hypot(given.bias, given.spread), abs=0.006)
        assert row.select_one(".coverage").text == f"{given.coverage:.0%}"
        rectangle = row.select_one(".range")
        middle = float(rectangle["x"]) + float(rectangle["width"]) / 2
        reach = float(soup.select_one("clip-level")["data-reach"])
        assert (middle - 120) / 120 * reach == pytest.approx(given.bias, abs=0.02)
    best = chosen.iloc[int(np.hypot(chosen["bias"], chosen["spread"]).argmin())]
    assert soup.select_one(".best[lang=en]").text == best["name_en"]


def test_rows_carry_all_levels_in_order(moments):
    soup = parse(clip_explorer(moments.sample(frac=1, random_state=1), 5.0))
    assert json.loads(soup.select_one("clip-level")["data-levels"]) == ["1", "10", "∞"]
    for row in soup.select(".now tbody tr"):
        given = moments[moments["name_en"] == row.select_one("[lang=en]").text].sort_values("clip")
        assert np.allclose(json.loads(row["data-levels"]), given[["bias", "spread", "coverage"]], atol=1e-5)
    every = [[float(cell.text) for cell in row.select("td")] for row in soup.select(".all tbody tr")]
    assert np.shape(every) == (3, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: {"moments": m.drop(columns="bias")}, r"lacks the columns \['bias'\]"),
        (lambda m: {"moments": m.iloc[1:]}, "one row for each"),
        (lambda m: {"moments": m[m["clip"] == 1]}, "two levels or more"),
        (lambda m: {"moments": m.assign(spread=np.inf)}, "finite"),
        (lambda m: {"moments": m.assign(spread=-1.0)}, "spread >= 0"),
        (lambda m: {"truth": np.nan}, "finite"),
        (lambda m: {"clip": 3}, "clip is 3; choose one of"),
    ],
)
def test_bad_arguments_are_named(moments, change, message):
    with pytest.raises(ValueError, match=message):
        clip_explorer(**({"moments": moments, "truth": 5.0} | change(moments)))
