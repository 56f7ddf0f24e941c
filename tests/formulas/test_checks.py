"""The ends of ranges, and what is no number, code or score at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import Given

from shoprec.formulas.checks import household_codes, number, one_of, scores_of


@given(st.floats(0, 1), st.sampled_from(["[]", "(]", "[)", "()"]))
def test_a_number_within_the_range_is_returned(value, ends):
    if (value == 0 and ends[0] == "(") or (value == 1 and ends[1] == ")"):
        with pytest.raises(ValueError, match=f"share is {value}"):
            number(value, "share", 0, 1, ends)
    else:
        assert number(value, "share", 0, 1, ends) == value


@pytest.mark.parametrize("value", [-0.001, 1.001, np.nan, np.inf, -np.inf, "0.5", None, [0.5], 1j, np.array([0.5])])
def test_anything_else_is_refused_with_the_range(value):
    with pytest.raises(ValueError, match=r"share is .*; pass a number in \[0, 1\], or leave it out"):
        number(value, "share", 0, 1, note=", or leave it out")


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(1), 0, True])
def test_numbers_of_any_type_are_numbers(value):
    assert number(value, "share", 0, 1) == value


def test_without_an_upper_end_infinity_is_allowed():
    assert number(np.inf, "half_life", 0) == np.inf


@pytest.mark.parametrize("value", ["c", "", None, 1])
def test_names_are_listed(value):
    assert one_of("a", "letter", {"a": 1, "b": 2}) == "a"
    with pytest.raises(ValueError, match=r"letter is .*; choose one of a, b"):
        one_of(value, "letter", {"a": 1, "b": 2})


@given(st.lists(st.integers(-3, 7), max_size=5))
def test_codes_are_in_the_range_or_named(codes):
    if all(0 <= code < 5 for code in codes):
        assert household_codes(codes, 5).tolist() == codes
        assert household_codes(codes, 5).dtype == int
    else:
        message = f"codes from {min(codes)} to {max(codes)}, but the model was fitted on codes from 0 to 4"
        with pytest.raises(ValueError, match=message):
            household_codes(codes, 5)


@pytest.mark.parametrize("codes", [np.uint8([4]), np.int16([0, 1]), range(3), (2, 2)])
def test_codes_of_any_integer_type_are_codes(codes):
    np.testing.assert_array_equal(household_codes(codes, 5), list(codes))


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float32, np.float64])
def test_scores_come_back_as_they_are(dtype):
    scores = np.eye(3, 4).astype(dtype)
    assert scores_of(Given(scores), np.array([2, 0])).dtype == dtype
    np.testing.assert_array_equal(scores_of(Given(scores), np.array([2, 0]), 4), scores[[2, 0]])
    assert scores_of(Given(scores), np.array([], int), 4).shape == (0, 4)


@pytest.mark.parametrize("answer", [np.zeros(3), np.zeros((3, 2)), np.zeros((1, 2, 3)), 0.5])
def test_scores_for_a_catalogue_of_unknown_size_still_have_a_row_for_each_household(answer):
    class Answers:
        def score(self, households):
            return answer

    with pytest.raises(ValueError, match=r"Answers.score returned shape .* for 2 households and all items"):
        scores_of(Answers(), np.array([0, 1]))
