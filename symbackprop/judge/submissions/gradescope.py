"""The results of one submission in the format that Gradescope reads, results.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.judge.submissions.found import Submission
from symbackprop.judge.submissions.marks import Mark, Marked
from symbackprop.judge.submissions.tables import printable

LONGEST = 10_000  # characters of what is told about a claim


def results(found: Sequence[Marked]) -> str:
    """The JSON text: a test for each gradient asked for with its points, and for each further step without.

    All files are one student's; of several claims of a gradient, the one with most points counts.
    """
    best = [max(marks, key=lambda mark: mark.earned) for marks in zip(*(one.marks for one in found), strict=True)]
    tests = [_test(mark) for mark in best]
    tests += [_test(step) for one in found for step in one.steps]
    told = [f"{one.submission.file}: {one.verdict}" for one in found]
    about: dict[str, Any] = {
        "score": sum(mark.earned for mark in best),
        "output": printable("; ".join(told))[:LONGEST],
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(about, indent=2, allow_nan=False) + "\n"


def one_student(files: Sequence[Submission]) -> None:
    """Raise SymbackpropError where the files lie in the folders of several students."""
    folders = {file.student if "/" in file.file else "" for file in files}
    if len(folders) > 1:
        raise SymbackpropError("--gradescope tells of one student; name a file, or a folder with the files of one student")


def _test(mark: Mark) -> dict[str, Any]:
    """A test; its status is given, since a step without points neither passes nor fails by them."""
    return {
        "name": printable(mark.name),
        "score": mark.earned,
        "max_score": mark.points,
        "status": "passed" if mark.right else "failed",
        "output": "\n".join(printable(line) for line in (mark.output or mark.verdict).splitlines())[:LONGEST],
        "output_format": "text",
        "visibility": "visible",
    }
