"""Functions of entries over the same positions, which one loop does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from symbackprop.backends.c_circular import ROWS
from symbackprop.plan import neighbours
from symbackprop.plan.neighbours import out_of, reads
from symbackprop.plan.statements import Apply, Statement, Window

TILE = 8  # positions along each of two axes, of which one operand's entries are neighbours along one, and another's along the other
MANY = 4096  # entries of a loop that is worth tiles
APART = 16  # entries from one position to the next: beyond a line of the cache


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


def across(group: Sequence[Statement]) -> int | None:
    """The axis, before the last, along which a large array that is read or written is contiguous; None where it is the last."""
    dims = [n for n, _ in out_of(group[0]).dims]
    windows = [*(out_of(s) for s in group), *(w for s in group for w in reads(s))]
    written = {out_of(s).buffer: out_of(s) for s in group}
    if math.prod(dims) < MANY or any(written.get(w.buffer, w) != w for w in windows):
        return None  # where arrays overlap, the order counts
    for w in windows:
        if w.dims and w.dims[-1][0] >= TILE and abs(w.dims[-1][1]) >= APART:
            near = [k for k, (n, step) in enumerate(w.dims[:-1]) if n >= TILE and step == 1]
            if near:
                return near[0] + len(dims) - len(w.dims)
    return None


def in_tiles(dims: Sequence[int], axis: int, inner: Sequence[str]) -> list[str]:
    """Loops over positions by tiles along an axis and the last one: of both kinds of arrays, few lines of the cache are in use."""
    last = len(dims) - 1
    heads = [f"for (ptrdiff_t i{k} = 0; i{k} < {dims[k]}; i{k}++) {{" for k in range(last) if k != axis]
    heads += [f"for (ptrdiff_t b{k} = 0; b{k} < {dims[k]}; b{k} += {TILE}) {{" for k in (axis, last)]
    for k in (axis, last):
        end = f"b{k} + {TILE}" if dims[k] % TILE == 0 else f"(b{k} + {TILE} < {dims[k]} ? b{k} + {TILE} : {dims[k]})"
        heads.append(f"for (ptrdiff_t i{k} = b{k}; i{k} < {end}; i{k}++) {{")
    opened = [f"{'    ' * depth}{head}" for depth, head in enumerate(heads)]
    closed = [f"{'    ' * depth}}}" for depth in reversed(range(len(heads)))]
    return [*opened, *(f"{'    ' * len(heads)}{line}" for line in inner), *closed]
