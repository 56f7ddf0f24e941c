"""Prefix trees: which tokens may come next, if what is written down is to be one of some known sequences.

A sequence is a path from the root to a mark: department, category, type and product here, the parts of a semantic id or
the words of a product's name elsewhere. All sequences that begin alike share the beginning of their path, so a rule on
a beginning decides about all of them at once.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Self

import numpy as np

from shoprec.formulas.arrays import Mask

Prefix = tuple[Hashable, ...]


class _Node:
    """What may follow a prefix, and whether a sequence ends with it."""

    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[Hashable, _Node] = {}
        self.ends = False


class Trie:
    """A set of sequences, stored by their beginnings.

    Parameters
    ----------
    sequences : iterable of sequences of hashable tokens
        Of any lengths, one may begin with another; twice the same counts once. Tokens keep the order in which they
        first came.

    Raises
    ------
    ValueError
        If a sequence is empty, or is a string, whose letters would be taken for tokens.

    Examples
    --------
    >>> trie = Trie([("dairy", "milk"), ("dairy", "cheese"), ("drinks", "wine", "red")])
    >>> trie.next_tokens(), trie.next_tokens(("dairy",)), trie.next_tokens(("soap",))
    (('dairy', 'drinks'), ('milk', 'cheese'), ())
    >>> len(trie), trie.n_nodes, ("drinks", "wine") in trie
    (3, 6, False)
    """

    def __init__(self, sequences: Iterable[Sequence[Hashable]] = ()) -> None:
        self._root, self._size, self.n_nodes = _Node(), 0, 0
        for sequence in sequences:
            self._add(sequence)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Prefix]:
        return self.completions()

    def __contains__(self, sequence: Sequence[Hashable]) -> bool:
        node = self._find(sequence)
        return node is not None and node.ends

    def next_tokens(self, prefix: Sequence[Hashable] = ()) -> Prefix:
        """Tokens that may come next; none if no sequence goes on from here, or none begins so."""
        node = self._find(prefix)
        return () if node is None else tuple(node.children)

    def mask(self, prefix: Sequence[Hashable], vocabulary: Iterable[Hashable]) -> Mask:
        """Which tokens of a vocabulary may come next; a model's other scores are set to minus infinity.

        Parameters
        ----------
        prefix : sequence of tokens
        vocabulary : iterable of tokens
            In the order of the scores; ``range(n)`` if the tokens are numbers.

        Returns
        -------
        array of bool, shape (n_tokens,)

        Examples
        --------
        >>> ids = Trie([(0, 2), (0, 3), (2, 1)])
        >>> ids.mask((), range(4)), ids.mask((0,), range(4))
        (array([ True, False,  True, False]), array([False, False,  True,  True]))
        """
        node = self._find(prefix)
        children = {} if node is None else node.children
        return np.fromiter((token in children for token in vocabulary), dtype=bool)

    def completions(self, prefix: Sequence[Hashable] = ()) -> Iterator[Prefix]:
        """All sequences that begin with a prefix, itself included, in the order of their tokens.

        Examples
        --------
        >>> list(Trie([("a", "x"), ("b", "x"), ("a",)]).completions(("a",)))
        [('a',), ('a', 'x')]
        """
        start = self._find(prefix)
        stack = [] if start is None else [(tuple(prefix), start)]
        while stack:
            path, node = stack.pop()
            if node.ends:
                yield path
            stack.extend(((*path, token), child) for token, child in reversed(node.children.items()))

    def restrict(self, allows: Callable[[Prefix], bool]) -> Self:
        """The sequences that a rule leaves: those whose every beginning, up to themselves, it allows.

        Parameters
        ----------
        allows : function from a prefix to bool
            Asked from the root down, once for each prefix, and never for what lies behind one that it forbids.

        Returns
        -------
        Trie
            A new one.

        Examples
        --------
        >>> shop = Trie([("drinks", "wine"), ("drinks", "juice"), ("soap", "bar")])
        >>> list(shop.restrict(lambda prefix: prefix[0] == "drinks" and "wine" not in prefix))
        [('drinks', 'juice')]
        """
        kept = type(self)()
        stack: list[tuple[Prefix, _Node]] = [((), self._root)]
        while stack:
            path, node = stack.pop()
            if node.ends:
                kept._add(path)
            ways = [((*path, token), child) for token, child in node.children.items() if allows((*path, token))]
            stack.extend(reversed(ways))
        return kept

    def _add(self, sequence: Sequence[Hashable]) -> None:
        if isinstance(sequence, str) or not len(sequence):
            raise ValueError(f"{sequence!r} is no sequence of tokens; pass a tuple of one token or more")
        node = self._root
        for token in sequence:
            if token not in node.children:
                node.children[token] = _Node()
                self.n_nodes += 1
            node = node.children[token]
        self._size += not node.ends
        node.ends = True

    def _find(self, prefix: Sequence[Hashable]) -> _Node | None:
        node: _Node | None = self._root
        for token in prefix:
            node = node.children.get(token) if node is not None else None
        return node
