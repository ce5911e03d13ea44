"""Products of windows in pieces: of each piece the windows are copied, and multiplied while the copy is near."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from symbackprop.plan.folding import every_loop
from symbackprop.plan.node import Move, moved
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import Apply, Buffer, Copy, Loop, Product, Statement, Window, WindowProduct, every

PIECE = 1 << 18  # entries of a copy
SMALL = 1_000_000  # products of entries: as many OpenBLAS multiplies as they lie, of more it first makes copies of its own
LEAST = 1 << 15  # entries of a copy, below which there are too many


def in_pieces(plan: Plan) -> Plan:
    """The plan with loops of copies and plain products in the place of products of windows."""
    if not any(isinstance(s, WindowProduct) for s in every(plan.statements)):
        return plan
    pieces = _Pieces(plan)
    statements = tuple(pieces.all(plan.statements))
    lengths = {"copy": pieces.copied, "sum": pieces.summed}
    own = {f"work {word}": Buffer(length) for word, length in lengths.items() if length}
    return replace(plan, statements=statements, buffers={**plan.buffers, **own})


class _Pieces:
    def __init__(self, plan: Plan) -> None:
        self.loops = max((s.number for s in every_loop(plan.statements)), default=0)
        self.copied = self.summed = 0

    def all(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        for s in statements:
            if isinstance(s, Loop):
                yield replace(s, body=tuple(self.all(s.body)))
            elif isinstance(s, WindowProduct):
                yield from self._led(s)
            else:
                yield s

    def _led(self, s: WindowProduct) -> Iterator[Statement]:
        """The products along leading axes, one after the other."""
        if not s.lead:
            yield from self._begun(s)
            return
        self.loops += 1
        number, count = self.loops, s.out.dims[0][0]
        a, b, out = (_on(w, number, w.dims[0][1], w.dims[1:]) for w in (s.a, s.b, s.out))
        yield Loop(number, count, tuple(self._led(WindowProduct(a, b, out, s.over, s.lead - 1))))

    def _begun(self, s: WindowProduct) -> Iterator[Statement]:
        """What is summed in pieces begins at 0."""
        if _splits(s.b.dims[: s.over], s.b.dims[s.over :]):
            yield from self._divided(s, summed=False)
            return
        yield Copy(0.0, s.out)
        yield from self._divided(s, summed=True)

    def _divided(self, s: WindowProduct, summed: bool) -> Iterator[Statement]:
        """The product, in the turns of a loop along the outermost axis of the longer side where a copy of all is too large."""
        axis = 0 if summed else s.over
        side = s.b.dims[: s.over] if summed else s.b.dims[s.over :]
        size = math.prod(n for n, _ in s.b.dims)
        extent, step = s.b.dims[axis]
        piece = _piece(s.a.dims[0][0])
        if size <= piece or (extent == 1 and len(side) == 1):
            yield from self._product(s, summed)
            return
        at_once = next((n for n in range(max(1, extent * piece // size), 0, -1) if extent % n == 0), 1)
        self.loops += 1
        number, inner = self.loops, math.prod(n for n, _ in side[1:])
        kept = () if at_once == 1 and len(side) > 1 else ((at_once, step),)
        b = _on(s.b, number, at_once * step, (*s.b.dims[:axis], *kept, *s.b.dims[axis + 1 :]))
        a, out, wide = s.a, s.out, at_once * inner
        if summed:
            a = _on(a, number, wide * a.dims[1][1], (a.dims[0], (wide, a.dims[1][1])))
        else:
            out = _on(out, number, wide * out.dims[1][1], (out.dims[0], (wide, out.dims[1][1])))
        turn = WindowProduct(a, b, out, s.over - (summed and not kept))
        again = at_once == 1 and len(side) > 1 and size > piece * extent
        body = self._divided(turn, summed) if again else self._product(turn, summed)
        yield Loop(number, extent // at_once, tuple(body))

    def _product(self, s: WindowProduct, summed: bool) -> Iterator[Statement]:
        """A copy of the windows in runs, and its product."""
        (m, _), (k, _) = s.a.dims
        n = s.out.dims[1][0]
        inner = min(range(len(s.b.dims)), key=lambda x: (s.b.dims[x][0] == 1, abs(s.b.dims[x][1]), -s.b.dims[x][0]))
        upright = inner >= s.over  # whether entries that lie side by side are of one row
        axes = [*range(len(s.b.dims))] if upright else [*range(s.over, len(s.b.dims)), *range(s.over)]
        dims = [s.b.dims[x][0] for x in axes]
        steps = [math.prod(dims[x + 1 :]) for x in range(len(dims))]
        self.copied = max(self.copied, k * n)
        yield Copy(
            replace(s.b, dims=tuple(s.b.dims[x] for x in axes)),
            Window("work copy", 0, tuple(zip(dims, steps, strict=True))),
        )
        copy = Window("work copy", 0, ((k, n), (n, 1)) if upright else ((k, 1), (n, k)))
        if not summed:
            yield Product(s.a, copy, s.out, False)
            return
        self.summed = max(self.summed, m * n)
        part = Window("work sum", 0, ((m, n), (n, 1)))
        yield Product(s.a, copy, part, True)
        yield Apply("add", (s.out, part), s.out)


def _piece(rows: int) -> int:
    """How many entries of windows are copied at a time, for a product with a matrix of so many rows."""
    small = SMALL // rows
    return small if LEAST <= small < PIECE else PIECE


def _splits(rows: Sequence[tuple[int, int]], columns: Sequence[tuple[int, int]]) -> bool:
    """Whether the columns are what is divided: they are as many as the rows, or more."""
    return math.prod(n for n, _ in columns) >= math.prod(n for n, _ in rows)


def _on(window: Window, loop: int, step: int, dims: tuple[tuple[int, int], ...]) -> Window:
    """The part of a window with which a loop begins, and which moves on."""
    return replace(window, dims=dims, moves=moved(window.moves, (Move(loop, step),)))
