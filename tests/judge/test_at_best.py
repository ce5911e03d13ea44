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
    (FORM, r"\nabla f = Ax - b, x^* = A^{-1}b, \left.\frac{\partial^2 f}{\partial x\partial x^\top}\right|_{x = x^*} = A"),
    (FORM, r"f(\hat x) = -\frac12 b^\top\hat x = -\frac12\hat x^\top A\hat x"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("network", "line"), RIGHT, ids=[line for _, line in RIGHT])
def test_a_value_at_the_best_is_judged_there(network: str, line: str) -> None:
    assert sb.verify(network, line).ok
    left, _, right = line.rpartition("=")
    found = sb.verify(network, rf"{left} = 3\left({right}\right)")
    assert found.claims[-1].kind == "wrong"
    assert "where the gradient by" in str(found.claims[-1].because)


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["-", ""])
def test_the_curvature_at_counts_is_judged_where_they_are_positive(sign: str) -> None:
    net = "k: data[n]\nlam: parameter & positive\nl = sum(k*log(lam)) - n*lam"
    assert sb.verify(net, rf"{sign}l''(\hat\lambda) = {'' if sign else '-'}\frac{{n}}{{\bar k}}").ok
    assert sb.verify(net, rf"I(\hat\lambda) = {sign or '-'}l''(\hat\lambda) = \frac{{n}}{{\hat\lambda}}").ok
    assert sb.verify(net, rf"{sign}l''(\hat\lambda) = {sign or ''}\frac{{n}}{{\bar k}}").claims[0].wrong


def test_a_side_that_is_not_read_is_told() -> None:
    found = sb.verify(FORM, r"f(x^*) = \frac12 b^\top *").claims[0]
    assert found.kind == "not understood"


def test_a_determinant_at_a_point_is_judged() -> None:
    net = "x: parameter\ny: parameter\nf = (1 - x)**2 + 100*(y - x**2)**2"
    assert sb.verify(net, r"\det H(1,1) = 400").ok
    assert not sb.verify(net, r"\det H(1,1) = 500").ok


@pytest.mark.slow
@pytest.mark.parametrize("value", ["2.5", "7.5"])
def test_the_last_of_several_values_is_one(value: str) -> None:
    """lambda behind x and y was a definition that nothing used, whatever it was."""
    net = "x: parameter\ny: parameter\nlam: parameter\nL = x*y + lam*(10 - 2*x - y)"
    found = sb.verify(net, rf"L_x = y - 2\lambda = 0 \Rightarrow x = 2.5, y = 5, \lambda = {value}")
    assert found.ok == (value == "2.5")


@pytest.mark.parametrize("value", ["0", "1"])
def test_best_values_at_once_stand_beside_what_the_loss_is_there(value: str) -> None:
    net = "x: parameter\ny: parameter\nf = (1 - x)**2 + 100*(y - x**2)**2"
    found = sb.verify(net, rf"f_y = 200(y-x^2), (x^*, y^*) = (1, 1), f(x^*, y^*) = {value}")
    assert [one.right for one in found.claims] == [True, True, True, value == "0"]


def test_the_hessian_at_a_best_value_is_known_by_its_letter() -> None:
    """Right or wrong, nothing was said to use H; where it is no Hessian it may be an entropy."""
    assert sb.verify(FORM, r"x^* = A^{-1}b, H(x^*) = A").ok
    assert sb.verify(FORM, r"x^* = A^{-1}b, H(x^*) = 2A").claims[-1].kind == "undecided"


ROSENBROCK = "x: parameter\ny: parameter\nf = (1 - x)**2 + 100*(y - x**2)**2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "slip"),
    [
        (r"f_{xx}(x^*, y^*) = 802", ("802", "702")),
        (r"H(x^*, y^*) = \begin{pmatrix}802 & -400\\-400 & 200\end{pmatrix}", ("802", "702")),
        (r"\nabla^2 f(\hat x, \hat y) = \begin{pmatrix}802 & -400\\-400 & 200\end{pmatrix}", ("802", "702")),
        (r"\det H(x^*, y^*) = 400", ("400", "300")),
        (r"\nabla f(x^*, y^*) = 0, x^* = 1, y^* = 1", ("x^* = 1", "x^* = 2")),
        (r"f(x^*, y^*) = 0, x^* = 1, y^* = 1", ("y^* = 1", "y^* = 2")),
        (r"f_x = -2(1-x) - 400x(y-x^2), x^* = 1, y^* = 1", ("x^* = 1", "x^* = 2")),
    ],
)
def test_entries_at_best_values_are_judged_there(claim: str, slip: tuple[str, str]) -> None:
    """They were held against the derivative everywhere, and best values behind a comma against nothing."""
    assert sb.verify(ROSENBROCK, claim).ok
    found = sb.verify(ROSENBROCK, claim.replace(*slip))
    assert "wrong" in {one.kind for one in found.claims}


def test_a_second_derivative_that_is_said_to_be_0_is_judged() -> None:
    assert sb.verify(QUARTIC, r"f''(x^*) = 0").claims[0].kind == "wrong"
    assert sb.verify(QUARTIC, r"f'(x^*) = 0").claims[0].kind == "abbreviation"


@pytest.mark.slow
def test_a_gradient_that_is_set_to_0_at_best_values_is_judged_anywhere() -> None:
    r"""\nabla f(x^*) = Ax^* - b = 0 was not read."""
    net = "A: spd[n]\nb: data[n]\nx: parameter[n]\nf = x@A@x/2 - b@x"
    for left in (r"\nabla f(x^*)", r"\nabla f(\hat x)", r"\left.\nabla f\right|_{x = x^*}"):
        star = r"\hat x" if "hat" in left else "x^*"
        assert sb.verify(net, f"{left} = A{star} - b = 0 \\Rightarrow {star} = A^{{-1}}b").ok
        assert sb.verify(net, f"{left} = A{star} + b = 0").claims[0].wrong


@pytest.mark.parametrize(
    ("net", "claim"),
    [
        ("S: data[n, n] & spd\nO: parameter[n, n] & spd\nL = logdet(O) - trace(S@O)", r"\hat O^{-1} = S"),
        ("t: data[n] & positive\nlam: parameter & positive\nl = n*log(lam) - lam*sum(t)", r"\hat\lambda^{-1} = \bar t"),
    ],
)
def test_the_inverse_of_a_best_value(net: str, claim: str) -> None:
    """It was a name that nothing uses."""
    assert sb.verify(net, f"$${claim}$$").ok
    left, _, right = claim.partition("=")
    assert sb.verify(net, f"$${left} = 2{right}$$").claims[0].wrong
