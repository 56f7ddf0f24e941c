"""Build the book: run what has no cached run, render each language, put the two side by side.

Usage: python book/build.py
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BOOK = Path(__file__).resolve().parent
BUILD = BOOK / "_build"
SITE = BOOK.parent / "site"
STATE = BUILD / "site.txt"  # of the last site that was built
sys.path.insert(0, str(BOOK / "_ext"))

from export import editions, folder_of, publish, run_sphinx  # noqa: E402
from sphinx_external_toc.parsing import parse_toc_yaml  # noqa: E402

from addresses import landing_head, normal, site_map  # noqa: E402
from needed_packages import advice, not_run  # noqa: E402
from notebook_cache import code_cells, find_run, measured_seconds, read_notebook  # noqa: E402
from side_by_side import merge_sites  # noqa: E402
from site_state import consists_of, made_of  # noqa: E402

LANGUAGES = ("zh", "en")
EDITIONS = {"": "none", "-solutions": "open"}  # notebooks to download: for participants, and for the teacher


def notebooks() -> list[Path]:
    """Return the notebooks of the table of contents, in its order."""
    return [BOOK / f"{name}.ipynb" for name in parse_toc_yaml(BOOK / "_toc.yml")]


def has_run(path: Path, before: Container[str]) -> bool:
    """Tell whether a notebook has a cached run; what was never run before needs no long look."""
    notebook = read_notebook(path)
    return not code_cells(notebook) or (str(path) in before and find_run(notebook) is not None)


def run_notebooks() -> None:
    """Run the notebooks without a cached run that can be run here, with pytest as the tests do: one per core."""
    cannot, before = not_run(notebooks()), measured_seconds()
    missing = [path for path in notebooks() if path not in cannot and not has_run(path, before)]
    print("  to run:", ", ".join(path.stem for path in missing) or "none, all are cached", flush=True)
    if missing:
        options = ["-n", "logical", "-q", "-p", "no:cacheprovider"]
        subprocess.run([sys.executable, "-m", "pytest", *options, *missing], cwd=BOOK.parent, check=True)


def render(lang: str) -> None:
    """Write one language's pages from the cache, and from the same reading the notebooks to download."""
    pages = BUILD / "html" / lang
    shutil.rmtree(pages, ignore_errors=True)  # some may have left the table of contents
    run_sphinx(lang, True, {pages: ("-b", "html"), folder_of(lang, outputs=True): editions(*EDITIONS.values())})


def write_all() -> None:
    """Write the languages at the same time."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(render, LANGUAGES))


def assemble() -> None:
    """Put the languages, their merge and the landing page together; until then the old site stands."""
    shutil.rmtree(SITE, ignore_errors=True)
    for lang in LANGUAGES:
        shutil.copytree(BUILD / "html" / lang, SITE / lang, ignore=shutil.ignore_patterns(".buildinfo"))
        for name, solutions in EDITIONS.items():
            publish(folder_of(lang, outputs=True) / solutions, SITE / "notebooks" / f"{lang}{name}")
    merge_sites(SITE)
    publish_addresses(SITE, normal(os.environ.get("BOOK_BASE_URL", "")))
    (SITE / ".nojekyll").touch()  # GitHub Pages would leave out _static


def publish_addresses(site: Path, base: str) -> None:
    """Write the landing page and, where the site's address is known, what search engines read."""
    landing = (BOOK / "_templates" / "landing.html").read_text("utf8")
    (site / "index.html").write_text(
        landing.replace("<!-- addresses -->\n", landing_head(base) if base else ""), "utf8"
    )
    if base:
        (site / "sitemap.xml").write_text(site_map(site, base), "utf8")
        (site / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n", "utf8")


def report_missing() -> None:
    """Say which chapters weren't run for want of packages, and what to install; nothing if there are none."""
    pages = {path.relative_to(BOOK).with_suffix("").as_posix(): lacks for path, lacks in not_run(notebooks()).items()}
    if pages:
        print(advice(pages))


def state(basis: str) -> str:
    """Return what the site is made of, and what it consists of."""
    return f"{basis} {consists_of(SITE)}"


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
        basis = made_of()
        if STATE.is_file() and STATE.read_text("utf8") == state(basis):
            print("pages: as they were, nothing has changed")
        else:
            step("pages", write_all)
            step("side by side", assemble)
            STATE.write_text(state(basis), "utf8")
    except subprocess.CalledProcessError as error:
        print(f"The build stopped: exit status {error.returncode}, see above.", file=sys.stderr)
        return 1
    print(f"done: {(SITE / 'index.html').relative_to(BOOK.parent)}")
    report_missing()
    return 0


if __name__ == "__main__":
    sys.exit(main())
