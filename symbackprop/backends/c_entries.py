"""Functions of entries over the same positions, which one loop does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from symbackprop.backends.c_circular import ROWS
from symbackprop.plan import neighbours
from symbackprop.plan.neighbours import out_of, reads
from symbackprop.plan.statements import Apply, Statement, Window


def groups(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements, those together that one loop can do."""
    for group in neighbours.groups(statements):
        for alone, part in groupby(group, is_row):
            together = list(part)
            yield from [[s] for s in together] if alone else [together]


def is_row(s: Statement) -> bool:
    """Whether many entries are computed by one call."""
    return isinstance(s, Apply) and s.function in ROWS and bool(s.out.dims) and isinstance(s.operands[0], Window)


def held(group: Sequence[Statement]) -> dict[Window, str]:
    """Names for the entries that a loop writes and then reads or writes again: it keeps them, and writes them to memory once."""
    found: dict[Window, str] = {}
    written: set[Window] = set()
    for s in group:
        for window in [*reads(s), out_of(s)]:
            if window in written and window not in found:
                found[window] = f"own{len(found)}"
        written.add(out_of(s))
    return found
