"""Sheets for a class on paper: printed by Chromium, each takes one sheet of A4."""

from pathlib import Path

from playwright.sync_api import Page
from pypdf import PdfReader

from handouts import make_all

NAMES = ("worksheet", "formulas", "takeaways", "teacher-answers")
A4 = (595, 842)  # points


def test_each_sheet_is_one_page(page: Page, tmp_path: Path) -> None:
    made = {file.relative_to(tmp_path).as_posix(): file for file in make_all(tmp_path)}
    assert {*made} == {f"{lang}/{name}.html" for lang in ("zh", "en") for name in NAMES}
    for sheet in made.values():
        page.goto(sheet.as_uri())
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, sheet
        page.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True, print_background=True)
        [printed] = PdfReader(tmp_path / "sheet.pdf").pages
        assert (round(printed.mediabox.width), round(printed.mediabox.height)) == A4
        assert len(printed.extract_text()) > 150
