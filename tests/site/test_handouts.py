"""Sheets for a class on paper: printed by Chromium, each takes one sheet of A4."""

from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from handouts import make_all

NAMES = ("worksheet", "formulas", "takeaways", "teacher-answers")
A4 = (595, 842)  # points


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handouts")
    made = make_all(folder)
    assert {file.relative_to(folder).as_posix() for file in made} == {
        f"{lang}/{name}.html" for lang in ("zh", "en") for name in NAMES
    }
    return folder


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_is_one_page(page: Page, sheets: Path, lang: str, name: str) -> None:
    page.goto((sheets / lang / f"{name}.html").as_uri())
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0
    pdf = sheets / f"{name}.pdf"
    page.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    [printed] = PdfReader(pdf).pages
    assert (round(printed.mediabox.width), round(printed.mediabox.height)) == A4
    assert len(printed.extract_text()) > 150
