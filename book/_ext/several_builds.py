"""Run Sphinx several times in one process: what takes it seconds to import is imported once.

Usage: python several_builds.py ARGUMENTS_OF_SPHINX -- ARGUMENTS_OF_THE_NEXT_RUN …
"""

import gc
import sys
from collections.abc import Iterator

from sphinx.cmd.build import main as sphinx


def parts(arguments: list[str]) -> Iterator[list[str]]:
    """Yield the arguments of each run.

    >>> list(parts(["-b", "html", "--", "-b", "notebook"]))
    [['-b', 'html'], ['-b', 'notebook']]
    """
    while "--" in arguments:
        end = arguments.index("--")
        yield arguments[:end]
        arguments = arguments[end + 1 :]
    yield arguments


def main(arguments: list[str]) -> int:
    """Run Sphinx until a run fails, and return the exit status."""
    # A page is hundreds of thousands of objects, none of them garbage; Python would look through them again and again.
    gc.set_threshold(200_000)
    return next(filter(None, map(sphinx, parts(arguments))), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
