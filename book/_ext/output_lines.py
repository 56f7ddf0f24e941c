"""The lines that cells put out, as pages and downloads show them: well set, and said once."""

from collections.abc import Iterator

from nbformat import NotebookNode

from shoprec.show.typesetting import typeset, typeset_html

LINE = '<p class="line">'


def said_once(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the outputs of a cell; of several findings that have been checked, one says so."""
    checked = False
    for output in outputs:
        is_finding = "finding" in output.get("metadata", {})
        if not (is_finding and checked):
            yield output
        checked |= is_finding


def set_lines(notebook: NotebookNode) -> NotebookNode:
    """Set the lines that a run printed in both languages, in place; tables and figures are set as they are made."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = list(said_once(cell.outputs))
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if data.get("text/html", "").startswith(LINE):
                data["text/html"] = typeset_html(data["text/html"])
                data["text/plain"] = typeset(data["text/plain"])
    return notebook
