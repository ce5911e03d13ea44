"""The box: which gradients and values get a line of their own, and each line in its shortest form.

A line may name what the author named, what a layer names, and what has a line. Which of the other gradients and values get one is
a search: the tokens of all lines are what it costs. Budgets count terms and visits, so that the result is the same on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from symbackprop.algebra.blocks import Piece, pieces, side_by_side
from symbackprop.algebra.factoring import TOO_MUCH, Factoriser
from symbackprop.algebra.facts import forward_values, known_algebra
from symbackprop.algebra.matrix import Form, MisfitError, transpose
from symbackprop.algebra.poly import Atom, Poly
from symbackprop.algebra.positions import View
from symbackprop.algebra.reading import NoFormError, Values, strides
from symbackprop.algebra.relations import Relation, eliminated, relations, replaced
from symbackprop.core.guards import split
from symbackprop.core.program import Program, Sum

LINE = 2  # a line costs its name and the sign of equality
NAMING = 2  # what a line for a gradient is worth: it says something by itself
INVENTED = 2  # a name for a value that nobody named costs as much again
DEEP = 20  # candidates for a line: above, long lines are not looked into
MOST_TERMS_LINE = 10  # a longer line needs names
MOST_CLIMBED = 40  # candidates: above, what several steps read has a line, and nothing is tried
WRITTEN = 20  # what a value costs that has no short form
READ = 3  # what an operand costs in an equation of the program
ROUNDS = 3
SHORTER = 8  # relations used one after the other in a line
TRIED = 4  # of the sums that a relation gives, by rough size


@dataclass(frozen=True)
class Part:
    """The line at some of its entries: view = form."""

    view: str | View
    letters: tuple[str, ...]
    form: Form
    subscripts: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """name = form.

    letters     those of the value's equation; `subscripts` are the ones that stand below the name.
    tensors     the tensors that the form reads.
    written     the value whose own equation is the line, as the program has it: this one, or a product that it equals; "": none.
    fault       why there is no form, where it is None and the equation is not the line.
    pieces      where it is said piece by piece; outside of them it is 0, and there is nothing outside where they are the `whole`.
    """

    name: str
    letters: tuple[str, ...] = ()
    form: Form | None = None
    subscripts: tuple[str, ...] = ()
    tensors: frozenset[str] = frozenset()
    written: str = ""
    fault: str = ""
    pieces: tuple[Part, ...] = ()
    whole: bool = True

    @property
    def missing(self) -> bool:
        return self.form is None and not self.written and not self.pieces

    @property
    def cost(self) -> int:
        if self.pieces:
            return sum(piece.form.tokens + LINE + 1 for piece in self.pieces)
        return WRITTEN if self.written else TOO_MUCH if self.form is None else self.form.tokens + LINE


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


def box(program: Program, refused: dict[str, str] | None = None) -> Box:
    """The gradients that a program puts out as a table of definitions.

    refused   lines that may not be used: name -> why.
    """
    return Search(program, refused or {}).box()


class Search:
    """The lines of one program's box."""

    def __init__(self, program: Program, refused: dict[str, str]) -> None:
        self.program, self.refused = program, refused
        tensors = program.tensors
        self.forward = forward_values(program)
        self.backward = [e.target.name for e in program.equations if tensors[e.target.name].role is not None]
        self.kept = frozenset(n for n in self.forward if tensors[n].named or tensors[n].called)
        self.equations = program.equation_of()
        self.algebra = known_algebra(program, self.kept)
        place = {n: k for k, n in enumerate(tensors)}
        self.factoriser = Factoriser(self.algebra, place.__getitem__)
        self.made: dict[tuple[str, frozenset[str]], Line] = {}
        self.values: dict[frozenset[str], Values] = {}
        self.rules: dict[tuple[str, frozenset[str]], tuple[Relation, Atom] | None] = {}
        self.counted = strides(program)

    # Which values get a line

    def box(self) -> Box:
        """The best lines that the search finds."""
        lets = self._chosen()
        lines = {n: self.line(n, lets) for n in self._needed(self.program.outputs, lets)}
        missing = {n: line.fault for n, line in lines.items() if line.missing}
        while True:  # what reads a missing line is missing itself
            more = {n for n, line in lines.items() if n not in missing and line.tensors & missing.keys()}
            if not more:
                break
            missing |= dict.fromkeys(more, "it is made of what has no short form")
        wanted = [n for n in self.program.outputs if n not in missing]
        needed = self._needed(wanted, lets)
        order = [n for n in (*self.forward, *self.backward) if n in needed]
        labels = [a.name for a in self.algebra.used if a.kind == "leaf" and self.program.tensors[a.name].kind == "labels"]
        unsaid = {n: missing[n] for n in self.program.outputs if n in missing}
        return Box(tuple(lines[n] for n in order), unsaid, tuple(labels))

    def _chosen(self) -> set[str]:
        """The values that get a line, by climbing: one is added or dropped as long as that makes the box shorter."""
        tensors, uses, outputs = self.program.tensors, self.program.uses(), set(self.program.outputs)
        read = {r.name for n in self.backward for r in self.equations[n].operands}
        hidden = [n for n in self.forward if n not in self.kept and n in read]
        gradients = [n for n in self.backward if n not in outputs and (role := tensors[n].role) and role.via is None]
        candidates = [*hidden, *gradients]
        shared = {n for n in gradients if uses[n] > 1}
        starts: list[set[str]] = [shared, set(gradients), set(candidates)]
        if len(candidates) > DEEP:
            starts = [shared, set(candidates)] if len(candidates) > MOST_CLIMBED else [set(candidates)]
        elif len(candidates) < DEEP // 2:
            starts += [set(), shared | set(hidden)]
        cost, _, lets = min((self._total(x), k, x) for k, x in enumerate(starts))
        for _ in range(ROUNDS if len(candidates) <= MOST_CLIMBED else 0):
            before = cost
            for n in reversed(candidates):
                other = lets ^ {n}
                total = self._total(other)
                if total < cost or (total == cost and n in lets):
                    lets, cost = other, total
            if cost == before:
                break
        return lets

    def _needed(self, wanted: Iterable[str], lets: set[str]) -> list[str]:
        """The lines that the wanted ones need, themselves included."""
        found: dict[str, None] = {}
        waiting = list(wanted)
        while waiting:
            n = waiting.pop()
            if n not in found:
                found[n] = None
                line = self.line(n, lets)
                waiting += sorted(t for t in line.tensors if t in self.equations and not self._is_given(t))
        return list(found)

    def _is_given(self, name: str) -> bool:
        """Whether a reader knows a value by its name: the author gave it."""
        tensor = self.program.tensors[name]
        return tensor.named and tensor.role is None

    def _total(self, lets: set[str]) -> int:
        total = 0
        for n in self._needed(self.program.outputs, lets):
            if n in self.kept:
                total += self._called_cost(self.line(n, lets))
            else:
                extra = 0 if n in self.program.outputs else INVENTED if n in self.forward else -NAMING
                total += self.line(n, lets).cost + extra
        return total

    # One line

    def line(self, name: str, lets: set[str]) -> Line:
        """A value's line where the values in `lets` have lines as well; it depends on those that it can see alone."""
        seen = self._frontier(name, lets - {name})
        if (name, seen) not in self.made:
            self.made[name, seen] = self._line(name, seen)
        return self.made[name, seen]

    def _line(self, name: str, lets: frozenset[str]) -> Line:
        letters = self.equations[name].target.index
        if name in self.refused:
            return Line(name, letters, fault=self.refused[name])
        if name in self.kept:
            return self._written(name) if self._is_given(name) else self._called(name, lets)
        values = self._values((self.kept | lets) - {name})
        try:
            p = values.definition(name)
            if len(p.terms) > MOST_TERMS_LINE:
                return Line(name, letters, fault="it has too many terms")
            p = self._shorter(name, p, lets)
            only = p.only()
            if only is not None and self._is_of_others(only.atom.name) and only.letters == letters:
                return self._written(name, only.atom.name)
            return self._formed(name, p)
        except (NoFormError, MisfitError) as fault:
            return self._written(name) if self._may_stand(name) else Line(name, letters, fault=str(fault))

    def _called(self, name: str, lets: frozenset[str]) -> Line:
        """A value that a layer names: its equation, or what it is made of, where the equation would be longer."""
        equation, written = self.equations[name], self._written(name)
        hidden = [r.name for r in equation.operands if r.name in self.equations and r.name not in self.kept | lets]
        moved = isinstance(equation.op, Sum) and split(equation.op).guards
        if not (hidden or moved or len(equation.target.index) > 2):
            return written
        leaf, names = Values(self.program, self.algebra, ()).leaf(name), self.algebra.names
        self.algebra.names = {atom: named for atom, named in names.items() if named.leaf is not leaf}
        try:
            p = Values(self.program, self.algebra, (self.kept | lets) - {name}).definition(name)
            made = self._formed(name, p)
        except (NoFormError, MisfitError):
            return written
        finally:
            self.algebra.names = names
        longest = self._called_cost(written) + sum(self.line(n, set(lets)).cost for n in hidden)
        return made if moved or made.cost <= longest else written

    def _called_cost(self, line: Line) -> int:
        """What the line of a value costs that a layer names; its own equation is about as long as what it reads."""
        return LINE + READ * len(self.equations[line.name].operands) if line.written else line.cost

    def _formed(self, name: str, p: Poly) -> Line:
        """The line of a polynomial, or of its pieces."""
        letters, leaf = self.equations[name].target.index, self._values(self.kept).leaf(name)
        found = pieces(self.algebra, p, leaf, letters, self.counted)
        axis = side_by_side(found, leaf)
        parts = [self._part(piece) for piece in found.pieces]
        tensors = frozenset().union(*(piece.poly.tensors() for piece in found.pieces))
        first = parts[0]
        if first.view == name:
            return Line(name, letters, first.form, first.subscripts, tensors)
        if axis is not None and letters[axis] not in first.subscripts and len({part.subscripts for part in parts}) == 1:
            own = [x for x in letters if x not in first.subscripts]
            rows = [len(part.letters) < len(letters) == 2 and axis == 0 for part in parts]  # a row is written as a column
            stacked = [transpose(part.form) if row else part.form for part, row in zip(parts, rows, strict=True)]
            block = Form("blocks", tuple(stacked), own.index(letters[axis]))
            return Line(name, letters, block, first.subscripts, tensors)
        return Line(name, letters, tensors=tensors, pieces=tuple(parts), whole=found.whole)

    def _part(self, piece: Piece) -> Part:
        view = piece.view.name
        sizes = dict(zip(piece.letters, piece.view.shape, strict=True))
        lead = view.lead if isinstance(view, View) else 0
        form, subscripts = self.factoriser.formula(piece.poly, piece.letters, sizes, lead)
        return Part(view, piece.letters, form, subscripts)

    def _may_stand(self, name: str) -> bool:
        """Whether a value's own equation may be its line: a value of the forward pass, a gradient that comes back along one way."""
        roles = [self.program.tensors[r.name].role for r in self.equations[name].operands]
        return name in self.forward or all(role is None or role.via is None for role in roles)

    def _written(self, name: str, by: str = "") -> Line:
        """A value by its own equation, or by that of a value that it equals."""
        equation = self.equations[by or name]
        tensors = frozenset(n for ref in equation.operands for n in self._printed(ref.name))
        return Line(name, equation.target.index, tensors=tensors, written=by or name)

    def _is_of_others(self, name: object) -> bool:
        """Whether a value is the product, or another reduction, of all entries but one."""
        step = self.equations[name].step if isinstance(name, str) and name in self.equations else None
        return step is not None and step.rule == "others"

    def _printed(self, name: str) -> tuple[str, ...]:
        """What is printed where an equation reads a tensor: of all entries but one, those entries."""
        equation = self.equations.get(name)
        inner = equation is not None and equation.step is not None and equation.step.rule == "without"
        return tuple(ref.name for ref in equation.operands) if equation is not None and inner else (name,)

    def _values(self, kept: frozenset[str]) -> Values:
        if kept not in self.values:
            self.values[kept] = Values(self.program, self.algebra, kept)
        return self.values[kept]

    def _frontier(self, name: str, lets: set[str]) -> frozenset[str]:
        """The lets that a line can see: a change behind them costs nothing here.

        The walk ends at lets, and goes one level into the author's values, whose definitions are relations.
        """
        found: set[str] = set()
        seen: set[tuple[str, int]] = set()
        waiting = [(r.name, 0) for r in self.equations[name].operands]
        while waiting:
            n, depth = waiting.pop()
            if (n, depth) in seen or n not in self.equations:
                continue
            seen.add((n, depth))
            if n in lets:
                found.add(n)
            elif n not in self.kept or depth == 0:
                below = depth + (n in self.kept)
                waiting += [(r.name, below) for r in self.equations[n].operands]
        return frozenset(found)

    # A shorter sum of the same value

    def _shorter(self, name: str, p: Poly, lets: frozenset[str]) -> Poly:
        """p with the author's values for parts of it, and by the relations of its atoms, as long as that shortens it."""
        best = self.factoriser.best(p)[0]
        for _ in range(SHORTER):
            found = []
            for q in self._tried(name, p, lets):
                cost = self.factoriser.best(q)[0]
                if cost < best - 1 or (cost <= best and len(q.terms) < len(p.terms)):
                    found.append((cost, len(q.terms), len(found), q))
            if not found:
                break
            best, _, _, p = min(found, key=lambda f: f[:3])
        return p

    def _tried(self, name: str, p: Poly, lets: frozenset[str]) -> list[Poly]:
        """The equal sums that are worth a look, the roughly shortest first."""
        found: list[Poly] = []
        for n in self.forward:
            rule = self._rule(n, lets) if (n in self.kept or n in lets) and n != name else None
            if rule is not None:
                relation, leaf = rule
                found += eliminated(self.algebra, p, leaf, relation.letters, self._definition(n, lets))
                found += _one(replaced(self.algebra, p, relation)) if relation.term else ()
        for relation in relations(self.algebra, p.atoms()):
            found += _one(replaced(self.algebra, p, relation))
        low = _below(p)
        some = [q for q in dict.fromkeys(found) if q != p and _below(q) <= low and len(q.terms) <= MOST_TERMS_LINE]
        some = [q for q in some if _rough(q) <= 1.3 * _rough(p) + 8]
        return sorted(some, key=_rough)[:TRIED]

    def _definition(self, n: str, lets: frozenset[str]) -> Poly:
        return self._values((self.kept | self._frontier(n, set(lets))) - {n}).definition(n)

    def _rule(self, n: str, lets: frozenset[str]) -> tuple[Relation, Atom] | None:
        """The definition of a value that has a name, as a relation: what it is made of, where that is one product, is the value."""
        seen = self._frontier(n, set(lets) - {n})
        if (n, seen) not in self.rules:
            self.rules[n, seen] = self._as_rule(n, seen)
        return self.rules[n, seen]

    def _as_rule(self, n: str, lets: frozenset[str]) -> tuple[Relation, Atom] | None:
        own, leaf = self.equations[n].target.index, self._values(self.kept).leaf(n)
        try:
            p = self._definition(n, lets)
        except NoFormError:
            return None
        found = p.single()
        if found is None:
            return Relation((), own, p), leaf
        term, c = found
        if len(term) == 1 and term[0].atom in self.algebra.names:
            return None
        return Relation(term, own, self.algebra.factor(leaf, own).scaled(1 / Fraction(c))), leaf


def _one(p: Poly | None) -> tuple[Poly, ...]:
    return () if p is None else (p,)


def _below(p: Poly) -> set[Atom]:
    """The atoms below a line; a relation that brings new ones there writes what nobody would."""
    return {f.atom for term in p.terms for f in term if f.exponent < 0 and f.atom.kind not in ("number", "group")}


def _rough(p: Poly) -> int:
    return sum(2 + sum(1 + len(f.letters) for f in term) for term in p.terms)
