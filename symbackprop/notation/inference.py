"""Shapes for names that nobody declared, from how a program uses them: `W_1 @ X + b_1` makes W_1 h x d, X d x n and b_1 h x 1.

Each way to give the names axes is walked through; sizes that must be equal are made one, and what does not fit is left out. Of
what fits, the likeliest is proposed: capital letters are matrices, small ones vectors where an array is needed, biases and targets
beside a product arrays as well, other names numbers. It is a proposal, which a person is asked to write down.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from symbackprop.core.functions import FUNCTIONS
from symbackprop.notation.unified import ONE, Misfit, Unified, cheapest

Shape = tuple[int, ...] | None  # sizes, each a number in `Unified`; None: nothing is known
MOST = 2_000  # ways that are walked
FEW = 24  # ways that are read, to see whether one alone can be
LETTERS = "hndmkpqrcuv"
WANTED = {
    ("parameter", 1): "d",
    ("parameter", 2): "hd",
    ("data", 1): "n",
    ("data", 2): "nd",
    ("integers", 2): "nk",
}  # letters for the axes
UNEVEN = 4  # the cost of a difference of arrays with other numbers of axes
COUNTS = ("n", "N", "m", "M", "T", "B")  # numbers that most likely say how many samples there are

_MATRIX = re.compile(r"[A-Z]\w*$|inputs|features|images")
_WEIGHT = re.compile(r"[WVUwvu]")
_RATE = re.compile(r"(lam\w*|alpha|eta|eps\w*|reg\w*|lr|rate)(_?\d+)?$")
_SCALE = re.compile(r"gamma(_?\d+)?$")  # of a normalisation, where it has axes
_NUMBER = re.compile(r"(lam\w*|L|loss|J|alpha|eta|eps\w*|reg\w*|lr|rate|rho|tau|kappa|gamma|c|k|p|q|r|n|N)(_?\d+)?$")
_BESIDE = re.compile(r"(b|bias|c|t|y|yhat|y_?true|targets?|labels?)(_?\d+)?$")
_WAYS = {
    "matrix": {"2": 0, "1": 3, "": 6},
    "number": {"": 0, "1": 4, "2": 6},
    "beside": {"1": 0, "column": 1, "2": 2, "": 3},
    "other": {"": 0, "1": 1, "2": 5},
}
_SAME = frozenset((*FUNCTIONS, "softmax", "log_softmax", "cumsum", "cumprod", "sort", "flip", "copy", "astype"))
_SAME |= {"multiply", "divide", "add", "subtract", "power", "maximum", "minimum", "where"}
_REDUCED = frozenset(("sum", "mean", "average", "prod", "max", "min", "amax", "amin", "var", "std", "logsumexp", "norm", "median"))
_PRODUCTS = frozenset(("dot", "matmul", "mm", "mv"))
_COUNTED = ("arange", "range")


class Proposal(NamedTuple):
    """A declaration that would fit a name: its kind, and its sizes by name, of integers with the one that they count along."""

    kind: str
    sizes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}[{', '.join(self.sizes)}]" if self.sizes else self.kind


def proposed(
    statements: Sequence[ast.stmt], declared: Mapping[str, Sequence[Any]], undeclared: Iterable[str],
    described: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> dict[str, Proposal]:  # fmt: skip
    """A declaration for each name that nobody declared; {} where no way fits, or there are too many.

    declared    the shapes that are known.
    described   sizes that a person said of some, "" where without a name.
    """
    names = list(dict.fromkeys(undeclared))
    found: tuple[int, _Walk] | None = None
    for cost, total, walk in _fitting(statements, declared, names, described):
        if found is not None and cost >= found[0]:
            break
        if found is None or total < found[0]:
            found = total, walk
    return found[1].named(names) if found else {}


def mostly_arrays(name: str) -> bool:
    """Whether what is called so has axes as a rule, y or X: where it is proposed as a number, its use says so."""
    return bool(_MATRIX.match(name) or _BESIDE.match(name))


def others(
    statements: Sequence[ast.stmt], declared: Mapping[str, Sequence[Any]], undeclared: Iterable[str],
    described: Mapping[str, Sequence[str]],
) -> list[dict[str, str]] | None:  # fmt: skip
    """Every way that fits, where what is called a rate is a number; None where there are too many to try."""
    names = list(dict.fromkeys(undeclared))
    described = {name: () for name in names if _RATE.match(name)} | {**described}
    found = list(islice(_fitting(statements, declared, names, described), FEW + 1))
    return None if len(found) > FEW else [{name: str(one) for name, one in walk.named(names).items()} for _, _, walk in found]


def _fitting(
    statements: Sequence[ast.stmt], declared: Mapping[str, Sequence[Any]], names: Sequence[str],
    described: Mapping[str, Sequence[str]],
) -> Iterator[tuple[int, int, _Walk]]:  # fmt: skip
    """The ways that fit, by their cost: that, what speaks against each as well, and the walk."""
    products = any(_is_product(node) for statement in statements for node in ast.walk(statement))
    ways = [sorted(_WAYS[_kind(name, products)].items(), key=lambda way: way[1]) for name in names]
    ways = [[(way, 0)] if (way := described.get(name)) is not None else row for name, row in zip(names, ways, strict=True)]
    for cost, chosen in islice(cheapest([[c for _, c in row] for row in ways]), MOST):
        walk = _Walk(declared, {name: row[k][0] for name, row, k in zip(names, ways, chosen, strict=True)})
        try:
            walk.through(statements)
        except Misfit:
            continue
        yield cost, cost + walk.strange(), walk


def _kind(name: str, products: bool) -> str:
    if _NUMBER.match(name):
        return "number"
    if _MATRIX.match(name):
        return "matrix"
    return "beside" if products and _BESIDE.match(name) else "other"


def _is_product(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(op=ast.MatMult()):
            return True
        case ast.Call():
            return _called(node) in _PRODUCTS
    return False


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


class _Walk:
    """A program, walked with shapes in the place of values.

    places  of names whose entries are positions along an axis, p[range(n), y], its size.
    """

    def __init__(self, declared: Mapping[str, Sequence[Any]], axes: Mapping[str, str | Sequence[str]]) -> None:
        self.sizes = Unified()
        self.shapes: dict[str, Shape] = {name: tuple(self.sizes.new(str(n)) for n in shape) for name, shape in declared.items()}
        for name, way in axes.items():
            new = self.sizes.new
            if not isinstance(way, str):
                self.shapes[name] = tuple(map(new, way))
                continue
            self.shapes[name] = {"": (), "1": (new(),), "column": (new(), ONE), "2": (new(), new())}[way] if way else ()
        self.axes, self.odd = axes, 0
        self.last: Shape = None  # of the last value, which is most often the loss
        self.places: dict[str, int] = {}
        self.given = dict(self.shapes)

    def through(self, statements: Iterable[ast.stmt]) -> None:
        for node in statements:
            match node:
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
            case ast.Attribute(value=inner, attr="T"):
                return self.turned(self.of(inner))
            case ast.Attribute(value=inner):
                self.array(self.of(inner))
                return None
            case ast.Subscript(value=inner, slice=ast.Tuple(elts=[ast.Call() as rows, ast.Name(id=name)])) if (
                name in self.axes and _called(rows) in _COUNTED
            ):
                return self.picked(self.of(inner), name)
            case ast.Subscript(value=inner, slice=ast.Name(id=name)) if name in self.axes:
                return self.looked_up(self.of(inner), name)
            case ast.Subscript(value=inner, slice=place):
                return self.entry(self.of(inner), place.elts if isinstance(place, ast.Tuple) else [place])
            case ast.Call():
                return self.called(node)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.of(part)
                return None
            case _:
                return None

    def called(self, node: ast.Call) -> Shape:
        """The shape of what a function returns."""
        name = _called(node)
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
        rows = self.shapes[name]
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
        return (*(self.shapes[name] or ()), *a[1:])

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

    # -- the proposal ---------------------------------------------------------------------------------------------------------

    def strange(self) -> int:
        """What speaks against it: a bias along an axis that no weight has, a last value that is no number."""
        weights = {self.sizes.root(n) for name, shape in self.given.items() if _WEIGHT.match(name) for n in shape or ()}
        along = [n for name in self.axes if name[0] == "b" for n in self.given[name] or () if n != ONE]
        lost = UNEVEN * any(self.sizes.root(n) not in weights for n in along) if weights else 0
        return self.odd + lost + (UNEVEN if self.last else 0)

    def named(self, names: Iterable[str]) -> dict[str, Proposal]:
        """The shapes, with a letter for each size; a number that counts, as in sum(x)/n, is the size of the data."""
        called = {self.sizes.root(n): text for n, text in self.sizes.called.items()}
        counts = [name for name in names if not self.given[name] and name in COUNTS]
        taken = {*called.values(), *self.shapes}
        result = {}
        for name in names:
            shape = self.given[name] or ()
            shape += (self.places[name],) if name in self.places else ()
            if counts and shape and kind_of(name) == "data":
                called.setdefault(self.sizes.root(shape[0]), counts[0])
            kind = "integers" if name in self.places else "parameter" if shape and _SCALE.match(name) else kind_of(name)
            wanted = WANTED.get((kind, len(shape)), "")
            for root, letter in zip(map(self.sizes.root, shape), wanted + LETTERS, strict=False):
                if root not in called:
                    called[root] = next(c for c in (letter, *LETTERS, *(f"n_{k}" for k in range(1, 100))) if c not in taken)
                    taken.add(called[root])
            result[name] = Proposal(kind, tuple(called[self.sizes.root(n)] for n in shape))
        return {name: proposal for name, proposal in result.items() if name not in called.values()}


def kind_of(name: str) -> str:
    """What a name most likely is: a weight, or data."""
    learnt = re.match(r"(w|b|v|u)(_?\d*|eights?|ias(es)?)$|theta|beta|phi", name, re.IGNORECASE)
    return "parameter" if learnt or re.match(r"[WU]_?[a-z]{1,2}\d?$|b_?[hyxofigc]$|E$|embeddings?$", name) else "data"


_RULES: dict[str, tuple[int, Callable[..., Shape]]] = {
    **dict.fromkeys(_PRODUCTS, (2, _Walk.product)), "inner": (2, _Walk.compared), "vdot": (2, _Walk.compared),
    "transpose": (1, _Walk.turned), "swapaxes": (3, lambda walk, a, *_: walk.turned(a)),
    "outer": (2, _Walk.outer), "inv": (1, _Walk.square), "inverse": (1, _Walk.square),
    "solve": (2, _Walk.solved),
    **dict.fromkeys(("trace", "det", "logdet"), (1, lambda walk, a: walk.square(a) and ())),
    **dict.fromkeys(("mse_loss", "mae_loss"), (2, _Walk.compared)),
}  # fmt: skip
