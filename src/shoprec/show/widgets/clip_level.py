"""What clipping the weights does to estimators of a policy's value: less spread, more bias."""

import json
from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element

WIDE, HIGH = 240, 22  # of a row's drawing, in its units
COLUMNS = ["clip", "name_zh", "name_en", "bias", "spread", "coverage"]


def clip_explorer(moments: pd.DataFrame, truth: float, *, clip: float = np.inf) -> HTML:
    r"""Show the bias and the spread of estimators while the reader moves the clip level.

    Each estimator is drawn as the range that covers about 95% of its estimates, :math:`V + \text{bias} \pm 1.96\,
    \text{spread}`, beside the true value :math:`V`. The numbers are the caller's; the element only chooses among them.

    Parameters
    ----------
    moments
        One row per clip level and estimator: ``clip`` (``inf`` for none), ``name_zh``, ``name_en``, ``bias`` and
        ``spread`` (a standard deviation), both in the unit of ``truth``, and ``coverage``, how often the estimator's
        own 95% interval held the truth, from 0 to 1. Every estimator has every level.
    truth
        The true value :math:`V`.
    clip
        Level at the start, one of those in the table.

    Returns
    -------
    IPython.display.HTML
        The element ``<clip-level>`` with its styles and its script; without scripts, a table at the given level, and
        one of all levels.

    Raises
    ------
    ValueError
        If a column or a level is missing, or a number isn't finite.

    Examples
    --------
    >>> rows = [(2, "倾向", "IPS", -1.0, 1.0, 0.5), (np.inf, "倾向", "IPS", 0.0, 4.0, 0.9)]
    >>> output = clip_explorer(pd.DataFrame(rows, columns=COLUMNS), truth=5.0, clip=2)
    >>> '<td class="rmse">1.41</td>' in output.data
    True
    """
    levels, names, table = _checked(moments, truth)
    if clip not in levels:
        raise ValueError(f"clip is {clip}; choose one of {levels}")
    start = levels.index(clip)
    reach = float(np.abs(table[..., 0]).max() + 1.96 * table[..., 1].max())
    rows = "".join(_row(name, part, start, reach) for name, part in zip(names, table, strict=True))
    heads = [("估计量", "Estimator"), ("偏差", "Bias"), ("标准差", "Spread"), ("均方根误差", "RMSE")]
    head = "".join(f'<th scope="col">{both(*title)}</th>' for title in [*heads, ("区间覆盖率", "Coverage")])
    drawn = both("95% 的估计落在这里；竖线是真值", "95% of estimates lie here; upright: the truth")
    body = f"""\
<p class="level"><label><span>{both("权重上限", "Largest weight")} <i>M</i></span>
<input type="range" min="0" max="{len(levels) - 1}" step="1" value="{start}" autocomplete="off" \
aria-valuetext="{_level(levels[start])}"></label>
<output aria-live="off">{_level(levels[start])}</output></p>
<table class="now"><thead><tr>{head}<th scope="col" class="draw">{drawn}</th></tr></thead>
<tbody>
{rows}</tbody></table>
<p class="status" role="status">{_status(names, table[:, start])}</p>
{_all(levels, names, table)}
"""
    data = {"levels": json.dumps([_level(level) for level in levels]).replace('"', "&quot;")}
    return custom_element("clip-level", body, **data, truth=f"{truth:.6g}", reach=f"{reach:.6g}")


def _checked(moments: pd.DataFrame, truth: float) -> tuple[list[float], list[tuple[str, str]], np.ndarray]:
    """Return the levels, the names, and bias, spread and coverage, shape (estimators, levels, 3)."""
    missing = [column for column in COLUMNS if column not in moments]
    if missing:
        raise ValueError(f"the table lacks the columns {missing}; it has {list(moments.columns)}")
    levels = sorted(float(level) for level in moments["clip"].unique())
    keys = ["name_zh", "name_en", "clip"]
    again = moments.groupby(keys).cumcount()  # so that estimators of one name stay two
    estimators = list(dict.fromkeys(zip(moments["name_zh"], moments["name_en"], again, strict=True)))
    if not estimators or len(levels) < 2 or len(moments) != len(estimators) * len(levels):
        wanted = f"{len(estimators)} estimators at {len(levels)} levels"
        raise ValueError(f"{len(moments)} rows for {wanted}; pass two levels or more, and one row for each estimator")
    names = [(zh, en) for zh, en, _ in estimators]
    index = pd.MultiIndex.from_arrays([moments["name_zh"], moments["name_en"], again, moments["clip"]])
    numbers = moments[["bias", "spread", "coverage"]].set_axis(index)
    order = pd.MultiIndex.from_tuples([(*key, level) for key in estimators for level in levels])
    table = numbers.reindex(order).to_numpy(dtype=float).reshape(len(names), len(levels), 3)
    if not (np.isfinite(table).all() and np.isfinite(truth) and table[..., 1].min() >= 0):
        raise ValueError("bias, spread and coverage must be finite, one for each estimator and level, and spread >= 0")
    return levels, names, table


def _level(level: float) -> str:
    return f"{level:g}" if np.isfinite(level) else "∞"


def _row(name: tuple[str, str], part: np.ndarray, start: int, reach: float) -> str:
    """One estimator at one level; all its levels are in the attribute."""
    bias, spread, coverage = part[start]
    data = json.dumps([[float(f"{x:.6g}") for x in level] for level in part])
    middle, scale = WIDE / 2, WIDE / 2 / reach
    left, right = (middle + scale * (bias + side * 1.96 * spread) for side in (-1, 1))
    drawing = (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="truth" d="M{middle:g} 0V{HIGH}"/>'
        f'<rect class="range" x="{left:.2f}" y="8" width="{max(right - left, 1):.2f}" height="6"/>'
        f'<rect class="mean" x="{middle + scale * bias - 1.5:.2f}" y="3" width="3" height="16"/></svg>'
    )
    return (
        f'<tr data-levels="{data}"><th scope="row">{both(*map(escape, name))}</th>'
        f'<td class="bias">{bias:+.2f}</td><td class="spread">{spread:.2f}</td>'
        f'<td class="rmse">{np.hypot(bias, spread):.2f}</td><td class="coverage">{coverage:.0%}</td>'
        f'<td class="draw">{drawing}</td></tr>\n'
    )


def _status(names: list[tuple[str, str]], now: np.ndarray) -> str:
    """Return the live line: which estimator errs least at this level."""
    best = int(np.hypot(now[:, 0], now[:, 1]).argmin())
    zh, en = map(escape, names[best])
    return both(
        f'这里均方根误差最小的是<b class="best" lang="zh">{zh}</b>。',
        f'Least RMSE here: <b class="best" lang="en">{en}</b>.',
    )


def _all(levels: list[float], names: list[tuple[str, str]], table: np.ndarray) -> str:
    """Return the RMSE at all levels as a table that folds away."""
    rmse = np.hypot(table[..., 0], table[..., 1])
    head = f'<th scope="col"><i>M</i></th>{"".join(f"""<th scope="col">{both(*map(escape, n))}</th>""" for n in names)}'
    rows = "".join(
        f'<tr><th scope="row">{_level(level)}</th>{"".join(f"<td>{x:.2f}</td>" for x in rmse[:, i])}</tr>\n'
        for i, level in enumerate(levels)
    )
    return (
        f"<details><summary>{both('所有上限下的均方根误差', 'RMSE at every level')}</summary>"
        f'<table class="all"><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></details>'
    )
