"""Search: what readers ask for in both languages, and the place that they should find."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from book_pages import CHAPTER, VIEWS, ids
from playwright.sync_api import Page, expect
from small_book import build as build_book

from site_search import as_script, merge_indexes, read_index

ZH = {
    "推荐系统": "glossary",
    "注意力": "ch-attention",
    "多头注意力": "sec-attention-heads",
    "余弦相似度": "ch-similarity",
    "长尾": "sec-background-tail",
    "秩": "sec-score-rank",
    "熵": "sec-transformer-losses",
    "收缩": "sec-similarity-shrinkage",
    "位置编码": "sec-attention-positions",
    "泄漏": "sec-concepts-leakage",
    "消融": "sec-project-ablation",
    "物品 KNN": "sec-project-neighbours",
    "NDCG 公式": "sec-background-ndcg",
    "大模型 更准": "sec-background-test",
    "Järvelin": "sec-background-ndcg",
    "4.2.6": "sec-similarity-dimension",
}
EN = {
    "attention": "ch-attention",
    "multi-head": "sec-attention-heads",
    "cosine similarity": "ch-similarity",
    "long tail": "sec-background-tail",
    "positional encodings": "sec-attention-positions",
    "popularity bias": "sec-concepts-popularity",
    "leakage": "sec-concepts-leakage",
    "rank fusion": "sec-score-ranks",
    "losses": "sec-transformer-losses",
    "oracle": "sec-hybrid-oracle",
    "item KNN": "sec-project-neighbours",
    "NDCG formula": "sec-background-ndcg",
    "Jarvelin": "sec-background-ndcg",
    "hybrid_score": "api",
    "feedback": "sec-concepts-feedback",
}
QUERIES = {"zh": ZH, "en": EN, "both": ZH | EN}
#: What only code and formulas are written with.
SOURCE = re.compile(r"\\[a-z]+|\$|\{[a-z-]+\}|import |\bdef |==|:::|```|_\{")


def hits(page: Page, query: str) -> list[dict]:
    """Ask, and return what is found, the best first."""
    page.locator("#search-form input").fill(query)
    return page.locator("#search-results > li").evaluate_all(
        """items => items.map(item => ({
            href: item.querySelector("a").getAttribute("href"),
            title: item.querySelector("a").textContent,
            marked: item.querySelectorAll("mark").length,
            excerpt: item.querySelector(".search-excerpt")?.textContent ?? "",
        }))"""
    )


def faults(page: Page, query: str, wanted: str) -> Iterator[str]:
    """Yield what is wrong with the answer to a query."""
    found = hits(page, query)
    if not any(wanted in re.split(r"\.html#", hit["href"]) for hit in found[:3]):
        yield f"{query}: {wanted} is not among the first three, but {[hit['href'] for hit in found[:3]]}"
    if sum("glossary" in hit["href"] for hit in found) > 1:
        yield f"{query}: the glossary comes more than once"
    if not any(hit["marked"] for hit in found):
        yield f"{query}: nothing is marked"
    yield from (f"{query}: source in “{hit['excerpt']}”" for hit in found if SOURCE.search(hit["excerpt"]))


@pytest.mark.parametrize("view", VIEWS)
def test_queries_lead_to_their_places(page: Page, site_url: str, view: str) -> None:
    page.goto(f"{site_url}/{view}/search.html")
    assert len(QUERIES[view]) >= 15
    found = [fault for query, wanted in QUERIES[view].items() for fault in faults(page, query, wanted)]
    assert not found, "\n".join(found)


def test_accents_and_case_make_no_difference(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/both/search.html")
    assert hits(page, "Järvelin") == hits(page, "jarvelin")
    assert hits(page, "NDCG") == hits(page, "ndcg")


@pytest.mark.parametrize("view", VIEWS)
def test_every_entry_has_its_place(build: Path, view: str) -> None:
    index = read_index((build / view / "searchindex.js").read_text("utf8"))
    pages = {entry["page"] for entry in index}
    places = {page: ids(build / view / f"{page}.html") for page in pages}
    lost = [(entry["page"], entry["anchor"]) for entry in index if entry["anchor"] not in places[entry["page"]]]
    assert not lost
    assert CHAPTER in pages


def test_a_query_comes_with_the_address_and_goes_along_to_other_views(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/zh/search.html?q=hybrid")
    expect(page.locator("#search-results > li").first).to_be_visible()
    page.locator(".view-switch a[data-view=en]").click()
    page.wait_for_url(f"{site_url}/en/search.html?q=hybrid")
    expect(page.locator("#search-results > li").first).to_be_visible()
    page.locator("#search-results a").first.click()
    page.wait_for_url(re.compile(r"\.html#"))
    expect(page.locator(":target")).to_be_in_viewport()


def test_nothing_found_is_said_in_the_language(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/zh/search.html?q=qqqq")
    expect(page.locator("#search-summary")).to_have_text("没有找到")
    page.goto(f"{site_url}/both/search.html?q=qqqq")
    expect(page.locator("#search-summary")).to_have_text("没有找到 · Nothing found")


def test_works_from_disk(page: Page, build: Path) -> None:
    page.goto((build / "en" / "search.html").as_uri() + "?q=attention")
    expect(page.locator("#search-results > li").first).to_contain_text("4.1 Attention")


PAGE = """\
(book)=
# Book

(sec-said)=
## What is said

A word *with weight* for $n$ and $\\frac{a}{b}$, see {ref}`sec-other`.

```python
hidden = 1
```

$$
\\sqrt{x}
$$

```{glossary}
term
  What it means.
```

(sec-other)=
### Another place

Its own words.
"""


def test_an_entry_says_prose(tmp_path: Path) -> None:
    out = build_book(tmp_path, {"index.md": PAGE}, more=["site_search"])
    index = {entry["anchor"]: entry for entry in read_index((out / "searchindex.js").read_text("utf8"))}
    assert index["sec-said"]["text"] == "A word with weight for n and …, see the section “Another place”."
    assert index["sec-said"]["keywords"] == "sec said 公式 formula"
    assert index["sec-other"] == {
        "page": "index", "anchor": "sec-other", "lang": "en", "title": "Another place", "text": "Its own words.",
        "keywords": "sec other",
    }  # fmt: skip
    assert index["term-term"]["text"] == "What it means."
    assert index["term-term"]["defined"]


def test_side_by_side_has_the_entries_of_both() -> None:
    zh = [{"page": "a", "anchor": "sec-a"}, {"page": "a", "anchor": "term-0"}]
    en = [{"page": "a", "anchor": "sec-a"}, {"page": "a", "anchor": "term-mask"}]
    both = read_index(merge_indexes(as_script(zh), as_script(en)))
    assert [entry["anchor"] for entry in both] == ["sec-a", "term-0", "sec-a", "en-term-mask"]
