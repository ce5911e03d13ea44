"""The box: which gradients and values get a line of their own, and each line in its shortest form.

Which of the gradients and values get one is a search: the tokens of all lines are what it costs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from sympy import Eq, Expr, Pow, Rational, S, Symbol

from symbackprop.algebra.lines import Line, Lines
from symbackprop.algebra.matrix import front_of
from symbackprop.algebra.poly import Poly
from symbackprop.algebra.positions import tensor_of
from symbackprop.algebra.shared import said_once, shared, uncut, without_bracket
from symbackprop.core.derivatives.forward_mode import ONES
from symbackprop.core.functions import Where
from symbackprop.core.guards import is_position
from symbackprop.core.letters import is_nameless
from symbackprop.core.loops import has_loops
from symbackprop.core.machine.garbage import without_collections
from symbackprop.core.passes.simplify import without_dead
from symbackprop.core.program import Equation, Program, Reduce, Sum

NAMING = 2  # what a line for a gradient is worth: it says something by itself
MOVING = 8  # the same of a change of a value that the author named: its own name says what it is
INVENTED = 2  # a name for a value that nobody named costs as much again, but z, a, P, by which the network shows it
SPARED = 2  # tokens that the name of such a value spares, where the gradient by it speaks of it
FEW = 14  # candidates for a line: up to that many, a box without any is a start as well
SHORT = 6  # what a sum costs that a gradient holds and that is written out wherever it is read
LONG, READERS = 9, 3  # a line of that cost which so many read is not given up
READERS_OF_A_GRADIENT = 2
AGAIN = 3  # a line that names one before it: dL/dr = dL/dh
NO_BOUND = 10**9
MOST_CLIMBED = 40  # candidates: above, what several steps read has a line, and nothing is tried
ROUNDS = 3
OF_A_LOOP = "it is computed step by step"
MADE_OF_MISSING = "it is made of what has no short form"


@dataclass(frozen=True)
class Box:
    """A table of definitions.

    lines     each after those that it reads.
    missing   gradients that have no short form -> why.
    assumed   labels whose entries were taken to sum to one.
    """

    lines: tuple[Line, ...]
    missing: dict[str, str]
    assumed: tuple[str, ...] = ()


def box(program: Program, refused: dict[str, str] | None = None, each: bool = False) -> Box:
    """The gradients that a program puts out as a table of definitions.

    refused   lines that may not be used: name -> why.
    each      whether each gradient has a formula of its own, also where it is a number times another.
    """
    if has_loops(program):  # a search that looks through values would go round
        return Box((), dict.fromkeys(program.outputs, OF_A_LOOP))
    with without_collections():  # budgets bound how much is made
        return Search(program, refused or {}, each).box()


def _in_order(names: list[str], lines: Mapping[str, Line]) -> list[str]:
    """The names in their order, but each after those that its line reads."""
    place, placed = {n: k for k, n in enumerate(names)}, dict[str, None]()
    for name in names:
        waiting = [name] if name not in placed else []
        while waiting:
            reads = sorted(lines[waiting[-1]].tensors & place.keys(), key=place.__getitem__)
            before = [n for n in reads if n not in placed and n not in waiting]
            if before:
                waiting += before
            else:
                placed[waiting.pop()] = None
    return list(placed)


def _is_inverse_of_leaf(line: Line) -> bool:
    """Whether a line says A^{-1} or A^{+}, which is as short as a name."""
    form = line.form
    return form is not None and (form.op == "inverse" or form.given == "pinv") and form.parts[0].op == "leaf"


def _says_little(line: Line) -> bool:
    """Whether a line says a number, an identity, or the entries of what has more than two axes: none is worth a name."""
    if line.form is None:
        return False
    _, body = front_of(line.form)
    return (
        line.form.op in ("number", "size")
        or (body is not None and body.op == "identity")
        or len(line.subscripts) == len(line.letters) > 2
    )


def _is_multiple(line: Line) -> bool:
    """Whether a line says a value of the network times numbers."""
    body = None if line.form is None else front_of(line.form)[1]
    return body is not None and body.op == "leaf" and "/" not in tensor_of(body.given.name)


def _is_conditioned(equation: Equation) -> bool:
    """Whether an equation holds for some positions alone: i < j."""
    body = equation.op.body if isinstance(equation.op, Sum) else None
    return body is not None and any(any(is_position(s) for s in one.args[0].free_symbols) for one in body.atoms(Where))


def _is_under_a_root(program: Program, name: str) -> bool:
    """Whether nobody named a value and its root alone is read: a gradient by the square of a norm says 1/(2 |x|)."""
    tensor = program.tensors[name]
    if tensor.named or tensor.called:
        return False
    read = list[tuple[Expr, Symbol]]()
    for e in program.equations:
        if program.tensors[e.target.name].role is None and isinstance(e.op, Sum):
            read += [(e.op.body, s) for s, r in zip(e.op.slots, e.operands, strict=True) if r.name == name]
    return bool(read) and all(s not in _without_roots(body, s).free_symbols for body, s in read)


def _without_roots(body: Expr, s: Symbol) -> Expr:
    """A body without the roots of a slot."""
    roots = [power for power in body.atoms(Pow) if power.base == s and isinstance(power.exp, Rational) and power.exp.q > 1]
    return cast(Expr, body.xreplace(dict.fromkeys(roots, S.Zero)))


def _softened(program: Program) -> set[str]:
    """The gradients by what a softmax is taken of that several others read."""
    of = {e.operands[0].name for e in program.equations if isinstance(e.op, Reduce) and e.op.kind == "logsumexp"}
    roles, uses = {n: tensor.role for n, tensor in program.tensors.items()}, program.uses()
    return {n for n, role in roles.items() if role is not None and role.wrt in of and uses[n] > 1}


class Search:
    """Which values get a line."""

    def __init__(self, program: Program, refused: dict[str, str], each: bool = False) -> None:
        self.program, self.lines, self.each = program, Lines(program, refused), each
        self.backward = [e.target.name for e in program.equations if program.tensors[e.target.name].role is not None]
        losses = {role.of for t in program.tensors.values() if (role := t.role)} - {*self.backward}
        self.network = {e.target.name for e in without_dead(program, losses).equations}
        self.inner = any(program.tensors[n].role for n in self.network)  # values of the network read gradients
        self.softened = _softened(program)
        self.again = set[str]() if each else self._again()
        self.leaves_out = any(_is_conditioned(e) for e in program.equations)  # then a product may be infinite where it is not read

    def box(self) -> Box:
        """The best lines that the search finds."""
        lets = self._without_multiples(self._with_spoken(self._chosen()))
        lines = {n: self.lines.line(n, lets) for n in self._needed(self.program.outputs, lets)}
        missing = {n: line.fault for n, line in lines.items() if line.missing}
        while True:  # what reads a missing line is missing itself
            more = {n for n, line in lines.items() if n not in missing and line.tensors & missing.keys()}
            if not more:
                break
            missing |= dict.fromkeys(more, MADE_OF_MISSING)
        said = [n for n in lines if n in self.backward and n not in self.program.outputs and n not in missing]
        lines = shared(uncut(lines), said)
        wanted = [n for n in self.program.outputs if n not in missing]
        needed = self._needed(wanted, lets)
        order = _in_order([n for n in (*self.lines.forward, *self.backward) if n in needed], lines)
        outputs = [n for n in order if n in self.program.outputs and not self.each]
        lines = said_once(lines, outputs, lambda n: self.lines.multiple(n, lets))
        lines = {n: without_bracket(line) for n, line in lines.items()}
        used = self.lines.algebra.used
        labels = [a.name for a in used if a.kind == "leaf" and self.program.tensors[a.name].kind == "labels"]
        unsaid = {n: missing[n] for n in self.program.outputs if n in missing}
        return Box(tuple(lines[n] for n in order), unsaid, tuple(labels))

    def _again(self) -> set[str]:
        """The outputs that are a number times one before them, whatever has a line: dL/dr = dL/dh."""
        tensors, found, first = self.program.tensors, set[str](), set[tuple[Poly, int]]()
        apart = {n for n in self.backward if (role := tensors[n].role) and role.via is None}
        for n in self.program.outputs:
            one = self.lines.multiple(n, apart) if n in self.lines.equations else None
            key = None if one is None else (one[0], len(self.lines.equations[n].target.index))
            found |= {n} if key in first else set()
            first |= {key} if key is not None else set()
        return found

    def _chosen(self) -> set[str]:
        """The values that get a line, by climbing: one is added or dropped as long as that makes the box shorter."""
        tensors, uses, outputs = self.program.tensors, self.program.uses(), set(self.program.outputs)
        read = {r.name for n in self.backward for r in self.lines.equations[n].operands}
        told = outputs | self.lines.twins.keys()
        hidden = [
            n for n in self.lines.forward if n not in self.lines.kept and n in read and n not in told and self._is_worth_a_name(n)
        ]
        apart = {n: role.wrt for n in self.backward if n not in told and (role := tensors[n].role) and role.via is None}
        gradients = [n for n, by in apart.items() if self.leaves_out or not _is_under_a_root(self.program, by)]
        gone = {n for n in gradients if self.lines.is_nothing(n) or self.lines.is_of_positions(n)}
        gradients = [n for n in gradients if n not in gone]
        hidden = [n for n in hidden if self.lines.is_computed(n)]
        equal = self._compared().intersection(hidden)
        candidates = [*(n for n in hidden if n not in equal), *gradients]
        read_as = Counter({n: uses[n] for n in gradients})
        for n, twin in self.lines.twins.items():
            read_as[twin.name] += uses[n]
        shared = {n for n in gradients if read_as[n] > 1}
        whole = shared | set(hidden)
        flat = {n for n in whole if not self._is_jacobian(n)}  # a trace of one is a sum that the algebra carries out
        starts = [whole, *([flat] if flat != whole else []), shared | equal, *([equal] if gone or len(candidates) <= FEW else [])]
        lets, cost = starts[0], self._total(starts[0])
        for other in starts[1:]:
            total = self._total(other, cost)
            if total < cost:
                lets, cost = other, total
        for _ in range(ROUNDS if len(candidates) <= MOST_CLIMBED else 0):
            before, settled = cost, self._settled(lets)
            for n in reversed(candidates):
                other = lets ^ {n}
                total = cost + 1 if n in settled else self._total(other, cost)
                if total < cost or (total == cost and n in lets):
                    lets, cost, settled = other, total, self._settled(other)
            if cost == before and len(candidates) <= FEW:
                lets, cost = self._exchanged(lets, cost, set(gradients))
            if cost == before:
                break
        return lets

    def _with_spoken(self, lets: set[str]) -> set[str]:
        """The same with the values of the network whose gradients have lines, where their names make those of gradients shorter.

        Beside such a gradient stands what it is by, so that the network shows that value: z, a, P. A name that says nothing, u, is
        given to what shortens the box alone.
        """
        needed, outputs = self._needed(self.program.outputs, lets), set(self.program.outputs)
        roles = [role for n in needed if n not in outputs and (role := self.program.tensors[n].role) and not role.vector]
        seeing = self._seeing(lets)
        for n in dict.fromkeys(role.wrt for role in roles if role.wrt in self.network):
            if n not in lets and n not in self.lines.kept and not is_nameless(n) and self._is_worth_a_name(n):
                before, more = self._needs_of(seeing[n], lets), lets | {n}
                near = self._needs_of(seeing[n], more)
                if before[1] == near[1] and not self.inner:
                    spared = before[0] - near[0]
                else:  # other gradients are read: all is counted anew
                    spared, seeing = self._told(lets) - self._told(more), None
                if spared >= SPARED:
                    seeing = seeing and self._moved(seeing, n, lets, more)
                    lets = more
                seeing = seeing or self._seeing(lets)
        return lets

    def _without_multiples(self, lets: set[str]) -> set[str]:
        """The same without lines that say a number of times a value that has a name now, l d, where none makes the box longer."""
        cost = self._total(lets)
        for n in sorted(lets.difference(self.program.outputs).intersection(self.backward)):
            if _is_multiple(self.lines.line(n, lets)):
                total = self._total(lets - {n}, cost)
                if total <= cost:
                    lets, cost = lets - {n}, total
        return lets

    def _gradients(self, lets: set[str]) -> list[str]:
        """The gradients among the lines that the outputs need."""
        return [n for n in self._needed(self.program.outputs, lets) if self.program.tensors[n].role]

    def _told(self, lets: set[str]) -> int:
        """The tokens of the lines of gradients."""
        return sum(self.lines.line(n, lets).cost for n in self._gradients(lets))

    def _needs_of(self, names: Iterable[str], lets: set[str]) -> tuple[int, list[set[str]]]:
        """The tokens of some lines, and the gradients that each of them reads."""
        lines = [self.lines.line(n, lets) for n in names]
        return sum(line.cost for line in lines), [{t for t in line.tensors if self.program.tensors[t].role} for line in lines]

    def _seeing(self, lets: set[str]) -> defaultdict[str, dict[str, None]]:
        """For each value the lines of gradients that change where it is given a name."""
        found = defaultdict[str, dict[str, None]](dict)
        for n in self._gradients(lets):
            for met in self.lines.met(n, lets):
                found[met][n] = None
        return found

    def _moved(
        self, seeing: defaultdict[str, dict[str, None]], name: str, lets: set[str], more: set[str]
    ) -> defaultdict[str, dict[str, None]]:
        """The same where a value has been given a name: the walks of lines end there."""
        for n in list(seeing[name]):
            before, now = self.lines.met(n, lets), self.lines.met(n, more)
            for met in before - now:
                del seeing[met][n]
            for met in now - before:
                seeing[met][n] = None
        return seeing

    def _compared(self) -> set[str]:
        """The values that a gradient asks whether they are equal to others: worked out anew they would differ by a rounding."""
        found = set[str]()
        for e in (self.lines.equations[n] for n in self.backward):
            if isinstance(e.op, Sum):
                sides = {s for test in e.op.body.atoms(Eq) for s in test.args}
                found |= {r.name for s, r in zip(e.op.slots, e.operands, strict=True) if s in sides}
        return found

    def _exchanged(self, lets: set[str], cost: int, gradients: set[str]) -> tuple[set[str], int]:
        """The same with a line for a gradient in the place of one beside it, where that makes the box shorter."""
        for n in (n for n in self.backward if n in gradients):
            for m in (r.name for r in self.lines.equations[n].operands if r.name in gradients):
                if (n in lets) != (m in lets):
                    total = self._total(lets ^ {n, m}, cost)
                    if total < cost:
                        lets, cost = lets ^ {n, m}, total
        return lets, cost

    def _is_worth_a_name(self, name: str) -> bool:
        """Whether a value that nobody named is one of the network, or no short sum: A + A^T in a gradient is written out."""
        line = self.lines.line(name, set())
        if name in self.network:
            return not _is_inverse_of_leaf(line)
        return line.form is None or line.form.op != "sum" or line.cost > SHORT

    def _is_jacobian(self, name: str) -> bool:
        """Whether a value is a derivative inside the network that carries the axes of what it is of, or a gradient by one."""
        tensors, role = self.program.tensors, self.program.tensors[name].role
        return len(tensors[name].shape) > 2 and tensors[name if role is None else role.wrt].inner is not None

    def _settled(self, lets: set[str]) -> set[str]:
        """The values that are too long to be written out wherever they are read."""
        lines = [self.lines.line(n, lets) for n in self._needed(self.program.outputs, lets)]
        readers = Counter(n for line in lines for n in line.tensors)
        enough = {line.name: READERS_OF_A_GRADIENT if self.program.tensors[line.name].role else READERS for line in lines}
        return {n for n in (line.name for line in lines if line.cost >= LONG) if n in lets and readers[n] >= enough[n]}

    def _needed(self, wanted: Iterable[str], lets: set[str]) -> list[str]:
        """The lines that the wanted ones need, themselves included."""
        found: dict[str, None] = {}
        waiting = list(wanted)
        while waiting:
            n = waiting.pop()
            if n not in found:
                found[n] = None
                waiting += self._reads(self.lines.line(n, lets))
        return list(found)

    def _reads(self, line: Line) -> list[str]:
        """The tensors of a line that need lines themselves."""
        return sorted(t for t in line.tensors if t in self.lines.equations and not self.lines.is_given(t))

    def _total(self, lets: set[str], most: int = NO_BOUND) -> int:
        """What the box costs; where it is more than `most`, only that it is more. What is worked out already is counted first."""
        total, found = 0, set[str]()
        waiting, later = list(self.program.outputs), list[str]()
        while (waiting or later) and total <= most:
            n = (waiting or later).pop()
            if n in found:
                continue
            if waiting and not self.lines.is_made(n, lets):
                later.append(n)
                continue
            found.add(n)
            line = self.lines.line(n, lets)
            is_name = n in self.again and line.cost > AGAIN
            waiting += [] if is_name else self._reads(line)
            total += AGAIN if is_name else self._cost(line)
        return total

    def _cost(self, line: Line) -> int:
        if line.name in self.lines.kept:
            return self.lines.called_cost(line)
        if line.name in self.program.outputs:
            return line.cost
        return line.cost + INVENTED if _says_little(line) else max(0, line.cost + self._extra(line.name))

    def _extra(self, name: str) -> int:
        """What a line costs beside its tokens; a gradient's says something."""
        role = self.program.tensors[name].role
        if role is None:
            return 0 if name in self.network and not is_nameless(name) else INVENTED
        moved, by = self.program.tensors[role.of], self.program.tensors[role.wrt]
        is_product = is_nameless(by.name) and not self.leaves_out
        if not (by.named or by.called) and (not by.shape or is_product):  # a number, or a product, that nobody named
            return 0
        if name in self.softened:
            return -NAMING - 1
        return -MOVING if role.vector not in ("", ONES) and moved.named and moved.role is None else -NAMING
