"""The stamp says when and where, and whether the code has changed since; the figure shows what the board holds."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from recordings import made_up

from shoprec.experiments.summary import scoreboard
from shoprec.show.plotting import draw_svg, use_style
from shoprec.show.scoreboard import COLOURS, plot_scoreboard, stamp

MODELS = ["ItemKNN", "UserKNN", "EASE", "Transformer"]


def test_the_stamp_says_when_where_and_how_to_renew() -> None:
    line = stamp(made_up(MODELS))
    for text in line:
        assert all(part in text for part in ("2026-11-26", "CPU", "21", "3.11.2", "torch 2.13.0"))
        assert text.endswith("make record run=leaderboard")


def test_the_stamp_says_that_the_code_has_changed() -> None:
    record = made_up(MODELS)
    old, new = stamp(replace(record, current=False)), stamp(record)
    assert (old.zh.removesuffix(new.zh), old.en.removesuffix(new.en)) == (
        "此后代码有改动，这是旧版本的结果。",
        "With an earlier version of the code. ",
    )


def test_the_figure_shows_means_intervals_and_months() -> None:
    use_style()
    record = made_up(MODELS)
    gap = record.households.query("model == 'EASE' and cut == '2017-12-01'").index
    board = scoreboard(replace(record, households=record.households.drop(gap)), n=50)
    left, right = plot_scoreboard(board)
    points = np.concatenate([line.get_xdata() for line in left.lines if line.get_marker() == "o"])
    means = board["all", "mean"].dropna()
    assert np.sort(points[np.isfinite(points)]) == pytest.approx(np.sort(means))
    *others, last = [text for text in right.texts if " | " in text.get_text()]
    assert (len(others), last.get_text()) == (3, "EASE 自编码器 | EASE")  # it lacks a month
    assert len(right.texts) == 4 * 6 - 1 + 4
    assert right.get_xticklabels()[0].get_text() == "7 月 | Jul"
    assert "普通 Transformer | Plain Transformer" in draw_svg(left.figure)
    plt.close("all")


def test_the_figure_is_as_narrow_as_a_phone_and_no_name_lies_on_a_cell() -> None:
    use_style()
    left, right = plot_scoreboard(scoreboard(made_up(MODELS), n=50))
    left.figure.canvas.draw()
    assert left.figure.get_figwidth() * 72 * 0.9 <= 390 - 2 * 16  # points, drawn at nine tenths, and the page's margins
    names = [text.get_window_extent() for text in right.texts if " | " in text.get_text()]
    cells = [text.get_window_extent() for text in right.texts if " | " not in text.get_text()]
    assert not [name for name in names if name.count_overlaps(cells)]
    plt.close("all")


def test_families_have_colours_of_their_own() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS)
