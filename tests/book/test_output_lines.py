"""Lines of a run as pages and downloads show them."""

from nbformat.v4 import new_code_cell, new_notebook, new_output

from output_lines import set_lines
from shoprec.words import Line


def display(html: str, plain: str, **metadata: object):
    return new_output("display_data", {"text/html": html, "text/plain": plain}, metadata=metadata)


def test_lines_are_well_set_and_other_outputs_stay() -> None:
    line = Line("Transformer减去个人频次：-0.012", "minus counting: -0.012")
    code = display("<pre>-1</pre>", "-1")
    [cell] = set_lines(
        new_notebook(cells=[new_code_cell("", outputs=[display(line._repr_html_(), repr(line)), code])])
    ).cells
    said, other = (output.data for output in cell.outputs)
    assert ">Transformer 减去个人频次：−0.012<" in said["text/html"]
    assert said["text/plain"].splitlines() == ["Transformer 减去个人频次：−0.012", "minus counting: −0.012"]
    assert (other["text/html"], other["text/plain"]) == ("<pre>-1</pre>", "-1")


def test_a_cell_says_once_that_it_has_checked() -> None:
    found = [display("<p>✓</p>", f"✓ {name}", finding={"name": name}) for name in "ab"]
    cells = [new_code_cell("", outputs=[*found, display("<p>1</p>", "1")]), new_code_cell("", outputs=found[1:])]
    first, second = set_lines(new_notebook(cells=cells)).cells
    assert [output.data["text/plain"] for output in first.outputs] == ["✓ a", "1"]
    assert [output.data["text/plain"] for output in second.outputs] == ["✓ b"]
