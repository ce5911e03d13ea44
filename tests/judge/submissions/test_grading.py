"""The examples for Gradescope and nbgrader, as far as they go without these services."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command import EXAMPLES

FOLDER = EXAMPLES / "grading"
ROOT = EXAMPLES.parent


@pytest.mark.slow
def test_the_autograder_writes_results_for_a_submission(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "gradescope", tmp_path / "source")
    (tmp_path / "submission").mkdir()
    shutil.copy(EXAMPLES / "verify" / "derivation.md", tmp_path / "submission")
    about = {**os.environ, "AUTOGRADER": str(tmp_path), "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    subprocess.run([tmp_path / "source" / "run_autograder"], env=about, check=True, capture_output=True)
    found = json.loads((tmp_path / "results" / "results.json").read_text())
    assert found["score"] == 3.0  # W_1 follows rightly from a wrong step: it keeps its marks
    assert {t["name"]: t["score"] for t in found["tests"] if t["max_score"]} == {"W_2": 1.0, "c_1": 0.0, "W_1": 2.0}
    assert set(found) == {"score", "output", "output_format", "visibility", "stdout_visibility", "tests"}


def cells() -> list[dict[str, Any]]:
    return [c for c in json.loads((FOLDER / "neuron.ipynb").read_text())["cells"] if c["cell_type"] == "code"]


def test_the_notebook_has_what_nbgrader_asks_for() -> None:
    marks = [cell["metadata"]["nbgrader"] for cell in cells()]
    assert len({m["grade_id"] for m in marks}) == len(marks)
    assert all(m["schema_version"] == 3 for m in marks)
    assert [m.get("points") for m in marks if m["grade"]] == [1, 2]
    for cell, mark in zip(cells(), marks, strict=True):
        source = "".join(cell["source"])
        assert ("### BEGIN HIDDEN TESTS" in source) == mark["grade"]
        assert ("### BEGIN SOLUTION" in source) == mark["solution"]


@pytest.mark.parametrize(("written", "fails"), [(None, []), ("(y - a)*a*(1 - a)", ["gradient_by_b"])])
def test_the_hidden_tests_pass_the_solution_and_fail_another(written: str | None, fails: list[str]) -> None:
    scope: dict[str, Any] = {}
    failed = {}
    for cell in cells():
        try:
            exec("".join(cell["source"]), scope)
        except AssertionError as verdict:
            failed[cell["metadata"]["nbgrader"]["grade_id"]] = str(verdict)
        if written and cell["metadata"]["nbgrader"]["solution"]:
            scope["claims"]["b"] = written
    assert list(failed) == fails
    assert all("up to convention" in told for told in failed.values())
