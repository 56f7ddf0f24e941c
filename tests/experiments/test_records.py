"""Recordings are read as they were written, and a missing one is named with the command that makes it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from recordings import made_up, write

from shoprec.experiments import records


@pytest.mark.parametrize("current", [True, False])
def test_a_recording_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, current: bool) -> None:
    monkeypatch.setattr(records, "RECORDED", tmp_path)
    record = replace(made_up(["Popularity"], cuts=["2017-12-01"]), current=current)
    write(record, tmp_path)
    read = records.load_record("leaderboard")
    assert (read.stamp, read.current) == (record.stamp, current)
    pd.testing.assert_frame_equal(read.households, record.households)
    pd.testing.assert_frame_equal(read.cells, record.cells)


@pytest.mark.parametrize("missing", ["json", "parquet"])
def test_half_a_recording_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(records, "RECORDED", tmp_path)
    write(made_up(["Popularity"]), tmp_path)
    (tmp_path / f"leaderboard.{missing}").unlink()
    with pytest.raises(FileNotFoundError, match=rf"{missing} is missing: `make record run=leaderboard` records it"):
        records.load_record("leaderboard")
