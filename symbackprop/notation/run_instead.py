"""A refusal to read a function, with mends that work: annotations that it is read with, and how it is run instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from symbackprop.core.network import Network
from symbackprop.notation.errors import NotationError, NotDeclared, NotRead

OF_ARRAYS = frozenset((
    "T", "shape", "ndim", "size", "dtype", "dot", "sum", "mean", "max", "min", "std", "var", "prod", "argmax", "argmin",
    "cumsum", "reshape", "ravel", "flatten", "squeeze", "transpose", "swapaxes", "astype", "copy", "clip", "round",
    "repeat", "take", "diagonal", "trace", "sort", "item", "keys", "values", "items", "get", "append", "at", "view",
    "exp", "log", "relu", "sigmoid", "tanh", "softmax", "pow", "sqrt", "abs", "dim", "permute", "unsqueeze", "detach",
    "float", "long", "t", "mm", "matmul", "norm", "log_softmax",
))  # fmt: skip
_TARGET = re.compile(r"(y|t|Y|targets?|labels?)(_\w+)?$")


def or_run(
    refused: NotRead, run: str, read: Callable[[Mapping[str, str]], Network], example: Mapping[str, str] = MappingProxyType({})
) -> Network:
    """The network, where one way alone to give the arguments shapes can be read, which it says; else raises NotRead.

    run    how the function is run instead.
    read   what reads the function with declarations of its arguments: those that are proposed are tried before a person is told.
    example  declarations by the arrays of an example in the file, in which equal numbers are one size.
    """
    mend = refused.mend
    if isinstance(refused, NotDeclared):
        found = _read(read, refused.declarations)
        if found is None:
            mend = ""
        elif not found.program.shape(found.loss) and _is_alone(refused, read):
            said = (
                f"Nobody declared the arguments: of shapes with at most two axes these alone fit, {_listed(refused.declarations)}."
            )
            return replace(found, notes=(said, *found.notes))
        if found is None and example and (read_so := _read(read, example)) is not None:
            said = f"Nobody declared the arguments: in the file's example they are, with equal sizes as one, {_listed(example)}."
            return replace(read_so, notes=(said, *read_so.notes))
    way = f"Or let it run: {run}." if mend else f"Let it run: {run}."
    raise NotRead(f"{refused.fault.removesuffix('.')}.", f"{mend} {way}".strip(), refused.place) from None


def _listed(declarations: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {one}" for name, one in declarations.items())


def _read(read: Callable[[Mapping[str, str]], Network], declarations: Mapping[str, str]) -> Network | None:
    try:
        return read(declarations)
    except NotationError:
        return None


def _is_alone(refused: NotDeclared, read: Callable[[Mapping[str, str]], Network]) -> bool:
    """Whether the function can be read with no other shapes of its arguments."""
    ways = refused.others()
    return ways is not None and all(_read(read, way) is None for way in ways if way != refused.declarations)


def in_python(function: ast.FunctionDef, of_object: bool) -> str:
    """How a function is traced: sb.trace(loss, W, X), and a method of an object sb.trace(model.loss, X)."""
    names = [one.arg for one in required(function)[of_object:]]
    several = ["*arrays"] if function.args.vararg or not names else names
    call = f"sb.trace({', '.join([f'model.{function.name}' if of_object else function.name, *several])})"
    above = [ast.unparse(one) for one in function.decorator_list]  # they refuse it, so that its name stands for nothing
    return f"{call}, without @{above[-1]} above {function.name}" if above and not of_object else call


def in_the_shell(function: ast.FunctionDef, of_object: bool, file: ast.Module) -> str:
    """How the command line traces it: on an example that is saved, with the entries that the file reads of a dict by their keys."""
    names = [one.arg for one in required(function)[of_object:]]
    if objects := [name for name in names if _is_object(function, name)]:
        return f"{in_python(function, of_object)} in Python, where {', '.join(objects)} can be any object"
    parts = [part for name in [*names, *_left_open(function)] for part in parts_read(file, name)]
    return f"--trace example.npz{f', which {saving(parts)} writes' if parts else ''}, or sb.trace in Python"


def saving(parts: Sequence[str]) -> str:
    """The call that saves an example: np.savez("example.npz", X=X, **{"params.W1": W1})."""
    entries = ", ".join(f'"{part}": {_variable(part)}' for part in parts if "." in part)
    arrays = [f"{part}={part}" for part in parts if "." not in part] + ([f"**{{{entries}}}"] if entries else [])
    return f'np.savez("example.npz", {", ".join(arrays)})'


def _variable(part: str) -> str:
    """What holds an entry: W1 of params.W1, layers[0] of layers.0."""
    outer, _, last = part.rpartition(".")
    return last if last.isidentifier() else f"{_variable(outer)}[{last}]" if last.isdigit() else f'{_variable(outer)}["{last}"]'


def _is_object(function: ast.FunctionDef, name: str) -> bool:
    """Whether what no array has is asked of a name: a method or an attribute."""
    asked = (node for node in ast.walk(function) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    return any(node.value.id == name and node.attr not in OF_ARRAYS for node in asked if isinstance(node.value, ast.Name))


def _left_open(function: ast.FunctionDef) -> list[str]:
    """Targets that may be left out, as y is of loss(X, y=None): without them the function gives no loss."""
    a = function.args
    defaults = [*zip(reversed(a.args), reversed(a.defaults), strict=False), *zip(a.kwonlyargs, a.kw_defaults, strict=True)]
    return [one.arg for one, d in defaults if isinstance(d, ast.Constant) and d.value is None and _TARGET.match(one.arg)]


def required(function: ast.FunctionDef) -> list[ast.arg]:
    """The arguments without a default."""
    a = function.args
    positional = [*a.posonlyargs, *a.args]
    return positional[: len(positional) - len(a.defaults)] + [
        one for one, default in zip(a.kwonlyargs, a.kw_defaults, strict=True) if default is None
    ]


def parts_read(file: ast.Module, name: str) -> list[str]:
    """What is saved of an argument: the argument, or the entries of a dict."""
    return list(dict.fromkeys(f"{name}.{key}" for key in _keys(file, name))) or [name]


def _keys(file: ast.Module, name: str) -> Iterator[str]:
    """The texts that a name is read at, params["W1"]; of one that is put together, params[f"W{k}"], that of the first."""
    for node in ast.walk(file):
        match node:
            case ast.Subscript(value=ast.Name(id=own), slice=ast.Constant(value=str() as key), ctx=ast.Load()) if own == name:
                yield key
            case ast.ListComp(
                elt=ast.Subscript(value=ast.Name(id=own), slice=ast.Name(id=each)),
                generators=[ast.comprehension(target=ast.Name(id=letter), iter=ast.Tuple(elts=keys) | ast.List(elts=keys))],
            ) if (own, each) == (name, letter):
                yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
            case ast.Subscript(value=ast.Name(id=own), slice=ast.JoinedStr(values=[ast.Constant(value=str() as key), _])) if (
                own == name
            ):
                yield f"{key}1"
