r"""Where the slopes of functions of one number come from: \sigma'(x) = e^{-x}/(1 + e^{-x})^2 = \sigma(x) (1 - \sigma(x))."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from functools import cache, reduce
from typing import NamedTuple, cast

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import Declared, TableFunction, slope
from symbackprop.core.functions.row import X, Y
from symbackprop.core.program import Equation, Sum, slot
from symbackprop.display.body import BodyPrinter
from symbackprop.display.reading_order import is_slot
from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.tree import Binds, Fence, Node, items_of, rebuilt

_STEPS = "hrst"
H = sp.Symbol(_STEPS[0])
_LIMIT = f.scripted(f.symbol("lim"), sub=f.relation(f.letter(_STEPS[0]), f.symbol("to"), f.ZERO))
_ARGUMENTS = ("value", "theta", "lamda", "low", "high", "beta", "alpha", "x", "y", "h")  # what is further stands in front: alpha x
_SLOTS = {sp.Symbol(name): slot(k) for k, name in enumerate(_ARGUMENTS)}
_PIECES = {of: parse_name(name.name).formula() for name, of in _SLOTS.items()}
_INVERSES = {
    sp.log: sp.exp, sp.asin: sp.sin, sp.acos: sp.cos, sp.atan: sp.tan, sp.asinh: sp.sinh, sp.acosh: sp.cosh, sp.atanh: sp.tanh,
}  # fmt: skip
"""Functions whose slope is one over that of what they undo."""


class Derived(NamedTuple):
    """The slope of a function at x: what it is said to be, one after the other.

    function   of x.
    forms      all equal to its slope, where y is the function.
    limits     of x and h, all equal to the quotient of its differences: what that is, one after the other.
    """

    function: Expr
    forms: tuple[Expr, ...]
    limits: tuple[Expr, ...] = ()

    def formula(self) -> Node:
        """The equation with its sides in a row."""
        shown = [_formula(form, _formula(self.function)) for form in self.forms]
        if self.limits:
            moved = f.add([_formula(cast("Expr", self.function.xreplace({X: X + H}))), f.negative(_formula(self.function))])
            quotients = [f.over(moved, f.letter(_STEPS[0])), *map(_formula, self.limits)]
            shown[:0] = [f.beside(_LIMIT, f.within(quotient, Binds.PRODUCT)) for quotient in quotients]
        distinct = [form for k, form in enumerate(shown) if form not in shown[:k]]
        return reduce(f.equation, distinct, _primed(self.function))


def elementary(equations: Iterable[Equation], taken: Container[str] = ()) -> tuple[Node, ...]:
    """The slopes of the functions and powers of these equations, each after those that it is derived from.

    taken   names of the page, of which the step of a quotient of differences is none.
    """
    step = f.letter(next((c for c in _STEPS if c not in taken), _STEPS[0]))

    def stepped(node: Node) -> Node:
        return step if node == f.letter(_STEPS[0]) else rebuilt(node, stepped)

    found: dict[Expr, Derived] = {}
    for equation in equations:
        if isinstance(equation.op, Sum):
            for function in _functions(equation.op.body):
                _enter(function, found)
    return tuple(stepped(derived.formula()) for derived in found.values())


def _enter(function: Expr, found: dict[Expr, Derived]) -> None:
    """A function behind those that its definition is made of."""
    derived = None if function in found else of(function)
    if derived is not None:
        for part in _functions(_definition(function)):
            if part != function:
                _enter(part, found)
        found[function] = derived


def _functions(body: Expr) -> Iterator[Expr]:
    """The functions of one number that are applied in a body, each as one of x; what is made of sizes alone is a number."""
    for part in sp.preorder_traversal(body):
        if not any(map(is_slot, part.free_symbols)):
            continue
        if isinstance(part, Declared):
            continue
        if isinstance(part, TableFunction):
            yield cast("Expr", part.func(*part.row.args))
        elif isinstance(part, _KNOWN):
            yield cast("Expr", part.func(X))
        elif isinstance(part, sp.Pow):
            size = abs(part.exp) if part.exp.is_Rational else sp.S.One
            yield from [X**size] if size != 1 else []
            yield from [1 / X] if part.exp.is_negative else []


_KNOWN = (sp.exp, sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh, *_INVERSES)


def _definition(function: Expr) -> Expr:
    """What a function is made of."""
    if isinstance(function, TableFunction):
        return function.row.formula
    if function.func in _INVERSES:
        return _INVERSES[function.func](X)
    return {sp.tan: sp.sin(X) / sp.cos(X), sp.sinh: sp.exp(X)}.get(function.func, sp.S.Zero)


@cache
def of(function: Expr) -> Derived | None:
    """How the slope of a function of x is found; None where there is nothing to say."""
    if isinstance(function, TableFunction):
        return _of_row(function)
    if function.func in _INVERSES:
        return Derived(function, (1 / sp.diff(_INVERSES[function.func](Y), Y), sp.diff(function, X)))
    return _of_power(function.exp) if isinstance(function, sp.Pow) else _ELEMENTARY[function.func]


def _of_power(p: Expr) -> Derived:
    """((x + h)^p - x^p)/h where that is short; of any other power the rule."""
    limits: tuple[Expr, ...] = ()
    if p == -1:
        limits = (-1 / (X * (X + H)),)
    elif p == sp.Rational(1, 2):
        limits = (1 / (sp.sqrt(X + H) + sp.sqrt(X)),)
    elif p in (2, 3):
        limits = (sp.expand(sp.cancel(((X + H) ** p - X**p) / H)),)
    return Derived(X**p, (p * X ** (p - 1),), limits)


def _of_row(function: TableFunction) -> Derived | None:
    """The derivative of the definition as it stands, then as books write it; none of max, where two values meet."""
    row = function.row
    if row.flat or row.name == "identity" or (len(row.args) > 1 and not row.activation):
        return None
    return Derived(function, (sp.diff(row.formula, X), slope(row.name)))


_ELEMENTARY = {
    sp.exp: Derived(sp.exp(X), (sp.exp(X),), (sp.exp(X) * ((sp.exp(H) - 1) / H),)),
    sp.sin: Derived(sp.sin(X), (sp.cos(X),), (sp.sin(X) * ((sp.cos(H) - 1) / H) + sp.cos(X) * (sp.sin(H) / H),)),
    sp.cos: Derived(sp.cos(X), (-sp.sin(X),), (sp.cos(X) * ((sp.cos(H) - 1) / H) - sp.sin(X) * (sp.sin(H) / H),)),
    sp.sinh: Derived(sp.sinh(X), ((sp.exp(X) + sp.exp(-X)) / 2, sp.cosh(X))),
    sp.cosh: Derived(sp.cosh(X), ((sp.exp(X) - sp.exp(-X)) / 2, sp.sinh(X))),
    sp.tan: Derived(sp.tan(X), ((sp.cos(X) ** 2 + sp.sin(X) ** 2) / sp.cos(X) ** 2, 1 + Y**2)),
    sp.tanh: Derived(sp.tanh(X), ((sp.cosh(X) ** 2 - sp.sinh(X) ** 2) / sp.cosh(X) ** 2, 1 - Y**2)),
}


def _formula(form: Expr, y: Node | None = None) -> Node:
    """A form of x and h; `y` is what stands for the result of a function."""
    return BodyPrinter(_PIECES | ({_SLOTS[Y]: y} if y is not None else {})).formula(form.xreplace(_SLOTS))


def _primed(function: Expr) -> Node:
    r"""\sigma'(x), (x^2)'."""
    shown = _formula(function)
    head, *rest = items_of(shown)
    if rest and isinstance(rest[-1], Fence) and rest[-1].call and len(rest) == 1:
        return f.beside(f.primed(head, 1), *rest)
    return f.primed(f.bracket(shown), 1)
