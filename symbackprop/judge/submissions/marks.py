"""Marks for verdicts: points for each gradient that is asked for, kept where a step follows rightly from a wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symbackprop.judge.submissions.found import Submission
from symbackprop.judge.verdicts.verdict import Judged, Verification

CARRIED = "wrong, carried forward"


@dataclass(frozen=True)
class Mark:
    """A claim with its marks.

    name      of the tensor that the gradient is by, or of a step that brings no points.
    verdict   what was judged; "no claim" where nothing was handed in.
    right     whether it is no fault: right, or following rightly from a wrong step.
    earned    of `points`.
    output    what shows why, without the right formula.
    """

    name: str
    verdict: str
    right: bool = False
    earned: float = 0.0
    points: float = 0.0
    output: str = ""


@dataclass(frozen=True)
class Marked:
    """A submission with its marks; plain data, which goes from process to process.

    verdict       on all of it, without the reason.
    marks         for each gradient asked for, in order.
    steps         every other claim, in its order.
    first_wrong   the first wrong claim; "" where none is.
    mistakes      that give just the wrong claim.
    reason        why it is not right.
    code          0 all right, 1 something wrong or missing, 3 something undecided.
    walls         what kept it in, where it was run.
    """

    submission: Submission
    verdict: str
    marks: tuple[Mark, ...]
    steps: tuple[Mark, ...] = ()
    first_wrong: str = ""
    mistakes: tuple[str, ...] = ()
    reason: str = ""
    code: int = 0
    walls: tuple[str, ...] | None = None

    @property
    def earned(self) -> float:
        return sum(mark.earned for mark in self.marks)

    @property
    def points(self) -> float:
        return sum(mark.points for mark in self.marks)


def failed(submission: Submission, verdict: str, reason: str, points: Mapping[str, float]) -> Marked:
    """A submission of which nothing could be judged."""
    marks = tuple(Mark(name, "not judged", points=of) for name, of in points.items())
    return Marked(submission, verdict, marks, reason=_line(reason), code=3)


def marked(
    submission: Submission, found: Verification, of: str, points: Mapping[str, float], walls: tuple[str, ...] | None
) -> Marked:
    """The marks for a verdict. The last claim of a gradient counts."""
    last = {claim.what: claim for claim in found.claims}
    counted = {name: last.get(f"d{of}/d{name}") for name in points}
    marks = tuple(_mark(name, claim, points[name]) for name, claim in counted.items())
    missing = [name for name, claim in counted.items() if claim is None]
    first, worst = found.first_wrong_step, found.worst
    why = "" if worst.right else _line(worst.reason) or _fails(worst)
    absent = f"no claim of {', '.join(missing)}" if missing else ""
    incomplete = bool(missing) and (worst.right or worst.verdict == "abbreviation")  # nothing is wrong, there is too little
    return Marked(
        submission,
        "incomplete" if incomplete else found.verdict.replace(f": {worst.reason}", "") if worst.reason else found.verdict,
        marks,
        tuple(_mark(claim.title, claim, 0.0) for claim in found.claims if not any(claim is c for c in counted.values())),
        "" if first is None else found.claims[first].title,
        tuple(dict.fromkeys(mistake.name for mistake in worst.mistakes)),
        "; ".join(filter(None, (why, absent))),
        1 if incomplete else found.exit_code,
        walls,
    )


def _mark(name: str, claim: Judged | None, points: float) -> Mark:
    if claim is None:
        return Mark(name, "no claim", points=points)
    right = claim.right or claim.verdict in (CARRIED, "abbreviation")
    lines = [line for line, _ in claim.lines() if not line.startswith("  right is:")]
    return Mark(name, _line(claim.verdict), right, points if right else 0.0, points, "\n".join([claim.verdict, *lines]))


def _line(text: str) -> str:
    """The first line: the rest shows the place in what was written."""
    return text.partition("\n")[0]


def _fails(claim: Judged) -> str:
    return f"it fails at {claim.counterexample}" if claim.counterexample is not None else ""
