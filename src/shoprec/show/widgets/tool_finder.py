"""A table of libraries, filtered by what one needs."""

from collections.abc import Mapping
from html import escape

from IPython.display import HTML

from shoprec.experiments.toolbox import TASKS, Tool
from shoprec.show.widgets.element import both, custom_element
from shoprec.words import Pair

GPU: dict[str, Pair] = {"no": ("用不上", "no use"), "can": ("可用", "can use"), "wants": ("最好有", "better with")}
WISHES: dict[str, Pair] = {
    "cpu": ("没有显卡也行", "Fine without a GPU"),
    "fresh": ("仍在维护", "Kept up"),
    "wheel": ("3.11 直接安装", "Wheel for 3.11"),
    "beside": ("能与本书共处", "Installs beside the book"),
    "beyond": ("一台机器装不下", "Beyond one machine"),
    "mit": ("MIT 或 BSD 许可", "MIT or BSD licence"),
}
HEADS: tuple[Pair, ...] = (
    ("工具", "Tool"), ("用处", "For"), ("一句话", "In a line"), ("版本", "Version"), ("发布", "Released"),
    ("许可", "Licence"), ("显卡", "GPU"),
)  # fmt: skip
_COUNT = '<b class="count"></b>'  # filled in by the script


def tool_finder(tools: Mapping[str, Tool]) -> HTML:
    """Show libraries with what they are for and in which state they are; the reader names a task and wishes.

    The output is a complete table; where scripts run, those that don't fit are hidden, and their number is said.

    Parameters
    ----------
    tools
        As :data:`shoprec.experiments.toolbox.TOOLS`; two dozen are plenty.

    Returns
    -------
    IPython.display.HTML
        The element ``<tool-finder>`` with its styles and its script.

    Raises
    ------
    ValueError
        If there is none, or one has a task or an answer that has no name.

    Examples
    --------
    >>> from shoprec.experiments.toolbox import TOOLS
    >>> 'data-tasks="candidates"' in tool_finder({"implicit": TOOLS["implicit"]}).data
    True
    """
    if not tools:
        raise ValueError("there are no tools; pass TOOLS of shoprec.experiments.toolbox")
    for name, tool in tools.items():
        if not tool.tasks or not set(tool.tasks) <= set(TASKS) or tool.gpu not in GPU:
            raise ValueError(
                f"{name} has the tasks {tool.tasks} and gpu {tool.gpu!r}; known are {[*TASKS]} and {[*GPU]}"
            )
    head = "".join(f'<th scope="col">{both(*pair)}</th>' for pair in HEADS)
    rows = "".join(_row(name, tool) for name, tool in tools.items())
    body = f"""\
{_filter()}
<div class="table-scroll" tabindex="0"><table class="tools"><caption>{both("工具", "Tools")}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}</tbody>
</table></div>
"""
    return custom_element("tool-finder", body)


def wishes_met(tool: Tool) -> list[str]:
    """The wishes that a tool meets, in their order.

    Examples
    --------
    >>> from shoprec.experiments.toolbox import TOOLS
    >>> wishes_met(TOOLS["LightFM"])
    ['cpu']
    """
    met = {
        "cpu": tool.gpu != "wants", "fresh": tool.kept_up is not False, "wheel": tool.wheel, "beside": tool.beside,
        "beyond": tool.beyond, "mit": tool.licence.startswith(("MIT", "BSD")),
    }  # fmt: skip
    return [wish for wish in WISHES if met[wish]]


def _filter() -> str:
    """What the script needs: a task to choose, wishes to tick, and how many tools are left."""
    tasks = {"": ("全部", "All")} | TASKS
    radios = "".join(
        f'<label><input type="radio" name="task" value="{key}"{" checked" * (not key)} autocomplete="off">'
        f"<span>{both(*pair)}</span></label>"
        for key, pair in tasks.items()
    )
    boxes = "".join(
        f'<label><input type="checkbox" value="{key}" autocomplete="off"><span>{both(*pair)}</span></label>'
        for key, pair in WISHES.items()
    )
    status = both(f"{_COUNT} 种工具符合", f"{_COUNT} tools fit")
    return f"""\
<form class="filter">
<fieldset class="task"><legend>{both("要做什么", "Task")}</legend>{radios}</fieldset>
<fieldset class="wishes"><legend>{both("要求", "Wishes")}</legend>{boxes}</fieldset>
<p class="status" role="status">{status}</p>
</form>"""


def _row(name: str, tool: Tool) -> str:
    tasks = "".join(f"<span class='kind'>{both(*TASKS[task])}</span> " for task in tool.tasks)
    cells = (
        tasks, both(*map(escape, tool.says)), _name(tool.version), tool.released or "–", _name(tool.licence),
        both(*GPU[tool.gpu]),
    )  # fmt: skip
    return (
        f'<tr data-tasks="{" ".join(tool.tasks)}" data-wishes="{" ".join(wishes_met(tool))}">'
        f'<th scope="row">{_name(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>\n'
    )


def _name(text: str) -> str:
    """A name, which is the same in all languages."""
    return f'<span translate="no">{escape(text)}</span>'
