"""Gradients of the loss of one sample, of which the loss is the sum or the mean."""

from __future__ import annotations

import pytest

import symbackprop as sb

LOGIT = sb.read(
    "X: data[n, d]\ny: data[n] & binary\nw: parameter[d]\nb: parameter\nz = X @ w + b\np = sigmoid(z)\n"
    "J = -mean(y*log(p) + (1 - y)*log(1 - p))"
)
SOFTMAX = sb.read("X: data[n, d]\nY: labels[n, k]\nW: parameter[d, k]\nZ = X @ W\nP = softmax(Z)\nL = -sum(Y*log(P))/n")
LINE = sb.read("x: data[n]\ny: data[n]\nm: parameter\nb: parameter\nS = sum((y - (m*x + b))**2)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "claim", "slip"),
    [
        (LOGIT, r"\frac{\partial J_i}{\partial w_j} = (p_i - y_i)x_{ij}", ("p_i", "z_i")),
        (LOGIT, r"\nabla E_n(w) = (p_n - y_n)x_n", ("y_n", "1")),
        (LOGIT, r"\nabla_w J^{(i)} = (p_i - y_i)x_i", ("p_i - y_i", "y_i - p_i")),
        (
            LOGIT,
            r"\frac{\partial \ell_i}{\partial b} = \frac{\partial \ell_i}{\partial z_i}\cdot 1 = p_i - y_i",
            ("= p_i", "= 2p_i"),
        ),
        (SOFTMAX, r"\frac{\partial L_i}{\partial Z_{ij}} = P_{ij} - Y_{ij}", ("P", r"\frac1n P")),
        (SOFTMAX, r"\frac{\partial L_i}{\partial W} = x_i(p_i - y_i)^\top", ("p_i - ", "p_i + ")),
        (LINE, r"\frac{\partial S_i}{\partial m} = -2x_i(y_i - (mx_i + b))", ("-2x_i", "-2")),
    ],
)
def test_the_loss_of_a_sample_is_differentiated(net: sb.Network, claim: str, slip: tuple[str, str]) -> None:
    (found,) = sb.verify(net, claim)
    assert found.kind == "right, identity"
    assert "the loss of a sample alone" in str(found.remarks[-1])
    wrong = claim.replace(*slip)
    assert wrong != claim
    assert not sb.verify(net, wrong).ok


def test_beside_the_whole_loss() -> None:
    text = r"\nabla_w J_i = (p_i - y_i)x_i \\ \nabla_w J = \frac1n\sum_i (p_i - y_i)x_i"
    assert [one.kind for one in sb.verify(LOGIT, text)] == ["right, identity"] * 2


def test_a_loss_that_is_no_sum_over_samples_alone_has_none() -> None:
    ridge = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\nJ = sum((X @ w - y)**2) + sum(w**2)")
    (found,) = sb.verify(ridge, r"\nabla_w J_i = 2(x_i^\top w - y_i)x_i")
    assert found.open
