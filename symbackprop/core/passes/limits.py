"""Where a formula is 0 times infinity or 0 / 0 and has a limit, or loses all its digits beside such a place: what is compiled.

x log(a) is 0 where x is; the length of a vector has the slope 0 at 0; quotients such as (exp(u) - 1)/u are a row of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import S

from symbackprop.core.expressions import parts_in
from symbackprop.core.functions.defined import length, product_with_log
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.core.functions.quotients import V, quotient_of
from symbackprop.core.functions.where import Where

ANALYTIC = (sp.exp, expm1, log1p, sp.log, sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh, sp.asin, sp.atan, sp.asinh, sp.atanh)


def products_with_logs(body: Any, given: Callable[[Any], bool]) -> Any:
    """y log(u) as 0 where y is, for a u that may be 0; x log(x), which is infinitely steep there, for an x that is `given`.

    Of y (log(y) - log(p)) each logarithm is such a product.
    """

    def apart(e: Any) -> Any:
        for f in e.args:
            terms = [t for t in sp.Add.make_args(f) if any(isinstance(g, sp.log) for g in sp.Mul.make_args(t))] if f.is_Add else []
            if any(g.args[0] in e.args for t in terms for g in sp.Mul.make_args(t) if isinstance(g, sp.log)):
                return sp.Add(e / f * (f - sp.Add(*terms)), *(e / f * t for t in terms))
        return e

    def one(e: Any) -> Any:
        log = next((f for f in e.args if isinstance(f, sp.log) and _may_be_zero(f.args[0])), None)
        if log is None:
            return e
        number, rest = (e / log).as_independent(*(s for s in e.free_symbols if not s.is_integer), as_Add=False)
        steep = not all(map(given, rest.free_symbols)) and (rest / log.args[0]).is_number
        return e if rest == 1 or steep else number * product_with_log(rest, log.args[0])

    def has_log(e: Any) -> bool:
        return e.is_Mul and e.has(sp.log)

    return body.replace(has_log, apart).replace(has_log, one) if body.has(sp.log) else body


def _may_be_zero(u: Any) -> bool:
    """Whether an expression has entries, and no sum with a positive number: log(p + 1e-8) is what it is."""
    if not _has_entries(u) or isinstance(u, Where):
        return False
    number, rest = u.as_coeff_Add()
    return not number.is_positive or any(term.could_extract_minus_sign() for term in sp.Add.make_args(rest))


def _has_entries(e: Any) -> bool:
    """Whether an expression is of more than sizes and positions."""
    return not all(s.is_integer for s in e.free_symbols)


def lengths(body: Any, squares: Callable[[Any], bool]) -> Any:
    """sqrt(u) as a length, where u is made of squares; `squares` says so of the symbols of the body."""

    def made_of_squares(u: Any) -> bool:
        if u.is_Add:
            return all(map(made_of_squares, u.args))
        if u.is_Mul:
            return all(f.is_positive or made_of_squares(f) for f in u.args)
        if u.is_Pow:
            return bool(u.exp.is_Integer and u.exp > 0 and u.exp % 2 == 0)
        return u.is_Symbol and squares(u)

    def is_length(e: Any) -> bool:
        return e.is_Pow and e.exp == S.Half and _has_entries(e) and made_of_squares(e.base)

    return body.replace(is_length, lambda e: length(e.base)) if body.has(sp.Pow) else body


@lru_cache(maxsize=1024)
def is_sum_of_squares(body: Any) -> bool:
    """Whether a body is a square, or several."""
    return lengths(sp.sqrt(body), lambda s: False).has(length)


def quotients(body: Any) -> Any:
    """The body with quotients that are 0 / 0 where one argument is 0, and have a limit there, as functions that have it."""
    if not any(map(_is_reciprocal, parts_in(body, sp.Pow))):
        return body
    found = _steady(body)
    if found is not None or not body.args:
        return body if found is None else found
    parts = [quotients(a) for a in body.args]
    return body if all(a is b for a, b in zip(parts, body.args, strict=True)) else body.func(*parts)


def _steady(e: Any) -> Any:
    """An expression that is such a quotient, as a function; None where it is none."""
    if not (e.is_Mul or e.is_Add) or not any(map(_is_reciprocal, e.atoms(sp.Pow))):
        return None
    applied = [f for f in e.atoms(sp.Function, sp.Pow) if _has_entries(f) and not (f.is_Pow and f.exp.is_Integer)]
    if not applied or not all(f.exp.is_Rational if f.is_Pow else isinstance(f, ANALYTIC) for f in applied):
        return None
    for factor, w, quotient in _of_one_argument(e, applied):
        function = quotient_of(quotient)
        if function is not None:
            return factor * function(w)
    return None


def _is_reciprocal(power: Any) -> bool:
    return bool(power.exp.is_Integer and power.exp < 0 and _has_entries(power.base))


def _of_one_argument(e: Any, applied: list[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Factors, w and q where e is their product with q(w), w what all functions are of."""
    of = next(f for f in applied if not any(f.args[0].has(other) for other in applied))
    w = of.args[0].as_coeff_Add()[1].as_coeff_Mul()[1]
    for part in sorted(filter(_has_entries, w.free_symbols), key=str) if w.is_Mul else [w]:
        factor, q = sp.factor_terms(e.xreplace({part: V * part / w})).as_independent(V, as_Add=False)
        if q.free_symbols <= {V}:
            yield factor, w, q
