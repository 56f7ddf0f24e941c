"""Build the book: run what has no cached run, render each language, put the two side by side.

Usage: python book/build.py
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

BOOK = Path(__file__).resolve().parent
SITE = BOOK.parent / "site"
sys.path.insert(0, str(BOOK / "_ext"))

from notebook_cache import find_run, read_notebook  # noqa: E402
from side_by_side import merge_sites  # noqa: E402
from sphinx_external_toc.parsing import parse_toc_yaml  # noqa: E402

LANGUAGES = ("zh", "en")


def notebooks() -> list[Path]:
    """Return the notebooks of the table of contents, in its order."""
    return [BOOK / f"{name}.ipynb" for name in parse_toc_yaml(BOOK / "_toc.yml")]


def run_notebooks() -> None:
    """Run the notebooks without a cached run, through the same pytest plugin as the tests."""
    missing = [path for path in notebooks() if find_run(read_notebook(path)) is None]
    print(f"  {len(missing)} to run", flush=True)
    if missing:
        options = ["--nbmake", "--nbmake-timeout=600", "-q", "-p", "no:cacheprovider"]
        subprocess.run([sys.executable, "-m", "pytest", *options, *missing], cwd=BOOK.parent, check=True)


def render(lang: str) -> None:
    """Render one language's site from the cache; any warning is an error."""
    shutil.rmtree(SITE / lang, ignore_errors=True)  # pages that have left the table of contents
    doctrees = BOOK / "_build" / "doctrees" / lang
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", doctrees]
    subprocess.run([*command, BOOK, SITE / lang], env=os.environ | {"BOOK_LANG": lang}, check=True)


def write_landing_page() -> None:
    """Put the page that picks a language at the root of the site."""
    shutil.copy(BOOK / "_templates" / "landing.html", SITE / "index.html")
    (SITE / ".nojekyll").touch()


def step(name: str, action: Callable[[], None]) -> None:
    """Print what is being done and how long it took."""
    print(name, flush=True)
    start = time.perf_counter()
    action()
    print(f"  {time.perf_counter() - start:.1f} s", flush=True)


def main() -> int:
    """Build all of site/ and return the exit status."""
    try:
        step("notebooks", run_notebooks)
        for lang in LANGUAGES:
            step(f"site/{lang}", lambda lang=lang: render(lang))
    except subprocess.CalledProcessError as error:
        print(f"The build stopped: exit status {error.returncode}, see above.", file=sys.stderr)
        return 1
    step("site/both", lambda: merge_sites(SITE))
    write_landing_page()
    print(f"done: {(SITE / 'index.html').relative_to(BOOK.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
