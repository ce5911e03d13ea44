"""Entries that are set: x[items] = value, of an array that no other name shows a part of."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import Sum, slot
from symbackprop.language.operations import broadcast_to
from symbackprop.language.operations.entries import replaced
from symbackprop.language.tensors import Tensor, is_count, is_truth, where
from symbackprop.notation.errors import NotationError

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader


def entered(reader: Reader, name: ast.Name, target: ast.Subscript, given: Any, made: Callable[[Tensor], Any]) -> None:
    """x[items] = value: of entries that a comparison picks, or of places that are known and differ.

    given  what is written.
    made   the value, from what stands there.
    """
    old = reader.evaluator.value(name)
    if not isinstance(old, Tensor) or not old.shape:
        raise no_entry(reader, target)
    several = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    require_own(reader, name, old)
    reader.assign(name, with_entries(reader, target, old, several, given, made), in_place=True)


def with_entries(
    reader: Reader, target: ast.expr, old: Tensor, several: list[ast.expr], given: Any, made: Callable[[Tensor], Any]
) -> Tensor:
    """An array after some of its entries were set, by what stands between the brackets. Raises NotationError as `entered`."""
    evaluator = reader.evaluator
    items = tuple(map(evaluator.item, several))
    mask = items[0] if len(items) == 1 and isinstance(items[0], Tensor) and is_truth(items[0]) else None
    if mask is not None:
        if mask.shape != old.shape or getattr(given, "shape", ()):
            raise no_entry(reader, target)  # NumPy wants as many entries as are picked
        value = evaluator.numeric(target, made(old))
        return evaluator.placed(target, lambda: where(mask, value, old))
    if not _differ(items):
        raise no_entry(reader, target)

    def changed() -> Tensor:
        part = old[items]
        return replaced(old, items, broadcast_to(evaluator.numeric(target, made(part)), part.shape))

    return evaluator.placed(target, changed)


def _differ(items: tuple[Any, ...]) -> bool:
    """Whether an index takes no entry twice: a tensor of integers may, unless it counts, or another beside it does."""
    chosen = [item for item in items if isinstance(item, Tensor) and item.shape]
    return not chosen or any(is_count(item) for item in chosen)


def no_entry(reader: Reader, target: ast.expr) -> NotationError:
    """What is said of a target that is no entry."""
    return reader.evaluator.unread(target, "an entry cannot be set.", "Write the whole tensor, with np.where or np.concatenate.")


def require_own(reader: Reader, target: ast.expr, old: Any) -> None:
    """Raise NotationError where an array is changed that another name is a part of, or a view: NumPy would change both."""
    if not isinstance(old, Tensor) or not old.shape:
        return
    root = root_of(old)
    for name, held in (pair for names in (reader.names, *reader.held) for pair in names.items()):
        if any(one is not old and root_of(one) is root for one in arrays(held)):
            own = reader.source.segment(target)
            fault = f"{own} and {name} share their entries: NumPy changes both."
            raise reader.fault(target, fault, f"Write {own} = {own} + ... for a new array, or {name} = ....copy() above.")


def root_of(tensor: Tensor) -> Tensor:
    """The array whose entries a tensor only shows: of a part, a transpose, or another shape."""
    while isinstance(tensor.op, Sum) and len(tensor.operands) == 1 and tensor.signature is None:
        ((operand, index),) = tensor.operands
        body = tensor.op.body
        guards = [factor for factor in sp.Mul.make_args(body) if factor != slot(0)]
        is_copy = body == slot(0) and index == tensor.index
        if is_copy or slot(0) not in sp.Mul.make_args(body) or any(not isinstance(f, Where) or f.has(slot(0)) for f in guards):
            break
        tensor = operand
    return tensor


def arrays(held: Any) -> Iterator[Tensor]:
    """The arrays of a value, or of several."""
    for one in held if isinstance(held, tuple) else held.values() if isinstance(held, dict) else ():
        yield from arrays(one)
    if isinstance(held, Tensor) and held.shape:
        yield held
