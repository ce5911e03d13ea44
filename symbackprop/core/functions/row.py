"""What a row of the table of elementwise functions is, and how its slope follows from its formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Self

import sympy as sp
from sympy import Expr, Function, Symbol
from sympy.core.relational import Relational

from symbackprop.core.functions.textbook import textbook
from symbackprop.core.functions.where import Where

X, Y = Symbol("x"), Symbol("y")  # the argument and the result of a row
A, B = Symbol("alpha"), Symbol("beta")  # further arguments
Column = Callable[[], Any]  # mathematics in a row: worked out when it is first read, since a network needs few of the rows


@dataclass(frozen=True, eq=False)
class Row:
    """One elementwise function.

    name        what a user writes.
    latex       how its name is printed; where the notation is not name(arguments), "{0}" stands for the argument and
                "{1}", "{2}" for the further ones.
    columns     the properties `formula`, `stable`, `bounded` and `tidy`, each as a function that works it out;
                `slope` where that has a name of its own and is not the derivative of the formula as it stands.
    args        the symbols of these: x, then further arguments.
    defaults    values of the further arguments that a user may leave out.
    accuracy    how far the stable form may be from the formula, relative to it; 0: they are equal.
    kink        where the slope is chosen, and which one; "" where the function is smooth.
    flat        whether the slope is zero almost everywhere.
    activation  whether it is the nonlinearity of a layer.
    domain      where it is defined: "real", "positive", "unit" (between 0 and 1), "nonzero" or "branch" (from -1/e).
    source      where the definition comes from.
    """

    name: str
    latex: str
    columns: Mapping[str, Column]
    args: tuple[Symbol, ...] = (X,)
    defaults: Mapping[Symbol, Expr] = field(default_factory=dict)
    accuracy: float = 0.0
    kink: str = ""
    flat: bool = False
    activation: bool = True
    domain: str = "real"
    source: str = ""

    @cached_property
    def formula(self) -> Expr:
        """The definition, as a textbook gives it."""
        return self.columns["formula"]()

    @cached_property
    def stable(self) -> Expr | None:
        """The form to compile where the formula loses digits or overflows; None: the formula itself.

        It is made of exp, log, log1p, expm1, tanh, powers, Where, + - * / and other rows, which every backend has.
        """
        return self._column("stable")

    @cached_property
    def bounded(self) -> Expr | None:
        """A form whose slopes never overflow and are never 0 / 0, equal to the stable one to the last digit of a double.

        It is what is differentiated for compiled code; None: no slope of the row does so.
        """
        return self._column("bounded")

    @cached_property
    def tidy(self) -> Mapping[Expr, Expr]:
        """Equalities, old -> new, that bring the derivative into its textbook form; y is the result.

        Each needs to hold only where the derivative has its old side: in one branch of a Where, for instance.
        """
        return self._column("tidy") or {}

    def _column(self, name: str) -> Any:
        return self.columns[name]() if name in self.columns else None


class TableFunction(Function):
    """An opaque application of a row: printed by its name, differentiated by its formula."""

    row: Row

    if TYPE_CHECKING:  # SymPy says of its functions that a call returns a class

        def __new__(cls, *args: Any) -> Self: ...

    def __reduce__(self) -> tuple[Any, ...]:  # a class that is made by a row has no module to be found in
        return _applied, (self.row.name, *self.args)

    def fdiff(self, argindex: int = 1) -> Any:
        given = dict(zip(self.row.args, self.args, strict=True))
        return slope(self.row.name, argindex - 1).xreplace({**given, Y: self})


ELEMENTWISE: dict[str, Row] = {}  # every row by its name
FUNCTIONS: dict[str, type[Function]] = {}  # what a user may apply: SymPy's own functions, and one class for each row


def define(
    name: str, formula: Column, latex: str = "", *, stable: Column | None = None, bounded: Column | None = None,
    tidy: Column | None = None, slope: Column | None = None, base: type[TableFunction] = TableFunction, **plain: Any,
) -> type[TableFunction]:  # fmt: skip
    """Enter a row into the table and return the function that applies it, a class below `base`.

    plain   the fields of `Row` that need no SymPy.
    """
    given = {"formula": formula, "stable": stable, "bounded": bounded, "tidy": tidy, "slope": slope}
    columns = {column: work for column, work in given.items() if work is not None}
    row = Row(name, latex or rf"\operatorname{{{name.replace('_', '')}}}", columns, **plain)
    function = type(name, (base,), {"row": row, "nargs": len(row.args)})
    ELEMENTWISE[name], FUNCTIONS[name] = row, function
    return function


def _applied(name: str, *arguments: Expr) -> Expr:
    return FUNCTIONS[name](*arguments)  # type: ignore[return-value]  # SymPy says of its functions that a call returns a class


PARTIAL = ("log", "log1p", "arcsin", "arccos", "arctanh", "arccosh")  # SymPy's own functions that are not defined at all numbers


@cache
def slope(name: str, k: int = 0) -> Expr:
    """The derivative of the row `name` by its k-th argument, in x (and further arguments) and the result y."""
    row = ELEMENTWISE[name]
    if "slope" in row.columns:
        return row.columns["slope"]()
    derivative: Any = sp.diff(row.formula, row.args[k])
    if row.tidy:
        derivative = sp.factor(sp.cancel(sp.together(derivative.xreplace(dict(row.tidy)))))
    return textbook(derivative, row.formula, Y)


@lru_cache(maxsize=4096)
def defined_everywhere(body: Any) -> bool:
    """Whether a body has a value at all real numbers, as far as its functions tell: no quotient, root or logarithm stands in it."""
    if not all(map(_has_value, body.atoms(sp.Pow))):
        return False
    partial = tuple(FUNCTIONS[name] for name in PARTIAL)
    functions = [f for f in body.atoms(sp.Function) if not (isinstance(f, sp.log) and f.args[0].is_positive)]
    return not any(f.row.domain != "real" if isinstance(f, TableFunction) else isinstance(f, partial) for f in functions)


def _has_value(power: Any) -> bool:
    base, exponent = power.args
    return bool(base.is_positive or (exponent.is_nonnegative and (exponent.is_integer or base.is_nonnegative)))


def kinks(body: Expr) -> list[str]:
    """What is chosen where the functions in a body have no slope, one sentence each.

    A condition has no slope to choose, and a branch that is not taken where its function has none chooses nothing: Huber's |e|
    stands where |e| > delta, which e = 0 is not for a delta that is known to be positive.
    """
    names = sorted({f.row.name for f, conditions in _sloped(body, ()) if not any(_fails_at_kink(f, c) for c in conditions)})
    return [ELEMENTWISE[name].kink for name in names]


def _sloped(body: Expr, conditions: tuple[Any, ...]) -> Iterator[tuple[TableFunction, tuple[Any, ...]]]:
    """The functions of a body that have a kink, each with the conditions under which it is computed."""
    if isinstance(body, Where):
        condition, a, b = body.args
        yield from _sloped(a, (*conditions, condition))  # type: ignore[arg-type]
        yield from _sloped(b, (*conditions, sp.Not(condition)))  # type: ignore[arg-type]
        return
    if isinstance(body, TableFunction) and body.row.kink:
        yield body, conditions
    for part in body.args:
        yield from _sloped(part, conditions)  # type: ignore[arg-type]


def _fails_at_kink(f: TableFunction, condition: Any) -> bool:
    """Whether a condition is known not to hold where a function of one argument has its only kink, at 0."""
    positive = not isinstance(condition, sp.Not)
    relation = condition if positive else condition.args[0]
    if len(f.args) > 1 or not _AT_ZERO.fullmatch(f.row.kink) or not isinstance(relation, Relational):
        return False
    arguments: Any = f.args
    at = {f: f.row.formula.subs(X, 0)}, {arguments[0]: sp.Integer(0)}
    sides: Any = [side.xreplace(at[0]).xreplace(at[1]) for side in relation.args]
    left, right = sides
    apart = (left - right).is_nonzero  # and so they are beside the kink
    return bool(apart) and relation.func(left, right) == (sp.false if positive else sp.true)


_AT_ZERO = re.compile(r"\w+'\(0\) = [-\d./]+")
