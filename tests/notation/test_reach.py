"""How far a sum goes that has no brackets."""

from __future__ import annotations

import pytest

import symbackprop as sb

NET = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nb: parameter\nlam: data\np = sigmoid(X @ w + b)\n"
LOGISTIC = NET + "L = -sum(y*log(p) + (1 - y)*log(1 - p))"
MEAN = NET + "L = -mean(y*log(p) + (1 - y)*log(1 - p)) + lam*sum(w**2)"
RIGHT = [
    (LOGISTIC, r"\frac{\partial L}{\partial b} = \sum_i p_i - y_i"),
    (LOGISTIC, r"\frac{\partial L}{\partial w} = \sum_{i=1}^n p_i x_i - y_i x_i"),
    (LOGISTIC, r"\frac{\partial L}{\partial w_j} = \sum_i p_i x_{ij} - y_i x_{ij}"),
    (LOGISTIC, r"\frac{\partial L}{\partial b} = -\sum_i y_i (1 - p_i) - (1 - y_i) p_i = \sum_i p_i - y_i"),
    (MEAN, r"\frac{\partial L}{\partial b} = \frac1n \sum_i p_i - y_i"),
    (MEAN, r"\frac{\partial L}{\partial w} = \frac1n \sum_i p_i x_i - y_i x_i + 2\lambda w"),
    (MEAN, r"\frac{\partial L}{\partial w_j} = 2\lambda w_j + \frac1n \sum_{i=1}^n p^{(i)} x_j^{(i)} - y^{(i)} x_j^{(i)}"),
]


@pytest.mark.parametrize(("net", "claim"), RIGHT)
def test_a_sum_goes_on_over_the_terms_that_have_its_index(net: str, claim: str) -> None:
    assert sb.verify(net, f"$${claim}$$").ok
    slip = claim.replace("- y", "- 2 y")
    assert slip != claim
    assert not sb.verify(net, f"$${slip}$$").ok
    assert sb.verify(net, f"$${slip}$$").claims[0].wrong


def test_an_index_of_the_left_hand_side_is_none_of_a_sum() -> None:
    net = "z: parameter[c]\nt: data[c]\np = softmax(z)\nL = -sum(t*log(p))"
    assert sb.verify(net, r"$$\frac{\partial L}{\partial z_k} = p_k \sum_i t_i - t_k$$").ok
    assert sb.verify(net, r"$$\frac{\partial L}{\partial z_i} = p_i \sum_j t_j - t_i$$").ok
    assert not sb.verify(net, r"$$\frac{\partial L}{\partial z_i} = p_i \sum_j t_j - t_j$$").ok


@pytest.mark.slow
def test_the_log_likelihood_has_the_other_sign_where_the_loss_is_said_so() -> None:
    said = r"The log-likelihood is {}\ell(w) = \sum_i y_i \log p_i + (1 - y_i) \log(1 - p_i){}. $$\nabla_w \ell(w) = X^\top ({})$$"
    for sign in ("$", "$$"):
        assert sb.verify(LOGISTIC, said.format(sign, sign, "y - p")).ok
        assert sb.verify(LOGISTIC, said.format(sign, sign, "p - y")).claims[-1].kind == "up to convention"
    assert sb.verify(LOGISTIC, r"$$\nabla_w \ell(w) = X^\top (p - y)$$").ok  # the loss by another name


BERNOULLI = "x: data[n]\np: parameter & positive\nL = -sum(x)*log(p) - (n - sum(x))*log(1 - p)"
SQUARES = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nJ = mean((X @ w - y)**2)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "text", "slip"),
    [
        (BERNOULLI, r"The log-likelihood is $\ell(p) = \sum_i x_i \log p + (n - \sum_i x_i) \log(1 - p)$. $$\frac{d\ell}{dp} = \frac{\sum_i x_i}{p} - \frac{n - \sum_i x_i}{1 - p}$$", ("{p} -", "{p} +")),
        (SQUARES, r"Let $E(w) = \sum_i (x_i^\top w - y_i)^2$. $$\nabla E(w) = 2X^\top(Xw - y)$$", ("= 2X", r"= \frac2n X")),
        (SQUARES, r"$$E(w) = \sum_i (x_i^\top w - y_i)^2$$ $$\nabla^2 E = 2X^\top X$$", ("= 2X", r"= \frac2n X")),
    ],
)  # fmt: skip
def test_a_function_that_a_derivation_writes_out_has_its_own_gradient(net: str, text: str, slip: tuple[str, str]) -> None:
    assert sb.verify(net, text).ok
    assert sb.verify(net, text.replace(*slip)).claims[-1].wrong
