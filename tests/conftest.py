"""Settings of all tests."""

import os

from hypothesis import settings

# A time limit per example would fail on a busy machine. Where `CI` is set, the examples are the same each time: new
# ones are looked for where somebody sits who can look into what they show.
settings.register_profile("shoprec", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("shoprec")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name no test by bytes: a packed file holds the time of its making, and all workers must find the same names."""
    return argname if isinstance(val, bytes) else None
