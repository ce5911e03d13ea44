"""Functions of statistics, remainders and running reductions: values as SciPy's and mpmath's, derivatives of both orders as the witnesses'."""

import pickle
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import special

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward
from symbackprop.judge.witnesses.crosscheck import check

D = "x: parameter[n]\nw: parameter[n]\np: parameter[n] & positive\nX: parameter[n, m]\n"
CASES: dict[str, tuple[str, Callable[..., Any]]] = {
    "gammaln(p)": ("p", special.gammaln),
    "digamma(p)": ("p", special.digamma),
    "polygamma(2, p)": ("p", lambda p: special.polygamma(2, p)),
    "betaln(p, p + 1)": ("p", lambda p: special.betaln(p, p + 1)),
    "erfinv(tanh(x))": ("x", lambda x: special.erfinv(np.tanh(x))),
    "j1(3*x) * i0e(x)": ("x", lambda x: special.j1(3 * x) * special.i0e(x)),
    "expi(x)": ("x", special.expi),
    "exp1(p)": ("p", special.exp1),
    "dawsn(3*x)": ("x", lambda x: special.dawsn(3 * x)),
    "erfcx(x)": ("x", special.erfcx),
    "k0(p) * k1e(p)": ("p", lambda p: special.k0(p) * special.k1e(p)),
    "kn(3, p)": ("p", lambda p: special.kn(3, p)),
    "lambertw(p)": ("p", lambda p: special.lambertw(p).real),
    "arctan2(x, w)": ("xw", np.arctan2),
    "arccosh(1 + p)": ("p", lambda p: np.arccosh(1 + p)),
    "xlogy(x, p)": ("xp", special.xlogy),
    "xlog1py(x, p)": ("xp", special.xlog1py),
    "x % w": ("xw", np.remainder),
    "fmod(x, w)": ("xw", np.fmod),
    "logcumsumexp(x)": ("x", np.logaddexp.accumulate),
    "logcumsumexp(X, axis=1)": ("X", lambda X: np.logaddexp.accumulate(X, axis=1)),
    "cummax(X, axis=0)": ("X", lambda X: np.maximum.accumulate(X, axis=0)),
    "cummin(x)": ("x", np.minimum.accumulate),
    "x*round(3*w)": ("xw", lambda x, w: x * np.round(3 * w)),
    "where(x > 0, log(x), 0)*w": ("xw", lambda x, w: np.log(x, where=x > 0, out=np.zeros_like(x)) * w),
    "where(x > 0, sqrt(x), x**2)": ("x", lambda x: np.where(x > 0, np.sqrt(abs(x)), x**2)),
}  # fmt: skip


@pytest.mark.parametrize(
    "expression", [pytest.param(e, marks=pytest.mark.slow) if re.search(r"j1|k[01n]", e) else e for e in CASES]
)
def test_values_are_theirs_and_derivatives_of_both_orders_the_witnesses(expression: str) -> None:
    names, theirs = CASES[expression]
    first = sb.derive(f"{D}r = {expression}\nL = sum(sin(r) * r)", wrt=list(names))
    sizes, at = defined(first.forward, {"n": 4, "m": 3}, seed=1)
    np.testing.assert_allclose(forward(first.forward, at)["r"], theirs(*(at[name] for name in names)), rtol=1e-12, atol=1e-14)
    assert first.check(sizes=sizes), first.check(sizes=sizes)
    of = first.gradient(names[0])
    second = differentiate(first.program, of, list(names), jacobian=True)
    assert check(second, sizes=sizes, points=1), str(check(second, sizes=sizes, points=1))


POINTS = np.concatenate([10 ** np.random.default_rng(0).uniform(-8, 5, 60), np.random.default_rng(1).uniform(0, 25, 60)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "points", "true"),
    [
        ("gammaln(x)", POINTS, mpmath.loggamma),
        ("digamma(x)", POINTS, mpmath.digamma),
        ("polygamma(1, x)", POINTS, lambda v: mpmath.psi(1, v)),
        ("polygamma(5, x)", POINTS, lambda v: mpmath.psi(5, v)),
        ("j0(x)", POINTS[POINTS < 1e3], lambda v: mpmath.besselj(0, v)),
        ("i1e(-x)", POINTS[POINTS < 1e3], lambda v: -mpmath.exp(-v) * mpmath.besseli(1, v)),
        ("expi(x)", POINTS[POINTS < 700], mpmath.ei),
        ("expi(-x)", POINTS, lambda v: mpmath.ei(-v)),
        ("exp1(x)", POINTS, mpmath.e1),
        ("dawsn(x)", POINTS[POINTS < 100], lambda v: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-v * v) * mpmath.erfi(v)),
        ("erfcx(x)", POINTS[POINTS < 1e3], lambda v: mpmath.exp(v * v) * mpmath.erfc(v)),
        ("erfcx(-x)", POINTS[POINTS < 26], lambda v: mpmath.exp(v * v) * mpmath.erfc(-v)),
        ("k0(x)", POINTS[POINTS < 700], lambda v: mpmath.besselk(0, v)),
        ("k1e(x)", POINTS[POINTS < 700], lambda v: mpmath.exp(v) * mpmath.besselk(1, v)),
        ("kn(5, x)", POINTS[(POINTS < 700) & (POINTS > 0.01)], lambda v: mpmath.besselk(5, v)),
        ("lambertw(x)", POINTS, lambda v: mpmath.lambertw(v).real),
        ("lambertw(-exp(-1 - x))", POINTS[POINTS > 0.1], lambda v: mpmath.lambertw(-mpmath.exp(-1 - v)).real),
        ("erfinv(x)", np.concatenate([10 ** -POINTS[POINTS < 15], 1 - 10 ** -POINTS[(POINTS > 0.1) & (POINTS < 15.9)]]), mpmath.erfinv),
    ],
)  # fmt: skip
def test_compiled_values_are_right_to_thirteen_digits(text: str, points: np.ndarray, true: Callable[..., Any]) -> None:
    found = sb.compile(sb.read(f"x: parameter[n]\ny = {text}\nL = sum(y)")).outputs({"x": points})["y"]
    with mpmath.workdps(40):
        expected = np.array([float(true(mpmath.mpf(float(v)))) for v in points])
    floor = 0 if text.startswith("erfinv") else 1
    assert (abs(found - expected) <= 1e-13 * np.maximum(floor, abs(expected))).all()


def test_compiled_code_of_single_precision_stays_there() -> None:
    compiled = sb.compile(sb.read("x: parameter[n]\ny = gammaln(x)\nL = sum(y)"), dtype="float32")
    _, gradients = compiled.value_and_grad({"x": np.float32([0.5, 3, 20])})
    assert gradients["x"].dtype == np.float32
    np.testing.assert_allclose(gradients["x"], special.digamma([0.5, 3, 20]), rtol=1e-5)


@pytest.mark.slow
def test_bessel_functions_are_printed_and_read_as_in_books() -> None:
    text = "x: parameter[n]\nk: parameter & positive\nL = sum(k*cos(x)) - n*log(2*pi*i0(k)) + sum(j0(x))"
    found = sb.derive(text)
    assert "I₁(k)/" in found.report("text")
    claims = {"k": r"\sum_i \cos x_i - n \frac{I_1(k)}{I_0(k)}", "x": r"-k \sin(x_i) - J_{1}(x_i)"}
    judged = sb.verify(text, claims)
    assert judged, str(judged)
    assert not sb.verify(text, {"x": r"-k \sin(x_i) - J_{2}(x_i)"})


def _bessel(kind: str, n: int, k: int, x: float) -> float:
    """The k-th derivative of J_n, I_n or e^-|x| I_n, by Abramowitz and Stegun 1964, 9.1.31, and Leibniz' rule."""
    turn, function = (-1, mpmath.besselj) if kind == "jv" else (1, mpmath.besseli)
    z = mpmath.mpf(x)

    def of(order: int) -> Any:
        return function(abs(order), z) * (turn**order if order < 0 else 1)

    def derivative(m: int) -> Any:
        return sum(mpmath.binomial(m, j) * turn**j * of(n - m + 2 * j) for j in range(m + 1)) / 2**m

    if kind != "ive":
        return float(derivative(k))
    factor = -mpmath.sign(z)
    return float(sum(mpmath.binomial(k, m) * factor ** (k - m) * derivative(m) for m in range(k + 1)) * mpmath.exp(-abs(z)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n"),
    [pytest.param(kind, n, marks=[pytest.mark.slow] * ((kind, n) != ("jv", 3))) for kind in ("jv", "iv", "ive") for n in range(4)],
)
def test_every_derivative_of_a_bessel_function_is_right_at_and_near_0(kind: str, n: int) -> None:
    orders = range((n if kind == "ive" else 6) + 1)  # e^-|x| I_n has n derivatives at 0
    lines = "".join(f"u{k} = grad(sum(u{k - 1}), x)\n" for k in orders[1:])
    points = np.array([0, 1e-300, -1e-9, 1e-6, 3e-3, -0.2, 1, 3.9999, 4, -5, 8, 30])
    found = sb.compile(f"x: parameter[n]\nu0 = {kind}({n}, x)\n{lines}L = sum(u{orders[-1]})").outputs({"x": points})
    with mpmath.workdps(40):
        for k in orders:
            true = np.array([_bessel(kind, n, k, float(v)) for v in points])
            assert (abs(found[f"u{k}"] - true) <= 1e-13 * (abs(true) + (abs(points) > 0.5))).all(), k


PRINTED = [
    ("expi(x)", "x", "Ei(x)", r"\frac{e^{x_i}}{x_i}", r"\frac{e^{-x_i}}{x_i}"),
    ("exp1(p)", "p", "E₁(p)", r"-\frac{e^{-p_i}}{p_i}", r"\frac{e^{-p_i}}{p_i}"),
    ("sum(dawsn(x))", "x", "1 − 2 x ⊙ F(x)", r"1 - 2 x_i F(x_i)", "1 - x_i F(x_i)"),
    ("erfcx(x)", "x", "erfcx(x)", r"2 x_i \operatorname{erfcx}(x_i) - \frac{2}{\sqrt{\pi}}", r"2 x_i \operatorname{erfcx}(x_i)"),
    ("k0(p)", "p", "−K₁(p)", "-K_1(p_i)", "K_1(p_i)"),
    ("kn(2, p)", "p", "K₃(p)", r"-K_1(p_i) - \frac{2}{p_i} K_2(p_i)", r"-K_1(p_i) + \frac{2}{p_i} K_2(p_i)"),
    ("lambertw(p)", "p", "W₀(p)", r"\frac{W_0(p_i)}{p_i (1 + W_0(p_i))}", r"\frac{W_0(p_i)}{1 + W_0(p_i)}"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("expression", "wrt", "shown", "right", "wrong"), PRINTED)
def test_integrals_and_inverses_are_printed_and_read_as_in_books(
    expression: str, wrt: str, shown: str, right: str, wrong: str
) -> None:
    text = f"{D}L = sum({expression})"
    assert shown in sb.derive(text, wrt=[wrt]).report("text")
    assert sb.verify(text, {wrt: right})
    assert not sb.verify(text, {wrt: wrong})


@pytest.mark.slow
@pytest.mark.parametrize("order", [5, 9, 12])
def test_bessel_functions_of_any_order_have_their_values_and_slopes(order: int) -> None:
    points = np.concatenate([np.random.default_rng(order).uniform(-40, 40, 60), [0, 1e-5, 700]])
    for kind in ("jv", "ive"):
        compiled = sb.compile(f"x: parameter[n]\ny = {kind}({order}, x)\nL = sum(y)")
        with mpmath.workdps(40):
            for k, found in enumerate((compiled.outputs({"x": points})["y"], compiled.value_and_grad({"x": points})[1]["x"])):
                true = np.array([_bessel(kind, order, k, float(v)) for v in points])
                np.testing.assert_allclose(found, true, rtol=1e-12, atol=1e-14)
    assert sb.derive(f"x: parameter[n]\nL = sum(jv({order}, x)) + sum(ive({order}, x))").check(points=1)


def test_a_higher_order_of_a_bessel_function_is_written_and_read_as_in_books() -> None:
    text = "x: parameter[n]\nL = sum(jv(3, x))"
    found = sb.derive(text)
    assert "J₄(x)" in found.report("text")
    for claim in (r"\frac{1}{2}(J_2(x_i) - J_4(x_i))", "(jv(2, x) - jv(4, x))/2"):
        assert sb.verify(text, {"x": claim})
    assert not sb.verify(text, {"x": r"\frac{1}{2}(J_2(x_i) - J_5(x_i))"})
    assert str(pickle.loads(pickle.dumps(found.program))) == str(found.program)


def test_where_no_log_gamma_is_there_is_no_number() -> None:
    with pytest.raises(sb.PointError, match="not positive"):
        sb.derive("x: parameter[n]\nL = sum(gammaln(x))").check(at={"x": np.array([-0.5, 1.0])})
    for name in ("exp1", "k0", "lambertw"):
        with pytest.raises(sb.PointError, match="not positive" if name != "lambertw" else "below -1/e"):
            sb.derive(f"x: parameter[n]\nL = sum({name}(x))").check(at={"x": np.array([-0.5, 1.0])})


def test_a_branch_that_is_not_taken_gives_no_nan() -> None:
    _, gradients = sb.compile("x: parameter[n]\nL = sum(where(x > 0, log(x), x) + where(x == 0, 1, sin(x)/x))").value_and_grad(
        {"x": np.array([-1.0, 0.0, 2.0])}
    )
    assert np.isfinite(gradients["x"]).all()


def test_traced_words_of_scipy_are_ours() -> None:
    def loss(x: Any, p: Any) -> Any:
        return np.sum(special.gammaln(p) * special.xlogy(x, p)) + np.sum(np.logaddexp.accumulate(x) * np.floor(3 * x) % 2)

    x, p = np.array([0.3, -1.2, 2.0]), np.array([0.5, 1.5, 4.0])
    assert sb.derive(sb.trace(loss, x, p)).check()


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("torch.lgamma(p)", "gammaln(p)"), ("math.lgamma(2)*x", "gammaln(2)*x"), ("scipy.special.psi(p)", "digamma(p)"),
        ("torch.atan2(x, w)", "arctan2(x, w)"), ("torch.logcumsumexp(X, dim=1)", "logcumsumexp(X, axis=1)"),
        ("jax.lax.erf_inv(x)", "erfinv(x)"), ("jax.scipy.special.betaln(p, p)", "betaln(p, p)"), ("x.round()", "round(x)"),
        ("torch.fmod(x, 2)", "fmod(x, 2)"), ("np.mod(x, 2)", "x % 2"), ("(7 % 3)*x", "1*x"),
        ("jax.lax.cummax(X, axis=0)", "cummax(X, axis=0)"),
    ],
)  # fmt: skip
def test_words_of_other_libraries(theirs: str, ours: str) -> None:
    assert str(sb.read(f"{D}L = sum({theirs})")) == str(sb.read(f"{D}L = sum({ours})"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("expn(2, p)", "expn: the order is 0 or 1 here, not 2. E_2(x) is exp(-x) - x*exp1(x)"),
        ("scipy.special.lambertw(p, -1)", "lambertw: k must be 0, the branch of real numbers from -1/e on, not -1"),
        ("polygamma(-1, p)", "polygamma: the order must be a whole number from 0 to 20, not -1"),
        ("2*torch.cummax(X, dim=0)", "these are several values, values, indices. Write .values, or [0], for the first."),
        ("jax.lax.cumsum(X)", "jax.lax.cumsum has no default for axis that is ours. Write axis=0."),
        ("x % 0", "x % 0: division by zero"),
    ],
)
def test_the_words_of_a_refusal(text: str, words: str) -> None:
    with pytest.raises(sb.NotationError) as caught:
        sb.read(f"{D}L = sum({text})")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "bessel_i0(x) + bessel_i1e(x)",
        "arctan2(x, w)",
        "fmod(x, w)",
        "betaln(p, p + 1)",
        "logcumsumexp(X, axis=1)",
        "polygamma(1, p)",
        "expi(x) + exp1(p)",
        "dawsn(x) * erfcx(x)",
        "bessel_k0(p) + bessel_k1e(p) + bessel_k2(p)",
        "lambertw(p)",
    ],
)
def test_gradients_are_those_of_jax(jax: ModuleType, expression: str) -> None:
    from tests.jax_words import value_and_gradients

    text = f"{D}L = sum(sin({expression}))"
    derivation = sb.derive(text)
    sizes, at = defined(derivation.program, {"n": 5, "m": 3}, 2)
    value, expected = value_and_gradients(text, "L", derivation.wrt, at, sizes)
    found, gradients = sb.compile(derivation).value_and_grad(at)
    np.testing.assert_allclose(found, value, rtol=1e-10)
    for wrt in derivation.wrt:
        np.testing.assert_allclose(gradients[wrt], expected[wrt], rtol=1e-9, atol=1e-12)
