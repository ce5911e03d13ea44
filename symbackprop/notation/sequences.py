"""What Python does with several values: lists that are joined, repeated, turned and changed in place, dicts that are updated."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from symbackprop.language import operations as op
from symbackprop.language.tensors import Tensor, as_tensor, total
from symbackprop.notation.grown import Grown, followed, repeated
from symbackprop.notation.rounds import List

if TYPE_CHECKING:
    from symbackprop.notation.evaluator import Evaluator

CHANGES = ("append", "extend", "insert", "reverse", "update")  # methods that change several values in place


def is_sequence(value: Any) -> bool:
    """Whether a value is a list or a tuple; a pair of torch's, whose parts have names, is no list."""
    return isinstance(value, Grown) or (isinstance(value, tuple) and not hasattr(value, "_fields"))


def combined(node: ast.BinOp, a: Any, b: Any) -> Any:
    """a + b of two lists, or a list so many times; None where the operator is one of arrays."""
    match node.op:
        case ast.Add() if is_sequence(a) and is_sequence(b):
            return followed(a, b)
        case ast.Mult() if is_sequence(a) and type(b) is int:
            return repeated(a, b)
        case ast.Mult() if is_sequence(b) and type(a) is int:
            return repeated(b, a)
        case ast.BitOr() if isinstance(a, dict) and isinstance(b, dict):
            return a | b
        case _:
            return None


def changed(evaluator: Evaluator, node: ast.Call, held: Any, how: str) -> Any:
    """A list or a dict after a method that changes it; None where the method has another meaning, or other arguments."""
    given = [evaluator.value(argument) for argument in node.args]
    match held, how, given:
        case List() | Grown(), "append", [one]:
            return followed(held, List((one,)))
        case List() | Grown(), "extend", [several] if is_sequence(several):
            return followed(held, List(several) if isinstance(several, tuple) else several)
        case List() | Grown(), "insert", [0, one]:
            return followed(List((one,)), held)
        case List(), "insert", [int(k), one]:
            return List((*held[:k], one, *held[k:]))
        case List() | Grown(), "reverse", []:
            return turned(held)
        case dict(), "update", [] | [dict()]:
            return held | (given[0] if given else {}) | {k.arg: evaluator.value(k.value) for k in node.keywords if k.arg}
        case _:
            return None


def turned(several: Any) -> Any:
    """Several values, or the rows of an array, from the end."""
    if isinstance(several, Grown):
        return several.turned()
    return type(several)(several[::-1]) if isinstance(several, tuple) else op.flip(as_tensor(several), 0)


def beside(lists: Sequence[Any]) -> tuple[Any, ...] | None:
    """zip(*pairs): from pairs to a list of the first and a list of the second; None where that is not known."""
    match lists:
        case [Grown(values=tuple() as values)]:
            return tuple(map(Grown, values))
        case [tuple() as pairs] if pairs and all(isinstance(one, tuple) for one in pairs):
            return tuple(zip(*pairs, strict=False))
        case _:
            return None


def summed(several: Any, start: Any, numeric: Callable[[Any], Any]) -> Any:
    """Python's sum of a list."""
    if isinstance(several, Grown):
        value = total(several.array(), 0)
        return value if not isinstance(start, Tensor) and start == 0 else numeric(start) + value
    return reduce(lambda a, b: numeric(a) + numeric(b), several, start)


def as_arrays(values: list[Any]) -> list[Any]:
    """Arguments of a function of NumPy, in which lists stand for arrays."""
    return [one.array() if isinstance(one, Grown) else one for one in values]
