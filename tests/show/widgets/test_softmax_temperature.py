"""The softmax widget's static half: what a reader without scripts gets."""

import json
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from printed import number
from scipy import special, stats

from shoprec.show.widgets import softmax_temperature

NAMES = [(f"商品 {i}", f"Product {i}") for i in range(5)]
SCORES = {d: np.random.default_rng(d).normal(size=5) * np.sqrt(d) for d in (4, 64, 16)}


def parse(output):
    return BeautifulSoup(output.data, "html.parser")


@pytest.mark.parametrize(("d", "temperature", "scaled"), [(64, 1.0, True), (4, 0.5, False), (16, 10.0, True)])
def test_the_table_holds_the_weights_and_what_follows_from_them(d, temperature, scaled):
    soup = parse(softmax_temperature(NAMES, SCORES, d=d, temperature=temperature, scaled=scaled))
    w = special.softmax(SCORES[d] / (np.sqrt(d) if scaled else 1) / temperature)
    shown = [float(cell.text) for cell in soup.select(".weight")]
    assert shown == pytest.approx(w, abs=0.0006)
    assert [number(cell.text) for cell in soup.select(".product")] == pytest.approx(SCORES[d], abs=0.006)
    widths = [float(re.search(r"[\d.]+", bar["style"])[0]) for bar in soup.select(".bar i")]
    assert widths == pytest.approx(100 * w, abs=0.06)
    jacobian = np.diag(w) - np.outer(w, w)
    expected = {
        ".entropy": stats.entropy(w),
        ".largest": w.max(),
        ".norm": np.sqrt(np.trace(jacobian @ jacobian)),
    }
    for selector, value in expected.items():
        assert float(soup.select_one(selector).text) == pytest.approx(value, abs=0.006)
    assert soup.select_one("input.scaled").has_attr("checked") == scaled
    assert soup.select_one(".dimension-value").text == str(d)


def test_dimensions_are_sorted_and_each_row_has_all_its_products():
    soup = parse(softmax_temperature(NAMES, SCORES))
    assert json.loads(soup.select_one("softmax-temperature")["data-dims"]) == [4, 16, 64]
    for i, row in enumerate(soup.select("tbody tr")):
        assert json.loads(row["data-products"]) == pytest.approx([SCORES[d][i] for d in (4, 16, 64)], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": NAMES[:1]}, "at least two keys"),
        ({"scores": {}}, "at least one dimension"),
        ({"names": ["牛奶"] * 5}, "a name is a pair"),
        ({"scores": {4: [1.0, 2.0]}}, "at dimension 4 must be 5 finite numbers"),
        ({"scores": {4: [1.0, 2.0, 3.0, 4.0, np.nan]}}, "5 finite numbers"),
        ({"d": 5}, r"choose one of \[4, 16, 64\]"),
        ({"temperature": 0.0}, "between 0.1 and 10.0"),
        ({"temperature": float("nan")}, "between 0.1 and 10.0"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        softmax_temperature(**({"names": NAMES, "scores": SCORES} | change))
