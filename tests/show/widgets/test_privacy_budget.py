"""The privacy budget's static half: what a reader without scripts gets."""

import json

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from printed import number

from shoprec.show.widgets import privacy_budget

LEVELS = [0.5, 2.0, np.inf]
NAMES = [("茶", "Tea"), ("<b>面包</b>", "<b>Bread</b>")]


@pytest.fixture
def board():
    rows = [(e, 0.05 + i / 100, 0.04, 0.09, 0.5 + i / 10, 0.45, 0.8) for i, e in enumerate(LEVELS)]
    return pd.DataFrame(rows, columns=["epsilon", "ndcg", "ndcg_low", "ndcg_high", "auc", "auc_low", "auc_high"])


@pytest.fixture
def gradient():
    rng = np.random.default_rng(0)
    rows = [(e, *name, *rng.normal(size=2)) for name in NAMES for e in LEVELS]
    return pd.DataFrame(rows, columns=["epsilon", "name_zh", "name_en", "clean", "noisy"])


def parse(output):
    return BeautifulSoup(output.data, "html.parser")


def test_the_table_holds_every_level_in_order(board, gradient):
    by_level = gradient.sort_values("epsilon", ascending=False, kind="stable")
    soup = parse(privacy_budget(board.sample(frac=1, random_state=0), by_level))
    rows = [[cell.text for cell in row.select("th, td")] for row in soup.select(".all tbody tr")]
    assert [row[0] for row in rows] == ["0.5", "2", "∞"]
    for row, given in zip(rows, board.itertuples(), strict=True):
        assert row[1] == f"{given.ndcg:.3f} [{given.ndcg_low:.3f}, {given.ndcg_high:.3f}]"
        assert row[2] == f"{given.auc:.3f} [{given.auc_low:.3f}, {given.auc_high:.3f}]"
    assert json.loads(soup.select_one("privacy-budget")["data-levels"]) == rows
    assert soup.select_one(".status .ndcg").text == rows[-1][1]


def test_products_of_one_name_have_rows_of_their_own(board, gradient):
    gradient[["name_zh", "name_en"]] = "茶", "Tea"
    rows = parse(privacy_budget(board, gradient)).select(".now tbody tr")
    assert len({row["data-levels"] for row in rows}) == len(NAMES)


def test_rows_carry_the_gradient_of_every_level(board, gradient):
    soup = parse(privacy_budget(board, gradient))
    shown = {row.select_one("[lang=en]").text: row for row in soup.select(".now tbody tr")}
    assert set(shown) == {en for _, en in NAMES}
    for (_, en), given in gradient.groupby(["name_zh", "name_en"]):
        row = shown[en]
        values = given.sort_values("epsilon")[["clean", "noisy"]].to_numpy()
        np.testing.assert_allclose(json.loads(row["data-levels"]), values, rtol=1e-3)
        assert number(row.select_one(".value").text) == pytest.approx(values[-1, 1], abs=0.006)
        for kind, value in zip(("clean", "noisy"), values[-1], strict=True):
            bar = row.select_one(f".{kind}")
            assert float(bar["width"]) == pytest.approx(60 * min(abs(value), 2), abs=0.02)
            assert float(bar["x"]) == pytest.approx(120 - 60 * min(abs(value), 2) * (value < 0), abs=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b, g: (b.drop(columns="auc"), g), r"board lacks the columns \['auc'\]"),
        (lambda b, g: (b, g.drop(columns="noisy")), r"gradient lacks the columns \['noisy'\]"),
        (lambda b, g: (b.iloc[:1], g), "two or more"),
        (lambda b, g: (b, g.iloc[1:]), "one row for each"),
        (lambda b, g: (b.assign(auc=np.nan), g), "finite"),
        (lambda b, g: (b, g.assign(noisy=np.inf)), "finite"),
    ],
)
def test_bad_arguments_are_named(board, gradient, change, message):
    with pytest.raises(ValueError, match=message):
        privacy_budget(*change(board, gradient))
