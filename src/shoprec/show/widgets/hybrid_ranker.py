"""Products that re-rank while the reader moves the weight of a hybrid score."""

from collections.abc import Hashable, Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element
from shoprec.show.widgets.two_scores import Label, caption, check_candidates


def hybrid_slider(
    candidates: pd.DataFrame,
    first_label: Label,
    second_label: Label,
    *,
    w: float = 0.5,
    top: int = 15,
    k: int = 10,
) -> HTML:
    """Show candidates ranked by ``w * first + (1 - w) * second``, with a slider for ``w``.

    The output is a complete table at the given weight; where scripts run, it also has the slider.
    Every text stands there in Chinese and in English, in elements with a ``lang`` attribute.

    Parameters
    ----------
    candidates
        One row per product: ``name_zh``, ``name_en``, the scores ``first`` and ``second`` on a common
        scale, and optionally ``bought``, whether the product was in the next basket. At equal scores
        the earlier row wins. Forty rows are plenty.
    first_label, second_label
        What the two scores are, as ``(Chinese, English)``.
    w
        Weight of the first score at the start, from 0 to 1; rounded to the slider's step of 0.01.
    top
        Rows shown. The others take part in the ranking.
    k
        Length of the list whose hits are counted, when there is a column ``bought``.

    Returns
    -------
    IPython.display.HTML
        The element ``<hybrid-ranker>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column is missing or incomplete, a score is not finite, or an argument is out of range.

    Examples
    --------
    >>> names = {"name_zh": ["面包", "牛奶"], "name_en": ["Bread", "Milk"]}
    >>> candidates = pd.DataFrame({**names, "first": [0.9, 0.2], "second": [0.1, 1.0]})
    >>> output = hybrid_slider(candidates, ("购买频次", "purchase frequency"), ("近邻", "neighbours"), w=0.4)
    >>> 'Top: <b class="top" lang="en">Milk</b>' in output.data
    True
    """
    check_candidates(candidates, first_label, second_label, w)
    if candidates.empty:
        raise ValueError("candidates are empty")
    if top < 1 or k < 1:
        raise ValueError(f"top and k must be at least 1, not {top} and {k}")
    w = round(float(w), 2)
    table = candidates.assign(hybrid=w * candidates["first"] + (1 - w) * candidates["second"])
    table = table.iloc[np.argsort(-table["hybrid"].to_numpy(), kind="stable")]
    has_bought = "bought" in table
    rows = (_row(rank, row, rank > top, has_bought) for rank, row in enumerate(table.to_dict("records"), 1))
    body = f"""\
<p class="weight"><label><span>{both("混合权重", "Hybrid weight")} <i>w</i></span>
<input type="range" min="0" max="1" step="0.01" value="{w}" autocomplete="off"></label>
<output aria-live="off">{w:.2f}</output></p>
{_status(table, k)}
<table class="ranking">
{caption(first_label, second_label)}
{_head(has_bought)}
<tbody>
{"".join(rows)}</tbody>
</table>
"""
    return custom_element("hybrid-ranker", body, top=top, k=k)


def _status(table: pd.DataFrame, k: int) -> str:
    """Return the live line: the top product, and the hits if they are known."""
    best = table.iloc[0]
    zh = f'榜首：<b class="top" lang="zh">{escape(best["name_zh"])}</b>。'
    en = f'Top: <b class="top" lang="en">{escape(best["name_en"])}</b>.'
    if "bought" in table:
        bought, hits = int(table["bought"].sum()), int(table["bought"].head(k).sum())
        zh += f'前 {k} 名命中 <b class="hits">{hits}</b> 件（候选里买了 {bought} 件）。'
        en += f' Hits in the top {k}: <b class="hits">{hits}</b> (candidates bought: {bought}).'
    return f'<p class="status" role="status">{both(zh, en)}</p>'


def _head(has_bought: bool) -> str:
    columns = {
        "rank": both("名次", "Rank"),
        "product": both("商品", "Product"),
        "part first": "<i>s</i>₁",
        "part second": "<i>s</i>₂",
        "hybrid": "<i>s</i>",
        "move": both("升降", "Move"),
    }
    if has_bought:
        columns["bought"] = both("买了", "Bought")
    cells = (f'<th scope="col" class="{name}">{title}</th>' for name, title in columns.items())
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def _row(rank: int, row: Mapping[Hashable, Any], hidden: bool, has_bought: bool) -> str:
    """Return one product; the exact scores are in the attributes, the cells round them."""
    first, second = float(row["first"]), float(row["second"])
    bought = has_bought and bool(row["bought"])
    bought_cell = f"<td>{'✓' * bought}</td>" if has_bought else ""
    return (
        f'<tr data-first="{first!r}" data-second="{second!r}"{" data-bought" * bought}{" hidden" * hidden}>'
        f'<td class="rank">{rank}</td>'
        f'<th scope="row" class="product">{both(escape(row["name_zh"]), escape(row["name_en"]))}</th>'
        f'<td class="part">{first:.3f}</td><td class="part">{second:.3f}</td>'
        f'<td class="hybrid">{row["hybrid"]:.3f}</td><td class="move">–</td>'
        f"{bought_cell}</tr>\n"
    )
