"""Rows that code adds to at labels: np.add.at(dE, t, G), which adds as often as a label comes."""

from __future__ import annotations

import ast

from symbackprop.language.operations import one_hot
from symbackprop.language.tensors import Tensor, as_tensor, is_integer
from symbackprop.notation.errors import NotationError
from symbackprop.notation.evaluator import Evaluator

MEND = "Write np.add.at(dE, t, G), for an array dE of the claim's own and whole numbers t."


def added_at(evaluator: Evaluator, call: ast.Call) -> tuple[str, Tensor]:
    """The name that np.add.at or np.subtract.at writes, and what it holds then: E + sum over n of 1[v = t_n] G_n."""
    place = evaluator.source.place(call)
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr=kind)), args=[ast.Name(id=target) as name, at, added], keywords=[]
        ):
            whole, labels, rows = (as_tensor(evaluator.operand(part)) for part in (name, at, added))
        case _:
            raise NotationError("this way of adding at labels is not read.", MEND, place)
    fits = rows.shape == (*labels.shape, *whole.shape[1:]) or (whole.ndim == 1 and not rows.shape)
    if not (is_integer(labels) and labels.ndim == 1 and whole.ndim and fits):
        raise NotationError("these labels, or what is added at them, do not fit the array.", MEND, place)

    def scattered() -> Tensor:
        hot = one_hot(labels, whole.shape[0])
        return hot.T @ rows if rows.shape else hot.sum(axis=0) * rows

    total = evaluator.placed(call, scattered)
    return target, evaluator.placed(call, lambda: whole - total if kind == "subtract" else whole + total)


def refuse_added_once(evaluator: Evaluator, statement: ast.stmt, target: ast.Name, entries: ast.Subscript) -> None:
    """Raise NotationError for dE[t] += G, which adds once where a label comes twice."""
    labels = None if isinstance(entries.slice, ast.Tuple | ast.Slice) else evaluator.plain(evaluator.value(entries.slice))
    if isinstance(labels, Tensor) and labels.ndim and is_integer(labels):
        fault = f"{target.id}[...] += ... adds once where a label comes twice."
        raise NotationError(fault, f"Write np.add.at({target.id}, labels, rows).", evaluator.source.place(statement))
