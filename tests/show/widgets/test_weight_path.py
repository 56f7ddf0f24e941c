"""The weight path's static half: what a reader without scripts gets."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.formulas.fusion import crossings
from shoprec.show.typesetting import signed
from shoprec.show.widgets import weight_explorer

LABELS = (("口味", "taste"), ("行为", "behaviour"))


@pytest.fixture
def candidates():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "name_zh": [f"商品 {i}" for i in range(9)],
            "name_en": [f"Product {i}" for i in range(9)],
            "first": rng.normal(size=9),
            "second": rng.normal(size=9),
            "bought": rng.random(9) < 0.4,
        },
        index=rng.permutation(9),
    )


def soup_of(output):
    return BeautifulSoup(output.data, "html.parser")


def test_the_table_is_ranked_at_the_weight(candidates):
    rows = soup_of(weight_explorer(candidates, *LABELS, w=0.3)).select(".ranking tbody tr")
    score = (0.3 * candidates["first"] + 0.7 * candidates["second"]).to_numpy()
    order = np.argsort(-score, kind="stable")
    assert [int(row["data-item"]) for row in rows] == order.tolist()
    assert [row.select_one("[lang=en]").text for row in rows] == candidates["name_en"].iloc[order].tolist()
    assert [float(row["data-first"]) for row in rows] == candidates["first"].iloc[order].tolist()
    assert [row.select_one(".score").text for row in rows] == [signed(f"{s:.2f}") for s in score[order]]
    assert ["✓" in row.text for row in rows] == candidates["bought"].iloc[order].tolist()


def test_all_swaps_are_listed(candidates):
    soup = soup_of(weight_explorer(candidates, *LABELS, w=0.3))
    w, rises, falls = crossings(candidates["first"], candidates["second"])
    rows = soup.select(".swaps tbody tr")
    assert [float(row["data-w"]) for row in rows] == w.tolist()
    assert [(int(row["data-rises"]), int(row["data-falls"])) for row in rows] == list(zip(rises, falls, strict=True))
    assert [b.text for b in soup.select(".passed")] == [str((w <= 0.3).sum())] * 2


def test_lines_swap_their_ranks_where_the_table_says(candidates):
    soup = soup_of(weight_explorer(candidates, *LABELS))
    w, rises, falls = crossings(candidates["first"], candidates["second"])
    lines = {}
    for group in soup.select("svg.ranks g"):
        points = [tuple(map(float, point.split(","))) for point in group.polyline["points"].split()]
        lines[int(group["data-item"])] = np.array(points).T

    def height(item, at):
        x, y = lines[item]
        return np.interp(26 + at * 328, x, y)

    for x, i, j in zip(w, rises, falls, strict=True):
        assert height(i, x - 0.006) >= height(i, x + 0.006)
        assert height(j, x - 0.006) <= height(j, x + 0.006)
    for at in (0, 1):
        score = (at * candidates["first"] + (1 - at) * candidates["second"]).to_numpy()
        by_height = sorted(lines, key=lambda item: height(item, at))
        assert by_height == np.argsort(-score).tolist(), "higher is better"


def test_points_stand_where_the_scores_are(candidates):
    soup = soup_of(weight_explorer(candidates, *LABELS))
    element = soup.select_one("weight-path")
    x0, y0, unit = (float(element[f"data-{name}"]) for name in ("x", "y", "unit"))
    for group, (first, second) in zip(
        soup.select("svg.plane g"), candidates[["first", "second"]].to_numpy(), strict=True
    ):
        assert float(group.circle["cx"]) == pytest.approx(x0 + unit * first, abs=0.1)
        assert float(group.circle["cy"]) == pytest.approx(y0 - unit * second, abs=0.1)


def test_the_candidates_are_left_alone_and_bought_is_optional(candidates):
    before = candidates.copy()
    weight_explorer(candidates, *LABELS)
    pd.testing.assert_frame_equal(candidates, before)
    assert not soup_of(weight_explorer(candidates.drop(columns="bought"), *LABELS)).select("[data-bought]")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"candidates": pd.DataFrame({"name_zh": ["甲"], "first": [1.0]})}, r"lack the columns"),
        ({"w": 1.01}, "between 0 and 1"),
        ({"w": float("nan")}, "between 0 and 1"),
        ({"first_label": "口味"}, "a label is a pair"),
        ({"second_label": ("行为",)}, "a label is a pair"),
    ],
)
def test_bad_arguments_are_named(candidates, change, message):
    arguments = {"candidates": candidates, "first_label": LABELS[0], "second_label": LABELS[1]}
    with pytest.raises(ValueError, match=message):
        weight_explorer(**(arguments | change))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("first", np.inf, "finite"),
        ("second", np.nan, "finite"),
        ("name_zh", None, "name in both languages"),
        ("bought", "yes", "true or false"),
    ],
)
def test_bad_values_are_named(candidates, column, value, message):
    candidates = candidates.astype({column: object})
    candidates.iloc[3, candidates.columns.get_loc(column)] = value
    with pytest.raises(ValueError, match=message):
        weight_explorer(candidates, *LABELS)


@pytest.mark.parametrize("n", [0, 1, 21])
def test_too_few_or_too_many(candidates, n):
    with pytest.raises(ValueError, match="two to twenty"):
        weight_explorer(candidates.sample(n, replace=True, random_state=0), *LABELS)
