#!/bin/sh
# An environment for RecTools alone: on Python 3.11 it needs NumPy below 2 and pandas below 3, which the book is past.
# The recorded run `tools` asks RecTools there, by src/shoprec/experiments/rectools_side.py. Takes about 2 GB.
set -e
cd "$(dirname "$0")/.."
HOME_OF=.recording/rectools
[ -e "$HOME_OF/ready" ] && exit 0
"${PYTHON:-python3}" -m venv "$HOME_OF"
"$HOME_OF/bin/python" -m pip install --quiet --disable-pip-version-check \
    "rectools[torch]==0.19.0" torch==2.13.0 numpy==1.26.4 pandas==2.3.3 pyarrow==20.0.0
touch "$HOME_OF/ready"
