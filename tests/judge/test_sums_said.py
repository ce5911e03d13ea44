"""Data that a person says to sum to one: claims are judged of such, and say so."""

from __future__ import annotations

import pytest

import symbackprop as sb
from symbackprop.judge.texts.sums_said import SUMS, with_sums

NET = "z: parameter[c]\ny: data[c]\nw: data[c]\np = softmax(z)\nL = -sum(y*log(p)) + 0*sum(w)"
ONE = NET.replace("w: data[c]\n", "").replace(" + 0*sum(w)", "")
RIGHT = r"\frac{\partial L}{\partial z_j} = p_j \sum_k y_k - y_j = p_j - y_j"
SAID = [
    rf"Assume $\sum_k y_k = 1$. Then ${RIGHT}$.",
    rf"$${RIGHT},$$ since $\sum_{{i=1}}^c y_i = 1$.",
    rf"Because $y$ is a one-hot vector, ${RIGHT}$.",
    rf"With one-hot labels $y$ we get $${RIGHT}$$",
    rf"$${RIGHT}$$ where we used $\mathbf{{1}}^\top y = 1$.",
    rf"$${RIGHT} \quad (\text{{since }} \sum_k y_k = 1)$$",
    "$$" + RIGHT.replace(r"\sum_k y_k", r"\underbrace{\sum_k y_k}_{=1}") + "$$",
    r"\begin{align}"
    + RIGHT.replace("= ", "&= ", 1).replace(" = p_j - y", r" \\ &= p_j - y")
    + r"&& \text{as } \sum_k y_k = 1\end{align}",
    rf"Let $y$ be the target; the entries of $y$ sum to one. ${RIGHT}$",
    rf"$y$는 원-핫이므로 ${RIGHT}$.",
    rf"$$\sum_k y_k = 1$$ $${RIGHT}$$",
]


@pytest.mark.parametrize("text", SAID)
def test_what_is_said_to_sum_to_one_is_taken_so(text: str) -> None:
    (found,) = sb.verify(NET, text).claims
    assert found.right
    assert found.notes[-1] == "where every y sums to 1, as it is said"
    assert sb.verify(NET, text.replace("= p_j - y_j", "= 2 p_j - y_j").replace("&= p_j - y_j", "&= 2 p_j - y_j")).claims[0].wrong


@pytest.mark.slow
def test_what_is_not_said_is_not_taken_for_granted() -> None:
    assert sb.verify(NET, f"${RIGHT}$").claims[0].kind == "undecided"
    other = r"Since $\sum_k w_k = 1$, "  # of other data
    assert sb.verify(NET, f"{other}${RIGHT}$").claims[0].kind == "undecided"
    assert sb.verify(ONE, f"Since the targets sum to one, ${RIGHT}$.").ok
    assert not sb.verify(NET, f"Since the targets sum to one, ${RIGHT}$.").ok  # of y or of w


@pytest.mark.parametrize(
    "text",
    [
        r"Setting it to zero gives $\sum_k \pi_k = 1$.",  # what follows, and is no assumption
        r"since $\sum_i y_{ik} = 1$",  # along the first axis
        "$Y$ is the one-hot encoding of $y$",
        r"since $\sum_k y_k = 2$",
        "$y$ is not one-hot",
    ],
)
def test_other_sums_say_nothing(text: str) -> None:
    assert SUMS not in with_sums(text)


def test_braces_below_a_side_say_nothing_of_it() -> None:
    net = "x: data[d]\nw: parameter[d]\ny: data\na = w @ x\nL = (a - y)**2"
    said = r"$$\frac{\partial L}{\partial w} = \underbrace{2(a - y)}_{\partial L/\partial a} \overbrace{x}^{\text{input } x_{1}}$$"
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("2(a", "3(a")).claims[0].wrong
    assert sb.verify(net, {"w": said.strip("$").partition("=")[2]}).ok
