"""Two tables: elementwise functions and reductions. A new function is a new row; tests walk the rows.

A slope is never typed in: it is `sympy.diff` of the row's formula, with the row's identities applied and the result put back,
so that sigma' reads y (1 - y).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import sympy as sp
from sympy import Expr, Function, S, Symbol
from sympy.codegen.cfunctions import expm1, log1p

X, Y = Symbol("x"), Symbol("y")  # the argument and the result of a row
A, B = Symbol("alpha"), Symbol("beta")  # further arguments


class Where(Function):
    """a where the condition holds, otherwise b; flat in its condition."""

    nargs = 3

    @classmethod
    def eval(cls, condition, a, b):  # noqa: ANN001, ANN206 - the signature is SymPy's
        if condition is S.true or a == b:
            return a
        if condition is S.false:
            return b
        return None

    def _eval_derivative(self, s: Symbol) -> Expr:
        condition, a, b = self.args
        return Where(condition, a.diff(s), b.diff(s))


def iverson(condition: sp.Basic) -> Expr:
    """1[condition]: 1 where the condition holds, otherwise 0."""
    return Where(condition, S.One, S.Zero)


@dataclass(frozen=True)
class Row:
    """One elementwise function.

    name      what a user writes.
    formula   its definition in the symbols `args` (x, then further arguments).
    latex     how its name is printed; "{0}" stands for the argument where the notation is not name(argument).
    stable    the form to compile where the formula loses digits or overflows; None: the formula itself.
    tidy      equalities, old -> new, that bring the derivative into its textbook form; y is the result.
    defaults  values of the further arguments that a user may leave out.
    kink      where the slope is chosen, and which one; "" where the function is smooth.
    flat      whether the slope is zero almost everywhere.
    domain    "real" or "positive": where it is defined.
    source    where the definition comes from.
    """

    name: str
    formula: Expr
    latex: str = ""
    args: tuple[Symbol, ...] = (X,)
    stable: Expr | None = None
    tidy: Mapping[Expr, Expr] = field(default_factory=dict)
    defaults: Mapping[Symbol, Expr] = field(default_factory=dict)
    kink: str = ""
    flat: bool = False
    activation: bool = True
    domain: str = "real"
    source: str = ""


class TableFunction(Function):
    """An opaque application of a row: printed by its name, differentiated by its formula."""

    row: Row

    def fdiff(self, argindex: int = 1) -> Expr:
        given = dict(zip(self.row.args, self.args, strict=True))
        return slope(self.row.name, argindex - 1).xreplace({**given, Y: self})


@lru_cache(maxsize=None)
def slope(name: str, k: int = 0) -> Expr:
    """The derivative of the row `name` by its k-th argument, in x (and further arguments) and the result y."""
    row = ELEMENTWISE[name]
    derivative = sp.diff(row.formula, row.args[k])
    if row.tidy:
        derivative = sp.factor(sp.cancel(sp.together(derivative.xreplace(dict(row.tidy)))))
    return tidy_sign(derivative.xreplace({row.formula: Y}))


def tidy_sign(expression: Expr) -> Expr:
    """Move a leading minus into a factor that it makes shorter: -y (y - 1) becomes y (1 - y)."""
    if not expression.is_Mul or not expression.could_extract_minus_sign():
        return expression
    factors = list(expression.args)
    for k, factor in enumerate(factors):
        if factor.is_Add and len(factor.args) == 2 and any(a.is_number and a.is_negative for a in factor.args):
            rest = sp.Mul(S.NegativeOne, *factors[:k], *factors[k + 1 :])
            return sp.Mul(rest, sp.Add(*[-a for a in factor.args]), evaluate=False) if rest != 1 else -factor
    return expression



ELEMENTWISE: dict[str, Row] = {}
FUNCTIONS: dict[str, type[Function]] = {}  # what a body applies: SymPy's own functions, and one class for each row


def _row(name: str, formula: Expr, latex: str = "", **columns) -> type[TableFunction]:
    """Enter a row into the table and return the function that applies it."""
    row = Row(name, formula, latex or rf"\operatorname{{{name}}}", **columns)
    ELEMENTWISE[name] = row
    FUNCTIONS[name] = type(name, (TableFunction,), {"row": row, "nargs": len(row.args)})
    return FUNCTIONS[name]


# SymPy's own functions, whose derivatives and printing are SymPy's.
FUNCTIONS |= {
    "exp": sp.exp, "log": sp.log, "expm1": expm1, "log1p": log1p, "erf": sp.erf,
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "arcsinh": sp.asinh, "arctanh": sp.atanh,
}  # fmt: skip

step = _row(
    "step", Where(X > 0, 1, 0), r"\operatorname{step}", flat=True,
    kink="step(0) = 0", source="McCulloch and Pitts 1943",
)  # fmt: skip
sign = _row(
    "sign", Where(X > 0, 1, Where(X < 0, -1, 0)), r"\operatorname{sign}", flat=True, kink="sign(0) = 0", activation=False
)
abs_ = _row("abs", X * sign(X), r"\left|{0}\right|", kink="abs'(0) = 0", activation=False)
maximum = _row(
    "maximum", Where(X > A, X, A), r"\max", args=(X, A), activation=False,
    kink="where both arguments of max are equal, the slope goes to the second",
)  # fmt: skip
minimum = _row(
    "minimum", Where(X < A, X, A), r"\min", args=(X, A), activation=False,
    kink="where both arguments of min are equal, the slope goes to the second",
)  # fmt: skip

sigmoid = _row(
    "sigmoid", 1 / (1 + sp.exp(-X)), r"\sigma",
    stable=Where(X >= 0, 1, sp.exp(-abs_(X))) / (1 + sp.exp(-abs_(X))),
    tidy={sp.exp(-X): (1 - Y) / Y},
)  # fmt: skip
softplus = _row(
    "softplus", sp.log(1 + sp.exp(X)), r"\operatorname{softplus}",
    stable=maximum(X, 0) + log1p(sp.exp(-abs_(X))),
    tidy={sp.exp(X): sigmoid(X) / (1 - sigmoid(X))},
    source="Dugas et al. 2001",
)  # fmt: skip
relu = _row(
    "relu", Where(X > 0, X, 0), r"\operatorname{ReLU}", stable=maximum(X, 0),
    kink="relu'(0) = 0", source="Nair and Hinton 2010",
)  # fmt: skip
log_cosh = _row(
    "log_cosh", sp.log(sp.cosh(X)), r"\log\cosh", stable=abs_(X) + log1p(sp.exp(-2 * abs_(X))) - sp.log(2),
    tidy={sp.sinh(X): sp.tanh(X) * sp.cosh(X)}, activation=False,
)  # fmt: skip


@dataclass(frozen=True)
class Reduction:
    """One reduction over letters.

    name     what a user writes.
    latex    how it is printed.
    local    d y / d x of one entry x, with the result y.
    shared   whether `local` marks winners that share the slope equally.
    kink     which subgradient is chosen.
    """

    name: str
    latex: str
    local: Expr
    shared: bool = False
    kink: str = ""


REDUCTIONS = {
    row.name: row
    for row in (
        Reduction("max", r"\max", iverson(sp.Eq(X, Y)), True, "entries that tie for the maximum share the slope equally"),
        Reduction("min", r"\min", iverson(sp.Eq(X, Y)), True, "entries that tie for the minimum share the slope equally"),
        Reduction("logsumexp", r"\operatorname{logsumexp}", sp.exp(X - Y)),
    )
}


def kinks(body: Expr) -> list[str]:
    """What is chosen where the functions in a body have no slope, one sentence each."""
    names = sorted({f.row.name for f in body.atoms(TableFunction)})
    return [ELEMENTWISE[name].kink for name in names if ELEMENTWISE[name].kink]


@lru_cache(maxsize=None)
def derivative(body: Expr, s: Symbol, result: Symbol | None = None) -> Expr:
    """d body / d s in textbook form, with the result of the equation put back as `result` where it occurs.

    body     the body of an equation, in slots and positions.
    s        the slot to differentiate by.
    result   the symbol that stands for the body's value; None where the equation sums, so that the body is no result.
    """
    slope_ = sp.diff(body, s)
    if result is not None and not body.is_Symbol:
        slope_ = slope_.xreplace({body: result})
        if body.is_Pow and body.exp == S.Half:
            slope_ = slope_.xreplace({1 / body: 1 / result})
    return tidy_sign(slope_)
