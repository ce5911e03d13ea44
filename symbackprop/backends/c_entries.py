"""Functions of entries over the same positions, which one loop does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from symbackprop.backends.c_circular import ROWS
from symbackprop.plan import neighbours
from symbackprop.plan.neighbours import out_of, reads
from symbackprop.plan.statements import Apply, Copy, Statement, Window

TILE = 16  # entries that stand side by side in a line of the cache
MANY = 32  # lines that are read at every turn: fewer stay in the cache from one turn to the next


@dataclass(frozen=True)
class Turned(Copy):
    """out = a, numbers that lie side by side along another axis in `a` than in `out`: the last."""


def groups(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements, those together that one loop can do."""
    for group in neighbours.groups(statements):
        for alone, part in groupby(group, is_alone):
            together = list(part)
            yield from [[s] for s in together] if alone else [together]


def is_alone(s: Statement) -> bool:
    """Whether a statement is made by calls, not in a loop with others."""
    return is_row(s) or isinstance(s, Turned)


def along(window: Window) -> int | None:
    """The axis along which the entries of a window lie side by side, where that is not the last; None where it reads well."""
    if len(window.dims) < 2 or window.dims[-1][1] in (0, 1) or window.dims[-1][0] < MANY:
        return None
    return next((k for k, (n, step) in enumerate(window.dims[:-1]) if step == 1 and n >= TILE), None)


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
