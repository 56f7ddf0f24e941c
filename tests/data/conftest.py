"""What the tests of the reader share."""

import warnings
from pathlib import Path

import pandas as pd
import pytest

from shoprec.data.interactions import DataError, DroppedRows, read_interactions


@pytest.fixture
def read(tmp_path):
    """Write a file and read it; the table and its report, whatever is noted."""

    def write_and_read(content: str | bytes, name: str = "orders.csv", **options) -> tuple[pd.DataFrame, DroppedRows]:
        path = Path(tmp_path, name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with warnings.catch_warnings(action="ignore"):
            frame = read_interactions(path, **options)
        return frame, frame.attrs["dropped"]

    return write_and_read


@pytest.fixture
def refusal(read, tmp_path):
    """The message of the one clear error that a file gives; it is short and names the file."""

    def message(content: str | bytes, name: str = "orders.csv", **options) -> str:
        with pytest.raises(DataError) as caught:
            read(content, name, **options)
        text = str(caught.value)
        assert str(tmp_path) in text
        assert len(text) < len(str(tmp_path)) + 600
        return text.removeprefix(str(tmp_path) + "/")

    return message
