"""Code in the right dose: what is folded by itself, and the switch that folds or opens all."""

from pathlib import Path

import pytest
from book_pages import CHAPTER, VIEWS, soup
from nbformat import writes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Page, expect
from small_book import build as build_book

from folded_code import split_code


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("import a\nfrom b import (\n    c,\n)", ["imports"]),
        ("assert a\nassert b", ["checks"]),
        ("import a\nassert a", ["imports", "checks"]),
        ("import a\n\n# Why\nb = 2\nassert b", ["imports", "code", "checks"]),
        ("a = 1\nimport b\nassert b\nprint(a)", ["code"]),
        ("%timeit f()\nimport a", ["code"]),
        ("", []),
    ],
)
def test_code_is_split_by_what_it_does(code: str, parts: list[str]) -> None:
    split = list(split_code(code))
    assert [name for name, _ in split] == parts
    assert "".join(text for _, text in split).replace("\n", "") == code.replace("\n", "")


def test_cells_become_boxes(tmp_path: Path) -> None:
    figure = new_code_cell("plot()", metadata={"tags": ["hide-input"]})
    cells = [new_markdown_cell("# Book"), new_code_cell("import a\nb = 1\nassert b"), figure]
    notebook = new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    out = build_book(tmp_path, {"index.ipynb": writes(notebook)}, "zh", more=["folded_code"])
    boxes = soup(out / "index.html").select(".cell_input > details.code")
    assert [box.summary.get_text(strip=True) for box in boxes] == ["导入", "代码", "检查", "代码"]
    assert ["open" in box.attrs for box in boxes] == [False, True, False, False]
    assert [box.pre.get_text().strip() for box in boxes] == ["import a", "b = 1", "assert b", "plot()"]


@pytest.mark.parametrize(
    ("lang", "titles"), [("zh", ["从这里写起", "检查答案"]), ("en", ["Start here", "Check your answer"])]
)
def test_a_starter_and_its_check_are_folded_in_the_pages_language(tmp_path: Path, lang: str, titles: list[str]) -> None:
    starter = new_code_cell("import a\n\nw = ...  # 一个数 | a number", metadata={"tags": ["starter"]})
    unwritten = new_output("stream", text="not yet written")
    check = new_code_cell("from b import check\n\ncheck(w)", metadata={"tags": ["check"]}, outputs=[unwritten])
    cells = [new_markdown_cell("# Book"), starter, check]
    notebook = new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    page = soup(build_book(tmp_path, {"index.ipynb": writes(notebook)}, lang, more=["folded_code"]) / "index.html")
    boxes = page.select(".cell_input > details.code")
    assert [box.summary.get_text(strip=True) for box in boxes] == titles
    assert not any("open" in box.attrs for box in boxes)
    remark = {"zh": "一个数", "en": "a number"}[lang]
    assert boxes[0].pre.get_text().strip() == f"import a\n\nw = ...  # {remark}"
    assert "not yet written" not in page.get_text()


@pytest.mark.browser_context_args(reduced_motion="reduce")
def test_one_switch_for_all_code_which_is_remembered(page: Page, site_url: str) -> None:
    def states() -> set[bool]:
        return set(page.locator("details.code").evaluate_all("boxes => boxes.map(box => box.open)"))

    page.goto(f"{site_url}/zh/{CHAPTER}.html")
    assert states() == {True, False}
    switch = page.get_by_role("button", name="折叠全部代码")
    switch.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="展开全部代码")).to_be_focused()
    assert states() == {False}
    page.locator(".view-switch a[data-view=en]").click()
    page.wait_for_url(f"{site_url}/en/{CHAPTER}.html*")
    expect(page.get_by_role("button", name="Open all code")).to_be_visible()
    assert states() == {False}
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Open all code").press("Space")
    assert states() == {True}


@pytest.mark.browser_context_args(reduced_motion="reduce")
@pytest.mark.parametrize("choice", ["folded", "open"])
def test_the_choice_is_shown_before_the_boxes_are_set(page: Page, site_url: str, choice: str) -> None:
    """The page doesn't jump when its script comes to the boxes."""
    page.add_init_script(f"localStorage.setItem('book-code', '{choice}')")
    page.route("**/code-switch.js*", lambda route: route.fulfill(body=""))
    page.goto(f"{site_url}/en/{CHAPTER}.html")
    height = "document.querySelector('article').getBoundingClientRect().height"
    before = page.evaluate(height)
    page.unroute("**/code-switch.js*")
    page.add_script_tag(url=f"{site_url}/en/_static/code-switch.js")
    page.evaluate("document.dispatchEvent(new Event('DOMContentLoaded'))")
    expect(page.locator("html")).to_have_attribute("data-code-applied", "")
    assert page.evaluate(height) == before


def test_only_pages_with_code_have_the_switch(build: Path) -> None:
    for view in VIEWS:
        assert soup(build / view / f"{CHAPTER}.html").select(".code-switch")
        assert not soup(build / view / "glossary.html").select(".code-switch")
