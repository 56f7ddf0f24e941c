"""The list mixer's static half: what a reader without scripts gets."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.applications.diversity import calibrate, intra_list_diversity, miscalibration, mmr, shared_prefix
from shoprec.show.widgets import list_mixer


@pytest.fixture
def candidates():
    rng = np.random.default_rng(0)
    names = {"name_zh": [f"商品 {i}" for i in range(12)], "name_en": [f"Product {i}" for i in range(12)]}
    paths = [tuple(int(c) for c in row) for row in rng.integers(3, size=(12, 3))]
    frame = pd.DataFrame({**names, "relevance": np.sort(rng.random(12))[::-1], "path": paths})
    return frame.assign(bought=rng.random(12) < 0.3).set_index(rng.permutation(12))


@pytest.fixture
def groups():
    return pd.DataFrame({"name_zh": list("甲乙丙"), "name_en": list("abc"), "share": [0.6, 0.4, 0.0]})


def soup_of(output):
    return BeautifulSoup(output.data, "html.parser")


def by_rule(candidates, groups, rule, weight, k):
    x, paths = candidates["relevance"].to_numpy(), np.array(candidates["path"].tolist())
    if rule == "mmr":
        return mmr(x, shared_prefix(paths), weight, k)
    return calibrate(x, paths[:, 0], groups["share"], weight, k)


@pytest.mark.parametrize("rule", ["mmr", "calibrate"])
@pytest.mark.parametrize("weight", [0, 0.3, 1])
def test_the_list_is_what_the_rule_chooses(candidates, groups, rule, weight):
    soup = soup_of(list_mixer(candidates, groups, rule=rule, weight=weight, k=5))
    chosen = by_rule(candidates, groups, rule, weight, 5)
    rows = soup.select(".list tbody tr")
    shown = [row for row in rows if not row.has_attr("hidden")]
    assert [int(row["data-item"]) for row in shown] == chosen.tolist()
    assert sorted(int(row["data-item"]) for row in rows) == list(range(12))
    assert [row.select_one(".product [lang=en]").text for row in shown] == candidates["name_en"].iloc[chosen].tolist()
    assert [row.has_attr("data-new") for row in shown] == (chosen >= 5).tolist()
    assert ["✓" in row.text for row in shown] == candidates["bought"].iloc[chosen].tolist()
    pressed = [button["data-rule"] for button in soup.select("button[aria-pressed=true]")]
    assert pressed == [rule]


def test_the_mix_and_the_status_line_are_of_the_list(candidates, groups):
    soup = soup_of(list_mixer(candidates, groups, weight=0.4, k=5))
    chosen = by_rule(candidates, groups, "mmr", 0.4, 5)
    paths = np.array(candidates["path"].tolist())
    mix = np.bincount(paths[chosen, 0], minlength=3) / 5
    assert [row.select_one(".value").text for row in soup.select(".mix tbody tr")] == [f"{100 * s:.0f}" for s in mix]
    assert [float(row["data-share"]) for row in soup.select(".mix tbody tr")] == groups["share"].tolist()
    said = {name: {b.text for b in soup.select(f".status .{name}")} for name in ("new", "ild", "off", "hits")}
    assert said == {
        "new": {str((chosen >= 5).sum())},
        "ild": {f"{intra_list_diversity(shared_prefix(paths[chosen])):.2f}"},
        "off": {f"{miscalibration(groups['share'], mix):.2f}"},
        "hits": {str(candidates["bought"].iloc[chosen].sum())},
    }


def test_attributes_hold_the_exact_numbers(candidates, groups):
    rows = soup_of(list_mixer(candidates, groups, k=5)).select(".list tbody tr")
    for row in rows:
        one = candidates.iloc[int(row["data-item"])]
        assert float(row["data-relevance"]) == one["relevance"]
        assert tuple(map(int, row["data-path"].split())) == one["path"]


def test_the_tables_are_left_alone_and_bought_is_optional(candidates, groups):
    before = candidates.copy(), groups.copy()
    list_mixer(candidates, groups)
    pd.testing.assert_frame_equal(candidates, before[0])
    pd.testing.assert_frame_equal(groups, before[1])
    assert not soup_of(list_mixer(candidates.drop(columns="bought"), groups)).select("[data-bought], .hits")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": 1.01}, "weight is 1.01"),
        ({"rule": "random"}, "choose one of mmr, calibrate"),
        ({"k": 13}, "12 candidates for a list of 13"),
        ({"k": 1}, "k >= 2"),
    ],
)
def test_bad_arguments_are_named(candidates, groups, change, message):
    with pytest.raises(ValueError, match=message):
        list_mixer(candidates, groups, **change)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("name_zh", None, "name in both languages"),
        ("relevance", 1.5, "from 0 to 1"),
        ("relevance", np.nan, "from 0 to 1"),
        ("path", (7, 0, 0), "row of its group"),
        ("path", (0, 0), "one length"),
    ],
)
def test_bad_values_are_named(candidates, groups, column, value, message):
    values = candidates[column].tolist()
    values[3] = value
    with pytest.raises(ValueError, match=message):
        list_mixer(candidates.assign(**{column: values}), groups)


def test_missing_columns_are_named(candidates, groups):
    with pytest.raises(ValueError, match=r"candidates lack the columns \['path', 'relevance'\]"):
        list_mixer(candidates[["name_zh", "name_en"]], groups)
    with pytest.raises(ValueError, match=r"groups lack the columns \['share'\]"):
        list_mixer(candidates, groups.drop(columns="share"))
