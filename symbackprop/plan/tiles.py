"""Functions of entries of large arrays in tiles: all of them for one tile after the other, while it is near the processor.

What they tell one another within a tile, and nothing else reads, stands in memory of the size of a tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from symbackprop.plan.folding import every_loop, with_windows
from symbackprop.plan.neighbours import groups, out_of, reads
from symbackprop.plan.node import Kind, Move, moved
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import AddAt, Apply, Buffer, Copy, Loop, Statement, Window, every, windows_of

TILE = 1 << 15  # entries: calls cost little beside them, and several such arrays are near
LARGE = 1 << 19  # entries that the functions touch: fewer are near as they are


def in_tiles(plan: Plan, tile: int = TILE, large: int = LARGE) -> Plan:
    """The plan with loops over tiles in the place of functions of large arrays."""
    tiles = _Tiles(plan, tile, large)
    statements = tuple(tiles.all(plan.statements))
    touched = {w.buffer for s in every(statements) for w in windows_of(s)}
    buffers = {name: b for name, b in plan.buffers.items() if name in touched or not name.startswith("work")}
    return replace(plan, statements=statements, buffers=buffers | tiles.near)


class _Tiles:
    def __init__(self, plan: Plan, tile: int, large: int) -> None:
        self.plan, self.tile, self.large = plan, tile, large
        self.loops = max((s.number for s in every_loop(plan.statements)), default=0)
        self.near: dict[str, Buffer] = {}

    def all(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        """The statements of a plan, or of a loop."""
        at = 0
        for group in groups(statements):
            at += len(group)
            if isinstance(group[0], Loop):
                yield replace(group[0], body=tuple(self.all(group[0].body)))
            elif self._is_large(group):
                yield from self._tiled(group, statements[at:] if statements is self.plan.statements else None)
            else:
                yield from group

    def _is_large(self, group: Sequence[Statement]) -> bool:
        """Whether several functions of entries touch more than is near, and none of them reads what it moves elsewhere."""
        if len(group) < 2 or not isinstance(group[0], Apply | Copy):
            return False
        touched = {w for s in group for w in windows_of(s)}
        if _entries(out_of(group[0])) <= self.tile or sum(map(_entries, touched)) < self.large:
            return False
        return not any(r.buffer == out_of(s).buffer and r != out_of(s) for s in group for r in reads(s))

    def _tiled(self, group: Sequence[Statement], later: Sequence[Statement] | None) -> Iterator[Statement]:
        """Loops along the axes down to that which is divided, and what is left of it.

        later   what comes after the group; None: not known, since a loop goes on with its first statement.
        """
        dims = [n for n, _ in out_of(group[0]).dims]
        axis = next(k for k in range(len(dims)) if math.prod(dims[k + 1 :]) <= self.tile)
        inner = math.prod(dims[axis + 1 :])
        turns = -(-dims[axis] // max(1, self.tile // inner))
        rows = -(-dims[axis] // turns)
        near = {} if later is None else self._near(group, later, rows * inner)
        numbers = [self.loops + k + 1 for k in range(axis + 1)]
        self.loops = numbers[-1]
        count, rest = divmod(dims[axis], rows)

        def part(s: Statement, first: int, here: int, at: list[int]) -> Statement:
            """The statement for `here` rows of the axis from `first` on, which move with the loops `at`."""

            def placed(window: Window) -> Window:
                if window in near:
                    shape = (here, *dims[axis + 1 :])
                    return Window(near[window], 0, tuple((n, math.prod(shape[k + 1 :])) for k, n in enumerate(shape)))
                lacks = len(dims) - len(window.dims)  # outer axes, along which it is the same
                own, offset, moves = [*window.dims], window.offset, window.moves
                steps = [own[k - lacks][1] if k >= lacks and own[k - lacks][0] > 1 else 0 for k in range(axis + 1)]
                for number, step in zip(at, steps, strict=False):
                    moves = moved(moves, (Move(number, step * (rows if number == numbers[-1] else 1)),))
                kept = [(here, steps[-1]) if own[axis - lacks][0] > 1 else own[axis - lacks]] if axis >= lacks else []
                return replace(
                    window, offset=offset + first * steps[-1], moves=moves, dims=(*kept, *own[max(0, axis + 1 - lacks) :])
                )

            return with_windows(s, placed)

        body: list[Statement] = [Loop(numbers[-1], count, tuple(part(s, 0, rows, numbers) for s in group))]
        body += [part(s, count * rows, rest, numbers[:-1]) for s in group] if rest else []
        for number, n in reversed([*zip(numbers[:-1], dims, strict=False)]):
            body = [Loop(number, n, tuple(body))]
        yield from body

    def _near(self, group: Sequence[Statement], later: Sequence[Statement], length: int) -> dict[Window, str]:
        """Memory of the size of a tile for what is written before it is read, and not read later."""
        found: dict[Window, str] = {}
        counts: dict[Kind, int] = {}
        for window in dict.fromkeys(map(out_of, group)):
            buffer = self.plan.buffers.get(window.buffer)
            if buffer is None or not window.buffer.startswith("work") or buffer.zeroed:
                continue
            if _is_begun(window, group) and not _is_read(window, later):
                counts[buffer.kind] = counts.get(buffer.kind, 0) + 1
                name = found[window] = f"work tile {buffer.kind} {counts[buffer.kind]}"
                before = self.near[name].length if name in self.near else 0
                self.near[name] = Buffer(max(before, length), buffer.kind)
        return found


def _entries(window: Window) -> int:
    return math.prod(n for n, _ in window.dims)


def _reads(s: Statement) -> list[Window]:
    """What a statement reads, what it keeps of that which it writes into included."""
    keeps = isinstance(s, AddAt) or (isinstance(s, Copy) and s.where is not None)
    values = [value for field, value in vars(s).items() if field != "out" or keeps]
    return [w for value in values for w in (value if isinstance(value, tuple) else (value,)) if isinstance(w, Window)]


def _is_begun(window: Window, group: Sequence[Statement]) -> bool:
    """Whether all of a window is written before anything of it is read."""
    first = next(s for s in group if window in windows_of(s))
    return window not in _reads(first)


def _is_read(window: Window, later: Sequence[Statement]) -> bool:
    """Whether anything may read entries of a window before all of them are written anew."""
    for s in every(later):
        if any(w.buffer == window.buffer for w in _reads(s)):
            return True
        out = getattr(s, "out", None)
        if isinstance(out, Window) and out.buffer == window.buffer and not out.moves:
            (low, high, _), (begin, end, whole) = _span(window), _span(out)
            if whole and begin <= low and high <= end:
                return False
    return False


def _span(window: Window) -> tuple[int, int, bool]:
    """The first entry and the last, and whether all between them are the window's."""
    ends = [(n - 1) * step for n, step in window.dims]
    low, high = sum(e for e in ends if e < 0), sum(e for e in ends if e > 0)
    return window.offset + low, window.offset + high, high - low + 1 == _entries(window)
