"""Why a line of the backward pass is what it is, in words: each reason is found in the equations, never in names."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.functions import TableFunction
from symbackprop.core.guards import affine, split
from symbackprop.core.program import Equation, Gradient, Ref, Step, Sum, position
from symbackprop.display.body import scalar
from symbackprop.display.box import only_line
from symbackprop.display.names import Names
from symbackprop.documents.document import Span
from symbackprop.documents.layers import Line
from symbackprop.documents.step_block import Untied, untied
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.told import Told, several, told
from symbackprop.formulas.tree import Node, Row, items_of, walk

Reason = tuple[Hashable, Told]
"""A sentence with its key: what has the same key is said once on a page."""

GROUPED = 10**5
"""Numbers from here on are written with commas."""


class Reasons:
    """What there is to say of the lines of one derivation.

    names      the names of its program.
    softmaxes  the logsumexp of each softmax that has a name -> what it is taken of, and that name.
    """

    def __init__(self, derivation: Derivation, names: Names, softmaxes: dict[str, tuple[str, str]]) -> None:
        self.derivation, self.names, self.softmaxes = derivation, names, softmaxes
        self.told: set[Hashable] = set()

    def of(self, lines: Iterable[Line]) -> Iterator[Told]:
        """The sentences of some lines, each once on a page."""
        for line in lines:
            found = [reason for equation in line.path for reason in self._of_equation(equation)]
            for key, sentence in (*found, *self._error(line), *self._softmax(line)):
                if key not in self.told:
                    self.told.add(key)
                    yield sentence

    def is_told(self, step: Step) -> bool:
        """Whether a step is told by itself: none through a logsumexp is, where that is a part of a softmax."""
        ends = [ref.name for ref in (step.through, step.wrt) if ref is not None]
        return step.rule in ("chain", "onward") and not any(n in self.softmaxes for n in ends)

    def total(self, step: Step) -> str:
        """The logsumexp of the softmax that a step goes back through; "" where it goes through none."""
        ends = tuple(ref.name if ref is not None else "" for ref in (step.wrt, step.through))
        return next((total for total, pair in self.softmaxes.items() if pair == ends), "")

    # Of one equation

    def _of_equation(self, equation: Equation) -> Iterator[Reason]:
        step = equation.step
        if step is None:
            return
        if step.rule == "copy" and step.wrt is not None:
            vias = [role.via for r in equation.operands if (role := self.names.signature(r.name).role) and role.via]
            if not any(via in self.softmaxes for via in vias):
                own, ways = self.names.tensor(step.wrt.name), several(list(map(self.names.tensor, dict.fromkeys(vias))))
                yield ("copy", step.wrt), told("{} acts through {}: the gradients of its uses add.", own, ways)
        elif step.rule == "zero":
            yield "zero", told("No slope leads from one to the other: the derivative is zero.")
        elif step.rule == "both" and step.through is not None:
            through = self.names.tensor(step.through.name)
            yield "both", told("Each operand of {} changes it by its own part; to first order the parts add.", through)
        elif self.is_told(step) and not self.total(step):
            yield from self._of_chain(equation, step)

    def _of_chain(self, equation: Equation, step: Step) -> Iterator[Reason]:
        through, wrt, op = step.through, step.wrt, equation.op
        assert through is not None
        assert wrt is not None
        assert isinstance(op, Sum)
        if step.pattern == "map" and through.index == wrt.index and not op.over and through.index:
            if any(n != 1 for n in self.names.signature(through.name).shape):
                yield "map", self._diagonal(through)
        elif step.rule == "chain":
            yield from self._pattern(step, through, wrt)
        apart = untied(self.names, equation, step)
        if apart is not None:
            yield "jacobian", self._never_formed(step, apart)
        served = [letter(c) for c, n in op.over if n != 1 and c in through.index and c not in wrt.index]
        is_shared = step.pattern in ("add", "multiply", "map", "scale")
        is_weight = step.pattern == "product" and self.names.signature(wrt.name).kind == "parameter"
        if step.rule == "chain" and served and (is_shared or is_weight):
            letters, own = several(served), self.names.tensor(wrt.name)
            yield "served", told("{} serves every {}: its gradient is the sum over {}.", own, letters, letters)

    def _pattern(self, step: Step, through: Ref, wrt: Ref) -> Iterator[Reason]:
        """What the kind of a step says, of the values that it goes through."""
        y, x = self.names.tensor(through.name), self.names.tensor(wrt.name)
        match step.pattern:
            case "product":
                yield from self._product(step, through, wrt)
            case "multiply":
                yield step.pattern, told("{} is a product: the gradient by {} is that by {} times the other factors.", y, x, y)
            case "max":
                yield (
                    step.pattern,
                    told(
                        "Of the entries of {} only the one that {} was taken from receives its gradient; the others receive zero.",
                        x,
                        y,
                    ),
                )
            case "sum":
                yield step.pattern, told("{} adds entries of {}: each receives its gradient unchanged.", y, x)
            case "repeat":
                yield (
                    step.pattern,
                    told("Entries of {} stand in several places of {}: each collects the gradients of them all.", x, y),
                )
            case "select":
                yield (
                    step.pattern,
                    told(
                        "{} reads entries of {}: the gradient goes back to those that were read; one that was read more "
                        "often collects more, one that was not read receives zero.",
                        y,
                        x,
                    ),
                )
            case _:
                return

    def _product(self, step: Step, through: Ref, wrt: Ref) -> Iterator[Reason]:
        """A matrix product is linear in each of its factors; a convolution goes back by the kernel turned round."""
        if len(step.local_operands) != 1:
            return
        y, x, other = (self.names.tensor(ref.name) for ref in (through, wrt, step.local_operands[0]))
        written = self.names.written.get(through.name)
        part = None if written is None else _windows(self.names, written, wrt)
        if part == "input":
            yield (
                "convolution",
                told("The gradient by {} is a convolution of that by {} with the kernel {} turned round.", x, y, other),
            )
        elif part == "kernel":
            yield "correlation", told("The gradient by the kernel {} is {} held against that by {}, window by window.", x, other, y)
        else:
            yield "product", told("{} is linear in {} and in {}: each receives the gradient by {} times the other.", y, x, other, y)

    def _diagonal(self, through: Ref) -> Told:
        entries = sp.Mul(*(n**2 for n in self.names.signature(through.name).shape))
        return told(
            "{} is computed entry by entry: its Jacobian, of {} entries, is diagonal, and the product with it is one entry by "
            "entry.",
            self.names.tensor(through.name),
            _count(entries),
        )

    def _never_formed(self, step: Step, apart: Untied) -> Told:
        assert step.wrt is not None
        jacobian = self.names.derivative(Gradient(apart.through.name, step.wrt.name), [], local=True)
        shape = (*self.names.signature(apart.through.name).shape, *self.names.signature(step.wrt.name).shape)
        delta = [f.indicator(f.equation(letter(new), letter(old))) for old, new in apart.new.items()]
        letters = several(list(map(letter, apart.new.values())))
        return told(
            "The Jacobian {} would have {} entries. It is never formed: {} leaves one term of the sum over {}.",
            jacobian,
            _count(sp.Mul(*shape)),
            f.juxtapose(delta),
            letters,
        )

    # Of a whole line

    def _error(self, line: Line) -> Iterator[Reason]:
        """The delta rule: the error times the slope of the activation."""
        for equation in line.path:
            step = equation.step
            if step is None or step.through is None or step.pattern != "map":
                continue
            through = step.through.name
            written = self.names.written.get(through)
            if written is None or not isinstance(written.op, Sum) or not isinstance(written.op.body, TableFunction):
                continue
            above = next((e for e in line.path if e.step and e.step.wrt and e.step.wrt.name == through), None)
            target = None if above is None or not written.op.body.row.activation else _taken_from(above, through)
            if target is not None and self.names.signature(target).kind in ("data", "labels"):
                error = f.add([self.names.tensor(through), f.negative(self.names.tensor(target))])
                yield "delta", told("This is the delta rule: the error {} times the slope of the activation.", error)

    def _softmax(self, line: Line) -> Iterator[Reason]:
        """Prediction minus target: what is left where a softmax meets the logarithm of a cross-entropy."""
        read = {r.name for e in line.path for r in e.operands}
        for o, p in (pair for total, pair in self.softmaxes.items() if total in read):
            for y in (t for t in self.derivation.forward.inputs if t.name in read and t.shape == self.names.signature(p).shape):
                difference = f.add([self.names.tensor(p), f.negative(self.names.tensor(y.name))])
                if y.kind == "labels" and _says(line.formula, difference):
                    yield (
                        "recognised",
                        told("The softmax and the logarithm cancel: {} is left, the prediction minus the target.", difference),
                    )
                elif y.kind == "data" and _says(self._declared(y.name, o), difference):
                    declared = f"{y.name}: labels[{', '.join(map(str, y.shape))}]"
                    yield (
                        "declared",
                        told(
                            "If the entries of {} sum to one, declare {}: then {} is left.",
                            self.names.tensor(y.name),
                            Span(declared, style="code"),
                            difference,
                        ),
                    )

    def _declared(self, label: str, wrt: str) -> Node | None:
        """The line of a gradient where a tensor of data is declared as labels."""
        forward = self.derivation.forward
        tensors = {**forward.tensors, label: replace(forward.tensors[label], kind="labels")}
        return only_line(differentiate(replace(forward, tensors=tensors), self.derivation.of, [wrt]))


def _taken_from(equation: Equation, name: str) -> str | None:
    """y where an equation is c (`name` - y), with c free of both; None where it is none."""
    if not isinstance(equation.op, Sum) or len(equation.operands) != 2 or equation.op.over:
        return None
    body, slots = sp.expand(equation.op.body), equation.op.slots
    pairs = tuple(zip(slots, equation.operands, strict=True))
    for (own, ref), (other, taken) in (pairs, pairs[::-1]):
        c = body.coeff(own)
        if ref.name == name and c and not c.free_symbols & set(slots) and sp.expand(body - c * (own - other)) == 0:
            return taken.name
    return None


def _windows(names: Names, written: Equation, wrt: Ref) -> str:
    """What an operand of a convolution with windows one apart is, "input" or "kernel"; "" where there are no such windows."""
    if not isinstance(written.op, Sum):
        return ""
    summed = {c for c, _ in written.op.over}
    for guard in split(written.op).guards:
        form = affine(guard.rhs)
        letters = {c for c in form.slopes if form.slopes[c] == 1}
        if form.opaque != 0 or len(form.slopes) != 2 or len(letters) != 2 or len(letters & summed) != 1:
            continue
        (inside,) = letters & summed
        for operand in written.operands:
            if operand.name == wrt.name and any(guard.lhs == position(c) for c in operand.index):
                return "input"
            if operand.name == wrt.name and inside in operand.index:
                return "kernel"
    return ""


def _count(entries: sp.Expr) -> Node | str:
    """How many there are, a large number with commas."""
    return f"{int(entries):,}" if entries.is_Integer and entries >= GROUPED else scalar(entries)


def _says(formula: Node | None, difference: Node) -> bool:
    """Whether a formula is an equation with a difference as its right side, or holds it in brackets."""
    ends = (f.EQUALS, *items_of(difference))
    rows = [part for part in walk(formula) if isinstance(part, Row)] if formula is not None else []
    return difference in rows or any(row.items[-len(ends) :] == ends for row in rows)
