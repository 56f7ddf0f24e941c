"""All models of a recording in one table, which the reader sorts and filters."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from math import isnan

import pandas as pd
from IPython.display import HTML

from shoprec.experiments.lineup import FAMILIES, Model, model_named, month
from shoprec.experiments.summary import SLICES, cuts_of
from shoprec.show.widgets.element import both, custom_element
from shoprec.words import Pair

TITLES: dict[str, Pair] = {
    "all": ("NDCG@10，各月平均", "NDCG@10, mean of the months"),
    "repeat": ("复购", "Repeat"),
    "explore": ("探索", "Explore"),
    "new": ("首购评测", "New-only lists"),
}
COSTS: dict[str, tuple[Pair, float, str]] = {  # heading, factor, format
    "fit_seconds": (("拟合（秒）", "Fit (s)"), 1, "{:,.2f}"),
    "request_seconds": (("每户打分（毫秒）", "Score one household (ms)"), 1000, "{:,.2f}"),
    "parameters": (("参数", "Parameters"), 1, "{:,.0f}"),
}

_COUNT = '<b class="shown"></b>'  # filled in by the script
_PLACES = ("low", "at", "high")  # on the axis of a bar


def score_board(board: pd.DataFrame, models: Mapping[str, Model] | None = None) -> HTML:
    """Show every model's scores with their intervals, its family, chapter and costs.

    The output is a complete table in the given order; where scripts run, its headings sort it, and the models can be
    filtered by family and by name. What isn't recorded is a dash, and stays last.

    Parameters
    ----------
    board
        From :func:`shoprec.experiments.summary.scoreboard`; columns ``(slice or cut, mean, low or high)`` and
        ``(cost, mean)``, with cuts as ``"2017-12-01"``.
    models
        What each row is; by default :data:`shoprec.experiments.lineup.MODELS`.

    Returns
    -------
    IPython.display.HTML
        The element ``<score-board>`` with its styles and its script.

    Raises
    ------
    ValueError
        If the board is empty, or nobody has said what a model is.

    Examples
    --------
    >>> columns = [(key, part) for key in (*SLICES, "2017-12-01") for part in ("mean", "low", "high")]
    >>> columns += [(cost, "mean") for cost in COSTS]
    >>> board = pd.DataFrame(0.25, index=["UserKNN"], columns=pd.MultiIndex.from_tuples(columns))
    >>> '<td class="score" data-value="0.25">' in score_board(board).data
    True
    """
    if board.empty:
        raise ValueError("the board has no models; pass scoreboard(record)")
    lines = {name: models[name] if models else model_named(name) for name in board.index}
    cuts = cuts_of(board)
    end = board["all", "high"].max()
    rows = "".join(_row(lines[name], board.loc[name], cuts, end) for name in board.index)
    body = f"""\
{_filter(lines.values())}
<div class="table-scroll"><table class="models">
{_head(cuts)}
<tbody>
{rows}</tbody>
</table></div>
"""
    return custom_element("score-board", body)


def _filter(lines: Iterable[Model]) -> str:
    """What the script needs to filter: the families that there are, a field for a name, and how many models match."""
    present = {line.family for line in lines}
    choices = {"": ("全部", "All")} | {key: pair for key, pair in FAMILIES.items() if key in present}
    radios = "".join(
        f'<label><input type="radio" name="family" value="{key}"{" checked" * (not key)} autocomplete="off">'
        f"<span>{both(*pair)}</span></label>"
        for key, pair in choices.items()
    )
    return f"""\
<form class="filter">
<fieldset><legend>{both("类别", "Family")}</legend>{radios}</fieldset>
<label class="name"><span>{both("名称含", "Name contains")}</span> <input type="search" autocomplete="off"></label>
<p class="status" role="status">{both(f"{_COUNT} 个模型", f"{_COUNT} models")}</p>
</form>"""


def _head(cuts: list[str]) -> str:
    """Return the headings; ``data-first`` is the direction that a first click sorts in."""
    cells = [_heading(("模型", "Model"), "ascending")]
    cells += [_heading(TITLES["all"], "descending", ' aria-sort="descending"')]  # a phone shows no more than these two
    cells += [_heading(pair, "ascending") for pair in (("类别", "Family"), ("章节", "Chapter"))]
    cells += [_heading(pair, "descending") for pair in (*map(month, cuts), *(TITLES[key] for key in SLICES[1:]))]
    cells += [_heading(pair, "ascending") for pair, _, _ in COSTS.values()]
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def _heading(pair: Pair, first: str, sorted_by: str = "") -> str:
    return f'<th scope="col" data-first="{first}"{sorted_by}>{both(*pair)}</th>'


def _row(line: Model, scores: pd.Series, cuts: list[str], end: float) -> str:
    name = both(escape(line.name[0]), escape(line.name[1]))
    chapter = f'<a href="{line.page}.ipynb">{line.number}</a>'
    cells = [
        f'<th scope="row">{name}</th>',
        *_scores(scores, ["all"], end),
        f"<td>{both(*FAMILIES[line.family])}</td>",
        f'<td data-value="{line.number}">{chapter}</td>',
        *_scores(scores, [*cuts, *SLICES[1:]]),
        *(_cost(scores[key, "mean"] * factor, form) for key, (_, factor, form) in COSTS.items()),
    ]
    return f'<tr data-family="{line.family}">{"".join(cells)}</tr>\n'


def _scores(scores: pd.Series, keys: list[str], end: float | None = None) -> Iterator[str]:
    """Yield means with their intervals; with ``end``, the interval is drawn on an axis from zero to there."""
    for key in keys:
        mean, low, high = (float(scores[key, part]) for part in ("mean", "low", "high"))
        if isnan(mean):
            yield '<td class="score">–</td>'
            continue
        drawn = _bar(low / end, mean / end, high / end) if end else ""
        yield f'<td class="score" data-value="{mean!r}">{mean:.3f}<small>{low:.3f}–{high:.3f}</small>{drawn}</td>'


def _bar(*places: float) -> str:
    style = "; ".join(f"--{part}: {place:.2%}" for part, place in zip(_PLACES, places, strict=True))
    return f'<span class="bar" style="{style}"></span>'


def _cost(value: float, form: str) -> str:
    return "<td>–</td>" if isnan(value) else f'<td data-value="{float(value)!r}">{form.format(value)}</td>'
