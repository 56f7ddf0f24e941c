"""The slides of every chapter that has some, in a browser: offline, in both languages, and nothing out of its place."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from slides import BOOK, chapters, has_slides, make

SHEET = {"width": 1280, "height": 720}
LOWEST = 250  # of a figure, in pixels: less can't be read from the last row
SMALLEST = 10  # size of letters in a figure, the same
WITH_SLIDES = [path for path in chapters() if has_slides(path)]
by_chapter = pytest.mark.parametrize("path", WITH_SLIDES, ids=lambda path: path.stem)
by_language = pytest.mark.parametrize("lang", ["zh", "en"])
pytestmark = pytest.mark.browser_context_args(viewport=SHEET)

SHOW = """(number) => {
    Reveal.slide(number);
    document.querySelectorAll(".present .fragment").forEach((part) => part.classList.add("visible"));
    const slide = document.querySelector("section.present");
    slide.querySelectorAll("details").forEach((answer) => (answer.open = true));
    const boxes = (what) => [...slide.querySelectorAll(what)].map((e) => e.getBoundingClientRect());
    const parts = boxes(":scope > header, :scope > div, p, li, table, pre, svg.drawing, .formula");
    return {
        label: slide.id,
        right: Math.max(...parts.map((box) => box.right)),
        bottom: Math.max(...parts.map((box) => box.bottom)),
        hidden: slide.scrollHeight - slide.clientHeight,
        overlap: boxes(":scope > header, :scope > div")
            .some((box, at, all) => at && box.top < all[at - 1].bottom - 1),
        figures: boxes("svg.drawing").map((box) => box.height),
        letters: [...slide.querySelectorAll(".drawing text")].map((text) => {
            const { a, b, c, d } = text.getScreenCTM();
            return parseFloat(getComputedStyle(text).fontSize) * Math.sqrt(Math.abs(a * d - b * c));
        }),
        notes: slide.querySelector("aside.notes")?.textContent ?? "",
    };
}"""


SHOWN_AT_ONCE = """() => [...document.querySelectorAll("section.guess")].flatMap((slide) => {
    Reveal.slide(Reveal.getIndices(slide).h);
    return [...slide.querySelectorAll(".fragment.figure, .fragment.table, .fragment.lines")]
        .filter((part) => getComputedStyle(part).visibility !== "hidden").map(() => slide.id);
})"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slides")


def opened(page: Page, path: Path, lang: str, folder: Path) -> int:
    """Open a chapter's slides as a file, and return how many there are."""
    page.goto(make(path, lang, folder).as_uri())
    page.wait_for_function("Reveal.isReady()")
    return page.evaluate("Reveal.getTotalSlides()")


@by_chapter
@by_language
def test_slides_fit_the_screen_and_answers_come_after_guesses(page: Page, path: Path, lang: str, folder: Path) -> None:
    n = opened(page, path, lang, folder)
    faults = [f"{label} shows its answer at once" for label in page.evaluate(SHOWN_AT_ONCE)]
    for number in range(n):
        slide = page.evaluate(SHOW, number)
        if slide["right"] > SHEET["width"] or slide["bottom"] > SHEET["height"] or slide["hidden"] > 0:
            faults.append(f"{slide['label']} overflows: {slide['right']:.0f} × {slide['bottom']:.0f}")
        if slide["overlap"]:
            faults.append(f"{slide['label']}: its parts overlap")
        faults += [f"{slide['label']}: a figure of {height:.0f} px" for height in slide["figures"] if height < LOWEST]
        if min(slide["letters"], default=SMALLEST) < SMALLEST:
            faults.append(f"{slide['label']}: letters of {min(slide['letters']):.1f} px")
    assert not faults, "\n".join(faults)


def test_a_widget_works_on_a_slide(page: Page, folder: Path) -> None:
    opened(page, BOOK / "08_trends/real_time.ipynb", "en", folder)
    page.evaluate("Reveal.slide(Reveal.getSlides().findIndex((slide) => slide.id === 'slide-realtime-order'))")
    names = page.locator("section.present rank-guess li .name")
    first = names.nth(0).inner_text()
    page.locator("section.present rank-guess .up").nth(1).press("ArrowUp")  # which would turn slides elsewhere
    assert names.nth(1).inner_text() == first
    assert page.evaluate("Reveal.getCurrentSlide().id") == "slide-realtime-order"


def test_the_speaker_sees_the_notes(page: Page, folder: Path) -> None:
    opened(page, BOOK / "05_project.ipynb", "en", folder)
    page.evaluate("Reveal.slide(1)")
    with page.expect_popup() as window:
        page.keyboard.press("s")
    notes = window.value.locator(".speaker-controls-notes .value")
    notes.filter(has_text="keep buying it").wait_for()
    window.value.close()


def test_slides_can_be_printed(page: Page, folder: Path) -> None:
    from pypdf import PdfReader

    n = opened(page, BOOK / "05_project.ipynb", "zh", folder)
    page.goto(f"{page.url.split('#')[0]}?print-pdf")
    page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
    pdf = folder / "slides.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    assert len(PdfReader(pdf).pages) == n
