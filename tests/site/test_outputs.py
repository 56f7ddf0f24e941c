"""What the cells of the built book show is well set, and said once."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from book_pages import LISTED
from bs4 import BeautifulSoup, SoupStrainer, Tag

from shoprec.show.typesetting import typeset

Check = Callable[[Tag], Iterator[str]]


def is_badly_set(output: Tag) -> Iterator[str]:
    """A number or a space isn't as typesetters have it."""
    shown = output.select(":is(p.line, table.dataframe, svg.drawing)")
    texts = [text for part in shown for text in part.find_all(string=True)]
    yield from (f"“{text}” is to be “{typeset(text)}”" for text in texts if typeset(text) != text)


def repeats_itself(output: Tag) -> Iterator[str]:
    """What the cell has checked is said more than once."""
    yield from (f"“{finding.get_text()}” is said after another" for finding in output.select(".finding")[1:])


def is_as_python_writes_it(output: Tag) -> Iterator[str]:
    """A cell of a table holds what only programmers read."""
    cells = (cell.get_text(strip=True) for cell in output.select("table.dataframe td"))
    yield from (f"a table holds {text}" for text in cells if text in ("True", "False", "None", "nan", "NaT"))


CHECKS: list[Check] = [is_badly_set, repeats_itself, is_as_python_writes_it]


def outputs(text: str) -> list[Tag]:
    """Parse what the cells of a page show, and no more of the page."""
    only = SoupStrainer(class_=re.compile(r"\bcell_output\b"))
    return BeautifulSoup(text, "html.parser", parse_only=only).select(".cell_output")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", LISTED)
def test_outputs_of_a_page(build: Path, name: str, lang: str) -> None:
    text = (build / lang / f"{name}.html").read_text("utf8")
    found = outputs(text)
    assert len(found) >= text.count('class="cell_output')
    faults = [f"{check.__name__}: {fault}" for check in CHECKS for output in found for fault in check(output)]
    assert not faults, "\n".join([f"{lang}/{name}.html", *faults])


FAULTY = """<p class="line">-1</p><div class="cell_output docutils container"><p class="line">-1</p></div>
<div class="cell_output"><p class="finding">a</p><div><p class="finding">a</p></div></div>
<div class="cell_output"><table class="dataframe"><td>True</td><td>true</td></table></div>"""


@pytest.mark.parametrize("check", CHECKS)
def test_check_finds_faults(check: Check) -> None:
    assert len([fault for output in outputs(FAULTY) for fault in check(output)]) == 1
