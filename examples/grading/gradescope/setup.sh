#!/usr/bin/env bash
# Gradescope runs this once, when the image of the autograder is built. The folder of the wheel lies beside it in the archive.
set -euo pipefail
apt-get update && apt-get install -y python3 python3-venv
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install /autograder/source/symbackprop-*.whl
