"""What lies below the screen is laid out when the reader comes to it, and links find their places all the same."""

from collections.abc import Iterator

import pytest
from book_pages import settle
from playwright.sync_api import Browser, Page

LONG = "04_mathematics/attention"
#: Sections of the page, and where each begins, from the top of the window.
TOPS = "[...document.querySelectorAll('article section[id]')].map((s) => [s.id, s.getBoundingClientRect().top])"
#: What stands in paragraphs (a formula, a link, a stressed word), and has no layout yet.
INSIDE = "article section > p > *"
SKIPPED = f"""() => [...document.querySelectorAll('{INSIDE}')]
    .filter((inside) => !inside.checkVisibility({{ contentVisibilityAuto: true }})).length"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(reduced_motion="reduce") as context:
        yield context.new_page()


def sections(page: Page) -> list[str]:
    return [name for name, _ in page.evaluate(TOPS)]


def test_the_first_screen_comes_first(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/en/{LONG}.html")
    settle(page)
    assert page.evaluate(SKIPPED) > page.locator(INSIDE).count() / 2
    assert page.locator(INSIDE).first.evaluate("(inside) => inside.checkVisibility({ contentVisibilityAuto: true })")


def test_reading_on_lays_out_what_is_reached(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/en/{LONG}.html")
    last = page.locator(INSIDE).last
    last.scroll_into_view_if_needed()
    settle(page)
    assert last.evaluate("(inside) => inside.checkVisibility({ contentVisibilityAuto: true })")


def test_an_address_with_a_section_opens_there(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/en/{LONG}.html")
    for name in sections(page)[1::8]:
        page.goto("about:blank")
        page.goto(f"{site_url}/en/{LONG}.html#{name}")
        settle(page)
        top = dict(page.evaluate(TOPS))[name]
        assert 0 <= top < 150 or page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1")
        assert page.evaluate(SKIPPED) == 0


def test_a_link_within_the_page_finds_its_place(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/en/{LONG}.html")
    for name in sections(page)[2::8]:
        page.goto("about:blank")
        page.goto(f"{site_url}/en/{LONG}.html")
        page.locator(f'a[href="#{name}"]').first.dispatch_event("click")
        settle(page)
        top = dict(page.evaluate(TOPS))[name]
        assert 0 <= top < 150 or page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1")


def test_what_is_printed_is_whole(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/en/{LONG}.html")
    page.emulate_media(media="print")
    assert page.evaluate(SKIPPED) == 0
