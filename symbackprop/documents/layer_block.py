"""One layer's step: what is differentiated, the local derivatives, the chain rule entry by entry, the product, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.onward import together_onward, told_onward
from symbackprop.core.derivatives.through import ends, onward, put_together, telling, without_ways
from symbackprop.core.derivatives.united import united
from symbackprop.core.program import Equation
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Holds, Names, unasked
from symbackprop.display.own_value import by_own_value
from symbackprop.display.softmax import softmaxes
from symbackprop.display.softmax_cases import softmax_cases
from symbackprop.display.spelled import spelled
from symbackprop.display.vanishing import vanishes
from symbackprop.display.views import ViewNames
from symbackprop.documents.chain_rows import ChainRow, chain_rows, without_what_vanishes
from symbackprop.documents.collected import collected, extremes, quotients, shifted
from symbackprop.documents.document import Content, Formula, Formulas, Part, StepBlock
from symbackprop.documents.folded import FEWEST, folded
from symbackprop.documents.layers import Layer, Line, kind_of
from symbackprop.documents.parts import in_order
from symbackprop.documents.reasons import Reasons
from symbackprop.documents.step_block import as_differentiated, local_lines, parts_local, told_whole, with_value
from symbackprop.documents.ways import Summed, at_once, by_ways
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, listed, several, told
from symbackprop.formulas.tree import Node, items_of, split, width

LINE = 41
"""The longest line of several formulas."""

MOST_BETWEEN = 3
"""Values that hand a gradient on, one after the other, where all of them are told."""


Proved = Callable[[str, Collection[str], Names], Node | None]
"""A gradient as one formula over some others, in some names, where there is one that is proved."""


def unproved(_name: str, _over: Collection[str], _names: Names) -> Node | None:
    """What there is where nothing is proved."""
    return None


class Lecture:
    """Tells the layers of one derivation. What was told is not told again: a layer like one before is its lines alone.

    names    the names of its program, with those that the box gives to gradients.
    hidden   values that the report writes out where they are read.
    values   numbers to show beside the lines of scalars.
    gaps     what is shown of the equation of a gradient, by its name.
    proved   a gradient as one formula over some others that is proved, where there is one.
    holds    what is asked before an equation is shown in matrices.
    anchors  each line -> the anchor of the step that it stands in.
    folded   the values that the network says in equations of several layers at once.
    layer    the letter for what comes again: l of layers, each with parameters of its own, t of steps that share them.
    """

    def __init__(
        self, derivation: Derivation, names: Names, hidden: Collection[str], values: Mapping[str, Any],
        gaps: Callable[[str, Node], Node], proved: Proved = unproved, holds: Holds = unasked,
    ) -> None:  # fmt: skip
        self.derivation, self.names, self.hidden, self.values, self.gaps = derivation, names, hidden, values, gaps
        self.proved = proved
        self.plain = Names(derivation.program, holds)
        self.plain.blocks = names.blocks = ViewNames(self.plain).blocks
        known = softmaxes(self.plain)
        self.softmaxes = {total: (o, p) for (o, total), p in known.named.items() if p and len(known.axes(total)) == 1}
        self.reasons = Reasons(derivation, self.plain, self.softmaxes)
        self.united = united(derivation, known.named)[0] if self.softmaxes else ()
        self.gone: frozenset[str] = frozenset()
        self.spelt: frozenset[str] = frozenset()
        self.folded: frozenset[str] = frozenset()
        self.layer = "l" if any(t.kind == "parameter" and t.name[-1].isdigit() for t in derivation.program.inputs) else "t"
        self.reasons.inside = self._inside
        self.told: set[Hashable] = set()
        self.first: dict[Hashable, str] = {}
        self.anchors: dict[str, str] = {}

    def leave_out(self, layers: Sequence[Layer], wanted: Collection[str]) -> None:
        """Tell the steps without some values, as far as they can be: what reads such a value is gone back through with it."""
        lines = [line for layer in layers for line in layer.lines]
        is_onward = bool(self.derivation.vector)
        gone = (told_onward if is_onward else telling)((e for line in lines for e in line.path), wanted)
        joined = together_onward if is_onward else put_together
        told_ = {line.name: joined(self.names.program, line.path, gone) for line in lines if _reaches(line, gone)}
        self.gone, self.reasons.told_by = gone, told_
        self.reasons.onward = onward((e for line in lines for e in line.path), gone)
        self.reasons.inside = self._inside

    def spell(self, values: AbstractSet[str]) -> None:
        """Call values by their formulas, as far as they are short."""
        labels = spelled(self.plain, values)
        self.names, self.plain = self.names.labelled(labels), self.plain.labelled(labels)
        self.spelt = frozenset(values & labels.keys())
        self.reasons.names, self.hidden = self.plain, {*self.hidden, *self.spelt}
        self.reasons.inside = self._inside

    def blocks(self, layers: Iterable[Layer]) -> Iterator[StepBlock]:
        """A block for each layer; layers like those before, one after the other, are one block."""
        alike: list[Layer] = []
        for layer in layers:
            if all(line.kind in self.told for line in layer.lines):
                alike.append(layer)
                continue
            if alike:
                yield self._likewise(alike)
                alike = []
            yield self._layer(layer)
        if alike:
            yield self._likewise(alike)

    def _likewise(self, layers: Sequence[Layer]) -> StepBlock:
        starts = [self.plain.tensor(layer.start) for layer in layers]
        if len(layers) == 1:
            title = self._way(layers[0], likewise=True)
        else:
            ends = several(starts) if len(layers) < FEWEST else told("{}", f.listed([starts[0], f.symbol("ldots"), starts[-1]]))
            title = told("Likewise from {}", ends)
        block = self._block(title, (), [layer.lines for layer in layers], ())
        if len(layers) > 1:  # of several the box has the shapes
            block = replace(block, shape="")
        rows = [Formula(self.product(line.name, line.formula)) for layer in layers for line in layer.lines]
        once = folded(rows, self.layer)
        if len(once) == len(rows):
            return block
        shown = packed(
            f.side_by_side([row.formula, *row.note.parts]) if isinstance(row.note, Told) else row.formula for row in once
        )
        return replace(block, parts=(Part(told("Product"), shown, "result"),))

    def _layer(self, layer: Layer) -> StepBlock:
        new: dict[Hashable, Line] = {line.kind: line for line in reversed(layer.lines) if line.kind not in self.told}
        lines = [line for line in layer.lines if new.get(line.kind) is line]
        first: dict[Hashable, str] = {line.kind: line.name for line in lines}
        follow = [*self._follow([line for line in layer.lines if new.get(line.kind) is not line], first)]
        self.first = {**first, **self.first}
        self.told |= new.keys()
        collected_ = self.collected(lines)
        nothing = self._nothing(lines, collected_)
        if nothing:
            paths = {line.name: without_ways(line.path, set(map(self._by, nothing))) for line in lines}
            self.reasons.told_by |= {n: put_together(self.names.program, path, self.gone) for n, path in paths.items()}
            left = {
                one for n, path in paths.items() for one, _ in collected(self.names, without_what_vanishes(self.names, path), n)
            }
            collected_ = {one: x for one, x in collected_.items() if one in left}
        backward = [(line, e) for line in lines for e in self._told(line) if e.step and self.reasons.is_told(e.step)]
        alike: dict[Hashable, list[Equation]] = {}
        for line, e in backward:
            alike.setdefault((line.name, kind_of(e)), []).append(e)
        several = {ends(e) for ways in by_ways(e for _, e in backward) if len(ways) > 1 for e in ways}
        self.reasons.several |= several
        shown = {id(e) for some in alike.values() for e in (some if len(some) <= FEWEST else some[:1])}
        equations = in_order([e for _, e in backward if id(e) in shown or ends(e) in several])
        parts = (
            Part(told("Differentiated"), self._forward(in_order([*_and_those_beside(equations, [e for _, e in backward])]))),
            Part(told("Local derivative"), self._locals(equations)),
            Part(told("Chain rule"), self._chains(lines), folded=True),
            Part(told("Collected"), tuple(collected_.values())),
        )
        said_before = {split(x)[1] for x in parts[1].formulas}  # the local derivative, where nothing comes from above
        once = tuple(x for x in parts[2].formulas if split(x)[1] not in said_before)
        parts = (*parts[:2], replace(parts[2], formulas=once), *parts[3:])
        title = self._way(layer)
        said = [*self.reasons.of(lines), *self._put_in(lines, collected_, nothing), *follow]
        return self._block(title, parts, [layer.lines], (listed(said, " "),) if said else ())

    def _follow(self, lines: Sequence[Line], first: Mapping[Hashable, str]) -> Iterator[Told]:
        """Which gradients are not derived again, and as which they follow."""
        known = {**first, **self.first}
        if lines:
            own = several([self.names.in_line(line.name) for line in lines])
            before = several(list(dict.fromkeys(self.names.in_line(known[line.kind]) for line in lines)))
            yield told("{} follows as {} did." if len(lines) == 1 else "{} follow as {} did.", own, before)

    def _block(
        self, title: Content, parts: Sequence[Part], layers: Sequence[Sequence[Line]], said: tuple[Content, ...]
    ) -> StepBlock:
        lines = [line for layer in layers for line in layer]
        anchor = lines[0].name
        self.anchors |= dict.fromkeys((line.name for line in lines), anchor)
        shown = [replace(part, formulas=packed(part.formulas)) for part in parts if part.formulas]
        products = [x for layer in layers for x in packed(self.product(line.name, line.formula) for line in layer)]
        shapes = [told("{}: {}", self._shaped(line), self.names.dimensions(line.name)) for line in lines
                  if self.names.signature(line.name).shape]  # fmt: skip
        return StepBlock(title, (*shown, Part(told("Product"), tuple(products), "result")), listed(shapes), said, anchor)

    def _way(self, layer: Layer, likewise: bool = False) -> Told:
        """From where a step goes, and where to."""
        start, ends = several(list(map(self.plain.tensor, layer.starts))), several(list(map(self.end, layer.lines)))
        onward = told("Likewise from {} on to {}", start, ends) if likewise else told("From {} on to {}", start, ends)
        back = told("Likewise from {} back to {}", start, ends) if likewise else told("From {} back to {}", start, ends)
        return onward if self.derivation.vector else back

    def end(self, line: Line) -> Node:
        """What the gradient of a line is by, or what changes."""
        role = self.names.signature(line.name).role
        end = line.name if role is None else role.of if self.derivation.vector else role.wrt
        return self.plain.tensor(end)

    def _by(self, name: str) -> str:
        """What a gradient is by."""
        role = self.names.signature(name).role
        return name if role is None else role.wrt

    def _shaped(self, line: Line) -> Node:
        """What has the shape of a line: what its gradient is by; of a Jacobian, which has the axes of both, itself."""
        role = self.names.signature(line.name).role
        return self.plain.quotient(role) if role is not None and self.derivation.mode == "jacobian" else self.end(line)

    def _chains(self, lines: Sequence[Line]) -> Formulas:
        """The chain rule of each line, where it says more than the line."""
        found = [(line, row.formula) for line in lines if not self._is_local(line) for row in self.chain(line)]
        return tuple(self.gaps(line.name, x) for line, x in found if x != line.formula)

    def _is_local(self, line: Line) -> bool:
        """Whether a line is the local derivative of what is differentiated: nothing comes from above."""
        steps = [e.step for e in self.reasons.path(line) if e.step is not None and e.step.rule != "copy"]
        ways = list(by_ways(e for e in self.reasons.path(line) if e.step is not None and e.step.rule != "copy"))
        return len(ways) == 1 < len(steps) and all(step.upstream is None for step in steps)

    def collected(self, lines: Sequence[Line]) -> dict[str, Node]:
        """The gradients on the way that come along several paths, put together: what is then multiplied on."""
        found: dict[str, Node] = {}
        for line in lines:
            for name, over in self._on_the_way(line.path, line.name):
                formula = None if name in found else self.proved(name, over, self.names)
                if formula is not None:
                    found[name] = self.gaps(line.name, formula)
        return found

    def _on_the_way(self, path: Sequence[Equation], name: str) -> Iterator[tuple[str, frozenset[str]]]:
        """The gradients before one that come along several paths, and over what they are told."""
        return collected(self.names, without_what_vanishes(self.names, path), name)

    def _nothing(self, lines: Sequence[Line], collected_: Mapping[str, Node]) -> dict[str, Node]:
        """The gradients on the way that are 0, as that of the maximum in a softmax by hand."""
        if self.derivation.vector:
            return {}
        found = {name: formula for name, formula in collected_.items() if _is(formula, f.ZERO)}
        for name, over in (one for line in lines for one in extremes(self.names, line.path)):
            formula = None if name in found else self.proved(name, over, self.names)
            if formula is not None and _is(formula, f.ZERO):
                found[name] = formula
        return found

    def _put_in(self, lines: Sequence[Line], collected_: Mapping[str, Node], nothing: Mapping[str, Node]) -> Iterator[Told]:
        """What stands for a quotient where the parts of a gradient are put together, and what they leave nothing of."""
        told_ = {own for line in lines for *_, own in shifted(self.plain, line.path, line.formula, collected_)}
        for name, formula in nothing.items():
            own = self._by(name)
            if own not in told_ and own not in self._inline:
                yield told("{}: nothing comes back through {}.", formula, self.plain.tensor(own))
            elif own not in told_:
                yield told("What comes back to the maximum adds up to 0.")
        for line in lines:
            for summed, axis, rank, _ in shifted(self.plain, line.path, line.formula, collected_):
                own = self.names.in_line(summed)
                if rank == 1:
                    yield told("The entries of {} sum to zero: nothing comes back through the maximum.", own)
                elif axis == rank - 1:
                    yield told("Each row of {} sums to zero: nothing comes back through the maximum.", own)
                elif rank == 2:
                    yield told("Each column of {} sums to zero: nothing comes back through the maximum.", own)
            whole = {**collected_, line.name: line.formula}
            sums = [e.target.name for e in line.path if len(e.operands) > 1 and e.step is not None and e.step.rule == "copy"]
            name = next((n for n in reversed(sums) if n in whole), "")
            right = split(whole[name])[1] if name else None
            for y, said in quotients(self.plain, line.path, [] if right is None else [right], self._inside):
                if ("put in", y) not in self.told:
                    self.told.add(("put in", y))
                    yield told("{} is put into the parts of {}.", said, self.names.in_line(name))

    def product(self, name: str, formula: Node) -> Node:
        """The line of a gradient; where the box gave it a name, with what it is by."""
        formula = self.gaps(name, formula)
        left, right = split(formula)
        role = self.names.signature(name).role
        if right is not None and role is not None and self.names.tensor(name) != self.plain.tensor(name):
            meant = self.plain.derivative(role, (), local=True)  # ∂g/∂a, as beside its line in the box
            return f.beside(left, f.EQUALS, meant, right)
        return with_value(self.names, name, formula, self.values)

    # What is differentiated, and its parts

    def _forward(self, equations: Iterable[Equation]) -> Formulas:
        """The forward equations that are gone back through."""
        found: dict[Node, None] = {}
        ways = [(e.step.through.name, e.step.wrt.name) for e in equations if e.step and e.step.through and e.step.wrt]
        for name in dict.fromkeys(name for way in ways for name in (way[0], *self._handing_on(*way))):
            written = self.names.written.get(name)
            if written is not None and name not in self.hidden:
                found[equation_formula(self.plain, written, self._inline)] = None
        return tuple(found)

    def _handing_on(self, through: str, wrt: str) -> tuple[str, ...]:
        """The values between one and what is gone back to, which hand the gradient on: e of s = e + 1, e = exp(u)."""
        ways: list[tuple[str, ...]] = [(through,)]
        for way in ways:  # the shortest first
            written = self.names.written.get(way[-1])
            read = () if written is None else tuple(dict.fromkeys(r.name for r in written.operands))
            if wrt in read:
                return way[1:]
            if len(way) <= MOST_BETWEEN:
                ways += ((*way, n) for n in read if n not in self._inline and not self.names.signature(n).named)
        return ()

    def _locals(self, equations: Iterable[Equation]) -> Formulas:
        """The local derivatives; those that are 1 only where there are no others. A sentence says those that add up to 0."""
        told_ = at_once([e for e in equations if not vanishes(self.names.program, e)])
        found = list(dict.fromkeys(self._ways(ways) for ways in by_ways(told_)))
        said = [rows for rows in found if not all(_is(x, f.ONE) for x in rows)] or found
        return tuple(dict.fromkeys(x for rows in said for x in rows))

    @property
    def _inline(self) -> frozenset[str]:
        """What is written out where the entries of steps are: what is gone, and what nobody named."""
        return self.gone.union(self.hidden)

    @property
    def _inside(self) -> frozenset[str]:
        """What is written out in entries: of what is called by its formula, (Y V)_{ij}, only what no step goes back to."""
        return self._inline - (self.spelt - self.gone)

    def _ways(self, ways: Sequence[Equation]) -> Formulas:
        """The local derivative that some equations say: of one value by another, where they are several ways."""
        if len(ways) > 1:
            return (Summed(self.plain, [told_whole(self.plain, e) for e in ways], self._inside).formula(),)
        return self._local(ways[0])

    def _local(self, equation: Equation) -> Formulas:
        step = equation.step
        assert step is not None
        if self.reasons.total(step) and step.through is not None and step.wrt is not None:
            axis = softmaxes(self.plain).axes(self.reasons.total(step))[0]
            return (softmax_cases(self.plain, step.wrt, step.through.name, step.wrt.index[axis]),)
        parts = parts_local(self.plain, equation, self._inside)
        return parts or local_lines(self.plain, as_differentiated(self.plain, equation), self._inside)[-1:]

    def chain(self, line: Line) -> tuple[ChainRow, ...]:
        """The chain rule of a line entry by entry; what goes back through a softmax does so by its own Jacobian."""
        path = self._told(line)
        if {r.name for e in line.path for r in e.operands} & self.softmaxes.keys():
            held = {e.target.name for e in line.path}
            path = tuple(e for e in self.united if e.target.name in held)
            if line.name in self.reasons.told_by:
                path = put_together(self.names.program, path, self.gone)
        return chain_rows(self.names, line, path, self.softmaxes, self._inside)

    def _told(self, line: Line) -> tuple[Equation, ...]:
        """The equations by which a line is told, in terms of values that have names where these are shorter."""
        return tuple(by_own_value(self.plain, e, self._inline) for e in self.reasons.path(line))


def _is(formula: Node, right: Node) -> bool:
    """Whether an equation says that something is a number."""
    return items_of(split(formula)[1] or formula)[1:] == (right,)


def packed(formulas: Iterable[Node], line: int = LINE) -> Formulas:
    """Short formulas side by side, as many as a line holds."""
    return tuple(f.side_by_side(group) if len(group) > 1 else group[0] for group in beside(formulas, line))


def beside(formulas: Iterable[Node], line: int = LINE) -> list[list[Node]]:
    """The formulas that a line holds, line by line."""
    lines: list[list[Node]] = []
    for formula in formulas:
        if lines and width(f.side_by_side(lines[-1])) + width(formula) <= line:
            lines[-1].append(formula)
        else:
            lines.append([formula])
    return lines


def _and_those_beside(equations: Sequence[Equation], path: Iterable[Equation]) -> Iterator[Equation]:
    """The equations with those like them that lead from the same value, as q, k and v do from x: all are differentiated."""
    ends = {e.step.wrt.name for e in equations if e.step and e.step.wrt}
    for e in path:
        if e in equations or (e.step and e.step.wrt and e.step.wrt.name in ends):
            yield e


def _reaches(line: Line, gone: Collection[str]) -> bool:
    """Whether a line goes back to one of some values."""
    return any(e.step is not None and e.step.wrt is not None and e.step.wrt.name in gone for e in line.path)
