"""Sheets for a class: from the data and the chapters' own text, in one language each, and one sheet of paper long."""

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from handouts import (
    FORMULAS,
    GROWN_UP,
    N_BASKETS,
    N_GUESSES,
    Example,
    K,
    answers,
    choose,
    equations,
    fits,
    formula_page,
    latest,
    meanings,
    sheet,
    takeaway_page,
    worksheet,
)
from shoprec.data.journey import Journey, complete_journey
from shoprec.tasks import Task, tasks_at

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def journey() -> Journey:
    return complete_journey()


@pytest.fixture(scope="module")
def task(journey: Journey) -> Task:
    return tasks_at(journey.purchases)[1]


@pytest.fixture(scope="module")
def example(journey: Journey, task: Task) -> Example:
    return choose(journey, task)


def test_the_household_is_one_of_the_data(journey: Journey, task: Task, example: Example) -> None:
    own = journey.purchases[journey.purchases["user"] == example.user]
    assert (example.baskets["timestamp"] < pd.Timestamp(task.cut)).all()
    assert {item for items in example.baskets["items"] for item in items} <= {*own["item"]}
    first = own[own["timestamp"] == example.next]
    assert {*example.bought} <= {*own.loc[own["basket"] == first["basket"].iloc[0], "item"]}
    assert len(example.listed) == K
    assert example.hits == 3
    shown = [*example.baskets["items"].explode(), *example.bought]
    assert not journey.products.loc[shown, "category"].str.contains(GROWN_UP).any()


def test_no_answer_is_on_the_participants_sheet(journey: Journey, task: Task, example: Example) -> None:
    before = {item for items in example.baskets["items"] for item in items}
    text = worksheet(example, journey, pd.Timestamp(task.cut), "en")
    new = [name for _, name in journey.names([item for item in example.bought if item not in before])]
    assert new
    old = {name for _, name in journey.names(before)}
    assert not [name for name in new if name not in old and name in text]
    assert all(name in answers(example, journey, "en") for name in new)


def test_a_worksheet_has_baskets_and_room_for_guesses(journey: Journey, task: Task, example: Example) -> None:
    soup = BeautifulSoup(worksheet(example, journey, pd.Timestamp(task.cut), "en"), "html.parser")
    assert len(soup.select("tbody tr")) == N_BASKETS
    assert len(soup.select("ol:not(.order) > .line")) == N_GUESSES
    assert "for education only" in soup.get_text()
    assert not HAN.search(soup.get_text())


def test_what_does_not_fit_is_not_chosen(journey: Journey, example: Example) -> None:
    assert fits(example, journey.products)
    wine = journey.products.index[journey.products["category"].str.contains("WINE", na=False)][0]
    baskets = example.baskets.assign(items=[[*items, wine] for items in example.baskets["items"]])
    assert not fits(Example(example.user, baskets, example.bought, example.next, example.listed), journey.products)
    few = example.baskets.head(2)
    assert not fits(Example(example.user, few, example.bought, example.next, example.listed), journey.products)


def test_latest_baskets_are_in_order_and_hold_each_product_once() -> None:
    times = pd.to_datetime(["2017-02-01", "2017-01-01", "2017-01-01", "2017-03-01"])
    purchases = pd.DataFrame({"basket": [2, 1, 1, 3], "timestamp": times, "item": [7, 8, 8, 9], "user": 1})
    found = latest(purchases, pd.Timestamp("2017-03-01"))
    assert found["items"].tolist() == [[8], [7]]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_formulas_and_symbols_are_those_of_the_book(lang: str) -> None:
    known, explained = equations(), meanings(lang)
    assert [label for label, *_ in FORMULAS if label not in known] == []
    assert [each for *_, symbols in FORMULAS for each in symbols if each not in explained] == []
    soup = BeautifulSoup(formula_page(lang), "html.parser")
    assert len(soup.select("section > .formula svg")) == len(FORMULAS)
    assert "{ref}" not in soup.get_text()


def test_meanings_are_told_apart_by_section() -> None:
    found = meanings("en")
    assert found["k", "sec-background-ndcg"] == "length of a list"
    assert found["k", "sec-cf-user"] == "number of neighbours"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_takeaways_are_the_chapters_own(lang: str) -> None:
    soup = BeautifulSoup(takeaway_page(lang), "html.parser")
    assert [title.get_text().split()[0] for title in soup.select("h2")] == ["1", "5", "6.1"]
    assert all(len(found.find_all("li")) >= 4 for found in soup.select("ul"))
    assert bool(HAN.search(soup.get_text())) == (lang == "zh")


def test_a_sheet_needs_no_other_file() -> None:
    html = sheet("t", formula_page("en"), "en")
    assert not re.search(r'(?:src|href)="(?!data:|#)', html)
    assert html.count('id="formula-glyphs"') == 1


def test_nobody_fits(journey: Journey, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handouts.MOST_PRODUCTS", 0)
    with pytest.raises(ValueError, match="no household"):
        choose(journey, task)
