"""A new product, and who finds it: the place that each model gives it, as its past sales are dialled up."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, choice, custom_element
from shoprec.words import Pair

_COLUMNS = ("product", "name_zh", "name_en", "model", "sales", "place", "listed", "buyers")
_COLOURS = ("#009e73", "#cc79a7", "#767676", "#0072b2", "#e69f00", "#dd4422", "#56b4e9")


def past_sales(
    places: pd.DataFrame, models: Mapping[str, Pair], *, level: Sequence[str], rivals: tuple[str, str], n: int = 100
) -> HTML:
    """Show a track for each model, on which a marker says where its lists have a product that was sold so many times.

    The output holds a table of all places for each product. Where scripts run, a slider sets the sales; those models
    that learn from sales stay hidden until the reader has guessed at how many of them one model passes another.

    Parameters
    ----------
    places
        One row per product, model and number of sales: ``product``, ``name_zh``, ``name_en``, ``model``, ``sales``,
        ``place``, from 0 for the end of the list to 1 for its top, and ``listed``, of how many of its ``buyers`` the
        product is among the first ``n``. Every product has the same models and numbers of sales. Twelve products with
        six models and eight numbers are plenty.
    models
        Name of each model in Chinese and English, in the order of the tracks; at most seven.
    level
        The models that don't look at sales, whose markers are seen before the guess.
    rivals
        The model to pass, one of ``level``, and the one that passes it, which isn't.
    n
        Length of the lists that ``listed`` is about.

    Returns
    -------
    IPython.display.HTML
        The element ``<past-sales>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column, a name or a row is missing, a number is out of range, or the rivals don't fit the models.

    Examples
    --------
    >>> rows = [(1, "茶", "Tea", m, s, p, 0, 3) for m, s, p in (("a", 0, .6), ("a", 9, .6), ("b", 0, .1), ("b", 9, .9))]
    >>> names = ["product", "name_zh", "name_en", "model", "sales", "place", "listed", "buyers"]
    >>> models = {"a": ("文本", "Words"), "b": ("近邻", "Neighbours")}
    >>> shown = past_sales(pd.DataFrame(rows, columns=names), models, level=["a"], rivals=("a", "b"))
    >>> 'data-from="1"' in shown.data  # from the second number of sales on, b is ahead of a
    True
    """
    _check(places, models, level, rivals, n)
    steps = sorted(int(s) for s in places["sales"].unique())
    groups = [group for _, group in places.groupby("product", sort=False)]
    names = [(escape(group["name_zh"].iloc[0]), escape(group["name_en"].iloc[0])) for group in groups]
    first = {model: row for (model, sales), row in _cells(groups[0]).items() if sales == steps[0]}
    lanes = (
        _lane(name, models, first[name], name in level, colour) for name, colour in zip(models, _COLOURS, strict=False)
    )
    body = f"""\
{choice(("商品", "Product"), names)}
<p class="ask">{_ask(models, rivals)}</p>
<p class="sales"><label><span>{both("以前卖出过几次", "Past sales")}</span>
<input type="range" min="0" max="{len(steps) - 1}" step="1" value="0" autocomplete="off">
<output aria-live="off">{steps[0]}</output></label>
<button type="button" class="check">{both("对答案", "Check my guess")}</button></p>
<p class="heads"><span>{both("排在多少商品前面", "Ahead of")}</span> \
<span>{both(f"在前 {n} 件里", f"In the first {n}")}</span></p>
<ol class="lanes">
{"".join(lanes)}</ol>
<p class="axis"><span>{both("列表末尾", "End of the list")}</span><span>{both("随机排序", "Chance")}</span>\
<span>{both("最前", "Top")}</span></p>
{_status(models, rivals, first, steps[0], n)}
{"".join(_table(g, p, models, steps, rivals, n, i == 0) for i, (g, p) in enumerate(zip(groups, names, strict=True)))}"""
    places_of = dict(zip(("early", "late"), map(list(models).index, rivals), strict=True))
    return custom_element("past-sales", body, **places_of)


def _check(
    places: pd.DataFrame, models: Mapping[str, Pair], level: Sequence[str], rivals: tuple[str, str], n: int
) -> None:
    """Raise a ValueError that says what is wrong."""
    if missing := [name for name in _COLUMNS if name not in places]:
        raise ValueError(f"places lack the columns {missing}")
    if places.empty:
        raise ValueError("places are empty")
    if not all(isinstance(name, str) for name in places[["name_zh", "name_en"]].to_numpy().ravel()):
        raise ValueError("every product needs a name in both languages")
    if not 2 <= len(models) <= len(_COLOURS):
        raise ValueError(f"there are {len(models)} models; there is room for 2 to {len(_COLOURS)}")
    early, late = rivals
    if not set(level) <= set(models) or early not in level or late in level or late not in models:
        raise ValueError(f"rivals are {rivals}, level is {list(level)}; the first must be in level, the second not")
    if n < 1:
        raise ValueError(f"n is {n}, the length of a list, which must be at least 1")
    if not places["place"].between(0, 1).all():
        raise ValueError("a place is a number from 0, the end of the list, to 1, its top")
    if not (places["sales"].ge(0) & places["listed"].ge(0) & places["listed"].le(places["buyers"])).all():
        raise ValueError("sales and listed can't be negative, and listed can't exceed buyers")
    every = {(name, sales) for name in models for sales in places["sales"].unique()}
    for product, own in places.groupby("product", sort=False):
        if len(own) != len(every) or set(zip(own["model"], own["sales"], strict=True)) != every:
            raise ValueError(f"product {product} needs one place for each model and each number of sales")
        if own["buyers"].nunique() > 1:
            raise ValueError(f"product {product} has one number of buyers, whatever the model")


def _ask(models: Mapping[str, Pair], rivals: tuple[str, str]) -> str:
    (early_zh, early_en), (late_zh, late_en) = (map(escape, models[name]) for name in rivals)
    zh = f"卖出过几次以后，{late_zh}会把它排得比{early_zh}更靠前？先把滑块拖到你猜的次数，再对答案。"
    en = f"After how many sales does {late_en} put it further in front than {early_en} does? "
    return both(zh, en + "Drag the slider to your guess, then check it.")


def _percent(place: float) -> str:
    return f"{100 * place:.0f}%"


def _cells(own: pd.DataFrame) -> dict[tuple[str, int], Any]:
    """Return the rows of one product, by model and number of sales."""
    rows: Iterable[Any] = own[list(_COLUMNS)].itertuples()
    return {(row.model, int(row.sales)): row for row in rows}


def _lane(name: str, models: Mapping[str, Pair], row: Any, level: bool, colour: str) -> str:
    """Return a model's track, its marker at the first number of sales."""
    zh, en = map(escape, models[name])
    at = _percent(row.place)
    return (
        f'<li{" data-level" * level} style="--c:{colour}"><span class="model">{both(zh, en)}</span>'
        f'<span class="track"><i class="dot" style="left:{at}"></i></span><b class="value">{at}</b>'
        f'<span class="listed">{row.listed} / {row.buyers}</span></li>\n'
    )


def _status(models: Mapping[str, Pair], rivals: tuple[str, str], first: Mapping[str, Any], sales: int, n: int) -> str:
    """Return the live line: places and lists of both rivals, and, once there is a guess, what came of it."""

    def number(name: str, value: object) -> str:
        return f'<b class="{name}">{value}</b>'

    (early_zh, early_en), (late_zh, late_en) = (tuple(map(escape, models[name])) for name in rivals)
    early, late = (
        (number(f"{part}-place", _percent(first[name].place)), number(f"{part}-listed", first[name].listed))
        for name, part in zip(rivals, ("early", "late"), strict=True)
    )
    sold, buyers = number("sold", sales), number("buyers", first[rivals[0]].buyers)
    zh = f"卖出过 {sold} 次。12 月有 {buyers} 次首次购买：{early_zh}把它排在 {early[0]} 的商品前面，"
    zh += f"有 {early[1]} 次在前 {n} 件里<span>；{late_zh}把它排在 {late[0]} 的商品前面，"
    zh += f"有 {late[1]} 次在前 {n} 件里</span>。"
    en = f"Sold {sold} times. In December it is bought for the first time {buyers} times: {early_en} has it ahead of "
    en += f"{early[0]} of the products, and {early[1]} times among the first {n}<span>; {late_en} has it ahead of "
    en += f"{late[0]}, and {late[1]} times among the first {n}</span>. "
    guess, start = number("guess", sales), number("from", sales)
    zh += f'<span class="verdict">你猜 {guess} 次；<span class="passes">从 {start} 次起，{late_zh}更靠前。</span>'
    zh += f'<span class="never">卖到最多，{late_zh}也没有更靠前。</span></span>'
    en += f'<span class="verdict">You guessed {guess}; <span class="passes">{late_en} is ahead from {start} on.</span>'
    en += f'<span class="never">{late_en} never gets ahead.</span></span>'
    return f'<p class="status" role="status">{both(zh, en)}</p>'


def _passes(own: pd.DataFrame, steps: Sequence[int], rivals: tuple[str, str]) -> int:
    """Return the step from which on the second rival is ahead, in per cent; as many as there are, if it never is."""
    percent = (100 * own.pivot(index="sales", columns="model", values="place").loc[list(steps)]).round()
    behind = [i for i, ahead in enumerate(percent[rivals[1]] > percent[rivals[0]]) if not ahead]
    return behind[-1] + 1 if behind else 0


def _table(
    own: pd.DataFrame,
    name: Pair,
    models: Mapping[str, Pair],
    steps: Sequence[int],
    rivals: tuple[str, str],
    n: int,
    shown: bool,
) -> str:
    """Return all places of one product, which the script reads, too."""
    rows = _cells(own)
    buyers = int(own["buyers"].iloc[0])
    zh = f"排在百分之几的商品前面（括号里：{buyers} 次首次购买，有几次在前 {n} 件里）"
    en = f"Ahead of how many per cent of the products (in brackets: how many of {buyers} times among the first {n})"
    head = "".join(f'<th scope="col">{step}</th>' for step in steps)
    body = []
    for model in models:
        cells = (rows[model, step] for step in steps)
        body.append(
            f'<tr><th scope="row">{both(*map(escape, models[model]))}</th>'
            + "".join(f"<td>{100 * cell.place:.0f} ({cell.listed})</td>" for cell in cells)
            + "</tr>\n"
        )
    return (
        f'<details{" data-shown" * shown} data-buyers="{buyers}" data-from="{_passes(own, steps, rivals)}"><summary>'
        f"{both('全部数字', 'All numbers')} · {both(*name)}</summary>"
        f'<div class="table-scroll" tabindex="0"><table><caption>{both(zh, en)}</caption><thead><tr>'
        f'<th scope="col">{both("卖出次数", "Sales")}</th>{head}</tr></thead><tbody>\n{"".join(body)}</tbody></table>'
        "</div></details>\n"
    )
