"""The static half of the table of tools: what a reader without scripts gets."""

import pytest
from bs4 import BeautifulSoup

from shoprec.experiments.toolbox import TASKS, TOOLS
from shoprec.show.widgets import tool_finder
from shoprec.show.widgets.tool_finder import GPU, HEADS, WISHES, wishes_met


def test_every_row_says_what_the_table_holds() -> None:
    soup = BeautifulSoup(tool_finder(TOOLS).data, "html.parser")
    rows = soup.select("tbody tr")
    assert [row.th.text for row in rows] == [*TOOLS]
    for row, tool in zip(rows, TOOLS.values(), strict=True):
        cells = row.select("td")
        assert len(cells) + 1 == len(HEADS) == len(soup.select("thead th"))
        assert [kind.text for kind in cells[0].select("[lang=en]")] == [TASKS[task][1] for task in tool.tasks]
        assert (cells[1].select_one("[lang=zh]").text, cells[1].select_one("[lang=en]").text) == tool.says
        assert [cell.text for cell in cells[2:5]] == [tool.version, tool.released or "–", tool.licence]
        assert cells[5].select_one("[lang=zh]").text == GPU[tool.gpu][0]
        assert row["data-tasks"].split() == [*tool.tasks]
        assert row["data-wishes"].split() == wishes_met(tool)


def test_every_wish_is_met_by_some_and_not_by_all() -> None:
    for wish in WISHES:
        assert 0 < sum(wish in wishes_met(tool) for tool in TOOLS.values()) < len(TOOLS)


def test_names_are_escaped() -> None:
    tool = TOOLS["implicit"]._replace(says=("<b>", "</script>"), licence="<i>")
    body = tool_finder({"<u>": tool}).data.partition("<script>")[0]
    assert "&lt;b&gt;" in body
    assert not {"<b>x", "<u>", "<i>"} & {*body.split('"')}
    assert "</script>" not in body


def test_what_cannot_be_shown_is_named() -> None:
    with pytest.raises(ValueError, match="no tools"):
        tool_finder({})
    with pytest.raises(ValueError, match="magic has the tasks"):
        tool_finder({"magic": TOOLS["implicit"]._replace(tasks=("cooking",))})
    with pytest.raises(ValueError, match="gpu 'must'"):
        tool_finder({"magic": TOOLS["implicit"]._replace(gpu="must")})
