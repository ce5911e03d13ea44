"""An expression with other symbols in the place of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy.core.relational import Relational


def is_renaming(swap: Mapping[Any, Any], present: frozenset[Any]) -> bool:
    """Whether symbols become others of their kind, no two of them one."""
    swap = {a: b for a, b in swap.items() if a in present}
    after = {swap.get(a, a) for a in present}
    return len(after) == len(present) and all(b.is_Symbol and a.assumptions0 == b.assumptions0 for a, b in swap.items())


def renamed(expression: Any, swap: Mapping[Any, Any]) -> Any:
    """The expression with other symbols; whether a relation holds is not asked again, which is most of the work."""
    if expression in swap:
        return swap[expression]
    args = [renamed(arg, swap) for arg in expression.args]
    if all(a is b for a, b in zip(args, expression.args, strict=True)):
        return expression
    return expression.func(*args, evaluate=False) if isinstance(expression, Relational) else expression.func(*args)
