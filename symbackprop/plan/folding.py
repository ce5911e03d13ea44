"""Equal statements that were written out, one layer or step after the other, folded into a loop.

Statements that come again and again, and each time touch memory as far from where they touched it before, are one turn of a loop.
For that every value has had a buffer of its own: those of one place in the turns are put side by side, in their order, and the
offsets then move as those of parameters do. A folded plan is the same statements in the same order, with memory elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, repeat
from typing import Any, NamedTuple

import numpy as np

from symbackprop.plan.handed import ALIGNED
from symbackprop.plan.node import Move, moved
from symbackprop.plan.statements import Buffer, Compute, Copy, Loop, Scalar, Statement, Window, every

FROM = 64  # statements: a shorter plan stays as it is
LEAST = 3  # turns
SAVED = 16  # statements, at least, that a loop must save
LONGEST = 400  # statements of a turn
NEVER = 1 << 60
MADE = ("target", "out")  # the fields of statements that say where the result goes


@dataclass(frozen=True)
class Run:
    """Statements from `start` on that come again: `turns` times `period` of them."""

    start: int
    period: int
    turns: int

    @property
    def end(self) -> int:
        return self.start + self.period * self.turns


def folded(statements: Sequence[Statement], buffers: Mapping[str, Buffer]) -> tuple[list[Statement], dict[str, Buffer]] | None:
    """The statements with loops, and their buffers; None where nothing comes again.

    statements   each value in a work buffer of its own.
    """
    if len(statements) < FROM:
        return None
    told = [_told(s, k, buffers) for k, s in enumerate(statements)]
    chains = Chains(buffers)
    runs: list[Run] = []
    for whole in _repeated(told):
        if all(whole.end <= other.start or other.end <= whole.start for other in runs):
            runs += next(([run] for run in _trimmed(whole) if chains.join(told, run)), [])
    if not runs:
        return None
    runs.sort(key=lambda run: run.start)
    chains.settle(_spans(part.windows for part in told))
    readers: dict[str, list[int]] = {}
    for k, part in enumerate(told):
        for name in part.reads:
            readers.setdefault(name, []).append(k)
    number = max((s.number for s in every_loop(statements)), default=0)
    found: list[Statement] = []
    at = 0
    for k, run in enumerate(runs, number + 1):
        found += [with_windows(s, chains.window) for s in statements[at : run.start]]
        found += _as_loop(statements, told, run, k, chains, readers)
        at = run.end
    found += [with_windows(s, chains.window) for s in statements[at:]]
    return found, chains.buffers


def _as_loop(
    statements: Sequence[Statement], told: Sequence[_Told], run: Run, number: int, chains: Chains,
    readers: Mapping[str, Sequence[int]],
) -> list[Statement]:  # fmt: skip
    """One loop in the place of a run; numbers that are read after it are kept in memory.

    readers   for each number, by its name, the statements that read it.
    """
    body: list[Statement] = []
    for k in range(run.start, run.start + run.period):
        found = iter(list(map(chains.on_the_move, told[k].windows, told[k + run.period].windows, repeat(number))))
        body.append(with_windows(statements[k], lambda _, found=found: next(found)))
    after: list[Statement] = []
    for k in range(run.period):
        names = [part.writes for part in told[run.start + k : run.end : run.period]]
        if any(not run.start <= at < run.end for name in names for at in readers.get(name, ())):
            kept = chains.new(run.turns)
            body.append(Copy(Scalar(names[0]), Window(kept, 0, ((1, 1),), (Move(number, 1),))))
            after += [Compute("real", (Window(kept, turn, ((1, 1),)),), Scalar(name)) for turn, name in enumerate(names)]
    return [Loop(number, run.turns, tuple(body)), *after]


def every_loop(statements: Sequence[Statement]) -> Iterator[Loop]:
    """All loops, those in loops included."""
    for s in statements:
        if isinstance(s, Loop):
            yield s
            yield from every_loop(s.body)


def with_windows(s: Any, change: Callable[[Window], Window]) -> Any:
    """The statement with other windows, which are asked for in the order of its fields."""

    def put(value: Any) -> Any:
        if isinstance(value, Window):
            return change(value)
        return tuple(map(put, value)) if isinstance(value, tuple) else value

    if isinstance(s, Loop):
        return replace(s, body=tuple(with_windows(inner, change) for inner in s.body))
    return replace(s, **{name: put(value) for name, value in vars(s).items()})


# -- what comes again


class _Told(NamedTuple):
    """What a statement is made of.

    kind     the statement without the places of its windows and the names of its numbers; a loop is unlike all others.
    windows  in the order of its fields.
    reads    the numbers that it reads, by name.
    writes   the number that it makes.
    """

    kind: Any
    windows: list[Window]
    reads: list[str]
    writes: str


def _told(s: Statement, k: int, buffers: Mapping[str, Buffer]) -> _Told:
    """The statement at place k."""
    if isinstance(s, Loop):
        inner = [_told(one, k, buffers) for one in every(s.body)]
        return _Told(k, [w for part in inner for w in part.windows], [name for part in inner for name in part.reads], "")
    kind: list[Any] = [type(s)]
    windows: list[Window] = []
    reads: list[str] = []
    writes = ""
    for field, value in vars(s).items():
        parts = value if isinstance(value, tuple) else (value,)
        kind.append(len(parts))
        for part in parts:
            match part:
                case Window(buffer, _, dims):
                    windows.append(part)
                    kind += (buffers[buffer] if buffer.startswith("work") else buffer, dims)
                case Scalar(name):
                    kind.append(Scalar)
                    if field in MADE:
                        writes = name
                    else:
                        reads.append(name)
                case _:
                    kind += (type(part), part)
    return _Told(tuple(kind), windows, reads, writes)


def _repeated(told: Sequence[_Told]) -> list[Run]:
    """Runs of statements that are equal but for where they touch memory, the longest first."""
    kinds: dict[Any, int] = {}
    marks = np.array([kinds.setdefault(part.kind, len(kinds)) for part in told])
    places = _Places(told)
    found: list[Run] = []
    for period in range(1, min(len(marks) // LEAST, LONGEST) + 1):
        same = np.concatenate([[False], marks[:-period] == marks[period:], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            end = int(last) + period
            if end - first < LEAST * period or end - first - period < SAVED:
                continue
            if not any(period % r.period == 0 and r.start <= first + period and r.end >= end - period for r in found):
                found += _even(told, places.evenly(period), int(first), end, period)
    worth = [run for run in found if run.period * (run.turns - 1) >= SAVED]
    return sorted(worth, key=lambda r: (-r.period * (r.turns - 1), r.period, r.start))


def _trimmed(run: Run) -> Iterator[Run]:
    """A run, and without its first or last turn: there, buffers may be those that another run reads otherwise."""
    for first, last in ((0, 0), (0, 1), (1, 0), (1, 1)):
        if run.turns - first - last >= LEAST:
            yield Run(run.start + first * run.period, run.period, run.turns - first - last)


class _Places:
    """Where all statements touch memory, as arrays: the number of each window's buffer, and its offset."""

    def __init__(self, told: Sequence[_Told]) -> None:
        most = max(len(part.windows) for part in told)
        names: dict[str, int] = {}
        self.buffers, self.offsets = np.zeros((2, len(told), most), np.int64)
        for k, part in enumerate(told):
            for j, w in enumerate(part.windows):
                self.buffers[k, j], self.offsets[k, j] = names.setdefault(w.buffer, len(names)), w.offset

    def evenly(self, period: int) -> np.ndarray:
        """Whether from a statement on a whole turn is as far from the next as that from the one after it."""
        same = self.buffers[period:] == self.buffers[:-period]
        far = self.offsets[period:] - self.offsets[:-period]
        even = ((same[period:] == same[:-period]) & (far[period:] == far[:-period])).all(axis=1)
        until = np.concatenate([[0], np.cumsum(even)])
        return until[period:] - until[:-period] == period


def _even(told: Sequence[_Told], evenly: np.ndarray, first: int, end: int, period: int) -> list[Run]:
    """The parts of a run in which every turn is as far from the one before as that from the one before it."""
    for start in range(first, min(first + period, end - LEAST * period + 1)):
        if not evenly[start : end - LEAST * period + 1 : period].any():
            continue
        ways = [_way(told, at, period) for at in range(start, end - 2 * period + 1, period)]
        found, at = [], start
        for way, group in groupby(ways):
            count = len(list(group))
            if way is not None and count + 1 >= LEAST:
                found.append(Run(at, period, count + 1))
            at += count * period
        if found:
            return found
    return []


def _way(told: Sequence[_Told], at: int, period: int) -> tuple[tuple[bool, int], ...] | None:
    """How far each window is from that of the turn before, in its buffer or another; None where a number passes between turns."""
    found: list[tuple[bool, int]] = []
    made: dict[str, str] = {}
    for one, other in zip(told[at : at + period], told[at + period : at + 2 * period], strict=True):
        if any(made.get(a, a) != b for a, b in zip(one.reads, other.reads, strict=True)):
            return None
        made[one.writes] = other.writes
        for a, b in zip(one.windows, other.windows, strict=True):
            found.append((a.buffer == b.buffer, b.offset - a.offset))
    return tuple(found)


# -- where it lies


class Chains:
    """Buffers that are one place of a turn, side by side in the order of the turns."""

    def __init__(self, buffers: Mapping[str, Buffer]) -> None:
        self.buffers = dict(buffers)
        self.beside: dict[str, list[str]] = {}
        self.group: dict[str, str] = {}
        self.place: dict[str, tuple[str, int]] = {}  # where a buffer begins in another
        self.period: dict[str, int] = {}  # of buffers that change places

    def new(self, length: int) -> str:
        """A buffer of its own."""
        name = f"work {len(self.buffers)} kept"
        self.buffers[name] = Buffer(length)
        return name

    def join(self, told: Sequence[_Told], run: Run) -> bool:
        """Put the buffers of a run in their order; False, and nothing is put, where they have another already."""
        pairs: dict[tuple[str, str], None] = {}
        for k in range(run.period):
            places = zip(*(part.windows for part in told[run.start + k : run.end : run.period]), strict=True)
            if any(len({w.buffer for w in place}) not in (1, run.turns) for place in places):
                return False
        for k in range(run.start, run.end - run.period):
            for a, b in zip(told[k].windows, told[k + run.period].windows, strict=True):
                if a.buffer != b.buffer and b.buffer not in self.beside.get(a.buffer, ()):
                    pairs[min(a.buffer, b.buffer), max(a.buffer, b.buffer)] = None
        before = {name: list(names) for name, names in self.beside.items()}, dict(self.group)
        for a, b in pairs:
            for x, y in ((a, b), (b, a)):
                self.beside.setdefault(x, []).append(y)
            circle = self.top(a) == self.top(b)
            self.group[self.top(a)] = self.top(b)
            if circle or len(self.beside[a]) > 2 or len(self.beside[b]) > 2:
                self.beside, self.group = before
                return False
        return True

    def top(self, name: str) -> str:
        """The buffer that stands for all that are in a chain with one."""
        while (above := self.group.get(name, name)) != name:
            self.group[name] = self.group.get(above, above)
            name = above
        return name

    def path(self, name: str) -> list[str]:
        """All buffers in the order of a chain, from one end to the other."""
        found = [name]
        for _ in range(2):  # to one end, and from there to the other
            found = found[-1:]
            while further := [n for n in self.beside.get(found[-1], ()) if n not in found[-2:]]:
                found.append(further[0])
        return found

    def settle(self, span: Mapping[str, tuple[int, int]]) -> None:
        """Say where each buffer lies: all side by side, or in turn where one or two have room enough.

        span   the first and the last statement that touch each.
        """
        done: set[str] = set()
        for name in [n for n in self.beside if n in span]:
            if name in done:
                continue
            path = self.path(name)
            path = path[:: 1 if span[path[0]] <= span[path[-1]] else -1]
            done |= set(path)
            own = self.buffers[name]
            count = next((n for n in (1, 2) if not own.zeroed and _apart(path, span, n)), len(path))
            step = -(-own.length // ALIGNED) * ALIGNED
            whole = f"{path[0]} and on"
            self.buffers[whole] = replace(own, length=own.length + step * (count - 1))
            self.place |= {b: (whole, k % count * step) for k, b in enumerate(path)}
            self.period |= {b: count for b in path if count == 2 < len(path)}
        self.buffers = {n: b for n, b in self.buffers.items() if n not in self.place}

    def window(self, window: Window) -> Window:
        """The window as it lies now."""
        buffer, offset = self.place.get(window.buffer, (window.buffer, 0))
        return replace(window, buffer=buffer, offset=window.offset + offset)

    def on_the_move(self, first: Window, second: Window, loop: int) -> Window:
        """The window of a loop that begins at one and goes on to another."""
        (_, here), (_, there) = (self.place.get(w.buffer, ("", 0)) for w in (first, second))
        between = Move(loop, there - here, self.period.get(first.buffer, 0)), Move(loop, second.offset - first.offset)
        now = self.window(first)
        return replace(now, moves=moved(moved(now.moves, between[:1]), between[1:]))


def _spans(touched: Iterable[Iterable[Window]]) -> dict[str, tuple[int, int]]:
    """The first and the last statement that touch each buffer; `touched` are the windows of each statement."""
    span: dict[str, tuple[int, int]] = {}
    for k, windows in enumerate(touched):
        for w in windows:
            span[w.buffer] = span.get(w.buffer, (k, k))[0], k
    return span


def _apart(path: Sequence[str], span: Mapping[str, tuple[int, int]], count: int) -> bool:
    """Whether nothing touches a buffer any more when the one that is so many further is first touched."""
    return all(span[a][1] < span[b][0] for a, b in zip(path, path[count:], strict=False))


def packed(statements: Sequence[Statement], buffers: Mapping[str, Buffer]) -> tuple[list[Statement], dict[str, Buffer]]:
    """The same with work buffers used again as soon as nothing reads them."""
    span = _spans(part.windows for part in (_told(s, k, buffers) for k, s in enumerate(statements)))
    found = {name: b for name, b in buffers.items() if not name.startswith("work")}
    names: dict[str, str] = {}
    until: dict[str, int] = {}
    for name in sorted((n for n in span if n.startswith("work")), key=lambda n: span[n]):
        own = buffers[name]
        free = [
            n for n, b in found.items()
            if until.get(n, NEVER) < span[name][0] and b.kind == own.kind and own.length <= b.length <= 4 * own.length
        ]  # fmt: skip
        best = min(free, key=lambda n: found[n].length) if free and not own.zeroed else f"work {len(names)}"
        found.setdefault(best, own)
        names[name] = best
        until[best] = span[name][1] if not own.zeroed else NEVER

    def renamed(w: Window) -> Window:
        return replace(w, buffer=names.get(w.buffer, w.buffer))

    return [with_windows(s, renamed) for s in statements], found
