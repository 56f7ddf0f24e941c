"""Output layers beside counting, as a table."""

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.experiments.output_board import NAMES
from shoprec.show.plotting import show_table
from shoprec.words import Pair

COLUMNS: dict[str, Pair] = {
    "quality": ("NDCG@10", "NDCG@10"),
    "gain": ("减去全 softmax", "Minus full softmax"),
    "behind": ("减去个人频次", "Minus personal frequency"),
    "seeds": ("种子", "Seeds"),
    "parameters": ("参数", "Parameters"),
    "table": ("其中商品表和编码表", "Of them, tables of products or codes"),
    "seconds": ("训练（秒）", "Training (s)"),
}


def show_output_board(board: pd.DataFrame) -> HTML:
    """Show a cut's output layers, with intervals and costs; a dash where there is none.

    Parameters
    ----------
    board : DataFrame
        From :meth:`shoprec.experiments.output_board.OutputStudy.board`.

    Returns
    -------
    IPython.display.HTML
        A table that scrolls on a narrow page.
    """
    table = pd.DataFrame(index=board.index)
    table["quality"] = [_interval(row, ".3f") for row in board[["mean", "low", "high"]].to_numpy(float)]
    for name in ("gain", "behind"):
        ends = board[[name, f"{name}_low", f"{name}_high"]].to_numpy(float)
        table[name] = [_interval(row, "+.3f") for row in ends]
    recorded = board["seeds"] > 0  # counting trains nothing
    for name, spec in (("seeds", ".0f"), ("parameters", ",.0f"), ("table", ",.0f"), ("seconds", ".0f")):
        table[name] = [
            format(value, spec) if known else "–" for value, known in zip(board[name], recorded, strict=True)
        ]
    return show_table(table, COLUMNS, index=("模型", "Model"), names=NAMES)


def _interval(values: np.ndarray, spec: str) -> str:
    """A mean with its interval.

    Examples
    --------
    >>> _interval(np.array([0.1, 0.09, 0.12]), ".3f"), _interval(np.full(3, np.nan), ".3f")
    ('0.100 [0.090, 0.120]', '–')
    """
    mean, low, high = (format(value, spec) for value in values)
    return "–" if np.isnan(values).any() else f"{mean} [{low}, {high}]"
