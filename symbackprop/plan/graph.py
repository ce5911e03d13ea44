"""The graph of a plan: nodes that are made once each, and sums and products that keep their numbers in front."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import mul

import numpy as np
from numpy import ndarray

from symbackprop.plan.node import Add, Arg, Fixed, Kind, Map, Multiply, Node, Op, Shape, Tie, Value

PASSES = (
    "share",  # equal values are one node
    "scale early",  # a number in front of all gradients is multiplied at the smallest value that they are multiples of
    "softmax",  # exp(x - logsumexp(x)) is e / s of the exponentials that were summed
    "stack",  # slices that cover an axis are written in place
    "steps",  # a sum of equal products of different operands is one product
    "few first",  # a maximum over few classes of a matrix runs over its first axis in memory
    "pool first",  # max(x + c) = max(x) + c
    "batch last",  # windows are read with the axes that they do not move along innermost
    "windows",  # windows are read by products where they stand, and the gradient of what they are read from is one of windows
    "outside",  # what the steps of a loop multiply or add of values from outside is made for all steps before it
    "tracks",  # what a loop keeps and reads stands step after step, as they compute it
    "fold",  # equal layers or steps that were written out are a loop
)


class Graph:
    """Nodes in the order in which they were made; `passes` are those of PASSES that are on."""

    def __init__(self, passes: Iterable[str] = PASSES) -> None:
        self.passes = frozenset(passes)
        self.nodes: list[Node] = []
        self.ties: list[Tie] = []  # what the Carried nodes hold
        self.extent: Mapping[str, int] = {}  # of every letter of the equation at hand
        self.rows: dict[tuple[str, tuple[Value, ...]], Value] = {}  # what a function of the table is, of some arguments
        self._made: dict[tuple, Node] = {}

    def shares(self, values: Iterable[Value]) -> bool:
        """Whether what was made of the values is theirs whenever it is asked for; of numbers, 0 and -0 would be one."""
        return "share" in self.passes and all(v.node is not None for v in values)

    def node(
        self, op: Op, args: Sequence[Arg], shape: Shape, over: Shape = (), kind: Kind = "real", array: ndarray | None = None
    ) -> Node:
        """The node of an operation: the one that is there already, if there is one."""
        key = (op, tuple((arg.node.number, arg.at) for arg in args), shape, over)
        if key in self._made and ("share" in self.passes or array is not None):
            return self._made[key]
        node = Node(len(self.nodes), op, tuple(args), shape, over, kind, array)
        self.nodes.append(node)
        self._made[key] = node
        return node

    def value(self, op: Op, values: Sequence[Value], over: Sequence[str] = (), kind: Kind = "real",
              extra: Sequence[str] = ()) -> Value:  # fmt: skip
        """A node of values without coefficients; its axes are their letters and the `extra` ones in the order of their mention."""
        seen = dict.fromkeys([*(c for v in values for c in v.letters), *extra])
        letters = tuple(c for c in seen if c not in over)
        place = {c: k for k, c in enumerate([*letters, *over])}
        args = [Arg(v.node, tuple(place[c] for c in v.letters)) for v in values if v.node is not None]
        made = self.node(op, args, self.shape(letters), self.shape(over), kind)
        return Value(1.0, made, letters)

    def shape(self, letters: Iterable[str]) -> Shape:
        return tuple(self.extent[c] for c in letters)

    def fixed(self, array: ndarray, letters: tuple[str, ...]) -> Value:
        """An array that depends on sizes alone."""
        if not array.ndim and array.dtype.kind == "f":
            return Value(float(array))
        array = np.asarray(array, order="C")  # without axes as it was
        kind: Kind = "boolean" if array.dtype.kind == "b" else "integer" if array.dtype.kind in "iu" else "real"
        node = self.node(Fixed((kind, array.tobytes())), (), array.shape, (), kind, array)
        return Value(1.0, node, letters)

    def arranged(self, value: Value, letters: Sequence[str]) -> ndarray:
        """The array of a Fixed node, times its coefficient, with an axis for each of the letters."""
        array = value.solid.array
        assert array is not None
        order = [value.letters.index(c) for c in letters if c in value.letters]
        index = tuple(slice(None) if c in value.letters else None for c in letters)
        array = array.transpose(order)[index]
        return array if value.coefficient == 1 else array * value.coefficient

    def computed(self, function: Callable[..., ndarray], values: Sequence[Value]) -> Value | None:
        """A function of entries, computed now, where all values depend on sizes alone."""
        if any(v.node is not None and v.node.array is None for v in values):
            return None
        letters = tuple(dict.fromkeys(c for v in values for c in v.letters))
        arrays = [np.float64(v.coefficient) if v.node is None else self.arranged(v, letters) for v in values]
        with np.errstate(all="ignore"):
            return self.fixed(np.asarray(function(*arrays)), letters)

    def real(self, value: Value) -> Value:
        """The value as numbers, where it holds truth values or integers."""
        if value.node is None or value.node.kind == "real":
            return value
        found = self.computed(lambda a: a.astype(np.float64), [value.bare()])
        return (found or self.value(Map("real"), [value.bare()])).times(value.coefficient)

    def whole(self, value: Value) -> Value:
        """The value with the coefficient 1: a number is held by the smallest factor, so that little is multiplied by it."""
        value = self.real(value)
        node, scale = value.node, value.coefficient
        if node is None or scale == 1:
            return value
        match node.op:
            case Multiply():
                least = min(node.args, key=lambda arg: math.prod(arg.node.shape))
                if len(node.args) == 1 or math.prod(least.node.shape) == math.prod(node.shape):
                    made = self.node(Multiply(node.op.scale * scale), node.args, node.shape)
                else:
                    own = self.scaled(least.node, scale)
                    args = [Arg(own, arg.at) if arg is least else arg for arg in node.args]
                    made = self.node(node.op, args, node.shape)
            case _:
                made = self.scaled(node, scale)
        return Value(1.0, made, value.letters)

    def scaled(self, node: Node, scale: float) -> Node:
        """A node of the same axes: the node's entries times a number."""
        if isinstance(node.op, Multiply) and len(node.args) == 1:
            return self.node(Multiply(node.op.scale * scale), node.args, node.shape)
        return self.node(Multiply(scale), [Arg(node, tuple(range(node.rank)))], node.shape)

    def multiply(self, values: Iterable[Value]) -> Value:
        """The product, entry by entry; what lacks axes is multiplied first."""
        values = list(values)
        scale = reduce(mul, (v.coefficient for v in values), 1.0)
        factors = [v.bare() for v in values if v.node is not None]
        if not factors:
            return Value(scale)
        if len(factors) == 1:
            return factors[0].times(scale)
        if (found := self.computed(lambda *arrays: reduce(mul, arrays), [self.real(f) for f in factors])) is not None:
            return found.times(scale)
        if all(f.node is not None and f.node.kind != "real" for f in factors):
            factors[0] = self.real(factors[0])
        factors = [self.real(f) if f.node is not None and f.node.kind == "integer" else f for f in factors]
        factors.sort(key=lambda f: f.node.number if f.node else 0)
        every = {c for f in factors for c in f.letters}
        small = [f for f in factors if set(f.letters) != every]
        if 1 < len(small) < len(factors):
            large = [f for f in factors if set(f.letters) == every]
            factors = sorted([*large, self.whole(self.multiply(small))], key=lambda f: f.node.number if f.node else 0)
        return self.value(Multiply(), factors).times(scale)

    def power(self, value: Value, exponent: int) -> Value:
        """A positive whole power by squares and products."""
        if exponent == 1:
            return value
        half = self.power(value, exponent // 2)
        square = self.multiply([half, half])
        return self.multiply([square, value]) if exponent % 2 else square

    def map(self, function: str, values: Sequence[Value], kind: Kind = "real") -> Value:
        """A function of entries."""
        held = [self.held(v) if v.node is None or v.node.kind == "real" else v for v in values]
        return self.value(Map(function), held, kind=kind)

    def held(self, value: Value) -> Value:
        """The value as a node, a number as well."""
        if value.node is not None:
            return self.whole(value)
        array = np.array(value.coefficient)
        return Value(1.0, self.node(Fixed(("real", array.tobytes())), (), (), (), "real", array))

    def add(self, values: Iterable[Value]) -> Value:
        """The sum, entry by entry: like terms are one, and a common factor stands in front."""
        plus, terms = self._collected(values)
        flat_plus, flat = self._collected(inner for v in terms for inner in terms_of(v))
        if len(flat) < len(terms):  # something cancels, as the maximum does in logsumexp(s) - s[t]
            plus, terms = plus + flat_plus, flat
        if not terms:
            return Value(plus)
        if len(terms) == 1 and not plus:
            return terms[0]
        if not plus and all(v.node is not None and v.node.array is not None for v in terms):
            found = self.computed(lambda *arrays: reduce(np.add, arrays), [self.real(v) for v in terms])
            assert found is not None
            return found
        front = terms[0].coefficient
        if plus or any(abs(v.coefficient) != abs(front) for v in terms):
            front = 1.0
        made = [self.real(v.times(1 / front)) for v in terms]
        made = [v if abs(v.coefficient) == 1 else self.whole(v) for v in made]
        scales = tuple(1.0 if v.coefficient > 0 else -1.0 for v in made)
        return self.value(Add(scales, plus), [v.bare() for v in made]).times(front)

    @staticmethod
    def _collected(values: Iterable[Value]) -> tuple[float, list[Value]]:
        """The number among the terms, and the others with like ones added, in the order of their nodes."""
        plus = 0.0
        found: dict[tuple[int, tuple[str, ...]], Value] = {}
        for v in values:
            if v.node is None:
                plus += v.coefficient
                continue
            key = (v.node.number, v.letters)
            found[key] = v if key not in found else Value(v.coefficient + found[key].coefficient, v.node, v.letters)
        return plus, [found[key] for key in sorted(found) if found[key].coefficient != 0]


def terms_of(value: Value) -> list[Value]:
    """The terms of a sum, entry by entry; the value itself where it is none."""
    node = value.node
    if node is None or not isinstance(node.op, Add):
        return [value]
    parts = [
        Value(value.coefficient * scale, arg.node, tuple(value.letters[k] for k in arg.at))
        for scale, arg in zip(node.op.scales, node.args, strict=True)
    ]
    return [*parts, Value(value.coefficient * node.op.plus)] if node.op.plus else parts
