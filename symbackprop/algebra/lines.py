"""One line of a box: a value in its shortest form, where it is known which other values have lines.

A line may name what the author named, what a layer names, and what has a line. Budgets count terms and visits, so that the result
is the same on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from symbackprop.algebra.blocks import Piece, Pieces, pieces, side_by_side
from symbackprop.algebra.branches import Split, splits
from symbackprop.algebra.factoring import MOST_TERMS_LINE, TOO_MUCH, Factoriser, most_read
from symbackprop.algebra.facts import forward_values, known_algebra, twins
from symbackprop.algebra.matrix import Form, MisfitError, transpose
from symbackprop.algebra.poly import Atom, Poly, summed_letters
from symbackprop.algebra.positions import View
from symbackprop.algebra.reading import NoFormError, Values, Written, strides
from symbackprop.algebra.relations import Relation, Solved, below, eliminated, over_one_line, relations, replaced, solved
from symbackprop.algebra.single import without_single
from symbackprop.core.guards import split
from symbackprop.core.program import Program, Sum

LINE = 2  # a line costs its name and the sign of equality
WRITTEN = 30  # what a value costs that has no short form: it is read in index letters
READ = 3  # what an operand costs in an equation of the program
SHORTER = 8  # relations used one after the other in a line
ON_THE_WAY = 2.0  # how much longer than a line a sum may be that a relation is used in again
OFTEN = 3  # a relation is used in the terms that it gives as well
FEW_TERMS = 3  # of a value that has a name, for products in it to be looked for elsewhere
TRIED = 2  # of the sums that a relation gives, by rough size
NO_PRODUCT = "no product of matrices says it"


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
    blocks      of a form that is put together of blocks: which of its entries each is.
    aliases     of an equation: gradients that it reads, with the values that they are, entry by entry.
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
    blocks: tuple[str | View, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()

    @property
    def missing(self) -> bool:
        return self.form is None and not self.written and not self.pieces

    @property
    def cost(self) -> int:
        if self.pieces:
            return sum(piece.form.tokens + LINE + 1 for piece in self.pieces)
        return WRITTEN if self.written else TOO_MUCH if self.form is None else self.form.tokens + LINE


@dataclass(frozen=True)
class Rule:
    """What the definition of a value that has a name says.

    relations  a product in it by the value: the value alone, where the product is all of it.
    solved     what it is made of by the value.
    """

    name: str
    relations: tuple[Relation, ...]
    solved: tuple[Solved, ...]


class Lines:
    """The lines of one program's box; each is worked out once.

    refused   those that may not be used: name -> why.
    """

    def __init__(self, program: Program, refused: dict[str, str]) -> None:
        self.program, self.refused = without_single(program), refused
        program, tensors = self.program, program.tensors
        self.forward = forward_values(program)
        self.kept = frozenset(n for n in self.forward if (tensors[n].named and not tensors[n].counted) or tensors[n].called)
        self.equations = program.equation_of()
        self.algebra = known_algebra(program, self.kept)
        place = {n: k for k, n in enumerate(tensors)}
        self.factoriser = Factoriser(self.algebra, place.__getitem__)
        self.made: dict[tuple[str, frozenset[str]], Line] = {}
        self.values: dict[frozenset[str], Values] = {}
        self.definitions: Written = {}
        self.rules: dict[tuple[str, frozenset[str]], Rule | None] = {}
        self.applied: dict[frozenset[str], tuple[Rule, ...]] = {}
        self.shortened: dict[tuple[Poly, str, frozenset[str]], Poly] = {}
        self.walks: dict[str, list[tuple[set[str], frozenset[str]]]] = {}
        self.counted = strides(program)
        self.twins = twins(program, self.algebra, program.outputs, self.kept)

    def is_given(self, name: str) -> bool:
        """Whether a reader knows a value by its name: the author gave it."""
        tensor = self.program.tensors[name]
        return tensor.named and not tensor.counted and tensor.role is None

    def is_made(self, name: str, lets: set[str]) -> bool:
        """Whether the line is worked out already."""
        return (name, self._frontier(name, lets - {name})) in self.made

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
            return self._written(name) if self.is_given(name) else self._called(name, lets)
        values = self._values((self.kept | lets) - {name})
        try:
            own = name in self.twins and name in self.program.outputs
            found = self._pieces(name, values.ref(name, letters) if own else values.definition(name))
            short = [piece._replace(poly=self._shorter(name, piece.poly, lets)) for piece in found.pieces]
            if any(self.factoriser.is_long(piece.poly) for piece in short):
                raise NoFormError("it has too many terms")
            only = short[0].poly.only() if len(short) == 1 else None
            if only is not None and self._is_of_others(only.atom.name) and only.letters == letters:
                return self._written(name, only.atom.name)
            return self._formed(name, found._replace(pieces=tuple(short)))
        except (NoFormError, MisfitError) as fault:
            why = str(fault) if isinstance(fault, NoFormError) else NO_PRODUCT
            return self._with_values(self._written(name), lets) if self._may_stand(name) else Line(name, letters, fault=why)

    def _called(self, name: str, lets: frozenset[str]) -> Line:
        """A value that a layer names: its equation, or what it is made of, where the equation would be longer."""
        equation, written = self.equations[name], self._written(name)
        hidden = [r.name for r in equation.operands if r.name in self.equations and r.name not in self.kept | lets]
        moved = isinstance(equation.op, Sum) and split(equation.op).guards
        if not (hidden or moved or len(equation.target.index) > 2):
            return written
        leaf = Values(self.program, self.algebra, ()).leaf(name)
        try:
            with self.algebra.without_name(leaf):
                p = Values(self.program, self.algebra, (self.kept | lets) - {name}).definition(name)
                made = self._formed(name, self._pieces(name, p))
        except (NoFormError, MisfitError):
            return written
        longest = self.called_cost(written) + sum(self.line(n, set(lets)).cost for n in hidden)
        return made if moved or made.cost <= longest else written

    def called_cost(self, line: Line) -> int:
        """What the line of a value costs that a layer names; its own equation is about as long as what it reads."""
        return LINE + READ * len(self.equations[line.name].operands) if line.written else line.cost

    def _pieces(self, name: str, p: Poly) -> Pieces:
        """A value by its pieces. Raises NoFormError where there are too many, or where one has too many terms."""
        found = pieces(self.algebra, p, self._values(self.kept).leaf(name), self.equations[name].target.index, self.counted)
        if any(len(piece.poly.terms) > most_read(piece.poly) for piece in found.pieces):
            raise NoFormError("it has too many terms")
        return found

    def _formed(self, name: str, found: Pieces) -> Line:
        """The line of a value by its pieces."""
        letters, leaf = self.equations[name].target.index, self._values(self.kept).leaf(name)
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
            views = () if True in rows else tuple(part.view for part in parts)
            return Line(name, letters, block, first.subscripts, tensors, blocks=views)
        return Line(name, letters, tensors=tensors, pieces=tuple(parts), whole=found.whole)

    def _part(self, piece: Piece) -> Part:
        view = piece.view.name
        sizes = dict(zip(piece.letters, piece.view.shape, strict=True))
        lead = view.lead if isinstance(view, View) else 0
        form, subscripts = self.factoriser.formula(piece.poly, piece.letters, sizes, lead)
        if isinstance(view, View) and subscripts != piece.letters[: len(subscripts)]:
            raise MisfitError("a subscript of a part is not a leading axis")
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

    def _with_values(self, line: Line, lets: frozenset[str]) -> Line:
        """An equation in which a gradient that is a value is that value."""
        found = {}
        for n in sorted(line.tensors & self.equations.keys() - set(self.forward)):
            try:
                only = self._values((self.kept | lets) - {n}).definition(n).only()
            except NoFormError:
                continue
            if only is not None and only.atom.name in self.kept and only[1:] == (self.equations[n].target.index, 1):
                found[n] = str(only.atom.name)
        return replace(line, tensors=line.tensors - found.keys() | set(found.values()), aliases=tuple(found.items()))

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
            self.values[kept] = Values(self.program, self.algebra, kept, self.definitions, self.twins)
        return self.values[kept]

    def _frontier(self, name: str, lets: set[str]) -> frozenset[str]:
        """The lets that a line can see: a change behind them costs nothing here.

        The walk ends at lets, and goes one level into the author's values, whose definitions are relations.
        """
        walks = self.walks.setdefault(name, [])
        for met, found in walks:
            if lets & met == found:  # the same walk
                return found
        walks.append(self._walk(name, lets))
        return walks[-1][1]

    def _walk(self, name: str, lets: set[str]) -> tuple[set[str], frozenset[str]]:
        """The values that a walk to lets meets, and the lets among them."""
        seen: set[tuple[str, int]] = set()
        waiting = [(self._read_as(r.name), 0) for r in self.equations[name].operands]
        waiting += [(self._read_as(name), 0)] if name in self.twins else []
        while waiting:
            n, depth = waiting.pop()
            if (n, depth) in seen or n not in self.equations:
                continue
            seen.add((n, depth))
            if n not in lets and (n not in self.kept or depth == 0):
                below = depth + (n in self.kept)
                waiting += [(self._read_as(r.name), below) for r in self.equations[n].operands]
        met = {n for n, _ in seen}
        return met, frozenset(met & lets)

    def _read_as(self, name: str) -> str:
        return self.twins[name].name if name in self.twins else name

    # A shorter sum of the same value

    def _shorter(self, name: str, p: Poly, lets: frozenset[str]) -> Poly:
        """p with the author's values for parts of it, and by the relations of its atoms, as long as that shortens it."""
        known = lets.intersection(self.forward)  # what has a line and is a gradient says nothing of others
        key = p, name if name in known or name in self.kept else "", known
        if key not in self.shortened:
            self.shortened[key] = self._shortened(name, p, known)
        return self.shortened[key]

    def _shortened(self, name: str, p: Poly, lets: frozenset[str], by_cases: bool = True) -> Poly:
        for _ in range(SHORTER):
            found = self._tried(name, p, lets, by_cases)
            clear = next((q for q in found if len(q.terms) < len(p.terms) and 3 * _rough(q) <= 2 * _rough(p)), None)
            if clear is None:
                costs = [self.factoriser.best(q)[0] - worth for q, worth in found.items()]
                best = self.factoriser.best(p)[0] if found else 0
                better = [(cost, len(q.terms), k) for k, (cost, q) in enumerate(zip(costs, found, strict=True))
                          if cost < best - 1 or (cost <= best and len(q.terms) < len(p.terms))]  # fmt: skip
                if not better:
                    break
                clear = list(found)[min(better)[2]]
            p = clear
        return p

    def _tried(self, name: str, p: Poly, lets: frozenset[str], by_cases: bool) -> dict[Poly, int]:
        """The equal sums that are worth a look, the roughly shortest first, and what each is worth: a name is 1.

        by_cases   whether those by cases are among them.
        """
        a, own = self.algebra, {f.atom for term in p.terms for f in term}
        found: list[tuple[Poly | None, int]] = []
        for rule in self._rules(lets):
            if rule.name != name:
                found += [(eliminated(a, p, way), 0) for way in rule.solved if way.atom in own]
                found += [(replaced(a, p, r), int(len(rule.relations) == 1)) for r in rule.relations if r.atoms <= own]
        found += [(self._by_cases(name, split, lets), 0) for split in (splits(a, p) if by_cases else ())]
        found += [(q, 0) for q in over_one_line(a, p)]
        found += [(self._throughout(p, relation), relation.worth) for relation in relations(a, p.atoms())]
        low, worths = below(p), dict[Poly, int]()
        for q, worth in found:
            if q is not None and q != p and self._is_short(q, p) and below(q) <= low:
                worths[q] = max(worths.get(q, 0), worth)
        return {q: worths[q] for q in sorted(worths, key=_rough)[:TRIED]}

    def _by_cases(self, name: str, split: Split, lets: frozenset[str]) -> Poly:
        """A sum by what it is in each of two cases."""
        zero, one, none = (self._shortened(name, part, lets, False) for part in (split.zero, split.one, split.none))
        return zero + one - none

    @staticmethod
    def _is_short(q: Poly, p: Poly, slack: float = 1.0) -> bool:
        """Whether an equal sum may be looked at in the place of p; slack: by how much a sum may be longer that is on its way."""
        return len(q.terms) <= slack * MOST_TERMS_LINE and _rough(q) <= slack * (1.3 * _rough(p) + 8)

    def _throughout(self, p: Poly, relation: Relation) -> Poly | None:
        """p with a relation used as often as its term stands in a term."""
        q = replaced(self.algebra, p, relation)
        for _ in range(OFTEN):
            if q is None or not self._is_short(q, p, ON_THE_WAY):
                return None
            further = replaced(self.algebra, q, relation)
            if further is None:
                break
            q = further
        return q

    def _definition(self, n: str, lets: frozenset[str]) -> Poly:
        return self._values((self.kept | self._frontier(n, set(lets))) - {n}).definition(n)

    def _rules(self, lets: frozenset[str]) -> tuple[Rule, ...]:
        """What the definitions of the values that have a name say."""
        if lets not in self.applied:
            found = [self._rule(n, lets) for n in self.forward if n in self.kept or n in lets]
            self.applied[lets] = tuple(rule for rule in found if rule is not None)
        return self.applied[lets]

    def _rule(self, n: str, lets: frozenset[str]) -> Rule | None:
        seen = self._frontier(n, set(lets) - {n})
        if (n, seen) not in self.rules:
            self.rules[n, seen] = self._as_rule(n, seen)
        return self.rules[n, seen]

    def _as_rule(self, n: str, lets: frozenset[str]) -> Rule | None:
        own, leaf = self.equations[n].target.index, self._values(self.kept).leaf(n)
        try:
            p = self._definition(n, lets)
        except NoFormError:
            return None
        ways, found = solved(self.algebra, leaf, own, p), p.single()
        if found is None:
            return Rule(n, tuple(self._summands(p, leaf, own)), ways)
        term, c = found
        if len(term) == 1 and term[0].atom in self.algebra.names:
            return None
        return Rule(n, (Relation(term, own, self.algebra.factor(leaf, own).scaled(1 / Fraction(c))),), ways)

    def _summands(self, p: Poly, leaf: Atom, own: tuple[str, ...]) -> Iterator[Relation]:
        """A short sum that has a name, solved for the products in it that hold sums themselves."""
        for term, c in p.terms.items() if len(p.terms) <= FEW_TERMS else ():
            if summed_letters(term):
                rest = self.algebra.factor(leaf, own) - Poly({u: d for u, d in p.terms.items() if u != term})
                yield Relation(term, own, rest.scaled(1 / Fraction(c)))


def _rough(p: Poly) -> int:
    return sum(2 + sum(1 + len(f.letters) for f in term) for term in p.terms)
