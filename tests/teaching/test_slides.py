"""Slides are made of a chapter's own cells: what is on them, in whose language, and what is on no page."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bilingual import keep_cells
from notebook_cache import read_notebook
from slides import BOOK, MOST, chapters, has_slides, kind_of, page, read_text, slide_type, slides_of, title_slide

LONGEST = {"zh": 140, "en": 340}  # letters of a slide's text, formulas aside: what can be read at a glance
by_chapter = pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9pt"><text>家 | Home</text></svg>'


def text(source: str, kind: str, *tags: str) -> NotebookNode:
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}, "tags": ["slide", *tags]})


def code(kind: str, *outputs: NotebookNode, **metadata: object) -> NotebookNode:
    return new_code_cell("x", outputs=list(outputs), metadata={"slideshow": {"slide_type": kind}, **metadata})


def soup(cells: list[NotebookNode], lang: str = "en") -> BeautifulSoup:
    notebook = new_notebook(cells=cells, metadata={"chapter": {"about": "讲什么。 | What it is about."}})
    return BeautifulSoup(page(slides_of(notebook, lang), lang), "html.parser")


def displayed(data: dict, **metadata: object) -> NotebookNode:
    return new_output("display_data", data, metadata=metadata)


BEGIN = text("(slide-a)=\n## A $x$\n\nSay **this**.", "slide", "lang-en", "guess")
CHINESE = text("(slide-a)=\n## 甲\n\n说这个。", "slide", "lang-zh", "guess")


def test_a_slide_has_its_text_its_figure_and_its_notes() -> None:
    figure = code("fragment", displayed({"image/svg+xml": SVG}), mystnb={"figure": {"caption": "家 | A home"}})
    found = soup([CHINESE, BEGIN, new_code_cell("hidden"), figure, text("Slowly.", "notes", "lang-en")])
    [section] = found.select(".slides > section")
    assert (section["id"], section["class"]) == ("slide-a", ["guess"])
    assert section.select_one(".badge").get_text() == "Guess first"
    assert section.h2.select_one(".formula svg")
    assert section.select_one(".text strong").get_text() == "this"
    assert section.select_one(".figure.fragment svg")["aria-label"] == "A home"
    assert section.select_one("svg text").get_text() == "Home"
    assert section.select_one("aside.notes").get_text().strip() == "Slowly."
    assert "hidden" not in found.get_text()


def test_each_language_has_its_own() -> None:
    table = displayed({"text/html": '<table><td><span lang="zh">茶</span> <span lang="en">Tea</span></td></table>'})
    zh = soup([CHINESE, BEGIN, code("-", table)], "zh")
    assert zh.html["lang"] == "zh-CN"
    assert zh.h2.get_text() == "甲"
    assert zh.select_one(".table td").get_text() == "茶"
    assert zh.select_one(".badge").get_text() == "先猜一猜"


def test_what_is_said_to_the_book_alone_is_on_no_slide() -> None:
    outputs = [
        displayed({"text/plain": "✓ claim-a"}, finding={"name": "claim-a"}),
        new_output("stream", name="stderr", text="50%"),
        new_output("stream", name="stdout", text="a < b\n"),
    ]
    section = soup([BEGIN, code("-", *outputs)]).section
    assert [part.get_text() for part in section.select("pre")] == ["a < b"]
    assert "claim" not in section.get_text()


def test_widgets_and_long_outputs_are_told_apart() -> None:
    row = f"<tr><th>a</th><td>{'0.1234 ' * 12}</td></tr>"
    found = {kind: kind_of(html) for kind, html in {
        "widget": "<rank-guess><table><tr></tr></table></rank-guess>",
        "table": "<table><tr><th>a</th></tr></table>",
        "table wide": f"<table>{row}</table>",
        "table dense": f"<table>{row * 10}</table>",
        "lines": "<p>one</p>",
        "lines small": f"<p>{'one, ' * 40}</p>",
    }.items()}  # fmt: skip
    assert [*found] == [*found.values()]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([text("## A", "slide", "lang-en")], "label"),
        ([text("(slide-a)=\nno title", "slide", "lang-en")], "title"),
        ([text("x", "fragment", "lang-en")], "before the first slide"),
        ([BEGIN, code("-")], "puts nothing out"),
        ([BEGIN, text("{ref}`there <sec-a>`", "-", "lang-en")], "plain Markdown"),
        ([BEGIN, text(":::{note}\nx\n:::", "-", "lang-en")], "plain Markdown"),
    ],
)
def test_what_cannot_be_a_slide_says_so(cells: list[NotebookNode], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        slides_of(new_notebook(cells=cells), "en")


def test_formulas_are_set_when_slides_are_made() -> None:
    html = read_text("$$\na &= b \\\\\n&= c\n$$ (eq-a)\n\nand $x$")
    assert html.count("<svg") == 2
    assert "eq-a" not in html


def test_pages_and_notebooks_leave_slides_out() -> None:
    notebook = new_notebook(cells=[CHINESE, BEGIN, new_markdown_cell("text", metadata={"tags": ["lang-en"]})])
    assert [cell.source for cell in keep_cells(notebook, "en").cells] == ["text"]


def test_a_file_needs_no_other_and_carries_the_licence() -> None:
    html = page(slides_of(new_notebook(cells=[BEGIN]), "en"), "en")
    assert "Hakim El Hattab" in html
    assert not re.search(r'(?:src|href)="(?!data:|#)', html.split("<script>")[0])
    assert "sourceMappingURL" not in html


def test_every_chapter_has_slides() -> None:
    assert [path.stem for path in chapters() if not has_slides(path)] == []


@by_chapter
def test_slides_are_few_and_have_what_a_class_needs(path: Path) -> None:
    cells = read_notebook(path).cells
    for lang in ("zh", "en"):
        own = [cell for cell in cells if f"lang-{lang}" in cell.metadata.get("tags", ()) and slide_type(cell)]
        begun = [cell for cell in own if slide_type(cell) == "slide"]
        assert 5 <= len(begun) <= MOST - 1  # the title is one, too
        assert sum(slide_type(cell) == "notes" for cell in own) == len(begun)
        assert sum("guess" in cell.metadata.tags for cell in begun) >= 3


@by_chapter
def test_text_on_slides_is_short(path: Path) -> None:
    for lang, most in LONGEST.items():
        lengths: dict[str, int] = {}
        for cell in read_notebook(path).cells:
            kind = slide_type(cell)
            if kind == "slide" and f"lang-{lang}" in cell.metadata.tags:
                label = cell.source.split(")", 1)[0]
                lengths[label] = 0
            if kind not in ("", "notes") and f"lang-{lang}" in cell.metadata.get("tags", ()):
                lengths[label] += len(re.sub(r"\$[^$]+\$|^\(.*\)=$", "", cell.source, flags=re.MULTILINE))
        assert not {label: n for label, n in lengths.items() if n > most}


@by_chapter
def test_labels_name_one_slide_each(path: Path) -> None:
    sources = [cell.source for cell in read_notebook(path).cells if slide_type(cell) == "slide"]
    labels = [source.split("\n")[0] for source in sources]
    assert labels[::2] == labels[1::2]
    assert len({*labels}) == len(labels) / 2


def test_the_title_is_the_chapters() -> None:
    slide = title_slide(read_notebook(BOOK / "05_project.ipynb"), "zh")
    assert slide.title.startswith("5 项目实践")
    assert "只供教学" in slide.parts[0]
