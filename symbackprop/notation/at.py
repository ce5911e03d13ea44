"""x.at[items].set(v), .add(v), .multiply(v) of JAX: an array with some entries changed."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from symbackprop.core.program import shape_text
from symbackprop.language import operations as op
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import is_counted, placed, replaced
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, is_truth, number_of, take

if TYPE_CHECKING:
    from symbackprop.notation.evaluator import Evaluator

CHANGES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "set": lambda x, v: v, "add": lambda x, v: x + v, "subtract": lambda x, v: x - v, "multiply": lambda x, v: x * v,
    "mul": lambda x, v: x * v, "divide": lambda x, v: x / v, "power": lambda x, v: x**v,
    "max": lambda x, v: TABLE["maximum"](x, v), "min": lambda x, v: TABLE["minimum"](x, v),
}  # fmt: skip
"""What becomes of an entry x, by the method."""


def is_at(node: ast.expr) -> bool:
    """Whether it is x.at[items]."""
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "at"


def changed(evaluator: Evaluator, node: ast.Call, name: str) -> Tensor:
    """What x.at[items].name(value) is. Raises NotationError for another method, and where an entry may be changed twice."""
    function = node.func
    assert isinstance(function, ast.Attribute)
    assert isinstance(function.value, ast.Subscript)
    assert isinstance(function.value.value, ast.Attribute)
    x, among = as_tensor(evaluator.operand(function.value.value.value)), function.value.slice
    parts = among.elts if isinstance(among, ast.Tuple) else [among]
    items = tuple(evaluator.item(part) for part in parts)
    if name == "get" and not node.args:
        return x[items]
    if name not in CHANGES or len(node.args) != 1:
        methods = ", .".join(CHANGES)
        raise evaluator.fault(node, f".at[...].{name}() is not in the language.", f"There are .{methods} of one value, and .get().")
    value = as_tensor(evaluator.operand(node.args[0]))
    mask = items[0]
    if len(items) == 1 and isinstance(mask, Tensor) and is_truth(mask) and mask.ndim == x.ndim:
        if value.ndim:
            raise evaluator.fault(node, "how many entries a mask takes is not known.", "Write where(mask, values, x).")
        return op.where(mask, CHANGES[name](x, value), x)
    part, number = take(x, items), number_of(value)
    value = _fitted(value, part)
    if name in ("add", "subtract"):
        return CHANGES[name](x, placed(value, items, x.shape))
    lists = [(p, i) for p, i in zip(parts, items, strict=True) if isinstance(i, Tensor) and i.shape]
    if not lists or any(_differ(*one) for one in lists):
        return replaced(x, items, CHANGES[name](part, value))
    if name == "set" and number is not None:
        return op.where(placed(None, items, x.shape) > 0, number, x)
    text = evaluator.source.segment(function.value)
    fault = f"{text} may name an entry twice, and which value stays is by chance."
    raise evaluator.fault(node, fault, "Write .add, or name every row: x.at[arange(n), t].")


def _fitted(value: Tensor, part: Tensor) -> Tensor:
    """The value with an entry for each of those that are changed; a number as it is."""
    if (not value.ndim and not part.ndim) or value.shape == part.shape:
        return value
    whole = value + op.zeros(part.shape)
    if whole.shape != part.shape:
        raise LanguageError(f"the value is {shape_text(value.shape)}, the entries are {shape_text(part.shape)}")
    return whole


def _differ(node: ast.expr, item: Tensor) -> bool:
    """Whether positions are known to differ: those of arange, or written ones."""
    if isinstance(node, ast.List | ast.Tuple):
        told = [ast.unparse(one) for one in node.elts]
        return all(text.isdigit() for text in told) and len(set(told)) == len(told)
    return is_counted(item)
