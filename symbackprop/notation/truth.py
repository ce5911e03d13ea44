"""Conditions on values: `a if x > 0 else b` is where(x > 0, a, b) for a number x, which has one of both at each point."""

from __future__ import annotations

import ast
from functools import reduce
from typing import TYPE_CHECKING, Any

from sympy import Expr

from symbackprop.core.functions.row import TableFunction
from symbackprop.language import operations as op
from symbackprop.language.tensors import Tensor, as_tensor, is_truth
from symbackprop.notation.errors import NotRead, shortened

if TYPE_CHECKING:
    from symbackprop.notation.evaluator import Evaluator


def chosen(evaluator: Evaluator, node: ast.IfExp) -> Any:
    """The value of a if condition else b. Raises NotRead where the condition compares no numbers, and its values are not known."""
    try:
        return evaluator.value(node.body if decided(evaluator, node.test) else node.orelse)
    except NotRead as error:
        test = None if known(evaluator, node.test) is not None else truth(evaluator, node.test)
        if test is None:
            raise error from None
    a, b = evaluator.operand(node.body), evaluator.operand(node.orelse)
    return op.where(test, as_tensor(a), as_tensor(b))


def decided(evaluator: Evaluator, node: ast.expr) -> bool:
    """Whether a condition on constants holds. Raises NotRead where it depends on values."""
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(decided(evaluator, value) for value in values)
        case ast.BoolOp(values=values):
            return any(decided(evaluator, value) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not decided(evaluator, operand)
        case ast.Compare(left=left, ops=ops, comparators=others) if len(ops) > 1:
            return decided(evaluator, _pairs(node, left, ops, others))
    value = evaluator.plain(evaluator.value(node))
    value = worked_out(value) if isinstance(value, Expr) and not value.free_symbols else value
    if value is None or isinstance(value, str | tuple | dict | bool | int) or (isinstance(value, Expr) and value.is_number):
        return bool(value)
    said = shortened(evaluator.source.segment(node))
    raise evaluator.unread(node, f"{said} is not known before the numbers are.", "Write np.where(condition, a, b).")


def worked_out(value: Any) -> Any:
    """A number without functions of the table: 1[abs(2) <= 1] is 0."""
    while value.has(TableFunction):
        value = value.replace(
            lambda e: isinstance(e, TableFunction) and not e.args[0].has(TableFunction),
            lambda e: e.row.formula.xreplace(dict(zip(e.row.args, e.args, strict=True))),
        )
    return value


def known(evaluator: Evaluator, node: ast.expr) -> bool | None:
    """Whether a condition holds, as far as constants tell it."""
    try:
        return decided(evaluator, node)
    except NotRead:
        return None


def truth(evaluator: Evaluator, node: ast.expr) -> Tensor | None:
    """A condition as a number, 0 or 1; None where it is no comparison of numbers."""
    match node:
        case ast.BoolOp(op=way, values=values):
            held = [as_tensor(int(holds)) if (holds := known(evaluator, v)) is not None else truth(evaluator, v) for v in values]
            parts = [part for part in held if part is not None]
            if len(parts) < len(held):
                return None
            both = isinstance(way, ast.And)
            return reduce(lambda a, b: a * b if both else a + b - a * b, parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = truth(evaluator, operand)
            return None if inner is None else 1 - inner
        case ast.Compare(left=left, ops=ops, comparators=others) if len(ops) > 1:
            return truth(evaluator, _pairs(node, left, ops, others))
        case ast.Compare() | ast.Name():
            found = evaluator.value(node)
            return found if isinstance(found, Tensor) and is_truth(found) and not found.shape else None
        case _:
            return None


def _pairs(node: ast.expr, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr]) -> ast.expr:
    """a < b < c as a < b and b < c."""
    pairs = zip([left, *others[:-1]], ops, others, strict=True)
    return ast.copy_location(ast.BoolOp(ast.And(), [ast.copy_location(ast.Compare(a, [o], [b]), node) for a, o, b in pairs]), node)
