"""How far marking is: a bar on standard error, where that is a terminal; and what came out of it, in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from symbackprop.judge.submissions.marks import Marked
from symbackprop.judge.submissions.tables import printable

WORDS = {0: "right", 1: "wrong or incomplete", 3: "undecided or not understood"}


@contextmanager
def bar(total: int, wanted: bool) -> Iterator[Callable[[Marked], None]]:
    """A function that is told of each submission when it is marked."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    parts = (MofNCompleteColumn(), BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*parts, console=console, disable=not (wanted and sys.stderr.isatty()), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda one: progress.update(task, advance=1, description=escape(printable(one.submission.file)[:40]))


def told(found: Sequence[Marked], of: int) -> str:
    """How many are right, wrong, undecided; and how many are left."""
    counts = [f"{sum(one.code == code for one in found)} {word}" for code, word in WORDS.items()]
    left = f"; {of - len(found)} not marked" if len(found) < of else ""
    return f"{len(found)} submission{'s' * (len(found) != 1)}: {', '.join(counts)}{left}"
