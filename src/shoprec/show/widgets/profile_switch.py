"""A household's list with personalisation on and off, and what switching it off costs households like it."""

from html import escape
from typing import Any

import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, choice, custom_element

_LISTS = ("group", "kind", "place", "name_zh", "name_en", "bought")
_COSTS = ("group", "group_zh", "group_en", "cost", "low", "high")
_KINDS = {"on": ("个性化：开", "Personalisation on"), "off": ("个性化：关", "Personalisation off")}


def profile_switch(lists: pd.DataFrame, costs: pd.DataFrame) -> HTML:
    """Show a list with personalisation on and off, for a household of each group.

    The output holds a table of all lists. Where scripts run, a list chooses the group and a switch turns
    personalisation on and off.

    Parameters
    ----------
    lists
        One row per place of a list: ``group``, ``kind`` (``on`` or ``off``), ``place`` from 1, ``name_zh``,
        ``name_en``, and ``bought``, whether the household's next basket holds it. All lists are equally long.
    costs
        One row per group, in the order of the choice: ``group``, its names ``group_zh`` and ``group_en``, and the mean
        ``cost`` of switching off in NDCG with its interval, ``low`` to ``high``.

    Returns
    -------
    IPython.display.HTML
        The element ``<profile-switch>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column, a name or a list is missing, or an interval doesn't hold its cost.

    Examples
    --------
    >>> lists = pd.DataFrame([("a", kind, 1, "茶", "Tea", kind == "on") for kind in ("on", "off")], columns=[
    ...     "group", "kind", "place", "name_zh", "name_en", "bought"])
    >>> costs = pd.DataFrame([("a", "老人", "the old", 0.12, 0.1, 0.14)], columns=[
    ...     "group", "group_zh", "group_en", "cost", "low", "high"])
    >>> "0.120 [0.100, 0.140]" in profile_switch(lists, costs).data
    True
    """
    _check(lists, costs)
    names = [(escape(zh), escape(en)) for zh, en in costs[["group_zh", "group_en"]].itertuples(index=False)]
    own = {group: lists[lists["group"] == group].sort_values("place") for group in costs["group"]}
    first = own[costs["group"].iloc[0]]
    on = first[first["kind"] == "on"]
    body = f"""\
{choice(("这一组里的一户", "A household"), names)}
<p class="switch"><label><input type="checkbox" role="switch" checked autocomplete="off">
<span>{both("个性化", "Personalisation")}</span></label></p>
<div class="list">{_list(on)}</div>
<p class="status" role="status">{_status(costs.iloc[0], int(on["bought"].sum()), len(on))}</p>
{_table(own, costs, names)}"""
    return custom_element("profile-switch", body)


def _check(lists: pd.DataFrame, costs: pd.DataFrame) -> None:
    """Raise a ValueError that says what is wrong."""
    for table, name, columns in ((lists, "lists", _LISTS), (costs, "costs", _COSTS)):
        if missing := [column for column in columns if column not in table]:
            raise ValueError(f"{name} lack the columns {missing}")
    if costs.empty or costs["group"].duplicated().any():
        raise ValueError("costs must have one row for each group")
    if not (costs["low"].le(costs["cost"]) & costs["cost"].le(costs["high"])).all():
        raise ValueError("a cost must lie in its interval, from low to high")
    called = [*lists[["name_zh", "name_en"]].to_numpy().ravel(), *costs[["group_zh", "group_en"]].to_numpy().ravel()]
    if not all(isinstance(name, str) for name in called):
        raise ValueError("every product and every group needs a name in both languages")
    given = lists.groupby(["group", "kind"])["place"].agg(sorted)
    if set(given.index) != {(group, kind) for group in costs["group"] for kind in _KINDS}:
        raise ValueError("every group needs two lists, on and off")
    if any(places != list(range(1, len(places) + 1)) for places in given) or given.map(len).nunique() > 1:
        raise ValueError("the places of every list must run from 1 on, and all lists be equally long")


def _table(own: dict[Any, pd.DataFrame], costs: pd.DataFrame, names: list[tuple[str, str]]) -> str:
    """Return all lists, which the script reads, too."""
    zh = "✓ 表示下一篮里有这件商品；代价是这一组关掉个性化后 NDCG@10 平均少多少，方括号里是 95% 区间"
    en = "✓ marks what the next basket holds; the cost is by how much NDCG@10 falls in the group on average when "
    en += "personalisation is off, with its 95% interval"
    heads = [("组", "Group"), ("关掉的代价", "Cost of switching off"), *_KINDS.values()]
    head = "".join(f'<th scope="col">{both(*words)}</th>' for words in heads)
    rows = []
    for row, name in zip(costs.itertuples(), names, strict=True):
        lists = own[row.group]
        cells = "".join(f'<td class="{kind}">{_list(lists[lists["kind"] == kind])}</td>' for kind in _KINDS)
        rows.append(f'<tr><th scope="row">{both(*name)}</th><td class="cost">{_interval(row)}</td>{cells}</tr>\n')
    return (
        f"<details><summary>{both('全部列表', 'All lists')}</summary>"
        f'<div class="table-scroll" tabindex="0"><table><caption>{both(zh, en)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{''.join(rows)}</tbody></table></div></details>\n"
    )


def _interval(row: Any) -> str:
    return f"{row.cost:.3f} [{row.low:.3f}, {row.high:.3f}]"


def _status(row: Any, hits: int, n: int) -> str:
    """Return the live line; the script says the same of other groups and lists."""
    cost = f'<b class="cost">{_interval(row)}</b>'
    count = f'<b class="hits">{hits}</b>'
    zh = f'<span class="kind">{_KINDS["on"][0]}</span>。{n} 件里，下一篮有 {count} 件（✓）。'
    zh += f"这一组里，关掉个性化，NDCG@10 平均少 {cost}。"
    en = f'<span class="kind">{_KINDS["on"][1]}</span>: of {n} products, {count} are in the next basket (✓). '
    en += f"In this group, switching it off costs {cost} in NDCG@10 on average."
    return both(zh, en)


def _list(rows: pd.DataFrame) -> str:
    """Return a list, with a mark at what was bought."""
    items = (
        f"<li>{'✓ ' * bool(row.bought)}{both(escape(str(row.name_zh)), escape(str(row.name_en)))}</li>"
        for row in rows.itertuples()
    )
    return f"<ol>{''.join(items)}</ol>"
