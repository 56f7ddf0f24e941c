"""Semantic ids: tuple and product lead to one another, and the tables are the tree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoprec.formulas.trie import Trie
from shoprec.models.semantic_ids import SemanticIds, semantic_ids

TUPLES = st.integers(1, 3).flatmap(
    lambda n: st.lists(st.tuples(*[st.integers(0, 3)] * n), min_size=1, max_size=15, unique=True)
)


@given(TUPLES)
def test_tuple_and_product_lead_to_one_another(tuples):
    ids = SemanticIds(np.array(tuples), ())
    assert [ids.item_of(ids.tuple_of(item)) for item in range(len(tuples))] == list(range(len(tuples)))
    assert [ids.tuple_of(ids.item_of(codes)) for codes in tuples] == tuples
    assert sorted(ids.trie) == sorted(tuples)


@given(TUPLES, st.lists(st.integers(0, 4), max_size=4))
def test_what_is_no_product_is_named_as_none(tuples, codes):
    ids = SemanticIds(np.array(tuples), ())
    if tuple(codes) not in tuples:
        with pytest.raises(KeyError, match="no product"):
            ids.item_of(codes)


@given(TUPLES)
def test_the_tables_are_the_tree(tuples):
    ids, trie = SemanticIds(np.array(tuples), ()), Trie(tuples)
    for length, level in enumerate(ids.levels):
        for row, prefix in enumerate(level.prefixes.tolist()):
            allowed = trie.mask(prefix, range(ids.sizes[length]))
            np.testing.assert_array_equal(level.child[row] >= 0, allowed)
            for code in np.flatnonzero(allowed):
                child = level.child[row, code]
                last = length + 1 == len(ids.sizes)
                path = ids.tuple_of(child) if last else tuple(ids.levels[length + 1].prefixes[child].tolist())
                assert path == (*prefix, code)
        for item, row in enumerate(level.of_item):
            assert tuple(level.prefixes[row]) == ids.tuple_of(item)[:length]


def test_what_points_alike_begins_alike_whatever_its_length():
    rng = np.random.default_rng(0)
    directions = np.eye(3)[rng.integers(3, size=60)] + rng.normal(0, 0.02, (60, 3))
    ids = semantic_ids(directions * rng.uniform(0.1, 50, (60, 1)), sizes=[3, 4])
    kind = directions.argmax(axis=1)
    assert all(len(set(ids.codes[kind == k, 0])) == 1 for k in range(3))
    assert len(set(ids.codes[:, 0])) == 3
    shuffled = ids.shuffled()
    assert sorted(map(tuple, shuffled.codes)) == sorted(map(tuple, ids.codes))
    assert (shuffled.codes != ids.codes).any()


@pytest.mark.parametrize(("codes", "says"), [([[0], [0]], "same tuple"), ([[-1]], "whole numbers"), ([0], "table")])
def test_what_are_no_ids_is_refused(codes, says):
    with pytest.raises(ValueError, match=says):
        SemanticIds(np.array(codes), ())
