"""The pages of the built site as files, each read once: ids, links, formulas, weight, and the package's reference."""

import gzip
import pkgutil
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from book_pages import CHAPTER, HAN, NESTED, PAGES, VIEWS, ids, soup

import shoprec

Check = Callable[[Path], Iterator[str]]


def shares_ids(path: Path) -> Iterator[str]:
    """Two elements have the same id."""
    yield from (f"the id {name} stands {n} times" for name, n in ids(path).items() if n > 1)


def leads_nowhere(path: Path) -> Iterator[str]:
    """A link within the site has no page or place to lead to."""
    for link in soup(path).select("a[href]"):
        file, _, anchor = link["href"].partition("#")
        if ":" in file:
            continue
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and target.suffix == ".html" and anchor not in ids(target)):
            yield f"the link {link['href']} leads nowhere"


def breaks_at_punctuation(path: Path) -> Iterator[str]:
    """A line may begin with the punctuation that follows a formula, or end with the bracket before one."""
    for formula in soup(path).select("article span.math"):
        before, after = (
            side if isinstance(side, str) else "" for side in (formula.previous_sibling, formula.next_sibling)
        )
        followed, opened = re.match("[，。；：、）”？,.;:)?]", after), re.search(r"[（“《(\[]$", before)
        if (followed or opened) and "unbroken" not in formula.parent.get("class", ()):
            yield f"a line may break at “{(followed or opened)[0]}” in: {formula.parent.get_text()[:200]}"


def lacks_drawings(path: Path) -> Iterator[str]:
    """A formula isn't set, or lacks a glyph or its words for screen readers; or MathJax is asked for."""
    page = soup(path)
    bare = [math for math in page.select(".math") if not (math.select_one(".formula svg") and math.select_one("math"))]
    yield from (f"not set: {math.get_text()[:100]}" for math in bare)
    there = {f"#{glyph['id']}" for glyph in page.select("#formula-glyphs path")}
    used = {glyph["xlink:href"] for glyph in page.select(".formula use")}
    yield from (f"the glyph {name} is missing" for name in sorted(used - there))
    yield from (f"it loads {script['src']}" for script in page.select("script[src*=mathjax i]"))


@cache
def drawn_icons(style: Path) -> set[str]:
    """Names of the icons that a style sheet draws."""
    return set(re.findall(r"\.fa-([a-z-]+) \{ --icon", style.read_text("utf8")))


def lacks_icons(path: Path) -> Iterator[str]:
    """An icon has no drawing."""
    drawn = drawn_icons(path.parent / soup(path).select_one("link[rel=stylesheet]")["href"].partition("?")[0])
    for icon in soup(path).select(".fa-solid, .fa-brands"):
        names = {name.removeprefix("fa-") for name in icon["class"]} - {"fa", "solid", "brands", "lg"}
        if not names & drawn:
            yield f"{icon} is not drawn"


def leaves_pictures_unsaid(path: Path) -> Iterator[str]:
    """A picture isn't put into words, or into a file's name, or not in the page's language."""
    page = soup(path)
    view = page.html.get("data-view") or page.html["lang"]
    for picture in page.select("article img, article svg[role=img]"):
        words = picture.get("alt") or picture.get("aria-label", "")
        wanted = VIEW_WORDS[picture.get("lang", view)]  # side by side, a picture that explains is there once in each
        if not wanted(words) or re.search(r"[0-9a-f]{20}|\.(svg|png|jpe?g)\b", words):
            yield f"a picture is called “{words}”"


VIEW_WORDS: dict[str, Callable[[str], object]] = {
    "zh-CN": HAN.search,
    "en": lambda words: re.search("[A-Za-z]", words) and not HAN.search(words),
    "both": lambda words: HAN.search(words) and re.search("[A-Za-z]{2}", words),
}


def is_held_up(path: Path) -> Iterator[str]:
    """Something other than one style sheet has to come before the page is shown."""
    page = soup(path)
    if (n := len(page.select("link[rel=stylesheet]"))) != 1:
        yield f"{n} style sheets"
    yield from (f"{script} isn't deferred" for script in page.select("script[src]") if "defer" not in script.attrs)
    yield from (f"{link} is loaded before anything else" for link in page.select("link[rel=preload]"))


#: Of the home page; of the search page, which carries the words of the whole book in two languages; of the page on the
#: package, which has every module. Any other page may have half a million.
MOST_BYTES = {"index": 250_000, "search": 950_000, "api": 600_000}


def is_heavy(path: Path) -> Iterator[str]:
    """The page with its style sheet and scripts has more bytes over the line, compressed as hosts do, than it may."""
    page = soup(path)
    asked = [link["href"] for link in page.select("link[rel=stylesheet], link[rel=preload]")]
    asked += [script["src"] for script in page.select("script[src]")]
    files = [path, *((path.parent / name.partition("?")[0]).resolve() for name in asked)]
    most = MOST_BYTES.get(path.stem, 500_000) if path.parent.name in VIEWS else 500_000
    size = sum(map(compressed, files))
    if size > most:
        yield f"{size:,} bytes, more than {most:,}"


@cache
def compressed(file: Path) -> int:
    """Return how many bytes a file has over the line."""
    return len(gzip.compress(file.read_bytes()))


CHECKS: list[Check] = [
    shares_ids, leads_nowhere, breaks_at_punctuation, lacks_drawings, lacks_icons,
    leaves_pictures_unsaid, is_held_up, is_heavy,
]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_page_as_a_file(build: Path, view: str, name: str) -> None:
    faults = [f"{check.__name__}: {fault}" for check in CHECKS for fault in check(build / view / f"{name}.html")]
    assert not faults, "\n".join([f"{view}/{name}.html", *faults])


@pytest.mark.parametrize("view", VIEWS)
def test_the_style_sheet_has_the_colours_of_code_in_both_themes(build: Path, view: str) -> None:
    [style] = (build / view / "_static").glob("style-*.css")
    for theme in ("light", "dark"):
        assert f'html[data-theme="{theme}"] .highlight .k {{' in style.read_text("utf8")


FAULTY = """<html lang="en"><link rel="stylesheet" href="a.css">
<link rel="preload" href="b.css"><script src="mathjax.js"></script>
<i id="a"></i><i id="a"></i> <a href="#b"></a> <a href="gone.html"></a> <a href="faulty.html#a"></a>
<article><p><span class="math">x</span>, <span class="unbroken"><span class="math">x</span>,</span>
(<span class="math">x</span></p>
<span class="formula"><svg><use xlink:href="#y"></use></svg></span><i class="fa-solid fa-drawn"></i>
<i class="fa-solid fa-star"></i>
<img alt="../_images/0b62a8.svg"> <img> <svg role="img" aria-label="一只猫"></svg> <img alt="A cat"></article>"""


@pytest.mark.parametrize(
    ("check", "n"),
    [
        (shares_ids, 1),
        (leads_nowhere, 2),
        (breaks_at_punctuation, 2),
        (lacks_drawings, 5),
        (lacks_icons, 1),
        (leaves_pictures_unsaid, 3),
        (is_held_up, 2),
        (is_heavy, 1),
    ],
)
def test_check_finds_faults(tmp_path: Path, check: Check, n: int) -> None:
    path = tmp_path / "faulty.html"
    path.write_text(FAULTY)
    (tmp_path / "a.css").write_text(".fa-drawn { --icon: none }" + random.Random(0).randbytes(600_000).hex())
    for name in ("b.css", "mathjax.js"):
        (tmp_path / name).touch()
    assert len(list(check(path))) == n


@pytest.mark.parametrize(("name", "up"), [(CHAPTER, "../"), (NESTED, "../../")])
def test_switch_works_without_javascript(build: Path, name: str, up: str) -> None:
    hrefs = {link["data-view"]: link["href"] for link in soup(build / "zh" / f"{name}.html").select(".view-switch a")}
    assert hrefs == {view: f"{up}{view}/{name}.html" for view in VIEWS}


def test_no_page_tells_where_it_was_built(build: Path) -> None:
    root = str(Path(__file__).parents[2])
    told = [page.relative_to(build) for page in build.rglob("*.html") if root in page.read_text("utf8")]
    assert not told


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
