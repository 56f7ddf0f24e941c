"""What must hold of every widget in a browser: its language, access for all, and small screens."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from widget_page import show
from widget_samples import NAMES, SAMPLES

by_widget = pytest.mark.parametrize("name", SAMPLES)
by_language = pytest.mark.parametrize("lang", ["zh", "en", "both"])


def unfold(page: Page) -> None:
    """Open whatever folds away."""
    page.locator("details").evaluate_all("all => all.forEach(details => details.open = true)")


@by_widget
@by_language
def test_speaks_the_readers_language(page: Page, name: str, lang: str) -> None:
    show(page, SAMPLES[name].make(NAMES), lang=lang)
    text = page.locator(name).inner_text()
    assert [words in text for words in SAMPLES[name].says] == [lang != "en", lang != "zh"]


@by_widget
@by_language
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_is_accessible(page: Page, name: str, lang: str, theme: str) -> None:
    show(page, SAMPLES[name].make(NAMES), lang=lang, theme=theme)
    unfold(page)
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


@by_widget
@by_language
def test_fits_a_narrow_phone(page: Page, name: str, lang: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, SAMPLES[name].make(NAMES), lang=lang)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@by_widget
@by_language
def test_in_its_chapter(page: Page, site_url: str, name: str, lang: str) -> None:
    page.goto(f"{site_url}/{lang}/{SAMPLES[name].page}.html")
    widget = page.locator(name).first
    widget.scroll_into_view_if_needed()
    text = widget.inner_text()
    assert [words in text for words in SAMPLES[name].says] == [lang != "en", lang != "zh"]
    # Preloading, axe would look for the theme's imported style sheets in the wrong folder.
    result = Axe().run(page, context=name, options={"preload": False})
    assert result.violations_count == 0, result.generate_report()
    page.set_viewport_size({"width": 360, "height": 740})
    assert widget.evaluate("element => element.scrollWidth <= element.clientWidth")
