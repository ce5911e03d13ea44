"""A factor of 3 in the last step of a right derivation is never passed over, whatever it is a step to."""

from __future__ import annotations

import pytest

import symbackprop as sb
from tests.judge.in_one_line import DERIVATIONS
from tests.judge.in_one_line_further import DERIVATIONS as FURTHER_DERIVATIONS
from tests.judge.written_claims import WRITTEN
from tests.judge.written_further import WRITTEN as FURTHER

LINES = [(network, line) for network, lines in [*DERIVATIONS, *FURTHER_DERIVATIONS] for line in lines]
CLAIMS = [
    (network, claim)
    for network, claims in [*WRITTEN.values(), *FURTHER.values()]
    for _, claim, verdict in claims
    if verdict == "right" and "\\" in claim and "=" in claim
]


def tripled(line: str) -> str:
    left, right = line.rpartition("=")[0], line.rpartition("=")[2]
    return rf"{left}= 3\left({right.rstrip(' .,')}\right)"


@pytest.mark.slow
@pytest.mark.parametrize(("network", "line"), LINES, ids=[line for _, line in LINES])
def test_no_step_of_a_line_is_passed_over(network: str, line: str) -> None:
    """Best values, second derivatives and equations behind a comma were taken for definitions of what stood before them."""
    assert sb.verify(network.strip(), line).ok
    assert not sb.verify(network.strip(), tripled(line)).ok


@pytest.mark.slow
@pytest.mark.parametrize(("network", "claim"), CLAIMS, ids=[claim for _, claim in CLAIMS])
def test_no_claim_is_passed_over(network: str, claim: str) -> None:
    assert not sb.verify(network.strip(), tripled(claim)).ok


NEURON = (
    "x: data[d]\nw: parameter[d]\nb: parameter\ny: data\nz = w @ x + b\nyhat = sigmoid(z)\nL = -y*log(yhat) - (1-y)*log(1-yhat)"
)
CLASSES = "x: data[d]\nW: parameter[k, d]\ny: labels[k]\nz = W @ x\np = softmax(z)\nL = -sum(y*log(p))"
RULES = [
    (NEURON, r"\frac{\partial L}{\partial w} = {}\frac{\partial L}{\partial \hat y}\frac{\partial \hat y}{\partial z}\frac{\partial z}{\partial w} = (\hat y - y)x"),
    (NEURON, r"\frac{\partial L}{\partial w} = {}\frac{\partial L}{\partial z}\frac{\partial z}{\partial w} = (\hat y - y)x"),
    (NEURON, r"\frac{\partial L}{\partial b} = {}\frac{\partial L}{\partial z}\frac{\partial z}{\partial b} = \hat y - y"),
    (CLASSES, r"\frac{\partial L}{\partial z_i} = {}\sum_j \frac{\partial L}{\partial p_j}\frac{\partial p_j}{\partial z_i} = p_i - y_i"),
    (CLASSES, r"\frac{\partial L}{\partial W_{ij}} = {}\frac{\partial L}{\partial z_i}\frac{\partial z_i}{\partial W_{ij}} = (p_i - y_i)x_j"),
    (CLASSES, r"\text{Let } c \text{ be the true class.} \\ \frac{\partial L}{\partial z_i} = {}\frac{\partial L}{\partial p_c}\frac{\partial p_c}{\partial z_i} = p_i - y_i"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("network", "line"), RULES, ids=[line for _, line in RULES])
def test_a_factor_within_the_chain_rule_is_not_passed_over(network: str, line: str) -> None:
    assert sb.verify(network, line.replace("{}", "")).ok
    for factor in ("7", "-", r"\frac12"):
        found = [one.kind for one in sb.verify(network, line.replace("{}", factor))]
        assert "right result, wrong step" in found


@pytest.mark.parametrize(
    "side", [r"x^\top \frac{\partial L}{\partial z}", r"\frac{\partial L}{\partial z} x^\top", r"x \frac{\partial L}{\partial z}"]
)
def test_the_layout_of_a_chain_rule_is_left_open(side: str) -> None:
    assert sb.verify(CLASSES, rf"\frac{{\partial L}}{{\partial W}} = {side} = (p - y)x^\top").ok
    assert not sb.verify(CLASSES, rf"\frac{{\partial L}}{{\partial W}} = 2{side} = (p - y)x^\top").ok


def test_an_empty_script_is_no_traceback() -> None:
    net = "A: data[n, n]\nX: parameter[n, n]\nf = trace(A @ inv(X))"
    said = r"$df = -\operatorname{tr}(A X^{} dX X^{-1})$, hence $\frac{\partial f}{\partial X} = -(X^{-1} A X^{-1})^\top$."
    assert sb.verify(net, said).claims[-1].right
