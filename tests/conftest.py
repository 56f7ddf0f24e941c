"""Settings of all tests."""

from hypothesis import settings

# A time limit per example would fail on a busy machine.
settings.register_profile("shoprec", deadline=None)
settings.load_profile("shoprec")
