"""The box of a program with loops: each gradient at one step, in its shortest form, and which gradients get a line.

A gradient that is carried is written out of those that stand one step on, so that some gradient of every loop has a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symbackprop.algebra.box import MADE_OF_MISSING
from symbackprop.algebra.lines import NO_PRODUCT, Line, Lines
from symbackprop.algebra.matrix import Form, Front, leaves
from symbackprop.algebra.positions import tensor_of
from symbackprop.algebra.symmetric_steps import with_symmetric_steps
from symbackprop.core.flows import flows_into
from symbackprop.core.loops.recursion import Marks, NoRecursionError, Recursion, StepProgram
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.loops.step_line import step_line
from symbackprop.core.program import Carry, Program

NAMING = 2  # what a line for a gradient is worth: it says something by itself
INVENTED = 4  # how much longer a box may be without a gradient by what nobody named
ROUNDS = 3
MOST_CLIMBED = 12  # gradients: above, all that are read several times have a line, but other ones again and what has no name
NONE = 10**6  # what a gradient without a form costs


@dataclass(frozen=True)
class StepLine:
    """A gradient at its step.

    name   the gradient.
    at     what defines it there, or some terms of it.
    line   its form, in the tensors at their steps.
    rest   the other terms, whose sums are over other steps; None: there are none.
    """

    name: str
    at: StepProgram
    line: Line
    rest: StepLine | None = None

    @property
    def parts(self) -> tuple[StepLine, ...]:
        """All terms, those that sum over the same steps together."""
        return (self, *(self.rest.parts if self.rest else ()))

    @property
    def cost(self) -> int:
        return sum(part.line.cost for part in self.parts)


@dataclass(frozen=True)
class Handed:
    """What a step reads of another one, z_prev[l] = z[l-1]: its gradient is that by z where z has no other part.

    name   the gradient by z.
    axis   of the loop.
    step   from that step on to the one that reads it.
    """

    name: str
    axis: Axis
    step: int


@dataclass(frozen=True)
class StepBox:
    """Lines in the order of the sweep, and what has none: the name of the gradient -> why.

    handed   gradients by what a step reads of the one before, whose line is another one's but for the step.
    """

    lines: tuple[StepLine, ...]
    missing: Mapping[str, str]
    handed: Mapping[str, Handed] = field(default_factory=dict)


def step_box(program: Program, refused: Mapping[str, str] | None = None) -> StepBox:
    """The gradients that a program with loops puts out, step by step.

    refused   gradients that may have no line: name -> why.
    """
    return _Search(program, refused or {}).box()


class _Search:
    def __init__(self, program: Program, refused: Mapping[str, str]) -> None:
        self.program, self.refused, self.recursion = program, refused, Recursion(with_symmetric_steps(program))
        self.backward = [e.target.name for e in program.equations if program.tensors[e.target.name].role]
        self.made: dict[tuple[str, bool, frozenset[str], Marks, Marks], StepLine | str] = {}
        self.walks: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def box(self) -> StepBox:
        lets = self._chosen()
        names = self._needed(lets)
        found = {n: self._lines(n, lets) for n in names}
        missing = {n: lines for n, lines in found.items() if isinstance(lines, str)}
        made_of = {n: reads(lines) for n, lines in found.items() if not isinstance(lines, str)}
        for _ in names:
            more = {n for n, read in made_of.items() if n not in missing and (read - {n}) & missing.keys()}
            missing |= dict.fromkeys(more, MADE_OF_MISSING)
        told = [n for n in self._needed(lets, missing) if n not in missing]
        lines = [line for n in self._sorted(told, made_of) for line in found[n] if isinstance(line, StepLine)]
        handed = dict(each for line in lines if (each := self._handed(line, lines)))
        return StepBox(tuple(lines), {n: missing[n] for n in self.program.outputs if n in missing}, handed)

    def _sorted(self, names: Sequence[str], made_of: Mapping[str, set[str]]) -> list[str]:
        """The names in the order of the sweep, but what no line reads right after the last that it reads, in the author's order."""
        read = set().union(*(made_of[n] - {n} for n in names))
        ends = [n for n in self.program.outputs if n in names and n not in read]
        kept = [n for n in names if n not in ends]
        last = {n: max([kept.index(m) for m in made_of[n] if m in kept], default=-1) for n in ends}
        return [n for k in range(-1, len(kept)) for n in (*kept[k : k + 1], *(e for e in ends if last[e] == k))]

    def _handed(self, line: StepLine, lines: Sequence[StepLine]) -> tuple[str, Handed] | None:
        """Where a gradient is, but at some steps, that by what the next step reads of it: that one, and what it is."""
        role = self.program.tensors[line.name].role
        form = line.line.form
        starts = any(other.name == line.name and other is not line for other in lines)
        if role is None or not starts or line.at.first or line.rest is not None or form is None or form.op != "leaf":
            return None
        read = line.at.standing[form.given.name]
        by = self.program.tensors[read.name].role
        carry = self.recursion.written.get(by.wrt) if by is not None else None
        if carry is None or not isinstance(carry.op, Carry) or carry.operands[0].name != role.wrt:
            return None
        own = self.recursion.carried(carry)
        marks = dict(line.at.standing[line.at.target].marks)
        there = {**marks, own.axis.letter: own.axis.step + own.step}
        is_next = marks.get(own.axis.letter) == own.axis.step and dict(read.marks) == there
        is_told = any(other.name == read.name for other in lines)
        return (read.name, Handed(line.name, own.axis, own.step)) if is_next and is_told else None

    def _chosen(self) -> frozenset[str]:
        """The gradients that get a line: all that are read several times, fewer as long as that makes the box shorter.

        What is carried may have a line as well where several values are, or where something has no line without.
        """
        uses = self.program.uses()
        carried = {e.target.name for e in self.program.equations if isinstance(e.op, Carry)}
        begun = {n for n in self.backward if n in carried and len(self.recursion.written[n].operands) > 1 and self._may(n)}
        read = {n for n in self.backward if (uses[n] > 1 or self._is_sum(n)) and self._may(n)}
        read |= begun if len(begun) > 1 else set()
        best = self._climbed(read)
        if any(map(self._is_read_beside, best[0])):  # that by the value itself may do as well
            best = self._cheaper(best, self._climbed(read | {n for n in self.backward if self._is_of_carried(n) and self._may(n)}))
        if best[1] >= NONE:
            best = self._cheaper(best, self._climbed(read | {n for n in carried & set(self.backward) if self._may(n)}))
        return best[0]

    @staticmethod
    def _cheaper(one: tuple[frozenset[str], int], other: tuple[frozenset[str], int]) -> tuple[frozenset[str], int]:
        return other if other[1] < one[1] else one

    def _is_of_carried(self, name: str) -> bool:
        """Whether a gradient is by a value that the next step reads."""
        role = self.program.tensors[name].role
        return role is not None and any(isinstance(e.op, Carry) and e.operands[0].name == role.wrt
                                        for e in self.program.equations)  # fmt: skip

    def _climbed(self, some: Collection[str]) -> tuple[frozenset[str], int]:
        """The best of some gradients to have a line, and what the box costs."""
        candidates = [n for n in self.backward if n in some]
        lets = frozenset(candidates)
        cost = self._total(lets)
        if len(candidates) > MOST_CLIMBED:
            lets, cost = self._better((lets, cost), lets - {n for n in candidates if self._is_bare(n, lets)})
            for n in [*reversed(candidates)] * 2:
                has_no_name = not (self._is_called(n) or self._is_sum(n))
                if n in lets and n not in self.program.outputs and (has_no_name or self._readers(lets)[n] == 1):
                    lets, cost = self._better((lets, cost + INVENTED * has_no_name), lets - {n})
            return lets, self._total(lets)
        for _ in range(ROUNDS):
            before = cost
            for n in reversed(candidates):
                lets, cost = self._better((lets, cost), lets ^ {n})
            if cost == before:
                break
        return lets, cost

    def _readers(self, lets: frozenset[str]) -> Counter[str]:
        """How many lines read each gradient."""
        lines = {n: self._lines(n, lets) for n in self._needed(lets)}
        return Counter(m for n, own in lines.items() if not isinstance(own, str) for m in reads(own) - {n})

    def _better(self, best: tuple[frozenset[str], int], other: frozenset[str]) -> tuple[frozenset[str], int]:
        """The best so far, or others where their box costs less."""
        total = self._total(other)
        return (other, total) if total < best[1] else best

    def _is_bare(self, name: str, lets: frozenset[str]) -> bool:
        """Whether a gradient is a number, or another one, perhaps of the next step, or minus that."""
        lines = self._lines(name, lets)
        forms = [] if isinstance(lines, str) or self._is_sum(name) else [x.line.form for x in lines]
        return bool(forms) and all(form is not None and _kind(form) in ("leaf", "number", "minus") for form in forms)

    def _is_sum(self, name: str) -> bool:
        """Whether a gradient is a sum over all steps, which stands in no other line."""
        parts = (r.name for r in self.program.equation_of()[name].operands if self.program.tensors[r.name].role)
        return any(self.recursion.sums(n) for n in (name, *parts))

    def _may(self, name: str) -> bool:
        role = self.program.tensors[name].role
        return role is not None and role.via is None and not role.upstream and not role.vector

    def _needed(self, lets: frozenset[str], missing: Mapping[str, str] | None = None) -> list[str]:
        """The outputs and the gradients with lines that they read, in the order of the sweep."""
        found: set[str] = set()
        waiting = [n for n in self.program.outputs if n not in (missing or {})]
        while waiting:
            n = waiting.pop()
            if n in found:
                continue
            found.add(n)
            lines = self._lines(n, lets)
            if not isinstance(lines, str):
                waiting += reads(lines) & lets
        return [n for n in self.backward if n in found]

    def _total(self, lets: frozenset[str]) -> int:
        total, made = 0, {n: self._lines(n, lets) for n in self._needed(lets)}
        forms = [(line, line.line.form) for own in made.values() if not isinstance(own, str) for line in own]
        leaves = [(line, form.given.name) for line, form in forms if form is not None and form.op == "leaf"]
        handed = {line.at.standing[name].name for line, name in leaves if name in line.at.standing}  # a view hands nothing on
        for n, lines in made.items():
            total += NONE if isinstance(lines, str) else sum(line.cost for line in lines)
            total -= NAMING * (n not in self.program.outputs and self._is_named(n))
            total += INVENTED * (n not in handed and self._is_read_beside(n))
        return total

    def _is_read_beside(self, name: str) -> bool:
        """Whether a gradient is by what a step reads of another one."""
        role = self.program.tensors[name].role
        written = None if role is None else self.recursion.written.get(role.wrt)
        return written is not None and isinstance(written.op, Carry)

    def _is_named(self, name: str) -> bool:
        role = self.program.tensors[name].role
        is_named = role is not None and self.program.tensors[role.wrt].has_name
        return is_named and not self._is_read_beside(name)  # what is carried is called by its own step

    def _is_called(self, name: str) -> bool:
        """Whether a gradient is by what a person named, or by what a gate of theirs is a function of."""
        role = self.program.tensors[name].role
        by = None if role is None else self.program.tensors[flows_into(self.program, role.wrt)]
        return self._is_named(name) or (by is not None and by.has_name and not self._is_read_beside(name))

    def _lines(self, name: str, lets: frozenset[str]) -> list[StepLine] | str:
        """The line where what is carried starts, if it starts with anything, and that of all other steps; or why there are none."""
        starts = [c for c in self.recursion.carries_of(name, lets) if len(c.operands) > 1]
        found = []
        try:
            edges = self.recursion.edges(name, lets)
        except NoRecursionError as fault:
            return str(fault)
        ways: list[tuple[bool, Marks]] = [(True, ()), (False, ())] if starts else [*((False, (one,)) for one in edges), (False, ())]
        for first, at in ways:
            line = self._line(name, lets, first, at, () if at else edges)
            if isinstance(line, str):
                return line
            found.append(line)
        return found

    def _line(self, name: str, lets: frozenset[str], first: bool, at: Marks, besides: Marks) -> StepLine | str:
        key = name, first, self._seen(name, lets - {name}), at, besides
        if key not in self.made:
            self.made[key] = self._made(*key)
        return self.made[key]

    def _seen(self, name: str, lets: frozenset[str]) -> frozenset[str]:
        """Those of some gradients that a line reads first: no other changes it."""
        if (name, lets) not in self.walks:
            found, waiting, passed = set[str](), [name], {name}
            while waiting:
                equation = self.recursion.written.get(waiting.pop())
                for r in equation.operands if equation is not None else ():
                    if r.name in lets:
                        found.add(r.name)
                    elif r.name not in passed and self.program.tensors[r.name].role:
                        passed.add(r.name)
                        waiting.append(r.name)
            self.walks[name, lets] = frozenset(found)
        return self.walks[name, lets]

    def _made(self, name: str, first: bool, lets: frozenset[str], at: Marks, besides: Marks) -> StepLine | str:
        return self.refused[name] if name in self.refused else line_at(self.recursion, name, lets, first, at, besides)


def line_at(
    recursion: Recursion, name: str, lets: frozenset[str], first: bool = False, certain: Marks = (), besides: Marks = ()
) -> StepLine | str:  # fmt: skip
    """A gradient at its step, or where what is carried starts; or why it has no line.

    lets     gradients that have lines of their own.
    certain  the step at which it is taken, where that is a certain one; `besides`: those at which it need not hold.
    """
    found: list[StepLine] = []
    try:
        for terms in recursion.terms(name, lets):
            at = step_line(recursion, name, lets, first, terms, certain, besides)
            line = _shortest(at.program, at.target)
            if line.form is None and not _stands_alone(at):
                return line.fault or NO_PRODUCT
            found.append(StepLine(name, at, line if line.form is not None else _written(at)))
    except NoRecursionError as fault:
        return str(fault)
    carries = tuple(dict.fromkeys(carried for each in found for carried in each.at.carries))
    whole: StepLine | None = None
    for each in reversed(found):
        whole = replace(each, at=replace(each.at, carries=carries), rest=whole)
    assert whole is not None
    return whole


def _stands_alone(at: StepProgram) -> bool:
    """Whether a line in index letters can stand for a gradient: it comes back along one way, over gradients that have lines."""
    ways = [e for e in at.program.equations if at.standing[e.target.name].name != at.standing[at.target].name]
    return not at.summed and all(at.program.tensors[e.target.name].role is None for e in ways)


def _written(at: StepProgram) -> Line:
    """The line of a gradient in index letters, as the program has it at its step."""
    made = {e.target.name for e in at.program.equations}
    read = {r.name for e in at.program.equations for r in e.operands}
    kept = read - {n for n in made if not at.program.tensors[n].has_name}
    equation = at.program.equation_of()[at.target]
    return Line(at.target, equation.target.index, tensors=frozenset(kept), written=at.target)


def _kind(form: Form) -> str:
    """What a form is at its top; "minus" of another tensor."""
    is_minus = form.op == "scaled" and form.given == Front(-1, (), ()) and [part.op for part in form.parts] == ["leaf"]
    return "minus" if is_minus else form.op


def _shortest(program: Program, target: str) -> Line:
    """A value's line; where that is shorter, with the sum that a gradient is written in its place: (a + b) * c."""
    lines = Lines(program, {})
    best = lines.line(target, set())
    inner = [n for n, t in program.tensors.items() if t.kind == "value" and t.role and n != target]
    for name in inner:
        own = lines.line(name, set())
        if own.form is None or own.form.op != "sum" or own.subscripts:
            continue
        outer = lines.line(target, {name})
        if outer.form is None or name not in outer.tensors:
            continue
        form = _replaced(outer.form, name, own.form)
        if any(tensor_of(leaf.name) == name for leaf in leaves(form)):  # a part of it stands in the line
            continue
        if best.form is None or form.tokens < best.form.tokens:
            best = replace(outer, form=form, tensors=(outer.tensors - {name}) | own.tensors)
    return best


def _replaced(form: Form, name: str, by: Form) -> Form:
    """A form with another one in the place of a tensor."""
    if form.op == "leaf" and form.given.name == name:
        return by
    given = form.given
    if isinstance(given, Front):
        tops, bottoms = (tuple(_replaced(part, name, by) for part in own) for own in (given.tops, given.bottoms))
        given = Front(given.coefficient, tops, bottoms)
    return Form(form.op, tuple(_replaced(part, name, by) for part in form.parts), given)


def reads(lines: list[StepLine]) -> set[str]:
    """The tensors of the program that lines are made of."""
    return {part.at.standing[key].name for line in lines for part in line.parts for key in part.line.tensors}
