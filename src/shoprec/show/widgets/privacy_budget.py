"""What a promise of privacy costs: ε on a slider, with the lists' quality, the attack's score and a noisy gradient."""

import json
from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element

WIDE, HIGH = 240, 14  # of a row's drawing, in its units
_BOARD = ["epsilon", "ndcg", "ndcg_low", "ndcg_high", "auc", "auc_low", "auc_high"]
_GRADIENT = ["epsilon", "name_zh", "name_en", "clean", "noisy"]


def privacy_budget(board: pd.DataFrame, gradient: pd.DataFrame) -> HTML:
    r"""Show what each :math:`\varepsilon` costs and what it protects, while the reader moves it.

    Parameters
    ----------
    board
        One row for each ``epsilon``, ``inf`` for no promise: ``ndcg`` and ``auc``, each with its interval, ``_low`` to
        ``_high``.
    gradient
        What one step adds to each of some products, ``clean`` and ``noisy``, in units of the largest: a row for each
        ``epsilon`` and product, with ``name_zh`` and ``name_en``, the products in the same order at each ``epsilon``.

    Returns
    -------
    IPython.display.HTML
        The element ``<privacy-budget>`` with its styles and its script; without scripts, tables.

    Raises
    ------
    ValueError
        If a column, an ε or a product is missing, or a number is NaN or infinite.

    Examples
    --------
    >>> board = pd.DataFrame([(1, 0.08, 0.07, 0.09, 0.5, 0.48, 0.52), (np.inf, 0.1, 0.09, 0.11, 0.7, 0.6, 0.8)],
    ...     columns=["epsilon", "ndcg", "ndcg_low", "ndcg_high", "auc", "auc_low", "auc_high"])
    >>> gradient = pd.DataFrame([(e, "茶", "Tea", 1.0, 0.4) for e in (1, np.inf)], columns=[
    ...     "epsilon", "name_zh", "name_en", "clean", "noisy"])
    >>> "0.080 [0.070, 0.090]" in privacy_budget(board, gradient).data
    True
    """
    board, names, bars = _checked(board, gradient)
    start = len(board) - 1
    said = [_words(row) for row in board.itertuples(index=False)]
    rows = "".join(_row(name, part, start) for name, part in zip(names, bars, strict=True))
    heads = [("商品", "Product"), ("这一步推高多少", "What the step adds")]
    head = "".join(f'<th scope="col">{both(*title)}</th>' for title in heads)
    note = both(
        "蓝：裁剪后的平均梯度；红：加上噪声以后。竖线是零。",
        "Blue: the mean of clipped gradients; red: with the noise. Upright: zero.",
    )
    body = f"""\
<p class="level"><label><span>{both("隐私预算", "Privacy budget")} <i>ε</i></span>
<input type="range" min="0" max="{start}" step="1" value="{start}" autocomplete="off" \
aria-valuetext="{said[start][0]}"></label>
<output aria-live="off">{said[start][0]}</output></p>
<p class="status" role="status">{_status(said[start])}</p>
<table class="now"><caption>{note}</caption><thead><tr>{head}</tr></thead>
<tbody>
{rows}</tbody></table>
{_all(said)}
"""
    return custom_element("privacy-budget", body, levels=json.dumps(said).replace('"', "&quot;"))


def _checked(board: pd.DataFrame, gradient: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str]], np.ndarray]:
    """Return the board in order of ε, the products' names, and clean and noisy, shape (products, levels, 2)."""
    for table, name, columns in ((board, "board", _BOARD), (gradient, "gradient", _GRADIENT)):
        if missing := [column for column in columns if column not in table]:
            raise ValueError(f"{name} lacks the columns {missing}")
    board = board[_BOARD].sort_values("epsilon", ignore_index=True)
    levels = board["epsilon"].tolist()
    if len(levels) < 2 or len(set(levels)) < len(levels):
        raise ValueError(f"board has the values {levels} of ε; pass two or more, each once")
    parts = [gradient[gradient["epsilon"] == level] for level in levels]
    listed = [list(zip(part["name_zh"], part["name_en"], strict=True)) for part in parts]
    names = listed[0]
    if not names or any(others != names for others in listed) or len(gradient) != len(names) * len(levels):
        raise ValueError(f"gradient needs one row for each of {len(names)} products and {len(levels)} values of ε")
    bars = np.stack([part[["clean", "noisy"]].to_numpy(float) for part in parts], axis=1)
    if not (np.isfinite(bars).all() and np.isfinite(board[_BOARD[1:]].to_numpy(float)).all()):
        raise ValueError("all numbers but ε must be finite")
    return board, names, bars


def _words(row: tuple) -> list[str]:
    """Return ε, NDCG and AUC as they are printed."""
    epsilon, ndcg, *between, auc, low, high = row
    level = f"{epsilon:g}" if np.isfinite(epsilon) else "∞"
    return [level, f"{ndcg:.3f} [{between[0]:.3f}, {between[1]:.3f}]", f"{auc:.3f} [{low:.3f}, {high:.3f}]"]


def _status(words: list[str]) -> str:
    _, ndcg, auc = words
    values = f'<b class="ndcg">{ndcg}</b>', f'<b class="auc">{auc}</b>'
    return both(
        "NDCG@10 是 {}；攻击的 AUC 是 {}，0.5 等于猜。".format(*values),
        "NDCG@10 is {}; the attack's AUC is {}, where 0.5 is guessing.".format(*values),
    )


def _row(name: tuple[str, str], part: np.ndarray, start: int) -> str:
    """One product at one ε; all are in the attribute."""
    data = json.dumps([[float(f"{x:.4g}") for x in level] for level in part])
    drawn = "".join(
        _bar(kind, y, value) for kind, y, value in zip(("clean", "noisy"), (1, 8), part[start], strict=True)
    )
    drawing = (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="zero" d="M{WIDE / 2:g} 0V{HIGH}"/>{drawn}</svg>'
    )
    values = f'<span class="value">{part[start][1]:+.2f}</span>'
    return (
        f'<tr data-levels="{data}"><th scope="row">{both(*map(escape, name))}</th>'
        f'<td class="draw">{drawing}{values}</td></tr>\n'
    )


def _bar(kind: str, y: float, value: float) -> str:
    """A bar from zero, cut off at the drawing's edge: 2 is at the edge."""
    width = min(abs(value), 2) * WIDE / 4
    left = WIDE / 2 - width * (value < 0)
    return f'<rect class="{kind}" x="{left:.2f}" y="{y}" width="{width:.2f}" height="5"/>'


def _all(said: list[list[str]]) -> str:
    """Return a table of all levels that folds away."""
    heads = ["<i>ε</i>", both("NDCG@10", "NDCG@10"), both("攻击的 AUC", "The attack's AUC")]
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    rows = "".join(f'<tr><th scope="row">{e}</th><td>{ndcg}</td><td>{auc}</td></tr>\n' for e, ndcg, auc in said)
    return (
        f"<details><summary>{both('所有 ε', 'All values of ε')}</summary>"
        f'<table class="all"><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></details>'
    )
