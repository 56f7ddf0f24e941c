"""Report Chinese text whose spacing or punctuation autocorrect would change: autocorrect.py FILE …"""

import sys
from pathlib import Path

import autocorrect_py


def main(paths: list[str]) -> int:
    """Print each line to correct, and return 1 if there is one."""
    found = 0
    for path in map(Path, paths):
        for line in autocorrect_py.lint_for(path.read_text("utf-8"), path.name).lines:
            print(f"{path}:{line.line}: {line.old.strip()}\n    {line.new.strip()}")
            found = 1
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
