"""Effects of deletion: the place is taken away, chance isn't counted as an effect, and a true reason is found."""

import numpy as np
import pytest

from shoprec.applications.explanations import largest_elsewhere, less_the_place, more_than_others

RNG = np.random.default_rng(0)
HOUSEHOLDS, N = 400, 6


def orders() -> np.ndarray:
    """Places of the purchases in a random order and its reverse."""
    first = np.argsort(RNG.random((HOUSEHOLDS, N)), axis=1)
    return np.stack([first, N - 1 - first], axis=1)


def test_what_places_add_is_taken_away_and_nothing_else() -> None:
    places = orders()
    own, taste = RNG.normal(0, 0.1, (HOUSEHOLDS, 1, N)), np.array([0.5, 0.1, 0, 0, -0.2, 0.9])
    found = less_the_place(own + taste[places], places)
    expected = less_the_place(np.broadcast_to(own, places.shape), places)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    for place in range(N):
        assert abs(found[places == place].mean()) < 1e-12


def test_without_places_of_their_own_the_mean_is_taken_away() -> None:
    effects, places = RNG.normal(size=(50, 2, N)), np.zeros((50, 2, N), int)
    np.testing.assert_allclose(less_the_place(effects, places), effects - effects.mean())


def test_a_name_drawn_at_random_has_no_more_than_the_others() -> None:
    effects, named = RNG.normal(0.3, 0.1, (20_000, N)), RNG.integers(N, size=20_000)
    assert abs(more_than_others(effects, named).mean()) < 0.004


def test_a_true_reason_has_all_of_its_effect() -> None:
    effects, named = np.full((30, N), 0.2), RNG.integers(N, size=30)
    effects[np.arange(30), named] += 0.7
    np.testing.assert_allclose(more_than_others(effects, named), 0.7)


def test_the_largest_of_mere_noise_is_nothing_in_another_order() -> None:
    noise = RNG.normal(0, 1, (20_000, 2, N))
    assert abs(largest_elsewhere(noise).mean()) < 0.03
    assert more_than_others(noise[:, 0], noise[:, 0].argmax(axis=1)).mean() > 1  # what it would look like in the same


def test_the_largest_effect_is_found_behind_noise() -> None:
    effects = RNG.normal(0, 0.05, (2_000, 2, N))
    effects[:, :, 3] += 1
    assert largest_elsewhere(effects).mean() == pytest.approx(1, abs=0.01)


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match="give each effect its place"):
        less_the_place(np.zeros((2, 2, 3)), np.zeros((2, 3), int))
    with pytest.raises(ValueError, match="two orders"):
        largest_elsewhere(np.zeros((2, 3, 3)))
