"""A Sphinx project of a few pages, what tests of the book's extensions run on."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

EXTENSIONS = Path(__file__).parents[1] / "book" / "_ext"

CONF = """\
extensions = ["myst_nb", "sphinx_exercise", "sphinx_proof", "sphinxcontrib.bibtex", {extensions}]
myst_enable_extensions = ["colon_fence", "dollarmath", "amsmath", "deflist", "tasklist"]
nb_execution_mode = "off"
bibtex_bibfiles = ["works.bib"]
bibtex_reference_style = "author_year"
numfig = True
"""
VALUES = """\
def setup(app):
    app.add_config_value("book_lang", "zh", "env")
    app.add_config_value("book_outputs", True, "env")
"""
BIB = """\
@article{ji, author={Ji, A and Sun, B and Hu, C}, title={Leakage}, journal={J}, year={2023}}
@article{krichene, author={Krichene, A and Rendle, B}, title={Sampling}, journal={J}, year={2020}}
"""


def build(
    folder: Path,
    pages: Mapping[str, str],
    lang: str = "en",
    builder: str = "html",
    more: Sequence[str] = (),
    settings: Mapping[str, object] = MappingProxyType({}),
) -> Path:
    """Build pages, given by file name, in one language, and return the folder; any warning is an error.

    In a process of its own, since Sphinx keeps the language's translations for as long as it runs.
    """
    extensions = ["book_lang", "html_element", "claim", "quiz", "numbering", "boxes", *more]
    (folder / "book_lang.py").write_text(VALUES)
    (folder / "conf.py").write_text(
        f"import sys; sys.path[:0] = [{str(folder)!r}, {str(EXTENSIONS)!r}]\n"
        + CONF.format(extensions=", ".join(map(repr, extensions)))
        + f"book_lang = {lang!r}\nlanguage = {'zh_CN' if lang == 'zh' else 'en'!r}\n"
        + "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    )
    (folder / "works.bib").write_text(BIB)
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-E",
        "-b",
        builder,
        folder,
        folder / builder,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    return folder / builder
