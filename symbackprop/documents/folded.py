r"""Equal layers told once: what was written for 12, 11, ..., 2 is one line in l, W_{l}, where each line is that one at a number.

Nothing is guessed: of lines that come again, the numbers that differ all move by one from each to the next, and nothing else
differs.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any

from symbackprop.documents.document import Content, Formula
from symbackprop.formulas import build as f
from symbackprop.formulas.told import listed, told
from symbackprop.formulas.tree import Atom, Node, Row, items_of, walk

FEWEST = 4
"""Layers that are told once; fewer are written out,"""

FEWEST_BESIDE = 4
"""Lines of a layer of which one may be another one in the last layer."""

SPARED = 6
"""but where that spares so many lines: two steps of an LSTM, whose last value may be called otherwise."""

LONGEST = 12
"""Lines of a layer."""

_LETTERS = ("l", "k", "m", "q", "r")
_Moves = dict[tuple[int | str, ...], int]
"""Numbers, or by how much they differ, by where they stand."""


@dataclass(frozen=True)
class _Line:
    """A line as its whole numbers, by where they stand, and the rest of it."""

    rest: Hashable
    numbers: _Moves

    @classmethod
    def of(cls, row: Formula) -> _Line:
        """A row with its note."""
        numbers: _Moves = {}
        return cls(_without_numbers((row.formula, row.note), (), numbers), numbers)


@dataclass(frozen=True)
class _Run:
    """Lines that come again: `period` of them, `times` times, with the numbers that move from the first to the second.

    odd   the line of the last layer that is another one, H for h_3; None: none is.
    """

    period: int
    times: int
    moves: tuple[_Moves, ...]
    odd: int | None = None

    @property
    def by(self) -> int:
        return next(iter(self.moves[0].values()))

    def layers(self, k: int) -> int:
        """The layers that the k-th line tells at once."""
        return self.times - (k == self.odd)

    @property
    def spared(self) -> int:
        """The lines that are told in others."""
        return sum(self.layers(k) - 1 for k in range(self.period))


def folded(rows: Sequence[Formula], first: str = _LETTERS[0]) -> tuple[Formula, ...]:
    """The rows, those of at least FEWEST equal layers once, with the numbers of the layers beside them.

    first   the letter for a layer, unless the rows have it.
    """
    taken = {part.text for row in rows for part in walk(row.formula) if isinstance(part, Atom) and part.kind == "letter"}
    letter = next((x for x in (first, *_LETTERS) if x not in taken), None)
    return tuple(rows) if letter is None else tuple(_folded(rows, f.letter(letter)))


def _folded(rows: Sequence[Formula], letter: Node) -> Iterator[Formula]:
    at, lines = 0, [_Line.of(row) for row in rows]
    while at < len(rows):
        run = _run(lines, at)
        if run is None:
            yield rows[at]
            at += 1
            continue
        period = run.period
        later = ((start, _run(lines, start)) for start in range(at, at + period))
        near = {start: each for start, each in later if each is not None and each.period == period}
        best = min(near, key=lambda start: (_untidy(rows[start : start + period], near[start]), -near[start].times, start))
        yield from rows[at:best]
        end = best + period * near[best].times
        yield from _once(rows[best:end], near[best], letter)
        at = end


def _untidy(rows: Sequence[Formula], run: _Run) -> int:
    """How many lines begin with another number than that of the layer: z_{l+1} = ..."""
    told = [(row, moves) for row, moves in zip(rows, run.moves, strict=True) if moves]
    numbers = [int(_at((row.formula, row.note), next(iter(moves))).text) for row, moves in told]
    return sum(number != numbers[0] for number in numbers)


def _run(lines: Sequence[_Line], at: int) -> _Run | None:
    """The run of layers that begins here and spares most lines."""
    found: _Run | None = None
    for period in range(1, min(LONGEST, (len(lines) - at) // 2) + 1):
        if found is not None and (len(lines) - at) // period * period <= found.period * found.times:
            continue  # it cannot hold more
        run = _run_of(lines, at, period)
        if run is not None and (run.times >= FEWEST or run.spared >= SPARED) and (found is None or run.spared > found.spared):
            found = run
    return found


def _run_of(lines: Sequence[_Line], at: int, period: int) -> _Run | None:
    """The layers of so many lines that begin here."""
    first, moves, times = lines[at : at + period], list[_Moves](), 1
    while len(other := lines[at + times * period : at + (times + 1) * period]) == period:
        moved = list(map(_moves, first, other))
        steps = [{place: by // times for place, by in each.items()} for each in moved if each is not None]
        odd = [k for k, each in enumerate(moved) if each is None or (moves and each != _times(moves[k], times))]
        if odd and (len(odd) > 1 or period < FEWEST_BESIDE or 0 in odd):
            break
        if not moves:
            if {n for each in steps for n in each.values()} not in ({1}, {-1}) or {} in moved:
                return None
            moves = [{} if each is None else each for each in moved]
        times += 1
        if odd:
            return _Run(period, times, tuple(moves), odd[0])
    return _Run(period, times, tuple(moves)) if times > 1 else None


def _times(moves: _Moves, n: int) -> _Moves:
    return {place: n * by for place, by in moves.items()}


def _moves(one: _Line, two: _Line) -> _Moves | None:
    """The numbers that differ between two lines; None where anything else does."""
    if one.rest != two.rest:
        return None
    return {place: number - one.numbers[place] for place, number in two.numbers.items() if number != one.numbers[place]}


@cache
def _compared(kind: type[Any]) -> tuple[str, ...]:
    """The fields by which nodes of a kind are equal."""
    return tuple(x.name for x in fields(kind) if x.compare)


def _without_numbers(x: Any, place: tuple[int | str, ...], numbers: _Moves) -> Hashable:
    """What is left without the whole numbers, which are put down by their places."""
    if isinstance(x, Atom):
        if x.kind != "number" or not x.text.isdecimal():
            return x
        numbers[place] = int(x.text)
        return Atom
    if is_dataclass(x):
        return type(x), *(_without_numbers(getattr(x, name), (*place, name), numbers) for name in _compared(type(x)))
    if isinstance(x, tuple):
        return tuple(_without_numbers(part, (*place, k), numbers) for k, part in enumerate(x))
    return x


def _once(rows: Sequence[Formula], run: _Run, letter: Node) -> Iterator[Formula]:
    """The lines of a layer in its letter, which stands for the first number in them."""
    first = next(iter(run.moves[0]))
    base = int(_at((rows[0].formula, rows[0].note), first).text)
    for k, (row, moves) in enumerate(zip(rows[: run.period], run.moves, strict=True)):
        numbers = [f.number(base + run.by * n) for n in range(run.layers(k))]
        if len(numbers) < 2:
            yield row
        else:
            few = numbers if len(numbers) < FEWEST else [numbers[0], f.symbol("ldots"), numbers[-1]]
            formula, note = _lettered((row.formula, row.note), frozenset(moves), letter, base)
            yield Formula(formula, _noted(note, told("{}", f.equation(letter, f.listed(few)))), row.anchor, row.tone, row.label)
        if k == run.odd:
            yield rows[k - run.period]


def _noted(note: Content, ends: Content) -> Content:
    return listed([note, ends]) if note else ends


def _at(x: Any, place: tuple[int | str, ...]) -> Any:
    for name in place:
        x = x[name] if isinstance(name, int) else getattr(x, name)
    return x


def _lettered(x: Any, places: frozenset[tuple[int | str, ...]], letter: Node, base: int) -> Any:
    """The same with l + 1 in the place of the number after that of the layer."""
    if () in places:
        off = int(x.text) - base
        return letter if not off else f.beside(letter, f.symbol("+" if off > 0 else "-"), f.number(abs(off)))
    inner: dict[int | str, set[tuple[int | str, ...]]] = {}
    for name, *rest in places:
        inner.setdefault(name, set()).add(tuple(rest))
    made = {name: _lettered(_at(x, (name,)), frozenset(own), letter, base) for name, own in inner.items()}
    if isinstance(x, tuple):
        return tuple(made.get(k, part) for k, part in enumerate(x))
    changed = replace(x, **{str(name): part for name, part in made.items()})
    if isinstance(changed, Row):
        return replace(changed, items=tuple(item for part in changed.items for item in items_of(part)))
    return changed
