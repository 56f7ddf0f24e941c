"""The static half of the scoreboard: what a reader without scripts gets."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup, Tag
from recordings import CUTS, made_up

from shoprec.experiments.lineup import model_named
from shoprec.experiments.summary import COSTS, SLICES, scoreboard
from shoprec.show.widgets import score_board

MODELS = ["UserKNN", "Popularity", "Transformer", "Hybrid"]
RECORD = made_up(MODELS, households=200)
BOARD = scoreboard(RECORD, n=50)


def rows(output) -> list[Tag]:
    return BeautifulSoup(output.data, "html.parser").select("tbody tr")


def test_every_row_says_what_the_board_holds() -> None:
    found = rows(score_board(BOARD))
    assert len(found) == len(MODELS)
    for row, name in zip(found, BOARD.index, strict=True):
        model = model_named(name)
        assert row.select_one("th [lang=zh]").text == model.name[0]
        assert row.select_one("th [lang=en]").text == model.name[1]
        assert row["data-family"] == model.family
        assert row.a["href"] == f"{model.page}.ipynb"
        assert row.a.text == model.number
        scores = row.select(".score")
        for cell, key in zip(scores, ["all", *CUTS, *SLICES[1:]], strict=True):
            mean, low, high = BOARD.loc[name, key][["mean", "low", "high"]]
            assert float(cell["data-value"]) == mean
            assert cell.text == f"{mean:.3f}{low:.3f}–{high:.3f}"
        costs = [float(cell["data-value"]) for cell in row.select("td")[-3:]]
        assert costs == [BOARD.loc[name, (key, "mean")] * (1000 if key == "request_seconds" else 1) for key in COSTS]


def test_as_many_headings_as_cells() -> None:
    soup = BeautifulSoup(score_board(BOARD).data, "html.parser")
    for row in soup.select("tbody tr"):
        assert len(row.find_all(["th", "td"])) == len(soup.select("thead th"))
    assert [head.text for head in soup.select("[aria-sort=descending]")] == [
        "NDCG@10，各月平均 NDCG@10, mean of the months"
    ]


def test_bars_lie_on_one_axis() -> None:
    bars = [row.select_one(".bar")["style"] for row in rows(score_board(BOARD))]
    places = [[float(part.split()[1].rstrip("%;")) for part in bar.split("; ")] for bar in bars]
    assert all(0 < low < at < high <= 100 for low, at, high in places)
    assert max(high for *_, high in places) == 100


def test_what_is_missing_is_a_dash_without_a_value() -> None:
    gap = RECORD.households.query("model == 'Popularity' and cut == '2017-08-01'").index
    board = scoreboard(replace(RECORD, households=RECORD.households.drop(gap)), n=50)
    scores = rows(score_board(board))[-1].select(".score")
    dashes = [cell.text == "–" for cell in scores]
    assert dashes == [True, False, True, False, False, False, False, True, True, True]
    assert [cell.has_attr("data-value") for cell in scores] == [not dash for dash in dashes]


def test_only_families_that_are_there_can_be_chosen() -> None:
    soup = BeautifulSoup(score_board(BOARD).data, "html.parser")
    radios = soup.select("input[type=radio]")
    assert [radio["value"] for radio in radios] == ["", "counting", "neighbours", "networks", "hybrids"]
    assert [radio.has_attr("checked") for radio in radios] == [True, False, False, False, False]


def test_what_cannot_be_shown_is_named() -> None:
    with pytest.raises(ValueError, match="no models"):
        score_board(BOARD.iloc[:0])
    with pytest.raises(ValueError, match="no model 'Oracle'"):
        score_board(BOARD.rename(index={"Hybrid": "Oracle"}))
