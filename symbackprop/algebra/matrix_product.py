"""The product of matrices as a form: opened, and with powers of what stands side by side."""

from __future__ import annotations

from functools import reduce
from itertools import groupby

from symbackprop.algebra.matrix import Form, both, front_of, scaled

_WITH_POWERS = ("leaf", "transpose", "inverse")


def factors_of(x: Form) -> tuple[Form, ...]:
    """The factors of a matrix product; any other form is one."""
    return x.parts if x.op == "product" else (x,)


def product(parts: list[Form]) -> Form:
    """The matrix product, opened, its scalars in front; X X is X^2."""
    if any(part.op == "scaled" and part.parts for part in parts):  # -[v]_x turned
        fronts, bodies = zip(*map(front_of, parts), strict=True)
        return scaled(reduce(both, fronts), product([body for body in bodies if body is not None]))
    flat = [r for p in parts for q in factors_of(p) for r in _opened(q)]
    runs = [(part, len(list(alike))) for part, alike in groupby(flat)]
    made = [q for part, n in runs for q in ([_power(part, n)] if part.op in _WITH_POWERS else [part] * n)]
    return made[0] if len(made) == 1 else Form("product", tuple(made))


def _opened(x: Form) -> list[Form]:
    """X, X, X of X^3, and of its transpose and its inverse; any other form is one."""
    if x.op == "matrixpower":
        return [x.parts[0]] * x.given
    if x.op in ("transpose", "inverse") and len(inner := _opened(x.parts[0])) > 1:
        return [Form(x.op, (part,), x.given) for part in inner]
    return [x]


def _power(x: Form, n: int) -> Form:
    if n == 1:
        return x
    if x.op in ("transpose", "inverse"):
        return Form(x.op, (_power(x.parts[0], n),), x.given)
    return Form("matrixpower", (x,), n)
