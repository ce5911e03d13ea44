"""Marks as a table in a terminal, and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from symbackprop.judge.submissions.marks import Marked

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins with one of these is computed by spreadsheets
LONGEST = 1000  # characters of a cell


def marks_csv(found: Sequence[Marked], names: Iterable[str]) -> str:
    """A row for each submission, after one of titles, with the verdict on each gradient. No cell is a formula of a spreadsheet."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["file", "student", "verdict", "marks", "of", *map(_cell, names), "steps", "first wrong", "mistakes", "reason"])
    for one in found:
        steps = "; ".join(f"{step.name}: {step.verdict}" for step in one.steps)
        verdicts = [mark.verdict for mark in one.marks]
        about = [*verdicts, steps, one.first_wrong, ", ".join(one.mistakes), one.reason]
        told = [_cell(text) for text in (one.submission.file, one.submission.student, one.verdict)]
        rows.writerow([*told, f"{one.earned:g}", f"{one.points:g}", *map(_cell, about)])
    return out.getvalue()


def marks_json(found: Sequence[Marked]) -> str:
    """All that is known of each submission."""
    facts = [
        {
            **asdict(one),
            "submission": {"file": one.submission.file, "student": one.submission.student},
            "earned": one.earned,
            "points": one.points,
        }
        for one in found
    ]
    return json.dumps(facts, indent=2, allow_nan=False)


def _cell(text: str) -> str:
    plain = printable(text)[:LONGEST]
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def printable(text: str) -> str:
    """A text of a stranger without what moves the cursor, breaks lines or is no character: these are written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def marks_table(found: Sequence[Marked], width: int) -> str:
    """The submissions with their marks, what each gradient got, and why."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("submission", overflow="fold")
    table.add_column("marks", justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold", ratio=1)
    table.add_column("first wrong", overflow="fold")
    table.add_column("mistake", overflow="fold")
    for one in found:
        verdict = f"{one.verdict}: {one.reason}" if one.reason else one.verdict
        cells = (one.submission.file, f"{one.earned:g}/{one.points:g}", verdict, one.first_wrong, ", ".join(one.mistakes[:1]))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False, color_system=None, legacy_windows=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().strip("\n").splitlines())
