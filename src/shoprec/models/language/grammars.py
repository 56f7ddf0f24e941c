r"""Grammars that let a decoder say nothing but names from a list, as a tree of their letters.

After what has been said so far, :math:`y`, a token :math:`v` is allowed if some name begins with :math:`yv`. The others
are struck out, and the rest shares their probability:

.. math:: Q(v \mid x, y) = \frac{P(v \mid x, y) \, [yv \in \mathrm{Pre}(C)]}{\sum_{w} P(w \mid x, y) \,
          [yw \in \mathrm{Pre}(C)]}

with :math:`x` the prompt, :math:`C` the names and :math:`\mathrm{Pre}(C)` all their beginnings. The grammars are
written in GBNF, the notation of llama.cpp.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby

from shoprec.formulas.arrays import whole


class Shelf:
    """The texts that a decoder may write: each name between what stands before and after it.

    Parameters
    ----------
    names : sequence of str
        Equal ones count once.
    lead, end : str
        What stands before and after a name; ``end`` isn't empty and occurs in no name, so that one can tell where it
        ends.

    Raises
    ------
    ValueError
        If there is no name, one is empty, contains ``end`` or a control character, such as a line break, or names are
        a single text.

    Examples
    --------
    >>> shelf = Shelf(["white milk", "white bread", "bananas"])
    >>> [shelf.allows(text) for text in (" white", " white b", " white wine", " white bread\\n")]
    [True, True, False, True]
    """

    def __init__(self, names: Sequence[str], lead: str = " ", end: str = "\n") -> None:
        if isinstance(names, str) or not len(names):
            raise ValueError(f"names is {names!r}; pass a list with at least one name")
        if not end:
            raise ValueError("end is empty; without it, nobody can tell where a name ends: pass a line break")
        for name in names:
            if not isinstance(name, str) or not name:
                raise ValueError(f"{name!r} is no name; leave out what is empty or no text")
            if end in name or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
                raise ValueError(f"{name!r} contains {end!r} or a control character; replace it, or pass another end")
        self.lead, self.end, self.names = lead, end, sorted(set(names))
        self.texts = sorted(f"{lead}{name}{end}".encode() for name in self.names)

    def allows(self, text: str | bytes) -> bool:
        """Whether some name begins so. The text may break off within a letter of several bytes."""
        start = text.encode() if isinstance(text, str) else text
        place = bisect_left(self.texts, start)
        return place < len(self.texts) and self.texts[place].startswith(start)

    def name_in(self, text: str | bytes) -> str | None:
        """The name that a complete text says, or None if it isn't complete."""
        whole_text = text.encode() if isinstance(text, str) else text
        place = bisect_left(self.texts, whole_text)
        if place == len(self.texts) or self.texts[place] != whole_text:
            return None
        return whole_text.decode()[len(self.lead) : -len(self.end)]


def one_of(names: Sequence[str], lead: str = " ", end: str = "\n", at_most: int = 1) -> str:
    r"""Grammar that allows one of some names, or several, one after the other, and nothing else.

    Names that begin alike share their beginning, as in a tree: a token is compared with a few branches, not with every
    name. With ``at_most`` above 1 a name may come twice: a grammar of this kind keeps no account of what was said;
    :meth:`shoprec.models.language.native.Generator.list_names` does.

    Parameters
    ----------
    names, lead, end
        As for :class:`Shelf`. ``lead`` and ``end`` stand around each name.
    at_most : int
        Names at most.

    Returns
    -------
    str
        In GBNF.

    Raises
    ------
    ValueError
        As for :class:`Shelf`, or if ``at_most`` is no positive whole number.

    Examples
    --------
    >>> print(one_of(["white milk", "white bread", "bananas"]))
    root ::= " " name "\n"
    name ::= "bananas" | "white " n1
    n1 ::= "bread" | "milk"
    """
    shelf, rules = Shelf(names, lead, end), list[str]()

    def branches(texts: list[str]) -> str:
        ways = []
        for _, group in groupby(texts, key=lambda text: text[:1]):  # sorted, so those that begin alike stand together
            alike = list(group)
            shared = _shared(alike[0], alike[-1])
            if len(alike) == 1 or not shared:
                ways.append(_quoted(shared))
                continue
            place = len(rules)
            rules.append("")
            rules[place] = f"n{place + 1} ::= {branches([text[len(shared) :] for text in alike])}"
            ways.append(f"{_quoted(shared)} n{place + 1}")
        return " | ".join(ways)

    name = f"name ::= {branches(shelf.names)}"
    entry = " ".join([_quoted(lead)] * bool(lead) + ["name", _quoted(end)])
    if whole(at_most, "at_most") > 1:
        entry = f"({entry}){{1,{at_most}}}"
    return "\n".join([f"root ::= {entry}", name, *rules])


def _shared(first: str, last: str) -> str:
    """How all texts begin that lie between two in alphabetical order."""
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))]


def _quoted(text: str) -> str:
    """A literal of the grammar: what would end it or mean something else in it is escaped."""
    written = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(written.get(letter, letter) for letter in text) + '"'
