"""One layer's step: what is differentiated, the local derivatives, the chain rule entry by entry, the product, and why."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Gradient, Ref, Step, Sum, slot
from symbackprop.display.body import scalar
from symbackprop.display.equations import equation_formula
from symbackprop.display.index_form import entry, index_form, target_entry
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.documents.document import Content, Formulas, Part, StepBlock
from symbackprop.documents.layers import Layer, Line, kind_of
from symbackprop.documents.step_block import PATTERNS, Untied, local_lines, untied, whole, with_value
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, Name, letter
from symbackprop.formulas.told import Told, listed, several, told
from symbackprop.formulas.tree import Node, Row, items_of, split, walk, width

WIDEST = 76
"""The longest chain rule over several equations, in letters across the paper."""

LINE = 36
"""The longest line of several formulas."""


class Lecture:
    """Tells the layers of one derivation. What was told is not told again: a layer like one before is its lines alone.

    names    the names of its program, with those that the box gives to gradients.
    hidden   values that the report writes out where they are read.
    values   numbers to show beside the lines of scalars.
    anchors  each line -> the anchor of the step that it stands in.
    """

    def __init__(self, derivation: Derivation, names: Names, hidden: Collection[str], values: Mapping[str, Any]) -> None:
        self.derivation, self.names, self.hidden, self.values = derivation, names, hidden, values
        self.plain = Names(derivation.program)
        known = softmaxes(self.plain)
        self.softmaxes = {total: (o, p) for (o, total), p in known.named.items() if p and len(known.axes(total)) == 1}
        self.told: set[Hashable] = set()
        self.anchors: dict[str, str] = {}

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
        starts = several([self.plain.tensor(layer.start) for layer in layers])
        title = told("Likewise from {}", starts) if len(layers) > 1 else self._way(starts, layers[0].lines, likewise=True)
        return self._block(title, (), [layer.lines for layer in layers], ())

    def _layer(self, layer: Layer) -> StepBlock:
        new: dict[Hashable, Line] = {line.kind: line for line in reversed(layer.lines) if line.kind not in self.told}
        lines = [line for line in layer.lines if new.get(line.kind) is line]
        self.told |= new.keys()
        found = {(line.name, kind_of(e)): e for line in lines for e in reversed(line.path) if self._is_shown(e)}
        equations = [e for line in lines for e in line.path if found.get((line.name, kind_of(e))) is e]
        parts = (
            Part(told("Differentiated"), self._forward(equations)),
            Part(told("Local derivative"), tuple(dict.fromkeys(x for e in equations for x in self._local(e)))),
            Part(told("Chain rule"), tuple(x for line in lines for x in self.chain(line) if x != line.formula)),
        )
        title = self._way(self.plain.tensor(layer.start), layer.lines)
        said = list(self._sentences(lines))
        return self._block(title, parts, [layer.lines], (listed(said, " "),) if said else ())

    def _block(
        self, title: Content, parts: Sequence[Part], layers: Sequence[Sequence[Line]], said: tuple[Content, ...]
    ) -> StepBlock:
        lines = [line for layer in layers for line in layer]
        anchor = lines[0].name
        self.anchors |= dict.fromkeys((line.name for line in lines), anchor)
        shown = [replace(part, formulas=packed(part.formulas)) for part in parts if part.formulas]
        products = [x for layer in layers for x in packed(map(self._product, layer))]
        shapes = [told("{}: {}", self._end(line), self.names.dimensions(line.name)) for line in lines
                  if self.names.signature(line.name).shape]  # fmt: skip
        return StepBlock(title, (*shown, Part(told("Product"), tuple(products), "result")), listed(shapes, "  "), said, anchor)

    def _way(self, start: Node | Told, lines: Sequence[Line], likewise: bool = False) -> Told:
        """From where a step goes, and where to."""
        ends = several(list(map(self._end, lines)))
        onward = told("Likewise from {} on to {}", start, ends) if likewise else told("From {} on to {}", start, ends)
        back = told("Likewise from {} back to {}", start, ends) if likewise else told("From {} back to {}", start, ends)
        return onward if self.derivation.vector else back

    def _end(self, line: Line) -> Node:
        """What the gradient of a line is by, or what changes."""
        role = self.names.signature(line.name).role
        end = line.name if role is None else role.of if self.derivation.vector else role.wrt
        return self.plain.tensor(end)

    def _product(self, line: Line) -> Node:
        """A line; where the box gave the gradient a name, with what it is by."""
        left, right = split(line.formula)
        role = self.names.signature(line.name).role
        if right is not None and role is not None and self.names.tensor(line.name) != self.plain.tensor(line.name):
            return f.beside(left, f.EQUALS, self.plain.tensor(line.name), right)
        return with_value(self.names, line.name, line.formula, self.values)

    # What is differentiated, and its parts

    def _is_shown(self, equation: Equation) -> bool:
        """Whether an equation is told by itself: none of a logsumexp is, where it is a part of a softmax."""
        step = equation.step
        ends = [ref.name for ref in (step.through, step.wrt) if ref is not None] if step else []
        return step is not None and step.rule in ("chain", "onward") and not any(n in self.softmaxes for n in ends)

    def _forward(self, equations: Iterable[Equation]) -> Formulas:
        """The forward equations that are gone back through."""
        found: dict[Node, None] = {}
        for name in dict.fromkeys(e.step.through.name for e in equations if e.step and e.step.through):
            written = self.names.written.get(name)
            if written is not None:
                found[equation_formula(self.plain, written, self.hidden)] = None
        return tuple(found)

    def _local(self, equation: Equation) -> Formulas:
        step = equation.step
        assert step is not None
        if self._total(step) and step.through is not None and step.wrt is not None:
            axis = softmaxes(self.plain).axes(self._total(step))[0]
            return (softmax_cases(self.plain, step.wrt, step.through.name, step.wrt.index[axis]),)
        return local_lines(self.plain, equation, whole(self.plain, step))[-1:]

    def chain(self, line: Line) -> Formulas:
        """The chain rule of a line entry by entry, with the sum that a Kronecker delta collapses."""
        *inner, last = line.path
        if last.step is None or (not inner and (last.step.upstream is None or _is_passed_on(last))):
            return ()
        if any(not isinstance(e.op, Sum) or {r.name for r in e.operands} & self.softmaxes.keys() for e in line.path):
            return ()
        if inner and any(e.step is not None and e.step.pattern == "select" for e in line.path):  # positions within positions
            return ()
        left, right = target_entry(self.names, last), index_form(self.names, last, [e.target.name for e in inner])
        if inner:
            return (f.equation(left, right),) if width(right) <= WIDEST else ()
        apart = untied(self.names, last, last.step)
        if apart is None:
            return (f.equation(left, right),)
        return (f.equation(left, f.equation(self._summed(last.step, apart), right)),)

    def _summed(self, step: Step, apart: Untied) -> Node:
        """The chain rule with its Kronecker delta: sum_k dL/dz[k] 1[k = i] x[j]."""
        assert step.upstream is not None
        assert step.wrt is not None
        above = step.upstream._replace(index=tuple(apart.new.get(c, c) for c in step.upstream.index))
        over = [shown for c in apart.through.index if c not in step.wrt.index and (shown := apart.letters[c]) is not None]
        return f.over_letters(f.SUM, over, f.juxtapose([entry(self.names, above, apart.letters), apart.right]))

    def _total(self, step: Step) -> str:
        """The logsumexp of the softmax that a step goes back through; "" where it goes through none."""
        ends = tuple(ref.name if ref is not None else "" for ref in (step.wrt, step.through))
        return next((total for total, pair in self.softmaxes.items() if pair == ends), "")

    # Why

    def _recognised(self, line: Line) -> Iterator[tuple[Hashable, Told]]:
        """Prediction minus target: what is left where a softmax meets the logarithm of a cross-entropy."""
        read = {r.name for e in line.path for r in e.operands}
        for p in (p for total, (_, p) in self.softmaxes.items() if total in read):
            labels = [t.name for t in self.derivation.forward.inputs if t.kind == "labels" and t.name in read]
            for difference in (f.add([self.plain.tensor(p), f.negative(self.plain.tensor(y))]) for y in labels):
                sides = [part for part in walk(line.formula) if isinstance(part, Row)]
                if difference in sides or any(_ends_with(side, difference) for side in sides):
                    yield "recognised", told("The softmax and the logarithm cancel: {} is left, the prediction minus the target.",
                                             difference)  # fmt: skip

    def _sentences(self, lines: Iterable[Line]) -> Iterator[Told]:
        """What there is to say of the lines, each once on a page."""
        for line in lines:
            for key, sentence in (*(said for equation in line.path for said in self._why(equation)), *self._recognised(line)):
                if key not in self.told:
                    self.told.add(key)
                    yield sentence

    def _why(self, equation: Equation) -> Iterator[tuple[Hashable, Told]]:
        step = equation.step
        if step is None:
            return
        if step.rule == "copy" and step.wrt is not None:
            vias = [role.via for r in equation.operands if (role := self.names.signature(r.name).role) and role.via]
            if not any(via in self.softmaxes for via in vias):
                ways = several([self.plain.tensor(via) for via in dict.fromkeys(vias)])
                yield (
                    ("copy", step.wrt),
                    told("{} acts through {}: the gradients of its uses add.", self.plain.tensor(step.wrt.name), ways),
                )
        elif step.rule == "zero":
            yield "zero", told("No slope leads from one to the other: the derivative is zero.")
        elif step.rule == "both" and step.through is not None:
            through = self.plain.tensor(step.through.name)
            yield "both", told("Each operand of {} changes it by its own part; to first order the parts add.", through)
        elif self._is_shown(equation):
            yield from self._why_chained(equation, step)

    def _why_chained(self, equation: Equation, step: Step) -> Iterator[tuple[Hashable, Told]]:
        through, wrt, op = step.through, step.wrt, equation.op
        assert through is not None
        assert wrt is not None
        assert isinstance(op, Sum)
        if self._total(step):
            return
        if step.pattern == "map" and through.index == wrt.index and not op.over and through.index:
            yield "map", told("{} is computed entry by entry: its Jacobian is diagonal, and the product with it is one entry by "
                              "entry.",
                              self.plain.tensor(through.name))  # fmt: skip
        elif step.rule == "chain" and step.pattern in PATTERNS and step.pattern not in ("map", "copy"):
            yield step.pattern, PATTERNS[step.pattern]
        apart = untied(self.plain, equation, step)
        if apart is not None:
            yield "jacobian", self._never_formed(step, apart)
        served = [letter(c) for c, n in op.over if n != 1 and c in through.index and c not in wrt.index]
        own = self.names.signature(wrt.name).kind == "parameter"
        if (
            step.rule == "chain"
            and served
            and (step.pattern in ("add", "multiply", "map", "scale") or (step.pattern == "product" and own))
        ):
            letters, one = several(served), self.plain.tensor(wrt.name)
            yield "served", told("{} serves every {}: its gradient is the sum over {}.", one, letters, letters)

    def _never_formed(self, step: Step, apart: Untied) -> Told:
        assert step.wrt is not None
        jacobian = self.plain.derivative(Gradient(apart.through.name, step.wrt.name), [], local=True)
        shape = (*self.plain.signature(apart.through.name).shape, *self.plain.signature(step.wrt.name).shape)
        entries = sp.Mul(*shape)
        delta = [f.indicator(f.equation(letter(new), letter(old))) for old, new in apart.new.items()]
        return told("The Jacobian {} would have {} entries. It is never formed: {} leaves one term of the sum over {}.",
                    jacobian, scalar(entries), f.juxtapose(delta), several(list(map(letter, apart.new.values()))))  # fmt: skip


def packed(formulas: Iterable[Node], line: int = LINE) -> Formulas:
    """Short formulas side by side, as many as a line holds."""
    lines: list[Node] = []
    for formula in formulas:
        if lines and width(lines[-1]) + width(formula) <= line:
            lines[-1] = f.side_by_side([lines[-1], formula])
        else:
            lines.append(formula)
    return tuple(lines)


def softmax_cases(names: Names, o: Ref, named: str, k: str) -> Node:
    """dp[k]/do[i] = p[k] (1 - p[k]) where k = i, otherwise -p[k] p[i]; `k` is the letter that the softmax runs over."""
    shape = dict(zip(o.index, names.signature(o.name).shape, strict=True))
    other = fresh(1, o.index)[0]

    def at(c: str) -> list[Letter]:
        return [None if shape[x] == 1 else letter(c if x == k else x) for x in o.index]

    p, q = (names.entry(named, at(c)) if named else Name(f.letter("p")).formula(at(c)) for c in (k, other))
    first, second = letter(k), letter(other)
    left = f.over(f.partial(p), f.partial(names.entry(o.name, at(other))))
    same = f.juxtapose([p, f.bracket(f.add([f.ONE, f.negative(p)]))])
    right = f.cases(same, f.equation(first, second), f.negative(f.juxtapose([p, q])), f.relation(first, f.symbol("ne"), second))
    return f.equation(left, right)


def _ends_with(row: Row, end: Node) -> bool:
    """Whether a row is an equation with a right side."""
    items = items_of(end)
    return row.items[-len(items) - 1 :] == (f.EQUALS, *items)


def _is_passed_on(equation: Equation) -> bool:
    return isinstance(equation.op, Sum) and not equation.op.over and equation.op.body == slot(0)
