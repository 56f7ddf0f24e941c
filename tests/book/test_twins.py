"""What one language says, the other says: paragraph by paragraph, no sentence less.

Sentences can't be compared, but counted and measured. English may part a Chinese sentence in two, never the other way
round; and a paragraph is about as long as its twin, a Chinese character being as much as three Latin ones.
"""

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if not {"_build", ".ipynb_checkpoints"} & {*path.parts})
FENCED = re.compile(
    r"^(`{3,}).*?^\1|\$\$.*?\$\$|^:::\{claim\}[^\n]*", re.DOTALL | re.MULTILINE
)  # not the book's own prose
SHORT = re.compile(r"\$[^$]*\$|`[^`]*`|\{[a-z:-]+\}")  # formulas, code and roles are alike in both
QUOTATION = re.compile("“[^”]*”")
SHORTEST = 60  # letters below which lengths say nothing
LENGTHS = (-0.3, 0.65)  # of the logarithm of English by Chinese: what the book's paragraphs keep to


def paragraphs(text: str) -> list[str]:
    return [line for line in SHORT.sub("x", FENCED.sub("", text)).splitlines() if line.strip()]


def width(text: str) -> float:
    return sum(3.0 if "\u2e80" <= letter <= "\uffef" else 1.0 for letter in text)


def missing(zh: str, en: str) -> Iterator[str]:
    """Yield what suggests that a sentence of one language is not in the other."""
    for chinese, english in zip(paragraphs(zh), paragraphs(en), strict=True):
        own = QUOTATION.sub("x", chinese), QUOTATION.sub("x", english)
        sentences = len(re.findall(r"[。！？](?=[^）]|$)", own[0])), len(re.findall(r"[.!?](?=[\s”\"*)]|$)", own[1]))
        if sentences[0] > sentences[1]:
            yield f"{sentences[0]} sentences against {sentences[1]}: {chinese} / {english}"
        ratio = math.log(width(english) / width(chinese))
        if len(english) > SHORTEST and not LENGTHS[0] < ratio < LENGTHS[1]:
            yield f"lengths differ by e^{ratio:.2f}: {chinese} / {english}"


def twins(path: Path) -> Iterator[tuple[str, str]]:
    cells = nbformat.read(path, as_version=4).cells
    for cell, after in itertools.pairwise(cells):
        if "lang-zh" in cell.metadata.get("tags", []):
            yield cell.source, after.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))
def test_no_sentence_is_missing_in_one_language(path: Path) -> None:
    assert [fault for zh, en in twins(path) for fault in missing(zh, en)] == []


def test_most_deleted_sentences_would_be_noticed() -> None:
    """Delete every English sentence of the book, one at a time."""
    noticed = []
    for zh, en in (pair for path in NOTEBOOKS for pair in twins(path)):
        for chinese, english in zip(paragraphs(zh), paragraphs(en), strict=True):
            parts = re.split(r"(?<=[.!?]) (?=[A-Z`*(])", english)
            shorter = (" ".join(parts[:i] + parts[i + 1 :]) for i in range(len(parts)) if len(parts) > 1)
            noticed += [any(missing(chinese, rest)) for rest in shorter]
    assert len(noticed) > 1000
    assert sum(noticed) > 0.7 * len(noticed)
