"""What chapters say of themselves: complete, in both languages, true of their text, and shown on cards."""

import re
from pathlib import Path

import autocorrect_py
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook
from small_book import build

from bilingual import SLIDE, pick

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = [path for path in sorted([*BOOK.glob("[0-9]*.ipynb"), *BOOK.glob("[0-9]*/*.ipynb")]) if path.stem != "index"]
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)
SECONDS = {"word": 60 / 200, "formula": 4, "line of code": 2}


def minutes_to_read(path: Path) -> float:
    """Return how long a chapter takes to read, by its English words, its formulas and its lines of code."""
    cells = nbformat.read(path, as_version=4).cells
    others = {"lang-zh", SLIDE}
    prose = [c.source for c in cells if c.cell_type == "markdown" and not others & {*c.metadata.get("tags", ())}]
    text = "\n\n".join(prose)
    counts = {
        "word": len(re.findall("[A-Za-z]+", FORMULA.sub("", text))),
        "formula": len(FORMULA.findall(text)),
        "line of code": sum(len(cell.source.splitlines()) for cell in cells if cell.cell_type == "code"),
    }
    return sum(SECONDS[kind] * n for kind, n in counts.items()) / 60


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapters_say_what_they_take(path: Path) -> None:
    chapter = nbformat.read(path, as_version=4).metadata.chapter
    assert abs(chapter.minutes_to_read / minutes_to_read(path) - 1) < 0.2
    assert chapter.minutes_to_read % 5 == 0
    assert chapter.minutes_to_run >= 1
    assert 0 < chapter.memory_gb <= 3


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapters_say_what_they_are_about(path: Path) -> None:
    about = nbformat.read(path, as_version=4).metadata.chapter.about
    zh, en = pick(about, "zh"), pick(about, "en")
    assert zh != en
    assert zh.endswith("。")
    assert en.endswith(".")
    assert not autocorrect_py.lint_for(zh, "markdown").lines


TOC = "format: jb-book\nroot: index\nchapters:\n- file: second\n- file: 01_first\n- file: notes\n"


def page(title: str, about: str = "") -> str:
    notebook = new_notebook(cells=[new_markdown_cell(f"# {title}\n\nText.")])
    if about:
        notebook.metadata["chapter"] = {
            "about": about, "minutes_to_read": 40, "minutes_to_run": 2, "memory_gb": 2,
        }  # fmt: skip
    return nbformat.writes(notebook)


@pytest.fixture(scope="module", params=["zh", "en"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pages = {
        "_toc.yml": TOC,
        "index.md": "# Home\n\n```{chapters}\n```",
        "second.ipynb": page("2 Second", "第二章。 | The second."),
        "01_first.ipynb": page("1 First", "第一章。 | The first."),
        "notes.ipynb": page("Notes"),
    }
    settings = {"external_toc_path": "_toc.yml"}
    more = ["sphinx_external_toc", "chapters"]
    return build(tmp_path_factory.mktemp("book"), pages, request.param, more=more, settings=settings)


def test_cards_follow_the_table_of_contents(site: Path) -> None:
    soup = BeautifulSoup((site / "index.html").read_text("utf8"), "html.parser")
    cards = soup.select(".cards > li")
    is_chinese = soup.html["lang"] == "zh-CN"
    abouts = ["第二章。", "第一章。"] if is_chinese else ["The second.", "The first."]
    assert [card.select("p")[1].get_text() for card in cards] == abouts
    assert [card.a["href"] for card in cards] == ["second.html", "01_first.html"]
    assert [card.select_one(".number").get_text() for card in cards] == ["2", "1"]
    assert [card.a.get_text() for card in cards] == ["2 Second", "1 First"]


def test_a_chapter_begins_with_what_it_takes(site: Path) -> None:
    card, top = (
        BeautifulSoup((site / name).read_text("utf8"), "html.parser").select_one(".facts")
        for name in ("index.html", "second.html")
    )
    assert top.find_previous_sibling().name == "h1"
    assert card.get_text() == top.get_text()
    assert re.findall(r"\d+", top.get_text()) == ["40", "2", "2"]
    assert 'class="facts"' not in (site / "notes.html").read_text("utf8")
