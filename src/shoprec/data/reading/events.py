"""Rows that aren't purchases: the reader's choice of rows, and columns that call for one."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from shoprec.data.reading.header import no_column
from shoprec.data.reading.table import Table
from shoprec.data.reading.values import Coded
from shoprec.data.report import DataError, Ledger

Where = Mapping[str, str | Sequence[object]]
_NAMES = (
    r"(?i)(?:^|[_\s.-])(?:event|status|action|behaviou?r|state)(?:$|[_\s.-])|(?:event|status|action|behaviou?r)"
    r"(?:type|name|$)|行为|状态|狀態|事件|操作"
)
_SOUGHT = (
    *("purchase", "purchased", "buy", "bought", "transaction", "order", "ordered", "sale", "complete", "completed"),
    *("paid", "delivered", "success", "购买", "購買", "下单", "成交", "完成", "已完成", "交易成功", "已付款", "已支付"),
)
_OTHERS = {
    *("view", "views", "viewed", "pageview", "pv", "impression", "click", "clicks", "search", "cart", "addtocart"),
    *("add_to_cart", "remove_from_cart", "fav", "favorite", "wishlist", "cancel", "cancelled", "canceled", "return"),
    *("returned", "refund", "refunded", "failed", "declined", "void", "浏览", "瀏覽", "曝光", "点击", "點擊", "加购"),
    *(
        "加入购物车",
        "收藏",
        "取消",
        "已取消",
        "退款",
        "已退款",
        "退货",
        "退貨",
        "已退货",
        "交易关闭",
        "已关闭",
        "待付款",
        "未付款",
    ),
}


def keep_where(table: Table, where: Where, ledger: Ledger) -> None:
    """Drop the rows in which a column has none of the values that the reader named.

    Raises
    ------
    DataError
        If there is no such column, or none of its values is one of those named.
    """
    for name, chosen in where.items():
        if name not in table.header:
            raise DataError(f"{table.label}, {table.unit} 1: " + no_column(table.header, name, 'where={"%s": […]}'))
        column = Coded.of(name, table.columns([table.header.index(name)])[0])
        values = [chosen] if isinstance(chosen, str) else [str(value) for value in chosen]
        texts = [text.strip() for text in column.texts.to_pylist()]
        if unknown := [value for value in values if value not in texts]:
            raise DataError(
                f"{table.label}, column {name!r}: where= names {unknown[0]!r}, but the column has {_counted(column)}."
            )
        named = ", ".join(map(repr, values))
        ledger.drop(~np.isin(texts, values)[column.codes], f"{name} not {named}", asked=True)


def note_events(table: Table, used: Sequence[int]) -> None:
    """Note each column that tells purchases from other events, since without a choice all count."""
    rows = [fields for _, fields in table.top(1000)]
    for at, name in enumerate(table.header):
        if at in used:
            continue
        seen = {fields[at].strip().lower() for fields in rows if at < len(fields)}
        if not (re.search(_NAMES, name) or seen & _OTHERS):
            continue
        column = Coded.of(name, table.columns([at])[0])
        texts = [text.strip() for text in column.texts.to_pylist()]
        if len(texts) > 50 or not ({text.lower() for text in texts} & _OTHERS or (2 <= len(texts) <= 20)):
            continue
        sought = next((text for text in texts if text.lower() in _SOUGHT), "…")
        table.notes.append(
            f"column {name!r} has {_counted(column)}, and all count as purchases; choose with "
            f'where={{"{name}": ["{sought}"]}}'
        )


def _counted(column: Coded) -> str:
    """The commonest values of a column, with their numbers of rows."""
    counts = np.bincount(column.codes, minlength=len(column.texts))
    order = np.argsort(-counts, kind="stable")[:8]
    listed = ", ".join(f"{column.texts[int(at)].as_py()[:30]!r} ({counts[at]:,})" for at in order)
    return listed + (f" and {len(counts) - 8} more values" if len(counts) > 8 else "")
