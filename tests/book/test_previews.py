"""What pages tell machines: titles, descriptions, and addresses if the book is published anywhere."""

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from small_book import build

import preview_picture
from addresses import landing_head, normal, site_map
from leaderboard import figure, read_scores
from plain_markdown import MarkdownWriter

BOOK = Path(__file__).parents[2] / "book"
ROW = '<tr><th><span lang="zh">{}</span> <span lang="en">{}</span></th><td>{}</td><td>{}</td><td>{}</td><td>9</td></tr>'
QUESTION, ANSWER = "How much?", "This book answers with code, and anybody may run it again and see whether it is right."
DESCRIPTION = f"{QUESTION} {ANSWER}"
HOME = f"# Models in e-commerce\n\n{QUESTION}\n\n{ANSWER}\n\nMore."


def table(*rows: tuple) -> str:
    return (
        f"<table><thead><tr><th>x</th></tr></thead><tbody>{''.join(ROW.format(*row) for row in rows)}</tbody></table>"
    )


ROWS = [
    ("加权混合", "Weighted hybrid", 0.237, 0.226, 0.248),
    ("个人频次", "Personal frequency", 0.231, 0.22, 0.242),
    ("Transformer", "Transformer", 0.193, 0.183, 0.203),
    ("热门榜", "Popularity", 0.077, 0.071, 0.083),
]


def run(*rows: tuple) -> nbformat.NotebookNode:
    shown = new_output("execute_result", {"text/html": table(*rows)})
    return new_notebook(cells=[new_code_cell("board", outputs=[shown], metadata={"tags": ["leaderboard"]})])


@pytest.fixture(scope="module", params=["", "https://example.org/book"], ids=["unpublished", "published"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a small site with its address."""
    chapter = new_notebook(cells=[new_markdown_cell("# 1 First\n\nText.")])
    chapter.metadata["chapter"] = {
        "about": "第一章。 | About <it>.", "minutes_to_read": 5, "minutes_to_run": 1, "memory_gb": 2,
    }  # fmt: skip
    layout = '{% extends "!layout.html" %}{% block htmltitle %}<title>{{ page_title|e }}</title>{% endblock %}'
    pages = {
        "index.md": f"{HOME}\n\n```{{toctree}}\nfolder/first\n```",
        "folder/first.ipynb": nbformat.writes(chapter),
        "_templates/layout.html": layout,
    }
    settings = {
        "book_base_url": request.param,
        "book_repository": request.param and "https://github.com/example/book",
        "html_title": "Models in e-commerce",
        "html_theme": "sphinx_book_theme",
        "templates_path": ["_templates"],
    }
    more = ["plain_notebook", "chapters", "previews"]
    return build(tmp_path_factory.mktemp("book"), pages, more=more, settings=settings), request.param


def page(site: tuple[Path, str], name: str) -> BeautifulSoup:
    return BeautifulSoup((site[0] / f"{name}.html").read_text("utf8"), "html.parser")


def said(soup: BeautifulSoup) -> dict[str, str]:
    """Return the head's meta elements."""
    return {(meta.get("property") or meta.get("name", "")): meta.get("content") for meta in soup.select("head meta")}


def test_pages_have_titles_and_descriptions(site: tuple[Path, str]) -> None:
    home, chapter = page(site, "index"), page(site, "folder/first")
    assert home.title.string == "Models in e-commerce"
    assert chapter.title.string == "1 First — Models in e-commerce"
    assert said(home)["description"] == DESCRIPTION
    assert said(chapter)["description"] == said(chapter)["og:description"] == "About <it>."
    assert said(home)["og:type"] == "website"
    assert said(chapter)["og:type"] == "article"
    assert said(chapter)["og:title"] == "1 First"
    assert said(chapter)["og:locale"] == "en_GB"
    assert said(chapter)["twitter:card"] == "summary_large_image"


def test_addresses_are_absolute_only_where_the_book_is_published(site: tuple[Path, str]) -> None:
    soup, base = page(site, "folder/first"), site[1]
    alternates = {link["hreflang"]: link["href"] for link in soup.select("link[rel=alternate]")}
    if not base:
        assert not alternates
        assert not {"og:url", "og:image"} & said(soup).keys()
        assert not soup.select("[rel=canonical], .btn-source-repository-button")
        return
    here = f"{base}/en/folder/first.html"
    assert alternates == {"zh-CN": f"{base}/zh/folder/first.html", "en": here, "x-default": here}
    assert soup.select_one("[rel=canonical]")["href"] == said(soup)["og:url"] == here
    assert said(soup)["og:image"] == f"{base}/en/_static/preview.png"
    assert soup.select_one(".btn-source-repository-button")["href"] == "https://github.com/example/book"


def test_no_title_breaks_within_a_word(site: tuple[Path, str]) -> None:
    soup = page(site, "index")
    for title in (soup.select_one("article h1"), soup.select_one(".logo__title")):
        assert title.select_one(".unbroken").get_text() == "e-commerce"


def test_site_map_lists_each_page_in_each_language(tmp_path: Path) -> None:
    for name in ("index", "folder/first", "search", "_static/part"):
        path = tmp_path / "en" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    tree = ElementTree.fromstring(site_map(tmp_path, normal("https://example.org/a&b")))
    places = [place.text for place in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert sorted(places) == [
        f"https://example.org/a&b/{lang}/{name}.html" for lang in ("en", "zh") for name in ("folder/first", "index")
    ]
    assert len(list(tree.iter("{http://www.w3.org/1999/xhtml}link"))) == 3 * len(places)


def test_landing_page_names_its_translations() -> None:
    head = BeautifulSoup(landing_head("https://example.org/"), "html.parser")
    assert head.select_one("[rel=canonical]")["href"] == "https://example.org/"
    assert head.select_one("[hreflang=x-default]")["href"] == "https://example.org/"
    assert head.select_one("[hreflang=zh-CN]")["href"] == "https://example.org/zh/index.html"


def test_scores_are_read_from_the_run() -> None:
    scores = read_scores(run(*ROWS))
    assert [(s.zh, s.en, s.value, s.low, s.high) for s in scores] == ROWS
    assert [score.kind for score in scores] == ["mixed", "counted", "large", "other"]


@pytest.mark.parametrize(("lang", "name"), [("zh", "加权混合"), ("en", "Weighted hybrid")])
def test_notebooks_list_the_scores_in_their_language(lang: str, name: str) -> None:
    env = SimpleNamespace(config=SimpleNamespace(book_lang=lang))
    [text] = MarkdownWriter(env, "index").blocks(figure(read_scores(run(*ROWS))))
    first, *_, last = text.splitlines()
    assert first == f"- {name} — 0.226–0.248 — 0.237"
    assert last.endswith("— 0.077")


def test_a_leaderboard_without_what_the_question_compares_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks Transformer"):
        read_scores(run(*(row for row in ROWS if row[1] != "Transformer")))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_picture_has_the_size_that_previews_ask_for(tmp_path: Path, lang: str) -> None:
    preview_picture.draw(read_scores(run(*ROWS)), "title", lang, tmp_path / "preview.png")
    assert plt.imread(tmp_path / "preview.png").shape[:2] == (630, 1200)
    assert (tmp_path / "preview.png").stat().st_size < 150_000


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_picture_asks_the_question_of_the_home_page(lang: str) -> None:
    cells = nbformat.read(BOOK / "index.ipynb", as_version=4).cells
    [first] = [cell for cell in cells[:2] if f"lang-{lang}" in cell.metadata.tags]
    assert preview_picture.QUESTION[lang].replace("\n", " ") in first.source
