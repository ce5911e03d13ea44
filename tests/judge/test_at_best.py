r"""What is said at best values, S(\hat\beta) = ..., f''(x^*) = ..., is judged there."""

from __future__ import annotations

import pytest

import symbackprop as sb

OLS = "X: data[n, d]\ny: data[n]\nbeta: parameter[d]\nS = sum((X @ beta - y)**2)"
GAUSS = "x: data[n]\nmu: parameter\ns: parameter & positive\nl = -n/2*log(2*pi*s**2) - sum((x - mu)**2)/(2*s**2)"
QUARTIC = "x: parameter\nf = x**4 - 2*x**2"
JONES = "r: parameter & positive\ne: data & positive\ns: data & positive\nV = 4*e*((s/r)**12 - (s/r)**6)"
FORM = "A: spd[n, n]\nb: data[n]\nx: parameter[n]\nf = x @ A @ x/2 - b @ x"
RIGHT = [
    (OLS, r"\hat\beta = (X^TX)^{-1}X^Ty, \quad S(\hat\beta) = y^Ty - y^TX\hat\beta"),
    (OLS, r"S(\hat\beta) = y^Ty - y^TX(X^TX)^{-1}X^Ty"),
    (GAUSS, r"l(\hat\mu, \hat s) = -\frac n2\log(2\pi\hat s^2) - \frac n2"),
    (QUARTIC, r"x^* = 1, f(x^*) = -1"),
    (JONES, r"V(r^*) = -e"),
    (JONES, r"V''(r^*) = \frac{72e}{2^{1/3}s^2}"),
    (JONES, r"\frac{d^2V}{dr^2}\Big|_{r = r^*} = \frac{72e}{2^{1/3}s^2}"),
    (JONES, r"\left.\frac{d^2V}{dr^2}\right|_{r^*} = \frac{72e}{2^{1/3}s^2}"),
    (FORM, r"x^* = A^{-1}b, \nabla^2f(x^*) = A"),
    (FORM, r"x^* = A^{-1}b, f(x^*) = -\frac12b^\top A^{-1}b"),
    (FORM, r"f(\hat x) = -\frac12 b^\top\hat x = -\frac12\hat x^\top A\hat x"),
]


@pytest.mark.parametrize(("network", "line"), RIGHT, ids=[line for _, line in RIGHT])
def test_a_value_at_the_best_is_judged_there(network: str, line: str) -> None:
    assert sb.verify(network, line).ok
    left, _, right = line.rpartition("=")
    found = sb.verify(network, rf"{left} = 3\left({right}\right)")
    assert found.claims[-1].kind == "wrong"
    assert "where the gradient by" in str(found.claims[-1].because)


def test_one_side_of_a_chain_is_wrong() -> None:
    assert sb.verify(FORM, r"f(\hat x) = -b^\top\hat x = -\frac12\hat x^\top A\hat x").claims[0].kind == "wrong"


def test_what_is_best_at_several_values_is_not_judged_wrong() -> None:
    """f is 0 at 0 and -1 at 1: at which, nothing says."""
    for value in ("-1", "0"):
        assert not sb.verify(QUARTIC, f"f(x^*) = {value}").claims[0].wrong
    assert sb.verify(QUARTIC, "f(x^*) = -2").claims[0].kind == "wrong"


def test_no_best_value_is_no_verdict() -> None:
    """exp(x) has no least value."""
    found = sb.verify("x: parameter\nf = exp(x)", "f(x^*) = 3").claims[0]
    assert found.kind == "undecided"
    assert "was not found" in str(found.because)
