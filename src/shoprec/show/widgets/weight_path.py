"""A household's items as points in the plane of two scores, and how their ranking changes along the weight."""

from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.formulas.fusion import crossings
from shoprec.formulas.metrics import rank_items
from shoprec.show.widgets.element import both, custom_element
from shoprec.show.widgets.two_scores import Label, caption, check_candidates

SIZE, MARGIN = 260, 20  # of the plane, in units of the drawing
WIDE, LEFT = 380, 26  # of the chart of ranks


def weight_explorer(candidates: pd.DataFrame, first_label: Label, second_label: Label, *, w: float = 0.5) -> HTML:
    """Show items in the plane of two scores, and their ranks along ``w * first + (1 - w) * second``.

    The output is a complete table at the given weight, two drawings, and a table of all swaps. Where scripts run, a
    slider moves the weight, and two buttons jump from swap to swap.

    Parameters
    ----------
    candidates
        One row per item, at most 20: ``name_zh``, ``name_en``, the scores ``first`` and ``second`` on a common scale,
        and optionally ``bought``, whether it was in the next basket. At equal scores the earlier row wins.
    first_label, second_label
        What the two scores are, as ``(Chinese, English)``.
    w
        Weight of the first score at the start, from 0 to 1.

    Returns
    -------
    IPython.display.HTML
        The element ``<weight-path>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column is missing or incomplete, a score is not finite, or an argument is out of range.

    Examples
    --------
    >>> names = {"name_zh": ["面包", "牛奶"], "name_en": ["Bread", "Milk"]}
    >>> candidates = pd.DataFrame({**names, "first": [3.0, 1.0], "second": [1.0, 2.0]})
    >>> output = weight_explorer(candidates, ("频次", "frequency"), ("口味", "taste"), w=0.4)
    >>> 'data-w="0.3333333333333333" data-rises="0" data-falls="1"' in output.data
    True
    """
    check_candidates(candidates, first_label, second_label, w)
    if not 2 <= len(candidates) <= 20:
        raise ValueError(f"{len(candidates)} candidates; two to twenty can be drawn")
    table = candidates.reset_index(drop=True)
    if "bought" not in table:
        table["bought"] = False
    first, second = (table[name].to_numpy(dtype=float) for name in ("first", "second"))
    swaps = crossings(first, second)
    w = round(float(w), 3)
    order = rank_items(w * first + (1 - w) * second, len(table))
    origin, unit = _frame(first, second)
    body = f"""\
<p class="weight"><label><span>{both("权重", "Weight")} <i>w</i></span>
<input type="range" min="0" max="1" step="0.001" value="{w}" autocomplete="off"></label>
<output aria-live="off">{w:.3f}</output>
<button type="button" class="back">◀ {both("上一次交换", "Previous swap")}</button>
<button type="button" class="on">{both("下一次交换", "Next swap")} ▶</button></p>
{_status(table, order, w, swaps[0])}
<div class="drawings">
{_plane(first, second, table["bought"], w, order[0], origin, unit)}
{_ranks(first, second, table["bought"], swaps[0], w)}
</div>
{_ranking(table, order, w, first_label, second_label)}
{_swaps(table, *swaps)}
"""
    return custom_element("weight-path", body, x=f"{origin[0]:.2f}", y=f"{origin[1]:.2f}", unit=f"{unit:.4f}")


def _name(row: pd.Series) -> str:
    return both(escape(row["name_zh"]), escape(row["name_en"]))


def _status(table: pd.DataFrame, order: np.ndarray, w: float, swaps: np.ndarray) -> str:
    """Return the live line; the script rewrites the parts that it names."""
    best, passed = table.loc[order[0]], int((swaps <= w).sum())
    zh = f'榜首：<b class="top" lang="zh">{escape(best["name_zh"])}</b>。已过 <b class="passed">{passed}</b> 次交换，'
    en = f'Top: <b class="top" lang="en">{escape(best["name_en"])}</b>. Swaps passed: <b class="passed">{passed}</b>'
    zh += f'共 {len(swaps)} 次。<span class="last" hidden><i>w</i> = <b class="at"></b>：'
    en += f' of {len(swaps)}. <span class="last" hidden><i>w</i> = <b class="at"></b>: '
    zh += '<b class="rises" lang="zh"></b>与<b class="falls" lang="zh"></b>互换名次。</span>'
    en += '<b class="rises" lang="en"></b> and <b class="falls" lang="en"></b> change places.</span>'
    return f'<p class="status" role="status">{both(zh, en)}</p>'


def _frame(first: np.ndarray, second: np.ndarray) -> tuple[tuple[float, float], float]:
    """Where the origin is drawn, and the length of one unit; the same for both axes, so that angles are true."""
    low = np.minimum([first.min(), second.min()], 0)
    unit = (SIZE - 2 * MARGIN) / max(first.max() - low[0], second.max() - low[1], 1e-9)
    return (MARGIN - low[0] * unit, SIZE - MARGIN + low[1] * unit), unit


def _plane(
    first: np.ndarray, second: np.ndarray, bought: pd.Series, w: float, best: int, origin: tuple, unit: float
) -> str:
    """Draw the items as points, the direction (w, 1 - w), and the line of equal score through the best item."""
    x, y = origin[0] + unit * first, origin[1] - unit * second
    dots = "".join(
        f'<g data-item="{i}"{" data-bought" * bool(b)}><circle cx="{px:.1f}" cy="{py:.1f}" r="5"/>'
        f'<text x="{px + 7:.1f}" y="{py - 4:.1f}">{i + 1}</text></g>'
        for i, (px, py, b) in enumerate(zip(x, y, bought, strict=True))
    )
    angle = -np.degrees(np.arctan2(1 - w, w))
    return (
        f'<svg class="plane" viewBox="0 0 {SIZE} {SIZE}" aria-hidden="true">'
        f'<path class="axis" d="M0 {origin[1]:.1f}H{SIZE}M{origin[0]:.1f} {SIZE}V0"/>'
        f'<text x="{SIZE - 16}" y="{origin[1] + 15:.1f}">s₁</text><text x="{origin[0] - 17:.1f}" y="11">s₂</text>'
        f'<path class="direction" d="M0 0H{1.5 * SIZE}" transform="translate({origin[0]:.2f} {origin[1]:.2f}) '
        f'rotate({angle:.3f})"/>'
        f'<path class="level" d="M0 {-2 * SIZE}V{2 * SIZE}" transform="translate({x[best]:.2f} {y[best]:.2f}) '
        f'rotate({angle:.3f})"/>{dots}</svg>'
    )


def _ranks(first: np.ndarray, second: np.ndarray, bought: pd.Series, swaps: np.ndarray, w: float) -> str:
    """Draw each item's rank against the weight: level between two swaps, steep at its own."""
    n, edges = len(first), np.concatenate([[0.0], np.unique(swaps), [1.0]])
    inner = (edges[1:] + edges[:-1])[:, None] / 2
    rank = np.argsort(rank_items(inner * first + (1 - inner) * second, n), axis=1)  # the inverse of a permutation
    slope = np.minimum(0.006, np.diff(edges) / 2)
    height = (SIZE - 2 * MARGIN) / (n - 1)
    lines = []
    for i in range(n):
        xs = np.stack([edges[:-1] + slope, edges[1:] - slope], axis=1)
        xs[0, 0], xs[-1, 1] = 0, 1
        ys = MARGIN + np.repeat(rank[:, i], 2) * height
        points = " ".join(
            f"{LEFT + px * (WIDE - 2 * LEFT):.1f},{py:.1f}" for px, py in zip(xs.ravel(), ys, strict=True)
        )
        lines.append(
            f'<g data-item="{i}"{" data-bought" * bool(bought[i])}><polyline points="{points}"/>'
            f'<text x="{LEFT - 20}" y="{ys[0] + 4:.1f}">{i + 1}</text>'
            f'<text x="{WIDE - LEFT + 6}" y="{ys[-1] + 4:.1f}">{i + 1}</text></g>'
        )
    x = LEFT + w * (WIDE - 2 * LEFT)
    return (
        f'<svg class="ranks" viewBox="0 0 {WIDE} {SIZE}" aria-hidden="true">{"".join(lines)}'
        f'<path class="now" d="M0 8V{SIZE - 10}" transform="translate({x:.2f} 0)"/>'
        f'<text x="{LEFT - 4}" y="{SIZE}">w = 0</text><text x="{WIDE - LEFT - 32}" y="{SIZE}">w = 1</text></svg>'
    )


def _ranking(table: pd.DataFrame, order: np.ndarray, w: float, first_label: Label, second_label: Label) -> str:
    """Return the items, best first; the exact scores are in the attributes, the cells round them."""
    columns = [both("名次", "Rank"), both("编号", "No."), both("商品", "Item")]
    columns += ["<i>s</i>₁", "<i>s</i>₂", "<i>s</i>", both("下一篮", "Next basket")]
    part = [' class="part"' * title.endswith(("₁", "₂")) for title in columns]
    head = "".join(f'<th scope="col"{p}>{title}</th>' for p, title in zip(part, columns, strict=True))
    rows = []
    for rank, i in enumerate(order, 1):
        row = table.loc[i]
        one, two = float(row["first"]), float(row["second"])
        rows.append(
            f'<tr data-item="{i}" data-first="{one!r}" data-second="{two!r}"{" data-bought" * bool(row["bought"])}>'
            f'<td class="rank">{rank}</td><td>{i + 1}</td><th scope="row">{_name(row)}</th><td class="part">'
            f'{one:.2f}</td><td class="part">{two:.2f}</td><td class="score">{w * one + (1 - w) * two:.2f}</td>'
            f"<td>{'✓' * bool(row['bought'])}</td></tr>\n"
        )
    return (
        f'<table class="ranking">{caption(first_label, second_label)}<thead><tr>{head}</tr></thead>'
        f"<tbody>\n{''.join(rows)}</tbody></table>"
    )


def _swaps(table: pd.DataFrame, w: np.ndarray, rises: np.ndarray, falls: np.ndarray) -> str:
    """Return all swaps as a table that folds away; the script reads it."""
    titles = ["<i>w</i>", both("升", "Rises"), both("降", "Falls")]
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    rows = "".join(
        f'<tr data-w="{float(x)!r}" data-rises="{i}" data-falls="{j}"><td>{x:.4f}</td>'
        f"<td>{i + 1} {_name(table.loc[i])}</td><td>{j + 1} {_name(table.loc[j])}</td></tr>\n"
        for x, i, j in zip(w, rises, falls, strict=True)
    )
    summary = both(f"全部 {len(w)} 次交换", f"All {len(w)} swaps")
    return (
        f'<details><summary>{summary}</summary><table class="swaps"><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{rows}</tbody></table></details>"
    )
