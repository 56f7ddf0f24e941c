"""One page as a notebook: in all editions, by the rule, and running."""

import re
from base64 import b64decode
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, writes
from plain_rule import headings, links, violations
from small_book import build

from plain_notebook import one_language, seen_untrusted
from shoprec.words import spans

SECRET = "xyzzy"
PAGES = {
    "index": """\
# Book

```{toctree}
:hidden:

1_first
works
```
""",
    "works": """\
# Bibliography

```{bibliography}
```
""",
}
TEXT = """\
(ch-first)=
# 1 First, with a_b and 2 * 3

Text with `code`, **bold**, $x_1$ and {ref}`sec-more`, {cite}`ji`.

- one
- two

1. first

   $$
   l = 1
   $$
2. second

:::{claim} “More is better.”
:label: claim-more
:section: 5.2
:verdict: partly

It is {eq}`eq-sum` and {eq}`eq-in`, says {prf:ref}`thm-sum`.

$$
q = 1
$$
:::
"""
FORMULA = """\
$$
a &= b \\\\
c &= d
$$ (eq-sum)
"""
MORE = f"""\
(sec-more)=
## 1.1 More

```{{prf:theorem}} Sums
:label: thm-sum

$$
a < b
$$ (eq-in)
```

```{{prf:proof}}
Trivial.
```

```{{exercise}} Try *it*
:label: ex-try
The task.
```

```{{solution-start}} ex-try
:class: dropdown
```

Because {SECRET}.
"""
CHECKED = """\
```{solution-end}
```

```{exercise} With a check
:label: ex-checked
The other task.
```

:::{admonition} Hint 1
:class: dropdown hint

Think of $x$.
:::
"""
STARTER = "w = ...  # 一个数 | a number"
CHECK = "print('ex-checked', w)"
ANSWER = f"""\
```{{solution-start}} ex-checked
:class: dropdown
```

It is {SECRET}.
"""
QUIZ = f"""\
```{{solution-end}}
```

:::{{quiz}} Which **split** leaks $x$?
- [ ] A split in time

  {SECRET}: everything happened before.
- [x] A random `split`

  {SECRET}
:::

:::{{note}}
Mind the gap.
:::
"""


FOLDED = {"tags": ["hide-input"]}


def chapter() -> str:
    """Return a notebook with everything that a chapter may hold."""
    output = new_output("stream", text="2\n")
    warning = new_output("stream", name="stderr", text="careful")
    return writes(
        new_notebook(
            cells=[
                new_markdown_cell(TEXT),
                new_markdown_cell(FORMULA),
                new_code_cell("x = 1"),
                new_code_cell("x + 1", metadata=FOLDED | {"pause": "多少？ | How much?"}, outputs=[output, warning]),
                new_markdown_cell(MORE),
                new_code_cell(f"'{SECRET}'", metadata={"tags": ["solution"]}),
                new_markdown_cell(CHECKED),
                new_code_cell(STARTER, metadata={"tags": ["starter"]}),
                new_code_cell(CHECK, metadata={"tags": ["check"]}),
                new_markdown_cell(ANSWER),
                new_code_cell(f"w = '{SECRET}'", metadata={"tags": ["solution"]}),
                new_markdown_cell(QUIZ),
            ],
            metadata={
                "chapter": {"minutes_to_run": 1},
                "kernelspec": {"name": "python3", "display_name": "Python 3"},
                "language_info": {"name": "python"},
            },
        )
    )


EXERCISE = ["w = ...  # a number", CHECK]


def export(folder: Path, lang: str, solutions: str) -> list[nbformat.NotebookNode]:
    """Build the chapter in some editions."""
    plain = {f"{name}.ipynb": writes(new_notebook(cells=[new_markdown_cell(text)])) for name, text in PAGES.items()}
    pages = {**plain, "1_first.ipynb": chapter()}
    settings = {"book_solutions": solutions, "book_outputs": False, "book_repository": "https://example.org/book"}
    written = build(folder, pages, lang, "notebook", ("plain_notebook",), settings)
    return [nbformat.read(written / edition / "1_first.ipynb", 4) for edition in solutions.split(",")]


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, nbformat.NotebookNode]:
    """Return the chapter in English, by what becomes of solutions, and in Chinese."""
    kinds = {"closed": ("en", "closed"), "none": ("en", "none"), "open": ("en", "open"), "zh": ("zh", "closed")}
    return {name: export(tmp_path_factory.mktemp(name), *kind)[0] for name, kind in kinds.items()}


def text(notebook: nbformat.NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"][1:]


def test_editions_asked_for_together_are_those_asked_for_alone(editions, tmp_path: Path) -> None:
    assert export(tmp_path, "en", "none,open") == [editions["none"], editions["open"]]


@pytest.mark.parametrize("name", ["closed", "none", "open", "zh"])
def test_every_cell_keeps_to_the_rule(editions, name: str) -> None:
    cells = [cell for cell in editions[name].cells if cell.cell_type == "markdown"]
    assert [problem for cell in cells for problem in violations(cell.source)] == []


@pytest.mark.parametrize(
    "bad",
    [
        "see {ref}`sec-a`", ":::{note}\nx\n:::", "```{math}\nx\n```", "(sec-a)=\n# A", "a <b>c</b>",
        "| a | b |\n|---|---|", "**bold。**后", "<div>\nx\n</div>", "![](a.png)", "[a](#here)", "costs $5",
    ],
)  # fmt: skip
def test_rule_catches(bad: str) -> None:
    assert violations(bad)


def test_rule_accepts_plain_markdown() -> None:
    good = "# A\n\n> **T 1**\n>\n> $a < b$ `{x}`\n\n<details>\n<summary>S ($x$)</summary>\n\n*b*\n\n</details>"
    assert not violations(good)


def test_structure(editions) -> None:
    found = text(editions["closed"])
    assert headings(found) == [(1, "1 First, with a_b and 2 * 3"), (2, "1.1 More"), (2, "Works cited")]
    assert r"\begin{aligned}a &= b \\" in found
    assert r"\tag{1.1}" in found
    for title in ("> **The source says § 5.2**", "> **We measured ◐ partly supported**", "> **Theorem 1.1 (Sums)**",
                  "> **Exercise 1.1 (Try *it*)**", "> *Proof.* Trivial.", "> **Note**"):  # fmt: skip
        assert title in found
    assert "[Ji *et al.*, 2023]" in found
    assert "- A\N{NO-BREAK SPACE}Ji, B\N{NO-BREAK SPACE}Sun" in found


def test_formulas_in_boxes_stand_on_one_line(editions) -> None:
    assert "> $$q = 1$$" in text(editions["closed"])


def test_links_lead_to_cells(editions) -> None:
    ids = [cell.id for cell in editions["closed"].cells]
    found = links(text(editions["closed"]))
    assert found == [
        ("section 1.1", "1_first.ipynb#cell-id=sec-more"),
        ("(1.1)", "1_first.ipynb#cell-id=equation-eq-sum"),
        ("(1.2)", "1_first.ipynb#cell-id=thm-sum"),  # an equation in a box
        ("Theorem 1.1", "1_first.ipynb#cell-id=thm-sum"),
    ]
    assert {target.partition("=")[2] for _, target in found} <= set(ids)
    assert len(set(ids)) == len(ids)


def test_chinese(editions) -> None:
    found = text(editions["zh"])
    for words in ("**原文说 § 5.2**", "**定理 1.1（Sums）**", "[Ji 等, 2023]", "[第 1.1 节](", "[式 (1.1)](",
                  "## 引用的文献", "<summary>选 A</summary>",
                  "<summary>解答：练习 1.1（Try it）</summary>"):  # fmt: skip
        assert words in found


def test_readers_find_solutions_closed_below_a_cell_of_their_own(editions) -> None:
    cells = [cell.source for cell in editions["closed"].cells]
    solution = next(source for source in cells if "<summary>Solution to" in source)
    assert cells[cells.index(solution) - 1] == "# your code here"
    assert f"```python\n'{SECRET}'\n```" in solution
    assert solution.index("<details>") < solution.index(SECRET) < solution.index("</details>")


def test_an_exercise_keeps_its_hints_its_starter_and_its_check(editions) -> None:
    for name, remark in (("closed", "a number"), ("none", "a number"), ("open", "a number"), ("zh", "一个数")):
        cells = [cell.source for cell in editions[name].cells]
        at = cells.index(f"w = ...  # {remark}")
        assert cells[at + 1] == CHECK
        assert cells[at - 1].endswith("<details>\n<summary>Hint 1</summary>\n\nThink of $x$.\n\n</details>")
        assert not any(source.startswith("# your code") for source in cells[at:])


def test_participants_find_no_solution_in_any_form(editions) -> None:
    notebook = editions["none"]
    whole = nbformat.writes(notebook)
    assert SECRET not in whole
    assert "solution" not in whole.lower()
    assert "Correct" not in whole
    assert "- **B** A random `split`" in whole
    first, pause, *rest = [cell.source for cell in code(notebook)]
    assert [first, *rest] == ["x = 1", "x + 1", "# your code here", *EXERCISE]
    assert "How much?" in pause


def test_the_teacher_finds_solutions_to_run(editions) -> None:
    notebook = editions["open"]
    assert [cell.source for cell in code(notebook)] == ["x = 1", "x + 1", f"'{SECRET}'", *EXERCISE, f"w = '{SECRET}'"]
    assert f"Because {SECRET}." in text(notebook)
    assert "<summary>Solution" not in text(notebook)


def test_quiz_opens_without_a_script(editions) -> None:
    found = text(editions["closed"])
    assert "**Self-check**: Which **split** leaks $x$?" in found
    assert re.search(r"<summary>Choose B</summary>\n\n\*\*✓ Correct\*\*\n\nxyzzy\n\n</details>", found)


def test_folded_cells_are_folded(editions) -> None:
    plain, folded, *_ = code(editions["closed"])
    assert "jupyter" not in plain.metadata
    assert folded.metadata == {"tags": ["hide-input"], "jupyter": {"source_hidden": True}, "cellView": "form"}


def test_the_notebook_says_what_it_is(editions) -> None:
    about = editions["zh"].metadata.book
    assert (about.title, about.language, about.minutes_to_run) == ("1 First, with a_b and 2 * 3", "zh-CN", 1)


def test_it_runs_and_installs_nothing_outside_colab(editions, tmp_path: Path) -> None:
    notebook = editions["closed"].copy()
    first = notebook.cells[0]
    assert "https://example.org/book/raw/HEAD/constraints.txt" in first.source
    assert 'os.environ["SHOPREC_LANGUAGE"] = "en"' in first.source  # lines and figures of the reader's own runs
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert first.outputs == []
    assert code(notebook)[1].outputs[0].data["text/plain"] == "2"


def test_run_all_halts_until_participants_have_guessed(editions, tmp_path: Path) -> None:
    notebook = nbformat.from_dict(editions["none"])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError, match="How much"):
        client.execute()
    _, pause, after, *_ = code(notebook)
    [error] = pause.outputs
    assert error.traceback == ["⏸ How much? Write your guess, then run this cell and all below."]
    assert after.execution_count is None
    pause.source = pause.source.replace("my_guess = ...", "my_guess = 'more'")
    client.execute()
    assert code(notebook)[2].outputs[0].data["text/plain"] == "2"


def test_only_participants_are_halted(editions) -> None:
    assert not [cell for name in ("closed", "open", "zh") for cell in code(editions[name]) if "wait_for" in cell.source]


def test_a_drawing_is_a_picture_in_markdown_too() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>Year</text></svg>'
    output = new_output("display_data", {"image/svg+xml": svg, "text/plain": "<Figure>"})
    data = seen_untrusted(output, "Sales [by year]").data
    shows, coded = re.fullmatch(r"!\[(.*)\]\(data:image/svg\+xml;base64,(.*)\)", data["text/markdown"]).groups()
    assert (shows, b64decode(coded).decode(), data["image/svg+xml"]) == ("Sales by year", svg, svg)
    line = new_output("stream", text="a")
    assert seen_untrusted(line, "") is line


def test_outputs_are_in_the_notebooks_language() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>年 | Year</text></svg>'
    table = f"<table><td>{spans(('茶', 'tea'))}</td><td>7</td></table>"
    output = new_output("display_data", {"image/svg+xml": svg, "text/html": table, "text/plain": "<Figure>"})
    for lang, year, tea in (("zh", "年", "茶"), ("en", "Year", "tea")):
        data = one_language(output, lang).data
        assert f"<text>{year}</text>" in data["image/svg+xml"]
        assert data["text/html"] == f"<table><td>{tea}</td><td>7</td></table>"
        assert data["text/plain"] == "<Figure>"
    assert "年 | Year" in output.data["image/svg+xml"]  # the run's own stays
    stream = new_output("stream", text="年 | Year")
    assert one_language(stream, "en") == stream


def test_a_widget_hides_the_other_language_which_its_script_needs() -> None:
    widget = f"<weight-path data-k='10'><p>{spans(('茶', 'tea'))}</p></weight-path>"
    html = one_language(new_output("display_data", {"text/html": widget}), "zh").data["text/html"]
    assert html == f'{widget}<style>weight-path [lang="en"] {{ display: none; }}</style>'
