"""A guess at each setting of an experiment: on which side of zero will its interval lie, and in how many months?"""

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.experiments.lineup import month
from shoprec.show.widgets.element import both, custom_element
from shoprec.words import Pair

Choices = Mapping[str, tuple[Pair, Mapping[str, Pair]]]
_NUMBERS = ["gain", "low", "high"]
_SIDES: Mapping[int, Pair] = {
    -1: ("在零之下", "below zero"),
    0: ("跨过零", "across zero"),
    1: ("在零之上", "above zero"),
}
_MARKS = {-1: " ▼", 0: "", 1: " ▲"}


def fusion_switch(gains: pd.DataFrame, choices: Choices) -> HTML:
    """Let the reader choose a setting, guess where the interval of its gain lies, and see it, month by month.

    The output holds a table of all settings. Where scripts run, each choice is a row of switches; what hasn't been
    recorded with the choices above it can't be chosen. A setting's numbers appear once the reader has guessed, and the
    line below counts the settings seen, the right guesses, and the intervals above zero. Nothing is stored.

    Parameters
    ----------
    gains
        One row per setting and month, and one for all months, whose ``cut`` is ``"all"``: a column for each choice, and
        ``cut, gain, low, high``. Every setting has the same months.
    choices
        Of each choice, its column, what it is called in Chinese and English, and its options by their key, likewise.

    Returns
    -------
    IPython.display.HTML
        The element ``<fusion-switch>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column, a month or an option's name is missing, a setting is there twice, or a number isn't finite.

    Examples
    --------
    >>> rows = [("text", "2017-12-01", 0.01, -0.01, 0.02), ("text", "all", 0.01, -0.01, 0.02)]
    >>> gains = pd.DataFrame(rows, columns=["added", "cut", "gain", "low", "high"])
    >>> shown = fusion_switch(gains, {"added": (("加什么", "Added"), {"text": ("文字", "Text")})})
    >>> "+0.0100 [−0.0100, +0.0200]" in shown.data
    True
    """
    columns = list(choices)
    _check(gains, choices)
    cuts = sorted(set(gains["cut"]) - {"all"})
    scale = float(gains[["low", "high"]].abs().to_numpy().max()) or 1.0
    settings = {tuple(map(str, key)): own.set_index("cut") for key, own in gains.groupby(columns, sort=False)}
    order = [list(options) for _, options in choices.values()]
    keys = sorted(settings, key=lambda key: [o.index(k) for o, k in zip(order, key, strict=True)])
    rows = "".join(_row(key, settings[key].loc[[*cuts, "all"]], choices, scale) for key in keys)
    switches = "".join(_switches(place, choice, column, keys) for place, (column, choice) in enumerate(choices.items()))
    body = f"""\
<form>
{switches}\
<p class="note">{both("灰色的组合没有记录。", "Greyed out: not recorded in this combination.")}</p>
{_ask(len(cuts))}
</form>
<ol class="lanes">
{"".join(_lane(both(*month(cut))) for cut in cuts)}{_lane(both(*_together(len(cuts))), " class='pooled'")}</ol>
<p class="axis" aria-hidden="true"><span>{-scale:+.4f}</span><span>0</span><span>{scale:+.4f}</span></p>
<p class="status" role="status">{both(f"{len(keys)} 种里看过 0 种。", f"Seen: 0 of {len(keys)} settings.")}</p>
{_table(rows, choices, cuts, len(keys))}"""
    return custom_element("fusion-switch", body)


def _check(gains: pd.DataFrame, choices: Choices) -> None:
    """Raise a ValueError that says what is wrong."""
    columns = list(choices)
    if missing := [column for column in (*columns, "cut", *_NUMBERS) if column not in gains]:
        raise ValueError(f"gains lack the columns {missing}")
    if not columns or gains.empty:
        raise ValueError("there must be a choice, and a setting to choose")
    for column, (_, options) in choices.items():
        if unknown := sorted(set(gains[column]) - set(options)):
            raise ValueError(f"{column} has no name for {unknown}")
    if not np.isfinite(gains[_NUMBERS].to_numpy(float)).all() or (gains["low"] > gains["high"]).any():
        raise ValueError("gains and intervals must be finite, and low at most high")
    if gains.duplicated([*columns, "cut"]).any():
        raise ValueError("a setting has two gains in a month")
    cuts = set(gains["cut"])
    if "all" not in cuts or len(cuts) < 2 or (gains.groupby(columns).size() != len(cuts)).any():
        raise ValueError("every setting needs one gain for each month, and one for all")


def _together(n: int) -> Pair:
    return f"{n} 个月合起来", f"All {n} months"


def _switches(place: int, choice: tuple[Pair, Mapping[str, Pair]], name: str, keys: list[tuple[str, ...]]) -> str:
    """Return a choice as radio buttons, the first setting's on; the form keeps them apart from other widgets'."""
    title, options = choice
    recorded = {key[place] for key in keys if key[:place] == keys[0][:place]}
    radios = "".join(
        f'<label><input type="radio" name="{name}" value="{at}" autocomplete="off"'
        f"{' checked' * (key == keys[0][place])}{' disabled' * (key not in recorded)}>"
        f"<span>{both(*map(escape, words))}</span></label>"
        for at, (key, words) in enumerate(options.items())
    )
    legend = both(*map(escape, title))
    return f'<fieldset><legend>{legend}</legend><div class="options">{radios}</div></fieldset>\n'


def _ask(n: int) -> str:
    buttons = "".join(
        f'<button type="button" value="{side}" aria-pressed="false">{both(zh, en.capitalize())}</button>'
        for side, (zh, en) in _SIDES.items()
    )
    zh = f"先猜：比只有历史多得的 NDCG@10，{n} 个月合起来的 95% 区间在哪里？"
    en = f"Guess first: where is the 95% interval, over all {n} months, of the gain in NDCG@10 over the history alone?"
    return f'<p class="ask">{both(zh, en)}</p><p class="guesses">{buttons}</p>'


def _lane(name: str, attributes: str = "") -> str:
    """Return a month's track, which is empty before the guess."""
    return (
        f'<li{attributes}><span class="name">{name}</span><span class="track"><i class="bar"></i><i class="dot"></i>'
        '</span><b class="value">?</b></li>\n'
    )


def _side(row: Any) -> int:
    """Return 1 for an interval above zero, −1 for one below it, else 0."""
    return int(row["low"] > 0) - int(row["high"] < 0)


def _row(key: tuple[str, ...], numbers: pd.DataFrame, choices: Choices, scale: float) -> str:
    """Return a setting in the table that the script reads, too; a cell's style says where its interval lies."""
    heads, places = [], []
    for part, (_, options) in zip(key, choices.values(), strict=True):
        heads.append(f'<th scope="row">{both(*map(escape, options[part]))}</th>')
        places.append(list(options).index(part))
    cells = []
    for cut, row in numbers.iterrows():
        at = ";".join(f"--{name}:{50 + 50 * row[name] / scale:.1f}%" for name in _NUMBERS)
        text = f"{row['gain']:+.4f}"
        text += f" [{row['low']:+.4f}, {row['high']:+.4f}]" if cut == "all" else ""
        cells.append(f'<td style="{at}" data-side="{_side(row)}">{text}{_MARKS[_side(row)]}</td>')
    return f'<tr data-at="{" ".join(map(str, places))}">{"".join(heads + cells)}</tr>\n'


def _table(rows: str, choices: Choices, cuts: list[str], n: int) -> str:
    titles = [title for title, _ in choices.values()]
    heads = [*titles, *map(month, cuts), _together(len(cuts))]
    head = "".join(f'<th scope="col">{both(*map(escape, words))}</th>' for words in heads)
    zh = "比只有历史多得的 NDCG@10；▲、▼：95% 区间整个在零之上、之下。一个月的区间只管那个月的家庭，都没有校正。"
    en = "Gain in NDCG@10 over the history alone; ▲ and ▼: the 95% interval is wholly above or below zero. "
    en += "A month's interval is about its households alone; none is corrected."
    return (
        f"<details><summary>{both(f'全部 {n} 种', f'All {n} settings')}</summary>"
        f'<p class="note">{both(zh, en)}</p><div class="table-scroll" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div></details>\n"
    )
