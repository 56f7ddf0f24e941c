"""What the cells of the built book show is well set, and said once."""

from pathlib import Path

import pytest
from book_pages import LISTED, soup

from shoprec.show.typesetting import typeset

SET = ".cell_output :is(p.line, table.dataframe, svg.drawing)"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", LISTED)
def test_numbers_and_spaces_are_well_set(build: Path, name: str, lang: str) -> None:
    page = soup(build / lang / f"{name}.html")
    texts = [text for shown in page.select(SET) for text in shown.find_all(string=True)]
    assert not [text for text in texts if typeset(text) != text]


@pytest.mark.parametrize("name", LISTED)
def test_what_a_cell_has_checked_is_said_once(build: Path, name: str) -> None:
    cells = soup(build / "en" / f"{name}.html").select(".cell_output")
    assert not [cell for cell in cells if len(cell.select(".finding")) > 1]


@pytest.mark.parametrize("name", LISTED)
def test_no_cell_of_a_table_is_left_as_python_writes_it(build: Path, name: str) -> None:
    cells = soup(build / "en" / f"{name}.html").select(".cell_output table.dataframe td")
    assert not [cell for cell in cells if cell.get_text(strip=True) in ("True", "False", "None", "nan", "NaT")]
