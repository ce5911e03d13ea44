r"""The claim as it was understood, as a formula with one meaning: brackets where shapes decided, \odot for entry by entry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import assert_never

import sympy as sp

from symbackprop.core.derivatives.orders import orders
from symbackprop.core.functions import FUNCTIONS, Declared
from symbackprop.core.program import Gradient
from symbackprop.formulas import build as f
from symbackprop.formulas.names import at_steps, index, letter, parse_name
from symbackprop.formulas.tree import Binds, Fence, Grid, Script
from symbackprop.formulas.tree import Node as Formula
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.constants import constant, decimal
from symbackprop.notation.claims.nodes import DOWN, FAMILY, MATRIX, RIGHT, Node
from symbackprop.notation.claims.ordered import limits_of
from symbackprop.notation.claims.places import from_one, shown_place
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.seen import of_extreme, of_norm
from symbackprop.notation.claims.steps import At, Loops
from symbackprop.notation.claims.typeset_functions import framed, function_named, slid
from symbackprop.notation.claims.words import stem

Trims = Mapping[str, tuple[int, int]]
_SIGNS = {"<": "<", "<=": "le", ">": ">", ">=": "ge", "==": "=", "!=": "ne"}
_SHORT = {"maximum": "max", "minimum": "min"}


class Typeset:
    """Nodes as formulas.

    roles   the gradients among the leaves.
    probe   knows the sizes as expressions, and the axes of the tensors.
    loops   of the network; trims: which letters of steps leave out how many at the low end.
    """

    def __init__(self, roles: dict[str, Gradient], probe: Probe, loops: Loops | None = None, trims: Trims | None = None) -> None:
        self.roles, self.probe, self.loops, self.trims = roles, probe, loops, trims or {}
        self.labels: dict[str, Formula] = {}  # an index that a label gives -> the label

    def size(self, extent: int) -> Formula:
        return constant(self.probe.expression[extent])

    def rank(self, name: str) -> int:
        return len(self.probe.shapes[name])

    def held(self, node: Node, level: Binds) -> Formula:
        """The node, in brackets where it binds less tightly than `level`."""
        return f.within(self.formula(node), level)

    def formula(self, node: Node) -> Formula:
        """The formula of a node."""
        op = node.op
        stepped = self.at_steps(node) if self.loops else None
        if stepped is not None:
            return stepped
        match op:
            case nd.Leaf(name=name):
                return self.leaf(name)
            case nd.Const(value=value):
                return f.number(text) if (text := decimal(value)) else constant(value)
            case nd.Arithmetic(sign=sign):
                return self.arithmetic(node, sign)
            case nd.Applied(name=name, slope=slope):
                return self.applied(node, name, slope)
            case nd.Compared():
                a, b = node.args
                if isinstance(a.op, nd.Positions) and a.op.axis in MATRIX:  # of a whole column: no letter says its entries
                    return f.call(f.function("onehot"), [self.formula(b)])
                return f.indicator(self.condition(node))
            case nd.Chosen():
                condition, a, b = node.args
                return f.cases(self.formula(a), self.condition(condition), self.formula(b))
            case nd.Matmul():
                return f.juxtapose([self.held(a, Binds.POWER) for a in node.args])
            case nd.Renamed(pairs=pairs):
                return self.renamed(node, dict(pairs))
            case nd.Summed() if (inner := of_norm(node)) is not None:
                return f.power(Fence("‖", self.formula(inner), "‖"), f.number("2"))
            case nd.Summed() if (found := of_extreme(node)) is not None:
                return self.called(*found)
            case nd.Summed(axis=axis):
                return self.at_label(node.args[0], axis) or self.summed(node.args[0], axis)
            case nd.MatrixOf(kind="inverse"):
                return f.power(self.formula(node.args[0]), f.number(-1))
            case nd.MatrixOf(kind="pinv"):
                return f.power(self.formula(node.args[0]), f.PLUS)
            case nd.MatrixOf(kind="nuclear"):
                return Script(Fence("‖", self.formula(node.args[0]), "‖"), f.symbol("ast"))
            case nd.Reduced(kind="prod", axes=axes):
                return f.over_letters(f.symbol("prod"), [letter(a) for a in axes], self.held(node.args[0], Binds.HADAMARD))
            case nd.Chained(axis=axis, falls=falls):
                return self.chained(node.args[0], axis, falls)
            case nd.Reduced(kind=kind) | nd.MatrixOf(kind=kind):
                return self.called(kind, node.args)
            case nd.Softmax():
                return self.called("softmax", node.args)
            case nd.Diag():
                return self.called("diag", node.args)
            case nd.Ones() | nd.Eye() | nd.Positions():
                return self.made_of_sizes(op)
            case nd.Picked(letters=letters, shift=shift):
                return self.picked(node, letters, shift)
            case nd.Framed(kind=kind, numbers=numbers):
                return framed(kind, numbers, self.formula(node.args[0]))
            case nd.Slid():
                return slid(op, self.formula(node.args[0]), self.formula(node.args[1]))
            case nd.Stacked(axis=axis):
                parts = tuple(self.formula(a) for a in node.args)
                return Grid("bmatrix", (parts,) if axis == RIGHT else tuple((part,) for part in parts))
            case _:
                assert_never(op)

    def called(self, name: str, arguments: Sequence[Node]) -> Formula:
        return f.call(function_named(name), [self.formula(a) for a in arguments])

    def made_of_sizes(self, op: nd.Ones | nd.Eye | nd.Positions) -> Formula:
        """Ones, the identity, Kronecker's delta, an index as a number."""
        match op:
            case nd.Ones(axis=axis, extent=extent):
                return self.ones(extent) if axis in MATRIX else f.ONE
            case nd.Eye(axes=axes, extents=extents):
                a, b = axes
                if (a in MATRIX) != (b in MATRIX):  # the unit vector along an index
                    return Script(f.bold("e"), self.step(b if a in MATRIX else a))
                size = self.size(extents[0])
                return Script(f.letter("I"), size) if a in MATRIX else Script(f.symbol("delta"), f.beside(letter(a), letter(b)))
            case nd.Positions(axis=axis):
                return letter(axis)

    def ones(self, extent: int) -> Formula:
        """The column of ones."""
        return Script(f.bold("1"), self.size(extent))

    def flat(self, node: Node) -> Formula | None:
        """An entry of a tensor, all of whose axes are indices: x_{c,p+a-1}; None where one is not."""
        found = self.places(node)
        if found is None:
            return None
        leaf, places = found
        if any(isinstance(p, str) and (p in MATRIX or re.fullmatch(r"[bx]\d+", p)) for p in places):
            return None
        return self.entry(leaf, [self.step(p) for p in places])

    def at_steps(self, node: Node) -> Formula | None:
        """A tensor at steps of loops, z^{(l-1)}, h_{t,i}; None for anything else."""
        assert self.loops is not None
        found = self.places(node)
        if found is None:
            return None
        leaf, places = found
        assert isinstance(leaf.op, nd.Leaf)
        name = leaf.op.name
        role = self.roles.get(name)
        own = self.loops.of(name, self.roles)
        rest = [p for k, p in enumerate(places) if k not in own]
        loose = [p for k, p in enumerate(places) if k in own and isinstance(p, str) and (p in MATRIX or len(p) > 1)]
        whole = [p for p in rest if isinstance(p, str) and p in MATRIX]
        letters = [self.step(p) for p in rest if p not in whole]
        if not own or loose or (whole and letters) or any(isinstance(p, str) and re.fullmatch(r"[bx]\d+", p) for p in rest):
            return None
        shifts = {k: axis.origin - 1 for k, axis in own.items()}
        by = role.wrt if role else name
        while carrier := self.loops.carrier(by):
            by, k, step = carrier
            shifts[k] -= step
        _, places = self.places(node, shifts) or found
        marks = [(axis.letter, self.step(places[k])) for k, axis in own.items()]
        found_ = at_steps(parse_name(by), marks, letters)
        shown = f.over(f.partial(parse_name(role.of).formula()), f.partial(found_)) if role else found_
        return f.power(shown, f.TOP) if whole in ([RIGHT], [RIGHT, DOWN]) else shown

    def claimed(self, role: Gradient, letters: Sequence[str], at: Sequence[At], origin: int) -> Formula | None:
        """The gradient that a claim claims, at its steps; None where it has none."""
        own = self.loops.axes.get(role.wrt) if self.loops else None
        if not own or not self.loops or self.probe.shapes.get(role.of, ()):
            return None
        known, free = {one.place: one for one in at}, list(letters)
        marks: list[tuple[str, Formula]] = []
        for place, axis in sorted(own.items()):
            one = known.get(place)
            if one is not None and one.left is None:
                marks.append((axis.letter, constant(sp.expand(one.first + origin + axis.origin - 1))))
            elif free:
                name = free.pop(0)
                shift = (one.first if one else sp.S.Zero) - self.trims.get(name, (0, 0))[0] + axis.origin - 1
                marks.append((axis.letter, shown_place(((1, name, 0),), shift)))
            else:
                return None
        below = at_steps(parse_name(role.wrt), marks, [letter(c) for c in free if c != ":"])
        return f.over(f.partial(parse_name(role.of).formula()), f.partial(below))

    def step(self, place: str | Formula) -> Formula:
        """An index: a letter, the label that it is, or what was worked out."""
        return self.labels.get(place) or letter(place) if isinstance(place, str) else place

    def places(self, node: Node, shifts: Mapping[int, sp.Expr] | None = None) -> tuple[Node, list[str | Formula]] | None:
        """The leaf that a node takes entries of, and what stands along each of its axes; None where it is more than that.

        shifts   by how much more the axes of the leaf are numbered.
        """
        chain: list[Node] = []
        while isinstance(node.op, nd.Renamed | nd.Picked):
            chain.append(node)
            node = node.args[0]
        if not isinstance(node.op, nd.Leaf):
            return None
        places: list[str | Formula] = list(node.axes)
        moved = dict(shifts or {})
        for one in reversed(chain):
            if isinstance(one.op, nd.Renamed):
                table = dict(one.op.pairs)
                places = [table.get(p, p) if isinstance(p, str) else p for p in places]
            elif isinstance(one.op, nd.Picked) and one.op.axis in places:
                letters = one.op.letters
                first = sum(self.trims.get(name, (0, 0))[0] for _, name, _ in letters)
                k = places.index(one.op.axis)
                places[k] = shown_place(letters, from_one(letters, one.op.shift - first) + moved.pop(k, sp.S.Zero))
        for k, shift in moved.items():
            place = places[k]
            if shift and isinstance(place, str):
                places[k] = shown_place(((1, place, 0),), shift)
        return node, places

    def numbered(self, x: Node, at: str, shift: sp.Expr) -> Formula | None:
        """h_{t-1} for a stack of the tensors h_0, h_1, ...; None for any other stack."""
        if not isinstance(x.op, nd.Stacked) or x.op.axis != FAMILY:
            return None
        first = x.args[0].args[0] if isinstance(x.args[0].op, nd.Renamed) else x.args[0]
        name = first.op.name if isinstance(first.op, nd.Leaf) else ""
        role = self.roles.get(name)
        member = re.fullmatch(r"(.*?)_?(\d+)", role.wrt if role else name)
        if member is None:
            return None
        place = shown_place(((1, at, 0),), int(member[2]) + shift - 1)  # an index that numbers tensors is printed from 1
        stem = parse_name(member[1]).formula([place])
        return f.over(f.partial(parse_name(role.of).formula()), f.partial(stem)) if role else stem

    def picked(self, node: Node, letters: tuple[tuple[int, str, int], ...], shift: sp.Expr) -> Formula:
        x = node.args[0]
        assert isinstance(node.op, nd.Picked)
        found = self.numbered(x, letters[0][1], shift) if len(letters) == 1 else None
        found = found or self.flat(node)
        if found is not None:
            return found
        place = shown_place(letters, from_one(letters, shift))
        return self.entry_of_transpose(x, [place]) if node.op.axis == RIGHT else self.entry(x, [place])

    def leaf(self, name: str) -> Formula:
        role = self.roles.get(name)
        return parse_name(stem(name)).formula() if role is None else self.derivative(role, [])

    def derivative(self, role: Gradient, letters: Sequence[Formula]) -> Formula:
        of, by = orders(role)
        left, below = list(letters), list[Formula]()
        for name in by[::-1]:
            rank = len(left) - (self.rank(name) if left else 0)
            below = [parse_name(name).formula(left[rank:]), *below]
            left = left[:rank]
        top = parse_name(of).formula(left)
        if len(by) == 1:
            return f.over(f.partial(top), f.partial(below[0]))
        is_power = len({*by}) == 1 and not letters and not self.rank(by[0])
        below = [f.scripted(below[0], sup=f.number(len(by)))] if is_power else below
        under = f.joined(f.THIN, list(map(f.partial, below)))
        return f.over(f.partial(top, len(by)), under)

    def arithmetic(self, node: Node, sign: str) -> Formula:
        a, b = node.args[0], node.args[-1]
        match sign:
            case "neg":
                return f.negative(self.held(a, Binds.HADAMARD))
            case "+" | "-":
                right = self.formula(b)
                right = f.within(right, Binds.HADAMARD) if sign == "-" or f.is_negative(right) else right
                return f.beside(self.formula(a), f.PLUS if sign == "+" else f.MINUS, right)
            case "/":
                return f.over(self.formula(a), self.formula(b))
            case "**":
                fixed = b.op.value if isinstance(b.op, nd.Const) else None
                if fixed == sp.S.Half:
                    inner = of_norm(a)
                    return f.root(self.formula(a)) if inner is None else Fence("‖", self.formula(inner), "‖")
                each = [f.ODOT] if a.matrix == MATRIX and fixed is not None else []
                return f.power(self.formula(a), f.beside(*each, self.formula(b)))
            case "*":
                join = f.hadamard if a.matrix and b.matrix else f.juxtapose
                return join([self.held(a, Binds.POWER), self.held(b, Binds.POWER)])
        raise AssertionError(f"no formula for {sign!r}")

    def applied(self, node: Node, name: str, slope: bool) -> Formula:
        if name == "abs":
            return Fence("|", f.listed([self.formula(a) for a in node.args]), "|")
        own = FUNCTIONS.get(name)
        if own is not None and issubclass(own, Declared):
            function = f.primed(parse_name(own.title).formula(), own.order + slope)
        else:
            function = f.primed(function_named(_SHORT.get(name, name)), int(slope))
        return f.call(function, [self.formula(a) for a in node.args])

    def condition(self, node: Node) -> Formula:
        match node:
            case Node(op=nd.Compared(sign=sign), args=(a, b)):
                return f.relation(self.formula(a), f.symbol(_SIGNS[sign]), self.formula(b))
            case Node(op=nd.Arithmetic("*"), args=(a, b)):
                return f.beside(self.condition(a), f.words(" and "), self.condition(b))
            case Node(op=nd.Arithmetic("-"), args=(Node(op=nd.Const(1)), several)):
                return f.joined(f.words(" or "), [self.condition(one) for one in _alternatives(several)])
        return f.relation(self.formula(node), f.symbol("ne"), f.ZERO)

    def chained(self, x: Node, axis: str, falls: bool) -> Formula:
        """The product of the matrices along an axis, between its limits."""
        limits, x = limits_of(x)
        low, high = (self.formula(limits[sign]) for sign in (("<=", ">=") if falls else (">=", "<=")))
        product = f.scripted(f.symbol("prod"), f.equation(letter(axis), low), high)
        return f.beside(product, self.held(x, Binds.HADAMARD))

    def at_label(self, x: Node, axis: str) -> Formula | None:
        """The entry that a label says, s_y; None for any other sum."""
        match x:
            case Node(
                op=nd.Arithmetic("*"),
                args=(inner, Node(op=nd.Compared("=="), args=(Node(op=nd.Positions(axis=along)), label))),
            ) if along == axis and isinstance(inner.op, nd.Renamed | nd.Picked):
                self.labels[axis] = self.formula(label)
                found = self.formula(inner)
                del self.labels[axis]
                return found
        return None

    def summed(self, x: Node, axis: str) -> Formula:
        if axis in MATRIX:  # the sum over a column is a product with ones
            ones, inner = self.ones(x.extent(axis)), self.held(x, Binds.POWER)
            return f.juxtapose([inner, ones] if axis == RIGHT else [f.power(ones, f.TOP), inner])
        inner = self.held(x, Binds.HADAMARD)
        if not _numbers(x, axis):
            return f.over_letters(f.SUM, [letter(axis)], inner)
        return f.beside(Script(f.SUM, f.equation(letter(axis), f.ONE), f.number(x.extent(axis))), inner)

    def renamed(self, node: Node, table: dict[str, str]) -> Formula:
        """Axes of a matrix that became letters are indices, axes that changed sides are a transpose."""
        x = node.args[0]
        flat = self.flat(node)
        if flat is not None:
            return flat
        own = list(x.axes) if isinstance(x.op, nd.Leaf) else [a for a in x.axes if a in MATRIX or len(a) > 1]
        names = [table.get(a, a) for a in own]
        if len(names) == 2 and names[0] == names[1] and names[0] in MATRIX:
            return self.called("diag", [x])
        letters = [self.step(a) for a in names if a not in MATRIX and len(a) == 1]
        whole = [a for a in names if a in MATRIX]
        member = self.numbered(x, table[FAMILY], sp.S.Zero) if FAMILY in table else None
        if member is not None:
            return member
        if not letters:
            same = names == own or (isinstance(x.op, nd.Leaf) and whole in ([], [DOWN], [DOWN, RIGHT]))
            return self.formula(x) if same else f.power(self.formula(x), f.TOP)
        is_column = bool(names) and names[0] in MATRIX  # a column is the row of the transpose
        found = self.entry_of_transpose(x, letters) if is_column else self.entry(x, letters)
        return f.power(found, f.TOP) if whole == [RIGHT] else found

    def entry_of_transpose(self, x: Node, letters: Sequence[Formula]) -> Formula:
        return Script(f.bracket(f.power(self.formula(x), f.TOP)), index(letters))

    def entry(self, x: Node, letters: Sequence[Formula]) -> Formula:
        """x with indices; where its name has a subscript already, they follow it."""
        role = self.roles.get(x.op.name) if isinstance(x.op, nd.Leaf) else None
        if role is not None and letters and len(letters) == self.rank(role.of) + self.rank(role.wrt):
            return self.derivative(role, letters)
        if isinstance(x.op, nd.Leaf) and role is None:
            return parse_name(stem(x.op.name)).formula(letters)
        whole = self.held(x, Binds.ATOM)
        return f.scripted(whole, sub=index(letters)) if letters else whole


def _numbers(x: Node, axis: str) -> bool:
    """Whether an index numbers tensors somewhere below."""
    own = isinstance(x.op, nd.Renamed | nd.Picked) and isinstance(x.args[0].op, nd.Stacked) and axis in x.axes
    return own or any(_numbers(a, axis) for a in x.args if axis in a.axes)


def _alternatives(node: Node) -> list[Node]:
    """The conditions of which one holds: a and b of (1 - a) (1 - b)."""
    match node:
        case Node(op=nd.Arithmetic("*"), args=(a, b)):
            return [*_alternatives(a), *_alternatives(b)]
        case Node(op=nd.Arithmetic("-"), args=(Node(op=nd.Const(1)), one)):
            return [one]
    return []
