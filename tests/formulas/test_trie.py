"""Prefix trees against plain lists of sequences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoprec.formulas.trie import Trie

SEQUENCES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple), max_size=12)
PREFIX = st.lists(st.integers(0, 3), max_size=4).map(tuple)


@given(SEQUENCES)
def test_it_holds_what_was_put_in_and_nothing_else(sequences):
    trie = Trie(sequences)
    assert sorted(trie) == sorted(set(sequences))
    assert len(trie) == len(set(sequences))
    assert trie.n_nodes == len({s[:n] for s in sequences for n in range(1, len(s) + 1)})
    assert all(s in trie for s in sequences)
    assert () not in trie


@given(SEQUENCES, PREFIX)
def test_what_may_come_next(sequences, prefix):
    trie, n = Trie(sequences), len(prefix)
    expected = list(dict.fromkeys(s[n] for s in sequences if s[:n] == prefix and len(s) > n))
    assert list(trie.next_tokens(prefix)) == expected
    assert np.flatnonzero(trie.mask(prefix, range(4))).tolist() == sorted(expected)
    assert sorted(trie.completions(prefix)) == sorted({s for s in sequences if s[:n] == prefix})
    assert (prefix in trie) == (prefix in set(sequences))


@given(SEQUENCES, st.sets(PREFIX))
def test_a_rule_leaves_what_a_filter_leaves(sequences, forbidden):
    trie = Trie(sequences)
    kept = [s for s in set(sequences) if not any(s[:n] in forbidden for n in range(1, len(s) + 1))]
    assert sorted(trie.restrict(lambda prefix: prefix not in forbidden)) == sorted(kept)
    assert sorted(trie) == sorted(set(sequences)), "the first trie stays as it is"


@given(SEQUENCES, st.sets(PREFIX))
def test_a_rule_is_asked_once_and_never_behind_a_no(sequences, forbidden):
    asked = []
    Trie(sequences).restrict(lambda prefix: asked.append(prefix) or prefix not in forbidden)
    assert len(asked) == len(set(asked))
    assert not any(a[:n] in forbidden for a in asked for n in range(1, len(a)))


@given(SEQUENCES.filter(len), st.randoms())
def test_walking_by_the_mask_ends_at_a_sequence(sequences, random):
    trie, walked = Trie(sequences), ()
    while allowed := np.flatnonzero(trie.mask(walked, range(4))).tolist():
        walked = (*walked, random.choice(allowed))
    assert walked in trie


def test_tokens_may_be_anything_hashable_and_keep_their_order():
    trie = Trie([("b", 1), ("a", None), ("b", (2, 3))])
    assert list(trie) == [("b", 1), ("b", (2, 3)), ("a", None)]
    assert trie.mask(("b",), [(2, 3), "b", 1]).tolist() == [True, False, True]
    assert ["b", 1] in trie, "a list of tokens will do to look up"


def test_an_empty_trie_allows_nothing():
    assert Trie().next_tokens() == ()
    assert list(Trie()) == []
    assert not Trie().mask((), range(3)).any()


@pytest.mark.parametrize("bad", ["milk", (), []])
def test_what_is_no_sequence_of_tokens_is_named(bad):
    with pytest.raises(ValueError, match="no sequence of tokens"):
        Trie([("dairy", "milk"), bad])
