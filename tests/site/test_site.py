"""The built site in a browser: every page of every view, the switch, search, and the book's own markup."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import BrowserContext, Page, expect

BOOK = Path(__file__).parents[2] / "book"
VIEWS = {"zh": "zh-CN", "en": "en", "both": "zh-CN"}
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
OURS = [".view-switch", ".quiz", ".claim", ".claim-table", ".fold", ".parallel"]


def pages() -> list[str]:
    """Names of the book's pages, from the sources that the table of contents lists."""
    listed = re.findall(r"(?:root|file): *(\S+)", (BOOK / "_toc.yml").read_text("utf8"))
    return [*listed, "search"]


def chapter() -> str:
    """The first page after the home page: one with several sections."""
    return pages()[1]


def nested() -> str:
    """A chapter in a folder, whose links go up one step."""
    return next(name for name in pages() if "/" in name and not name.endswith("/index"))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", pages())
def test_page_loads_and_fits(page: Page, site_url: str, view: str, name: str) -> None:
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        page.goto(f"{site_url}/{view}/{name}.html")
        expect(page.locator("html")).to_have_attribute("lang", VIEWS[view])
        expect(page.locator(".view-switch [aria-current=page]")).to_have_attribute("data-view", view)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{view}/{name} is {overflow} px too wide at {size['width']} px"
        switch = page.locator(".view-switch").bounding_box()
        assert switch["x"] >= 0
        assert switch["x"] + switch["width"] <= size["width"]


@pytest.mark.parametrize("view", VIEWS)
def test_no_two_elements_share_an_id(build: Path, view: str) -> None:
    for name in pages()[:-1]:  # the theme's search page has two fields of one id
        soup = BeautifulSoup((build / view / f"{name}.html").read_text("utf8"), "html.parser")
        ids = [element["id"] for element in soup.select("[id]")]
        assert len(ids) == len(set(ids)), f"{view}/{name}: {sorted({i for i in ids if ids.count(i) > 1})}"


@pytest.mark.parametrize("view", VIEWS)
def test_links_within_the_site_lead_somewhere(build: Path, view: str) -> None:
    soups = {
        path: BeautifulSoup(path.read_text("utf8"), "html.parser")
        for path in [build / name / f"{page}.html" for name in VIEWS for page in pages()]
    }
    for path, soup in soups.items():
        if path.parent.name != view:
            continue
        for link in soup.select("a[href]"):
            file, _, anchor = link["href"].partition("#")
            if ":" in file:
                continue
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), f"{path}: {link['href']}"
            if anchor and target in soups:
                assert soups[target].find(id=anchor), f"{path}: {link['href']}"


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


class TestSwitch:
    @pytest.mark.parametrize("name", [chapter(), nested()])
    @pytest.mark.parametrize(("start", "end"), [(a, b) for a in VIEWS for b in VIEWS if a != b])
    def test_keeps_page_and_place(self, page: Page, site_url: str, start: str, end: str, name: str) -> None:
        page.set_viewport_size({"width": 1280, "height": 300})
        page.goto(f"{site_url}/{start}/{name}.html")
        section = page.locator("article section section[id]").nth(1)
        place = section.get_attribute("id")
        section.evaluate("element => element.scrollIntoView({behavior: 'instant'})")
        link = page.locator(f".view-switch a[data-view={end}]")
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site_url}/{end}/{name}.html#{place}")
        expect(page.locator(f"[id='{place}']")).to_be_in_viewport()

    def test_top_of_a_page_leads_to_the_top(self, page: Page, site_url: str) -> None:
        page.goto(f"{site_url}/zh/{chapter()}.html")
        page.locator(".view-switch a[data-view=en]").click()
        page.wait_for_url(f"{site_url}/en/{chapter()}.html")

    @pytest.mark.parametrize(("name", "up"), [(chapter(), "../"), (nested(), "../../")])
    def test_works_without_javascript(self, build: Path, name: str, up: str) -> None:
        soup = BeautifulSoup((build / "zh" / f"{name}.html").read_text("utf8"), "html.parser")
        hrefs = {link["data-view"]: link["href"] for link in soup.select(".view-switch a")}
        assert hrefs == {view: f"{up}{view}/{name}.html" for view in VIEWS}


@pytest.mark.parametrize(
    ("view", "query"),
    [("zh", "推荐系统"), ("zh", "hybrid"), ("en", "hybrid"), ("both", "推荐系统"), ("both", "hybrid")],
)
def test_search(page: Page, site_url: str, view: str, query: str) -> None:
    page.goto(f"{site_url}/{view}/search.html?q={query}")
    results = page.locator("#search-results li")
    expect(results.first).to_be_visible()
    target = results.first.locator("a").get_attribute("href").partition("?")[0].partition("#")[0]
    page.goto(f"{site_url}/{view}/{target}")
    assert query in page.locator("article").text_content().lower()


@pytest.mark.parametrize("view", VIEWS)
def test_works_from_disk(context: BrowserContext, build: Path, view: str) -> None:
    page = context.new_page()  # not the fixture: from disk the browser refuses to preload fonts, though it loads them
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.goto((build / view / f"{chapter()}.html").as_uri())
    expect(page.locator("mjx-container svg").first).to_be_visible()
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('900 1em \"Font Awesome 6 Free\"'))")
    other = "en" if view == "both" else "both"
    page.locator(f".view-switch a[data-view={other}]").click()
    expect(page.locator(f"[aria-current][data-view={other}]")).to_be_visible()
    assert not thrown


def test_formulas_are_drawn(page: Page, site_url: str, build: Path) -> None:
    with_math = [name for name in pages() if 'class="math' in (build / "zh" / f"{name}.html").read_text("utf8")]
    for name in with_math:
        page.goto(f"{site_url}/zh/{name}.html")
        expect(page.locator("mjx-container svg").first).to_be_visible()
        page.wait_for_function("MathJax.startup.promise.then(() => true)")
        assert page.locator("mjx-merror").count() == 0
        assert page.locator("mjx-container").count() == page.locator("article .math").count()


@pytest.mark.parametrize("view", VIEWS)
def test_no_line_begins_with_the_punctuation_after_a_formula(build: Path, view: str) -> None:
    followed = 0
    for name in pages():
        soup = BeautifulSoup((build / view / f"{name}.html").read_text("utf8"), "html.parser")
        for formula in soup.select("article span.math"):
            if re.match("[，。；：、）”？,.;:)?]", formula.next_sibling or ""):
                followed += 1
                held = "unbroken" in formula.parent.get("class", ())
                assert held, f"{view}/{name}: {formula.parent.get_text()[:200]}"
    assert followed


def test_code_is_monospaced(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/zh/index.html")
    family = page.locator("pre").first.evaluate("element => getComputedStyle(element).fontFamily")
    assert family.endswith("monospace")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_our_markup_is_accessible(page: Page, site_url: str, view: str, scheme: str) -> None:
    # Formulas stay text: their drawings aren't our markup, and axe would spend half its time on them.
    page.route("**/tex-svg.js", lambda route: route.fulfill(body=""))
    page.emulate_media(color_scheme=scheme)
    options = {"preload": False, "resultTypes": ["violations"]}
    if scheme == "dark":  # the same markup as in light, in other colours
        options["runOnly"] = ["color-contrast"]
    for name in pages():
        page.goto(f"{site_url}/{view}/{name}.html")
        page.locator(".quiz-option, .fold").evaluate_all("boxes => boxes.forEach(box => { box.open = true })")
        ours = [[selector] for selector in OURS if page.locator(selector).count()]
        report = Axe().run(page, context={"include": ours}, options=options)
        assert not report.violations_count, f"{view}/{name}\n{report.generate_report()}"


def test_quiz_by_keyboard(page: Page, site_url: str, build: Path) -> None:
    name = next(name for name in pages() if 'class="quiz"' in (build / "en" / f"{name}.html").read_text("utf8"))
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
            '<div class="cell_output"><span lang="zh">权重</span><span lang="en">Weight</span></div>'"""
    )
    visible = page.locator(".cell_output [lang]").evaluate_all(
        "spans => spans.filter(span => span.checkVisibility()).map(span => span.lang)"
    )
    assert visible == shown


def test_side_by_side_marks_languages(page: Page, site_url: str) -> None:
    page.set_viewport_size(WIDE)
    page.goto(f"{site_url}/both/{chapter()}.html")
    zh, en = (page.locator(f"article .parallel > [lang={lang}]").first for lang in ("zh-CN", "en"))
    assert re.search("[\u4e00-\u9fff]", zh.inner_text())
    assert not re.search("[\u4e00-\u9fff]", en.inner_text())
    assert zh.bounding_box()["y"] == en.bounding_box()["y"]
    page.set_viewport_size(NARROW)
    assert zh.bounding_box()["y"] < en.bounding_box()["y"]


class TestChineseInterface:
    """No string of the theme, the switch aside, is left in English on a Chinese page."""

    NAMES = re.compile("[A-Za-z]{2}")

    @pytest.mark.parametrize("view", ["zh", "both"])
    def test_tooltips_and_labels(self, page: Page, site_url: str, view: str) -> None:
        for name in pages():
            page.goto(f"{site_url}/{view}/{name}.html")
            page.wait_for_load_state("networkidle")
            labels = page.evaluate(
                """() => [...document.querySelectorAll(
                        ":is([title], [aria-label], [placeholder], [data-bs-original-title])")]
                    .filter(e => !e.closest("[lang=en], .view-switch, article .reference"))
                    .flatMap(e => ["title", "aria-label", "placeholder", "data-bs-original-title"]
                        .map(a => e.getAttribute(a))).filter(Boolean)"""
            )
            assert labels
            english = {label for label in labels if not re.search("[\u4e00-\u9fff]", label)}
            assert not english, f"{view}/{name}: {english}"

    def test_text_of_the_frame(self, page: Page, site_url: str) -> None:
        for name in pages():
            page.goto(f"{site_url}/zh/{name}.html")
            lines = page.evaluate(
                """() => {
                    const others = "article, .bd-toc-nav, script, noscript, style, .view-switch, kbd";
                    document.querySelectorAll(others).forEach(e => e.remove());
                    return document.body.textContent.split("\\n").map(line => line.trim()).filter(Boolean);
                }"""
            )
            english = [line for line in lines if self.NAMES.search(line) and not re.search("[\u4e00-\u9fff]", line)]
            assert not english, f"{name}: {english}"
