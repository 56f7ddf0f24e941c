"""The widget of guesses at intervals, static half: what a reader without scripts gets."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.typesetting import signed
from shoprec.show.widgets import fusion_switch

CUTS = ["2017-10-01", "2017-11-01", "2017-12-01"]
CHOICES = {
    "added": (("加什么", "Added"), {"a": ("文字", "Text"), "b": ("价格", "Price")}),
    "fusion": (("怎么合", "Fusion"), {"early": ("早期", "Early"), "late": ("晚期", "Late")}),
}
SETTINGS = [("b", "early"), ("a", "late"), ("a", "early")]  # in no order, and not all that there might be


def gains():
    rng, rows = np.random.default_rng(0), []
    for setting in SETTINGS:
        for cut in [*CUTS[::-1], "all"]:
            low, gain, high = np.sort(rng.normal(0, 0.01, 3))
            rows.append((*setting, cut, gain, low, high))
    return pd.DataFrame(rows, columns=[*CHOICES, "cut", "gain", "low", "high"])


def soup_of(frame):
    return BeautifulSoup(fusion_switch(frame, CHOICES).data, "html.parser")


def english(node):
    return node.select_one("[lang=en]").text


def test_the_table_has_every_setting_in_the_order_of_the_choices():
    soup = soup_of(gains())
    rows = soup.select("tbody tr")
    assert [[english(th) for th in row.select("th")] for row in rows] == [
        ["Text", "Early"],
        ["Text", "Late"],
        ["Price", "Early"],
    ]
    assert [row["data-at"] for row in rows] == ["0 0", "0 1", "1 0"]
    heads = [english(th) for th in soup.select("thead th")]
    assert heads == ["Added", "Fusion", "Oct", "Nov", "Dec", "All 3 months"]


def test_a_row_has_its_numbers_and_says_which_intervals_miss_zero():
    frame = gains()
    own = frame[(frame["added"] == "a") & (frame["fusion"] == "late")].set_index("cut").loc[[*CUTS, "all"]]
    cells = soup_of(frame).select("tbody tr")[1].select("td")
    for cell, (cut, row) in zip(cells, own.iterrows(), strict=True):
        side = 1 if row["low"] > 0 else -1 if row["high"] < 0 else 0
        text = f"{row['gain']:+.4f}"
        if cut == "all":
            text += f" [{row['low']:+.4f}, {row['high']:+.4f}]"
        assert cell.text == signed(text) + {1: " ▲", 0: "", -1: " ▼"}[side]
        assert cell["data-side"] == str(side)


@pytest.mark.parametrize(
    ("low", "high", "side"), [(-0.02, -0.01, "-1"), (-0.01, 0.01, "0"), (0.0, 0.01, "0"), (0.005, 0.02, "1")]
)
def test_an_interval_that_touches_zero_lies_on_neither_side(low, high, side):
    frame = gains().assign(low=low, high=high)
    assert {cell["data-side"] for cell in soup_of(frame).select("td")} == {side}


def test_places_on_the_track_are_in_proportion():
    frame = gains().assign(gain=0.01, low=0.0, high=0.02)
    assert {cell["style"] for cell in soup_of(frame).select("td")} == {"--gain:75.0%;--low:50.0%;--high:100.0%"}


def test_nothing_is_given_away_before_the_guess():
    soup = soup_of(gains())
    assert not soup.select_one("fusion-switch").has_attr("data-told")
    assert {lane.select_one(".value").text for lane in soup.select(".lanes li")} == {"?"}
    assert {button["aria-pressed"] for button in soup.select("button")} == {"false"}
    soup.details.decompose()
    assert not set("▲▼[") & set(soup.text)


def test_the_first_setting_is_switched_on():
    soup = soup_of(gains()[lambda f: f["added"] == "b"])
    assert [english(i.parent) for i in soup.select("[checked]")] == ["Price", "Early"]


def test_what_does_not_go_with_the_first_setting_is_off():
    frame = gains()
    off = {english(i.parent) for i in soup_of(frame).select("[disabled]")}
    assert off == set()
    frame = frame[(frame["added"] != "a") | (frame["fusion"] != "late")]
    assert {english(i.parent) for i in soup_of(frame).select("[disabled]")} == {"Late"}


def broken():
    frame = gains()
    yield frame.drop(columns="low"), CHOICES, "lack the columns"
    yield frame.iloc[:0], CHOICES, "a setting to choose"
    yield frame, {}, "must be a choice"
    yield frame.replace({"fusion": {"late": "middle"}}), CHOICES, "no name for"
    yield frame.assign(gain=np.nan), CHOICES, "finite"
    yield frame.assign(low=1.0), CHOICES, "low at most high"
    yield pd.concat([frame, frame.iloc[:1]]), CHOICES, "two gains"
    yield frame.iloc[1:], CHOICES, "each month"
    yield frame[frame["cut"] != "all"], CHOICES, "one for all"
    yield frame[frame["cut"] == "all"], CHOICES, "each month"


@pytest.mark.parametrize(("frame", "choices", "why"), list(broken()))
def test_what_is_wrong_is_said(frame, choices, why):
    with pytest.raises(ValueError, match=why):
        fusion_switch(frame, choices)
