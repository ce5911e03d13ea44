"""Shapes of arguments as an example in the same file says them, `X = randn(5, 3)` and `loss(W, X, y)` below. It is never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from symbackprop.notation.identifiers import names_in
from symbackprop.notation.inference import LETTERS, kind_of

BY_PLACES = ("randn", "rand")  # with a size for each argument
BY_SHAPE = ("zeros", "ones", "empty", "full", "standard_normal", "random", "random_sample", "ranf", "sample")
DRAWN = {  # where the shape stands behind others
    "normal": 2, "uniform": 2, "randint": 2, "integers": 2, "choice": 1, "binomial": 2, "exponential": 1, "poisson": 1, "gamma": 2,
    "beta": 2, "lognormal": 2, "laplace": 2,
}  # fmt: skip
LIKE = (
    "zeros_like", "ones_like", "full_like", "empty_like", "asarray", "ascontiguousarray", "abs", "exp", "log", "sqrt", "square",
    "tanh", "sin", "cos", "sign", "maximum", "minimum", "clip", "floor", "round", "astype", "copy", "float64", "float32",
)  # fmt: skip


class Size(NamedTuple):
    """A size of an example: its name there, "" where it has none, and its number, where the text says it."""

    name: str = ""
    number: int | None = None


Sizes = tuple[Size, ...]


def exampled(file: Sequence[ast.stmt], function: ast.FunctionDef) -> dict[str, Sizes]:
    """The sizes of each argument with which the file calls a function; () for a number.

    Arguments that are called with other numbers of axes elsewhere are left out.
    """
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    known = {*names, *(one.arg for one in function.args.kwonlyargs)}
    found: dict[str, Sizes | None] = {}
    for call, values in _calls(file, function.name, _Values({}, {}), known):
        if any(isinstance(one, ast.Starred) for one in call.args):
            continue
        given = dict(zip(names, call.args, strict=False)) | {one.arg: one.value for one in call.keywords if one.arg in known}
        for name, node in given.items():
            sizes = values.shape(node)
            if sizes is not None and found.setdefault(name, sizes) is not None and len(found[name] or ()) != len(sizes):
                found[name] = None
    return {name: sizes for name, sizes in found.items() if sizes is not None}


def words(sizes: Sizes) -> tuple[str, ...]:
    """The sizes as a person says them: by name; 1 is 1, and what else has no name is found out."""
    return tuple("1" if one.number == 1 else one.name for one in sizes)


def declarations(shapes: Mapping[str, Sizes], function: ast.FunctionDef) -> dict[str, str]:
    """Declarations of arguments in which sizes with one number are one size, called as nothing in the function is.

    {} where a size has no number, or there are too many.
    """
    taken = names_in(function) | shapes.keys()
    every = [one for sizes in shapes.values() for one in sizes]
    if not every or any(one.number is None for one in every):
        return {}
    names = {one.number: one.name for one in reversed(every) if one.name}
    free = iter(letter for letter in LETTERS if letter not in {*names.values(), *taken})
    for one in every:
        if one.number not in names:
            names[one.number] = "1" if one.number == 1 else next(free, "")
    if "" in names.values():
        return {}
    return {
        name: f"{kind_of(name)}[{', '.join(names[one.number] for one in sizes)}]" if sizes else kind_of(name)
        for name, sizes in shapes.items()
    }


def _calls(body: Sequence[ast.stmt], name: str, values: _Values, taken: set[str]) -> Iterator[tuple[ast.Call, _Values]]:
    """The calls of a function, each with what the names stand for where it stands."""
    for node in body:
        match node:
            case ast.FunctionDef(name=own):
                if own != name:
                    yield from _calls(node.body, name, values.inside(node), taken)
                continue
            case ast.ClassDef():
                continue
        yield from ((one, values) for one in _own(node) if isinstance(one, ast.Call) and _is(one.func, name))
        match node:
            case ast.Assign(targets=[target], value=value):
                values.assign(target, value, taken)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                values.assign(target, value, taken)
            case ast.For(target=target, body=inner) | ast.AsyncFor(target=target, body=inner):
                values.forget(target)
                yield from _calls(inner, name, values, taken)
            case ast.With(body=inner) | ast.Try(body=inner):
                yield from _calls(inner, name, values, taken)
            case ast.If(body=inner, orelse=other) | ast.While(body=inner, orelse=other):
                yield from _calls([*inner, *other], name, values, taken)


def _own(node: ast.stmt) -> Iterator[ast.AST]:
    """What stands in a statement but not in statements that it holds."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt):
            yield from ast.walk(child)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


class _Values:
    """What names stand for: `shapes` of arrays and numbers, `sizes` of names that stand for whole numbers."""

    def __init__(self, shapes: Mapping[str, Sizes], sizes: Mapping[str, int]) -> None:
        self.shapes, self.sizes = dict(shapes), dict(sizes)

    def inside(self, function: ast.FunctionDef) -> _Values:
        """The same within a function, whose arguments are its own."""
        inner = _Values(self.shapes, self.sizes)
        for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
            inner.shapes.pop(one.arg, None)
            inner.sizes.pop(one.arg, None)
        return inner

    def assign(self, target: ast.expr, value: ast.expr, taken: set[str]) -> None:
        match target, value:
            case ast.Tuple(elts=targets), ast.Tuple(elts=parts) if len(targets) == len(parts):
                for one, part in zip(targets, parts, strict=True):
                    self.assign(one, part, taken)
            case ast.Name(id=name), _:
                sizes = self.shape(value)
                self.forget(target)
                if sizes is not None:
                    self.shapes[name] = sizes
                if isinstance(value, ast.Constant) and type(value.value) is int and name not in taken:
                    self.sizes[name] = value.value
            case _:
                self.forget(target)

    def forget(self, target: ast.expr) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self.shapes.pop(node.id, None)
                self.sizes.pop(node.id, None)

    def shape(self, node: ast.expr) -> Sizes | None:
        """The shape of a value; None where the text does not say it."""
        match node:
            case ast.Constant(value=bool()) | ast.Constant(value=None | str()):
                return None
            case ast.Constant() | ast.UnaryOp(operand=ast.Constant()):
                return ()
            case ast.Name(id=name):
                return self.shapes.get(name)
            case ast.UnaryOp(operand=inner):
                return self.shape(inner)
            case ast.Attribute(value=inner, attr="T"):
                found = self.shape(inner)
                return None if found is None else found[::-1]
            case ast.BinOp(left=left, op=op, right=right):
                return _together(op, self.shape(left), self.shape(right))
            case ast.List() | ast.Tuple():
                return None
            case ast.Call(func=ast.Attribute(value=owner, attr=word)) | ast.Call(func=ast.Name(id=word) as owner):
                return self._made(node, owner, word)
            case _:
                return None

    def _made(self, call: ast.Call, owner: ast.expr, word: str) -> Sizes | None:
        """The shape of what a call makes."""
        args, named = call.args, {one.arg: one.value for one in call.keywords}
        if any(isinstance(one, ast.Starred) for one in args):
            return None
        said = named.get("size") or named.get("shape")
        own = self.shape(owner) if isinstance(call.func, ast.Attribute) else None  # x of x.reshape(...)
        if word in BY_PLACES:
            return tuple(map(self._size, args))
        if word in BY_SHAPE:
            return self._sizes(said or args[0]) if said or args else ()
        if word in DRAWN:
            said = said or (args[DRAWN[word]] if len(args) > DRAWN[word] else None)
            return self._sizes(said) if said is not None else ()
        match word:
            case "reshape" if args:
                parts = args if own is not None else args[1:]
                return self._sizes(parts[0]) if len(parts) == 1 else tuple(map(self._size, parts))
            case "eye" | "identity" if args:
                return (self._size(args[0]), self._size(args[1] if len(args) > 1 else args[0]))
            case "arange" if len(args) == 1:
                return (self._size(args[0]),)
            case "arange" | "linspace" | "permutation":
                return (Size(),)
            case "array" if args:
                return _nested(args[0])
            case _ if word in LIKE:
                return own if own is not None else self.shape(args[0]) if args else None
        return None

    def _sizes(self, node: ast.expr) -> Sizes | None:
        """The sizes that an expression says: several, or one."""
        match node:
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return tuple(map(self._size, parts))
            case ast.Attribute(value=inner, attr="shape"):
                return self.shape(inner)
            case ast.Constant() | ast.Name() | ast.BinOp():
                return (self._size(node),)
        return None

    def _size(self, node: ast.expr) -> Size:
        """One size."""
        match node:
            case ast.Constant(value=int() as number):
                return Size("", number)
            case ast.Name(id=name) if name in self.sizes:
                return Size(name, self.sizes[name])
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="shape"), slice=ast.Constant(value=int() as k)):
                sizes = self.shapes.get(name, ())
                return sizes[k] if -len(sizes) <= k < len(sizes) else Size()
        return Size()


def _together(op: ast.operator, left: Sizes | None, right: Sizes | None) -> Sizes | None:
    """The shape of a value of two."""
    if left is None or right is None:
        return None
    if isinstance(op, ast.MatMult):
        return (*left[:-1], *(right[:-2] if len(right) > 1 else ()), *right[-1:]) if len(right) > 1 else left[:-1]
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    return longer if not shorter or shorter == longer else (Size(),) * len(longer)


def _nested(node: ast.expr) -> Sizes | None:
    """The shape of nested lists of numbers."""
    if not isinstance(node, ast.List | ast.Tuple):
        return () if isinstance(node, ast.Constant | ast.UnaryOp) else None
    inner = _nested(node.elts[0]) if node.elts else None
    return None if inner is None else (Size("", len(node.elts)), *inner)
