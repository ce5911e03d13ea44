"""A program computed the slow way: every equation as loops over all of its letters, straight from the meaning of Sum."""

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.functions import ELEMENTWISE, TableFunction, Where
from symbackprop.core.functions.flat import ceiling, floor, rint, stop_gradient
from symbackprop.core.functions.integrals import dawson, scaled_erfc
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.core.program import Equation, Program, Reduce, Sum, letter_sizes, position, size

FUNCTIONS = {
    sp.exp: math.exp, sp.log: math.log, sp.tanh: math.tanh, sp.sin: math.sin, sp.cos: math.cos, sp.atan: math.atan,
    sp.erf: math.erf, expm1: math.expm1, log1p: math.log1p, sp.floor: math.floor, sp.Max: max, sp.Min: min,
    sp.Add: lambda *parts: math.fsum(parts), sp.Mul: lambda *parts: math.prod(parts), sp.Pow: lambda a, b: float(a) ** b,
    sp.Eq: lambda a, b: a == b, sp.Ne: lambda a, b: a != b, sp.Gt: lambda a, b: a > b, sp.Ge: lambda a, b: a >= b,
    sp.Lt: lambda a, b: a < b, sp.Le: lambda a, b: a <= b, sp.And: lambda *parts: all(parts),
    floor: math.floor, ceiling: math.ceil, rint: round, stop_gradient: lambda a: a, sp.atan2: math.atan2,
}  # fmt: skip
REDUCED = {
    "max": max, "min": min, "prod": math.prod,
    "logsumexp": lambda terms: max(terms) + math.log(math.fsum(math.exp(t - max(terms)) for t in terms)),
}  # fmt: skip
MATRIX = {"inverse": np.linalg.inv, "det": np.linalg.det, "logdet": lambda x: np.linalg.slogdet(x)[1]}


def number(e: Any, at: Mapping[Any, Any], functions: Mapping[Any, Any] = FUNCTIONS, exact: bool = False) -> Any:
    """The value of an expression at numbers; `exact` takes every row by its formula, and numbers as mpmath has them."""
    if e in at:
        return at[e]
    if isinstance(e, Where):
        return number(e.args[1 if number(e.args[0], at, functions, exact) else 2], at, functions, exact)
    if isinstance(e, TableFunction):
        row = ELEMENTWISE[e.row.name]
        given = dict(zip(row.args, (number(a, at, functions, exact) for a in e.args), strict=True))
        return number(row.formula if row.stable is None or exact else row.stable, given, functions, exact)
    if e in (sp.true, sp.false):
        return e == sp.true
    if not e.args:
        return int(e) if e.is_Integer else mpmath.mpf(e.p) / e.q if exact and e.is_Rational else _constant(e, exact)
    return functions[type(e)](*[number(a, at, functions, exact) for a in e.args])


def _constant(e: Any, exact: bool) -> Any:
    return {sp.pi: +mpmath.pi, sp.E: +mpmath.e}[e] if exact and e.is_NumberSymbol else float(e)


EXACT = FUNCTIONS | {
    sp.exp: mpmath.exp, sp.log: mpmath.log, sp.tanh: mpmath.tanh, sp.sin: mpmath.sin, sp.cos: mpmath.cos, sp.atan: mpmath.atan,
    sp.sinh: mpmath.sinh, sp.cosh: mpmath.cosh, sp.erf: mpmath.erf, expm1: mpmath.expm1, log1p: mpmath.log1p,
    sp.Add: lambda *parts: mpmath.fsum(parts), sp.Mul: lambda *parts: mpmath.fprod(parts), sp.Pow: mpmath.power,
    floor: mpmath.floor, ceiling: mpmath.ceil, rint: mpmath.nint, sp.loggamma: mpmath.loggamma, sp.erfinv: mpmath.erfinv,
    sp.polygamma: lambda order, x: mpmath.psi(int(order), x), sp.besselj: lambda order, x: mpmath.besselj(int(order), x),
    sp.besseli: lambda order, x: mpmath.besseli(int(order), x), sp.besselk: lambda order, x: mpmath.besselk(int(order), x),
    sp.Ei: mpmath.ei, sp.expint: lambda order, x: mpmath.expint(int(order), x), sp.LambertW: lambda x: mpmath.lambertw(x).real,
    dawson: lambda x: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x),
    scaled_erfc: lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
}  # fmt: skip


def run(program: Program, inputs: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, ndarray]:
    """The value of every tensor, by name."""
    at = {size(name): n for name, n in sizes.items()}
    values = {name: np.asarray(array) for name, array in inputs.items()}
    values |= {t.name: np.asarray(float(t.value)) for t in program.inputs if t.kind == "constant" and t.value is not None}
    for equation in program.equations:
        values[equation.target.name] = _value(program, equation, values, at)
    return values


def _value(program: Program, equation: Equation, values: Mapping[str, ndarray], at: Mapping[Any, int]) -> ndarray:
    op, target = equation.op, equation.target
    if not isinstance(op, Sum | Reduce):
        return MATRIX[op.kind](values[equation.operands[0].name])
    extents = {c: int(number(extent, at)) for c, extent in letter_sizes(program, equation).items()}
    over = [c for c, _ in op.over]
    result = np.zeros([extents[c] for c in target.index])
    for place in product(*[range(extents[c]) for c in target.index]):
        terms = []
        for inner in product(*[range(extents[c]) for c in over]):
            letters = dict(zip((*target.index, *over), (*place, *inner), strict=True))
            entries = [values[r.name][tuple(letters[c] for c in r.index)] for r in equation.operands]
            if isinstance(op, Sum):
                known = {
                    **at,
                    **{position(c): n for c, n in letters.items()},
                    **dict(zip(op.slots, entries, strict=True)),
                }
                terms.append(number(op.body, known))
            else:
                terms.append(entries[0])
        if isinstance(op, Sum):
            result[place] = math.fsum(terms)
        else:
            result[place] = REDUCED[op.kind](terms)
    return result
