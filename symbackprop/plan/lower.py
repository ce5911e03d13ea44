"""The equations of a program at fixed sizes as a graph of values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import iverson, matrix_function
from symbackprop.core.guards import affine, fixed_letters, integers_of, letters_of, overhang, split
from symbackprop.core.program import Carry, Equation, Matrix, Program, Reduce, Ref, Sum, letter_sizes, position, substituted
from symbackprop.plan.contract import as_one_product, total
from symbackprop.plan.entries import MOST, Body
from symbackprop.plan.gathered import gathered
from symbackprop.plan.graph import PASSES, Graph, terms_of
from symbackprop.plan.node import Add, Arg, Carried, Fold, Input, Multiply, Node, PlanError, Square, Tie, Value
from symbackprop.plan.places import At, put, read, scatter, take
from symbackprop.plan.stacked import as_stack


@dataclass(frozen=True)
class Lowered:
    """A program as a graph.

    values   the value of each tensor, with the letters of its axes in order.
    inputs   the node of each input.
    """

    graph: Graph
    values: Mapping[str, tuple[Value, tuple[str, ...]]]
    inputs: Mapping[str, Node]


@dataclass(frozen=True)
class _Softened:
    """A log of a sum of exponentials, and what it was made of."""

    result: Value
    argument: Value
    exponentials: Value
    summed: Value


def lowered(program: Program, passes: Iterable[str] = PASSES) -> Lowered:
    """The graph of a program whose sizes are all numbers. Raises PlanError for what no plan can hold."""
    return _Lowering(program, passes).run()


class _Lowering:
    def __init__(self, program: Program, passes: Iterable[str]) -> None:
        self.program, self.graph = program, Graph(passes)
        self.shape = {name: tuple(map(int, t.shape)) for name, t in program.tensors.items()}
        self.values: dict[str, tuple[Value, tuple[str, ...]]] = {}
        self.softened: list[_Softened] = []

    def run(self) -> Lowered:
        inputs: dict[str, Node] = {}
        for tensor in self.program.inputs:
            letters = tuple(f"axis {k}" for k in range(tensor.rank))
            if tensor.kind == "constant":
                self.values[tensor.name] = Value(float(tensor.value or 0)), letters
                continue
            kind = "integer" if tensor.kind == "integers" else "real"
            inputs[tensor.name] = self.graph.node(Input(tensor.name), (), self.shape[tensor.name], (), kind)
            self.values[tensor.name] = Value(1.0, inputs[tensor.name], letters), letters
        carries = [e for e in self.program.equations if isinstance(e.op, Carry)]
        sources = {e.operands[0].name for e in carries}
        for equation in self.program.equations:
            self.graph.extent = {c: int(n) for c, n in letter_sizes(self.program, equation).items()}
            value = self._equation(equation)
            name, letters = equation.target
            self.values[name] = self.graph.held(value) if name in sources else value, letters
        for equation in carries:
            self._tie(equation)
        return Lowered(self.graph, self.values, inputs)

    def _equation(self, equation: Equation) -> Value:
        op = equation.op
        over = [c for c, _ in op.over]
        match op:
            case Sum():
                return self._sum(equation, op)
            case Reduce():
                return self._fold(op.kind, self._operand(equation.operands[0], {}), over)
            case Matrix():
                return self._matrix(equation, op)
            case Carry():
                return self._carried(equation, op)
            case _:
                assert_never(op)

    def _matrix(self, equation: Equation, op: Matrix) -> Value:
        refs, row = equation.operands, matrix_function(op.kind)
        found = {c for ref in refs for c in ref.index[:-2]}
        lead = refs[0].index[:-2] if len(refs) == 1 else tuple(c for c in equation.target.index if c in found)
        letters = (*lead, *equation.target.index[len(equation.target.index) - len(row.axes) :])
        args = [Arg(self._solid(op, ref, (*lead, *ref.index[-2:])), tuple(range(len(lead)))) for ref in refs]
        return Value(1.0, self.graph.node(Square(op.kind), args, self.graph.shape(letters)), letters)

    def _solid(self, op: Matrix, ref: Ref, letters: tuple[str, ...]) -> Node:
        """Matrices with some axes, those that they lack repeated."""
        if len(set(ref.index)) < len(ref.index):
            raise PlanError(f"{op.kind} of a part of {ref.name}")
        value = self.graph.held(self._operand(ref, {}))
        if value.letters == letters:
            return value.solid
        at = tuple(letters.index(c) for c in value.letters)
        return self.graph.node(Multiply(), [Arg(value.solid, at)], self.graph.shape(letters))

    def _operand(self, ref: Ref, places: Mapping[str, At]) -> Value:
        """A tensor as it stands in an equation, with places for some of its letters."""
        value, letters = self.values[ref.name]
        swap = dict(zip(letters, ref.index, strict=True))
        found = tuple(swap[c] for c in value.letters)
        if len(set(found)) == len(found):
            return read(self.graph, Value(value.coefficient, value.node, found), places)
        marks = tuple(f"{c} {k}" for k, c in enumerate(found))  # a diagonal: axes that are read at one position
        ats = {mark: places.get(c, At(0, {c: 1})) for mark, c in zip(marks, found, strict=True)}
        return read(self.graph, value._replace(letters=marks), ats)

    # -- loops

    def _carried(self, equation: Equation, op: Carry) -> Value:
        """The value of the step before, which is known as the step begins; of a single step, what the loop starts from."""
        letters, first = equation.target.index, equation.operands[1:]
        if self.graph.extent[op.letter] == 1:
            return self._operand(first[0], {}) if first else Value(0.0)
        return Value(1.0, self.graph.node(Carried(equation.target.name), (), self.graph.shape(letters)), letters)

    def _tie(self, equation: Equation) -> None:
        """Say what a Carried node holds."""
        op, letters = equation.op, equation.target.index
        assert isinstance(op, Carry)
        carried = self.values[equation.target.name][0].node
        if carried is None or carried.op != Carried(equation.target.name):
            return  # a loop of one step holds what it starts from, which another loop may carry
        self.graph.extent = {c: int(n) for c, n in letter_sizes(self.program, equation).items()}
        values = [self.graph.held(self._operand(ref, {})) for ref in equation.operands]
        source, *first = (Arg(v.solid, tuple(map(letters.index, v.letters))) for v in values)
        self.graph.ties.append(Tie(carried, letters.index(op.letter), op.step, source, first[0] if first else None))

    # -- sums

    def _sum(self, equation: Equation, op: Sum) -> Value:
        terms = sp.Add.make_args(op.body)
        if len(terms) > 1 and any(_guarded(term) for term in terms):
            return self._added([self._term(equation, replace(op, body=term)) for term in terms])
        return self._term(equation, op)

    def _added(self, values: list[Value]) -> Value:
        found = self.graph.add(values)
        if found.node is None or not isinstance(found.node.op, Add) or found.node.op.plus:
            return found
        return self._improved(found)

    def _improved(self, value: Value) -> Value:
        """A sum of slices as a stack, a sum of many equal products as one."""
        terms = terms_of(value.bare())
        if "stack" in self.graph.passes and (stacked := as_stack(self.graph, terms)) is not None:
            return stacked.times(value.coefficient)
        if "steps" in self.graph.passes and len(joined := as_one_product(self.graph, terms)) < len(terms):
            return self.graph.add(joined).times(value.coefficient)
        return value

    def _term(self, equation: Equation, op: Sum) -> Value:
        """The sum of one product."""
        part = Equation(equation.target, op, equation.operands)
        factors = split(op)
        fixed, remaining = fixed_letters(self.program, part) if factors.guards else ({}, [])
        ones = {position(c): S.Zero for c, n in self.graph.extent.items() if n == 1}
        ats = {c: substituted(at, ones) for c, at in fixed.items()}
        places = {c: _Fixed(at, self._hangs(part, c, at)) for c, at in ats.items()}
        slots, masks = self._slots(part, op, factors.rest, places)
        rest = sp.Mul(factors.rest, *map(iverson, remaining)) if remaining else factors.rest
        rest = substituted(rest, {position(c): p.at for c, p in places.items()} | ones)
        body = Body(self.graph, slots, self._exponential)
        values = [v for k, n in Counter(factors.operands).items() for v in self._power(body, slots[op.slots[k]], n)]
        values += [body.value(factor) for factor in sp.Mul.make_args(rest) if factor != 1]
        values.append(body.value(factors.coefficient))
        target = {c: p for c, p in places.items() if c in equation.target.index}
        moved = {c for p in target.values() for c in self._letters_at(p.at, part)}
        over = [c for c, _ in op.over if c not in places and c not in moved]
        if all(v.node is None or v.node.kind == "integer" for v in values):  # the one entry of an axis is read: it stays an integer
            lone = {c: At(0, {}) for c in over if self.graph.extent[c] == 1}
            values = [v if v.node is None else read(self.graph, v, {c: lone[c] for c in v.letters if c in lone}) for v in values]
            over = [c for c in over if c not in lone]
        if masks:
            inside = body.truth(sp.And(*masks))
            product = self.graph.multiply(map(self.graph.real, values))
            values = [body.apply("select", [inside, product, Value(0.0)])]
        value = total(self.graph, values, over) if over else self.graph.multiply(values)
        return self._written(value, target, part) if target else self._looked(value)

    @staticmethod
    def _power(body: Body, value: Value, count: int) -> list[Value]:
        """A factor as often as it stands; beyond the largest product of squares it is one function of its entries."""
        return [value] * count if count <= MOST else [body.apply("power", [value, Value(float(count))])]

    def _looked(self, value: Value) -> Value:
        if value.node is not None and isinstance(value.node.op, Add) and not value.node.op.plus and len(value.node.args) > 2:
            return self._improved(value)
        return value

    def _hangs(self, equation: Equation, letter: str, at: Expr) -> bool:
        sizes = letter_sizes(self.program, equation)
        found = overhang(at, sizes[letter], sizes, self.program.conditions, integers_of(self.program, equation))
        return found != (S.Zero, S.Zero)

    def _slots(
        self, equation: Equation, op: Sum, rest: Expr, places: Mapping[str, _Fixed]
    ) -> tuple[dict[Symbol, Value], list[Any]]:
        """The value of every slot, read at places, and what must hold for the others to be in range."""
        if not places:
            return {s: self._operand(ref, {}) for s, ref in zip(op.slots, equation.operands, strict=True)}, []
        slots: dict[Symbol, Value] = {}
        factors = {op.slots[k] for k in split(op).operands}
        safe = {c for c, p in places.items() if not p.hangs or c in equation.target.index}
        for s, ref in zip(op.slots, equation.operands, strict=True):
            here = {c: places[c] for c in ref.index if c in places}
            if not here:
                slots[s] = self._operand(ref, {})
                continue
            plain = {c: At(*_offset_and_slopes(p.at)) for c, p in here.items() if not p.integers}
            value = self._operand(ref, plain)
            for c, p in here.items():
                if p.integers:
                    value = self._looked_up(value, c, p, equation)
            slots[s] = value
            if s in factors and s not in rest.free_symbols:
                safe |= plain.keys()
        masks: list[Any] = []
        for c, p in places.items():
            if c not in safe:
                masks += [p.at >= 0, p.at <= self.graph.extent[c] - 1]
        return slots, masks

    def _looked_up(self, value: Value, letter: str, place: _Fixed, equation: Equation) -> Value:
        if place.hangs:
            raise PlanError("a position that data tell may be out of range")
        return take(self.graph, value, letter, self._integers(place, equation))

    def _integers(self, place: _Fixed, equation: Equation) -> Value:
        """The tensor of integers that a place is."""
        for s, ref in zip(equation.op.slots if isinstance(equation.op, Sum) else (), equation.operands, strict=True):
            if s == place.at:
                found = self._operand(ref, {})
                if found.node is not None and found.node.kind == "integer" and found.coefficient == 1:
                    return found
        raise PlanError(f"the position {place.at} is no tensor of integers alone")

    def _letters_at(self, at: Expr, equation: Equation) -> list[str]:
        found = letters_of(at)
        slots = equation.op.slots if isinstance(equation.op, Sum) else ()
        return sorted(
            found | {c for s, ref in zip(slots, equation.operands, strict=True) if s in at.free_symbols for c in ref.index}
        )

    def _written(self, value: Value, target: Mapping[str, _Fixed], equation: Equation) -> Value:
        """The value at its places, axis by axis: first where data tell them, then where the other letters do."""
        keep, left = tuple(c for c in equation.target.index if c not in target), dict(target)
        for letter, place in target.items():
            if place.integers:
                if place.hangs:
                    raise PlanError("a position that data tell may be out of range")
                del left[letter]
                later = (c for p in left.values() for c in self._letters_at(p.at, equation))
                value = put(self.graph, value, letter, self._integers(place, equation), tuple(dict.fromkeys((*keep, *later))))
                keep = (*keep, letter)
        plain = {c: At(*_offset_and_slopes(p.at)) for c, p in left.items()}
        if not plain:
            return value
        found = gathered(self.graph, value, plain, keep)
        return found if found is not None else scatter(self.graph, value, plain, keep)

    # -- largest entries, and logs of sums of exponentials

    def _fold(self, kind: str, value: Value, over: list[str]) -> Value:
        graph = self.graph
        missing = [c for c in over if c not in value.letters]
        over = [c for c in over if c in value.letters]
        if kind in ("prod", "logsumexp") and any(graph.extent[c] > 1 for c in missing):
            raise PlanError(f"{kind} over an axis that its operand lacks")
        match kind:
            case "max" | "min" | "prod":
                return self._folded(kind, value, over)
            case "logsumexp":
                top = self._folded("max", value, over)
                shift = graph.add([value, top.times(-1.0)])
                exponentials = Body(graph, {}, self._exponential).apply("exp", [shift])
                summed = total(graph, [exponentials], over)
                result = graph.add([top, Body(graph, {}, self._exponential).apply("log", [summed])])
                self.softened.append(_Softened(_in_front(result), _in_front(value), exponentials, summed))
                return result
            case _:
                raise PlanError(f"the reduction {kind} has no row")

    def _folded(self, kind: Any, value: Value, over: list[str]) -> Value:
        if not over or value.node is None:
            return value
        if kind == "max" and "pool first" in self.graph.passes:
            inside, outside = _parted(value, over)
            if outside:
                return self.graph.add([self._folded(kind, inside, over), *outside])
        return self.graph.value(Fold(kind), [self.graph.whole(value)], sorted(over, key=value.letters.index))

    def _exponential(self, value: Value) -> Value:
        """exp of a value; of x - logsumexp(x) it is a share of the exponentials that were summed."""
        body = Body(self.graph, {}, self._exponential)
        terms = list(map(_in_front, terms_of(value))) if "softmax" in self.graph.passes else []
        for x, log in (terms, terms[::-1]) if len(terms) == 2 else ():
            for soft in self.softened:
                if _same(x, soft.argument) and log.node is soft.result.node and log.coefficient == -soft.result.coefficient:
                    swap = dict(zip(soft.argument.letters, x.letters, strict=True))
                    if tuple(swap[c] for c in soft.result.letters) != log.letters:
                        continue
                    e, s = (v._replace(letters=tuple(swap[c] for c in v.letters)) for v in (soft.exponentials, soft.summed))
                    return self.graph.multiply([e, body.apply("reciprocal", [s])])
        return body.apply("exp", [value])


@dataclass(frozen=True)
class _Fixed:
    """Where a letter stands: its position in letters that stay and in tensors of integers, and whether it may be out of range."""

    at: Expr
    hangs: bool

    @property
    def integers(self) -> bool:
        return affine(self.at).opaque != 0


def _guarded(term: Expr) -> bool:
    return bool(split(Sum(term)).guards)


def _offset_and_slopes(at: Expr) -> tuple[int, dict[str, int]]:
    form = affine(at)
    return int(form.offset), {c: int(slope) for c, slope in form.slopes.items()}


def _in_front(value: Value) -> Value:
    """The value with a number in front that its node multiplies by."""
    node = value.node
    while node is not None and isinstance(node.op, Multiply) and len(node.args) == 1 and len(node.args[0].at) == node.rank:
        (arg,) = node.args
        value = Value(value.coefficient * node.op.scale, arg.node, tuple(value.letters[k] for k in arg.at))
        node = arg.node
    return value


def _same(a: Value, b: Value) -> bool:
    return a.node is b.node and a.coefficient == b.coefficient


def _parted(value: Value, over: list[str]) -> tuple[Value, list[Value]]:
    """A sum as the term that a maximum runs over and those that it does not touch; no such terms where there is another."""
    node = value.node
    if node is None or not isinstance(node.op, Add) or value.coefficient != 1 or set(node.op.scales) != {1.0}:
        return value, []
    terms = terms_of(value)
    inside = [v for v in terms if set(v.letters) & set(over)]
    outside = [v for v in terms if not set(v.letters) & set(over)]
    if len(inside) != 1 or not set(over) <= set(inside[0].letters):
        return value, []
    return inside[0], outside
