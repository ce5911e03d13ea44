"""Why a value is not finite, in words that name the equation, the tensor and the mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.core.program import Equation, Program, Sum
from symbackprop.evaluate.rules.of_matrices import MATRIX_FUNCTIONS
from symbackprop.evaluate.rules.primitives import Value

OF_THE_LAST = ("_product_with_log", "_product_with_log1p", "xlogy", "xlog1py")
"""Functions whose last argument alone has a domain."""


def fault(program: Program, equation: Equation, made: Sequence[Value]) -> str:
    """What went wrong in an equation whose value is not finite.

    made   the values that the tape recorded for it.
    """
    reason, domain = _reason(made)
    text = f"{reason} in {equation} at the tested point"
    meant = _narrow(equation)
    inputs = [program.tensors[ref.name] for k, ref in enumerate(equation.operands) if meant is None or k in meant]
    loose = [t for t in inputs if t.domain is None and t.kind in ("data", "parameter")]
    if domain and loose:
        tensor = loose[0]
        shape = f"[{', '.join(map(str, tensor.shape))}]" if tensor.shape else ""
        return f"{text}; choose another point, or declare {tensor.name}: {tensor.kind}{shape} & {domain}"
    return f"{text}; choose another point, or write a form that is defined there"


def _narrow(equation: Equation) -> set[int] | None:
    """The operands that stand in a logarithm, a root or below a line, and the like; None where the operation is no sum."""
    if not isinstance(equation.op, Sum):
        return None
    found: set[Any] = set()
    for part in sp.preorder_traversal(equation.op.body):
        if isinstance(part, sp.Pow) and not (part.exp.is_Integer and part.exp > 0):
            found |= part.base.free_symbols
        elif isinstance(part, sp.Function) and not part.is_Boolean:
            inside = part.args[1:] if type(part).__name__ in OF_THE_LAST else part.args
            found = found.union(*(a.free_symbols for a in inside))
    return {k for k, own in enumerate(equation.op.slots) if own in found}


def _reason(made: Sequence[Value]) -> tuple[str, str]:
    """The first operation without a finite result of finite arguments, and the domain of an input that would mend it."""
    for value in made:
        if np.isfinite(value.data).all() or not all(np.isfinite(p.data).all() for p in value.parents):
            continue
        arguments = [p.data for p in value.parents]
        if value.kind == "division by zero":
            return value.kind, ""
        if value.kind in ("log", "log1p"):
            least = np.real(arguments[0]).min() + (value.kind == "log1p")
            return ("log of a negative number" if least < 0 else "log of zero"), "positive"
        if value.kind == "power":
            base, exponent = np.broadcast_arrays(*arguments)
            if ((base == 0) & (np.real(exponent) < 0)).any():
                return "division by zero", "positive"
            if ((np.real(base) < 0) & (np.real(exponent) % 1 != 0)).any():
                return "a root or a broken power of a negative number", "positive"
            return "overflow of a power", ""
        if value.kind in ("sqrtm", "logm"):
            return f"the {value.kind} of a matrix with an eigenvalue that is not positive", "spd"
        if value.kind in MATRIX_FUNCTIONS and len({*arguments[0].shape[-2:]}) == 1 and (np.linalg.det(arguments[0]) == 0).any():
            return f"the {value.kind} of a matrix that has none", ""
        if value.kind == "cholesky":
            return "the Cholesky factor of a matrix that is not positive definite", "spd"
        if value.kind in ("loggamma", "polygamma"):
            return f"{value.kind} of a number that is not positive", "positive"
        if value.kind in ("besselk", "expint", "Ei"):
            return f"{value.kind} of a number that is {'0' if value.kind == 'Ei' else 'not positive'}", "positive"
        if value.kind == "LambertW":
            return "lambertw of a number below -1/e", "positive"
        if value.kind in ("asin", "acos", "atanh", "acosh", "erfinv"):
            return f"{value.kind} of a number outside its domain", ""
        return f"overflow in {value.kind}", ""
    return "a value that is not finite", ""
