"""The table of language models: as many rows as ways, intervals in brackets, and a dash for what isn't known."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.experiments.language import ASKED, DECODER_PARAMETERS, language_board
from shoprec.experiments.records import load_record
from shoprec.show.language_board import COLUMNS, show_language_board


@pytest.fixture(scope="module")
def board() -> pd.DataFrame:
    return language_board(load_record("judge"), load_record("prompts"), n=50)


def test_every_row_says_what_the_board_holds(board: pd.DataFrame) -> None:
    table = BeautifulSoup(show_language_board(board).data, "html.parser")
    heads, rows = table.select("thead th"), table.select("tbody tr")
    assert len(heads) == 1 + len(COLUMNS)
    assert len(rows) == len(ASKED)
    for row, way in zip(rows, ASKED, strict=True):
        found = board.loc[(way.study, way.model)]
        assert [row.th.select_one(f"[lang={lang}]").text for lang in ("zh", "en")] == [*way.name]
        households, quality, difference, seconds, parameters, megabytes = (cell.text for cell in row.select("td"))
        assert int(households.replace(",", "")) == found["households"]
        assert quality == "{:.3f} [{:.3f}, {:.3f}]".format(*found[["mean", "low", "high"]])
        if way.model == "counting":
            assert difference == "–"
        else:
            minus = "{:+.3f} [{:+.3f}, {:+.3f}]".format(*found[["gain", "gain_low", "gain_high"]]).replace("-", "−")
            assert difference == minus
        if way.questions:
            assert float(seconds) == pytest.approx(found["seconds"], rel=0.05)
            assert int(parameters.replace(",", "")) == DECODER_PARAMETERS
            assert int(megabytes) == round(found["bytes"] / 1e6)
        else:  # nothing is asked, and without the leaderboard's record nobody knows what counting costs
            assert (seconds, parameters, megabytes) == ("–", "–", "–")
