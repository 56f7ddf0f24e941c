"""The notebooks to download agree with the site's pages, keep to plain Markdown, and hide what they should."""

import functools
import posixpath
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup, SoupStrainer
from nbclient import NotebookClient
from nbformat import NotebookNode
from plain_rule import headings, links, violations

BOOK = Path(__file__).parents[2] / "book"
PAGES = sorted(path.relative_to(BOOK).with_suffix("") for path in BOOK.rglob("*.ipynb") if "_build" not in path.parts)
PAGES = [page.as_posix() for page in PAGES if page.name != "api" and ".ipynb_checkpoints" not in page.parts]
EXECUTED = "08_trends/explanations"
BESIDE = re.compile(r"bibliography\.html#|api\.html")  # a citation is text in a notebook, and docstrings make none

MENU = SoupStrainer(class_=re.compile(r"\bnotebook-download\b"))

by_page = pytest.mark.parametrize("page", PAGES)
by_lang = pytest.mark.parametrize("lang", ["zh", "en"])


@functools.cache
def read(path: Path) -> NotebookNode:
    """Read and validate a notebook."""
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


@functools.cache
def article(path: Path) -> BeautifulSoup:
    """Read the article of a page, without the signs that link to its headings, and no formula set."""
    soup = BeautifulSoup(path.read_text("utf8"), "html.parser").select_one("article")
    for sign in soup.select(".headerlink"):
        sign.decompose()
    for formula in soup.select("span.math"):
        formula.string = "formula"
    return soup


def markdown(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def plain(text: str) -> str:
    """Leave of a text what no way of setting it changes."""
    return re.sub(r"[\s\\$*]+", "", text)


@by_page
@by_lang
@pytest.mark.parametrize("edition", ["", "-solutions"])
def test_every_cell_keeps_to_the_rule(build: Path, page: str, lang: str, edition: str) -> None:
    notebook = read(build / "notebooks" / f"{lang}{edition}" / f"{page}.ipynb")
    assert [problem for text in markdown(notebook) for problem in violations(text)] == []
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@by_page
@by_lang
def test_headings_and_numbers_agree_with_the_page(build: Path, page: str, lang: str) -> None:
    text = "\n\n".join(markdown(read(build / "notebooks" / f"{lang}-solutions" / f"{page}.ipynb")))
    soup = article(build / lang / f"{page}.html")
    ours = [heading for heading in headings(text) if heading[1] not in ("引用的文献", "Works cited")]
    theirs = [(int(tag.name[1]), tag.get_text().strip()) for tag in soup.select("h1, h2, h3, h4, h5")]
    assert [(level, plain(title)) for level, title in ours] == [(level, plain(title)) for level, title in theirs]
    assert re.findall(r"\\tag\{(.+?)\}", text) == [tag.get_text().strip("()") for tag in soup.select(".eqno")]
    titles = [tag.get_text() for tag in soup.select(".theorem > .admonition-title, .exercise > .admonition-title")]
    boxes = re.findall(r"^> \*\*((?:定理|练习|Theorem|Exercise) .+)\*\*$", text, flags=re.MULTILINE)
    assert [plain(box) for box in boxes] == [plain(title) for title in titles]


@by_page
@by_lang
def test_links_agree_with_the_page_and_lead_somewhere(build: Path, page: str, lang: str) -> None:
    folder = build / "notebooks" / f"{lang}-solutions"
    found = [link for text in markdown(read(folder / f"{page}.ipynb")) for link in links(text)]
    ours = []
    for text, target in found:
        if not target.startswith("http"):
            path, _, label = target.partition("#cell-id=")
            other = folder / posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
            assert not label or label in {cell.id for cell in read(other).cells}, target
            ours.append((plain(text), other.relative_to(folder).with_suffix("").as_posix()))
    theirs = []
    for link in article(build / lang / f"{page}.html").select("a.reference.internal"):
        path = link["href"].partition("#")[0].removesuffix(".html")
        other = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        if not BESIDE.search(link["href"]):
            theirs.append((plain(link.get_text()), other))
    rest = iter(theirs)
    missing = [link for link in ours if link not in rest]  # each found after the one before it
    assert not missing
    assert {other for _, other in theirs} - {page} == {other for _, other in ours} - {page}


@by_page
@by_lang
def test_participants_hold_no_solution_in_any_form(build: Path, page: str, lang: str) -> None:
    whole, given = (read(build / "notebooks" / f"{lang}{edition}" / f"{page}.ipynb") for edition in ("-solutions", ""))
    source = nbformat.read(BOOK / f"{page}.ipynb", as_version=4)
    secret = {cell.source for cell in source.cells if "solution" in cell.metadata.get("tags", ())}
    assert secret <= {cell.source for cell in whole.cells}
    assert not secret & {cell.source for cell in given.cells}
    text = "\n".join(markdown(given))
    folded = {*re.findall("<summary>(.*)</summary>", text)}
    assert folded <= {"提示 1", "提示 2", "Hint 1", "Hint 2"}, folded
    for word in ("✓ Correct", "✓ 正确", "✗ Not quite", "✗ 不对", "Solution to", "解答：练习"):
        assert word not in text


def test_it_runs_from_top_to_bottom(build: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(build / "notebooks" / "en-solutions" / f"{EXECUTED}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@by_lang
def test_a_page_offers_its_notebooks(build: Path, lang: str) -> None:
    for page in PAGES:
        text = (build / lang / f"{page}.html").read_text("utf8")
        menu = BeautifulSoup(text, "html.parser", parse_only=MENU)
        offered = [link["href"] for link in menu.select("a")]
        up = "../" * (page.count("/") + 1)
        assert offered == [f"{up}notebooks/{lang}{edition}/{page}.ipynb" for edition in ("", "-solutions")]
        assert all((build / lang / page).parent.joinpath(address).resolve().exists() for address in offered)
