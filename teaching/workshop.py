"""Build all that a class needs: notebooks for participants and for the teacher, slides, hand-outs, and archives.

Usage: python teaching/workshop.py [--notebooks-only] [--out OUT]

Participants' notebooks go to workshop/zh and workshop/en, in one language, nothing run, no solutions; the teacher's,
with solutions and outputs, to workshop/zh-solutions and workshop/en-solutions; slides and hand-outs to folders of
these names. participants-zh.zip and participants-en.zip are what to hand out, with what ``class_weights.py`` has
trained; teacher.zip is the rest. SHA256SUMS, in each archive and beside them, tells whether a copy is whole
(``sha256sum -c SHA256SUMS``).
"""

import argparse
import hashlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book"))

from build import report_missing, run_notebooks  # noqa: E402
from export import LANGUAGES, export, publish  # noqa: E402

import handouts  # noqa: E402
import slides  # noqa: E402
from notebook_cache import measured_seconds  # noqa: E402

SUMS, TIMINGS = "SHA256SUMS", "timings.txt"
TEACHERS = "teacher-"  # a hand-out whose name begins so is for nobody else
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the time of all files in an archive: the same files make the same archive


def sums(files: Mapping[str, bytes]) -> str:
    """Return what ``sha256sum -c`` reads.

    >>> sums({"a": b""})
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\\n'
    """
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))


def pack(archive: Path, folder: Path, paths: Sequence[Path]) -> Path:
    """Write files of a folder into an archive, with their checksums."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    with ZipFile(archive, "w") as packed:
        for name, content in sorted((files | {SUMS: sums(files).encode()}).items()):
            packed.writestr(ZipInfo(name, BEGINNING), content, ZIP_DEFLATED)
    return archive


def pack_all(out: Path) -> list[Path]:
    """Write the archives and their checksums: nothing of the teacher's is in those of participants."""
    folders = [*LANGUAGES, *(f"{lang}-solutions" for lang in LANGUAGES), "slides", "handouts", "weights"]
    everything = sorted(path for name in folders for path in (out / name).rglob("*") if path.is_file())
    everything += [path for path in [out / TIMINGS] if path.is_file()]
    theirs = {
        lang: [
            path
            for path in everything
            if path.relative_to(out).as_posix().startswith((f"{lang}/", f"handouts/{lang}/", "weights/"))
            and not path.name.startswith(TEACHERS)
        ]
        for lang in LANGUAGES
    }
    given = {path for paths in theirs.values() for path in paths}
    archives = [pack(out / f"participants-{lang}.zip", out, paths) for lang, paths in theirs.items()]
    archives.append(pack(out / "teacher.zip", out, [path for path in everything if path not in given]))
    (out / SUMS).write_text(sums({path.name: path.read_bytes() for path in archives}))
    return archives


def write_notebooks(out: Path, lang: str, with_solutions: bool) -> None:
    """Write one language's notebooks, the teacher's or the participants'."""
    if with_solutions:
        publish(export(lang, "open", outputs=True), out / f"{lang}-solutions")
    else:
        publish(export(lang, "none"), out / lang)


def write_timings(out: Path) -> Path:
    """Write how long each chapter took when it was last run here."""
    book = ROOT / "book"
    seconds = {Path(path): value for path, value in measured_seconds().items() if Path(path).is_relative_to(book)}
    lines = [f"{path.relative_to(book).with_suffix('')}  {value:.0f} s\n" for path, value in sorted(seconds.items())]
    file = out / TIMINGS
    file.write_text("".join(lines))
    return file


def main(arguments: Sequence[str] | None = None) -> None:
    """Write everything, or participants' notebooks alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebooks-only", action="store_true", help="participants' notebooks, which need no run")
    parser.add_argument("--out", type=Path, default=ROOT / "workshop", help="folder to write to")
    options = parser.parse_args(arguments)
    for lang in LANGUAGES:
        write_notebooks(options.out, lang, with_solutions=False)
    if options.notebooks_only:
        return
    run_notebooks()
    for lang in LANGUAGES:
        write_notebooks(options.out, lang, with_solutions=True)
    for name, make_all in (("slides", slides.make_all), ("handouts", handouts.make_all)):
        shutil.rmtree(options.out / name, ignore_errors=True)  # what is made no more
        make_all(options.out / name)
    write_timings(options.out)
    for archive in pack_all(options.out):
        print(archive)
    report_missing()


if __name__ == "__main__":
    main()
