"""From the meaning of a claim to a program: one tensor of the language for each node, as written, nothing rewritten.

The letters of an operation are the names of the axes, so that transposes, diagonals, outer products and broadcasting need no
operation of their own: an operand stands with its letters in the equation that reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import assert_never

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import FUNCTIONS, Where, iverson
from symbackprop.core.letters import kept
from symbackprop.core.program import Carry, Gradient, Matrix, Program, Reduce, Signature, Sum, position, slot, substituted
from symbackprop.language.lower.tracing import trace
from symbackprop.language.operations.linear_algebra import pinv
from symbackprop.language.operations.norms import norm
from symbackprop.language.operations.reductions import softmax
from symbackprop.language.tensors import Index, LanguageError, Tensor
from symbackprop.language.tensors.elementwise import LARGEST
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.nodes import DOWN, RIGHT, Axes, Node
from symbackprop.notation.claims.probe import Probe

OUTPUT = "claim"
_INNER, _PLACE = "*inner", "*place"  # letters that no axis has
_RELATIONS = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}
Operand = tuple[Tensor, Index]


def lowered(
    node: Node, axes: Axes, extents: Mapping[str, Expr], probe: Probe, forward: Program, roles: Mapping[str, Gradient]
) -> Program:
    """The program whose one output is the node's value with its axes in the order of `axes`.

    extents   the sizes of the axes that the node lacks: it repeats along them.
    Raises Fault where a number is out of bounds.
    """
    try:
        return _Lowering(probe, forward, roles).program(node, axes, extents)
    except LanguageError as error:
        raise Fault(str(error), "Write it with smaller numbers.") from None


def lowered_tensor(node: Node, axes: Axes, extents: Mapping[str, Expr], probe: Probe, known: Mapping[str, Tensor]) -> Tensor | Expr:
    """The node's value with its axes in the order of `axes`, made of tensors that are known by name; or a number.

    Raises Fault where a number is out of bounds.
    """
    try:
        return _Lowering(probe, Program({}, (), ()), {}, known).tensor(node, axes, extents)
    except LanguageError as error:
        raise Fault(str(error), "Write it with smaller numbers.") from None


class _Lowering:
    def __init__(
        self, probe: Probe, forward: Program, roles: Mapping[str, Gradient], known: Mapping[str, Tensor] | None = None
    ) -> None:
        self.probe, self.forward, self.roles = probe, forward, roles
        self.inputs: dict[str, Tensor] = dict(known or {})
        self.done: dict[int, Operand | Expr] = {}

    def program(self, node: Node, axes: Axes, extents: Mapping[str, Expr]) -> Program:
        value = self.tensor(node, axes, extents)
        result = Tensor((), Sum(value)) if isinstance(value, Expr) else value
        if result.is_input:
            result = Tensor(result.shape, Sum(slot(0), (slot(0),)), ((result, axes),), axes)
        for symbol in self.sizes(result):
            self.bring(symbol)
        return trace({OUTPUT: result}, self.inputs.values(), "elementary")

    def tensor(self, node: Node, axes: Axes, extents: Mapping[str, Expr]) -> Tensor | Expr:
        """The node's value with its axes in the order of `axes`."""
        value = self.value(node)
        shape = tuple(extents[a] if a in extents else self.probe.expression[node.extent(a)] for a in axes)
        if isinstance(value, Expr):
            return Tensor(shape, Sum(value), (), axes) if shape else value
        if value[1] == axes and value[0].shape == shape:
            return value[0]
        return Tensor(shape, Sum(slot(0), (slot(0),)), (value,), axes)

    def sizes(self, result: Tensor) -> set[sp.Basic]:
        """The sizes that the bodies and shapes mention and no input has yet."""
        found, seen, wanted = set(), set(), [result]
        while wanted:
            one = wanted.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            found |= {s for n in one.shape for s in n.free_symbols}
            if isinstance(one.op, Sum):
                found |= {s for s in one.op.body.free_symbols if s.is_positive}
            wanted += [t for t, _ in one.operands]
        brought = {s for t in self.inputs.values() for n in t.shape for s in n.free_symbols}
        return found - brought

    def bring(self, symbol: sp.Basic) -> None:
        """An input of the network that has the size, so that its value is known."""
        for tensor in self.forward.inputs:
            if symbol in tensor.shape:
                self.leaf(tensor.name)
                return

    def leaf(self, name: str) -> Tensor:
        if name not in self.inputs:
            role = self.roles.get(name)
            own = self.forward.tensors.get(name) if role is None else None
            shape = self.probe.shapes[name]
            kind = own.kind if own is not None and own.kind in ("integers", "constant", "labels") else "data"
            given = Signature(
                name, shape, kind, own.domain if own else None, own.bound if own else None, own.value if own else None, role=role
            )
            self.inputs[name] = Tensor(shape, signature=given)
        return self.inputs[name]

    def value(self, node: Node) -> Operand | Expr:
        """A node as a tensor with its letters, or as a number; from the leaves up, in a loop."""
        stack = [node]
        while stack:
            one = stack[-1]
            missing = [a for a in one.args if id(a) not in self.done]
            if missing:
                stack += missing
                continue
            stack.pop()
            if id(one) not in self.done:
                self.done[id(one)] = self.one(one)
        return self.done[id(node)]

    def made(self, node: Node, body: Expr, operands: Sequence[Operand], over: Sequence[tuple[str, int]] = ()) -> Operand:
        shape = tuple(self.probe.expression[n] for n in node.value.shape)
        slots = tuple(slot(k) for k in range(len(operands)))
        ranges = tuple((c, self.probe.expression[n]) for c, n in over)
        if body.has(S.NaN, S.ComplexInfinity, S.ImaginaryUnit):
            raise LanguageError("a number that is no real number")
        return Tensor(shape, Sum(body, slots, ranges), tuple(operands), node.axes), node.axes

    def one(self, node: Node) -> Operand | Expr:
        op = node.op
        args = [self.done[id(a)] for a in node.args]
        match op:
            case nd.Leaf(name=name):
                return self.leaf(name), node.axes
            case nd.Const(value=value):
                return value
            case nd.Arithmetic() | nd.Applied() | nd.Compared() | nd.Chosen():
                return self.entrywise(node, args)
            case nd.Renamed(pairs=pairs):
                assert not isinstance(args[0], Expr)
                table = dict(pairs)
                tensor, index = args[0]
                letters = tuple(table.get(c, c) for c in index)
                if len(set(letters)) == len(letters):
                    return tensor, letters
                return self.made(node, slot(0), [(tensor, letters)])  # a diagonal
            case nd.Matmul():
                return self.matmul(node, args)
            case nd.Summed(axis=axis):
                return self.labelled(node, axis) or self.summed(node, axis, args[0])
            case nd.Reduced(kind=kind, axes=axes):
                assert not isinstance(args[0], Expr)
                ranges = tuple((c, self.probe.expression[node.args[0].extent(c)]) for c in axes)
                shape = tuple(self.probe.expression[n] for n in node.value.shape)
                return Tensor(shape, Reduce(kind, ranges), (args[0],), node.axes), node.axes
            case nd.Chained(axis=axis, falls=falls):
                return self.chained(node, axis, falls, args[0])
            case nd.Softmax(axis=axis):
                return self.softmax(node, axis, args[0])
            case nd.MatrixOf(kind=kind):
                return self.matrix(node, kind, args[0])
            case nd.Diag():
                return self.diag(node, args[0])
            case nd.Ones():
                return self.made(node, S.One, [])
            case nd.Eye(axes=axes):
                a, b = axes
                return self.made(node, iverson(sp.Eq(position(a), position(b), evaluate=False)), [])
            case nd.Positions(axis=axis, origin=origin):
                return self.made(node, position(axis) + origin, [])
            case nd.Picked():
                return self.picked(node, op, args[0])
            case nd.Slid():
                return self.slid(node, op, args)
            case nd.Framed(kind=kind):
                raise LanguageError(f"{kind} of what nothing slides over")
            case nd.Stacked(axis=axis):
                return self.joined(node, axis, args) if axis in node.args[0].axes else self.stacked(node, axis, args)
            case _:
                assert_never(op)

    def labelled(self, node: Node, axis: str) -> Operand | None:
        """The entry that a label says, as a lookup is written; None where a sum is anything else."""
        match node.args[0]:
            case Node(
                op=nd.Arithmetic("*"),
                args=(x, Node(op=nd.Compared("=="), args=(Node(op=nd.Positions(axis=along, origin=0)), label))),
            ) if along == axis:
                value, which = self.done[id(x)], self.done[id(label)]
                if isinstance(value, Expr) or isinstance(which, Expr) or axis in which[1]:
                    return None
                here = iverson(sp.Eq(position(axis), slot(1), evaluate=False))
                return self.made(node, slot(0) * here, [value, which], [(axis, node.args[0].extent(axis))])
        return None

    def entrywise(self, node: Node, args: Sequence[Operand | Expr]) -> Operand | Expr:
        entries: list[Expr] = []
        operands: list[Operand] = []
        for arg in args:
            if isinstance(arg, Expr):
                entries.append(arg)
                continue
            if (counted := _counted(arg)) is not None:
                entries.append(counted)
                continue
            place = next((k for k, o in enumerate(operands) if o[0] is arg[0] and o[1] == arg[1]), len(operands))
            if place == len(operands):
                operands.append(arg)
            entries.append(slot(place))
        body = _body(node.op, entries)
        return self.made(node, body, operands) if operands or node.axes else _real(body)

    def summed(self, node: Node, axis: str, arg: Operand | Expr) -> Operand:
        """The sum along an axis: of a sum along others, one sum along all of them."""
        assert not isinstance(arg, Expr)
        inner, over = node.args[0], [(axis, node.args[0].extent(axis))]
        while isinstance(inner.op, nd.Summed) and inner.op.axis not in (c for c, _ in over):
            over.append((inner.op.axis, inner.args[0].extent(inner.op.axis)))
            inner = inner.args[0]
        own = self.done[id(inner)]
        assert not isinstance(own, Expr)
        return self.made(node, slot(0), [own], over)

    def matmul(self, node: Node, args: Sequence[Operand | Expr]) -> Operand:
        (a, left), (b, right) = (x for x in args if not isinstance(x, Expr))
        if RIGHT in left and DOWN in right:
            left = tuple(_INNER if c == RIGHT else c for c in left)
            right = tuple(_INNER if c == DOWN else c for c in right)
            return self.made(node, slot(0) * slot(1), [(a, left), (b, right)], [(_INNER, node.args[0].extent(RIGHT))])
        return self.made(node, slot(0) * slot(1), [(a, left), (b, right)])

    def chained(self, node: Node, axis: str, falls: bool, arg: Operand | Expr) -> Operand:
        """Step by step along the axis: what the steps before made, times the matrix of this one."""
        assert not isinstance(arg, Expr)
        own, letter = node.args[0], kept(axis)
        rest, count = tuple(a for a in node.axes if a not in nd.MATRIX), self.probe.expression[own.extent(axis)]
        shape = (count, *(self.probe.expression[node.extent(a)] for a in node.axes))
        here, index = tuple(letter if c == axis else c for c in arg[1]), (letter, *node.axes)
        unit = Tensor(shape[-2:], Sum(iverson(sp.Eq(position(DOWN), position(RIGHT), evaluate=False))), (), (DOWN, RIGHT))
        before = Tensor(shape, Carry(letter, 1), (), index).called("before")
        inner, right = (letter, *rest, _INNER, RIGHT), tuple(_INNER if c == DOWN else c for c in here)
        left, outer = (letter, *rest, DOWN, _INNER), tuple(_INNER if c == RIGHT else c for c in here)
        operands = ((arg[0], outer), (before, inner)) if falls else ((before, left), (arg[0], right))
        over = ((_INNER, shape[-1]),)
        found = Tensor(shape, Sum(slot(0) * slot(1), (slot(0), slot(1)), over), operands, index)
        before.operands = ((found, index), (unit, (DOWN, RIGHT)))
        guard = iverson(sp.Eq(position(letter), count - 1, evaluate=False))
        return self.made(node, slot(0) * guard, [(found, index)], [(letter, own.extent(axis))])

    def softmax(self, node: Node, axis: str, arg: Operand | Expr) -> Operand:
        assert not isinstance(arg, Expr)
        order = (*(a for a in node.axes if a != axis), axis)
        return softmax(self.plain(arg, order, node.args[0])), order

    def plain(self, arg: Operand, order: Axes, own: Node) -> Tensor:
        """The operand as a tensor with its axes in an order."""
        shape = tuple(self.probe.expression[own.extent(a)] for a in order)
        return arg[0] if arg[1] == order else Tensor(shape, Sum(slot(0), (slot(0),)), (arg,), order)

    def matrix(self, node: Node, kind: str, arg: Operand | Expr) -> Operand:
        """A function of the last two axes: the operand is written with d, r at its end."""
        assert not isinstance(arg, Expr)
        own = node.args[0]
        order = (*(a for a in own.axes if a not in nd.MATRIX), DOWN, RIGHT)
        plain = self.plain(arg, order, own)
        if kind == "pinv":
            return pinv(plain), node.axes
        if kind in nd.SINGULAR:
            return norm(plain, nd.SINGULAR[kind], (len(order) - 2, len(order) - 1)), node.axes
        result = tuple(self.probe.expression[n] for n in node.value.shape)
        return Tensor(result, Matrix(kind), ((plain, order),), node.axes), node.axes

    def diag(self, node: Node, arg: Operand | Expr) -> Operand:
        assert not isinstance(arg, Expr)
        tensor, index = arg
        letters = tuple(DOWN if c == RIGHT else c for c in index)
        return self.made(node, slot(0) * iverson(sp.Eq(position(DOWN), position(RIGHT), evaluate=False)), [(tensor, letters)])

    def picked(self, node: Node, op: nd.Picked, arg: Operand | Expr) -> Operand:
        assert not isinstance(arg, Expr)
        tensor, index = arg
        place = op.shift
        for sign, letter, _ in op.letters:
            place = place + sign * position(letter)
        guard = iverson(sp.Eq(position(_PLACE), place, evaluate=False))
        letters = tuple(_PLACE if c == op.axis else c for c in index)
        made, own = self.made(node, slot(0) * guard, [(tensor, letters)], [(_PLACE, node.args[0].extent(op.axis))])
        if not op.letters:  # where there is no such entry, the claim has no value
            made.conditions = (self.probe.expression[node.args[0].extent(op.axis)] - 1 - place,)
        return made, own

    def slid(self, node: Node, op: nd.Slid, args: Sequence[Operand | Expr]) -> Operand:
        """The sum over what meets along each axis."""
        (x, left), (y, right) = (one for one in args if not isinstance(one, Expr))
        body, over = slot(0) * slot(1), list[tuple[str, int]]()
        for axis, tie in zip(op.axes, op.ties, strict=True):
            p, q = f"*p{axis}", f"*q{axis}"
            left, right = (tuple(z if c == axis else c for c in one) for one, z in ((left, p), (right, q)))
            form = tie.first * position(p) + tie.second * position(q) + tie.out * position(axis) + tie.shift
            body *= iverson(sp.Eq(form, 0, evaluate=False))
            over += [(p, node.args[0].extent(axis)), (q, node.args[1].extent(axis))]
        return self.made(node, body, [(x, left), (y, right)], over)

    def joined(self, node: Node, axis: str, args: Sequence[Operand | Expr]) -> Operand:
        """Operands one after the other, each where its entries stand and 0 elsewhere, added."""
        parts: list[Operand] = []
        start: Expr = S.Zero
        for one, arg in zip(node.args, args, strict=True):
            assert not isinstance(arg, Expr)
            guard = iverson(sp.Eq(position(_PLACE), position(axis) - start, evaluate=False))
            letters = tuple(_PLACE if c == axis else c for c in arg[1])
            parts.append(self.made(node, slot(0) * guard, [(arg[0], letters)], [(_PLACE, one.extent(axis))]))
            start += self.probe.expression[one.extent(axis)]
        return self.made(node, sp.Add(*(slot(k) for k in range(len(parts)))), parts)

    def stacked(self, node: Node, axis: str, args: Sequence[Operand | Expr]) -> Operand:
        body: Expr = S.Zero
        operands: list[Operand] = []
        for k, arg in enumerate(args):
            here = iverson(sp.Eq(position(axis), sp.Integer(k), evaluate=False))
            if isinstance(arg, Expr):
                body += arg * here
            else:
                body += slot(len(operands)) * here
                operands.append(arg)
        return self.made(node, body, operands)


@cache
def _slope(name: str, count: int) -> tuple[tuple[sp.Symbol, ...], Expr]:
    """The slope of a function of the table by its first argument, in symbols of its own."""
    symbols = tuple(sp.Dummy(f"s{k}") for k in range(count))
    return symbols, sp.diff(FUNCTIONS[name](*symbols), symbols[0])


def _real(number: Expr) -> Expr:
    """A number that floats have; of a function of ours, sigmoid(0), that is not asked."""
    if number.has(sp.nan) or False in (number.is_finite, number.is_real) or (number.is_comparable and abs(number) >= LARGEST):
        raise LanguageError("a number that is no real number, or too large for one")
    return number


def _counted(arg: Operand) -> Expr | None:
    """The position that an operand says along an axis, i + 1, from which nothing else is made; None for any other operand."""
    tensor, index = arg
    if not isinstance(tensor.op, Sum) or tensor.operands or tensor.op.over or not tensor.op.body.free_symbols:
        return None
    return substituted(tensor.op.body, {position(a): position(b) for a, b in zip(tensor.index, index, strict=True)})


def _body(op: nd.Op, entries: Sequence[Expr]) -> Expr:
    match op:
        case nd.Arithmetic(sign="+"):
            return sp.Add(*entries)
        case nd.Arithmetic(sign="-"):
            return entries[0] - entries[1]
        case nd.Arithmetic(sign="*"):
            return sp.Mul(*entries)
        case nd.Arithmetic(sign="/"):
            if entries[1].is_number and entries[1].is_zero:
                raise LanguageError("division by zero")
            return entries[0] / entries[1]
        case nd.Arithmetic(sign="neg"):
            return -entries[0]
        case nd.Arithmetic(sign="**"):
            a, b = entries
            if (b.is_number and abs(b) > 1000) or (a.is_number and b.is_number and abs(a) > 10**12):
                raise LanguageError("a power that is too large")
            return a**b
        case nd.Applied(name=name, slope=slope):
            if not slope:
                return FUNCTIONS[name](*entries)  # type: ignore[return-value]
            symbols, derivative = _slope(name, len(entries))
            return substituted(derivative, dict(zip(symbols, entries, strict=True)))
        case nd.Compared(sign=sign):
            first, second = (e.as_coeff_Add()[0] for e in entries)
            same = first == second and all(e.free_symbols for e in entries)  # i + 1 = j + 1
            return iverson(_RELATIONS[sign](*(e - first if same else e for e in entries)))
        case nd.Chosen():
            condition, a, b = entries
            if isinstance(condition, Where) and condition.args[1:] == (S.One, S.Zero):
                return Where(condition.args[0], a, b)
            return Where(sp.Ne(condition, 0), a, b)
    raise AssertionError(f"{op} is no operation entry by entry")
