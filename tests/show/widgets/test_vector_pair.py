"""The two vectors' static half: what a reader without scripts gets."""

import math
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from printed import number

from shoprec.formulas.similarity import cosine_similarity, euclidean_distances
from shoprec.show.widgets import vector_pair

lengths = st.integers(5, 50).map(lambda tenths: tenths / 10)
vectors = st.tuples(lengths, st.integers(-180, 180))


def soup(*pair):
    return BeautifulSoup(vector_pair(*pair).data, "html.parser")


def measures(page):
    """Read the table: for each measure, as they are and as unit vectors."""
    return {
        row.select_one("td")["class"][0]: [number(cell.text) for cell in row.select("td")]
        for row in page.select("tbody tr")
    }


@given(a=vectors, b=vectors)
def test_the_table_agrees_with_the_package(a, b):
    points = np.array([[r * math.cos(math.radians(t)), r * math.sin(math.radians(t))] for r, t in (a, b)])
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    found = measures(soup(a, b))
    for column, x in enumerate((points, unit)):
        assert found["dot"][column] == pytest.approx((x @ x.T)[0, 1], abs=6e-4)
        assert found["cosine"][column] == pytest.approx(cosine_similarity(x)[0, 1], abs=6e-4)
        assert found["distance"][column] == pytest.approx(euclidean_distances(x)[0, 1], abs=6e-4)


def test_no_zero_has_a_minus():
    for angle in range(-180, 181):
        assert not re.search(r">[-−]0\.000<", vector_pair((3, angle), (2, 90)).data)


def test_the_picture_shows_the_vectors():
    page = soup((4, 0), (2, 90))
    a, b = page.select_one("line.a"), page.select_one("line.b")
    assert [float(a["x2"]), float(a["y2"])] == [4, 0]
    assert [float(b["x2"]), float(b["y2"])] == [0, -2], "up is negative on a screen"
    chord = page.select_one("line.chord:not(.unit)")
    assert [float(chord[k]) for k in ("x1", "y1", "x2", "y2")] == [4, 0, 0, -2]
    assert page.select_one("svg")["aria-hidden"] == "true", "the table says the same"


def test_sliders_hold_the_arguments_on_their_steps():
    page = soup((3.14, 12.6), (0.5, -180))
    values = [[slider["value"] for slider in page.select(f"input.{name}")] for name in "ab"]
    assert values == [["13", "3.1"], ["-180", "0.5"]]
    assert [output.text for output in page.select("output")] == ["13°", "3.1", "−180°", "0.5"]


@pytest.mark.parametrize(
    ("a", "message"),
    [
        ((0.4, 0), "length of a"),
        ((5.1, 0), "length of a"),
        ((float("nan"), 0), "length of a"),
        ((1, 181), "angle of a"),
    ],
)
def test_bad_arguments_are_named(a, message):
    with pytest.raises(ValueError, match=message):
        vector_pair(a)
    with pytest.raises(ValueError, match=message.replace(" a", " b")):
        vector_pair((1, 0), a)
