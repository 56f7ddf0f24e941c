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


def speaks(page: Page, name: str, lang: str) -> list[str]:
    """Say what the widget does not say, or says in the wrong language."""
    text = page.locator(name).first.inner_text()
    wanted = {"zh": lang != "en", "en": lang != "zh"}
    return [
        f"“{words}” is {'not ' if shown else ''}shown"
        for words, shown in zip(SAMPLES[name].says, wanted.values(), strict=True)
        if (words in text) != shown
    ]


def accessible(page: Page, **options: object) -> list[str]:
    """Return axe's report, if there is anything to report."""
    report = Axe().run(page, **options)
    return [report.generate_report()] if report.violations_count else []


@by_widget
@by_language
def test_alone_on_a_page(page: Page, name: str, lang: str) -> None:
    widget = SAMPLES[name].make(NAMES)
    show(page, widget, lang=lang)
    faults = speaks(page, name, lang)
    unfold(page)
    faults += accessible(page)
    page.set_viewport_size({"width": 320, "height": 640})
    width = page.evaluate("document.documentElement.scrollWidth")
    faults += [f"{width} px wide on a phone of 320 px"] if width > 320 else []
    page.set_viewport_size({"width": 1280, "height": 720})
    show(page, widget, lang=lang, theme="dark")
    unfold(page)
    faults += accessible(page, options={"runOnly": ["color-contrast"]})  # the same markup as in light
    assert not faults, "\n".join([f"{name}, {lang}", *faults])


@pytest.mark.parametrize("chapter", sorted({sample.page for sample in SAMPLES.values()}))
@by_language
def test_in_its_chapter(page: Page, site_url: str, chapter: str, lang: str) -> None:
    page.goto(f"{site_url}/{lang}/{chapter}.html")
    widgets = {name: page.locator(name).first for name, sample in SAMPLES.items() if sample.page == chapter}
    faults = []
    for name, widget in widgets.items():
        widget.scroll_into_view_if_needed()
        found = speaks(page, name, lang)
        if lang == "both":  # which has all that the other views have
            # Preloading, axe would look for the theme's imported style sheets in the wrong folder.
            found += accessible(page, context=name, options={"preload": False})
        faults += [f"{name}: {fault}" for fault in found]
    page.set_viewport_size({"width": 360, "height": 740})
    for name, widget in widgets.items():
        overflow = widget.evaluate("element => element.scrollWidth - element.clientWidth")
        faults += [f"{name}: {overflow} px too wide on a phone of 360 px"] if overflow > 0 else []
    assert not faults, "\n".join([f"{lang}/{chapter}.html", *faults])
