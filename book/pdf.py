"""Print the built site as a PDF in each language: every page in order, with a table of contents and page numbers.

Usage: python book/pdf.py [zh|en]

Chromium prints one long page, made of the articles of the site: twice, since only a printed book tells on which page
a chapter begins. CHROMIUM names the browser, if it isn't where Debian puts it.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader
from sphinx_external_toc.parsing import parse_toc_yaml

BOOK = Path(__file__).resolve().parent
sys.path.insert(0, str(BOOK / "_ext"))

from chromium import chromium  # noqa: E402

SITE = BOOK.parent / "site"
OUT = BOOK.parent / "pdf"
LANGUAGES = {"zh": ("zh-CN", "目录"), "en": ("en", "Contents")}
LEFT_OUT = "api"  # the package's reference: on paper nobody can search it
SHEET = {"format": "A4", "margin": {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"}}
FOOTER = '<div style="width: 100%; font: 9px sans-serif; text-align: center"><span class="pageNumber"></span></div>'
STYLE = """
article { break-before: page; }
article:first-of-type { break-before: auto; }
article nav { break-before: page; }
nav li { display: flex; justify-content: space-between; gap: 1em; list-style: none; }
"""


def place(page: str, anchor: str = "") -> str:
    """Return the id that a place of a page has in the book."""
    return f"{page.replace('/', '-')}.{anchor}"


def lead_within(article: Tag, page: str, path: Path, site: Path, pages: set[str]) -> None:
    """Have links between pages lead to places in the book; those to what it leaves out become text."""
    for link in article.select("a[href]"):
        file, _, anchor = link["href"].partition("#")
        if ":" in file:
            continue
        target = (path.parent / unquote(file)).resolve() if file else path
        name = target.relative_to(site).with_suffix("").as_posix() if target.is_relative_to(site) else ""
        if name in pages:
            link["href"] = f"#{place(name, anchor)}"
        else:
            link.unwrap()


def read_article(site: Path, page: str, pages: set[str]) -> Tag:
    """Return what a page says, its ids and links made those of the book, and the widgets as they are without script."""
    path = site / f"{page}.html"
    soup = BeautifulSoup(path.read_text("utf8"), "html.parser")
    article = soup.select_one("article.bd-article")
    for script in article.select("script"):
        script.decompose()
    lead_within(article, page, path, site, pages)
    for image in article.select("img[src]"):
        if ":" not in image["src"]:
            image["src"] = (path.parent / unquote(image["src"])).resolve().as_uri()
            image.attrs.pop("loading", None)
    for element in article.select("[id]:not(svg *)"):  # drawings refer to their own parts
        element["id"] = place(page, element["id"])
    article["id"] = place(page)
    if glyphs := soup.select_one("#formula-glyphs"):
        article.append(glyphs)
    return article


def contents(articles: Iterable[Tag], heading: str, numbers: dict[str, int]) -> str:
    """Return the table of contents; before a first print there are no numbers to show."""
    rows = "".join(
        f'<li><a href="#{article["id"]}">{title.get_text().removesuffix("#")}</a>'
        f"<span>{numbers.get(article['id'], '')}</span></li>"
        for article in articles
        if (title := article.h1)
    )
    return f"<nav><h2>{heading}</h2><ul>{rows}</ul></nav>"


def compose(site: Path, pages: list[str], numbers: dict[str, int]) -> str:
    """Return the book as one page: the home page, the table of contents, and all that follows."""
    lang, heading = LANGUAGES[site.name]
    first, *rest = [read_article(site, page, set(pages)) for page in pages]
    first.append(BeautifulSoup(contents(rest, heading, numbers), "html.parser"))
    [style] = (site / "_static").glob("style-*.css")
    return (
        f'<!doctype html><html lang="{lang}" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{first.h1.get_text().removesuffix('#')}</title>"
        f'<link rel="stylesheet" href="{style.as_uri()}"><style>{STYLE}</style></head>'
        '<body><main class="bd-main"><div class="bd-content"><div class="bd-article-container">'
        + "".join(map(str, [first, *rest]))
        + "</div></div></main></body></html>"
    )


def page_numbers(pdf: Path) -> dict[str, int]:
    """Return on which page each place is that something links to."""
    reader = PdfReader(pdf)
    return {name: reader.get_destination_page_number(target) + 1 for name, target in reader.named_destinations.items()}


def print_book(browser_page: Page, site: Path, pages: list[str], pdf: Path) -> Path:
    """Print the pages of one language's site."""
    pdf.parent.mkdir(parents=True, exist_ok=True)
    source = pdf.with_suffix(".html")
    numbers: dict[str, int] = {}
    for _ in range(2):
        source.write_text(compose(site, pages, numbers), "utf8")
        browser_page.goto(source.as_uri(), timeout=0)  # a whole book takes a busy machine minutes
        browser_page.pdf(
            path=pdf, outline=True, tagged=True, print_background=True, display_header_footer=True,
            header_template="<span></span>", footer_template=FOOTER, **SHEET,
        )  # fmt: skip
        numbers = {name.removeprefix("/"): number for name, number in page_numbers(pdf).items()}
    source.unlink()
    return pdf


def main() -> None:
    """Print the languages that are asked for."""
    wanted = sys.argv[1:] or [*LANGUAGES]
    if unknown := set(wanted) - LANGUAGES.keys():
        sys.exit(f"There is no book in {', '.join(sorted(unknown))}: pass zh or en, or nothing for both")
    if not (SITE / "index.html").exists():
        sys.exit("There is no site/ to print yet: run `make book` first")
    pages = [page for page in parse_toc_yaml(BOOK / "_toc.yml") if page != LEFT_OUT]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for lang in wanted:
            print(print_book(browser.new_page(), SITE / lang, pages, OUT / f"{lang}.pdf"))


if __name__ == "__main__":
    main()
