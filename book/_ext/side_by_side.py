"""Merge site/zh and site/en into site/both: shared blocks once, translations next to each other.

Both sites are rendered from one source, so their pages have the same sections (by id), the same code cells
and formulas. What differs becomes a row of two columns; the frame around the article stays Chinese, with the
English titles added where a reader looks for them.
"""

import gc
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from site_search import INDEX, merge_indexes

REFERRING = ("href", "for", "aria-controls", "aria-describedby", "aria-labelledby")
PERMALINK = re.compile(r'<a class="headerlink".*?</a>')  # its tooltip is the only difference of a shared formula
SAID_BY_CELLS = {"figcaption .caption-text": "caption-en", "summary > p": "summary-en"}
TITLES = ".logo__title, .bd-links a, .bd-links .caption-text, .bd-toc-nav .nav-link, .prev-next-title"
BRACKET = re.compile(r"\((.+?)\)")


def is_cell(block: Tag) -> bool:
    """Tell whether a block is a code cell with its outputs."""
    return "cell" in block.get("class", ())


def identity(block: Tag) -> str:
    """Return what makes a block the same in both languages: a section's id, a cell's code, or all of it."""
    if block.name == "section":
        return f"section {block.get('id')}"
    return str(block.find_all("pre")) if is_cell(block) else PERMALINK.sub("", str(block))


def kind(block: Tag) -> tuple:
    """Return the block's element and first class: blocks of one kind are shown in one row."""
    return block.name, *block.get("class", [])[:1]


def distinguish(column: Tag) -> None:
    """Rename the ids and group names of an English column, and what refers to them within it."""
    ids = {element["id"] for element in column.select("[id]")}
    for element in column.find_all(True):
        for attribute in ("id", "name"):
            if attribute in element.attrs:
                element[attribute] = f"en-{element[attribute]}"
        for attribute in REFERRING:
            target = element.get(attribute, "").removeprefix("#")
            if target in ids:
                element[attribute] = element[attribute].replace(target, f"en-{target}")


def row(soup: BeautifulSoup, zh: list[Tag], en: list[Tag]) -> Tag:
    """Move the blocks of the two languages into the columns of a new row."""
    columns = []
    for lang, blocks in (("zh-CN", zh), ("en", en)):
        column = soup.new_tag("div", attrs={"lang": lang})
        column.extend(block.extract() for block in blocks)
        columns.append(column)
    distinguish(columns[1])
    parallel = soup.new_tag("div", attrs={"class": "parallel"})
    parallel.extend(columns)
    return parallel


def add_english(soup: BeautifulSoup, zh: Tag, en: Tag) -> None:
    """Add what a shared code cell says in English: captions and labels of its figures, and how to unfold it."""
    for selector, name in SAID_BY_CELLS.items():
        for ours, theirs in zip(zh.select(selector), en.select(selector), strict=True):
            if ours.decode_contents() != theirs.decode_contents():
                english = soup.new_tag("span", attrs={"lang": "en", "class": name})
                english.extend(list(theirs.contents))
                ours.append(english)
    for ours, theirs in zip(zh.select("svg.picture"), en.select("svg.picture"), strict=True):
        add_picture(ours, theirs)
    charts = "svg.drawing:not(.picture)"
    for ours, theirs in zip(zh.select(charts), en.select(charts), strict=True):
        ours["aria-label"] = joined(ours["aria-label"], theirs["aria-label"], " · ")
        for label, other in zip(ours.select("text"), theirs.select("text"), strict=True):
            if not label.find(True):  # a formula, set in parts
                label.string = joined(label.get_text(), other.get_text(), " ")


def add_picture(ours: Tag, theirs: Tag) -> None:
    """Put an English picture below the Chinese one; what it refers to by id is the same there, and found there."""
    for element in theirs.find_all(id=True):
        del element["id"]
    ours["lang"], theirs["lang"] = "zh-CN", "en"
    ours.insert_after(theirs.extract())


def joined(zh: str, en: str, separator: str) -> str:
    """Return what two languages say, once if it is the same."""
    return zh if zh == en else f"{zh}{separator}{en}"


def aligned(soup: BeautifulSoup, zh: Tag, en: Tag) -> list[tuple[list[Tag], list[Tag]]]:
    """Return what goes side by side: two blocks, or one by one the entries of two lists of terms, or of cards."""
    begins = "dt" if zh.name == "dl" else "li" if "cards" in zh.get("class", ()) else ""
    sizes = [len(block.find_all(begins, recursive=False)) if begins else 0 for block in (zh, en)]
    if zh.name != en.name or not begins or sizes[0] != sizes[1]:
        return [([zh], [en])]
    ours, theirs = (split(soup, block, begins) for block in (zh, en))
    pairs = zip(ours, like(ours, theirs) if begins == "dt" else theirs, strict=True)
    return [([a], [b]) for a, b in pairs]


def like(zh: list[Tag], en: list[Tag]) -> list[Tag]:
    """Return the English entries of a glossary, each of which gives the Chinese term in brackets, in its order."""
    terms = [str(entry.dt.find(string=True)).strip() for entry in zh]
    given = {}
    for entry in en:
        bracket = BRACKET.match(entry.dd.get_text().strip())
        given[bracket[1] if bracket else str(entry.dt.find(string=True)).strip()] = entry
    return [given[term] for term in terms] if given.keys() == {*terms} else en


def split(soup: BeautifulSoup, block: Tag, begins: str) -> list[Tag]:
    """Split a list into lists of one entry, which begins with some element, and leave them in its place."""
    lists: list[Tag] = []
    for child in block.find_all(recursive=False):
        if child.name == begins:
            lists.append(soup.new_tag(block.name, attrs={"class": block.get("class", [])}))
        lists[-1].append(child.extract())
    block.replace_with(*lists)
    return lists


def merge(soup: BeautifulSoup, zh: Tag, en: Tag) -> None:
    """Merge the children of two versions of a section into the Chinese one."""
    left, right = (part.find_all(recursive=False) for part in (zh, en))
    matcher = SequenceMatcher(None, [*map(identity, left)], [*map(identity, right)], autojunk=False)
    for change, i1, i2, j1, j2 in matcher.get_opcodes():
        ours, theirs = left[i1:i2], right[j1:j2]
        if change == "equal":
            for a, b in zip(ours, theirs, strict=True):
                if a.name == "section":
                    merge(soup, a, b)
                elif is_cell(a):  # anything else is the same to the letter
                    add_english(soup, a, b)
            continue
        pairs = [(ours, theirs)]
        if [*map(kind, ours)] == [*map(kind, theirs)]:
            pairs = [pair for a, b in zip(ours, theirs, strict=True) for pair in aligned(soup, a, b)]
        for a, b in pairs:
            place = soup.new_tag("div")
            if a:
                a[0].insert_before(place)
            elif i1:
                left[i1 - 1].insert_after(place)
            else:
                zh.insert(0, place)
            place.replace_with(row(soup, a, b))


def add_titles(soup: BeautifulSoup, en: BeautifulSoup) -> None:
    """Append the English text of links and captions to the Chinese one."""
    for ours, theirs in zip(soup.select(TITLES), en.select(TITLES), strict=True):
        if ours.get_text(strip=True) != theirs.get_text(strip=True):
            english = soup.new_tag("span", attrs={"lang": "en", "class": "title-en"})
            english.extend(list(theirs.contents))
            ours.append(english)


def add_glyphs(soup: BeautifulSoup, other: BeautifulSoup) -> None:
    """Add the glyphs of formulas that only the other language's page has."""
    ours, theirs = (page.select_one("#formula-glyphs defs") for page in (soup, other))
    if ours and theirs:
        known = {glyph["id"] for glyph in ours.find_all("path")}
        ours.extend([glyph for glyph in theirs.find_all("path") if glyph["id"] not in known])


def merge_page(zh: str, en: str) -> str:
    """Merge two versions of an HTML page."""
    soup, other = (BeautifulSoup(text, "html.parser") for text in (zh, en))
    soup.html["data-view"] = "both"
    for link in soup.select(".view-switch a"):
        del link["aria-current"]
        if link["data-view"] == "both":
            link["aria-current"] = "page"
    titles = [page.title.string.partition(" — ") for page in (soup, other)]
    if titles[0] != titles[1]:
        soup.title.string = f"{titles[0][0]} · {titles[1][0]}{titles[0][1]}{titles[0][2]}"
    articles = [page.find("article", class_="bd-article") for page in (soup, other)]
    add_glyphs(soup, other)
    place = soup.new_tag("div")
    if all(articles):
        merge(soup, *articles)
        articles[0].replace_with(place)  # the frame's titles are found much faster without all that is in it
        articles[1].decompose()
    add_titles(soup, other)
    if all(articles):
        place.replace_with(articles[0])
    return str(soup)


def merge_file(site: Path, name: Path) -> None:
    """Write one file of site/both."""
    merge_texts = merge_page if name.suffix == ".html" else merge_indexes
    merged = merge_texts(*((site / lang / name).read_text("utf8") for lang in ("zh", "en")))
    (site / "both" / name).write_text(merged, "utf8")


def merge_sites(site: Path) -> None:
    """Write site/both from site/zh and site/en, on all cores."""
    zh, both = site / "zh", site / "both"
    shutil.rmtree(both, ignore_errors=True)
    shutil.copytree(zh, both)
    files = (path.relative_to(zh) for path in [*zh.rglob("*.html"), zh / INDEX])
    pages = [file for file in files if file.parts[0] != "_static"]
    pages.sort(key=lambda file: (zh / file).stat().st_size, reverse=True)  # begun last, a long one would hold up all
    # A page is a hundred thousand objects that refer to each other: Python would look through them again and again.
    with ProcessPoolExecutor(initializer=gc.set_threshold, initargs=(200_000,)) as pool:
        list(pool.map(partial(merge_file, site), pages))
