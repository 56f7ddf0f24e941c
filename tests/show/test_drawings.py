"""Pictures: what is written stays on the sheet, within its box and clear of the rest, in both languages."""

import itertools
import re
import warnings
from pathlib import Path as FilePath

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from pybtex.database import parse_file

from shoprec.data.journey import complete_journey
from shoprec.experiments.toolbox import TOOLS
from shoprec.formulas.fusion import hybrid_score
from shoprec.show.drawings import need_tree, reranking, rule_tree, shop, two_terms
from shoprec.show.drawings.attention import draw_heads, draw_masks
from shoprec.show.drawings.block import draw_blocks
from shoprec.show.drawings.bridges import draw_bridges
from shoprec.show.drawings.canvas import arrow, box, path, sheet, vector, write
from shoprec.show.drawings.cascade import draw_cascade
from shoprec.show.drawings.fair_meanings import draw_fair_meanings
from shoprec.show.drawings.name_tree import draw_name_tree
from shoprec.show.drawings.need_tree import draw_need_tree
from shoprec.show.drawings.platforms import draw_platforms
from shoprec.show.drawings.reranking import draw_reranking
from shoprec.show.drawings.reweighting import draw_reweighting
from shoprec.show.drawings.rule_tree import draw_rule_tree
from shoprec.show.drawings.semantic_id import draw_semantic_id
from shoprec.show.drawings.time_cut import draw_time_cut
from shoprec.show.drawings.toolchain import draw_toolchain
from shoprec.show.drawings.transformer import draw_pointing, draw_transformer
from shoprec.show.drawings.two_terms import draw_two_terms
from shoprec.show.drawings.works import WORKS, draw_works
from shoprec.show.plotting import draw_svg, use_style
from shoprec.tasks import TEST_CUT, VALIDATION_CUT, next_basket_split

mpl.use("Agg")

#: A basket of section 4.1, with the longest names that its picture has to find room for.
BASKET = [
    ("优质热狗肠", "Hot dogs"), ("蛇果", "Red Delicious apples"), ("餐巾纸", "Paper napkins"),
    ("漂白水", "Liquid bleach"), ("优质热狗肠", "Hot dogs"), ("热狗面包", "Hot dog buns"),
    ("泡沫餐盘", "Foam plates"), ("奶酪丝", "Shredded cheese"),
]  # fmt: skip
#: A page's fonts may be wider than the one that figures are measured with.
WIDER = 1.15
HAN = re.compile("[一-鿿]")


def visits() -> pd.DataFrame:
    """Six households that come every two weeks; the last one stays away in December."""
    days = pd.date_range("2017-09-03", "2017-12-30", freq="14D")
    table = pd.DataFrame([(user, day + pd.Timedelta(user, "h")) for user in range(21, 27) for day in days])
    table.columns = ["user", "timestamp"]
    table["basket"] = range(len(table))
    return table[(table["user"] < 26) | (table["timestamp"] < TEST_CUT)]


DRAWINGS = {
    "transformer": draw_transformer,
    "pointing": draw_pointing,
    "blocks": draw_blocks,
    "masks": draw_masks,
    "heads": lambda: draw_heads(np.random.default_rng(0).normal(size=(8, 16)), BASKET),
    "two terms": draw_two_terms,
    "reweighting": draw_reweighting,
    "name tree": draw_name_tree,
    "cascade": lambda: draw_cascade(9_646),
    "bridges": draw_bridges,
    "fair_meanings": draw_fair_meanings,
    "platforms": draw_platforms,
    "toolchain": draw_toolchain,
    "time cut": lambda: draw_time_cut(visits()),
    "reranking": draw_reranking,
    "rule tree": draw_rule_tree,
    "semantic id": draw_semantic_id,
    "need tree": lambda: draw_need_tree(dict.fromkeys(need_tree.ANSWERS, True)),
    "works": draw_works,
}


@pytest.fixture(autouse=True)
def _style():
    """The book's style, which is undone afterwards."""
    with mpl.rc_context():
        use_style()
        yield
        plt.close("all")


@pytest.fixture(params=["zh", "en"])
def language(request, monkeypatch):
    monkeypatch.setenv("SHOPREC_LANGUAGE", request.param)
    return request.param


def extent(text: Text) -> Bbox:
    """Where a line stands, in points, if Latin letters are wider than those it is measured with."""
    drawn = text.get_window_extent(text.figure.canvas.get_renderer()).transformed(text.axes.transData.inverted())
    (x0, x1), (y0, y1) = sorted((drawn.x0, drawn.x1)), sorted((drawn.y0, drawn.y1))
    wider = 1.0 if HAN.search(text.get_text()) else WIDER
    if text.get_rotation() == 0:
        anchor = {"left": x0, "right": x1}.get(text.get_ha(), (x0 + x1) / 2)
        x0, x1 = (anchor + wider * (x - anchor) for x in (x0, x1))
    else:
        y0, y1 = ((y0 + y1) / 2 + wider * (y1 - y0) / 2 * side for side in (-1, 1))
    return Bbox([[x0, y0], [x1, y1]])


def around(patch: Patch) -> Bbox:
    """The box of a patch, in points."""
    return patch.get_path().transformed(patch.get_patch_transform()).get_extents()


def problems(axis: Axes) -> list[str]:
    """Lines that leave the sheet or their box, stand on one another, or have a line drawn through them."""
    texts = {text: extent(text) for text in axis.texts if text.get_text()}
    width, bottom = axis.get_xlim()[1], axis.get_ylim()[0]
    boxes = [around(p) for p in axis.patches if isinstance(p, FancyBboxPatch | Rectangle | Polygon)]
    lines = [line.get_path() for line in axis.lines if line.get_linestyle() != "None"]
    shafts = (patch.get_path().vertices[:3] for patch in axis.patches if isinstance(patch, FancyArrowPatch))
    lines += [Path(shaft) for shaft in shafts]
    found = []
    for text, at in texts.items():
        name = text.get_text()
        if at.x0 < 0 or at.x1 > width or at.y0 < 0 or at.y1 > bottom:
            found.append(f"{name} leaves the sheet")
        middle = (at.x0 + at.x1) / 2, (at.y0 + at.y1) / 2
        homes = [home for home in boxes if home.contains(*middle)]
        home = min(homes, key=lambda b: b.width * b.height, default=None)
        if home is not None and (at.x0 < home.x0 or at.x1 > home.x1):
            found.append(f"{name} is wider than its box")
        core = at.expanded(1, 0.7)
        found += [f"a line goes through {name}" for line in lines if line.intersects_bbox(core, filled=False)]
    for (one, a), (other, b) in itertools.combinations(texts.items(), 2):
        if a.expanded(1, 0.7).overlaps(b.expanded(1, 0.7)):
            found.append(f"{one.get_text()} stands on {other.get_text()}")
    return found


@pytest.mark.parametrize("name", DRAWINGS)
def test_words_have_their_place(name, language):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a character without a glyph is a warning
        (axis,) = DRAWINGS[name]().axes
        axis.figure.canvas.draw()
    assert len(axis.texts) > 5
    assert problems(axis) == []


@pytest.mark.parametrize("name", DRAWINGS)
def test_words_are_in_both_languages(name):
    (axis,) = DRAWINGS[name]().axes
    said = [text.get_text() for text in axis.texts]
    alone = [words for words in said if " | " not in words]
    assert any(" | " in words for words in said)
    names = {*TOOLS, "pandas", "llama.cpp", *(work.name for work in WORKS)}  # the same in both languages
    assert [words for words in alone if re.search(r"[a-z]{2}|[一-鿿]", words) and words not in names] == []


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_page_gets_the_sheet_as_large_as_it_is(name):
    figure = DRAWINGS[name]()
    width, height = (
        float(size) for size in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', draw_svg(figure)).groups()
    )
    wide, high = figure.get_size_inches() * 72
    assert wide <= 480  # a phone shows it at nine tenths
    assert abs(width - wide) < 16  # and a margin
    assert abs(height - high) < 16


def test_labels_that_are_too_long_would_be_noticed(language):
    _, axis = sheet(300, 100)
    box(axis, 100, 10, 50, 20, ("放不进这个小框的长长的标签", "a label that is far too long"))
    assert any("is wider than its box" in found for found in problems(axis))


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda axis: write(axis, 195, 50, ("出界", "beyond")), "leaves the sheet"),
        (lambda axis: write(axis, 104, 53, ("压着", "above")), "stands on"),
        (lambda axis: path(axis, (10, 50), (190, 50)), "a line goes through"),
        (lambda axis: arrow(axis, (100, 10), (100, 90)), "a line goes through"),
    ],
)
def test_other_faults_would_be_noticed(language, spoil, problem):
    _, axis = sheet(200, 100)
    write(axis, 100, 50, ("中间的字", "in the middle"))
    vector(axis, 10, 10, 40, 10, "grey")
    assert problems(axis) == []
    spoil(axis)
    assert any(problem in found for found in problems(axis))


def test_the_household_is_in_the_data():
    purchases = complete_journey().purchases
    task = next_basket_split(purchases, VALIDATION_CUT, until=TEST_CUT)
    history, user = task.history, task.users.get_loc(shop.USER)
    own = slice(history.start[user + 1] - len(shop.WINDOW), history.start[user + 1])
    days, before = history.day[own], history.day[own.start - 1]
    assert task.items[history.item[own]].tolist() == [one.product.item for one in shop.WINDOW]
    assert [f"{day:%m-%d}" for day in pd.to_datetime(days, unit="D")] == [one.date for one in shop.WINDOW]
    assert np.allclose(task.cut_day - days, [one.age for one in shop.WINDOW], atol=0.05)
    assert np.allclose(np.diff(days, prepend=before), [one.gap for one in shop.WINDOW], atol=0.05)
    assert set(task.items[task.targets[[user]].indices]) == {product.item for product in shop.NEXT.products}
    first = purchases[(purchases["user"] == shop.USER) & (purchases["timestamp"] >= VALIDATION_CUT)]["timestamp"].min()
    assert f"{first:%m-%d}" == shop.NEXT.date
    assert (len(history.item), len(task.items)) == (shop.N_EVENTS, shop.N_PRODUCTS)


def test_products_are_the_shops_and_as_popular_as_drawn():
    journey = complete_journey()
    task = next_basket_split(journey.purchases, VALIDATION_CUT, until=TEST_CUT)
    products = [shop.PIZZA, shop.DRINK, shop.BANANAS, shop.APPLES, shop.CANDY, shop.MILK, *shop.NEW_CANDY]
    codes = task.items.get_indexer([product.item for product in products])
    assert np.bincount(task.history.item)[codes].tolist() == [product.sold for product in products]
    for product, (zh, en) in zip(products, journey.names(task.items[codes]), strict=True):
        assert product.name[0] in zh
        assert product.name[1].lower() in en.lower()


def test_the_pointing_picture_shows_what_the_formulas_give():
    (axis,) = draw_pointing(half_life=90).axes
    counted = sum(2 ** (-one.age / 90) for one in shop.WINDOW if one.product == shop.PIZZA)
    assert f"∑ 𝑒ʳ = {counted:.2f}" in [text.get_text() for text in axis.texts]
    added = [patch.get_width() for patch in axis.patches if isinstance(patch, Rectangle) and patch.get_height() == 16][
        1::2
    ]
    assert np.isclose(max(added) / 20, np.log1p(counted))
    rows = (shop.BANANAS, shop.MILK, shop.PIZZA, shop.DRINK, shop.CANDY, shop.APPLES)
    pointed = {row: sum(2 ** (-one.age / 90) for one in shop.WINDOW if one.product == row) for row in rows}
    scores = [np.log(row.sold + 1) + np.log1p(pointed[row]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_two_terms_say_which_product_comes_first():
    bananas, milk = hybrid_score(
        two_terms.USER, two_terms.ITEMS, two_terms.CODES, two_terms.BEHAVIOUR, two_terms.W1, two_terms.W2
    )
    assert milk > bananas
    taste = np.dot(two_terms.ITEMS, two_terms.USER)
    assert taste[0] > taste[1]  # so that behaviour decides
    (axis,) = draw_two_terms().axes
    assert {f"{bananas:.1f}", f"{milk:.1f}"} <= {text.get_text() for text in axis.texts}


def test_a_target_is_the_first_basket_of_its_month():
    table = visits()
    (axis,) = draw_time_cut(table).axes
    rings = {round(line.get_xdata()[0]): line for line in axis.lines if line.get_markersize() == 10}
    first = table[table["timestamp"] >= VALIDATION_CUT].groupby("user")["timestamp"].min()
    expected = 62 + 101 * (2 + (first - pd.Timestamp(VALIDATION_CUT)) / pd.Timedelta(days=30))
    assert set(expected.round().astype(int)) <= rings.keys()
    assert sum("没来" in text.get_text() for text in axis.texts) == 1
    n_rings = sum(line.get_markersize() == 10 for line in axis.lines)
    assert n_rings == 6 + 5 + 1  # November, December, and the legend's


def test_the_second_place_goes_to_what_is_worth_most():
    relevance, shared, value = reranking.values()
    (axis,) = draw_reranking().axes
    said = [text.get_text() for text in axis.texts]
    best = 1 + int(np.argmax(value[1:]))
    assert best == len(relevance) - 1, "the least relevant one, for what it adds"
    assert said.count(f"{reranking.CANDIDATES[best][0][0]} | {reranking.CANDIDATES[best][0][1]}") == 2
    assert np.array_equal(relevance, np.sort(relevance)[::-1])
    assert shared[best] == 0


def test_the_tree_keeps_what_rule_and_cap_allow():
    kept, count = [], {}
    for way in sorted(rule_tree.PRODUCTS, key=lambda way: way[-1]):
        count[way[:3]] = count.get(way[:3], 0) + 1
        if (
            way[:1] not in rule_tree.FORBIDDEN
            and way[:2] not in rule_tree.FORBIDDEN
            and count[way[:3]] <= rule_tree.CAP
        ):
            kept.append(way[-1])
    assert rule_tree.chosen() == kept
    (axis,) = draw_rule_tree().axes
    assert any(" · ".join(map(str, kept)) in text.get_text() for text in axis.texts)


@pytest.mark.parametrize("name", sorted(need_tree.ANSWERS.keys() - {"find"}))
def test_an_answer_that_the_run_does_not_bear_out_is_not_drawn(name):
    holds = dict.fromkeys(need_tree.ANSWERS, True)
    for spoilt in (holds | {name: False}, {key: value for key, value in holds.items() if key != name}):
        with pytest.raises(ValueError, match=f"the tree's answer {name}"):
            draw_need_tree(spoilt)
    (axis,) = draw_need_tree(holds).axes
    assert sum(f"§ {need_tree.ANSWERS[name].section}" == text.get_text() for text in axis.texts) == 1


def test_works_stand_in_their_year_and_are_those_of_the_bibliography():
    entries = parse_file(FilePath(__file__).parents[2] / "book" / "references.bib").entries
    assert [work for work in WORKS if entries[work.key].fields["year"] != str(work.year)] == []
    (axis,) = draw_works().axes
    heights = {text.get_text(): text.get_position()[1] for text in axis.texts}
    years = [text for text in heights if re.fullmatch(r"\d{4}", text)]
    assert years == sorted(years)
    for work in WORKS:
        later = [heights[year] for year in years if int(year) > work.year]
        assert heights[str(work.year)] - 3 < heights[work.name] < min(later, default=np.inf) - 6
