"""Recorded runs: what is written is read again, what is finished isn't done twice, and old code is noticed."""

import json

import pandas as pd
import pytest

from shoprec.experiments import provenance, records
from shoprec.experiments.__main__ import main
from shoprec.experiments.records import Parts, load_record, save_record


def cell(model="B", cut="2017-07-01", seed=0):
    costs = {"search_seconds": 1.0, "fit_seconds": 2.0, "request_seconds": 0.001}
    return {"model": model, "cut": cut, "seed": seed, "settings": {"k": 5}, "trials": []} | costs


def households(model="B", cut="2017-07-01", seed=0):
    values = {"all": [0.5, 0.25], "repeat": [0.5, None], "explore": [None, 0.25], "new": [None, 0.125]}
    return pd.DataFrame({"household": [7, 1]} | values).assign(model=model, cut=cut, seed=seed)


def test_what_is_written_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RECORDED", tmp_path / "recorded")
    cells = [cell("B"), cell("A", seed=1)]
    save_record("leaderboard", cells, pd.concat([households("B"), households("A", seed=1)]), 6.4)
    record = load_record("leaderboard")
    assert record.cells["model"].tolist() == ["A", "B"]
    assert record.cells["settings"].tolist() == [{"k": 5}, {"k": 5}]
    assert record.households["household"].tolist() == [1, 7, 1, 7]
    assert record.households["all"].tolist() == [0.25, 0.5, 0.25, 0.5]
    assert record.households["repeat"].isna().tolist() == [True, False, True, False]
    assert record.stamp["seconds"] == 6
    assert set(record.stamp["versions"]) == set(records.VERSIONS)
    assert record.current
    lines = (tmp_path / "recorded" / "leaderboard.json").read_text().splitlines()
    assert sum('"model"' in line for line in lines) == len(cells)  # one line each, so that a renewed one can be seen


def test_a_record_of_other_code_is_told_from_one_of_this_code(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RECORDED", tmp_path)
    save_record("leaderboard", [cell()], households(), 1.0)
    path = tmp_path / "leaderboard.json"
    notes = json.loads(path.read_text())
    path.write_text(json.dumps(notes | {"fingerprint": "0" * 64}))
    assert not load_record("leaderboard").current


def test_what_is_missing_is_named_with_the_command_that_makes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RECORDED", tmp_path)
    for missing in ("json", "parquet"):
        with pytest.raises(FileNotFoundError, match=f"{missing} is missing: `make record run=leaderboard`"):
            load_record("leaderboard")
        (tmp_path / "leaderboard.json").write_text("{}")


def test_what_is_finished_is_not_done_again(tmp_path):
    parts, done = Parts(tmp_path), []
    for _ in range(2):
        assert parts.remember("search", lambda: done.append(1) or {"k": float("inf")}) == {"k": float("inf")}
    assert done == [1]
    assert parts.has("search")
    assert not parts.has("other")


def test_a_computation_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(ZeroDivisionError):
        Parts(tmp_path).remember("search", lambda: 1 / 0)
    assert list(tmp_path.iterdir()) == []


def test_finished_cells_come_back_with_their_households(tmp_path):
    parts = Parts(tmp_path)
    parts.save(cell("B"), households("B"))
    parts.save(cell("A"), households("A"))
    (tmp_path / "2017-07-01-C-0.parquet").write_bytes(b"killed here")  # its note was never written
    cells, table = parts.finished()
    assert [c["model"] for c in cells] == ["A", "B"]
    assert table["model"].tolist() == ["A", "A", "B", "B"]


def test_other_code_finds_no_parts_of_this_code(tmp_path, monkeypatch):
    first = Parts.of("leaderboard", tmp_path)
    monkeypatch.setattr(records, "fingerprint", lambda name: "f" * 64)
    assert Parts.of("leaderboard", tmp_path).folder != first.folder


def test_comments_don_t_change_a_digest_and_code_does(tmp_path):
    package = tmp_path / "shoprec"
    package.mkdir()
    (package / "__init__.py").write_text("")
    digests = []
    for text in ('"""One."""\nx = 1\n', '"""Two."""\n\nx = 1  # one\n', "x = 2\n"):
        (package / "words.py").write_text(text)
        digests.append(provenance.digest("import shoprec.words", tmp_path))
    assert digests[0] == digests[1] != digests[2]


def test_packages_installed_beside_it_are_no_part_of_a_digest(tmp_path):
    for name, text in {"shoprec": "", "beside": "x = 1\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / "shoprec" / "words.py").write_text("import beside\n")
    files = provenance.reached("import shoprec.words", tmp_path)
    assert {file.relative_to(tmp_path).as_posix() for file in files} == {"shoprec/__init__.py", "shoprec/words.py"}


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["leaderboard", "twice"]])
def test_a_run_that_there_is_not_is_answered_with_those_there_are(arguments):
    with pytest.raises(SystemExit, match=r"one of cross_domain, .*judge, large_network"):
        main(arguments)
