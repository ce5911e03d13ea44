"""Names that are a size and a value, W: parameter[d, h] and h = tanh(x @ W): in brackets the size, which then is called n_h."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from symbackprop.core.program import beside
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grown import Grown
from symbackprop.notation.identifiers import names_in
from symbackprop.notation.loops.header import is_dotted
from symbackprop.notation.rounds import List
from symbackprop.notation.vocabulary import name_fault

if TYPE_CHECKING:
    from symbackprop.core.network import Network
    from symbackprop.notation.reader import Reader

P = ParamSpec("P")

# Where the sizes begin among the arguments of a function, and where they end; those of a method all are sizes.
_FUNCTIONS = {
    **dict.fromkeys(("zeros", "ones", "empty", "eye", "identity", "arange", "range"), slice(None)),
    "full": slice(1),
    **dict.fromkeys(("reshape", "broadcast_to", "tile", "repeat", "one_hot"), slice(1, None)),
}
_METHODS = ("reshape", "view", "expand", "repeat", "tile")
_SETTINGS = ("shape", "reps", "repeats", "classes", "num_classes")


class BothSizeAndValue(NotationError):
    """A size is given a value: it is read with other names for such sizes, `called`."""

    called: Mapping[str, str] = {}


def told_apart(read: Callable[P, Network]) -> Callable[P, Network]:
    """A reader that reads again where a size is given a value, with `called`, the names of such sizes: {"h": "n_h"}."""

    @wraps(read)
    def again(*given: P.args, **how: P.kwargs) -> Network:
        called: Mapping[str, str] = {}
        while True:
            try:
                return read(*given, **how)
            except BothSizeAndValue as error:
                how["called"] = called = error.called
            except NotationError as error:
                raise _of_both(error, called) from None

    return again


def _of_both(error: NotationError, called: Mapping[str, str]) -> NotationError:
    """The error, which says what is called n_h where it speaks of it."""
    words = {*re.findall(r"\w+", error.fault)}
    for name, own in called.items():
        if own in words:
            error.mend = f"{error.mend} In brackets {name} is a size, which is called {own}.".strip()
    error.args = (error.said(str),)
    return error


def refused(reader: Reader, node: ast.AST, name: str, fault: str, mend: str, array: bool) -> NotationError:
    """What is raised where a size is given a value: arrays may have the name of a size, what could be a size itself may not."""
    clear = array and name not in reader.called and not reader.callers and name not in _letters(reader.statements)
    own = _name(reader, name) if clear else None
    error = reader.fault(node, fault, mend)
    if own is None:
        return error
    both = BothSizeAndValue(error.fault, error.mend, error.place)
    both.called = {**reader.called, name: own}
    return both


def is_array(reader: Reader, value: Any) -> bool:
    """Whether a value is none that a size could be."""
    if isinstance(value, List):
        return all(isinstance(one, Tensor) for one in value)
    return isinstance(value, Grown) or (isinstance(value, Tensor) and isinstance(reader.evaluator.plain(value), Tensor))


def _name(reader: Reader, name: str) -> str | None:
    """Another name for a size; None where the text has a meaning for each."""
    words = {*re.findall(r"\w+", "\n".join(reader.source.lines)), *reader.sizes, *reader.names, *reader.later}
    return next((own for own in beside(name) if own not in words and name_fault(own) is None), None)


def _letters(statements: Iterable[ast.stmt]) -> set[str]:
    """The names that loops give one value after another."""
    nodes = (node for statement in statements for node in ast.walk(statement))
    return {name for node in nodes if isinstance(node, ast.For | ast.NamedExpr) for name in names_in(node.target)}


def sized(reader: Reader, statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which names in the places of sizes are those that sizes have: zeros(n_h), range(n_h), x[:n_h]."""
    for statement in statements if reader.called else ():
        for node in _scope(statement, reader.called.keys()):
            for place in _places(reader, node):
                for name in _names(place):
                    name.id = reader.called.get(name.id, name.id)
    return statements


def _scope(statement: ast.stmt, names: Set[str]) -> Iterator[ast.AST]:
    """What stands in a statement, without functions and lists within that have such names for their own."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef(args=ast.arguments() as given) | ast.Lambda(args=given):
                own = {n.arg for n in ast.walk(given) if isinstance(n, ast.arg)}
            case ast.ListComp(generators=several) | ast.GeneratorExp(generators=several) | ast.DictComp(generators=several):
                own = names_in(*(one.target for one in several))
            case _:
                own = set()
        if not own & names:
            yield node
            waiting += ast.iter_child_nodes(node)


def _places(reader: Reader, node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that are sizes in a call, a slice and the bounds of a loop."""
    match node:
        case ast.Slice():
            yield from (one for one in (node.lower, node.upper, node.step) if one is not None)
        case ast.For() if is_dotted(node):
            yield node.iter
        case ast.Call(func=ast.Name(id=name)) if not reader.evaluator.helpers.keys() | reader.evaluator.functions.keys() >= {name}:
            yield from (*node.args[_FUNCTIONS.get(name, slice(0))], *_set(node))
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if reader.evaluator.package(value):
            yield from (*node.args[_FUNCTIONS.get(name, slice(0))], *_set(node))
        case ast.Call(func=ast.Attribute(attr=name)) if name in _METHODS:
            yield from (*node.args, *_set(node))


def _set(node: ast.Call) -> list[ast.expr]:
    return [one.value for one in node.keywords if one.arg in _SETTINGS]


def _names(node: ast.expr) -> Iterator[ast.Name]:
    """The names in an expression of sizes."""
    match node:
        case ast.Name():
            yield node
        case ast.Tuple(elts=several) | ast.List(elts=several):
            for one in several:
                yield from _names(one)
        case ast.BinOp(left=left, right=right):
            yield from (*_names(left), *_names(right))
        case ast.UnaryOp(operand=operand):
            yield from _names(operand)
