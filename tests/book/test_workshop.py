"""Participants' notebooks: one language, nothing run, and no trace of a solution."""

import runpy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

workshop = runpy.run_path(str(Path(__file__).parents[2] / "teaching" / "workshop.py"))
SECRET = "xyzzy"

INLINE = f"""\
Before.

:::{{exercise}} Try it
:label: ex-try
The task.
:::

::::{{solution}} ex-try
:class: dropdown
{SECRET}

:::{{note}}
{SECRET}
:::

```python
print("{SECRET}")
```
::::

After."""

QUIZ = f"""\
:::{{quiz}} Which split leaks?
- [ ] A split in time

  {SECRET}: everything it trains on
  happened before.
- [X] A random
  split

  {SECRET}
:::"""


def markdown(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def code(source, *tags):
    outputs = [new_output("stream", text=SECRET)]
    return new_code_cell(source, metadata={"tags": list(tags)}, outputs=outputs, execution_count=7)


def gate(name, label=""):
    return f"```{{solution-{name}}} {label}\n```"


def chapter():
    return new_notebook(
        cells=[
            markdown("# 标题", "lang-zh"),
            markdown("# Title", "lang-en"),
            code("shared = 1"),
            markdown(f"中文解答 {SECRET}", "lang-zh", "solution"),
            markdown(f"English solution {SECRET}", "lang-en", "solution"),
            code(f"answer = '{SECRET}'", "solution"),
            markdown(INLINE, "lang-zh"),
            markdown(INLINE, "lang-en"),
            markdown(f"题目\n\n{gate('start', 'ex-try')}\n{SECRET}", "lang-zh"),
            markdown(f"Task\n\n{gate('start', 'ex-try')}\n{SECRET}", "lang-en"),
            code(f"step = '{SECRET}'"),
            code(f"other = '{SECRET}'"),
            markdown(f"{SECRET}\n\n{gate('end')}\n\n后文", "lang-zh"),
            markdown(f"{SECRET}\n\n{gate('end')}\n\nlater", "lang-en"),
            markdown(QUIZ),
            code("last = 1"),
        ]
    )


def sources(notebook):
    return [cell.source for cell in notebook.cells]


@pytest.fixture
def book(tmp_path):
    folder = tmp_path / "book"
    for place in ("05_project.ipynb", "03_algorithms/transformer.ipynb", "_build/old.ipynb"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(chapter(), folder / place)
    nbformat.write(new_notebook(cells=[markdown("no code")]), folder / "glossary.ipynb")
    return folder


@pytest.mark.parametrize(("lang", "own", "foreign"), [("zh", "标题", "Title"), ("en", "Title", "标题")])
def test_participants_copy(book, tmp_path, lang, own, foreign):
    out = tmp_path / "workshop"
    workshop["main"](["--book", str(book), "--out", str(out)])
    found = sorted(path.relative_to(out / lang).as_posix() for path in (out / lang).rglob("*.ipynb"))
    assert found == ["03_algorithms/transformer.ipynb", "05_project.ipynb"]
    text = (out / lang / "05_project.ipynb").read_text("utf-8")
    assert SECRET not in text
    assert "solution" not in "".join(sources(nbformat.reads(text, as_version=4)))
    assert own in text
    assert foreign not in text
    nbformat.validate(nbformat.reads(text, as_version=4))


def test_teachers_copy_is_complete_and_apart(book, tmp_path):
    out = tmp_path / "workshop"
    workshop["main"](["--book", str(book), "--out", str(out)])
    workshop["main"](["--book", str(book), "--out", str(out), "--with-solutions"])
    assert sorted(path.name for path in out.iterdir()) == ["en", "en-solutions", "zh", "zh-solutions"]
    notebook = nbformat.read(out / "en-solutions" / "05_project.ipynb", as_version=4)
    assert sources(notebook) == [c.source for c in chapter().cells if "lang-zh" not in c.metadata.tags]
    assert all(cell.outputs == [] for cell in notebook.cells if cell.cell_type == "code")


def test_what_is_left():
    notebook = workshop["convert"](chapter(), "en")
    assert sources(notebook) == [
        "# Title",
        "shared = 1",
        "# your code here",
        "Before.\n\n:::{exercise} Try it\n:label: ex-try\nThe task.\n:::\n\n\nAfter.",
        "Task",
        "# your code here",
        "later",
        ":::{quiz} Which split leaks?\n- [ ] A split in time\n- [ ] A random\n  split\n:::",
        "last = 1",
    ]
    assert all(c.execution_count is None and not c.outputs for c in notebook.cells if c.cell_type == "code")


@pytest.mark.parametrize("fence", ["```", "~~~", ":::", "::::::"])
def test_every_fence_closes(fence):
    text = f"a\n{fence}{{solution}} x\n{SECRET}\n{fence}\nb"
    assert workshop["without_solutions"](text, False) == ("a\nb", False)


def test_prose_is_not_touched():
    text = "The solution is `{solution}`.\n\n```python\nx = {}\n```\n\n- [x] a task list"
    assert workshop["without_solutions"](text, False) == (text, False)


@pytest.mark.parametrize("text", [f":::{{solution}} x\n{SECRET}", f"{gate('start', 'x')}\n{SECRET}"])
def test_unclosed_solution_stops_the_build(tmp_path, text):
    nbformat.write(new_notebook(cells=[markdown(text), code("x = 1")]), tmp_path / "broken.ipynb")
    with pytest.raises(SystemExit, match=r"broken\.ipynb: \{solution.* (is not closed|has no)"):
        workshop["main"](["--book", str(tmp_path), "--out", str(tmp_path / "workshop")])
    assert not list((tmp_path / "workshop").rglob("*.ipynb"))


def test_chapters_that_are_gone_disappear(book, tmp_path):
    out = tmp_path / "workshop"
    for _ in range(2):
        workshop["main"](["--book", str(book), "--out", str(out)])
        (book / "05_project.ipynb").unlink(missing_ok=True)
    assert [path.name for path in (out / "zh").rglob("*.ipynb")] == ["transformer.ipynb"]
