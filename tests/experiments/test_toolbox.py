"""The table of libraries: what it says of those that are here is what they say themselves."""

import re
from importlib.metadata import requires, version

import pytest

from shoprec.experiments.records import load_record
from shoprec.experiments.toolbox import AS_OF, FRESH, RECORDED, TASKS, TOOLS, installed


def test_the_pinned_versions_are_those_that_the_book_is_built_with() -> None:
    here = installed()
    assert {"implicit", "LightGBM", "FAISS", "scikit-learn", "PyTorch"} <= {*here.index}
    for name in here.index:
        assert version(TOOLS[name].package).split("+")[0] == TOOLS[name].version
        assert here.loc[name, "megabytes"] > 1


def test_a_licence_that_a_package_states_is_the_table_s() -> None:
    here = installed()
    stated = here["licence"][here["licence"].str.match("(MIT|BSD|Apache)")]
    assert len(stated) > 4
    for name, licence in stated.items():
        assert licence.split()[0].split("-")[0] == TOOLS[name].licence.split("-")[0]


def test_needs_counts_each_package_once_and_no_extras() -> None:
    lines = [line for line in requires("implicit") if "extra ==" not in line]
    assert installed().loc["implicit", "needs"] == len({re.split(r"[\s;(<>=!~\[]", line)[0] for line in lines})


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_has_a_line_in_both_languages_and_a_task(name: str) -> None:
    tool = TOOLS[name]
    assert {*tool.tasks} <= {*TASKS}
    assert tool.tasks
    assert all(tool.says)
    assert re.search("[一-鿿]", tool.says[0])
    assert not re.search("[一-鿿]", tool.says[1])
    assert re.fullmatch(r"(20\d\d-(0[1-9]|1[0-2]))?", tool.released)
    assert tool.released <= f"{AS_OF:%Y-%m}"


def test_kept_up_counts_months() -> None:
    month = AS_OF.year * 12 + AS_OF.month - FRESH
    year, at = divmod(month - 1, 12)
    tool = TOOLS["implicit"]
    assert tool._replace(released=f"{year}-{at + 1:02}").kept_up is True
    assert tool._replace(released=f"{year - 1}-{at + 1:02}").kept_up is False
    assert tool._replace(released="").kept_up is None


def test_the_record_s_models_have_names() -> None:
    assert {*load_record("tools").cells["model"]} == {*RECORDED}
