"""Derivatives as a textbook writes them: the result put back, the shorter of equal forms, cases as indicators.

Every function here returns an expression that equals the given one wherever that has a value, and none multiplies out what
was a product: (a - b)^2 as a^2 - 2 a b + b^2 loses digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import sympy as sp
from sympy import Dummy, Expr, Symbol

from symbackprop.core.functions.where import Where, tidy_where

LONGEST = 60  # operations: a longer derivative is not searched for a shorter form
HIGHEST = 8  # the exponent: beyond it, polynomials take long


@cache
def derivative(body: Expr, s: Symbol, result: Symbol | None = None) -> Expr:
    """d body / d s in textbook form, with the result of the equation put back as `result` where that is shorter.

    body     the body of an equation, in slots and positions.
    s        the slot to differentiate by.
    result   the symbol that stands for the body's value; None where the equation sums, so that the body is no result.
    """
    return textbook(sp.diff(body, s), body, result)


def textbook(slope: Any, body: Expr, result: Symbol | None) -> Expr:
    """The shortest form of a slope of `body` that is found; of equally short ones the first.

    result   the symbol that stands for the value of `body`; None: it is not put back.
    """
    slope = _signed(_cancelled(tidy_where(slope)))
    if slope.is_Atom:
        return slope
    if any(not power.exp.is_number for power in slope.atoms(sp.Pow)):
        slope = sp.powsimp(slope)  # s1 s0^(s1 - 1), which has a value at 0, for s1 s0^s1 / s0
    return min(map(tidy_sign, _forms(slope, body, result)), key=lambda form: form.count_ops())


def _cancelled(slope: Any) -> Any:
    """The slope with exp(u) exp(-u) = 1 in its products: 1 for the slope of log(exp(u))."""

    def product(e: Any) -> Any:
        powers: list[Any] = [f for f in e.args if isinstance(f, sp.exp)]
        joined: Any = sp.exp(sp.expand(sp.Add(*[f.args[0] for f in powers])))
        return sp.Mul(*[f for f in e.args if f not in powers], joined) if joined.is_number else e

    return slope.replace(lambda e: e.is_Mul, product) if slope.has(sp.exp) else slope


def _signed(slope: Any) -> Any:
    """The slope with sign(u)/|u| = 1/u in its products: the slope of log|u|."""

    def named(f: Any) -> str:
        row = getattr(type(f), "row", None)
        return row.name if row is not None else ""

    def product(e: Any) -> Any:
        factors = list(e.args)
        for sign in [f for f in factors if named(f) == "sign"]:
            powers = (f for f in factors if f.is_Pow and named(f.base) == "abs" and f.base.args == sign.args)
            power = next((f for f in powers if f.exp.is_odd and f.exp < 0), None)
            if power is not None:
                factors = [f for f in factors if f not in (sign, power)] + [sign.args[0] ** power.exp]
        return sp.Mul(*factors) if factors != list(e.args) else e

    return slope.replace(lambda e: e.is_Mul, product) if any(named(f) == "sign" for f in slope.atoms(sp.Function)) else slope


def _forms(slope: Any, body: Expr, result: Symbol | None) -> Iterator[Expr]:
    """Forms that equal the slope, where `result` stands for the value of the body."""
    high = any(power.exp.is_number and abs(power.exp) > HIGHEST for power in slope.atoms(sp.Pow))
    short = slope.count_ops() <= LONGEST and not high
    starts = [slope]
    if result is not None and not body.is_Atom:
        starts = [put_back(slope, body, result), *(_by_exponential(slope, body, result) if short else ())]
    for start in starts:
        yield start
        if short:
            yield from _factored(start)


def put_back(expression: Any, body: Any, result: Symbol) -> Expr:
    """The expression with `result` in the place of the body: as a whole, as a root below the line, or as factors of a product."""
    swap: dict[Expr, Expr] = {body: result}
    if body.is_Pow and not body.exp.is_Integer:
        swap[1 / body] = 1 / result
    expression = expression.xreplace(swap)
    number, product = body.as_coeff_Mul()
    factors = sp.Mul.make_args(product)
    if not (number != 1 or len(factors) > 1) or not body.has(sp.Function, sp.exp):
        return expression

    def term(old: Expr) -> Expr:
        own = list(sp.Mul.make_args(old))
        left: list[Any] = []
        for f in factors:
            held = next((x for x in own if x == f or _is_below(x, f)), None)
            if held is None:
                return old
            own.remove(held)
            left += [] if held == f else [held / f]  # SymPy leaves exp(-x) exp(x) as it is
        return sp.Mul(*own, *left, result, 1 / number)

    return sp.Add(*[term(old) for old in sp.Add.make_args(expression)])


def _is_below(factor: Any, other: Any) -> bool:
    """Whether both are powers of one base below the line, and the first holds the other: 1/s^2 holds 1/s."""
    (base, exponent), (own, power) = factor.as_base_exp(), other.as_base_exp()
    return base == own and exponent.is_number and power.is_number and bool(exponent < power < 0)


def _by_exponential(slope: Any, body: Any, result: Symbol) -> Iterator[Any]:
    """The slope of (a E + b) / (c E + d), E an exponential, by the result alone: y (1 - y) for 1 / (1 + exp(-x))."""
    if not body.has(sp.exp):
        return
    unit = min((p.args[0] for p in body.atoms(sp.exp)), key=lambda u: (u.count_ops(), str(u)))
    exponents = {p: p.args[0] / unit for p in slope.atoms(sp.exp) | body.atoms(sp.exp)}
    if not all(n.is_Integer and abs(n) <= HIGHEST for n in exponents.values()):
        return
    t = Dummy()
    by_t = {p: t**n for p, n in exponents.items()}
    ratio = body.xreplace(by_t)
    if ratio.free_symbols != {t} or not all(e.is_rational_function(t) for e in (ratio, slope.xreplace(by_t))):
        return
    above, below = (sp.Poly(part, t) for part in sp.fraction(sp.together(ratio)))
    degree = max(above.degree(), below.degree())
    if below.degree() < 1 or any(n not in (0, degree) for poly in (above, below) for (n,) in poly.monoms()):
        return
    a, b, c, d = (poly.nth(n) for poly in (above, below) for n in (degree, 0))
    power = (d * result - b) / (a - c * result)  # t^degree
    form = sp.cancel(sp.together(slope.xreplace(by_t))).xreplace({t: power ** sp.Rational(1, degree)})
    yield sp.factor(sp.cancel(sp.together(form)))


def _factored(slope: Any) -> Iterator[Any]:
    """Fractions over one denominator; common factors of a sum taken out; sinh / cosh as tanh."""
    if slope.has(sp.sinh):
        slope = slope.xreplace({f: sp.tanh(f.args[0]) * sp.cosh(f.args[0]) for f in slope.atoms(sp.sinh)})
        yield slope
    if not slope.has(sp.log, Where) and any(_has_fraction(total) for total in slope.atoms(sp.Add)):
        merged = sp.factor(sp.cancel(sp.together(slope)))
        new = merged.atoms(sp.Add) - slope.atoms(sp.Add)
        if all(sum(not term.is_number for term in total.args) <= 2 for total in new):
            yield merged
    if slope.is_Add:
        content, rest = slope.primitive()
        yield sp.Mul(content, sp.factor_terms(rest))


def _has_fraction(total: sp.Add) -> bool:
    """Whether a term of the sum has a symbol below the line."""
    factors: list[Any] = [factor for term in total.args for factor in sp.Mul.make_args(term)]
    return any(f.is_Pow and f.exp.is_negative and not f.is_number for f in factors)


def tidy_sign(expression: Expr) -> Expr:
    """x (1 - x) rather than x (x - 1), and a leading minus moved into a difference: -y (y - 1) becomes y (1 - y)."""
    if not expression.is_Mul:
        return expression
    sign, factors = expression.as_coeff_Mul()
    factors = list(sp.Mul.make_args(factors))
    bases = {f.as_base_exp()[0] for f in factors}
    for k, factor in enumerate(factors):
        base, exponent = factor.as_base_exp()
        if exponent.is_odd and _is_difference(base) and base.args[0].is_negative and base.args[1] in bases:
            sign, factors[k] = -sign, (-base) ** exponent
    if sign.is_negative:
        differences = [k for k, factor in enumerate(factors) if _is_difference(factor)]
        for k in sorted(differences, key=lambda k: not factors[k].args[0].is_number)[:1]:
            sign, factors[k] = -sign, -factors[k]
    return sp.Mul(sign, *factors)


def _is_difference(expression: Any) -> bool:
    """Whether it is a - b; its number, if there is one, is its first argument."""
    if not expression.is_Add or len(expression.args) != 2:
        return False
    first, second = (term.could_extract_minus_sign() for term in expression.args)
    return first != second
