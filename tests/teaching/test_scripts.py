"""What a teacher calls runs by itself, without the paths that tests are given."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEACHING = Path(__file__).parents[2] / "teaching"
SCRIPTS = sorted(path for path in TEACHING.glob("*.py") if path.stem != "readiness")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_what_it_does(script: Path, tmp_path: Path) -> None:
    command = [sys.executable, script, "--help"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_the_check_needs_no_path_either(tmp_path: Path) -> None:
    command = [sys.executable, TEACHING / "readiness.py", "fr"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
