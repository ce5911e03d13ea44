"""What stands behind a claim in its line: a definition of what it uses, or a step of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.judge.texts.defined import own_steps

CASES = [
    (r"\nabla L = X^\top e, e = p - y", [r"\nabla L = X^\top e, e = p - y"]),
    (r"\nabla L = X^\top e, e = p - y, H = X^\top X", [r"\nabla L = X^\top e, e = p - y", r"H = X^\top X"]),
    (r"\nabla L = X^\top e, H = X^\top R X, e = p - y, R = S", [r"\nabla L = X^\top e, e = p - y", r"H = X^\top R X, R = S"]),
    (r"\nabla L = A b, b = 1 - a, a = 2c", [r"\nabla L = A b, b = 1 - a, a = 2c"]),
    (r"\nabla L = A b, d = b - a, a = 2c, b = a c", [r"\nabla L = A b, a = 2c, b = a c", r"d = b - a, a = 2c, b = a c"]),
    (r"\nabla_k L = \sum_i e_i x_{ik}, e_j = p_j - y_j", [r"\nabla_k L = \sum_i e_i x_{ik}, e_j = p_j - y_j"]),
    (r"\nabla L = \delta_i x, i = 1, \ldots, n", [r"\nabla L = \delta_i x, i = 1, \ldots, n"]),
    (r"\nabla L = f(a, b), \quad \hat w = A^{-1} b", [r"\nabla L = f(a, b)", r"\hat w = A^{-1} b"]),
    (r"e = p - y, g = X^\top e", [r"e = p - y", r"g = X^\top e"]),
    (r"e = p - y, p = a b, g = X^\top e", [r"e = p - y, p = a b", r"g = X^\top e"]),
    (r"f'(x) = 2x a, a = 3", [r"f'(x) = 2x a, a = 3"]),
]


@pytest.mark.parametrize(("line", "steps"), CASES)
def test_definitions_stay_with_what_uses_them(line: str, steps: list[str]) -> None:
    assert own_steps(line, lambda part: False) == steps


RIDGE = "A: data[m, n]\nb: data[m]\nx: parameter[n]\nmu: data & positive\nf = 1/2*sum((A @ x - b)**2) + mu/2*sum(x**2)"


@pytest.mark.slow
def test_what_a_claim_does_not_use_is_judged() -> None:
    """A wrong Hessian, or a wrong best value, behind a right gradient was taken for a definition, and passed over."""
    slope = r"\nabla f = A^\top(Ax - b) + \mu x"
    assert sb.verify(RIDGE, rf"{slope}, H = A^\top A + \mu I").ok
    assert [one.kind for one in sb.verify(RIDGE, rf"{slope}, x^* = (A^\top A + \mu I)^{{-1}}A^\top b").claims][
        1
    ] == "right, numeric"
    assert sb.verify(RIDGE, rf"{slope}, x^* = 2(A^\top A + \mu I)^{{-1}}A^\top b").claims[1].kind == "wrong"
    assert sb.verify(RIDGE, rf"{slope}, x^* = 2C^{{-1}}A^\top b, C = A^\top A + \mu I").claims[1].kind == "wrong"


def test_a_determinant_of_the_hessian_is_judged() -> None:
    saddle = "x: parameter\ny: parameter\nf = x**3 + y**3 - 3*x*y"
    matrix = r"H = \begin{pmatrix} 6x & -3 \\ -3 & 6y \end{pmatrix}"
    assert sb.verify(saddle, rf"{matrix}, \det H = 36xy - 9").ok
    assert not sb.verify(saddle, rf"{matrix}, \det H = 36xy + 9").ok
    assert not sb.verify(saddle, r"\det H = 36xy + 9").ok


@pytest.mark.slow
@pytest.mark.parametrize(("network", "claim"), [
    (RIDGE, r"\nabla f = A^\top(Ax - b) + \mu x, H = {}\left(A^\top A + \mu I\right)"),
    (RIDGE, r"\nabla f = A^\top A x - A^\top b + \mu x = 0 \implies (A^\top A + \mu I)\hat x = A^\top b \implies \hat x = {}\left((A^\top A + \mu I)^{{-1}}A^\top b\right)"),
    ("x: data[n]\ny: data[n]\na: parameter\nb: parameter\nS = sum((y - a*x - b)**2)", r"\sum y_i = a\sum x_i + nb, \quad \sum x_i y_i = {}\left(a\sum x_i^2 + b\sum x_i\right)"),
    ("x: parameter\ny: parameter\nlam: parameter\nL = x*y - lam*(x + y - 10)", r"L_x = y - \lambda, L_y = x - \lambda, L_\lambda = {}\left(10 - x - y\right)"),
    ("X: data[n, d]\nm: parameter[d]\nL = sum((X - m)**2)", r"\nabla_m L = -2\sum_i (x_i - m), \hat m = {}\left(\bar x\right)"),
    ("x: data[n]\nm: data\ns: parameter & positive\nL = n*log(s) + sum((x - m)**2)/(2*s**2)", r"\frac{{\partial L}}{{\partial s}} = \frac ns - \frac{{\sum_i (x_i - m)^2}}{{s^3}} = 0 \Rightarrow s^2 = {}\left(\frac1n\sum_i (x_i - m)^2\right)"),
])  # fmt: skip
def test_a_factor_of_3_in_the_last_step_is_never_passed_over(network: str, claim: str) -> None:
    assert sb.verify(network, claim.format("")).ok
    assert not sb.verify(network, claim.format("3")).ok


def test_a_step_of_its_own_is_told_once(tmp_path: Path) -> None:
    """It was also a definition of what the line says, f_y beside \\partial f/\\partial y."""
    file = tmp_path / "claims.tex"
    file.write_text(
        r"$$f_x = 3x^2 - 3y, \quad f_y = 3y^2 - 3x$$" + "\n" + r"$$\nabla f = g, g = (3x^2 - 3y, 3y^2 - 3x), H = 2$$",
        encoding="utf-8",
    )
    names = [one.name for one in sb.verify("x: parameter\ny: parameter\nf = x**3 + y**3 - 3*x*y", file).claims]
    assert len(names) == len({*names}), names


def test_a_row_of_a_parameter_is_no_definition() -> None:
    """c_k = ... behind the gradient by c_k, a row of C, made that wrong."""
    means = "X: data[n, d]\nC: parameter[k, d]\nR: data[n, k]\nD = 1/2*sum(R*sum((X[:, None, :] - C[None, :, :])**2, axis=2))"
    best = r"c_k = \frac{\sum_n r_{nk}x_n}{\sum_n r_{nk}}"
    found = sb.verify(means, rf"\frac{{\partial D}}{{\partial c_k}} = \sum_n r_{{nk}}(c_k - x_n), {best}")
    assert [one.kind for one in found.claims] == ["right, identity", "right, numeric"]


def test_a_quotient_of_derivatives_is_a_side_of_a_chain() -> None:
    utility = "x: parameter & positive\ny: parameter & positive\nU = log(x) + 2*log(y)"
    assert sb.verify(utility, r"M = \frac{U_x}{U_y} = \frac{y}{2x}").ok
    assert not sb.verify(utility, r"M = \frac{U_x}{U_y} = \frac{y}{x}").ok


def test_what_rows_of_a_parameter_are_called_is_a_definition() -> None:
    network = "U: parameter[w, d]\nu: parameter[d]\nh: data[d]\ns = u @ h\nJ = -log(sigmoid(s)) - sum(log(sigmoid(-(U @ h))))"
    loss = r"J = -\log \sigma(u^\top h) - \sum_{k=1}^{w} \log \sigma(-u_k^\top h), \quad u_k = U_{k,:}"
    assert [one.name for one in sb.verify(network, loss).claims] == ["J"]
