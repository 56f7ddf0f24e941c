"""Lists as sums over purchases, worked by mouse and keyboard."""

import numpy as np
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import reason_sum
from shoprec.show.widgets.reason_sum import Sums

BOUGHT = [("茶", "Tea"), ("牛奶", "Milk"), ("面包", "Bread")]
LISTED = [(f"商品 {i}", f"Item {i}") for i in range(8)]
PARTS = np.random.default_rng(3).random((8, 3)).round(3) * (np.random.default_rng(4).random((8, 3)) < 0.7)


def output(n=4):
    homes = [Sums((f"第 {i} 家", f"Home {i}"), BOUGHT, LISTED, (PARTS[::-1] if i else PARTS).copy()) for i in range(2)]
    return reason_sum(homes, n)


def expected(kept, parts=PARTS, n=4):
    """Names and sums of the list, by NumPy."""
    total = (np.round(1000 * parts).astype(int) @ np.array(kept)).tolist()
    first = sorted((i for i in range(8) if total[i]), key=lambda i: (-total[i], i))[:n]
    return [f"Item {i} {total[i] / 1000:.3f}" for i in first]


def shown(element):
    names = element.locator(".list li > [lang=en]").all_text_contents()
    return [
        f"{name} {total}" for name, total in zip(names, element.locator(".list b").all_text_contents(), strict=True)
    ]


def test_every_set_of_purchases_gives_the_sums(page):
    show(page, output(), lang="en")
    element, boxes = page.locator("reason-sum"), page.locator("fieldset:visible input")
    assert shown(element) == expected([1, 1, 1])
    kept = [1, 1, 1]
    for box in (0, 1, 0, 2, 1, 0, 2):  # a walk through many of the eight
        boxes.nth(box).press("Space")
        kept[box] = 1 - kept[box]
        assert shown(element) == expected(kept)


def test_the_line_says_who_came_and_who_went(page):
    show(page, output(), lang="en")
    line = page.locator("p[role=status]")
    expect(line).to_contain_text("This is the whole history.")
    page.get_by_role("checkbox", name="Tea").click()
    before, after = ({name.rsplit(" ", 1)[0] for name in expected(kept)} for kept in ([1, 1, 1], [0, 1, 1]))
    assert before != after
    for name in before - after:
        expect(line).to_contain_text(name)
    expect(line).to_contain_text("1 taken away: gone")
    page.get_by_role("checkbox", name="Tea").click()
    expect(line).to_contain_text("This is the whole history.")


def test_only_what_is_taken_away_is_struck_through(page):
    show(page, output(), lang="en")
    names = page.locator("fieldset:visible label > span")
    page.get_by_role("checkbox", name="Milk").press("Space")
    lines = names.evaluate_all("names => names.map((name) => getComputedStyle(name).textDecorationLine)")
    assert lines == ["none", "line-through", "none"]


def test_with_nothing_left_there_is_no_list(page):
    show(page, output(), lang="zh")
    for box in page.locator("fieldset:visible input").all():
        box.press("Space")
    assert shown(page.locator("reason-sum")) == []
    expect(page.locator("p[role=status]")).to_contain_text("去掉 3 件：离开了")


def test_reasons_add_up_to_the_score(page):
    show(page, output(), lang="en")
    for item in page.locator(".list li").all():
        text = item.locator(".why").inner_text()
        terms = [float(part) for part in text.replace("=", "").replace("+", "").split() if part[0].isdigit()]
        assert sum(terms) == pytest.approx(float(item.locator("b").inner_text()), abs=1e-9)
    page.locator("fieldset:visible input").first.press("Space")
    assert "Tea" not in page.locator(".list").inner_text()


def test_households_are_chosen_in_both_languages_together(page):
    show(page, output(), lang="both")
    element = page.locator("reason-sum")
    for i, select in [(1, 0), (0, 1)]:
        element.locator("select").nth(select).select_option(index=i)
        assert [s.evaluate("s => s.selectedIndex") for s in element.locator("select").all()] == [i, i]
        assert shown(element) == expected([1, 1, 1], PARTS[::-1] if i else PARTS)
        assert element.locator("fieldset:visible").count() == 1


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, output())
    page.locator("fieldset:visible input").first.press("Space")
    assert shown(page.locator("reason-sum")) == expected([0, 1, 1])


def test_without_script_it_is_tables(page):
    show(page, output(), script=False)
    element = page.locator("reason-sum")
    for part in ("fieldset", ".list", ".status", "select"):
        expect(element.locator(part).first).to_be_hidden()
    element.locator("summary").click()
    expect(element.locator("table")).to_have_count(2)
    expect(element.locator("table").first).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, output(), lang=lang)
    page.locator("summary:visible").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/08_trends/explanations.html")
    element = page.locator("reason-sum").first
    expect(element, "section 8.5.2 has lists as sums").to_be_visible()
    assert len(shown(element)) == 5
    for box in element.locator("fieldset:visible input").all():  # each alone may change nothing among the first five
        box.press("Space")
    assert not shown(element)
