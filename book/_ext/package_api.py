"""``{package-api} shoprec``: the reference of a package, one section per module that it has."""

import pkgutil
from importlib import import_module

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MODULE = """\
```{{eval-rst}}
.. automodule:: {name}
   :members:
```"""


class PackageApi(SphinxDirective):
    """Document every public module of a package, so that a new module needs no new line here."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section for each module."""
        package = import_module(self.arguments[0])
        names = (module.name for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))
        return [self.section(name) for name in sorted(names) if not name.rpartition(".")[2].startswith("_")]

    def section(self, name: str) -> nodes.section:
        """Return the section of one module."""
        section = nodes.section(ids=[nodes.make_id(f"api-{name}")], names=[name])
        section += nodes.title("", "", nodes.literal("", name))
        section += self.parse_text_to_nodes(MODULE.format(name=name))
        return section


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_directive("package-api", PackageApi)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
