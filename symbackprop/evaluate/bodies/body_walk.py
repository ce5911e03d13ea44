"""A body as a function of arrays: the SymPy tree turned once into closures, which serve every arithmetic.

An array has an axis for each letter of the equation, of size 1 where it does not vary. Comparisons are decided by floats,
and are told to whoever watches the branches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Symbol
from sympy.core.relational import Relational

from symbackprop.core.functions import TableFunction, Where, stop_gradient
from symbackprop.core.passes.large import in_order
from symbackprop.evaluate.arithmetic import FLOATS, Arithmetic
from symbackprop.evaluate.bodies.scope import COMPARE
from symbackprop.evaluate.points import PointError

Watch = Callable[[sp.Basic, ndarray, ndarray], None]


@dataclass
class Frame:
    """What the symbols of a body stand for, in which arithmetic, and who watches comparisons (relation, left - right, outcome)."""

    symbols: Mapping[Symbol, ndarray]
    arithmetic: Arithmetic
    watch: Watch | None = None


Node = Callable[[Frame], Any]


@lru_cache(maxsize=16384)
def read_body(e: sp.Basic) -> Node:
    """The function that evaluates an expression in a frame. Raises PointError for what has no numbers."""
    if isinstance(e, Symbol):
        return lambda frame: frame.symbols[e]
    if isinstance(e, TableFunction):
        return _row(e)
    if isinstance(e, stop_gradient):
        return read_body(e.args[0])
    if isinstance(e, Where):
        return _where(e)
    if e.is_number and not e.has(TableFunction, Where):
        return _number(e)
    if isinstance(e, sp.Pow):
        return _power(e)
    parts = [read_body(a) for a in (in_order(e) if isinstance(e, sp.Add) else e.args)]
    if isinstance(e, sp.Add):
        return lambda frame: _fold(np.add, parts, frame)
    if isinstance(e, sp.Mul):
        return lambda frame: _fold(np.multiply, parts, frame)
    if isinstance(e, sp.Max | sp.Min):
        return _extremum(e, parts)
    name = type(e).__name__
    return lambda frame: frame.arithmetic.function(name)(*[np.asarray(part(frame)) for part in parts])


def _fold(join: Callable[[Any, Any], Any], parts: list[Node], frame: Frame) -> Any:
    total = parts[0](frame)
    for part in parts[1:]:
        total = join(total, part(frame))
    return total


def _number(e: Any) -> Node:
    if e.has(sp.zoo, sp.nan):
        return lambda frame: np.asarray(frame.arithmetic.number(sp.S.One) * np.nan)
    known: list[Any] = []  # as a float, once it was asked for

    def node(frame: Frame) -> ndarray:
        arithmetic = frame.arithmetic
        if arithmetic is not FLOATS:
            return np.asarray(arithmetic.number(e), dtype=arithmetic.dtype)
        if not known:
            known.append(arithmetic.number(e))
        return np.asarray(known[0], dtype=arithmetic.dtype)

    return node


def _row(e: TableFunction) -> Node:
    arguments = [read_body(a) for a in e.args]
    formula = read_body(e.row.formula)
    names = e.row.args
    written = dict(zip(names, e.args, strict=True))

    def node(frame: Frame) -> Any:
        inner = dict(zip(names, (a(frame) for a in arguments), strict=True))
        watch = frame.watch
        told = None if watch is None else lambda c, gap, outcome: watch(c.xreplace(written), gap, outcome)
        return formula(Frame(inner, frame.arithmetic, told))

    return node


def _where(e: Where) -> Node:
    test, a, b = condition(e.args[0]), read_body(e.args[1]), read_body(e.args[2])
    return lambda frame: np.where(test(frame), a(frame), b(frame))


def _power(e: sp.Pow) -> Node:
    base, exponent = read_body(e.args[0]), e.args[1]
    if exponent.is_Rational:
        q = Fraction(int(exponent.p), int(exponent.q))  # type: ignore[attr-defined]
        return lambda frame: frame.arithmetic.power(np.asarray(base(frame)), q)
    raised = read_body(exponent)

    return lambda frame: _raised(np.asarray(base(frame)), np.asarray(raised(frame)), frame.arithmetic)


def _raised(x: ndarray, exponents: ndarray, arithmetic: Arithmetic) -> ndarray:
    """x to each exponent: by products where that is a whole number, at which x may be 0 or negative, else exp(q log(x))."""
    counts = [arithmetic.whole(q) for q in exponents.ravel()]
    whole = np.array([np.nan if n is None else n for n in counts], dtype=float).reshape(exponents.shape)
    x, exponents, whole = np.broadcast_arrays(x, exponents, whole)
    out = np.empty(x.shape, dtype=arithmetic.dtype)
    for n in sorted({n for n in counts if n is not None}):
        out[whole == n] = arithmetic.power(x[whole == n], Fraction(n))
    broken = np.isnan(whole)
    if broken.any():
        exp, log = arithmetic.function("exp"), arithmetic.function("log")
        out[broken] = exp(np.asarray(exponents[broken] * log(x[broken])))
    return out


def _extremum(e: sp.Basic, parts: list[Node]) -> Node:
    relation = sp.Gt if isinstance(e, sp.Max) else sp.Lt
    watched = [relation(a, b, evaluate=False) for a, b in zip(e.args, e.args[1:], strict=False)]

    def node(frame: Frame) -> Any:
        best = parts[0](frame)
        for part, rule in zip(parts[1:], watched, strict=True):
            value = part(frame)
            best = np.where(_compared(rule, best, value, frame), best, value)
        return best

    return node


@lru_cache(maxsize=16384)
def condition(c: sp.Basic) -> Node:
    """The function that says where a condition holds."""
    if c in (sp.true, sp.false):
        return lambda frame: np.asarray(c == sp.true)
    if isinstance(c, Relational):
        left, right = read_body(c.args[0]), read_body(c.args[1])
        return lambda frame: _compared(c, left(frame), right(frame), frame)
    parts = [condition(a) for a in c.args]
    if isinstance(c, sp.Not):
        return lambda frame: ~parts[0](frame)
    if isinstance(c, sp.And):
        return lambda frame: _fold(np.logical_and, parts, frame)
    if isinstance(c, sp.Or):
        return lambda frame: _fold(np.logical_or, parts, frame)
    raise PointError(f"{type(c).__name__} cannot be evaluated at numbers")


def floats(x: Any) -> ndarray:
    """The floats of an array, whatever its arithmetic."""
    return np.asarray(x, dtype=float)


def _compared(c: sp.Basic, left: Any, right: Any, frame: Frame) -> ndarray:
    a, b = floats(left), floats(right)
    outcome = COMPARE[type(c)](a, b)
    if frame.watch is not None and not all(s.is_nonnegative for s in c.free_symbols):
        with np.errstate(all="ignore"):
            frame.watch(c, np.asarray(a - b), np.asarray(outcome))
    return outcome
