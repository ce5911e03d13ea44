"""What is compiled where a formula is 0 times infinity or 0 / 0: its limit, and beside that place all the digits that it loses."""

from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from symbackprop.backends.function import Compiled
from symbackprop.core.passes.limits import quotients
from symbackprop.verbs import compile, derive, read

QUOTIENTS = {
    "(exp(x) - 1)/x": lambda x: mpmath.expm1(x) / x,
    "expm1(x)/x": lambda x: mpmath.expm1(x) / x,
    "(1 - cos(x))/x**2": lambda x: (1 - mpmath.cos(x)) / x**2,
    "sin(x)/x": lambda x: mpmath.sin(x) / x,
    "(exp(x) - 1 - x)/x**2": lambda x: (mpmath.exp(x) - 1 - x) / x**2,
    "x/(1 - exp(-x))": lambda x: x / (1 - mpmath.exp(-x)),
    "tanh(x)/x": lambda x: mpmath.tanh(x) / x,
    "cosh(x)/sinh(x) - 1/x": lambda x: mpmath.coth(x) - 1 / x,
    "(1 - exp(-x))/x - exp(-x)": lambda x: (1 - mpmath.exp(-x)) / x - mpmath.exp(-x),
    "log(1 + x/8)/x": lambda x: mpmath.log(1 + x / 8) / x,
    "(sqrt(1 + x/8) - 1)/x": lambda x: (mpmath.sqrt(1 + x / 8) - 1) / x,
}


@cache
def compiled(text: str) -> Compiled:
    return compile(read(f"x: parameter\nL = {text}"))


numbers = st.builds(lambda sign, power: sign * 10.0**power, st.sampled_from([1, -1]), st.floats(-12, 0.8))


@settings(max_examples=15)
@given(numbers)
@example(0.0)
@example(1e-40)
@example(-1e-3)
@example(0.999999)
@example(-1.0)
@pytest.mark.parametrize("text", QUOTIENTS)
def test_a_quotient_has_its_digits_near_its_limit(text: str, x: float) -> None:
    with mpmath.workdps(400):  # more than the quotient loses
        at = mpmath.mpf(x) if x else mpmath.mpf(10) ** -80
        value, slope = QUOTIENTS[text](at), mpmath.diff(QUOTIENTS[text], at, h=mpmath.mpf(10) ** -100)
    found, gradients = compiled(text).value_and_grad({"x": np.array(x)})
    assert found == pytest.approx(float(value), rel=2e-13, abs=1e-15)
    assert gradients["x"] == pytest.approx(float(slope), rel=3e-13, abs=1e-15)


def test_a_quotient_of_a_product_and_its_second_derivative() -> None:
    """The loading of a curve of interest rates: (1 - exp(-k t))/(k t) at t = 0 and beside it."""
    network = read("k: parameter\nt: data[n]\nL = sum((1 - exp(-k*t))/(k*t))")
    t = np.array([0.0, 1e-9, 1e-3, 0.5, 3.0])
    value, gradients = compile(network).value_and_grad({"k": np.array(0.7), "t": t})
    with mpmath.workdps(50):
        terms = [lambda k, t=t: (1 - mpmath.exp(-k * t)) / (k * t) for t in t[1:]]
        exact = [float(sum(mpmath.diff(term, 0.7, n) for term in terms)) for n in range(3)]
    assert value == pytest.approx(1 + exact[0], rel=1e-14)
    assert gradients["k"] == pytest.approx(exact[1], rel=1e-13)
    assert compile(derive(derive(network))).value_and_grad({"k": np.array(0.7), "t": t})[1]["k"] == pytest.approx(
        exact[2], rel=1e-12
    )


@pytest.mark.parametrize("text", ["exp(x)/x", "sin(x)/y", "1/(1 + exp(-x))", "(exp(x) - 1)/y", "log(1 + 10*x)/x**2"])
def test_what_has_no_limit_is_left_alone(text: str) -> None:
    body: Any = sp.sympify(text)
    assert quotients(body) == body


CROSS_ENTROPIES = [
    "L = -sum(y*log(x))",
    "p = relu(x)\nL = -sum(y*log(p))",
    "l = log(x)\nL = -sum(y*l)",
    "L = -sum(y*log(x) + 0*log(1 - x/9))",
    "L = -sum(xlogy(y, x))",
    "L = sum(y*log(y/x))",
    "L = sum(y*log(y) - y*log(x))",
    "L = sum(y*(log(y) - log(x)))",
    "L = sum(2*y*(log(x)/2 - log(y)/2)*(-1))",
    "L = kl_divergence(y, x)",
]


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("text", CROSS_ENTROPIES)
def test_0_log_0_is_0_and_so_is_its_slope(text: str, fast: bool) -> None:
    y, x = np.array([0.0, 0.25, 0.75, 0.0]), np.array([0.0, 0.5, 0.25, 0.25])
    if "y/x" in text:
        x = x + 0.1  # y/x is no number where both are 0
    network = read(f"y: data[n]\nx: parameter[n]\n{text}")
    value, gradients = compile(network, backend="c" if fast else "numpy").value_and_grad({"y": y, "x": x})
    expected = -np.sum(y[1:3] * np.log(x[1:3])) + ("log(y" in text or "kl" in text) * np.sum(y[1:3] * np.log(y[1:3]))
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradients["x"], [0, -0.25 / x[1], -0.75 / x[2], 0], rtol=1e-14)


def test_what_is_infinite_stays_so() -> None:
    """x log x is infinitely steep at 0, where NumPy has no number; 1 log 0 has no limit, and 0 log(0 + 1e-8) is what it is."""
    value, gradients = compile(read("x: parameter[n]\nL = sum(x*log(x))")).value_and_grad({"x": np.array([0.0, 1.0])})
    assert np.isnan(value)
    assert not np.isfinite(gradients["x"][0])
    assert compile(read("x: parameter[n]\nL = sum(log(x))")).value({"x": np.array([0.0, 1.0])}) == -np.inf
    assert "where" not in compile(read("y: data[n]\nx: parameter[n]\nL = sum(y*log(x + 1e-8))")).source


LENGTHS = {
    "norm(x)": 0, "sqrt(sum(x**2))": 0, "norm(2*x, 2)": 0, "sqrt(sum(x**2) + sum(x**4))": 0, "std(x)": 0, "3*norm(x) + sum(x)": 1,
    "sum(x/(norm(x) + 0.5))": 2, "sum(norm(outer(x, x), axis=1))": 0,
}  # fmt: skip


@pytest.mark.parametrize("text", LENGTHS)
def test_the_length_of_nothing_has_the_slope_0(text: str) -> None:
    function = compile(read(f"x: parameter[n]\nL = {text}"))
    np.testing.assert_array_equal(function.value_and_grad({"x": np.zeros(3)})[1]["x"], np.full(3, LENGTHS[text]))
    x = np.array([0.3, -0.5, 0.8])
    for k, h in enumerate(np.eye(3) * 1e-6):
        slope = (function.value({"x": x + h}) - function.value({"x": x - h})) / 2e-6
        assert function.value_and_grad({"x": x})[1]["x"][k] == pytest.approx(slope, rel=1e-8)


def test_a_root_that_is_asked_about_is_as_steep_as_it_is() -> None:
    by_square = compile(derive("x: parameter[n]\ns = sum(x**2)\nL = sqrt(s)", wrt=["s"]))
    assert by_square.value_and_grad({"x": np.zeros(2)})[1]["s"] == np.inf
    assert compile(read("x: parameter\nL = sqrt(x)")).value_and_grad({"x": np.array(0.0)})[1]["x"] == np.inf


LOGARITHMS = {
    "log(exp(x) - 1)": lambda x: mpmath.log(mpmath.expm1(x)), "log(expm1(x))": lambda x: mpmath.log(mpmath.expm1(x)),
    "log(1 - exp(-x))": lambda x: mpmath.log(-mpmath.expm1(-x)),
}  # fmt: skip


@settings(max_examples=15)
@given(st.floats(-30, 2.9).map(lambda power: 10.0**power))
@pytest.mark.parametrize("text", LOGARITHMS)
def test_logarithms_of_differences_neither_overflow_nor_vanish(text: str, x: float) -> None:
    with mpmath.workdps(500):
        value, slope = LOGARITHMS[text](mpmath.mpf(x)), mpmath.diff(LOGARITHMS[text], mpmath.mpf(x))
    found, gradients = compiled(text).value_and_grad({"x": np.array(x)})
    assert found == pytest.approx(float(value), rel=1e-14, abs=1e-15)
    assert gradients["x"] == pytest.approx(float(slope), rel=1e-13, abs=1e-15)
