"""In which order the lines of a text with recursions are read, and in which loops: the circles among them, and the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.components import components
from symbackprop.core.program import size
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.latex.ranges import Range
from symbackprop.notation.latex.recurrent import Line
from symbackprop.notation.latex.stepped import Index


class Bounds(NamedTuple):
    """The steps low, ..., high of a letter, as the language spells them; they fall where a step reads the one behind it."""

    letter: str
    low: str
    high: str
    falls: bool

    @property
    def extent(self) -> Expr:
        """How many there are."""
        return sp.expand(number(self.high) - number(self.low) + 1)

    def header(self) -> str:
        low, high = (self.high, self.low) if self.falls else (self.low, self.high)
        return f"for {self.letter} in {low}..{high}:"


@dataclass
class Course:
    """One loop, or loops in each other, and its lines in the order of a step.

    bounds   of each letter, the outermost first.
    begun    starts of the loop within, which are other ones at each step of the loop around it.
    """

    bounds: tuple[Bounds, ...]
    lines: list[Line] = field(default_factory=list)
    begun: list[Line] = field(default_factory=list)


def number(text: str) -> Expr:
    """A number or a size, or a sum of both."""
    total, sign = sp.S.Zero, 1
    for part in re.findall(r"[-+]|\w+", text):
        if part in "+-":
            sign = 1 if part == "+" else -1
        else:
            total += sign * (sp.Integer(int(part)) if part.isdigit() else size(part))
            sign = 1
    return sp.expand(total)


def spelt(value: Expr) -> str:
    """A number or a size as the language spells it."""
    return str(value)


class Courses:
    """The lines of a text in the order in which they are read.

    lines     its lines.
    ranges    what it says of steps.
    extents   how many entries a declared tensor has along an axis; None where nobody knows.
    sums      how far a letter runs in sums: where nothing else says it of its steps, as far.
    """

    def __init__(
        self, lines: Sequence[Line], ranges: Sequence[Range], extents: Callable[[str, int], Expr | None], sums: Mapping[str, str]
    ) -> None:
        self.lines, self.ranges, self.extents, self.sums = list(lines), ranges, extents, sums
        self.known: dict[tuple[str, str], Bounds] = {}  # of a name and a letter
        self._require_once()

    def _require_once(self) -> None:
        for k, line in enumerate(self.lines):
            if any(
                other.target == line.target or (other.name == line.name and not (other.is_start or line.is_start))
                for other in self.lines[:k]
            ):
                raise Fault(f"{line.name} is defined twice.", f"A name keeps its value: write {line.name}_2.", line.at)

    def ordered(self) -> list[Line | Course]:
        """Lines without steps, starts and loops, each behind what it reads."""
        giving: dict[str, list[int]] = {}
        for k, line in enumerate(self.lines):
            giving.setdefault(line.name, []).append(k)
        needs = [
            sorted({j for name in (line.same | line.earlier.keys()) for j in giving.get(name, ()) if j != k or name in line.earlier}
                   | {j for j in giving[line.name] if self.lines[j].is_start and not line.is_start})
            for k, line in enumerate(self.lines)
        ]  # fmt: skip
        found: list[Line | Course] = []
        for several in components(needs):
            lines = [self.lines[k] for k in several]
            if len(lines) == 1 and (not lines[0].steps or lines[0].is_start):
                found.append(lines[0])
                continue
            self._require_steps(lines)
            starts = [line for line in self.lines if line.is_start and line.name in {one.name for one in lines}]
            course = Course(tuple(self._bounds(c, lines, starts) for c in lines[0].loop), self._in_order(lines))
            course.begun = [one for one in starts if one.steps[0].letter]
            found = [one for one in found if not (isinstance(one, Line) and one in course.begun)]
            for line in lines:
                self.known |= {(line.name, b.letter): b for b in course.bounds}
            if not self._joins(found, course):
                found.append(course)
        return found

    def _require_steps(self, lines: Sequence[Line]) -> None:
        """Raise Fault where values define each other, and not step by step."""
        first = lines[0]
        stray = next((one for one in lines if not one.steps or one.is_start), None)
        if stray is not None:
            others = [one.name for one in lines if one is not stray] or ["itself"]
            fault = f"{stray.name} is defined by {' and '.join(dict.fromkeys(others))}, in a circle."
            raise Fault(fault, "Write a recursion step by step: h_t = ... of h_{t-1}.", stray.at)
        other = next((one for one in lines if one.loop != first.loop), None)
        if other is not None:
            steps = f"{', '.join(first.loop)} and {', '.join(other.loop)}"
            fault = f"{first.name} and {other.name} read each other, and their steps are {steps}."
            raise Fault(fault, "Give both the same indices of steps, in the same order.", other.at)

    def _in_order(self, lines: list[Line]) -> list[Line]:
        """The lines of one step, each behind what it reads of the same step."""
        own = {line.name: k for k, line in enumerate(lines)}
        needs = [sorted(own[name] for name in line.same if name in own) for line in lines]
        order = components(needs)
        circle = next((several for several in order if len(several) > 1 or several[0] in needs[several[0]]), None)
        if circle is not None:
            names = [lines[k].name for k in circle]
            fault = f"{names[0]} is defined by {' and '.join(names[1:]) or 'itself'} at the same step, in a circle."
            raise Fault(fault, "Read the step before: h_{t-1}.", lines[circle[0]].at)
        return [lines[k] for several in order for k in several]

    def _joins(self, found: list[Line | Course], course: Course) -> bool:
        """Whether lines go on with the steps of the loop above them, and are put there."""
        last = found[-1] if found else None
        if not isinstance(last, Course) or [b[:3] for b in last.bounds] != [b[:3] for b in course.bounds]:
            return False
        falls = {b.letter: b.falls for b in last.bounds}
        names = {line.name for line in last.lines}
        away = [one for line in course.lines for name, several in line.earlier.items() if name in names for one in several]
        own = {line.name for line in course.lines}
        circle = any(name in own for line in course.lines for name in line.earlier)
        if (circle and last.bounds != course.bounds) or any((k > 0) != falls[c] for c, k in away):
            return False
        last.lines += course.lines
        last.begun += course.begun
        return True

    # ---- how far a letter runs
    def _bounds(self, letter: str, lines: Sequence[Line], starts: Sequence[Line]) -> Bounds:
        """The steps of a letter on some lines: as they are said, else from the starts to the last step that is read."""
        names = {line.name for line in lines}
        away = {k for line in lines for name, several in line.earlier.items() if name in names for c, k in several if c == letter}
        if any(k > 0 for k in away) and any(k < 0 for k in away):
            fault = f"{lines[0].name} reads the step before and the step behind along {letter}: a recursion goes one way."
            raise Fault(fault, "Give each direction a name of its own.", lines[0].at)
        falls = any(k > 0 for k in away)
        said = next((line.said for line in lines if line.said), None) or self._said(letter, lines[0].at)
        place = lines[0].loop.index(letter)
        shift = lines[0].steps[place].shift
        edge = self._edge(letter, place, lines, starts, falls) if away else None
        low, high = (said.low, said.high) if said else (None, None)
        if edge is not None:
            low, high = (low, high or spelt(edge)) if falls else (low or spelt(edge), high)
        inherited = next((b for line in lines for n in line.same | line.earlier.keys() if (b := self.known.get((n, letter)))), None)
        if inherited is not None and not away:
            low, high = low or inherited.low, high or inherited.high
        low = low or (spelt(min(self._read(names, place, shift), key=str, default=sp.S.One)) if falls else "1")
        high = high or self._reached(letter, low, lines, names, place, shift) or self.sums.get(letter)
        if high is None:
            fault = f"how far {letter} runs is not said."
            raise Fault(fault, rf"Write it behind the formula: \text{{for }} {letter} = {low}, \ldots, T.", lines[0].at)
        return Bounds(letter, low, high, falls)

    def _said(self, letter: str, at: int) -> Range | None:
        """What is said of a letter: where several things are, the first behind the line, else the last before it."""
        several = [one for one in self.ranges if one.letter == letter]
        return next((one for one in several if one.at > at), several[-1] if several else None)

    def _edge(self, letter: str, place: int, lines: Sequence[Line], starts: Sequence[Line], falls: bool) -> Expr | None:
        """The first step, which reads the start that stands nearest."""
        sign = 1 if falls else -1
        for own in lines:
            lags = {abs(k) for line in lines for c, k in line.earlier.get(own.name, ()) if c == letter}
            begun = [number(s.steps[place].text) for s in starts if s.name == own.name and s.steps[place].letter is None]
            if lags and begun:
                nearest = begun[0]
                for one in begun[1:]:
                    nearest = one if ((one - nearest) * sign).is_negative else nearest
                return sp.expand(nearest - own.steps[place].shift - sign * min(lags))
        return None

    def _read(self, names: set[str], place: int, shift: int) -> list[Expr]:
        """The numbers of the steps at which other lines read a value."""
        several: list[tuple[Index, ...]] = [at for line in self.lines for n in names for at in line.numbers.get(n, ())]
        return [sp.expand(number(at[place].text) - shift) for at in several if at[place].letter is None]

    def _reached(self, letter: str, low: str, lines: Sequence[Line], names: set[str], place: int, shift: int) -> str | None:
        """The last step: as far as what is declared has entries, else the one that other lines read."""
        for line in lines:
            for read in line.reads.values():
                inner = re.search(r"\[(.*)\]$", read.text)
                for k, one in enumerate(inner[1].split(", ")) if inner and read.places else ():
                    extent = self.extents(read.name, k) if one == letter else None
                    if extent is not None:  # what is declared has its first entry at 1, or at 0 where the steps begin there
                        return spelt(extent if number(low).is_positive else sp.expand(number(low) + extent - 1))
        several = [n for n in self._read(names, place, shift) if n.free_symbols or (n - number(low)).is_nonnegative]
        last = next((n for n in several if n.free_symbols), None) or max(several, default=None, key=lambda n: int(n))
        return None if last is None else spelt(last)
