"""What a loop or a comprehension goes through, round by round, where how often is known."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp

from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.truth import decided
from symbackprop.notation.vocabulary import plain

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

LONGEST = 1_000  # rounds of all loops of a text


Comprehension = ast.ListComp | ast.GeneratorExp | ast.DictComp


class List(tuple[Any, ...]):
    """Several values that were written in [...]: append makes another, which stands in its place wherever it is held."""


def rounds(reader: Reader, several: ast.expr) -> Sequence[Any]:
    """What the name of a loop stands for, round by round."""
    evaluator = reader.evaluator
    match several:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if 1 <= len(args) <= 3 and not reader.known("range"):
            bounds = [plain(evaluator.plain(evaluator.operand(one))) for one in args]
            if not all(isinstance(bound, int) for bound in bounds) or bounds[2:] == [0]:
                raise evaluator.unread(
                    several, "how often the loop goes round must be a number here.",
                    "Write whole numbers, or the sum over an axis: sum(x, axis=0).",
                )  # fmt: skip
            steps: Sequence[Any] = range(*bounds)
            if len(steps[: LONGEST + 1]) > LONGEST:
                raise _too_long(reader, several)
        case ast.Call(func=ast.Name(id="enumerate")) if (found := numbered(several)) is not None and not reader.known("enumerate"):
            first = plain(evaluator.plain(evaluator.operand(found[1])))
            if not isinstance(first, int):
                raise evaluator.unread(found[1], "what enumerate begins with is no number.", "Write a whole number.")
            steps = tuple(enumerate(rounds(reader, found[0]), first))
        case ast.Call(func=ast.Name(id="zip"), args=args, keywords=[] | [ast.keyword(arg="strict")]) if args and not reader.known(
            "zip"
        ):
            steps = tuple(zip(*(course for one in args for course in _courses(reader, one)), strict=False))
        case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]) if not reader.known("reversed"):
            steps = tuple(reversed(rounds(reader, inner)))
        case _:
            value = evaluator.value(several)
            value = tuple(value) if isinstance(value, dict) else value
            if isinstance(value, Tensor) and value.shape and value.shape[0].is_Integer:
                value = tuple(value[k] for k in range(min(int(value.shape[0]), LONGEST + 1)))
            if not isinstance(value, tuple):
                evaluator.arrays.axes(several, value)
                raise evaluator.unread(several, "a loop goes over range(...), or several values.", "Write for k in range(3):")
            steps = value
    if len(steps) > LONGEST:
        raise _too_long(reader, several)
    return [sp.Integer(one) if type(one) is int else one for one in steps]


def _courses(reader: Reader, argument: ast.expr) -> Sequence[Sequence[Any]]:
    """What an argument of zip goes through; of *pairs, each of them."""
    if not isinstance(argument, ast.Starred):
        return [rounds(reader, argument)]
    several = rounds(reader, argument.value)
    if not all(isinstance(one, tuple | dict) for one in several):
        fault = f"{reader.source.segment(argument)} is not several lists."
        raise reader.evaluator.unread(argument, fault, "Write the lists one by one.")
    return [tuple(one) for one in several]


def numbered(several: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """What enumerate(values, first) goes over, and the number that it begins with; None for anything else."""
    match several:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *rest], keywords=keywords) if len(rest) + len(keywords) <= 1:
            if not all(one.arg == "start" for one in keywords):
                return None
            first = rest[0] if rest else keywords[0].value if keywords else ast.copy_location(ast.Constant(0), several)
            return inner, first
    return None


def comprehended(reader: Reader, node: Comprehension) -> Any:
    """[expression for name in several if condition], written out: the names are those of the comprehension alone."""
    collected = reader.steps.collect(node)
    if collected is not None:
        return collected
    kept = dict(reader.names)
    found: list[Any] = []
    read = reader.evaluator.value

    def through(generators: Sequence[ast.comprehension]) -> None:
        if not generators:
            found.append((read(node.key), read(node.value)) if isinstance(node, ast.DictComp) else read(node.elt))
            return
        first, *rest = generators
        for one in rounds(reader, first.iter):
            unrolled(reader, node)
            _take(reader, first.target, one)
            if all(decided(reader.evaluator, test) for test in first.ifs):
                through(rest)

    try:
        through(node.generators)
    finally:
        reader.names = kept
    return dict(found) if isinstance(node, ast.DictComp) else List(found)


def _take(reader: Reader, target: ast.expr, value: Any) -> None:
    """Let the names of a comprehension stand for a value."""
    match target:
        case ast.Name(id=name):
            reader.names[name] = value
        case ast.Tuple(elts=targets) | ast.List(elts=targets) if isinstance(value, tuple) and len(value) == len(targets):
            for one, part in zip(targets, value, strict=True):
                _take(reader, one, part)
        case _:
            raise reader.fault(target, "the names of the comprehension do not fit its values.", "Write a name for each value.")


def unrolled(reader: Reader, node: ast.For | Comprehension) -> None:
    """Count one round of a loop; those of loops within loops are counted as well."""
    reader.rounds += 1
    if reader.rounds > LONGEST:
        raise _too_long(reader, node.iter if isinstance(node, ast.For) else node)


def _too_long(reader: Reader, several: ast.AST) -> NotationError:
    return reader.evaluator.unread(
        several, f"the loops go round more than {LONGEST:,} times.", "Write a sum over an axis: sum(x, axis=0)."
    )
