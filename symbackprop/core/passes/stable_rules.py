"""Spellings that overflow and what they mean: 1/(1 + exp(-u)) is sigmoid(u), log(1 + exp(u)) is softplus(u), log(exp(u)) is u.

Each rule is an equality that holds for all real numbers, so that what is rewritten computes what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy import S, exp, log

from symbackprop.core.functions import FUNCTIONS, iverson
from symbackprop.core.functions.near_zero import expm1, log1p

sigmoid, softplus, xlogy = FUNCTIONS["sigmoid"], FUNCTIONS["softplus"], FUNCTIONS["xlogy"]


def applies(e: Any, function: Any) -> bool:
    """Whether an expression is an application of a function."""
    return isinstance(e, function)


def _sigmoid(e: Any) -> Any:
    """(1 + exp(u))^-n = sigmoid(-u)^n"""
    u = _one_plus_exp(e.base) if e.is_Pow and e.exp.is_Integer and e.exp < 0 else None
    return None if u is None else sigmoid(-u) ** -e.exp


def _sigmoid_above(e: Any) -> Any:
    """exp(u) sigmoid(-u) = sigmoid(u), in a product with further factors"""
    for f in e.args if e.is_Mul else ():
        base, power = f.as_base_exp()
        if applies(base, sigmoid) and power.is_Integer and power > 0 and exp(-base.args[0]) in e.args:
            return e / (base * exp(-base.args[0])) * sigmoid(-base.args[0])
    return None


def _softplus(e: Any) -> Any:
    """log(1 + exp(u)) = softplus(u)"""
    u = _one_plus_exp(e.args[0]) if applies(e, log) else None
    return None if u is None else softplus(u)


def _log_sigmoid(e: Any) -> Any:
    """log(sigmoid(u)) = -softplus(-u)"""
    return S.NegativeOne * softplus(-e.args[0].args[0]) if applies(e, log) and applies(e.args[0], sigmoid) else None


def _log_one_minus_sigmoid(e: Any) -> Any:
    """log(1 - sigmoid(u)) = -softplus(u)"""
    if applies(e, log) and e.args[0].is_Add and len(e.args[0].args) == 2:
        rest = 1 - e.args[0]
        return S.NegativeOne * softplus(rest.args[0]) if applies(rest, sigmoid) else None
    return None


def _log1p(e: Any) -> Any:
    """log1p(u) = log(1 + u), where a rule reads that"""
    meant = log(1 + e.args[0]) if applies(e, log1p) else None
    return None if meant is None else _softplus(meant) or _log_one_minus_sigmoid(meant)


def _log_exp(e: Any) -> Any:
    """log(c exp(u)) = u + log(c) for a positive size or number c"""
    if applies(e, log):
        c, rest = e.args[0].as_independent(exp, as_Add=False)
        if applies(rest, exp) and c.is_positive:
            return rest.args[0] + (-log(1 / c) if sp.numer(c) == 1 else log(c))
    return None


def _log_cosh(e: Any) -> Any:
    """log(cosh(u)) = softplus(2 u) - u - log(2)"""
    u = e.args[0].args[0] if applies(e, log) and applies(e.args[0], sp.cosh) else None
    return None if u is None else softplus(2 * u) - u - log(2)


def _log_of_difference(e: Any) -> Any:
    """log(exp(u) - 1) = u + log(-expm1(-u)), log(1 - exp(u)) = log(-expm1(u))"""
    if not applies(e, log):
        return None
    u = e.args[0].args[0] if applies(e.args[0], expm1) else _one_plus_exp(e.args[0] + 2)
    if u is not None:
        return u + log(-expm1(-u))
    u = _one_plus_exp(2 - e.args[0])
    return None if u is None else log(-expm1(u))


def power_times_log(e: Any) -> Any:
    """u^p log(u) = xlogy(u^p, u), which is 0 where u^p is"""
    for f in e.args if e.is_Mul else ():
        power = next((g for g in e.args if applies(f, log) and g.is_Pow and g.base == f.args[0] and not g.exp.is_number), None)
        if power is not None:
            return e / (f * power) * xlogy(power, f.args[0])
    return None


def exponent_times_power(e: Any) -> Any:
    """p u^(p - 1) = p u^(p - 1 + [p = 0]), which is 0 at p = 0 whatever u is"""
    for g in e.args if e.is_Mul else ():
        if g.is_Pow and not g.exp.is_number and g.exp + 1 in e.args:
            return sp.Mul(*[f for f in e.args if f != g], g.base ** (g.exp + iverson(sp.Eq(g.exp + 1, 0))))
    return None


def _joined(e: Any) -> Any:
    """exp(u) exp(-v) = exp(u - v)"""
    powers = [f for f in e.args if applies(f, exp)] if e.is_Mul else []
    if len(powers) > 1:
        return sp.Mul(*[f for f in e.args if f not in powers], exp(sp.Add(*[f.args[0] for f in powers])))
    return None


def _tanh(e: Any) -> Any:
    """(exp(u) - exp(-u)) / (exp(u) + exp(-u)) = tanh(u)"""
    for f in e.args if e.is_Mul else ():
        if f.is_Pow and f.exp == -1 and f.base.is_Add and len(f.base.args) == 2 and all(applies(a, exp) for a in f.base.args):
            a, b = f.base.args
            if a.args[0] == -b.args[0]:
                u = max(a.args[0], b.args[0], key=lambda v: not v.could_extract_minus_sign())
                for sign in (1, -1):
                    if sign * (exp(u) - exp(-u)) in e.args:
                        return sign * e / (f * sign * (exp(u) - exp(-u))) * sp.tanh(u)
    return None


def _one_plus_exp(e: Any) -> Any:
    if e.is_Add and len(e.args) == 2 and S.One in e.args:
        rest = e - 1
        return rest.args[0] if applies(rest, exp) else None
    return None


RULES: tuple[Callable[[Any], Any], ...] = (
    _sigmoid, _sigmoid_above, _softplus, _log_sigmoid, _log_one_minus_sigmoid, _log1p, _log_exp, _log_cosh, _log_of_difference,
    power_times_log, _joined, _tanh,
)  # fmt: skip


def respelled(e: Any) -> Any:
    """The expression with the rules applied, parts first."""
    if e.args:
        parts = [respelled(a) for a in e.args]
        if any(a is not b for a, b in zip(parts, e.args, strict=True)):
            e = e.func(*parts)
    for rule in RULES:
        new = rule(e)
        if new is not None:
            return respelled(new)
    return e
