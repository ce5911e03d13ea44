"""The tests walk the table: a new row arrives tested."""

import subprocess
import sys
from itertools import combinations_with_replacement, pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import S, Symbol
from sympy.codegen import cfunctions

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, Row, TableFunction, Where, X, Y, kinks, slope
from symbackprop.core.functions.activations import SELU_ALPHA, SELU_LAMBDA
from symbackprop.core.functions.integrals import dawson, scaled_erfc
from symbackprop.core.functions.near_zero import expm1, log1p
from symbackprop.display.notation import applied
from symbackprop.formulas.build import letter
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from symbackprop.verbs import compile, read
from tests.functions.evaluators import GROWING, ORDERS, exact, floating, marked

NAMES = marked(sorted(ELEMENTWISE))
EPS = np.finfo(float).eps
INTEGRALS = (sp.Ei, sp.expint, sp.LambertW, dawson, scaled_erfc)
IN_EVERY_BACKEND = (
    sp.exp, sp.log, log1p, expm1, sp.tanh, sp.sin, sp.cos, Where, TableFunction, sp.Add, sp.Mul, sp.Pow, sp.Symbol, sp.Number,
    sp.NumberSymbol, sp.core.relational.Relational,
)  # fmt: skip


def further(row: Row, rng: np.random.Generator) -> dict[sp.Basic, float]:
    """Generic values of the further arguments: different ones, in the order in which a range needs them."""
    values = np.sort(rng.uniform(0.2, 2.5, len(row.args) - 1))
    if len(values) == 2:
        values[0] -= 2.5
    return dict(zip(row.args[1:], values.tolist(), strict=True))


def entries(row: Row, rng: np.random.Generator) -> list[float]:
    """Arguments over a wide range, at large and at small magnitudes and of either sign where the row has them."""
    if row.domain == "unit":
        return [*rng.uniform(0, 1, 12), 1e-12, 1 - 1e-12]
    if row.domain == "branch":
        return [*rng.uniform(-0.36, 0, 12), *-(10 ** rng.uniform(-12, -1, 6)), *10 ** rng.uniform(-12, 3, 30), 0.0, 1000.0]
    most = (
        100 if row.name == "dawsn" else GROWING.get(row.name, 1000)
    )  # 1 - 2 x F(x) as it is printed loses digits; e^1000 is no double
    signed = rng.choice([-1, 1], 40) * 10 ** rng.uniform(-12, 3, 40)
    return [
        x for x in (*signed, *rng.uniform(-8, 8, 30), -1000.0, 1000.0) if abs(x) <= most and (x > 0 or row.domain != "positive")
    ]


def cases(row: Row, seed: int = 0) -> list[dict[sp.Basic, float]]:
    rng = np.random.default_rng(seed)
    return [{X: float(x), **further(row, rng)} for x in entries(row, rng)]


def digits(row: Row) -> int:
    """So many that 1 + exp(-1000) is not 1; series that know no exponential take long then."""
    return 60 if row.formula.has(sp.loggamma, sp.polygamma, sp.erfinv, sp.besselj, sp.besseli, sp.besselk, *INTEGRALS) else 1000


def many_digits(at: dict[sp.Basic, float]) -> dict[sp.Basic, Any]:
    return {symbol: mpmath.mpf(value) for symbol, value in at.items()}


def written_out(expression: sp.Basic) -> sp.Basic:
    """The expression with every row in it replaced by its formula."""
    while expression.has(TableFunction):
        rows = expression.atoms(TableFunction)
        expression = expression.xreplace({f: f.row.formula.xreplace(dict(zip(f.row.args, f.args, strict=True))) for f in rows})
    return expression


def corners(row: Row, given: dict[sp.Basic, Any]) -> list[Any]:
    """Where a condition in the row's formula changes between -10 and 10, to the last of the digits in use."""
    found = []
    for condition in written_out(row.formula).atoms(sp.core.relational.Relational):

        def gap(x: Any, condition: Any = condition) -> Any:
            return exact(condition.lhs, {X: x, **given}) - exact(condition.rhs, {X: x, **given})

        grid = [mpmath.mpf(k) / 7 + mpmath.mpf(1) / 997 for k in range(-70, 71)]
        for low, high in pairwise(grid):
            sign = mpmath.sign(gap(low))
            if sign == mpmath.sign(gap(high)):
                continue
            for _ in range(mpmath.mp.prec):
                middle = (low + high) / 2
                low, high = (middle, high) if mpmath.sign(gap(middle)) == sign else (low, middle)
            found.append(low)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_written_as_the_table_asks(name: str) -> None:
    row = ELEMENTWISE[name]
    assert row.name == name.lower()
    assert name.isidentifier()
    assert FUNCTIONS[name].row is row
    assert row.args[0] == X
    assert row.formula.free_symbols <= set(row.args)
    assert all(symbol.name.isidentifier() for symbol in row.args)
    assert set(row.defaults) <= set(row.args[1:])
    assert row.domain in ("real", "positive", "unit", "nonzero", "branch")
    assert row.source or not row.activation or name == "log_sigmoid"


@pytest.mark.parametrize("name", NAMES)
def test_every_report_can_print_a_row(name: str) -> None:
    row = ELEMENTWISE[name]
    arguments = ["x_{1}", r"\alpha_{0}", "-1"][: len(row.args)]
    text = latex(applied(row.latex, [letter(argument) for argument in arguments]))
    parse(text)
    assert all(argument in text for argument in arguments)


@pytest.mark.parametrize("name", [name for name in sorted(ELEMENTWISE) if "stable" in ELEMENTWISE[name].columns])
@pytest.mark.slow
def test_the_stable_form_is_the_formula(name: str) -> None:
    row = ELEMENTWISE[name]
    with mpmath.workdps(digits(row)):
        for case in cases(row):
            at = many_digits(case)
            formula, stable = exact(row.formula, at), exact(row.stable, at)
            tolerance = max(row.accuracy, mpmath.mpf(10) ** -50) * abs(formula) + mpmath.mpf(10) ** -330  # no double is as small
            assert abs(stable - formula) <= tolerance, case


@pytest.mark.parametrize("name", [name for name in sorted(ELEMENTWISE) if "stable" in ELEMENTWISE[name].columns])
def test_a_backend_can_print_the_stable_form(name: str) -> None:
    for node in sp.preorder_traversal(ELEMENTWISE[name].stable):
        assert isinstance(node, IN_EVERY_BACKEND), node


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_doubles_give_the_value_to_the_last_digits(name: str) -> None:
    row = ELEMENTWISE[name]
    points = cases(row)
    arrays = {a: np.array([p[a] for p in points]) for a in row.args}
    values = np.broadcast_to(floating(FUNCTIONS[name](*row.args), arrays), len(points))
    with mpmath.workdps(digits(row)):
        for value, point in zip(values, points, strict=True):
            at = many_digits(point)
            at[Y] = exact(row.formula, at)
            moved = sum(abs(at[a] * exact(slope(name, k), at)) for k, a in enumerate(row.args))  # by rounding the arguments
            assert abs(value - at[Y]) <= 3 * EPS * (abs(at[Y]) + moved) + 1e-300, point


@pytest.mark.parametrize("name", NAMES)
def test_doubles_give_the_slopes(name: str) -> None:
    row = ELEMENTWISE[name]
    with mpmath.workdps(60):
        for k in range(len(row.args)):
            check_in_doubles(row, slope(name, k), 32)


@pytest.mark.parametrize("name", NAMES)
def test_doubles_give_the_second_derivatives(name: str) -> None:
    row = ELEMENTWISE[name]
    with mpmath.workdps(60):
        for a, b in combinations_with_replacement(row.args, 2):
            check_in_doubles(row, sp.diff(FUNCTIONS[name](*row.args), a, b), 512)


def check_in_doubles(row: Row, expression: sp.Basic, ulps: float) -> None:
    """Nothing overflows, and the error is some units in the last place of the value, or of 1 where the value is smaller."""
    points = cases(row)
    arrays: dict[sp.Basic, Any] = {a: np.array([p[a] for p in points]) for a in row.args}
    arrays[Y] = floating(row.stable if row.stable is not None else row.formula, arrays)
    values = np.broadcast_to(floating(expression, arrays), len(points))
    for value, point in zip(values, points, strict=True):
        at = many_digits(point)
        at[Y] = exact(row.formula, at)
        right = exact(expression, at)
        assert abs(mpmath.mpf(float(value)) - right) <= ulps * EPS * max(1, abs(right)), point


@pytest.mark.parametrize("name", NAMES)
def test_slopes_are_the_differences_of_the_formula(name: str) -> None:
    row = ELEMENTWISE[name]
    with mpmath.workdps(160):
        for case in cases(row, 1)[::3]:
            at = many_digits(case)
            at[Y] = exact(row.formula, at)
            for k, a in enumerate(row.args):
                difference = central(lambda given: exact(row.formula, given), at, a)
                assert abs(exact(slope(name, k), at) - difference) <= mpmath.mpf(10) ** -40 * max(1, abs(difference)), (
                    a,
                    case,
                )


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_are_the_differences_of_slopes(name: str) -> None:
    row = ELEMENTWISE[name]
    function = FUNCTIONS[name](*row.args)
    with mpmath.workdps(160):
        for a, b in combinations_with_replacement(row.args, 2):
            first, second = sp.diff(function, a), sp.diff(function, a, b)
            for case in cases(row, 2)[::5]:
                at = many_digits(case)
                difference = central(lambda given, first=first: exact(first, given), at, b)
                assert abs(exact(second, at) - difference) <= mpmath.mpf(10) ** -40 * max(1, abs(difference)), (
                    a,
                    b,
                    case,
                )


def central(f: Any, at: dict[sp.Basic, Any], a: sp.Basic) -> Any:
    h = mpmath.mpf(10) ** -50
    return (f({**at, a: at[a] + h}) - f({**at, a: at[a] - h})) / (2 * h)


@pytest.mark.parametrize("name", NAMES)
def test_a_kink_is_told_of_exactly_where_there_is_one(name: str) -> None:
    row = ELEMENTWISE[name]
    with mpmath.workdps(60):
        given = many_digits(further(row, np.random.default_rng(3)))
        bent = False
        for corner in corners(row, given):
            h = mpmath.mpf(10) ** -25
            left, here, right = (exact(row.formula, {X: corner + k * h, **given}) for k in (-1, 0, 1))
            further_left, further_right = (exact(row.formula, {X: corner + k * h, **given}) for k in (-2, 2))
            slopes = (left - further_left) / h, (further_right - right) / h
            bent |= bool(abs(slopes[0] - slopes[1]) > 1e-9 or max(abs(left - here), abs(right - here)) > 1e-9)
        assert bent == bool(row.kink)
        assert kinks(FUNCTIONS[name](*row.args)) == ([row.kink] if bent else [])


@pytest.mark.parametrize("name", NAMES)
def test_a_slope_has_a_value_at_a_kink(name: str) -> None:
    row = ELEMENTWISE[name]
    with mpmath.workdps(60):
        given = further(row, np.random.default_rng(3))
        for corner in corners(row, many_digits(given)):
            at = {X: np.float64(round(float(corner), 12)), **given}
            y = floating(FUNCTIONS[name](*row.args), at)
            assert all(np.isfinite(floating(slope(name, k), {**at, Y: y})) for k in range(len(row.args)))


@pytest.mark.parametrize("name", NAMES)
def test_flat_rows_are_those_without_a_slope(name: str) -> None:
    assert ELEMENTWISE[name].flat == (slope(name) == 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sigmoid", "y*(1 - y)"),
        ("softplus", "sigmoid(x)"),
        ("log_sigmoid", "1 - sigmoid(x)"),
        ("silu", "y*(1 - sigmoid(x)) + sigmoid(x)"),
        ("swish", "(beta*x*sigmoid(-beta*x) + 1)*sigmoid(beta*x)"),
        ("gelu", "x*normal_pdf(x) + normal_cdf(x)"),
        ("normal_cdf", "normal_pdf(x)"),
        ("normal_pdf", "-x*y"),
        ("erf", "2*exp(-x**2)/sqrt(pi)"),
        ("elu", "Where(x > 0, 1, alpha + y)"),
        ("relu6", "Where(x > 0, 1, 0)*Where(x < 6, 1, 0)"),
        ("hard_sigmoid", "Where(x > -3, 1, 0)*Where(x < 3, 1, 0)/6"),
        ("soft_shrink", "Where(abs(x) > lamda, 1, 0)"),
        ("softsign", "(abs(x) + 1)**(-2)"),
        ("tanhshrink", "tanh(x)**2"),
        ("logit", "1/(x*(1 - x))"),
        ("gaussian", "-2*x*y"),
        ("log_cosh", "tanh(x)"),
        ("abs", "sign(x)"),
    ],
)
def test_slopes_read_as_in_a_textbook(name: str, text: str) -> None:
    assert str(slope(name)) == text


def test_the_slope_chosen_at_a_kink_is_the_one_that_is_told() -> None:
    told = {
        ("relu", 0): 0, ("relu6", 0): 0, ("relu6", 6): 0, ("abs", 0): 0, ("sign", 0): 0, ("step", 0): 0,
        ("hard_sigmoid", -3): 0, ("hard_sigmoid", 3): 0, ("hard_swish", -3): 0, ("hard_swish", 3): 1,
        ("selu", 0): 1.7580993408473769,
    }  # fmt: skip
    for (name, x), expected in told.items():
        at: dict[sp.Basic, Any] = {X: mpmath.mpf(x)}
        at[Y] = exact(ELEMENTWISE[name].formula, at)
        assert exact(slope(name), at) == pytest.approx(expected), (name, x)
        assert f"{name}'({x})" in ELEMENTWISE[name].kink
    for name, place, expected in (("leaky_relu", 0, 0.3), ("prelu", 0, 0.3), ("elu", 0, 0.3)):
        row = ELEMENTWISE[name]
        assert floating(slope(name), {X: np.float64(place), row.args[1]: 0.3, Y: 0.0}) == expected
        assert row.kink.startswith(f"{name}'(0) = alpha")
    for name in ("hard_tanh", "soft_shrink", "hard_shrink", "threshold"):
        row = ELEMENTWISE[name]
        given = dict.fromkeys(row.args[1:], np.float64(0.5))
        assert floating(slope(name), {X: np.float64(0.5), **given}) == 0
        assert row.kink.endswith("= 0")
    low, high = ELEMENTWISE["clip"].args[1:]
    for x, own in ((-1.5, 0), (-1.0, 1), (0.5, 1), (2.0, 1), (2.5, 0)):
        at = {X: np.float64(x), low: np.float64(-1), high: np.float64(2)}
        assert [floating(slope("clip", k), at) for k in range(3)] == [own, x < -1, x > 2]


def test_selu_keeps_the_mean_and_the_variance_of_a_standard_normal_variable() -> None:
    at = {symbol: mpmath.mpf(0) for symbol in (X,)}
    with mpmath.workdps(40):

        def selu(x: Any) -> Any:
            return exact(ELEMENTWISE["selu"].formula, {**at, X: x})

        mean = mpmath.quad(lambda x: selu(x) * mpmath.npdf(x), [-30, -8, 0, 8, 30])
        variance = mpmath.quad(lambda x: selu(x) ** 2 * mpmath.npdf(x), [-30, -8, 0, 8, 30])
        assert abs(mean) < 1e-25
        assert abs(variance - 1) < 1e-25
        assert str(SELU_LAMBDA).startswith("1.05070098735548049341933498529")
        assert str(SELU_ALPHA).startswith("1.67326324235437728481704299167")


def test_the_error_functions_are_right_to_the_last_digits() -> None:
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.uniform(-6, 6, 400), 10 ** rng.uniform(-300, 0, 100), [0.0, 0.5, -0.5, 26.0]])
    erf, erfc = (floating(FUNCTIONS[name](X), {X: x}) for name in ("erf", "erfc"))
    for value, complement, entry in zip(erf, erfc, x, strict=True):
        with mpmath.workdps(40):
            right, rest = mpmath.erf(entry), mpmath.erfc(entry)
            assert abs(value - right) <= 3 * EPS * abs(right)
            assert abs(complement - rest) <= (3 + entry**2) * EPS * rest  # exp(-x^2) has the rounding of x^2 in it


def test_a_row_may_be_given_single_precision() -> None:
    x = np.linspace(-50, 50, 101, dtype=np.float32)
    for name in ("erf", "gelu", "sigmoid", "softplus", "mish"):
        wide = floating(FUNCTIONS[name](X), {X: x.astype(float)})
        np.testing.assert_allclose(floating(FUNCTIONS[name](X), {X: x}), wide, rtol=1e-5, atol=1e-6)


def test_slopes_are_not_derived_before_they_are_asked_for() -> None:
    code = "from symbackprop.core.functions import derivative as d, slope as s; print(d.cache_info().currsize, s.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0 0\n"


HUGE = [1e2, 1e4, 1e10, 1e19, 1e30, 3e38, 1e160, 1.7e308]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", [n for n in sorted({*ELEMENTWISE} - ORDERS) if ELEMENTWISE[n].domain == "real" and n not in GROWING and n[0] != "_"]
)
def test_the_compiled_slope_at_huge_arguments_is_finite(name: str, dtype: str) -> None:
    row = ELEMENTWISE[name]
    others = [row.defaults.get(symbol, sp.Rational(7, 10)) for symbol in row.args[1:]]
    compiled = compile(
        read(f"x: parameter[n]\nL = sum({name}({', '.join(['x', *map(str, others)])}))"), dtype=dtype, refuse_nan=False
    )
    for x in HUGE:
        for signed in (x, -x) if x < float(np.finfo(dtype).max) else ():
            assert np.isfinite(compiled.value_and_grad({"x": np.array([signed], dtype)})[1]["x"]).all(), signed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "swish", "mish", "softplus", "relu", "hard_swish", "elu"])
def test_a_gate_has_the_slopes_of_a_rectifier_far_away(name: str, dtype: str) -> None:
    compiled = compile(read(f"x: parameter[n]\nL = sum({name}(x))"), dtype=dtype, refuse_nan=False)
    far = np.array([x for x in HUGE if 1e3 < x < float(np.finfo(dtype).max)], dtype)
    np.testing.assert_array_equal(compiled.value_and_grad({"x": far})[1]["x"], np.ones_like(far))
    np.testing.assert_array_equal(compiled.value_and_grad({"x": -far})[1]["x"], np.zeros_like(far))


@pytest.mark.parametrize("name", [name for name in sorted(ELEMENTWISE) if ELEMENTWISE[name].bounded is not None])
def test_a_bounded_form_is_the_stable_one_in_doubles(name: str) -> None:
    row = ELEMENTWISE[name]
    for x in (-1e3, -120.0, -99.0, -3.0, -1e-9, 0.0, 0.5, 7.0, 99.0, 101.0, 1e3):
        if abs(x) > GROWING.get(name, 1000):
            continue
        at = dict.fromkeys(row.args, 2.5) | {X: x}
        right, wrong = (float(floating(form, at)) for form in (row.stable or row.formula, row.bounded))
        assert wrong == pytest.approx(right, rel=4 * EPS, abs=1e-300)


@pytest.mark.parametrize(("ours", "theirs"), [(expm1, cfunctions.expm1), (log1p, cfunctions.log1p)])
@pytest.mark.parametrize(
    "x", [X, X - 1, S.Zero, S.One, sp.Rational(1, 3), sp.Float(0.1), sp.Float("1e-20"), sp.log(X), sp.exp(X) - 1, sp.sqrt(2), sp.pi],
)  # fmt: skip
def test_functions_near_zero_are_those_of_sympy(ours: Any, theirs: Any, x: sp.Expr) -> None:
    real = {X: Symbol("x", real=True)}
    for at in (x, x.xreplace(real)):
        found, meant = ours(at), theirs(at).replace(theirs, ours)
        assert found == meant
        assert (found.is_real, found.is_positive, found.is_zero) == (meant.is_real, meant.is_positive, meant.is_zero)
        assert found.diff(*at.free_symbols) == meant.diff(*at.free_symbols)


def test_a_branch_that_is_not_taken_at_a_kink_chooses_nothing() -> None:
    """Huber's |e| counts where |e| > d, which e = 0 is not for a positive d; for d = 0, or of unknown sign, it may be."""
    size, known = FUNCTIONS["abs"](X), sp.Symbol("d", positive=True)
    for d, chosen in ((known, []), (sp.Rational(4, 5), []), (sp.Symbol("d"), ["abs"]), (sp.Integer(0), ["abs"])):
        expected = [ELEMENTWISE[name].kink for name in chosen]
        assert kinks(Where(size <= d, X**2, size)) == expected
        assert kinks(Where(size > d, size, X**2)) == expected
        assert kinks(Where(size > d, d, X**2)) == []  # a condition has no slope
    assert kinks(Where(size > known, X, size)) == [ELEMENTWISE["abs"].kink]
