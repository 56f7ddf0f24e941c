"""The pages of the built site as files: ids, links, line breaks, and the reference of the package."""

import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest
from book_pages import CHAPTER, NESTED, PAGES, VIEWS, soup

import shoprec

Check = Callable[[Path], Iterator[str]]


class IdReader(HTMLParser):
    """Counts the ids of a page, faster than a parser that builds a tree."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids.update(value for name, value in attrs if name == "id" and value)


@cache
def ids(path: Path) -> Counter[str]:
    """Count the ids of a page."""
    reader = IdReader()
    reader.feed(path.read_text("utf8"))
    return reader.ids


def shares_ids(path: Path) -> Iterator[str]:
    """Two elements have the same id."""
    own = ids(path)
    allowed = {"search-input"} if path.stem == "search" else set()  # the theme's page has two such fields
    yield from (f"the id {name} stands {n} times" for name, n in own.items() if n > 1 and name not in allowed)


def leads_nowhere(path: Path) -> Iterator[str]:
    """A link within the site has no page or place to lead to."""
    for link in soup(path).select("a[href]"):
        file, _, anchor = link["href"].partition("#")
        if ":" in file:
            continue
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and target.suffix == ".html" and anchor not in ids(target)):
            yield f"the link {link['href']} leads nowhere"


def breaks_before_punctuation(path: Path) -> Iterator[str]:
    """A line may begin with the punctuation that follows a formula."""
    for formula in soup(path).select("article span.math"):
        followed = re.match("[，。；：、）”？,.;:)?]", formula.next_sibling or "")
        if followed and "unbroken" not in formula.parent.get("class", ()):
            yield f"a line may begin with “{followed[0]}” in: {formula.parent.get_text()[:200]}"


CHECKS: list[Check] = [shares_ids, leads_nowhere, breaks_before_punctuation]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_page_as_a_file(build: Path, view: str, name: str) -> None:
    faults = [f"{check.__name__}: {fault}" for check in CHECKS for fault in check(build / view / f"{name}.html")]
    assert not faults, "\n".join([f"{view}/{name}.html", *faults])


FAULTY = """<i id="a"></i><i id="a"></i> <a href="#b"></a> <a href="gone.html"></a> <a href="faulty.html#a"></a>
<article><p><span class="math">x</span>, <span class="unbroken"><span class="math">x</span>,</span></p></article>"""


@pytest.mark.parametrize(("check", "n"), [(shares_ids, 1), (leads_nowhere, 2), (breaks_before_punctuation, 1)])
def test_check_finds_faults(tmp_path: Path, check: Check, n: int) -> None:
    path = tmp_path / "faulty.html"
    path.write_text(FAULTY)
    assert len(list(check(path))) == n


@pytest.mark.parametrize(("name", "up"), [(CHAPTER, "../"), (NESTED, "../../")])
def test_switch_works_without_javascript(build: Path, name: str, up: str) -> None:
    hrefs = {link["data-view"]: link["href"] for link in soup(build / "zh" / f"{name}.html").select(".view-switch a")}
    assert hrefs == {view: f"{up}{view}/{name}.html" for view in VIEWS}


def test_the_reference_shows_each_module_once(build: Path) -> None:
    modules = [module.name for module in pkgutil.walk_packages(shoprec.__path__, "shoprec.")]
    headings = soup(build / "zh" / "api.html").select("article section section > :is(h2, h3, h4) code")
    assert sorted(f"shoprec.{heading.get_text()}" for heading in headings) == sorted(modules)


def test_the_reference_shows_each_function_and_class_once(build: Path) -> None:
    """Under the module that defines it, even where a room offers it as its own."""
    modules = [import_module(module.name) for module in pkgutil.walk_packages(shoprec.__path__, "shoprec.")]
    public = [
        f"{module.__name__}.{name}"
        for module in modules
        for name, member in vars(module).items()
        if not name.startswith("_") and callable(member)
        if getattr(member, "__module__", None) == module.__name__
    ]
    entries = soup(build / "zh" / "api.html").select("section > dl:is(.function, .class, .exception) > dt.sig[id]")
    assert sorted(entry["id"] for entry in entries) == sorted(public)
