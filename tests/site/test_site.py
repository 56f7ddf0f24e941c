"""What a reader does on the built site: arrives, switches views, answers, opens it from a disk."""

from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from book_pages import CHAPTER, HAN, NESTED, PAGES, VIEWS, settle
from playwright.sync_api import BrowserContext, Page, expect

from shoprec.show.plotting import show_table

#: From every view to every other.
CIRCUIT = ["zh", "en", "zh", "both", "en", "both", "zh"]


class TestLanding:
    @pytest.mark.browser_context_args(locale="zh-TW")
    def test_chinese_reader(self, page: Page, site_url: str) -> None:
        page.goto(site_url)
        page.wait_for_url(f"{site_url}/zh/index.html")

    @pytest.mark.browser_context_args(locale="de-DE")
    def test_any_other_reader(self, page: Page, site_url: str) -> None:
        page.goto(site_url)
        page.wait_for_url(f"{site_url}/en/index.html")

    @pytest.mark.browser_context_args(locale="zh-CN")
    def test_choice_is_remembered(self, page: Page, site_url: str) -> None:
        page.goto(f"{site_url}/zh/index.html")
        page.get_by_role("link", name="English").click()
        page.wait_for_url(f"{site_url}/en/index.html")
        page.goto(site_url)
        page.wait_for_url(f"{site_url}/en/index.html")

    @pytest.mark.browser_context_args(java_script_enabled=False)
    def test_without_javascript(self, page: Page, site_url: str) -> None:
        page.goto(site_url)
        for view in VIEWS:
            expect(page.locator(f"nav a[href='{view}/index.html']")).to_be_visible()
        page.locator("nav a[href='zh/index.html']").click()
        expect(page).to_have_url(f"{site_url}/zh/index.html")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_accessible(self, page: Page, site_url: str, scheme: str) -> None:
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{site_url}/index.html#languages")
        report = Axe().run(page)
        assert not report.violations_count, report.generate_report()


@pytest.mark.parametrize("name", [CHAPTER, NESTED])
def test_switch_keeps_page_and_place(page: Page, site_url: str, name: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 300})
    page.goto(f"{site_url}/{CIRCUIT[0]}/{name}.html")
    for step, view in enumerate(CIRCUIT[1:]):
        settle(page)
        section = page.locator("article section section[id]").nth(1 + step % 2)
        place = section.get_attribute("id")
        section.evaluate("element => element.scrollIntoView({behavior: 'instant'})")
        settle(page)
        page.locator(f".view-switch a[data-view={view}]").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site_url}/{view}/{name}.html#{place}")
        expect(page.locator(f"[id='{place}']")).to_be_in_viewport()


def test_switch_at_the_top_of_a_page_leads_to_the_top(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/zh/{CHAPTER}.html")
    page.locator(".view-switch a[data-view=en]").click()
    page.wait_for_url(f"{site_url}/en/{CHAPTER}.html")


@pytest.mark.parametrize("view", VIEWS)
def test_works_from_disk(context: BrowserContext, build: Path, view: str) -> None:
    page = context.new_page()  # not the fixture: from disk the browser refuses to preload fonts, though it loads them
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.goto((build / view / f"{CHAPTER}.html").as_uri())
    expect(page.locator(".formula svg").first).to_be_visible()
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('900 1em \"Font Awesome 6 Free\"'))")
    other = "en" if view == "both" else "both"
    page.locator(f".view-switch a[data-view={other}]").click()
    expect(page.locator(f"[aria-current][data-view={other}]")).to_be_visible()
    page.close()
    assert not thrown


def test_code_is_monospaced(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/zh/index.html")
    family = page.locator("pre").first.evaluate("element => getComputedStyle(element).fontFamily")
    assert family.endswith("monospace")


def test_quiz_by_keyboard(page: Page, site_url: str, build: Path) -> None:
    name = next(name for name in PAGES if 'class="quiz"' in (build / "en" / f"{name}.html").read_text("utf8"))
    page.goto(f"{site_url}/en/{name}.html")
    quiz = page.locator(".quiz").first
    right = quiz.locator(".quiz-option[data-correct]")
    expect(right.locator(".quiz-answer")).to_be_hidden()
    right.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(right.locator(".quiz-answer")).to_contain_text("✓ Correct")
    wrong = quiz.locator(".quiz-option:not([data-correct])").first
    wrong.locator("summary").focus()
    page.keyboard.press("Space")
    expect(wrong.locator(".quiz-verdict")).to_have_text("✗ Not quite")


@pytest.mark.parametrize(("view", "shown"), [("zh", ["zh"]), ("en", ["en"]), ("both", ["zh", "en"])])
def test_outputs_speak_its_language(page: Page, site_url: str, view: str, shown: list[str]) -> None:
    page.goto(f"{site_url}/{view}/index.html")
    page.locator("article").evaluate(
        """article => article.innerHTML +=
            '<div class="cell_output" id="added"><span lang="zh">权重</span><span lang="en">Weight</span></div>'"""
    )
    visible = page.locator("#added [lang]").evaluate_all(
        "spans => spans.filter(span => span.checkVisibility()).map(span => span.lang)"
    )
    assert visible == shown


@pytest.mark.parametrize("width", [390, 1280, 1900])
def test_side_by_side_has_the_contents_of_the_page(page: Page, site_url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site_url}/both/{CHAPTER}.html")
    link = page.locator(".bd-toc-nav .nav-link").nth(1)
    if width < 1900:
        expect(link).to_be_hidden()
        page.locator("button.secondary-toggle").click()
    expect(link).to_be_visible()
    settle(page)
    expect(link).to_be_in_viewport(ratio=1)
    assert HAN.search(link.inner_text())
    assert link.locator("[lang=en]").inner_text()
    last = page.locator(".bd-toc-nav .nav-link:visible").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=1)


def test_a_place_in_a_list_needs_no_room_on_a_phone(page: Page, site_url: str) -> None:
    table = show_table(
        pd.DataFrame({"name": [("全脂牛奶", "Whole milk")], "n": [7]}),
        {"name": ("商品", "Product"), "n": ("次数", "Count")},
        ("名次", "Rank"),
    )
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site_url}/en/index.html")
    page.locator("article").evaluate(
        "(article, html) => { article.innerHTML = `<div class='cell_output'>${html}</div>` }", table.data
    )
    place, name = (page.locator(f"tbody {cell}").first.bounding_box()["width"] for cell in ("th", "td"))
    assert place < 60
    assert name > 100


def test_side_by_side_marks_languages(page: Page, site_url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site_url}/both/{CHAPTER}.html")
    zh, en = (page.locator(f"article .parallel > [lang={lang}]").first for lang in ("zh-CN", "en"))
    assert HAN.search(zh.inner_text())
    assert not HAN.search(en.inner_text())
    assert zh.bounding_box()["y"] == en.bounding_box()["y"]
    page.set_viewport_size({"width": 390, "height": 844})
    assert zh.bounding_box()["y"] < en.bounding_box()["y"]
