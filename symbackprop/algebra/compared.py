"""Conditions as forms: [a > b], with what is subtracted on the other side."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Eq, Ge, Gt, Le, Lt, Ne

from symbackprop.algebra.matrix import Form, front_of, negated, number

DENIED = {Eq: Ne, Gt: Le, Lt: Ge}


def compared(kind: str, x: Form) -> Form:
    """[x > 0] or [x = 0], with what is subtracted on the other side: [a > b], [a < 1]."""
    front, body = front_of(x)
    if body is not None and front.coefficient > 0 and not (front.tops or front.bottoms):  # [c x > 0] = [x > 0]
        x = body
    sign, sides = Gt if kind == "positive" else Eq, (x, number(0))
    if x.op != "sum" and x.negative and sign is Gt:  # [-m > 0] = [m < 0]
        sign, sides = Lt, (negated(x), number(0))
    above, below = ([p for p in x.parts if p.negative == low] for low in (False, True)) if x.op == "sum" else ([], [])
    if above and below:
        first, second = (
            several[0] if len(several) == 1 else Form("sum", tuple(several)) for several in (above, list(map(negated, below)))
        )
        sign, sides = (Lt if sign is Gt else Eq, (second, first)) if first.op == "number" else (sign, (first, second))
    return Form("compare", sides, sign)


def denied(made: Sequence[Form]) -> Form | None:
    """1 - [x = 0] is [x != 0]."""
    if len(made) != 2 or made[0] != number(1) or not made[1].negative:
        return None
    test = negated(made[1])
    return Form("compare", test.parts, DENIED[test.given]) if test.op == "compare" else None
