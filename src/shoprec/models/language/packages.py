"""Models that come as Python packages: where they lie, and loading them without a network."""

import contextlib
import importlib.util
import os
import warnings
from collections.abc import Iterator
from pathlib import Path


def package_folder(package: str, remedy: str) -> Path:
    """Where a package lies. It isn't imported: its own code may need what the book does not."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the language model comes as the package {package}, which isn't there: {remedy}")
    return Path(next(iter(spec.submodule_search_locations)))


def require(module: str, remedy: str) -> None:
    """Say what to install if a module is missing."""
    if importlib.util.find_spec(module) is None:
        raise ModuleNotFoundError(f"the language model needs {module}, which isn't there: {remedy}")


@contextlib.contextmanager
def offline_and_quiet() -> Iterator[None]:
    """No look-up at a hub, no progress bars, no log of a load that is known to work."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers.utils import logging

    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
