"""Which encoding a text is in: said by the reader, or told from how its characters look."""

import codecs
import math
import re
import unicodedata
from collections.abc import Callable, Iterator

import numpy as np

from shoprec.data.report import DataError

Bytes = bytes | memoryview
_CHUNK = 1 << 24
_SAMPLE = 3000  # distinct fields that are looked at
_CERTAIN = math.log(10)  # a reading has to be ten times as probable as the next
_ASCII = math.log(1 / 33)
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_ORDERED = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}
# What each code page writes most. Its other characters are rare in texts that are really in it.
_LETTERS = {
    "cp1252": "éèêëàâäáãåçüùûúöôóòõñíîïßøæœ£€’‘“”–®°½",
    "cp1250": "áäčćďéěęëíłľňńóöőřšśťúůüűýžżźąăâîşţđ",
    "cp1251": "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ№«»",
    "cp1253": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ",
    "cp1254": "çğıöşüİ",
}


def to_utf8(label: str, data: Bytes, encoding: str | None) -> tuple[Bytes, list[str]]:
    """Turn a file's bytes into UTF-8 without a byte order mark, and say which encoding was found.

    Parameters
    ----------
    label : str
        Names the file in messages.
    data : bytes or memoryview
        What the file holds. If that is UTF-8, it is handed back without a copy.
    encoding : str, optional
        What it is encoded in; without it, a byte order mark, valid UTF-8 and then the look of the text decide.

    Returns
    -------
    text : bytes or memoryview
    notes : list of str
        Nothing for UTF-8; else what was chosen and why.

    Raises
    ------
    DataError
        If several encodings are about as plausible, or bytes don't fit the one that was named.

    Notes
    -----
    Each candidate gives the text a likelihood: that of the common characters of its languages (the first level of
    GB2312, Big5 and JIS X 0208, Korean syllables of plain letters, accented letters within words). charset-normalizer
    was tried first: on four Chinese product names it is wrong once in ten times, on four French or German ones
    four times in five, and it doesn't say when it is in doubt.

    Examples
    --------
    >>> text, notes = to_utf8("a.csv", "item\\n红富士苹果\\n矿泉水\\n".encode("gbk"), encoding=None)
    >>> text.decode().split()[1], notes
    ('红富士苹果', ["not UTF-8; read as GB18030 (Chinese), in which its words are common ones, such as '红富士苹果'; if they look wrong, pass encoding=…"])
    """  # noqa: E501
    marked = next((mark for mark in _MARKS if bytes(data[:4]).startswith(mark)), b"")
    if encoding:
        named = _known(label, encoding)
        return _checked(
            label, data[len(marked) :], _MARKS.get(marked, named) if named in _ORDERED.values() else named
        ), []
    if marked:
        chosen = _MARKS[marked]
        return _checked(label, data[len(marked) :], chosen), _noted(chosen, "as its byte order mark says")
    if (wide := _without_mark(data)) is not None:
        return _checked(label, data, wide), _noted(wide, "as every other byte is zero")
    wrong = _misfit(data, "utf-8")
    if wrong is None:
        return data, []
    _refuse_a_single_slip(label, data, wrong)
    chosen, word = _recognise(label, data)
    why = f"in which its words are common ones, such as {word!r}; if they look wrong, pass encoding=…"
    return _recoded(data, chosen), [f"not UTF-8; read as {_NAMES[chosen]}, {why}"]


def _noted(chosen: str, why: str) -> list[str]:
    return [] if chosen == "utf-8" else [f"not UTF-8; read as {chosen.upper()}, {why}"]


def _without_mark(data: Bytes) -> str | None:
    head = np.frombuffer(data[:4000], np.uint8)
    odd, even = (np.count_nonzero(head[first::2] == 0) / max(1, len(head) // 2) for first in (1, 0))
    return "utf-16-le" if odd > 0.3 and even < 0.05 else "utf-16-be" if even > 0.3 and odd < 0.05 else None


def _chunks(data: Bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield bytes(data[start : start + _CHUNK])


def _misfit(data: Bytes, encoding: str) -> int | None:
    """Position of the first byte that doesn't belong to the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    for chunk in [*range(0, len(data), _CHUNK), None]:
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(b"" if chunk is None else bytes(data[chunk : chunk + _CHUNK]), final=chunk is None)
        except UnicodeDecodeError as error:
            return before - kept + error.start
        before = len(data) if chunk is None else min(chunk + _CHUNK, len(data))
    return None


def _recoded(data: Bytes, encoding: str) -> bytes:
    """Decode and encode piece by piece, so that no more than the result is in memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    return b"".join(decoder.decode(chunk).encode() for chunk in _chunks(data)) + decoder.decode(b"", True).encode()


def _known(label: str, encoding: str) -> str:
    """Python's name of an encoding; without a mark, the order of bytes is that of almost all computers."""
    try:
        "a".encode(encoding)
    except LookupError:
        remedy = 'Name one that Python knows, such as "gb18030", "cp1252" or "utf-8".'
        raise DataError(f"{label}: encoding={encoding!r} is unknown. {remedy}") from None
    name = codecs.lookup(encoding).name
    return _ORDERED.get(name, name)


def _checked(label: str, data: Bytes, encoding: str) -> Bytes:
    wrong = _misfit(data, encoding)
    if wrong is not None:
        raise _misfits(label, data, wrong, f"the bytes {bytes(data[wrong : wrong + 2])!r} are no {encoding.upper()}")
    return data if codecs.lookup(encoding).name == "utf-8" else _recoded(data, encoding)


def _misfits(label: str, data: Bytes, position: int, problem: str) -> DataError:
    line = sum(chunk.count(b"\n") for chunk in _chunks(data[:position])) + 1
    return DataError(
        f"{label}, line {line}: {problem}. Mend the line, or pass another encoding= (such as "
        f'"gb18030", "big5", "cp1252").'
    )


def _refuse_a_single_slip(label: str, data: Bytes, wrong: int) -> None:
    """Refuse what is UTF-8 but for a few bytes: any other encoding would spoil all the rest."""
    pieces = _pieces(data)
    fits = sum(_decoded(piece, "utf-8") is not None for piece in pieces)
    if fits > 0.8 * len(pieces):
        raise _misfits(
            label, data, wrong, f"bytes that are no UTF-8 ({bytes(data[wrong : wrong + 2])!r}) in a text that is"
        )


def _pieces(data: Bytes) -> list[bytes]:
    """Distinct fields that hold more than ASCII. None of the separators here is ever half of a character."""
    found: dict[bytes, None] = {}
    for match in re.finditer(rb'[^,;\t\r\n"]*[\x80-\xff][^,;\t\r\n"]*', data):
        found[match[0].strip()] = None
        if len(found) == _SAMPLE:
            break
    return list(found)


def _decoded(piece: bytes, encoding: str) -> str | None:
    try:
        return piece.decode(encoding)
    except UnicodeDecodeError:
        return None


def _recognise(label: str, data: Bytes) -> tuple[str, str]:
    """Choose the encoding under which the text is by far the most probable; also a word to judge it by."""
    pieces = _pieces(data)
    scores = {}
    for encoding, (prior, likelihood) in _MODELS.items():
        texts = [_decoded(piece, encoding) for piece in pieces]
        if None not in texts:
            scores[encoding] = prior + sum(likelihood(text) for text in texts if text is not None)
    fitting = (name for name in sorted(scores, key=lambda name: -scores[name]) if _misfit(data, name) is None)
    ranked = [name for _, name in zip(range(4), fitting, strict=False)]
    if not ranked:
        raise DataError(f"{label}: its bytes are in none of UTF-8, {', '.join(_NAMES.values())}. Pass encoding=.")
    best = ranked[0]
    readings = {name: [_decoded(piece, name) for piece in pieces] for name in ranked}
    rivals = [n for n in ranked[1:] if scores[n] > scores[best] - _CERTAIN and readings[n] != readings[best]]
    if rivals or scores[best] < sum(-9.6 * len(text or "") for text in readings[best]):
        raise _doubtful(label, {name: str(readings[name][0]) for name in [best, *rivals]})
    return best, next(text for text in readings[best] if text)[:20]


def _doubtful(label: str, readings: dict[str, str]) -> DataError:
    seen = ", ".join(f"{_NAMES[name]} ({text[:20]!r})" for name, text in readings.items())
    return DataError(
        f"{label}: not UTF-8, and too little tells which encoding it is: {seen}. "
        f'Choose the one whose words are right, as in read_interactions(path, encoding="{next(iter(readings))}").'
    )


def _class_of(text: str, log_probability: Callable[[str], float]) -> float:
    return sum(_ASCII if character < "\x80" else log_probability(character) for character in text)


def _chinese(character: str) -> float:
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:  # the rare characters that GBK and GB18030 add
        return math.log(0.005 / 20_000) if unicodedata.category(character)[0] == "L" else -20.0
    return math.log(0.95 / 3755) if 0xB0 <= lead <= 0xD7 else math.log((0.03 / 3008) if lead > 0xD7 else (0.02 / 682))


def _traditional(character: str) -> float:
    lead = character.encode("cp950")[0]
    shares = ((0xA3, 0.02 / 408), (0xAF, 0.55 / 1884), (0xC6, 0.42 / 3517))  # ordered by strokes, so by use
    return math.log(next((share for last, share in shares if lead <= last), 0.01 / 7652))


def _japanese(character: str) -> float:
    encoded = character.encode("cp932")
    if len(encoded) == 1:  # half-width kana
        return math.log(0.01 / 63)
    if encoded[0] in (0x82, 0x83):
        return math.log(0.5 / 170)
    return math.log(0.03 / 500 if encoded[0] == 0x81 else 0.46 / 2965 if 0x88 <= encoded[0] <= 0x97 else 0.01 / 3390)


def _korean(character: str) -> float:
    encoded = character.encode("cp949")
    if not (0xB0 <= encoded[0] <= 0xC8 and encoded[1] >= 0xA1):  # Chinese characters, signs, rare syllables
        return math.log(0.02 / 986) if encoded[0] < 0xAD and encoded[1] >= 0xA1 else math.log(0.005 / 10_000)
    letters = unicodedata.normalize("NFD", character)
    first, last = letters[0], letters[-1]
    doubled = first in "\u1101\u1104\u1108\u110a\u110d"
    plain = last < "\u11a8" or last in "\u11a8\u11ab\u11af\u11b7\u11b8\u11ba\u11bc"
    return math.log(0.95 / 1000 if plain and not doubled else 0.03 / 1350)


def _alphabetic(encoding: str) -> Callable[[str], float]:
    common, usual, odd = _LETTERS[encoding], math.log(0.9 / 40), math.log(0.08 / 60)
    own_script = encoding in ("cp1251", "cp1253")  # no word has letters of both scripts

    def likelihood(text: str) -> float:
        total = _class_of(text, lambda character: usual if character.lower() in common else odd)
        words = re.findall(r"[^\W\d_]+", text)
        mixed = "".join(
            word
            for word in words
            if not (word.islower() or word.isupper() or word.istitle()) or (own_script and re.search("[A-Za-z]", word))
        )
        return total - 3.0 * sum(character >= "\x80" for character in mixed)

    return likelihood


def _ideographic(log_probability: Callable[[str], float]) -> Callable[[str], float]:
    return lambda text: _class_of(text, log_probability)


# How probable before any look, and how probable a text is.
_MODELS: dict[str, tuple[float, Callable[[str], float]]] = {
    "gb18030": (0.0, _ideographic(_chinese)),
    "cp950": (-1.0, _ideographic(_traditional)),
    "cp932": (-1.0, _ideographic(_japanese)),
    "cp949": (-1.0, _ideographic(_korean)),
    "cp1252": (0.0, _alphabetic("cp1252")),
    "cp1250": (-3.0, _alphabetic("cp1250")),
    "cp1251": (-1.0, _alphabetic("cp1251")),
    "cp1253": (-3.0, _alphabetic("cp1253")),
    "cp1254": (-3.0, _alphabetic("cp1254")),
}
_NAMES = {
    "gb18030": "GB18030 (Chinese)",
    "cp950": "Big5 (cp950)",
    "cp932": "Shift-JIS (cp932)",
    "cp949": "Korean (cp949)",
    "cp1252": "Western European (cp1252)",
    "cp1250": "Central European (cp1250)",
    "cp1251": "Cyrillic (cp1251)",
    "cp1253": "Greek (cp1253)",
    "cp1254": "Turkish (cp1254)",
}
