"""A household's list in a department that is new to it, as more of its baskets there become known."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, choice, custom_element
from shoprec.words import Pair

_LISTS = ("target", "known", "kind", "place", "name_zh", "name_en", "bought")
_GAINS = ("target", "known", "gain", "low", "high")
_KINDS: Mapping[str, Pair] = {"without": ("没有桥", "Without the bridge"), "with": ("有桥", "With the bridge")}


def domain_bridge(lists: pd.DataFrame, gains: pd.DataFrame, targets: Mapping[str, Pair]) -> HTML:
    """Show one household's list without and with a bridge from other departments, and what the bridge gains on average.

    The output holds a table of all lists for each target department. Where scripts run, a list chooses the department
    and a slider the number of baskets known there.

    Parameters
    ----------
    lists
        One row per place of a list: ``target``, ``known`` (baskets), ``kind`` (``without`` or ``with`` the bridge),
        ``place`` from 1, ``name_zh``, ``name_en``, and ``bought``, whether the next basket holds it. All lists are
        equally long; lists of five are plenty.
    gains
        One row per target and number of baskets: ``gain`` in NDCG with its interval, ``low`` to ``high``.
    targets
        Names of the target departments in Chinese and English, in the order of the choice.

    Returns
    -------
    IPython.display.HTML
        The element ``<domain-bridge>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column, a name or a list is missing, or an interval doesn't hold its gain.

    Examples
    --------
    >>> lists = pd.DataFrame([("d", 0, kind, 1, "茶", "Tea", True) for kind in ("without", "with")], columns=[
    ...     "target", "known", "kind", "place", "name_zh", "name_en", "bought"])
    >>> gains = pd.DataFrame({"target": ["d"], "known": [0], "gain": [.01], "low": [-.01], "high": [.03]})
    >>> shown = domain_bridge(lists, gains, {"d": ("饮料", "Drinks")})
    >>> "+0.010 [−0.010, +0.030]" in shown.data
    True
    """
    _check(lists, gains, targets)
    scale = float(gains[["low", "high"]].abs().to_numpy().max()) or 1.0
    names = [(escape(zh), escape(en)) for zh, en in targets.values()]
    tables: list[str] = []
    for target, name in zip(targets, names, strict=True):
        own = gains[gains["target"] == target].sort_values("known")
        tables.append(_table(lists[lists["target"] == target], own, name, scale, shown=not tables))
    first = gains[gains["target"] == next(iter(targets))].sort_values("known")
    steps = first["known"].tolist()
    panels = []
    for kind, words in _KINDS.items():
        own = lists[(lists["target"] == next(iter(targets))) & (lists["known"] == steps[0]) & (lists["kind"] == kind)]
        panels.append(
            f'<div class="panel"><p class="title">{both(*words)}</p><div class="{kind}">{_list(own)}</div></div>'
        )
    at = _at(first.iloc[0], scale)
    body = f"""\
{choice(("目标部门", "Target department"), names)}
<p class="known"><label><span>{both("在那里已知几篮", "Baskets known there")}</span>
<input type="range" min="0" max="{len(steps) - 1}" step="1" value="0" autocomplete="off">
<output aria-live="off">{steps[0]}</output></label></p>
<div class="panels">{"".join(panels)}</div>
<p class="meter" aria-hidden="true"><span class="track" style="{at}"><i class="bar"></i><i class="dot"></i></span></p>
<p class="status" role="status">{_status(first.iloc[0])}</p>
{"".join(tables)}"""
    return custom_element("domain-bridge", body)


def _check(lists: pd.DataFrame, gains: pd.DataFrame, targets: Mapping[str, Pair]) -> None:
    """Raise a ValueError that says what is wrong."""
    for table, name, columns in ((lists, "lists", _LISTS), (gains, "gains", _GAINS)):
        if missing := [column for column in columns if column not in table]:
            raise ValueError(f"{name} lack the columns {missing}")
    if not targets:
        raise ValueError("targets are empty")
    if not all(isinstance(name, str) for name in lists[["name_zh", "name_en"]].to_numpy().ravel()):
        raise ValueError("every product needs a name in both languages")
    if not (gains["low"].le(gains["gain"]) & gains["gain"].le(gains["high"])).all():
        raise ValueError("a gain must lie in its interval, from low to high")
    if gains.duplicated(["target", "known"]).any():
        raise ValueError("a target and number of baskets has two gains")
    asked = {(t, n, kind) for t, n in zip(gains["target"], gains["known"], strict=True) for kind in _KINDS}
    given = lists.groupby(["target", "known", "kind"])["place"].apply(lambda places: sorted(places))
    if set(given.index) != asked or set(gains["target"]) != set(targets):
        raise ValueError("every target needs a gain and two lists, with and without, for each number of baskets")
    if any(places != list(range(1, len(places) + 1)) for places in given) or given.map(len).nunique() > 1:
        raise ValueError("the places of every list must run from 1 on, and all lists be equally long")


def _table(lists: pd.DataFrame, gains: pd.DataFrame, name: Pair, scale: float, shown: bool) -> str:
    """Return all lists of one target department, which the script reads, too."""
    zh = "✓ 表示下一篮里有这件商品；“多得”是全部家庭 NDCG@10 之差的平均，方括号里是 95% 区间"
    en = "✓ marks what the next basket holds; the gain is the mean difference in NDCG@10 over all households, with its "
    heads = [("已知几篮", "Baskets known"), ("多得", "Gain"), *_KINDS.values()]
    head = "".join(f'<th scope="col">{both(*words)}</th>' for words in heads)
    rows = []
    for row in gains.itertuples():
        own = lists[lists["known"] == row.known].sort_values("place")
        cells = "".join(f'<td class="{kind}">{_list(own[own["kind"] == kind])}</td>' for kind in _KINDS)
        rows.append(
            f'<tr style="{_at(row, scale)}"><th scope="row">{row.known}</th>'
            f'<td class="gain">{_interval(row)}</td>{cells}</tr>\n'
        )
    return (
        f"<details{' data-shown' * shown}><summary>{both('全部列表', 'All lists')} · {both(*name)}</summary>"
        f'<div class="table-scroll" tabindex="0"><table><caption>{both(zh, en + "95% interval")}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{''.join(rows)}</tbody></table></div></details>\n"
    )


def _at(row: Any, scale: float) -> str:
    """Return where gain and interval lie on the track, whose middle is zero."""
    return ";".join(f"--{key}:{50 + 50 * getattr(row, key) / scale:.1f}%" for key in ("gain", "low", "high"))


def _interval(row: Any) -> str:
    return f"{row.gain:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"


def _status(row: Any) -> str:
    """Return the live line; the script says the same of other numbers of baskets."""
    gain = f'<b class="gain">{_interval(row)}</b>'
    known = f'<b class="known">{row.known:.0f}</b>'
    said = ("跨过零", "across zero")
    if row.low > 0 or row.high < 0:
        said = ("在零之上", "above zero") if row.low > 0 else ("在零之下", "below zero")
    zh, en = (f'<span class="said">{words}</span>' for words in said)
    zh = f"已知 {known} 篮：有桥比没有桥，NDCG@10 平均多得 {gain}，区间{zh}。"
    return both(zh, f"{known} baskets known: the bridge gains {gain} in NDCG@10 on average, its interval {en}.")


def _list(rows: pd.DataFrame) -> str:
    """Return a list, with a mark at what was bought."""
    items = (
        f"<li>{'✓ ' * bool(row.bought)}{both(escape(str(row.name_zh)), escape(str(row.name_en)))}</li>"
        for row in rows.itertuples()
    )
    return f"<ol>{''.join(items)}</ol>"
