"""Semantic ids: each product as a short tuple of codes, and the tree of all tuples that exist."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.quantisation import Quantised, quantise, told_apart
from shoprec.formulas.trie import Trie


class Level(NamedTuple):
    """All prefixes of one length, in the order of their codes, and what may follow them.

    Attributes
    ----------
    prefixes : array of int, shape (n_prefixes, length)
    of_item : array of int, shape (n_items,)
        The row of each product's prefix.
    child : array of int, shape (n_prefixes, codes of the next level)
        The next level's row, at the last level the product, that each code leads to; −1 where it leads nowhere.
    """

    prefixes: Codes
    of_item: Codes
    child: Codes


@dataclass(frozen=True)
class SemanticIds:
    """A tuple of codes for each product, all of the same length.

    Attributes
    ----------
    codes : array of int, shape (n_items, n_levels)
        The tuples; no two are alike.
    books : tuple of arrays
        Codebooks of the levels, without that of the last one, which only tells products apart.

    Raises
    ------
    ValueError
        If two products have the same tuple, or a code is negative.

    Examples
    --------
    >>> ids = SemanticIds(np.array([[0, 2, 0], [0, 2, 1], [1, 0, 0]]), ())
    >>> ids.tuple_of(1), ids.item_of((0, 2, 1)), ids.sizes
    ((0, 2, 1), 1, (2, 3, 2))
    >>> ids.item_of((1, 2, 0))
    Traceback (most recent call last):
    KeyError: 'no product has the codes (1, 2, 0)'
    """

    codes: Codes
    books: tuple[Floats, ...]

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or not self.codes.size or self.codes.min() < 0:
            raise ValueError("codes must be a table of whole numbers of 0 and above, with a row for each product")
        if len(np.unique(self.codes, axis=0)) < len(self.codes):
            raise ValueError("two products have the same tuple; tell them apart by told_apart")

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each level has."""
        return tuple((self.codes.max(axis=0) + 1).tolist())

    def tuple_of(self, item: int) -> tuple[int, ...]:
        """A product's codes."""
        return tuple(self.codes[item].tolist())

    def item_of(self, codes: Sequence[int]) -> int:
        """The product of a tuple.

        Raises
        ------
        KeyError
            If there is none.
        """
        if tuple(codes) not in self._items:
            raise KeyError(f"no product has the codes {tuple(codes)}")
        return self._items[tuple(codes)]

    @cached_property
    def _items(self) -> dict[tuple[int, ...], int]:
        return {self.tuple_of(item): item for item in range(len(self.codes))}

    @cached_property
    def trie(self) -> Trie:
        """The tree of all tuples."""
        return Trie(sorted(self._items))

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The same tree as tables, for many prefixes at once: one for each length below a whole tuple's."""
        n_items, n_levels = self.codes.shape
        found = [np.unique(self.codes[:, :length], axis=0, return_inverse=True) for length in range(1, n_levels)]
        rows = [np.zeros(n_items, int), *(row for _, row in found), np.arange(n_items)]
        prefixes = [np.zeros((1, 0), int), *(prefix for prefix, _ in found)]
        levels = []
        for length, size in enumerate(self.sizes):
            child = np.full((len(prefixes[length]), size), -1)
            child[rows[length], self.codes[:, length]] = rows[length + 1]
            levels.append(Level(prefixes[length], rows[length], child))
        return tuple(levels)

    def shuffled(self, seed: int = 0) -> "SemanticIds":
        """The same tuples, dealt out to the products at random: what their codes say is gone, the tree stays."""
        return replace(self, codes=np.random.default_rng(seed).permutation(self.codes))


def semantic_ids(vectors: Floats, sizes: Sequence[int] = (64, 64, 64), seed: int = 0) -> SemanticIds:
    """Semantic ids of products by residual quantisation of the directions of their vectors.

    Without that, the lengths of the vectors, which are long for popular products, would use up the codes.

    Parameters
    ----------
    vectors : array of float, shape (n_items, d)
    sizes : sequence of int
        Codes at each level; one level more tells apart what shares all of these.
    seed : int

    Examples
    --------
    >>> ids = semantic_ids(np.array([[1.0, 0.0], [2.0, 0.1], [0.0, 3.0], [0.1, 1.0]]), sizes=[2])
    >>> bool(ids.codes[0, 0] == ids.codes[1, 0]), bool(ids.codes[0, 0] == ids.codes[2, 0]), ids.codes[:, 1].tolist()
    (True, False, [0, 1, 0, 1])
    """
    found = quantised_directions(vectors, sizes, seed)
    return SemanticIds(told_apart(found.codes), found.books)


def quantised_directions(vectors: Floats, sizes: Sequence[int] = (64, 64, 64), seed: int = 0) -> Quantised:
    """Residual quantisation of vectors that are first made equally long; a vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return quantise(vectors / np.where(lengths > 0, lengths, 1), sizes, seed)
