"""The slopes of elementary functions: each side of an equation that is printed is the slope, at numbers."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.functions import ELEMENTWISE, TableFunction
from symbackprop.core.functions.row import FUNCTIONS, X, Y
from symbackprop.documents.document import FormulaRows
from symbackprop.documents.elementary import _ELEMENTARY, _INVERSES, _SLOTS, H, of
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import items_of

POWERS = [X**p for p in (2, 3, 5, sp.Rational(1, 2), sp.Rational(3, 2), -1)]
BESSEL = [FUNCTIONS[name](*row.args) for name, row in ELEMENTWISE.items() if "bessel" in name]  # type: ignore[call-overload]
ROWS = [FUNCTIONS[name](*row.args) for name, row in ELEMENTWISE.items() if "bessel" not in name]  # type: ignore[call-overload]
SEVERAL = [*POWERS, *(f(X) for f in (*_INVERSES, *_ELEMENTARY)), *ROWS]
ALL = [*(f for f in SEVERAL if of(f) is not None), *BESSEL]  # slopes of the last make further rows, whatever is collected
AT = {sp.Symbol("alpha"): 0.3, sp.Symbol("beta"): 1.4, sp.Symbol("lamda"): 0.2, sp.Symbol("low"): -2.0, sp.Symbol("high"): 1.7,
      sp.Symbol("theta"): -0.4, sp.Symbol("value"): 0.9}  # fmt: skip


@pytest.mark.parametrize("function", ALL, ids=str)
def test_all_that_a_slope_is_said_to_be_is_the_slope(function: sp.Expr) -> None:
    derived = of(function)
    assert derived is not None
    x = 1.6 if isinstance(function, sp.acosh) else 0.37
    h = sp.Float("1e-12", 40)

    def value(form: sp.Expr, step: sp.Expr = sp.S.Zero) -> float:
        at = form.xreplace({Y: function}).xreplace({sp.Symbol(s.name): sp.Float(v, 40) for s, v in AT.items()})
        return float(_plain(at.xreplace({H: step}).xreplace({X: sp.Float(x, 40)})).evalf(40))

    moved = function.xreplace({X: X + h}) - function
    quotient = value(moved) / float(h)
    for form in derived.forms:
        assert value(form) == pytest.approx(quotient, rel=1e-8)
    for form in derived.limits:
        assert value(form, h) == pytest.approx(quotient, rel=1e-8)


def _plain(form: Any) -> Any:
    """A form in which functions of the table are their definitions, down to SymPy's own."""
    while found := [part for part in form.atoms(TableFunction) if isinstance(part, TableFunction)]:
        form = form.xreplace({part: part.row.formula.xreplace(dict(zip(part.row.args, part.args, strict=True))) for part in found})
    return form.doit()


@pytest.mark.parametrize("function", ALL, ids=str)
def test_each_is_read_back_as_it_is_printed(function: sp.Expr) -> None:
    derived = of(function)
    assert derived is not None
    assert parse(latex(derived.formula())).items == items_of(derived.formula())


def slopes(text: str, detail: str = "full") -> list[str]:
    blocks = sb.derive(text).document(detail=detail).blocks
    return [plain(row.formula) for b in blocks if isinstance(b, FormulaRows) and "Elementary" in str(b.above) for row in b.rows]


def test_a_report_derives_the_slopes_that_it_uses_each_after_what_it_is_made_of() -> None:
    shown = slopes("x: data[d]\nw: parameter[d]\nL = sum(silu(w * x)**2)/d")
    assert shown == [
        "(1/x)′ = lim_(h→0) ((1/(x + h) − 1/x)/h) = lim_(h→0) [−1/(x(x + h))] = −1/x²",
        "(eˣ)′ = lim_(h→0) ((eˣ⁺ʰ − eˣ)/h) = lim_(h→0) (eˣ(eʰ − 1)/h) = eˣ",
        "σ′(x) = e⁻ˣ/(1 + e⁻ˣ)² = σ(x)(1 − σ(x))",
        "SiLU′(x) = σ(x) + x σ(x)(1 − σ(x)) = σ(x) + (1 − σ(x)) SiLU(x)",
        "(x²)′ = lim_(h→0) (((x + h)² − x²)/h) = lim_(h→0) (2 x + h) = 2 x",
    ]


def test_sizes_have_no_slopes_and_only_a_full_report_derives_them() -> None:
    assert slopes("x: data[d]\nw: parameter[d]\nL = w @ x / d") == []
    assert slopes("w: parameter[d]\nL = sum(w**2)", "normal") == []


def test_a_function_that_nobody_defined_has_a_slope_that_nobody_derives() -> None:
    assert slopes("sigma: function\nw: parameter[d]\nL = sum(sigma(w))") == []


def test_each_argument_of_a_row_has_its_place_among_the_letters() -> None:
    assert {arg for f in ALL if isinstance(f, TableFunction) for arg in f.row.args} <= _SLOTS.keys()


@pytest.mark.parametrize(("size", "step"), [("h", "r"), ("m", "h")])
def test_the_step_of_a_quotient_is_no_size_of_the_network(size: str, step: str) -> None:
    text = f"x: data[{size}]\nw: parameter[{size}]\nL = sum(exp(x*w))"
    assert f"lim_({step}→0) ((eˣ⁺" in sb.derive(text).report(detail="full")
