"""What the transpose of a matrix formula is, with as few marks as can be."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sympy import S

from symbackprop.algebra.matrix import OPS, Form, negated
from symbackprop.core.functions import matrix_function


def transpose(x: Form) -> Form:
    """x turned, with as few marks as can be; each form is turned once."""
    found = x.__dict__.get("turned")
    if found is None:
        found = _turned(x)
        if found is not x and found.op != "transpose":  # no circle
            x.__dict__["turned"] = found
    return found


def _turned(x: Form) -> Form:
    if x.op in ("leaf", "onehot") and x.given.flat:
        return x
    if x.op == "inverse" and x.given:  # of a symmetric matrix
        return x
    if x.op == "zeros" and x.given:
        return Form("zeros", (), (x.given[1] if len(x.given) > 1 else S.One, x.given[0]))
    if x.op == "function" and _runs_along_an_axis(x.given):
        return Form("transpose", (x,))
    match OPS[x.op].turned:
        case "negated":
            return negated(x)
        case "itself":
            return x
        case "part":
            return x.parts[0]
        case "within":
            return Form(x.op, tuple(map(transpose, x.parts)), x.given)
        case "reversed":
            return Form(x.op, tuple(transpose(p) for p in reversed(x.parts)), x.given)
        case "spared":
            turned = Form(x.op, tuple(map(transpose, x.parts)), x.given)
            if x.op == "sum" and Counter(turned.parts) == Counter(x.parts):  # A + A^T
                return x
            return turned if turned.tokens <= x.tokens else Form("transpose", (x,))
        case "mirrored":
            return Form("triu" if x.op == "tril" else "tril", tuple(map(transpose, x.parts)), -x.given)
        case "wrapped":
            turned = Form(x.op, tuple(map(transpose, x.parts)), x.given) if _is_primary(x) else None
            return turned if turned is not None and turned.tokens <= x.tokens else Form("transpose", (x,))


def _is_primary(x: Form) -> bool:
    """Whether it is f(X), or the derivative of f along a direction, for a power series f: f(X)^T = f(X^T)."""
    return x.op == "factor" and matrix_function(x.given).primary


def _runs_along_an_axis(function: Any) -> bool:
    """Whether a function is none of entries: a softmax, a maximum of many."""
    return isinstance(function, str) and function != "clip"
