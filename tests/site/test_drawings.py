"""Figures in pages: in the page's language, with names, ids that don't clash, and colours that follow the theme."""

import io
import re
from base64 import b64decode, b64encode
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import seaborn as sns
from axe_playwright_python.sync_playwright import Axe
from book_pages import CHAPTER, VIEWS
from bs4 import BeautifulSoup
from nbformat import writes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from playwright.sync_api import Page, expect
from small_book import build as build_book

from drawing import PNG, drawn_in, inline, lighten
from shoprec.show.drawings.transformer import draw_transformer
from shoprec.show.plotting import draw_svg, use_style
from side_by_side import merge_page
from site_search import INDEX, read_index


@pytest.fixture(scope="module")
def drawn() -> str:
    """A figure as a run makes it: lines, markers, dark and white text, a formula, and what is too dense for paths."""
    with mpl.rc_context():
        use_style()
        figure, axis = plt.subplots(figsize=(5, 3))
        axis.plot([1, 3, 2], "o-", label="召回率 | Recall")
        axis.plot([2, 2, 3], "o--", color="black", label="$k^2$")
        axis.scatter([0, 1], [1, 1], rasterized=True)
        axis.text(1, 2, "7", color="white")
        axis.set(xlabel="轮 | Round", title="Transformer")
        axis.legend()
        svg = draw_svg(figure)
        plt.close(figure)
    return svg


def notebook(svg: str, *looks: dict) -> str:
    """A page whose cells draw the same figure, each with a look of its own."""
    output = new_output("display_data", {"image/svg+xml": svg, "text/plain": "<Figure>"})
    cells = [new_code_cell("draw()", outputs=[output], metadata={"mystnb": look}) for look in looks]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return writes(new_notebook(cells=[new_markdown_cell("# A"), *cells], metadata={"kernelspec": kernel}))


def test_labels_are_in_one_language(drawn: str) -> None:
    for lang, words, other in (("zh", ("召回率", "轮"), "Round"), ("en", ("Recall", "Round"), "轮")):
        svg = drawn_in(drawn, lang)
        assert all(f">{word}</text>" in svg for word in (*words, "Transformer", "7"))
        assert other not in svg


def test_a_figure_becomes_part_of_the_page(drawn: str) -> None:
    root = ET.fromstring(inline(drawn, "drawing-1-", "Two <lines>"))
    assert (root.get("role"), root.get("aria-label")) == ("img", "Two <lines>")
    svg = ET.tostring(root, "unicode")
    ids = re.findall(r'\bid="([^"]*)"', svg)
    used = re.findall(r'(?:href="#|url\(#)([^")]*)', svg)
    assert used
    assert set(used) <= set(ids)
    assert all(name.startswith("drawing-1-") for name in ids)
    assert "<style" not in svg  # it would be the whole page's
    assert "font-family" not in svg
    assert not re.search("patch_1|#000000|#0072b2|metadata", svg)
    assert re.search('style="[^"]*fill: #ffffff[^"]*"[^>]*>7</text>', svg)  # stands on a colour, which doesn't change
    assert not re.search(r'fill: #ffffff[^"]*"[^>]*/>', svg)
    assert "data:image/png" in svg


def heat_map(**look: object) -> str:
    """A heat map with its numbers and a bar beside it, on the page."""
    with mpl.rc_context():
        use_style()
        figure, axis = plt.subplots()
        sns.heatmap([[0.0, 0.4], [0.6, 1.0]], cmap="Blues", annot=True, ax=axis, **look)
        svg = draw_svg(figure)
        plt.close(figure)
    return inline(svg, "heat-", "Heat")


def test_the_lowest_colour_of_a_heat_map_is_the_pages() -> None:
    svg = heat_map()
    cells = re.findall(r'<path[^>]*style="fill: (color-mix[^"]*?\))[";]', svg)
    low, middle, high = (f"var(--heat-{name})" for name in ("low", "middle", "high"))
    assert [mix for mix in cells if f"{middle} 0%, {low}" in mix]
    assert [mix for mix in cells if f"{high} 100%, {middle}" in mix]
    texts = re.findall(r'<text style="[^"]*fill: ([^;"]*)[^"]*"[^>]*>([\d.]+)</text>', svg)
    inks = {text: ink for ink, text in texts if ink != "currentColor"}
    assert inks == dict.fromkeys(("0.6", "1"), "var(--pst-color-background)")


def test_pictures_of_heat_maps_are_known() -> None:
    assert 'class="heat"' in heat_map(rasterized=True)
    assert 'class="heat"' in heat_map()  # the bar


def test_other_pictures_are_no_heat_maps(drawn: str) -> None:
    assert 'class="heat"' not in inline(drawn, "a-", "Recall")


def test_pictures_of_many_colours_become_light() -> None:
    shades = np.linspace(0, 255, 200 * 300 * 4).reshape(200, 300, 4)
    file = io.BytesIO()
    Image.fromarray((shades + np.random.default_rng(0).random(shades.shape)).astype(np.uint8)).save(file, "PNG")
    heavy = PNG + b64encode(file.getvalue()).decode()
    light = lighten(heavy)
    assert len(light) < 0.5 * len(heavy)
    assert Image.open(io.BytesIO(b64decode(light.removeprefix(PNG)))).size == (300, 200)


def test_a_picture_that_is_light_stays() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (2, 2), "teal").save(file, "PNG")
    light = PNG + b64encode(file.getvalue()).decode()
    assert lighten(light) == light


def test_pages_have_named_figures_with_ids_of_their_own(tmp_path: Path, drawn: str) -> None:
    looks = {"figure": {"caption": "Recall by *round*", "name": "fig-a"}}, {"image": {"alt": "Recall rises"}}
    html = build_book(tmp_path, {"index.ipynb": notebook(drawn, *looks)}, "en", more=["drawing", "site_search"])
    page = BeautifulSoup((html / "index.html").read_text("utf8"), "html.parser")
    assert [figure["aria-label"] for figure in page.select("svg.drawing")] == ["Recall by round", "Recall rises"]
    assert page.select("#fig-a > svg.drawing")
    assert not page.select("img")
    ids = [element["id"] for element in page.select("svg.drawing [id]")]
    assert len(ids) == len(set(ids)) > 2
    assert "召回率" not in page.get_text()
    said = " ".join(entry["text"] for entry in read_index((html / INDEX).read_text("utf8")))
    assert "Recall by round" in said
    assert "transform" not in said  # drawings are no text to search for


@pytest.mark.parametrize("look", [{}, {"figure": {"caption": "The larger $k$, the better", "name": "fig-a"}}])
def test_a_figure_without_words_stops_the_build(tmp_path: Path, drawn: str, look: dict) -> None:
    with pytest.raises(ValueError, match=r"needs an `alt`, or a caption without formulas"):
        build_book(tmp_path, {"index.ipynb": notebook(drawn, look)}, "en", more=["drawing"])


def test_side_by_side_labels_are_in_both_languages(drawn: str) -> None:
    page = '<html><head><title>a — b</title></head><body><article class="bd-article">{}</article></body></html>'
    cell = '<div class="cell"><pre>draw()</pre><figure>{}</figure></div>'
    halves = (cell.format(inline(drawn_in(drawn, lang), "a-", name)) for lang, name in (("zh", "升"), ("en", "Rises")))
    both = BeautifulSoup(merge_page(*map(page.format, halves)), "html.parser").select_one("svg.drawing")
    assert both["aria-label"] == "升 · Rises"
    labels = [text.get_text() for text in both.select("text")]
    assert {"召回率 Recall", "轮 Round", "Transformer", "7"} <= set(labels)
    assert labels.count("Transformer") == 1


def test_side_by_side_a_picture_is_shown_in_each_language() -> None:
    with mpl.rc_context():
        use_style()
        svg = draw_svg(draw_transformer())
        plt.close("all")
    page = '<html><head><title>a — b</title></head><body><article class="bd-article">{}</article></body></html>'
    cell = '<div class="cell"><pre>draw()</pre><figure>{}</figure></div>'
    halves = (cell.format(inline(drawn_in(svg, lang), "a-", name)) for lang, name in (("zh", "谁读谁"), ("en", "Who")))
    both = BeautifulSoup(merge_page(*map(page.format, halves)), "html.parser")
    pictures = both.select("figure > svg.drawing.picture")
    assert [(picture["lang"], picture["aria-label"]) for picture in pictures] == [("zh-CN", "谁读谁"), ("en", "Who")]
    words = [{text.get_text() for text in picture.select("text")} for picture in pictures]
    assert [{"香蕉", "Bananas"} & said for said in words] == [{"香蕉"}, {"Bananas"}]
    ids = [element["id"] for element in both.select("[id]")]
    assert len(ids) == len(set(ids))
    used = {use["xlink:href"].removeprefix("#") for use in both.select("use")}
    used |= set(re.findall(r"url\(#([^)]*)\)", str(both)))
    assert used
    assert used <= set(ids)


@pytest.fixture(params=VIEWS)
def chapter(request: pytest.FixtureRequest, page: Page, site_url: str) -> Page:
    """A chapter in one of the views."""
    page.goto(f"{site_url}/{request.param}/{CHAPTER}.html")
    return page


def test_figures_take_the_colours_of_the_page(chapter: Page) -> None:
    text = chapter.locator("svg.drawing text").first
    for theme in ("light", "dark"):
        chapter.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        ink = chapter.evaluate("() => getComputedStyle(document.querySelector('article p:not([class])')).color")
        expect(text).to_have_css("fill", ink)


@pytest.mark.parametrize("width", [1280, 390])
def test_figures_fit_or_scroll_and_can_be_read(chapter: Page, width: int) -> None:
    chapter.set_viewport_size({"width": width, "height": 800})
    sideways, figures = chapter.evaluate(
        """() => [
            document.documentElement.scrollWidth - innerWidth,
            [...document.querySelectorAll("svg.drawing")].map((figure) => {
                const scale = figure.getBoundingClientRect().width / figure.viewBox.baseVal.width;
                const sizes = [...figure.querySelectorAll("text")].map((t) => parseFloat(getComputedStyle(t).fontSize));
                const box = figure.closest(".cell_output").getBoundingClientRect();
                return [box.right - innerWidth, scale * Math.min(...sizes)];
            }),
        ]"""
    )
    assert sideways <= 0
    assert figures
    assert all(over <= 0 and text >= 6 for over, text in figures), figures


AXE = {"preload": False, "resultTypes": ["violations"]}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_enlarges_figures(page: Page, site_url: str, view: str, scheme: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site_url}/{view}/{CHAPTER}.html")
    button = page.locator(".enlarge").first
    figure = page.locator("article svg.drawing").first
    name = figure.get_attribute("aria-label")
    for leave in ("Escape", "Enter"):  # closes, or presses the button that closes
        button.press("Enter")
        expect(page.get_by_role("dialog").get_by_role("img", name=name)).to_be_in_viewport(ratio=1)
        grown, text = page.locator("dialog svg").evaluate(
            """large => {
                const small = document.querySelector("article svg.drawing"), size = (e) => e.getBoundingClientRect();
                const sizes = [...large.querySelectorAll("text")].map((t) => parseFloat(getComputedStyle(t).fontSize));
                const scale = Math.max(size(large).width, size(large).height) / large.viewBox.baseVal.width;
                return [innerWidth - size(small).right, Math.min(scale, 1) * Math.min(...sizes)];
            }"""
        )
        assert grown < 0  # on the page it is wider than the window
        assert text >= 6
        if leave == "Escape":  # it is the same each time
            report = Axe().run(page, context={"include": [["dialog"]]}, options=AXE)
            assert not report.violations_count, report.generate_report()
        page.keyboard.press(leave)
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(button).to_be_focused()


def test_where_figures_fit_nothing_enlarges_them(page: Page, site_url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site_url}/zh/{CHAPTER}.html")
    assert page.locator(".enlarge").count() > 0
    expect(page.locator(".enlarge:visible")).to_have_count(0)
