"""Every page of every view in a browser: loaded once, seen from all sides, and all its faults reported together."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from book_pages import HAN, PAGES, VIEWS, settle
from playwright.sync_api import Page, expect

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 700}
OURS = [
    ".view-switch",
    ".leaderboard",
    ".cards",
    ".facts",
    ".route",
    ".quiz",
    ".claim",
    ".claim-table",
    ".fold",
    ".parallel",
]
AXE = {"preload": False, "resultTypes": ["violations"]}

Check = Callable[[Page, str], Iterator[str]]


def fits(page: Page, view: str) -> Iterator[str]:
    """The page is no wider than the window, and what the header offers stands within it."""
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if overflow > 0:
        yield f"{overflow} px too wide"
    outside = page.locator(".view-switch, .code-switch, .notebook-download").evaluate_all(
        """all => all.filter(e => e.getBoundingClientRect().left < 0 || e.getBoundingClientRect().right > innerWidth)
            .map(e => e.className)"""
    )
    yield from (f"{name} is outside the window" for name in outside)


def shows_that_it_scrolls(page: Page, view: str) -> Iterator[str]:
    """What is wider than its box, and can be scrolled there, has a shadow at the edge."""
    yield from page.evaluate(
        """() => [...document.querySelectorAll("article :is(div, pre, dl, figure, .formula)")]
            .filter(e => e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX))
            .filter(e => !getComputedStyle(e).backgroundImage.includes("gradient"))
            .map(e => `no shadow: ${e.outerHTML.slice(0, 100)}`)"""
    )


def keeps_a_margin(page: Page, view: str) -> Iterator[str]:
    """The arrows to the pages before and after stand off the edges of the window."""
    yield from page.evaluate(
        """() => [...document.querySelectorAll(".prev-next-area a > i")].map(arrow => arrow.getBoundingClientRect())
            .filter(box => box.width && (box.left < 8 || box.right > innerWidth - 8))
            .map(box => `an arrow stands at ${box.left} to ${box.right}`)"""
    )


def says_what_it_is(page: Page, view: str) -> Iterator[str]:
    """Screen readers hear the language, and the switch marks the view."""
    if (lang := page.locator("html").get_attribute("lang")) != VIEWS[view]:
        yield f"its lang is {lang}"
    marked = page.locator(".view-switch [aria-current=page]").evaluate_all("all => all.map(a => a.dataset.view)")
    if marked != [view]:
        yield f"the switch marks {marked}"


def has_chinese_labels(page: Page, view: str) -> Iterator[str]:
    """No tooltip or label of the theme, the switch aside, is left in English."""
    labels = page.evaluate(
        """() => [...document.querySelectorAll(":is([title], [aria-label], [placeholder], [data-bs-original-title])")]
            .filter(e => !e.closest("[lang=en], .view-switch, article .reference"))
            .flatMap(e => ["title", "aria-label", "placeholder", "data-bs-original-title"]
                .map(a => e.getAttribute(a))).filter(Boolean)"""
    )
    if not labels:
        yield "there are no labels at all"
    yield from {f"“{label}” is English": None for label in labels if not HAN.search(label)}


def has_a_chinese_frame(page: Page, view: str) -> Iterator[str]:
    """No text around the article, the switch aside, is left in English."""
    lines = page.evaluate(
        """() => {
            const body = document.body.cloneNode(true);
            const others = "article, .bd-toc-nav, script, noscript, style, .view-switch, kbd";
            body.querySelectorAll(others).forEach(e => e.remove());
            return body.textContent.split("\\n").map(line => line.trim()).filter(Boolean);
        }"""
    )
    yield from (f"“{line}” is English" for line in lines if re.search("[A-Za-z]{2}", line) and not HAN.search(line))


ONLY_OURS = """ours => {
    document.querySelectorAll(".formula").forEach(drawing => drawing.replaceWith("x"));
    document.querySelectorAll(".quiz-option, .fold").forEach(box => { box.open = true });
    const entry = ":is(dl.py, .parallel:has(> div > dl.py))"; // of the reference: a module's first stands for all
    document.querySelectorAll(`${entry} ~ ${entry}`).forEach(e => e.remove());
    [...document.querySelectorAll("article *")].filter(e => !e.closest(ours) && !e.querySelector(ours))
        .forEach(e => e.remove());
}"""


def is_accessible(page: Page, view: str) -> Iterator[str]:
    """Axe finds no fault in the book's own markup, unfolded; in dark colours it looks at contrasts alone.

    Formulas become a letter, and what isn't the book's own markup goes: axe would spend most of its time there.
    """
    page.evaluate(ONLY_OURS, ", ".join(OURS))
    ours = {"include": [[selector] for selector in OURS if page.locator(selector).count()]}
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        report = Axe().run(page, context=ours, options=AXE | rules)
        if report.violations_count:
            yield f"in {scheme} colours: {report.generate_report()}"


AT_ALL_SIZES: list[Check] = [fits]
NARROW_ONLY: list[Check] = [shows_that_it_scrolls, keeps_a_margin]
#: The last check changes the page. Side by side a page has all that it has in the other two views.
ONCE: dict[str, list[Check]] = {
    "zh": [says_what_it_is, has_chinese_labels, has_a_chinese_frame],
    "en": [says_what_it_is],
    "both": [says_what_it_is, has_chinese_labels, is_accessible],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_page(page: Page, site_url: str, view: str, name: str) -> None:
    page.set_viewport_size(NARROWEST)
    page.goto(f"{site_url}/{view}/{name}.html")
    faults = []
    more = {NARROWEST["width"]: NARROW_ONLY, WIDE["width"]: ONCE[view]}
    for size in (NARROWEST, NARROW, WIDE):
        page.set_viewport_size(size)
        settle(page)
        checks = [*AT_ALL_SIZES, *more.get(size["width"], [])]
        faults += [f"{check.__name__}, {size['width']} px: {fault}" for check in checks for fault in check(page, view)]
    assert not faults, "\n".join([f"{view}/{name}.html", *faults])


FAULTY = """<!doctype html><html lang="fr"><title>t</title>
<style>
    :root { color-scheme: light dark }
    .view-switch { position: absolute; left: -9px }
    p { width: 2000px }
    .box { overflow-x: auto }
    .quiz { color: #777; background: Canvas }
    i { position: absolute; left: 0 }
</style>
<div class="view-switch"><a aria-current="page" data-view="en">en</a></div>
<nav class="prev-next-area"><a><i>←</i></a><a><i>→</i></a></nav>
<p title="Close">Search the docs</p>
<article class="quiz">Faint<div class="box"><p>wide</p></div><div class="box"><p>wide</p></div></article>
<script>
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const paint = () => { document.documentElement.dataset.theme = dark.matches ? "dark" : "light" };
    dark.onchange = paint; paint();
</script>"""


@pytest.mark.parametrize(
    "check",
    [*AT_ALL_SIZES, *NARROW_ONLY, *dict.fromkeys(check for checks in ONCE.values() for check in checks)],
)
def test_check_finds_faults(page: Page, check: Check) -> None:
    page.set_content(FAULTY)
    faults = list(check(page, "zh"))
    assert len(faults) == (1 if check in (has_chinese_labels, has_a_chinese_frame) else 2)
