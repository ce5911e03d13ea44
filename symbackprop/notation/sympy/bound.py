"""The indices of SymPy's Sum and Product, each with a symbol of its own, however often one name is summed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.notation.errors import NotationError
from symbackprop.notation.sympy.parts import Written, nodes

OVER = (sp.Sum, sp.Product)


class Bound(sp.Dummy):
    """An index of a sum, printed by the name that it was given."""

    def _sympystr(self, _: Any) -> str:
        return self.name


def apart(expression: Any) -> Any:
    """The expression with each index of a sum as a Bound; equal names over equal ranges are one. Raises NotationError."""
    known: dict[tuple[str, Expr, Expr], Bound] = {}
    if not any(isinstance(node, OVER) for node in nodes(expression)):
        return expression
    return _apart(expression, {}, known)


def _apart(expression: Any, names: Mapping[sp.Basic, Bound], known: dict[tuple[str, Expr, Expr], Bound]) -> Any:
    """The expression, in which what `names` says stands for indices of sums around it."""
    new: dict[sp.Basic, Any] = dict(names)
    for total in _outermost(expression):
        inner = dict(names)
        limits = []
        for limit in reversed(total.limits):
            if len(limit) != 3:
                raise NotationError(f"{Written(total)}: there are no limits.", "Write Sum(x[i], (i, 0, n - 1)).")
            index, low, high = limit[0], *(bound.xreplace(inner) for bound in limit[1:])
            if not (low.is_finite is not False and high.is_finite is not False):
                raise NotationError(
                    f"{Written(total)}: {index} runs without end.", "Write its last value, or the sum in closed form."
                )
            inner[index] = known.setdefault((str(index), low, high), Bound(str(index), integer=True))
            limits.append((inner[index], low, high))
        new[total] = total.func(_apart(total.function, inner, known), *reversed(limits))
    return expression.xreplace(new) if new else expression


def _outermost(expression: Any) -> list[Any]:
    """The sums and products in an expression that stand in no other."""
    found: dict[sp.Basic, None] = {}
    seen: set[int] = set()
    stack = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, OVER):
            found[node] = None
        elif id(node) not in seen:
            seen.add(id(node))
            stack += node.args
    return list(found)
