"""What a reader's browser has to fetch before it shows a page, and altogether."""

import gzip
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

VIEWS = ("zh", "en", "both")
#: Bytes over the line, compressed as hosts do, without figures.
HOME, CHAPTER = 250_000, 500_000


def pages(build: Path, view: str) -> list[Path]:
    return [path for path in (build / view).rglob("*.html") if "_static" not in path.parts]


def files_of(page: Path) -> list[Path]:
    """The page, and the style sheets and scripts that it asks for."""
    soup = BeautifulSoup(page.read_text("utf8"), "html.parser")
    asked = [link["href"] for link in soup.select("link[rel=stylesheet], link[rel=preload]")]
    asked += [script["src"] for script in soup.select("script[src]")]
    return [page, *((page.parent / name.partition("?")[0]).resolve() for name in asked)]


@pytest.mark.parametrize("view", VIEWS)
def test_one_style_sheet_holds_a_page_up_and_no_script(build: Path, view: str) -> None:
    for path in pages(build, view):
        soup = BeautifulSoup(path.read_text("utf8"), "html.parser")
        assert len(soup.select("link[rel=stylesheet]")) == 1, path
        assert all("defer" in script.attrs for script in soup.select("script[src]")), path
        assert not soup.select("link[rel=preload]"), path


@pytest.mark.parametrize("view", VIEWS)
def test_the_style_sheet_has_the_colours_of_code_in_both_themes(build: Path, view: str) -> None:
    [style] = (build / view / "_static").glob("style-*.css")
    for theme in ("light", "dark"):
        assert f'html[data-theme="{theme}"] .highlight .k {{' in style.read_text("utf8")


@pytest.mark.parametrize("view", VIEWS)
def test_pages_are_light(build: Path, view: str) -> None:
    for path in pages(build, view):
        size = sum(len(gzip.compress(file.read_bytes())) for file in files_of(path))
        assert size < (HOME if path.name == "index.html" and path.parent.name == view else CHAPTER), path


@pytest.mark.parametrize("view", VIEWS)
def test_every_icon_has_its_drawing(build: Path, view: str) -> None:
    [style] = (build / view / "_static").glob("style-*.css")
    drawn = set(re.findall(r"\.fa-([a-z-]+) \{ --icon", style.read_text("utf8")))
    for path in pages(build, view):
        soup = BeautifulSoup(path.read_text("utf8"), "html.parser")
        for icon in soup.select(".fa-solid, .fa-brands"):
            names = {name.removeprefix("fa-") for name in icon["class"]} - {"fa", "solid", "brands", "lg"}
            assert names & drawn, f"{path}: {icon}"
