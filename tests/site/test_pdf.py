"""The book on paper: one file, in order, with what readers on paper need and nothing that they can't use."""

import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

PDF = runpy.run_path(str(Path(__file__).parents[2] / "book" / "pdf.py"))
HOME = """<h1 id="book">Book<a class="headerlink" href="#book">#</a></h1>
<p>Read <a href="part/a.html#sec-a">a section</a>, <a href="api.html">the reference</a>, <a href="https://a.b">more</a>.</p>"""
LONG = " ".join(["A section whose heading is so long that it takes several lines on paper"] * 3)
CHAPTER = f"""<h1>Chapter A</h1><p>Its <a href="../index.html">beginning</a>.</p><h2 id="sec-a">{LONG}</h2>
<div class="cell">
  <div class="cell_input"><details class="code" open><summary>Code</summary><pre>hidden</pre></details></div>
  <div class="cell_output"><pre>printed</pre></div>
</div>
<details class="quiz-option"><summary>an option</summary><div class="quiz-answer">its answer</div></details>
<details class="fold solution"><summary>Solution</summary><p>solved</p></details>
<details class="fold dropdown"><summary>More</summary><p>unfolded</p></details>
<pre>WIDE</pre><script>document.write("scripted")</script>"""


@pytest.fixture
def site(build: Path, tmp_path: Path) -> Iterator[Path]:
    """A small site in the look of the book."""
    folder = tmp_path / "en"
    (folder / "part").mkdir(parents=True)
    (folder / "_static").mkdir()
    [style] = (build / "en" / "_static").glob("style-*.css")
    shutil.copy(style, folder / "_static")
    for name, body in (("index", HOME), ("part/a", CHAPTER.replace("WIDE", "wide " * 60 + "end"))):
        (folder / f"{name}.html").write_text(f'<article class="bd-article">{body}</article>', "utf8")
    return folder


def test_a_book_on_paper(page: Page, site: Path, tmp_path: Path) -> None:
    pdf = PDF["print_book"](page, site, ["index", "part/a"], tmp_path / "pdf" / "en.pdf")
    reader = PdfReader(pdf)
    home, contents, chapter = (sheet.extract_text() for sheet in reader.pages)
    assert home.split("\n")[0] == "Book"
    assert contents.split("\n")[0] == "Contents"
    assert "Chapter A 3" in contents.replace("\n", " ")
    assert home.rstrip().endswith("1")
    assert all(text in chapter for text in ("Chapter A", "printed", "an option", "unfolded", "end"))
    assert not any(text in chapter for text in ("hidden", "its answer", "solved", "scripted"))
    assert chapter.rstrip().endswith("3")


def test_links_and_outline(page: Page, site: Path, tmp_path: Path) -> None:
    reader = PdfReader(PDF["print_book"](page, site, ["index", "part/a"], tmp_path / "en.pdf"))
    links = [[link.get_object() for link in sheet["/Annots"]] for sheet in reader.pages]
    targets = [[link.get("/Dest", link.get("/A", {}).get("/URI")) for link in found] for found in links]
    assert targets == [["/part-a.sec-a", "https://a.b/"], ["/part-a."], ["/index."]]
    numbers = {name: reader.get_destination_page_number(to) for name, to in reader.named_destinations.items()}
    assert numbers["/part-a.sec-a"] == numbers["/part-a."] == 2
    assert [entry.title for entry in reader.outline if not isinstance(entry, list)] == ["Book", "Chapter A"]
    assert [entry.title for entry in reader.outline[-1]] == [LONG]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_link_of_the_book_leads_somewhere(build: Path, lang: str) -> None:
    pages = ["index", "01_background", "glossary"]
    composed = PDF["BeautifulSoup"](PDF["compose"](build / lang, pages, {}), "html.parser")
    places = {element["id"] for element in composed.select("[id]")}
    inner = [link["href"].removeprefix("#") for link in composed.select("article a[href^='#']")]
    assert inner
    assert set(inner) <= places
    assert not composed.select("script")


def test_a_language_that_the_book_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pdf.py", "fr"])
    with pytest.raises(SystemExit, match="no book in fr"):
        PDF["main"]()
