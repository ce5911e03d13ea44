"""Functions of entries over the same positions, which one loop does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from math import prod

from symbackprop.backends.c.circular import ROWS
from symbackprop.plan import neighbours
from symbackprop.plan.folding import with_windows
from symbackprop.plan.neighbours import joins, out_of, reads
from symbackprop.plan.statements import Apply, Copy, Statement, Window

TILE = 16  # entries that stand side by side in a line of the cache
ROW = 16  # entries: in shorter ones of the innermost loop, vector instructions gain nothing
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


def alike(statements: Sequence[Statement]) -> Iterator[Statement]:
    """The statements, where neighbours of as many positions have the same axes: a longer one is cut as those of the other are."""
    run: list[Statement] = []
    for s in statements:
        run, s = _as_one(run, s)
        if run and not joins(run, s):
            yield from run
            run = []
        run.append(s)
    yield from run


def _as_one(run: list[Statement], s: Statement) -> tuple[list[Statement], Statement]:
    """A run of neighbours and the next statement over the same axes, where they can be one loop then."""
    if not run or not all(isinstance(one, Apply | Copy) and not is_alone(one) for one in (*run, s)):
        return run, s
    before, own = ([n for n, _ in out_of(one).dims] for one in (run[0], s))
    for coarse, fine in ((own, before), (before, own)):
        if coarse != fine and fine[-1:] >= [ROW] and (parts := _parts(coarse, fine)) is not None:
            cut = partial(_cut, parts=parts)
            new, last = (run, with_windows(s, cut)) if coarse is own else ([with_windows(one, cut) for one in run], s)
            return (new, last) if joins(new, last) else (run, s)
    return run, s


def _parts(coarse: Sequence[int], fine: Sequence[int]) -> list[list[int]] | None:
    """The extents of each axis when it is cut, so that all axes are those of `fine`; None where they cannot be."""
    left, parts = list(fine), []
    for n in coarse:
        part = [left.pop(0)] if left else []
        while left and prod(part) < n:
            part.append(left.pop(0))
        if prod(part) != n or not part:
            return None
        parts.append(part)
    return None if left else parts


def _cut(window: Window, parts: Sequence[Sequence[int]]) -> Window:
    """A window with its axes cut; those that it lacks are the outer ones."""
    dims: list[tuple[int, int]] = []
    for (n, step), part in zip(window.dims, parts[len(parts) - len(window.dims) :], strict=True):
        dims += [(m, step * prod(part[k + 1 :])) if n != 1 else (1, 0) for k, m in enumerate(part)]
    return replace(window, dims=tuple(dims))


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
