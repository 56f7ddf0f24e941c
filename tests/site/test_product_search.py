"""The product search in a browser: on a page of its own, and in the built chapter."""

import json

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import product_search

ZH = ["纯牛奶", "酸奶", "巧克力牛奶", "牛奶", "</script><b>香蕉</b>", "薯片"]
EN = ["White milk", "Yogurt", "Chocolate milk", "Milk", "</script><b>Bananas</b>", "Potato chips (A & B)"]


def search(n=5):
    rng = np.random.default_rng(0)
    near = {lang: rng.uniform(0.1, 1, size=(n, 6)) for lang in ("zh", "en")}
    letters = {"zh": np.zeros((n, 6)), "en": near["en"] - 0.5}
    return product_search(pd.DataFrame({"name_zh": ZH, "name_en": EN}), near, letters, k=3)


def found(page):
    data = page.locator("product-search script").first.text_content()
    return json.loads(data)["found"]


def shown(page, side):
    return page.locator(f"product-search >> nth=0 >> .sides .{side} tbody tr").evaluate_all(
        """rows => rows.map(row => [row.querySelector("b").textContent, row.querySelector(".score").textContent,
                                    row.querySelector(".mark").textContent])"""
    )


def expected(page, lang, word):
    return {
        side: [[EN[i], f"{s / 100:.2f}", "●" * (i == word)] for i, s in zip(flat[::2], flat[1::2], strict=True)]
        for side, by in found(page).items()
        for flat in [by[lang][word]]
    }


def offered(page):
    return page.get_by_role("option").locator("b").all_text_contents()


def assert_shows(page, lang, word):
    for side, rows in expected(page, lang, word).items():
        assert shown(page, side) == rows


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_part_of_a_word_offers_words_of_its_language(page, lang):
    show(page, search(), lang=lang)
    box = page.get_by_role("combobox")
    for typed, words in [
        ("牛奶", ["牛奶", "纯牛奶", "巧克力牛奶"]),
        ("milk", ["Milk", "White milk", "Chocolate milk"]),
        ("CHOC", ["Chocolate milk"]),
        ("og", ["Yogurt"]),
        ("薯片", []),  # a product, but no word
    ]:
        box.fill(typed)
        assert offered(page) == words
        expect(box).to_have_attribute("aria-expanded", "true" if words else "false")
        expect(page.locator(f".none > [lang={lang}]")).to_be_visible(visible=not words)
    box.fill("")
    assert offered(page)[0] == {"zh": ZH, "en": EN}[lang][0]


def test_keys_choose(page):
    show(page, search(), lang="en")
    box = page.get_by_role("combobox")
    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.type("milk")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    expect(page.locator(f"#{active} b")).to_have_text("White milk")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Chocolate milk")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert_shows(page, "en", 2)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    page.keyboard.type("yog")
    page.keyboard.press("Enter")  # the first word, when none was moved to
    assert_shows(page, "en", 1)


def test_a_mouse_chooses_and_the_live_line_tells(page):
    show(page, search(), lang="zh")
    page.get_by_role("combobox").fill("牛奶")
    page.get_by_role("option").nth(1).click()
    assert_shows(page, "zh", 0)
    expect(page.get_by_role("status").locator(".word b")).to_have_text("纯牛奶")
    expect(page.locator(".sides .letters .nothing [lang=zh]")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("编码器列出 3 件，字面匹配找到 0 件")
    page.get_by_role("combobox").fill("yog")
    page.get_by_role("option").click()
    assert_shows(page, "en", 1)
    expect(page.locator(".sides .letters .nothing [lang=zh]")).to_be_hidden()


def test_words_that_look_like_markup_stay_words(page):
    show(page, search(), lang="en")
    page.get_by_role("combobox").fill("banana")
    page.get_by_role("option").click()
    expect(page.locator(".word b").first).to_have_text(EN[4])
    assert page.locator("product-search b b").count() == 0


def test_letters_on_their_way_to_a_chinese_word_choose_nothing(page):
    show(page, search(), lang="zh")
    box = page.get_by_role("combobox")
    box.fill("牛奶")
    before = shown(page, "encoder")
    box.evaluate("b => b.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, isComposing: true}))")
    assert shown(page, "encoder") == before
    expect(page.get_by_role("listbox")).to_be_visible()


def test_leaving_the_box_closes_the_list(page):
    show(page, search(), lang="zh")
    page.get_by_role("combobox").fill("奶")
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_two_on_a_page_are_independent(page):
    show(page, search(), search(2))
    boxes = page.get_by_role("combobox")
    boxes.nth(1).fill("酸")
    page.get_by_role("option").click()
    assert_shows(page, "zh", 0)
    expect(page.locator("product-search").nth(1).locator(".word b")).to_have_text("酸奶")
    assert boxes.nth(0).get_attribute("aria-controls") != boxes.nth(1).get_attribute("aria-controls")


def test_output_inserted_later_works(page):
    insert_later(page, search())
    page.get_by_role("combobox").fill("酸")
    page.get_by_role("option").click()
    assert_shows(page, "zh", 1)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_script_a_table_of_examples_is_left(page, lang):
    show(page, search(), script=False, lang=lang)
    expect(page.get_by_role("combobox")).to_be_hidden()
    expect(page.locator(".examples")).to_be_visible()
    assert page.locator(".examples tbody tr").count() == 10
    expect(page.locator(".examples b[lang=zh]").first).to_be_visible()  # the word that is searched for, on either page


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/06_applications/products.html")
    search = page.locator("product-search").first
    expect(search, "chapter 6.1 shows the search").to_be_visible()
    search.get_by_role("combobox").fill("牛奶")
    search.get_by_role("option").first.click()
    expect(search.locator(".sides .encoder tbody tr").first).to_contain_text("milk")
    expect(search.locator(".sides .letters tbody tr")).to_have_count(0)
