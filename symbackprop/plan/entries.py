"""Bodies of equations as values: SymPy expressions of slots and positions become functions of entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Symbol

from symbackprop.core.functions import TableFunction, Where, stop_gradient
from symbackprop.core.functions.flat import ceiling, floor, rint
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.core.guards import is_position
from symbackprop.core.passes.large import gathered
from symbackprop.plan.graph import Graph
from symbackprop.plan.node import Kind, PlanError, Value


@dataclass(frozen=True)
class Entry:
    """A function of entries.

    numpy   the ufunc that computes it.
    python  its text for Python floats: it is NaN where NumPy's is, or raises, and then NumPy computes the step.
    kind    of the result.
    """

    numpy: str
    python: str
    kind: Kind = "real"


FUNCTIONS = {
    name: Entry(name, f"math.{python}({{0}})")
    for name, python in {
        "exp": "exp", "log": "log", "expm1": "expm1", "log1p": "log1p", "sin": "sin", "cos": "cos", "tan": "tan",
        "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
        "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "sqrt": "sqrt",
    }.items()
} | {
    "reciprocal": Entry("reciprocal", "1.0 / {0}"),
    "divide": Entry("divide", "{0} / {1}"),
    "absolute": Entry("absolute", "abs({0})"),
    "sign": Entry("sign", "float(({0} > 0.0) - ({0} < 0.0)) if {0} == {0} else {0}"),
    "maximum": Entry("maximum", "{0} if {0} > {1} or {0} != {0} else {1}"),
    "minimum": Entry("minimum", "{0} if {0} < {1} or {0} != {0} else {1}"),
    "power": Entry("power", "math.pow({0}, {1})"),
    "floor": Entry("floor", "float(math.floor({0}))"),
    "ceil": Entry("ceil", "math.ceil({0})"),
    "rint": Entry("rint", "round({0})"),
    "arctan2": Entry("arctan2", "math.atan2({0}, {1})"),
    "remainder": Entry("remainder", "{0} % {1}"),
    "select": Entry("where", "{1} if {0} else {2}"),
    "real": Entry("real", "float({0})"),
    "equal": Entry("equal", "{0} == {1}", "boolean"),
    "not_equal": Entry("not_equal", "{0} != {1}", "boolean"),
    "greater": Entry("greater", "{0} > {1}", "boolean"),
    "greater_equal": Entry("greater_equal", "{0} >= {1}", "boolean"),
    "less": Entry("less", "{0} < {1}", "boolean"),
    "less_equal": Entry("less_equal", "{0} <= {1}", "boolean"),
    "logical_and": Entry("logical_and", "{0} and {1}", "boolean"),
    "logical_or": Entry("logical_or", "{0} or {1}", "boolean"),
    "logical_not": Entry("logical_not", "not {0}", "boolean"),
}  # fmt: skip

PLAIN: dict[Any, str] = {
    sp.exp: "exp", sp.log: "log", expm1: "expm1", log1p: "log1p", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan",
    sp.asin: "arcsin", sp.acos: "arccos", sp.atan: "arctan", sp.sinh: "sinh", sp.cosh: "cosh", sp.tanh: "tanh",
    sp.asinh: "arcsinh", sp.acosh: "arccosh", sp.atanh: "arctanh", sp.Abs: "absolute", sp.sign: "sign", sp.floor: "floor",
    sp.Mod: "remainder", floor: "floor", ceiling: "ceil", rint: "rint", sp.atan2: "arctan2",
}  # fmt: skip
ROWS = {"abs": "absolute"} | {n: n for n in ("sign", "maximum", "minimum", "remainder")}  # rows that NumPy has
RELATIONS: dict[Any, str] = {
    sp.Eq: "equal", sp.Ne: "not_equal", sp.Gt: "greater", sp.Ge: "greater_equal", sp.Lt: "less", sp.Le: "less_equal",
}  # fmt: skip
AS_EXACT = ("sigmoid",)  # rows whose formula loses no digit in floats: where exp overflows, 1 / inf is 0
MOST = 16  # a larger power is no product of squares


@lru_cache(10_000)
def _number(e: Any) -> float | None:
    """The number that an expression is; None where it is none, or one of functions that are computed as rows."""
    if e.is_Rational or (e.is_number and e.is_extended_real and not e.has(TableFunction, Where, sp.Max, sp.Min)):
        return float(e)
    return None


@lru_cache(10_000)
def _fraction(e: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The factors of a product that stand above, and those that stand below."""
    above, below = [], []
    for factor in e.args:
        base, exponent = factor.as_base_exp()
        if exponent.is_number and exponent.is_negative:
            below.append(base**-exponent)
        else:
            above.append(factor)
    return tuple(above), tuple(below)


class Body:
    """The values of the expressions of one equation; `slots` has those of its slots."""

    def __init__(self, graph: Graph, slots: Mapping[Symbol, Value], exponential: Callable[[Value], Value]) -> None:
        self.graph, self.slots, self.exponential = graph, slots, exponential
        self.known: dict[Any, Value] = {}

    def value(self, e: Any) -> Value:
        """The value of an expression. Raises PlanError for what has no row here."""
        if e in self.slots:
            return self.slots[e]
        if (number := _number(e)) is not None:
            return Value(number)
        if e not in self.known or "share" not in self.graph.passes:
            self.known[e] = self._value(e)
        return self.known[e]

    def _value(self, e: Any) -> Value:
        match e:
            case Symbol():
                return self._position(e)
            case sp.Add():
                groups = [self.value(rest).times(float(number)) for number, rest in gathered(e)]
                return self.graph.add(groups or map(self.value, e.args))
            case sp.Mul():
                return self._product(e)
            case sp.Pow():
                return self._power(e)
            case Where():
                return self._cases(e)
            case sp.Max() | sp.Min():
                return self._extremum("maximum" if isinstance(e, sp.Max) else "minimum", e)
            case stop_gradient():
                return self.value(e.args[0])
            case TableFunction():
                return self._row(e)
            case sp.exp():
                return self.exponential(self.value(e.args[0]))
            case _:
                return self._plain(e)

    def _position(self, e: Symbol) -> Value:
        if not is_position(e):
            raise PlanError(f"the size {e} has no number")
        return self.graph.fixed(np.arange(self.graph.extent[e.name]), (e.name,))

    def _product(self, e: Any) -> Value:
        above, below = _fraction(e)
        top = self.graph.multiply(map(self.value, above))
        if not below:
            return top
        bottom = self.graph.multiply(map(self.value, below))
        if top.node is not None and set(top.letters) <= set(bottom.letters):
            return self.apply("divide", [top.bare(), bottom.bare()]).times(top.coefficient / bottom.coefficient)
        return self.graph.multiply([top, self._reciprocal(bottom)])

    def _reciprocal(self, value: Value) -> Value:
        if value.node is None:
            return Value(float(np.float64(1.0) / value.coefficient))
        return self.apply("reciprocal", [value.bare()]).times(1 / value.coefficient)

    def _power(self, e: Any) -> Value:
        base, exponent = e.as_base_exp()
        if exponent.is_number and exponent.is_negative:
            return self._reciprocal(self.value(base**-exponent))
        value = self.value(base)
        if exponent.is_Rational and exponent.q == 2 and exponent <= MOST:
            root = self.apply("sqrt", [value])
            whole = int(exponent - sp.Rational(1, 2))
            return self.graph.multiply([self.graph.power(self.graph.real(value), whole), root]) if whole else root
        if exponent.is_Integer and exponent <= MOST:
            return self.graph.power(self.graph.real(value), int(exponent))
        return self.apply("power", [value, self.value(exponent)])

    def _cases(self, e: Any) -> Value:
        test, yes, no = e.args
        if (yes, no) == (1, 0):
            return self.truth(test)
        return self.apply("select", [self.truth(test), self.value(yes), self.value(no)])

    def truth(self, e: Any) -> Value:
        """The truth values of a condition."""
        if e is sp.true or e is sp.false:
            return Value(float(e is sp.true))
        if type(e) in RELATIONS:
            return self._related(RELATIONS[type(e)], [self.value(side) for side in e.args])
        match e:
            case sp.And() | sp.Or():
                parts = [self.truth(part) for part in sorted(e.args, key=str)]
                name = "logical_and" if isinstance(e, sp.And) else "logical_or"
                found = parts[0]
                for part in parts[1:]:
                    found = self.apply(name, [found, part])
                return found
            case sp.Not():
                return self.apply("logical_not", [self.truth(e.args[0])])
            case _:
                raise PlanError(f"the condition {e} has no row")

    def _related(self, name: str, sides: list[Value]) -> Value:
        if all(v.node is not None and v.node.kind == "integer" and v.coefficient == 1 for v in sides):
            found = self.graph.computed(getattr(np, name), sides)
            return found or self.graph.map(name, sides, kind="boolean")
        return self.apply(name, sides)

    def _extremum(self, name: str, e: Any) -> Value:
        first, *rest = sorted(e.args, key=str)
        found = self.value(first)
        for part in rest:
            found = self.apply(name, [found, self.value(part)])
        return found

    def _row(self, e: Any) -> Value:
        row = e.row
        if row.name in ROWS:
            return self.apply(ROWS[row.name], [self.value(arg) for arg in e.args])
        form = row.formula if row.stable is None or row.name in AS_EXACT else row.stable
        if any(form.has(f) for f in (sp.erf, sp.gamma)):
            if e.is_number and (number := form.xreplace(dict(zip(row.args, e.args, strict=True)))).is_extended_real:
                return Value(float(number))
            raise PlanError(f"{row.name} has no form of functions that NumPy has")
        values = tuple(self.value(arg) for arg in e.args)
        key = (row.name, values)
        if key not in self.graph.rows or not self.graph.shares(values):
            self.graph.rows[key] = Body(self.graph, dict(zip(row.args, values, strict=True)), self.exponential).value(form)
        return self.graph.rows[key]

    def _plain(self, e: Any) -> Value:
        if type(e) not in PLAIN:
            raise PlanError(f"{type(e).__name__} has no row among the functions of entries")
        return self.apply(PLAIN[type(e)], [self.value(arg) for arg in e.args])

    def apply(self, name: str, values: list[Value]) -> Value:
        """A row of FUNCTIONS, computed now where its arguments depend on sizes alone."""
        row = FUNCTIONS[name]
        logical = name.startswith("logical")
        values = [v if logical or (name == "select" and k == 0) else self.graph.real(v) for k, v in enumerate(values)]
        found = self.graph.computed(getattr(np, row.numpy), values)
        return found or self.graph.map(name, values, row.kind)
