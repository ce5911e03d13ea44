"""A program walked with shapes in the place of values: which sizes are equal, and what does not fit."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from symbackprop.core.functions import FUNCTIONS
from symbackprop.notation.unified import ONE, Misfit, Unified

Shape = tuple[int, ...] | None  # sizes, each a number in `Unified`; None: nothing is known
DEEPEST = 8  # helpers that call helpers
UNEVEN = 4  # the cost of a difference of arrays with other numbers of axes

_SAME = frozenset((*FUNCTIONS, "softmax", "log_softmax", "cumsum", "cumprod", "sort", "flip", "copy", "astype"))
_SAME |= {"multiply", "divide", "add", "subtract", "power", "maximum", "minimum", "where"}
_REDUCED = frozenset(("sum", "mean", "average", "prod", "max", "min", "amax", "amin", "var", "std", "logsumexp", "norm", "median"))
PRODUCTS = frozenset(("dot", "matmul", "mm", "mv"))
_COUNTED = ("arange", "range")


def called(node: ast.Call) -> str:
    """The name of the function or the method that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def listed(node: ast.AST) -> tuple[ast.Name, list[str]] | None:
    """The dict and the keys of [params[k] for k in ("W", "b")]; None of anything else."""
    match node:
        case ast.ListComp(
            elt=ast.Subscript(value=ast.Name() as place, slice=ast.Name(id=each)),
            generators=[ast.comprehension(target=ast.Name(id=letter), iter=ast.Tuple(elts=parts) | ast.List(elts=parts), ifs=[])],
        ) if each == letter:
            texts = [one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            return (place, texts) if len(texts) == len(parts) else None
    return None


class Walk:
    """A program, walked with shapes in the place of values.

    axes     of names that nobody declared, which way each has axes.
    helpers  the functions beside the program, whose calls are walked.
    entries  of dicts whose entries are inputs, by key the name of each.
    places   of names whose entries are positions along an axis, p[range(n), y], its size.
    """

    def __init__(
        self, declared: Mapping[str, Sequence[Any]], axes: Mapping[str, str | Sequence[str]],
        helpers: Mapping[str, ast.FunctionDef] = MappingProxyType({}),
        entries: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.sizes = Unified()
        self.shapes: dict[str, Shape] = {name: tuple(self.sizes.new(str(n)) for n in shape) for name, shape in declared.items()}
        for name, way in axes.items():
            new = self.sizes.new
            if not isinstance(way, str):
                self.shapes[name] = tuple(map(new, way))
                continue
            self.shapes[name] = {"": (), "1": (new(),), "column": (new(), ONE), "2": (new(), new())}[way] if way else ()
        self.axes, self.odd = axes, 0
        self.helpers, self.entries, self.deep = helpers, dict(entries), 0
        self.own = {name: name for name in axes}  # what names that nobody declared are called here
        self.last: Shape = None  # of the last value, which is most often the loss
        self.places: dict[str, int] = {}
        self.given = dict(self.shapes)

    def through(self, statements: Iterable[ast.stmt]) -> None:
        for node in statements:
            match node:
                case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                    self.shared_out(targets, value)
                    self.last = None
                case ast.Assign(targets=targets, value=value):
                    shape = self.last = self.of(value)
                    for target in targets:
                        if isinstance(target, ast.Name):
                            self.shapes[target.id] = shape
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.shapes[name] = self.of(value)
                case ast.AugAssign(target=ast.Name(id=name) as target, value=value):
                    self.shapes[name] = self.met(self.of(ast.Name(name, ast.Load())), self.of(value))
                case ast.Return(value=ast.expr() as value) | ast.Expr(value=value):
                    self.of(value)
                    self.last = None
                case ast.For(target=target, iter=several, body=body):
                    self.gone_through(target, several)
                    self.through(body)
                case _:
                    pass

    def shared_out(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        """a, b = x, y; n, d = x.shape, which x has as many axes as."""
        names = [one.id if isinstance(one, ast.Name) else "" for one in targets]
        match value:
            case ast.Tuple(elts=parts) if len(parts) == len(names):
                self.shapes.update(zip(names, map(self.of, parts), strict=True))
            case ast.Attribute(value=inner, attr="shape"):
                shape = self.of(inner)
                if shape is not None and len(shape) != len(names):
                    raise Misfit
                self.shapes.update(dict.fromkeys(names, ()))
            case ast.ListComp() if (found := listed(value)) is not None and found[0].id in self.entries:
                entries = self.entries[found[0].id]
                self.shapes.update(zip(names, (self.given.get(entries.get(key, "")) for key in found[1]), strict=False))
            case _:
                self.of(value)
                self.shapes.update(dict.fromkeys(names))

    def gone_through(self, target: ast.expr, several: ast.expr) -> None:
        """for x, y in zip(X, Y): the names stand for rows."""
        match target, several:
            case ast.Tuple(elts=targets), ast.Call(func=ast.Name(id="zip"), args=args) if len(targets) == len(args):
                for one, other in zip(targets, args, strict=True):
                    self.gone_through(one, other)
                steps = [shape[0] for shape in map(self.of, args) if shape]
                for one, other in pairwise(steps):
                    self.sizes.equal(one, other)
            case ast.Tuple(elts=[_, inner]), ast.Call(func=ast.Name(id="enumerate"), args=[other, *_]):
                self.gone_through(inner, other)
            case ast.Name(id=name), ast.Call(func=ast.Name(id="range")):
                self.shapes[name] = ()
            case ast.Name(id=name), _:
                shape = self.of(several)
                self.array(shape)
                self.shapes[name] = shape and shape[1:]
            case _:
                pass

    def of(self, node: ast.expr) -> Shape:
        """The shape of an expression."""
        match node:
            case ast.Constant(value=int() | float()):
                return ()
            case ast.Name(id=name):
                return self.shapes.get(name)
            case ast.UnaryOp(operand=inner) | ast.IfExp(body=inner):
                return self.of(inner)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.product(self.of(left), self.of(right))
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self.of(left), self.of(right)
                if isinstance(op, ast.Sub) and a is not None and b is not None and len(a) != len(b):
                    plain = {type(left), type(right)} & {ast.Constant}
                    self.odd += 0 if plain else UNEVEN if a and b else UNEVEN // 2
                return self.met(a, b)
            case ast.Compare(left=left, comparators=[right]):
                return self.met(self.of(left), self.of(right))
            case ast.Attribute(value=ast.Name(id=name)) if name not in self.shapes:
                return () if node.attr in ("pi", "e") else None
            case ast.Attribute(value=inner, attr="ndim" | "size"):
                self.array(self.of(inner))
                return ()
            case ast.Subscript(value=ast.Attribute(value=inner, attr="shape"), slice=place):
                shape = self.of(inner)
                self.array(shape)
                if shape and isinstance(place, ast.Constant) and isinstance(place.value, int) and place.value >= len(shape):
                    raise Misfit
                return ()
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)) if name in self.entries:
                return self.given.get(self.entries[name].get(key, ""))
            case ast.Attribute(value=inner, attr="T"):
                return self.turned(self.of(inner))
            case ast.Attribute(value=inner):
                self.array(self.of(inner))
                return None
            case ast.Subscript(value=inner, slice=ast.Tuple(elts=[ast.Call() as rows, ast.Name(id=name)])) if (
                name in self.own and called(rows) in _COUNTED
            ):
                return self.picked(self.of(inner), self.own[name])
            case ast.Subscript(value=inner, slice=ast.Name(id=name)) if name in self.own:
                return self.looked_up(self.of(inner), self.own[name])
            case ast.Subscript(value=inner, slice=place):
                return self.entry(self.of(inner), place.elts if isinstance(place, ast.Tuple) else [place])
            case ast.Call():
                return self.of_call(node)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.of(part)
                return None
            case _:
                return None

    def of_call(self, node: ast.Call) -> Shape:
        """The shape of what a function returns."""
        name = called(node)
        if isinstance(node.func, ast.Name) and (helper := self.helpers.get(name)) is not None:
            return self.inside(node, helper)
        if name == "len" and len(node.args) == 1:
            self.array(self.of(node.args[0]))
            return ()
        method = isinstance(node.func, ast.Attribute) and not (
            (isinstance(node.func.value, ast.Name) and node.func.value.id not in self.shapes)
            or isinstance(node.func.value, ast.Attribute)
        )
        inner = [node.func.value] if method and isinstance(node.func, ast.Attribute) else []
        shapes = [self.of(part) for part in (*inner, *node.args)]
        options = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
        rule = _RULES.get(name)
        if rule is not None and len(shapes) == rule[0]:
            return rule[1](self, *shapes)
        if name in _REDUCED and shapes:
            axis = node.args[1 - len(inner)] if len(node.args) > 1 - len(inner) and name != "norm" else None
            given = axis.value if isinstance(axis, ast.Constant) else options.get("axis", options.get("dim"))
            return self.reduced(shapes[0], given, bool(options.get("keepdims", options.get("keepdim"))))
        if name in _SAME and shapes:
            found: Shape = shapes[0]
            for other in shapes[1:]:
                found = self.met(found, other)
            return found
        return None

    def inside(self, node: ast.Call, helper: ast.FunctionDef) -> Shape:
        """The shape of what a function beside the program returns, whose lines are walked with its arguments."""
        kept = self.shapes, self.entries, self.own, self.last
        names = [one.arg for one in (*helper.args.posonlyargs, *helper.args.args)]
        given = dict(zip(names, node.args, strict=False)) | {one.arg: one.value for one in node.keywords if one.arg}
        held = {name: self.entries[own.id] for name, own in given.items() if isinstance(own, ast.Name) and own.id in self.entries}
        shapes = {name: self.of(own) for name, own in given.items() if name not in held}
        *lines, last = helper.body
        if self.deep == DEEPEST or not isinstance(last, ast.Return) or any(isinstance(one, ast.Starred) for one in node.args):
            return None
        self.deep += 1
        self.shapes, self.entries = {**dict.fromkeys(names), **shapes}, held
        self.own = {name: self.own[one.id] for name, one in given.items() if isinstance(one, ast.Name) and one.id in self.own}
        self.through(lines)
        shape = None if last.value is None else self.of(last.value)
        self.deep -= 1
        self.shapes, self.entries, self.own, self.last = kept
        return shape

    # -- rules ----------------------------------------------------------------------------------------------------------------

    def array(self, shape: Shape) -> None:
        if shape == ():
            raise Misfit

    def met(self, a: Shape, b: Shape) -> Shape:
        """Entry by entry, with axes of size 1 stretched."""
        if a is None or b is None:
            return None
        a, b = (a, b) if len(a) >= len(b) else (b, a)
        result = list(a)
        for k in range(1, len(b) + 1):
            if b[-k] != ONE and a[-k] != ONE:
                self.sizes.equal(a[-k], b[-k])
            result[-k] = a[-k] if a[-k] != ONE else b[-k]
        return tuple(result)

    def product(self, a: Shape, b: Shape) -> Shape:
        self.array(a)
        self.array(b)
        if not a or not b or max(len(a), len(b)) > 2:
            return None
        self.sizes.equal(a[-1], b[0])
        return (*a[:-1], *b[1:])

    def turned(self, a: Shape) -> Shape:
        self.array(a)
        return None if a is None else a[::-1]

    def picked(self, a: Shape, name: str) -> Shape:
        """One entry of each row: p[range(n), y]."""
        self.array(a)
        rows = self.given[name]
        if a is None or rows is None or len(a) != 2 or len(rows) != 1:
            raise Misfit
        self.sizes.equal(a[0], rows[0])
        self.places[name] = a[1]
        return rows

    def looked_up(self, a: Shape, name: str) -> Shape:
        """The rows of a table: E[t]."""
        self.array(a)
        if not a:
            return None
        self.places[name] = a[0]
        return (*(self.given[name] or ()), *a[1:])

    def entry(self, a: Shape, places: Sequence[ast.expr]) -> Shape:
        """What stands at numbers, X[i], X[:, 0]: they take an axis each."""
        self.array(a)
        whole = [isinstance(one, ast.Slice) and not (one.lower or one.upper or one.step) for one in places]
        if a is None or len(places) > len(a) or not all(w or self.of(one) == () for w, one in zip(whole, places, strict=True)):
            return None
        return (*(n for n, w in zip(a, whole, strict=False) if w), *a[len(places) :]) or None

    def square(self, a: Shape) -> Shape:
        if a is not None:
            if len(a) != 2:
                raise Misfit
            self.sizes.equal(*a)
        return a

    def solved(self, a: Shape, b: Shape) -> Shape:
        self.square(a)
        if a is not None and b is not None:
            self.array(b)
            self.sizes.equal(a[-1], b[0])
        return b

    def outer(self, a: Shape, b: Shape) -> Shape:
        if a is None or b is None:
            return None
        if len(a) != 1 or len(b) != 1:
            raise Misfit
        return (*a, *b)

    def reduced(self, a: Shape, axis: Any, keep: bool) -> Shape:
        self.array(a)
        if axis is None or a is None:
            return None if a is None and axis is not None else ()
        if not isinstance(axis, int) or not -len(a) <= axis < len(a):
            raise Misfit
        rest = list(a)
        rest[axis : axis + 1 or None] = [ONE] if keep else []
        return tuple(rest)

    def compared(self, a: Shape, b: Shape) -> Shape:
        self.met(a, b)
        return ()


_RULES: dict[str, tuple[int, Callable[..., Shape]]] = {
    **dict.fromkeys(PRODUCTS, (2, Walk.product)), "inner": (2, Walk.compared), "vdot": (2, Walk.compared),
    "transpose": (1, Walk.turned), "swapaxes": (3, lambda walk, a, *_: walk.turned(a)),
    "outer": (2, Walk.outer), "inv": (1, Walk.square), "inverse": (1, Walk.square),
    "solve": (2, Walk.solved),
    **dict.fromkeys(("trace", "det", "logdet"), (1, lambda walk, a: walk.square(a) and ())),
    **dict.fromkeys(("mse_loss", "mae_loss"), (2, Walk.compared)),
}  # fmt: skip
