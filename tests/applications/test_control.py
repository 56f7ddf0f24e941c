"""Caps on a hierarchy against all lists that there are."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoprec.applications.control import at_most

PATHS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=8)
CAPS = st.tuples(*[st.none() | st.integers(1, 3)] * 2)


def allowed(paths, caps):
    counts = (Counter(path[: level + 1] for path in paths) for level in range(len(caps)))
    return all(cap is None or max(count.values(), default=0) <= cap for cap, count in zip(caps, counts, strict=True))


@given(PATHS, CAPS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_no_allowed_list_is_better(paths, caps, k, random):
    scores = sorted((random.random() for _ in paths), reverse=True)
    taken = at_most(paths, caps, k)
    assert allowed([paths[i] for i in taken], caps)
    subsets = [s for n in range(k + 1) for s in combinations(range(len(paths)), n)]
    some = [s for s in subsets if allowed([paths[i] for i in s], caps)]
    assert len(taken) == max(map(len, some))
    assert sum(scores[i] for i in taken) == pytest.approx(max(sum(scores[i] for i in s) for s in some))


@given(PATHS, st.integers(1, 8))
def test_without_caps_it_is_the_ranking(paths, k):
    assert at_most(paths, (None, None), k).tolist() == list(range(min(k, len(paths))))


@given(PATHS, CAPS)
def test_what_is_passed_over_would_break_a_cap(paths, caps):
    taken = at_most(paths, caps, k=len(paths))
    for i in np.setdiff1d(np.arange(len(paths)), taken):
        assert not allowed([paths[j] for j in [*taken[taken < i], i]], caps)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"caps": (0,)}, "a cap is 0"),
        ({"caps": (1.5,)}, "a cap is 1.5"),
        ({"caps": (None, None, 1)}, "has 2 levels, but there are 3 caps"),
        ({"caps": (1,), "k": 0}, "k is 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        at_most([("a", "b")], **arguments)
