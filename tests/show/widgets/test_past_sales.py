"""The widget of past sales, static half: what a reader without scripts gets."""

import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import past_sales

STEPS = (0, 3, 10, 50)
MODELS = {"words": ("文本", "Words"), "encoder": ("编码器", "Encoder"), "knn": ("近邻", "Neighbours")}
RIVALS = {"level": ["words", "encoder"], "rivals": ("words", "knn")}


def table(products=3, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (p, f"商品 {p}", f"Product {p}", model, n, rng.random(), rng.integers(6), 5 + p)
        for p in range(products)
        for model in MODELS
        for n in STEPS
    ]
    return pd.DataFrame(
        rows, columns=["product", "name_zh", "name_en", "model", "sales", "place", "listed", "buyers"]
    ).set_index(rng.permutation(len(rows)))


def soup_of(frame, **settings):
    return BeautifulSoup(past_sales(frame, MODELS, **RIVALS | settings).data, "html.parser")


def test_each_product_has_a_table_of_all_its_places():
    frame = table()
    soup = soup_of(frame.sample(frac=1, random_state=0).sort_values("product", kind="stable"))
    for product, details in enumerate(soup.select("details")):
        head, *rows = details.select("tr")
        assert [int(cell.text) for cell in head.select("th")[1:]] == list(STEPS)
        assert [row.th.select_one("[lang=en]").text for row in rows] == [en for _, en in MODELS.values()]
        own = frame[frame["product"] == product].set_index(["model", "sales"])
        for row, model in zip(rows, MODELS, strict=True):
            cells = [own.loc[(model, n)] for n in STEPS]
            assert [c.text for c in row.select("td")] == [f"{100 * c['place']:.0f} ({c['listed']})" for c in cells]
        assert details["data-buyers"] == str(5 + product)
        assert [name.text for name in details.select("summary [lang=zh]")] == ["全部数字", f"商品 {product}"]
    assert [d.has_attr("data-shown") for d in soup.select("details")] == [True, False, False]


def test_the_tracks_start_at_the_first_product_with_the_fewest_sales():
    frame = table()
    soup = soup_of(frame)
    first = frame[(frame["product"] == 0) & (frame["sales"] == 0)].set_index("model")["place"]
    lanes = soup.select(".lanes li")
    assert [lane.select_one(".value").text for lane in lanes] == [f"{100 * first[m]:.0f}%" for m in MODELS]
    assert [lane.select_one(".dot")["style"] for lane in lanes] == [f"left:{100 * first[m]:.0f}%" for m in MODELS]
    assert [lane.has_attr("data-level") for lane in lanes] == [True, True, False]
    assert len({lane["style"] for lane in lanes}) == len(lanes)  # a colour each
    assert (soup.find("past-sales")["data-early"], soup.find("past-sales")["data-late"]) == ("0", "2")


@pytest.mark.parametrize(
    ("late", "passes"),
    [
        ((0.9, 0.9, 0.9, 0.9), 0),
        ((0.1, 0.9, 0.9, 0.9), 1),
        ((0.9, 0.1, 0.9, 0.9), 2),  # ahead for good, not for once
        ((0.1, 0.1, 0.5, 0.9), 3),  # a draw isn't ahead
        ((0.1, 0.9, 0.504, 0.9), 3),  # nor is what a reader sees as one
        ((0.9, 0.9, 0.9, 0.1), 4),
    ],
)
def test_it_knows_from_where_on_the_second_rival_stays_ahead(late, passes):
    frame = table(1).sort_index()
    frame = frame.sort_values(["model", "sales"])
    frame["place"] = frame["place"].where(frame["model"] != "words", 0.5).astype(float)
    frame.loc[frame["model"] == "knn", "place"] = late
    assert soup_of(frame).details["data-from"] == str(passes)


def test_the_line_and_the_question_name_both_rivals_in_both_languages():
    soup = soup_of(table(), n=50)
    for lang, (early, late) in {"zh": ("文本", "近邻"), "en": ("Words", "Neighbours")}.items():
        for text in (soup.select_one(f".ask [lang={lang}]").text, soup.select_one(f".status > [lang={lang}]").text):
            assert early in text
            assert late in text
    assert re.search(r"first 50\b", soup.select_one(".status > [lang=en]").text)


def test_the_table_is_left_alone():
    frame = table()
    before = frame.copy()
    past_sales(frame, MODELS, **RIVALS)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("name_zh", None, "name in both languages"),
        ("place", 1.01, "from 0"),
        ("place", np.nan, "from 0"),
        ("sales", -1, "can't be negative"),
        ("listed", 90, "can't exceed buyers"),
        ("model", "words", "product 0 needs one place for each"),
        ("buyers", 9, "product 0 has one number of buyers"),
    ],
)
def test_bad_values_are_named(column, value, message):
    frame = table()
    values = frame[column].tolist()
    values[11] = value
    with pytest.raises(ValueError, match=message):
        past_sales(frame.assign(**{column: values}), MODELS, **RIVALS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rivals": ("knn", "words")}, "rivals are"),
        ({"rivals": ("words", "encoder")}, "rivals are"),
        ({"rivals": ("words", "svd")}, "rivals are"),
        ({"level": ["words", "tea"]}, "level is"),
        ({"n": 0}, "n is 0"),
        ({"models": {"words": MODELS["words"]}}, "there are 1 models"),
        ({"models": MODELS | {str(i): ("茶", "Tea") for i in range(5)}}, "there are 8 models"),
        ({"models": MODELS | {"svd": ("分解", "SVD")}}, "product 0 needs one place"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        past_sales(table(), **{"models": MODELS} | RIVALS | change)


def test_missing_columns_and_rows_are_named():
    with pytest.raises(ValueError, match=r"lack the columns \['place'\]"):
        past_sales(table().drop(columns="place"), MODELS, **RIVALS)
    with pytest.raises(ValueError, match="places are empty"):
        past_sales(table()[:0], MODELS, **RIVALS)
    with pytest.raises(ValueError, match="product 2 needs one place"):
        past_sales(table()[:-1].sort_values("product"), MODELS, **RIVALS)
