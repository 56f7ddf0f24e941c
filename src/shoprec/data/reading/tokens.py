"""Records of a text with separators and quotes, and the lines they stand on."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from shoprec.data.reading.encodings import Bytes
from shoprec.data.report import DataError

_CHUNK = 1 << 24
LINE_ENDS = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Records:
    """The records of a text from some place on, each as long as its quotes are open.

    The standard library's csv module limits a field's size for the whole process, and pyarrow doesn't say on which line
    a row stands; so records are found here where a message needs them. Columns are split by pyarrow.

    Attributes
    ----------
    label : str
        Names the file in messages.
    text : bytes or memoryview
        UTF-8.
    sep : str
        The character between fields.
    quotes : bool
        Whether `"` quotes.
    start, line : int
        Where the records begin, and the number of the line there.

    Examples
    --------
    >>> records = Records("a.csv", b'7,"two\\nlines"\\n\\n8,one\\n', ",", quotes=True)
    >>> [(line, records.fields(*span)) for line, *span in records]
    [(1, ['7', 'two\\nlines']), (4, ['8', 'one'])]
    """

    label: str
    text: Bytes
    sep: str
    quotes: bool
    start: int = 0
    line: int = 1

    @cached_property
    def field(self) -> re.Pattern[bytes]:
        """A field: what is within its quotes and what follows them, or what isn't quoted."""
        plain = rb"[^%s\r\n]*+" % re.escape(self.sep.encode())
        return re.compile(
            rb'"((?:[^"]++|"")*+)"(%b)|((?!")%b)' % (plain, plain) if self.quotes else b"()()(%b)" % plain
        )

    @cached_property
    def _record(self) -> re.Pattern[bytes]:
        return re.compile(
            rb"(?:%b)(?:%b(?:%b))*+" % (self.field.pattern, re.escape(self.sep.encode()), self.field.pattern)
        )

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Line, begin and end of each record; blank lines are none."""
        begin, line = self.start, self.line
        while begin < len(self.text):
            match = self._record.match(self.text, begin)
            end = match.end() if match else begin
            ended = LINE_ENDS.match(self.text, end)
            if not ended and end < len(self.text):
                raise self._never_closed(line, begin, end)
            if end > begin:
                yield line, begin, end
                line += len(LINE_ENDS.findall(self.text, begin, end)) if self.quotes else 0
            begin, line = ended.end() if ended else end, line + 1

    def _never_closed(self, line: int, begin: int, end: int) -> DataError:
        line += len(LINE_ENDS.findall(self.text, begin, end))
        return DataError(
            f"{self.label}, line {line}: a quote is opened and never closed. Close each quote, or pass quotes=False "
            f"where quotes are plain characters."
        )

    def fields(self, begin: int, end: int) -> list[str]:
        """The fields of a record, without their quotes."""
        found, position = [], begin
        while True:
            match = self.field.match(self.text, position, end)
            assert match, "a record consists of fields"
            inside, tail, plain = match.groups()
            value = plain if inside is None or plain is not None else inside.replace(b'""', b'"') + tail
            found.append(bytes(value).decode())
            if match.end() >= end:
                return found
            position = match.end() + len(self.sep.encode())

    def first(self, count: int = 1) -> list[tuple[int, list[str]]]:
        """The first records, each with its line."""
        return [(line, self.fields(*span)) for line, *span in islice(self, count)]

    def nonblank(self) -> Iterator[np.ndarray]:
        """Numbers of the lines that aren't blank, a chunk at a time; quotes are not looked at."""
        data, line, begin = np.frombuffer(self.text, np.uint8), self.line, self.start
        for start in range(self.start, len(data), _CHUNK):
            piece = data[start : start + _CHUNK]
            following = data[start + 1 : start + _CHUNK + 1]
            ends = piece == 10
            ends[: len(following)] |= (piece[: len(following)] == 13) & (following != 10)
            ends[len(following) :] |= piece[len(following) :] == 13
            places = start + np.flatnonzero(ends)
            length = np.diff(places, prepend=begin - 1) - 1
            length -= (data[places] == 10) & (data[places - 1] == 13) & (length > 0)
            yield line + np.flatnonzero(length > 0)
            line, begin = line + len(places), int(places[-1]) + 1 if len(places) else begin
        if begin < len(data):
            yield np.array([line])

    def has_inner_quotes(self) -> bool:
        """Whether a quote stands between other characters, as it does in no field that is quoted in order."""
        data = np.frombuffer(self.text, np.uint8)
        bounds = np.frombuffer(b'\r\n"' + self.sep.encode(), np.uint8)
        for start in range(self.start, len(data), _CHUNK):
            quotes = start + np.flatnonzero(data[start : start + _CHUNK] == 34)
            quotes = quotes[(quotes > self.start) & (quotes < len(data) - 2)]
            before, after, later = (~np.isin(data[quotes + step], bounds) for step in (-1, 1, 2))
            empty = (data[quotes + 1] == 34) & (data[quotes - 1] != 34) & ~before
            if ((before & after) | (empty & later)).any():
                return True
        return False

    def lines(self, rows: Sequence[int], spread: bool) -> dict[int, int]:
        """Lines on which some records start, counted from zero; `spread` says that records may have several lines."""
        if not rows:
            return {}
        if spread:
            numbered = enumerate(line for line, _, _ in islice(self, max(rows) + 1))
            return {row: line for row, line in numbered if row in set(rows)}
        found: dict[int, int] = {}
        before = 0
        for numbers in self.nonblank():
            found |= {row: int(numbers[row - before]) for row in rows if before <= row < before + len(numbers)}
            before += len(numbers)
        return found
