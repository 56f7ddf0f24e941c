"""Language models beside counting, as a table."""

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.experiments.language import ASKED
from shoprec.show.plotting import show_table
from shoprec.words import Pair

COLUMNS: dict[str, Pair] = {
    "households": ("家庭", "Households"),
    "quality": ("NDCG@10", "NDCG@10"),
    "difference": ("减去个人频次", "Minus personal frequency"),
    "seconds": ("每次请求（秒）", "One request (s)"),
    "parameters": ("参数", "Parameters"),
    "megabytes": ("参数占内存（MB）", "Memory of the parameters (MB)"),
}


def show_language_board(board: pd.DataFrame) -> HTML:
    """Show every way to ask a language model, with intervals and costs; a dash where there is none.

    Parameters
    ----------
    board : DataFrame
        From :func:`shoprec.experiments.language.language_board`.

    Returns
    -------
    IPython.display.HTML
        A table that scrolls on a narrow page.
    """
    names = {f"{way.study} {way.model}": way.name for way in ASKED}
    table = pd.DataFrame(index=[" ".join(key) for key in board.index])
    table["households"] = board["households"].to_numpy()
    table["quality"] = [_interval(row, ".3f") for row in board[["mean", "low", "high"]].to_numpy()]
    table["difference"] = [_interval(row, "+.3f") for row in board[["gain", "gain_low", "gain_high"]].to_numpy()]
    table["seconds"] = [_seconds(value) for value in board["seconds"]]
    table["parameters"] = board["parameters"].to_numpy()
    table["megabytes"] = board["bytes"].to_numpy() / 1e6
    formats = {"households": ",.0f", "parameters": ",.0f", "megabytes": ",.0f"}
    return show_table(table, COLUMNS, index=("排序的办法", "Ordered by"), names=names, formats=formats)


def _interval(values: np.ndarray, spec: str) -> str:
    """A mean with its interval."""
    mean, low, high = (format(value, spec) for value in values)
    return "–" if np.isnan(values).any() else f"{mean} [{low}, {high}]"


def _seconds(value: float) -> str:
    """Seconds, with two figures where they are few.

    Examples
    --------
    >>> _seconds(0.00021), _seconds(1.3077)
    ('0.00021', '1.3')
    """
    return "–" if np.isnan(value) else f"{value:.2g}"
