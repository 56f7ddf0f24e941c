"""``{package-api} shoprec``: the reference of a package, one section per room and one per module in it."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

# A room that offers its modules' names as its own would show them twice.
MODULE = """\
```{{eval-rst}}
.. automodule:: {name}
   :members:
   :ignore-module-all:
```"""


class PackageApi(SphinxDirective):
    """Document every public module of a package, so that a new module needs no new line here."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return what the package says of itself, and a section for each room with those of its modules in it."""
        return [*self.docstrings(self.arguments[0]), *self.sections(self.arguments[0])]

    def docstrings(self, module: str) -> list[nodes.Node]:
        """Return what a module says of itself and of its members, as if it stood on the page's first lines.

        Where this directive stands, MyST counts tens of thousands of lines, and would put as many blank ones before.
        """
        return self.parse_text_to_nodes(MODULE.format(name=module), offset=-self.lineno)

    def sections(self, package: str) -> Iterator[nodes.section]:
        """Yield a section for each module of a package, in the order of their names."""
        for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
            section = nodes.section(ids=[nodes.make_id(f"api-{module.name}")], names=[module.name])
            section += nodes.title("", "", nodes.literal("", module.name.partition(".")[2]))  # fits beside the page
            section += self.docstrings(module.name)
            if module.ispkg:
                section += list(self.sections(module.name))
            yield section


def leave_out_folders(app: Sphinx, doctree: nodes.document) -> None:
    """Take away the values of constants that are folders: they are those of the machine that builds the page."""
    for value in [*doctree.findall(addnodes.desc_annotation)]:
        if "Path(" in value.astext():
            value.parent.remove(value)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_directive("package-api", PackageApi)
    app.connect("doctree-read", leave_out_folders)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
