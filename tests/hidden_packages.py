"""Packages that a process and all that it starts can't find, although they are installed."""

import os
from collections.abc import Iterable
from pathlib import Path

# Python imports this module by itself when it starts.
HIDE = """\
import sys
from importlib.machinery import PathFinder


class Others(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {hidden!r} else super().find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Others
"""


def without(modules: Iterable[str], folder: Path) -> dict[str, str]:
    """Return an environment for subprocesses in which some modules aren't there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(HIDE.format(hidden=sorted(modules)))
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
