"""One line of a box: a value in its shortest form, where it is known which other values have lines.

A line may name what the author named, what a layer names, and what has a line. Budgets count terms and visits, so that the result
is the same on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from weakref import proxy

from symbackprop.algebra.blocks import Piece, Pieces, is_wide_zero, pieces, side_by_side
from symbackprop.algebra.entries import EntryFactoriser
from symbackprop.algebra.factoring import MOST_TERMS_LINE, TOO_MUCH, Factoriser, most_read
from symbackprop.algebra.facts import forward_values, known_algebra, twins
from symbackprop.algebra.matrix import Form, MisfitError
from symbackprop.algebra.outside import outside, padded
from symbackprop.algebra.poly import ONLY, Number, Poly
from symbackprop.algebra.positions import View
from symbackprop.algebra.projections import learn_projections
from symbackprop.algebra.ranks import mentions, reading_ranks
from symbackprop.algebra.reading import NoFormError, Values, Written, strides
from symbackprop.algebra.shorter import Shorter
from symbackprop.algebra.single import without_single
from symbackprop.algebra.turned import transpose
from symbackprop.core.functions import FUNCTIONS, reduction
from symbackprop.core.guards import leaves_out, split
from symbackprop.core.program import Equation, Program, Reduce, Sum

LINE = 2  # a line costs its name and the sign of equality
WRITTEN = 30  # what a value costs that has no short form: it is read in index letters
ZERO_OUTSIDE = 3  # r = 0 outside
READ = 3  # what an operand costs in an equation of the program
ENTRIES = ("leaf", "tie", "order")
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
        if self.form is not None:
            return self.form.tokens + LINE + ZERO_OUTSIDE * len(outside(self.form))
        return WRITTEN if self.written else TOO_MUCH


def _has_digits(parts: tuple[Part, ...]) -> bool:
    """Whether a part is said by the digits of a position, X_{2 i + j}: it is its own formula, no slice of which the ends count."""
    places = (place for part in parts if isinstance(part.view, View) for place in part.view.places)
    return any(len(place.parts) > 1 for place in places)


def _is_of_positions(p: Poly) -> bool:
    return len(p.terms) == 1 and all(f.atom.kind in ("tie", "order") for term in p.terms for f in term)


def _is_packed(p: Poly, found: Pieces) -> bool:
    """Whether each term stands in one of several pieces: entry by entry it would have a condition as well, and be no shorter."""
    own = [len(piece.poly.terms) for piece in found.pieces if piece.poly.terms]
    return len(own) > 1 and sum(own) == len(p.terms)


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
        learn_projections(program, self.algebra, self.kept)
        place = {n: k for k, n in enumerate(tensors)}
        ranks = place, reading_ranks(program, self.forward), mentions(program)
        self.factoriser = Factoriser(self.algebra, *(one.__getitem__ for one in ranks))
        self.entries = EntryFactoriser(self.factoriser)
        self.made: dict[tuple[str, frozenset[str]], Line] = {}
        self.values: dict[frozenset[str], Values] = {}
        self.definitions: Written = {}
        self.walks: dict[str, list[tuple[set[str], frozenset[str]]]] = {}
        self.counted = strides(program)
        own = proxy(self)  # no circle, as of the factoriser
        self.shorter = Shorter(
            self.algebra, self.equations, self.forward, self.kept,
            lambda kept: own._values(kept), lambda n, lets: own._frontier(n, lets),
        ).shorter  # fmt: skip
        self.twins = twins(program, self.algebra, program.outputs, self.kept)
        self._learn_symmetric()

    def _learn_symmetric(self) -> None:
        """Which gradients by symmetric values are symmetric themselves: (C^{-1} - C^{-1} S C^{-1})/2 with S symmetric."""
        values = self._values(self.kept)
        for name, tensor in self.program.tensors.items():
            role = tensor.role
            if role is None or role.via or role.vector or role.wrt not in self.kept or not values.leaf(role.wrt).symmetric:
                continue
            letters = self.equations[name].target.index if name in self.equations else ()  # none: it is given, as along a wire
            if len(letters) != 2:
                continue
            i, j = letters
            try:
                p = values.definition(name)
            except NoFormError:
                continue
            values.leaf(name).symmetric = self.algebra.renamed(p, {i: j, j: i}) == p

    def is_given(self, name: str) -> bool:
        """Whether a reader knows a value by its name: the author gave it."""
        tensor = self.program.tensors[name]
        return tensor.named and not tensor.counted and tensor.role is None

    def is_computed(self, name: str) -> bool:
        """Whether a value is more than entries of another one, and than 1 where positions are as they should be."""
        try:
            p = self._values(self.kept).definition(name)
        except NoFormError:
            return True
        only = p.only()
        return only.atom.kind not in ENTRIES if only is not None else not _is_of_positions(p)

    def is_of_positions(self, name: str) -> bool:
        """Whether a value is a number where positions are as they should be, and 0 elsewhere: it says nothing to name."""
        try:
            return _is_of_positions(self._values(self.kept).definition(name))
        except NoFormError:
            return False

    def is_nothing(self, name: str) -> bool:
        """Whether a value is 0 by what normal densities are to each other: S phi(d_1) - K exp(-r T) phi(d_2)."""
        try:
            p = self._values(self.kept).definition(name)
        except NoFormError:
            return False
        densities = {f.atom for term in p.terms for f in term if f.atom.name is FUNCTIONS["normal_pdf"]}
        return len(densities) > 1 and not self.shorter(name, p, frozenset(), self.factoriser).terms

    def multiple(self, name: str, lets: set[str]) -> tuple[Poly, Number] | None:
        """A gradient as a number times a sum over the numbers of its axes; None where it has too many terms."""
        try:
            p = self._values((self.kept | lets) - {name}).definition(name)
        except NoFormError:
            return None
        letters = self.equations[name].target.index
        own = self.algebra.renamed(p, {x: str(k) for k, x in enumerate(letters) if x != ONLY})
        ratio = Fraction(own.leading())
        return (own.scaled(1 / ratio), ratio) if ratio else None

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
            p = values.ref(name, letters) if own else values.definition(name)
            found = self._pieces(name, p)
            short = [piece._replace(poly=self.shorter(name, piece.poly, lets, self.factoriser)) for piece in found.pieces]
            if any(self.factoriser.is_long(piece.poly) for piece in short):
                raise NoFormError("it has too many terms")
            only = short[0].poly.only() if len(short) == 1 else None
            if only is not None and self._is_of_others(only.atom.name) and only.letters == letters:
                return self._written(name, only.atom.name)
            made = self._formed(name, found._replace(pieces=tuple(short)))
            is_sliced = bool(made.pieces or made.blocks) and not _has_digits(made.pieces) and not _is_packed(p, found)
            own = self._entrywise(name, lets, self._is_jacobian(name)) if is_sliced else None
            return own if own is not None and own.cost <= made.cost else made
        except (NoFormError, MisfitError) as fault:
            own = self._entrywise(name, lets, self._is_jacobian(name) or not self._may_stand(name))
            if own is not None:
                return own
            why = str(fault) if isinstance(fault, NoFormError) else NO_PRODUCT
            return self._with_values(self._written(name), lets) if self._may_stand(name) else Line(name, letters, fault=why)

    def _is_jacobian(self, name: str) -> bool:
        """Whether a value is a derivative of what has axes, by what has some."""
        tensors, role = self.program.tensors, self.program.tensors[name].role
        of = None if role is None or role.vector else tensors.get(role.of)
        return of is not None and len(of.shape) > 0 and len(tensors[name].shape) > 1

    def _entrywise(self, name: str, lets: frozenset[str], always: bool) -> Line | None:
        """A value entry by entry; None where it has too many terms, or an axis of size 1.

        always   also where no position fixes or bounds a summed letter.
        """
        letters = self.equations[name].target.index
        try:
            p = self._values((self.kept | lets) - {name}).definition(name)
            if ONLY in letters or len(p.terms) > most_read(p):
                return None
            p = self.shorter(name, p, lets, self.entries)
            if len(p.terms) > MOST_TERMS_LINE:
                return None
            found = padded(self.algebra, p, self.program.shape)
            if found is not None:
                return Line(name, letters, self.entries.entry(found.poly, letters, found.shifted), letters, found.poly.tensors())
            is_bounded = any(atom.kind == "order" for atom in p.atoms())
            return Line(name, letters, self.entries.entry(p, letters), letters, p.tensors()) if always or is_bounded else None
        except (NoFormError, MisfitError):
            return None

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
        own = [x for x in letters if x not in first.subscripts]
        alike = len({part.subscripts for part in parts}) == 1
        filled = tuple(part for part in parts if part.form.op != "zeros")
        is_told = sum(is_wide_zero(part.form) for part in parts) < 2  # one block of zeros is as large as the others leave
        if axis is not None and letters[axis] in own and len(own) < 3 and alike and is_told:  # matrices along a third axis are none
            rows = [len(part.letters) < len(letters) == 2 and axis == 0 for part in parts]  # a row is written as a column
            stacked = [transpose(part.form) if row else part.form for part, row in zip(parts, rows, strict=True)]
            block = Form("blocks", tuple(stacked), own.index(letters[axis]))
            views = () if True in rows else tuple(part.view for part in parts)
            return Line(name, letters, block, first.subscripts, tensors, blocks=views)
        return Line(name, letters, tensors=tensors, pieces=filled, whole=found.whole and len(filled) == len(parts))

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
        tensors = frozenset(self._printed(equation, ref.name) for ref in equation.operands)
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

    def _printed(self, reader: Equation, name: str) -> str:
        """What is printed where an equation reads a value: of all entries but some, those entries."""
        writer = self.equations.get(name)
        if writer is not None and isinstance(reader.op, Reduce) and leaves_out(self.program, writer, reduction(reader.op.kind)):
            return self._printed(reader, writer.operands[0].name)
        return name

    def _values(self, kept: frozenset[str]) -> Values:
        if kept not in self.values:
            self.values[kept] = Values(self.program, self.algebra, kept, self.definitions, self.twins)
        return self.values[kept]

    def _frontier(self, name: str, lets: set[str]) -> frozenset[str]:
        """The lets that a line can see: a change behind them costs nothing here.

        The walk ends at lets, and goes one level into the author's values, whose definitions are relations.
        """
        return self._walked(name, lets)[1]

    def met(self, name: str, lets: set[str]) -> set[str]:
        """The values that a line's walk meets: a let among no others changes the line."""
        return self._walked(name, lets - {name})[0]

    def _walked(self, name: str, lets: set[str]) -> tuple[set[str], frozenset[str]]:
        """The values that a walk to lets meets, and the lets among them."""
        walks = self.walks.setdefault(name, [])
        for walk in walks:
            if lets & walk[0] == walk[1]:  # the same walk
                return walk
        walks.append(self._walk(name, lets))
        return walks[-1]

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
