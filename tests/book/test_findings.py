"""Every verdict on the source rests on a check of its name in the chapter's own code.

That the check passes is seen when the notebook runs, and that it did run when the book is built. Here it is seen from
the sources alone that no claim is without one, and that none is empty.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from bilingual import findings
from shoprec.words import confirm

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if not {"_build", ".ipynb_checkpoints"} & {*path.parts})
MEASURED = ("supported", "partly", "unsupported", "wrong")
CLAIM = re.compile(r"^:{3,}\{claim\}.*\n((?::[a-z]+: .*\n)+)", re.MULTILINE)

# What is no sentence of the book's own: code, formulas, the source's words, and what asks the reader.
NOT_PROSE = re.compile(
    r"^(`{3,}).*?^\1|^(:{3,})\{(?:quiz|exercise|solution).*?^\2$|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|“[^”]*”",
    re.DOTALL | re.MULTILINE,
)
NUMBER = re.compile(r"(?<![\w.§])\d*\.\d{2,}(?!\d)|\d+(?:\.\d+)?\s?%")
# A bound is a sentence's own, and a check states it as tightly; a setting is chosen, not found.
BOUND = re.compile(
    r"(less|more|higher|lower) than|over|within|below|above|under|at (most|least)"
    "|不到|不止|超过|不超过|低于|高于|少于|多于|小于|大于|最多|至少|差不到"
)
BOUND_AFTER = re.compile(r"\s*(以上|以下|以内|之内)")
SETTING = re.compile(r"\b(Python|draw|drawing|hold out|best-selling) $|(抽|留出|最畅销的) $", re.IGNORECASE)
SETTING_AFTER = re.compile(r"\s*(confidence )?intervals?|\s*(exact|精确)?\s*(interval|区间|的置信区间)")


def typed_results(text: str) -> list[str]:
    """Return the numbers in a text that look measured: fractions and shares that are neither a bound nor a setting."""
    prose = NOT_PROSE.sub(lambda match: " " * len(match[0]), text)
    found = []
    for match in NUMBER.finditer(prose):
        before, after = prose[max(0, match.start() - 24) : match.start()].rstrip() + " ", prose[match.end() :]
        named = BOUND.search(before) or BOUND_AFTER.match(after) or SETTING.search(before) or SETTING_AFTER.match(after)
        if not named and float(match[0].rstrip("% ")):
            found.append(match[0])
    return found


@dataclass(frozen=True)
class Check:
    """A call of ``confirm``."""

    name: str
    verdict: str
    says_something: bool


def checks(code: str) -> Iterator[Check]:
    """Yield the checks of some code; one says something if it compares what the code has computed."""
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(code))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "confirm":
            name, holds = (ast.literal_eval(node.args[0]), node.args[1])
            verdict = next((ast.literal_eval(k.value) for k in node.keywords if k.arg == "verdict"), "")
            parts = holds.values if isinstance(holds, ast.BoolOp) and isinstance(holds.op, ast.And) else [holds]
            yield Check(name, verdict, all(any(isinstance(n, ast.Name) for n in ast.walk(part)) for part in parts))


def verdicts(text: str) -> dict[str, str]:
    """Return the measured verdicts of a cell, by the labels of their claims."""
    claims = [dict(re.findall(r":([a-z]+): (.*)", options)) for options in CLAIM.findall(text)]
    return {claim["label"]: claim["verdict"] for claim in claims if claim.get("verdict") in MEASURED}


def faults(markdown: list[str], code: list[str]) -> list[str]:
    """Return what is wrong between a notebook's claims and its checks."""
    claimed = {label: verdict for text in markdown for label, verdict in verdicts(text).items()}
    found = [check for cell in code for check in checks(cell)]
    confirmed = {check.name: check.verdict for check in found}
    return [
        *(
            f"{label} is {v}, its check says {confirmed.get(label)}"
            for label, v in claimed.items()
            if confirmed.get(label) != v
        ),
        *(f"{check.name} has no claim" for check in found if check.name not in claimed),
        *(f"{check.name} says nothing" for check in found if not check.says_something),
        *([] if len(confirmed) == len(found) else ["a check is there twice"]),
    ]


def test_a_run_keeps_what_it_has_confirmed() -> None:
    code = "from shoprec.words import confirm\nconfirm('claim-size', 2 < 3, verdict='wrong', gap=0.5)"
    notebook = new_notebook(cells=[new_code_cell(code), new_code_cell("print(1)")])
    assert findings(notebook) == {}
    NotebookClient(notebook).execute()
    assert findings(notebook) == {"claim-size": "wrong"}
    [output] = notebook.cells[0].outputs
    assert output.metadata["finding"]["figures"] == {"gap": 0.5}
    assert output.data["text/plain"] == "✓ claim-size: gap 0.5"


@pytest.mark.parametrize("holds", [np.bool_(True), np.array(2) > 1, torch.tensor([1, 2]).all()])
def test_what_numpy_and_torch_call_true_is_true(holds: object) -> None:
    confirm("claim-size", holds)
    with pytest.raises(AssertionError, match="claim-size doesn't hold"):
        confirm("claim-size", ~holds)


@pytest.mark.parametrize("holds", [[False], "no", 1, None, (), np.array([True]), np.float64(1)])
def test_what_is_neither_true_nor_false_confirms_nothing(holds: object) -> None:
    with pytest.raises(TypeError, match="not true or false"):
        confirm("claim-size", holds)


BOX = ":::{{claim}} “Bigger is better.”\n:label: claim-size\n:section: 2\n:verdict: {}\n\nIt isn't.\n:::"
CHECK = 'confirm("claim-size", {}, verdict="wrong")'


def test_a_claim_with_its_check_passes() -> None:
    assert faults([BOX.format("wrong")], [CHECK.format("large < small and large < 1")]) == []
    assert faults([BOX.format("outdated")], []) == []


@pytest.mark.parametrize(
    ("verdict", "code", "fault"),
    [
        ("wrong", [], "claim-size is wrong, its check says None"),
        ("partly", [CHECK.format("a < b")], "claim-size is partly, its check says wrong"),
        ("wrong", [CHECK.format("True")], "claim-size says nothing"),
        ("wrong", [CHECK.format("a < b and True")], "claim-size says nothing"),
        ("wrong", [CHECK.format("a < b")] * 2, "a check is there twice"),
        ("wrong", [CHECK.format("a < b"), CHECK.replace("size", "other").format("a < b")], "claim-other has no claim"),
    ],
)
def test_a_claim_without_a_check_of_its_own_is_found(verdict: str, code: list[str], fault: str) -> None:
    assert faults([BOX.format(verdict)], code) == [fault]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))
def test_every_verdict_has_its_check(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    sources = {kind: [cell.source for cell in cells if cell.cell_type == kind] for kind in ("markdown", "code")}
    assert faults(sources["markdown"], sources["code"]) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))
def test_no_result_is_typed_into_prose(path: Path) -> None:
    texts = [(cell.id, cell.source) for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert {name: found for name, text in texts if (found := typed_results(text))} == {}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("混合得了 0.238，用户近邻得了 0.233。", ["0.238", "0.233"]),
        ("The hybrid scores 0.238, and 57 % of the lists are new.", ["0.238", "57 %"]),
        ("相差不到 0.01，95% 以上没有变；随机抽 20% 的行。", []),
        ("It gains less than 0.01; with a 95 % interval; drawing 20 % of the rows.", []),
        ("`0.238`, $w = 0.75$, “80.5%”, a price of 0.00", []),
        (":::{quiz} A score of 0.999?\n- [x] Yes\n:::\nIt is 0.999.", ["0.999"]),
    ],
)
def test_a_typed_result_is_found(text: str, numbers: list[str]) -> None:
    assert typed_results(text) == numbers
