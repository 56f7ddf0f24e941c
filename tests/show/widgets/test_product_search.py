"""The product search's static half: what a reader without scripts gets, and the data that the script reads."""

import json

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import product_search


@pytest.fixture
def names():
    return pd.DataFrame({"name_zh": [f"商品 {i}" for i in range(9)], "name_en": [f"Product {i}" for i in range(9)]})


@pytest.fixture
def near():
    rng = np.random.default_rng(0)
    return {lang: rng.uniform(-0.5, 1, size=(7, 9)) for lang in ("zh", "en")}


@pytest.fixture
def letters(near):
    return {"zh": np.zeros((7, 9)), "en": near["en"] - 0.6}


def data_of(soup):
    return json.loads(soup.select_one("script[type='application/json']").text)


def soup_of(*arguments, **options):
    return BeautifulSoup(product_search(*arguments, **options).data, "html.parser")


def test_the_data_hold_the_best_products_that_are_found_at_all(names, near, letters):
    data = data_of(soup_of(names, near, letters, k=4))
    assert (data["zh"], data["en"]) == (names["name_zh"].tolist(), names["name_en"].tolist())
    for side, by in (("encoder", near), ("letters", letters)):
        for lang in ("zh", "en"):
            for word, flat in enumerate(data["found"][side][lang]):
                scores = pd.Series(by[lang][word]).sort_values(ascending=False).head(4)
                scores = scores[(100 * scores).round() > 0]
                assert flat[::2] == scores.index.tolist()
                assert flat[1::2] == (100 * scores).round().astype(int).tolist()
    assert not any(data["found"]["letters"]["zh"])


def test_the_first_word_is_shown_with_what_it_finds(names, near, letters):
    soup = soup_of(names, near, letters)
    found = data_of(soup)["found"]
    assert soup.select_one(".status .word b[lang=zh]").text == "商品 0"
    for side in ("encoder", "letters"):
        flat = found[side]["zh"][0]
        rows = soup.select(f".sides .{side} tbody tr")
        assert [r.select_one("b[lang=en]").text for r in rows] == [f"Product {i}" for i in flat[::2]]
        assert [r.select_one("small[lang=zh]").text for r in rows] == [f"商品 {i}" for i in flat[::2]]
        assert [r.select_one(".score").text for r in rows] == [f"{s / 100:.2f}" for s in flat[1::2]]
        assert [r.select_one(".mark").text == "●" for r in rows] == [i == 0 for i in flat[::2]]
        assert {b.text for b in soup.select(f".status .{side}")} == {str(len(rows))}
        assert soup.select_one(f".sides .{side} .nothing").has_attr("hidden") == bool(rows)


def test_examples_have_the_first_of_each_way(names, near, letters):
    soup = soup_of(names, near, letters)
    rows = soup.select(".examples tbody tr")
    expected = [(lang, word) for lang in ("zh", "en") for word in range(6)]
    assert len(rows) == len(expected)
    for row, (lang, word) in zip(rows, expected, strict=True):
        assert row.select_one(f"th b[lang={lang}]").text == names.iloc[word][f"name_{lang}"]
        for cell, by in zip(row.select("td"), (near, letters), strict=True):
            best = by[lang][word].argmax()
            wanted = f"Product {best}" if by[lang][word, best] >= 0.005 else "–"
            assert (cell.select_one("b[lang=en]") or cell).text == wanted


def test_the_box_is_a_combobox_with_a_name(names, near, letters):
    soup = soup_of(names, near, letters)
    box = soup.select_one("label input")
    assert (box["role"], box["aria-expanded"], box["aria-autocomplete"]) == ("combobox", "false", "list")
    assert soup.select_one("label span[lang=zh]").text
    assert soup.select_one("ul[role=listbox]").has_attr("hidden")


def test_a_shops_vocabulary_stays_small():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 26, size=(500, 20))
    names = pd.DataFrame({
        "name_zh": ["".join(chr(0x4E00 + c) for c in word[:6]) for word in words],
        "name_en": ["".join(chr(97 + c) for c in word) for word in words],
    })  # fmt: skip
    near = {lang: rng.random((300, 500)) for lang in ("zh", "en")}
    assert len(product_search(names, near, {"zh": np.zeros((300, 500)), "en": near["en"]}).data.encode()) < 75_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n, a, b: (n.drop(columns="name_zh"), a, b), r"lack the columns \['name_zh'\]"),
        (lambda n, a, b: (n.iloc[:0], a, b), "a name in both languages"),
        (lambda n, a, b: (n.assign(name_en=None), a, b), "a name in both languages"),
        (lambda n, a, b: (n, {"zh": a["zh"]}, b), "encoder lacks 'en'"),
        (lambda n, a, b: (n, a, {**b, "en": b["en"][:, :4]}), r"letters\['en'\] has shape \(7, 4\)"),
        (lambda n, a, b: (n, a, {**b, "en": b["en"][:3]}), r"of \[3, 7\] words"),
        (lambda n, a, b: (n, {**a, "zh": a["zh"] * np.nan}, b), r"encoder\['zh'\] must be finite"),
        (lambda n, a, b: (n, {**a, "zh": a["zh"] + 1}, b), "at most 1"),
    ],
)
def test_what_does_not_fit_is_named(names, near, letters, change, message):
    with pytest.raises(ValueError, match=message):
        product_search(*change(names, near, letters))


def test_no_list_is_longer_than_there_are_products(names, near, letters):
    assert all(len(flat) <= 18 for flat in data_of(soup_of(names, near, letters, k=50))["found"]["encoder"]["zh"])
    with pytest.raises(ValueError, match="k is 0"):
        product_search(names, near, letters, k=0)
