"""Several values: lists, tuples and dicts as they are written, their entries, and comprehensions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from symbackprop.language.tensors import Tensor
from symbackprop.notation.composed import JOINED
from symbackprop.notation.grown import Grown, followed
from symbackprop.notation.rounds import Comprehension, List
from symbackprop.notation.sequences import is_sequence
from symbackprop.notation.words import EXPRESSIONS

if TYPE_CHECKING:
    from symbackprop.notation.evaluator import Evaluator


def joined(evaluator: Evaluator, node: ast.Subscript) -> Tensor | None:
    """np.c_[a, b] and np.r_[a, b]; None for anything else."""
    if not (isinstance(node.value, ast.Attribute) and node.value.attr in JOINED and evaluator.package(node.value.value)):
        return None
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if any(isinstance(part, ast.Slice) for part in parts):
        raise evaluator.fault(
            node, f"{evaluator.source.segment(node)}: it joins arrays here.", "Write np.arange(n), or np.linspace's numbers."
        )
    return JOINED[node.value.attr]([evaluator.numeric(part, evaluator.value(part)) for part in parts])


def require_one_meaning(evaluator: Evaluator, node: ast.Subscript) -> None:
    """Raise NotationError for x.max(1)[0]: an entry of NumPy's array, or the values of torch's pair."""
    match node.value:
        case ast.Call(func=ast.Attribute(attr="max" | "min" as name, value=inner), args=[axis], keywords=[]) if evaluator.package(
            inner
        ) is None and isinstance(node.slice, ast.Constant):
            text, at = evaluator.source.segment(inner), evaluator.source.segment(axis)
            raise evaluator.fault(
                node, f"{evaluator.source.segment(node)}: of torch .{name}({at}) is a pair, of NumPy an array.",
                f"Write {text}.{name}(axis={at})[...] for an entry of NumPy's, {text}.{name}(dim={at})[0] for torch's values.",
            )  # fmt: skip


def entry(evaluator: Evaluator, node: ast.Subscript, value: tuple[Any, ...] | Grown) -> Any:
    """One of several values, or a part of them."""
    index = evaluator.item(node.slice)
    if isinstance(value, Grown):
        return value.at(index)
    if isinstance(index, slice) and all(part is None or isinstance(part, int) for part in (index.start, index.stop, index.step)):
        return value[index] if index.step != 0 else entry(evaluator, node, ())
    if isinstance(index, int) and -len(value) <= index < len(value):
        return value[index]
    raise evaluator.fault(node, f"{evaluator.source.segment(node)}: there are {len(value)} entries, counted from 0.")


def sequence(evaluator: Evaluator, node: ast.Tuple | ast.List) -> tuple[Any, ...] | Grown:
    """Several values, (a, b) or [a, b]."""
    kind = List if isinstance(node, ast.List) else tuple
    several: Any = kind(())
    for one in node.elts:
        inner = evaluator.value(one.value) if isinstance(one, ast.Starred) else None
        if isinstance(one, ast.Starred) and not is_sequence(inner):
            raise evaluator.fault(one, f"{evaluator.source.segment(one.value)} is not several values.", "Write them one by one.")
        part = inner if isinstance(inner, Grown) else kind((evaluator.value(one),) if inner is None else inner)
        several = followed(several, part)
    return several


def comprehension(evaluator: Evaluator, node: Comprehension) -> Any:
    """[f(x) for x in several], written out."""
    if evaluator.comprehended is None:
        raise evaluator.unread(node, *EXPRESSIONS[ast.ListComp])
    return evaluator.comprehended(node)


def key(evaluator: Evaluator, node: ast.expr) -> Any:
    """A key of a dict: a text, or a whole number."""
    key = evaluator.plain(evaluator.value(node))
    if not isinstance(key, str | int):
        raise evaluator.fault(node, f"{evaluator.source.segment(node)} is no key.", 'Write a text, "W1", or a whole number.')
    return key


def dictionary(evaluator: Evaluator, node: ast.Dict) -> dict[Any, Any]:
    """{"W": W, "b": b}: values by names."""
    found: dict[Any, Any] = {}
    for own, value in zip(node.keys, node.values, strict=True):
        given = evaluator.value(value)
        if own is None and not isinstance(given, dict):
            raise evaluator.fault(value, f"{evaluator.source.segment(value)} is no dict.", 'Write {"W": W, "b": b}.')
        found |= given if own is None else {key(evaluator, own): given}
    return found
