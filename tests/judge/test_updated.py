"""Updates of parameters in LaTeX are judged by the gradient that they say."""

from __future__ import annotations

import pytest

import symbackprop as sb

MEAN = sb.read("X: data[m, n]\ny: data[m]\ntheta: parameter[n]\nh = X @ theta\nJ = sum((h - y)**2)/(2*m)")
RIDGE = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\nlam: data\nL = sum((X @ w - y)**2)/2 + lam*sum(w**2)/2")
LAYER = sb.read("x: data[d]\ny: data[h]\nW_1: parameter[h, d]\na = tanh(W_1 @ x)\nL = sum((a - y)**2)/2")


@pytest.mark.parametrize(
    ("net", "claim", "kind"),
    [
        (MEAN, r"\theta_j := \theta_j - \alpha\frac1m\sum_{i=1}^m(h_\theta(x^{(i)}) - y^{(i)})x_j^{(i)}", "right, identity"),
        (MEAN, r"\theta := \theta - \frac{\alpha}{m}X^T(X\theta - \vec y)", "right, identity"),
        (MEAN, r"\theta := \theta - \alpha X^T(X\theta - y)", "right, numeric"),  # the rate takes up m
        (MEAN, r"\theta_j := \theta_j + \alpha\sum_{i=1}^m\left(y^{(i)} - h_\theta(x^{(i)})\right)x_j^{(i)}", "right, numeric"),
        (MEAN, r"\theta := \theta + \frac{\alpha}{m}X^T(X\theta - y)", "up to convention"),
        (MEAN, r"\theta := \theta - \frac{\alpha}{m}X^T(X\theta + y)", "wrong"),
        (RIDGE, r"w^{(t+1)} = w^{(t)} - \eta_t\left(X^\top(Xw^{(t)} - y) + \lambda w^{(t)}\right)", "right, identity"),
        (RIDGE, r"w_{t+1} = w_t - \eta X^\top(Xw_t - y) - \eta\lambda w_t", "right, identity"),
        (RIDGE, r"w \leftarrow (1 - \eta\lambda)w - \eta X^\top(Xw - y)", "right, identity"),
        (RIDGE, r"w \leftarrow (1 - \lambda)w - \eta X^\top(Xw - y)", "undecided"),  # what it is is not said
        (RIDGE, r"w \leftarrow w - \eta\lambda w - \eta X^\top(Xw + y)", "wrong"),
        (RIDGE, r"w^{(t+1)} = w^{(t)}", "abbreviation"),
        (RIDGE, r"w^{new} = w^{old} - \eta v", "undecided"),  # a velocity that nothing is said of
        (RIDGE, r"\Delta w_j = \eta\left(\sum_i(y_i - x_i^\top w)x_{ij} - \lambda w_j\right)", "right, identity"),
        (LAYER, r"W^{[1]} := W^{[1]} - \alpha\,((a - y)\odot(1 - a^2))x^T", "right, identity"),
        (LAYER, r"\Delta W^{(1)}_{ij} = -\eta(a_i - y_i)(1 - a_i^2)x_j", "right, identity"),
        (LAYER, r"\Delta W^{(1)}_{ij} = -\eta(a_i - y_i)a_i(1 - a_i)x_j", "wrong"),
    ],
)
def test_an_update_says_what_the_gradient_is(net: sb.Network, claim: str, kind: str) -> None:
    found = sb.verify(net, claim).claims[0]
    assert (found.kind, found.given) == (kind, claim.replace(":=", "=").replace(r"\leftarrow", "="))


def test_an_update_by_what_was_said_before_claims_nothing_more() -> None:
    steps = (
        r"\frac{\partial J}{\partial\theta} = \frac1mX^T(X\theta - y) \\ \theta := \theta - \alpha\frac{\partial J}{\partial\theta}"
    )
    assert sb.verify(MEAN, steps).ok
    assert "descent goes against it" in str(
        sb.verify(MEAN, r"\theta := \theta + \frac{\alpha}{m}X^T(X\theta - y)").claims[0].because
    )


def test_updates_stand_side_by_side() -> None:
    net = "x: data[d]\ny: data[h]\nW: parameter[h, d]\nb: parameter[h]\nL = sum((W @ x + b - y)**2)/2"
    found = sb.verify(net, r"\delta = Wx + b - y \\ W \leftarrow W - \eta\,\delta x^\top, \; b \leftarrow b - \eta\,\delta")
    assert [one.kind for one in found.claims[1:]] == ["right, identity"] * 2
    found = sb.verify(net, r"W \leftarrow W - \eta(Wx + b - y)x^\top, \quad b \leftarrow b - \eta(Wx + b - y)")
    assert [one.what for one in found.claims] == ["dL/dW", "dL/db"]
    assert found.ok


def test_a_gradient_that_the_parameter_stands_in_is_no_update() -> None:
    net = "x: data[d]\nw: parameter[d]\nL = sum(w**2)/2 - w @ x"
    assert sb.verify(net, r"w = w - x \quad (\text{by hand})").claims[0].right
    assert sb.verify(net, r"w^{(t+1)} = w^{(t)} - (w^{(t)} - x)").claims[0].right  # at a rate of 1


LEAST_SQUARES = "A: data[m, n]\nb: data[m]\nx: parameter[n]\nf = 1/2*sum((A @ x - b)**2)"


@pytest.mark.slow
def test_steps_up_the_gradient_are_told() -> None:
    r"""x + \alpha\nabla f(x) said nothing, whatever its sign; a step of Newton with the other sign holds where the gradient is 0, as any does."""
    for right in (r"x_k - \alpha\nabla f(x_k)", r"x_k - (A^\top A)^{-1}A^\top(Ax_k - b)", r"x_k + (A^\top A)^{-1}A^\top(b - Ax_k)"):
        assert not sb.verify(LEAST_SQUARES, rf"x_{{k+1}} = {right}").claims[0].wrong
    for up in (r"x_k + \alpha\nabla f(x_k)", r"x_k + (A^\top A)^{-1}A^\top(Ax_k - b)", r"x_k - (A^\top A)^{-1}A^\top(b - Ax_k)"):
        (found,) = sb.verify(LEAST_SQUARES, rf"x_{{k+1}} = {up}")
        assert found.kind == "up to convention"
        assert sb.verify(LEAST_SQUARES, rf"x_{{k+1}} = {up}", allow=["sign"]).claims[0].allowed


def test_a_second_iterate_is_no_square() -> None:
    parabola = "w: parameter\nf = w**2 - 4*w + 5"
    for k, before in ((1, 0), (2, 1), (3, 2)):
        (found,) = sb.verify(parabola, rf"w^{{{k}}} = w^{{{before}}} - \eta(2w^{{{before}}} - 4)")
        (other,) = sb.verify(parabola, rf"w^{{{k}}} = w^{{{before}}} - \eta(2w^{{{before}}} + 4)")
        assert found.kind == sb.verify(parabola, r"w^{3} = w^{2} - \eta(2w^{2} - 4)").claims[0].kind
        assert not other.right


def test_a_first_power_is_no_power() -> None:
    (found,) = sb.verify("w: parameter\nf = w**3", r"\frac{\partial f}{\partial w^1} = 3w^2/w")
    assert not found.right


IRLS = "X: data[n, d]\ny: data[n] & binary\nw: parameter[d]\np = sigmoid(X@w)\nL = sum(-y*log(p) - (1-y)*log(1-p))"
WEIGHTS = r"S = \mathrm{diag}(p(1-p))"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        rf"w^{{new}} = (X^\top S X)^{{-1}} X^\top S z, z = Xw^{{old}} + S^{{-1}}(y - p), {WEIGHTS}",
        rf"w^{{(t+1)}} = (X^\top S X)^{{-1}} X^\top S z, z = Xw^{{(t)}} + S^{{-1}}(y - p), {WEIGHTS}",
        rf"w \leftarrow (X^\top S X)^{{-1}} X^\top S z, z = Xw + S^{{-1}}(y - p), {WEIGHTS}",
        rf"$$w^{{new}} = w^{{old}} - (X^\top S X)^{{-1}} X^\top (p - y)$$ $$= (X^\top S X)^{{-1}} X^\top S (Xw^{{old}} - S^{{-1}}(p - y))$$ where ${WEIGHTS}$.",
    ],
)
def test_reweighted_least_squares_return_where_the_gradient_is_0(text: str) -> None:
    """What is old was not read outside of updates along a gradient, and w in terms of itself was a wrong gradient."""
    assert sb.verify(IRLS, text).ok
    assert not sb.verify(IRLS, text.replace("S z", "z").replace("S (Xw", "(Xw")).ok
    if r"\leftarrow" not in text:  # an equation, as far as it is read, has no direction
        assert not sb.verify(IRLS, text.replace("(y - p)", "(p - y)").replace("- S^{-1}", "+ S^{-1}")).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    "rate", [r"\frac{2\eta}{n}", r"2\eta\,\frac{1}{n}", r"\frac{2 \eta}{n}\cdot", r"\eta\frac{2}{n}", r"(2\eta/n)"]
)
def test_a_rate_is_a_factor_wherever_it_stands(rate: str) -> None:
    r"""\frac{2\eta}{n} of a number was 21/n, and of a wrong shape."""
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nb: parameter[()]\nL = mean((X @ w + b - y)**2)"
    by_w = rf"w \leftarrow w - {rate} X^\top(Xw + b\mathbf{{1}} - y)"
    by_b = rf"b \leftarrow b - {rate} \mathbf{{1}}^\top(Xw + b\mathbf{{1}} - y)"
    assert sb.verify(net, f"${by_w}$, ${by_b}$").ok
    assert sb.verify(net, f"${by_b}$".replace("- y", "+ y")).claims[0].wrong
