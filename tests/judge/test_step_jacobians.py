"""Derivatives of one step of a loop by another, and errors of layers entry by entry."""

import pytest

import symbackprop as sb
from tests.judge.test_steps import LAYERS

RNN = """x: data[T, d]
y: data[T, k]
W: parameter[h, d]
U: parameter[h, h]
V: parameter[k, h]
s0: data[h]
s[0] = s0
for t in 1..T:
    a[t] = W @ x[t] + U @ s[t-1]
    s[t] = tanh(a[t])
    o[t] = V @ s[t]
L = sum((o - y)**2)/2
"""
STEPS = [
    (RNN, r"\frac{\partial s_t}{\partial s_{t-1}} = \operatorname{diag}(1-s_t^2)U", "s_t^2)", "s_{t-1}^2)"),
    (
        RNN,
        r"\frac{\partial s_{t+1}}{\partial s_{t-1}} = \operatorname{diag}(1-s_{t+1}^2)U\operatorname{diag}(1-s_t^2)U",
        "1-s_t",
        "1+s_t",
    ),
    (RNN, r"\frac{\partial a_t}{\partial s_{t-1}} = U", "= U", "= 2U"),
    (RNN, r"\frac{\partial s_t}{\partial a_t} = 1 - s_t^2", "1 - s", "1 + s"),
    (RNN, r"\frac{\partial s_{t,i}}{\partial s_{t-1,j}} = (1-s_{t,i}^2)U_{ij}", "U_{ij}", "U_{ji}"),
    (
        RNN,
        r"\frac{\partial s_t}{\partial s_{t-1}} = \frac{\partial s_t}{\partial a_t}\frac{\partial a_t}{\partial s_{t-1}} = \operatorname{diag}(1-s_t^2)U",
        "U",
        "2U",
    ),
    (
        LAYERS,
        r"\frac{\partial z^{(l+1)}}{\partial z^{(l)}} = W^{(l+1)}\operatorname{diag}(\sigma'(z^{(l)}))",
        "W^{(l+1)}",
        "W^{(l)}",
    ),
    (LAYERS, r"\frac{\partial z^{l+1}_k}{\partial z^l_j} = w^{l+1}_{kj}\sigma'(z^l_j)", "{kj}", "{jk}"),
]


@pytest.mark.parametrize(
    ("net", "claim", "old", "new"), [*STEPS[:3], *(pytest.param(*row, marks=pytest.mark.slow) for row in STEPS[3:])]
)
def test_a_step_may_be_differentiated_by_another(net: str, claim: str, old: str, new: str) -> None:
    assert sb.verify(net, claim).claims[0].kind == "right, numeric"
    head, _, right = claim.rpartition("=")
    slip = f"{head}= {right.strip().replace(old.removeprefix('= '), new.removeprefix('= '), 1)}"
    assert sb.verify(net, slip).claims[0].kind == "wrong"


def test_a_step_jacobian_on_its_side_is_told() -> None:
    found = sb.verify(RNN, r"\frac{\partial a_t}{\partial s_{t-1}} = U^\top").claims[0]
    assert found.kind == "up to convention"
    assert sb.verify(RNN, r"\frac{\partial o_t}{\partial s_t} = U").claims[0].kind in ("wrong", "wrong shape")
    assert sb.verify(RNN, r"\frac{\partial s_t}{\partial s_{t-1}} = \operatorname{diag}(q_t)U").claims[0].open


def test_a_step_jacobian_may_have_sums_and_definitions() -> None:
    for claim in (
        r"\frac{\partial s_{t,i}}{\partial s_{t-1,j}} = \sum_{k=1}^h (1-s_{t,i}^2)\delta_{ik}U_{kj}",
        r"\frac{\partial s_t}{\partial s_{t-1}} = \operatorname{diag}(1-s_t^2)V, \quad V = U",
    ):
        assert not sb.verify(RNN, claim).claims[0].wrong
    assert sb.verify(RNN, r"\frac{\partial s_{t,i}}{\partial s_{t-1,j}} = \sum_{k=1}^h (1-s_{t,i}^2)\delta_{ik}U_{kj}").ok


@pytest.mark.slow
def test_errors_of_layers_are_judged_entry_by_entry() -> None:
    steps = r"\delta^L_j = (a^L_j - y_j)\sigma'(z^L_j) \\ \delta^l_j = \sum_k w^{l+1}_{kj}\delta^{l+1}_k\sigma'(z^l_j)"
    assert sb.verify(LAYERS, steps).ok
    assert sb.verify(LAYERS, steps.replace("{kj}", "{jk}")).claims[1].wrong


PRODUCTS = [
    (RNN, r"\frac{\partial s_t}{\partial s_k} = \prod_{j=k+1}^t \operatorname{diag}(1 - s_j^2)U", "k+1", "k"),
    (RNN, r"\frac{\partial s_t}{\partial s_k} = \prod_{t \ge i > k} \operatorname{diag}(1 - s_i^2)U", "s_i^2", "s_{i-1}^2"),
    (RNN, r"\frac{\partial s_T}{\partial s_0} = \prod_{t=1}^T \operatorname{diag}(1 - s_t^2)U", "1 - s", "1 + s"),
    (RNN, r"\frac{\partial s_t}{\partial s_k} = \prod_{j=t}^{k+1} \frac{\partial s_j}{\partial s_{j-1}} = \prod_{j=t}^{k+1} \operatorname{diag}(1 - s_j^2)U", ")U", ")2U"),
    (LAYERS, r"\frac{\partial z^{(n)}}{\partial z^{(l)}} = \prod_{k=l+1}^n W^{(k)}\operatorname{diag}(\sigma'(z^{(k-1)}))", "z^{(k-1)}", "z^{(k)}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("net", "claim", "old", "new"), [PRODUCTS[0], *(pytest.param(*row, marks=pytest.mark.slow) for row in PRODUCTS[1:])]
)
def test_a_step_may_be_differentiated_by_one_far_before_it(net: str, claim: str, old: str, new: str) -> None:
    assert sb.verify(net, claim).claims[0].kind == "right, numeric"
    assert sb.verify(net, claim.replace(old, new)).claims[0].kind == "wrong"
    turned = r"\frac{\partial s_t}{\partial s_k} = \prod_{j=k+1}^t U^\top\operatorname{diag}(1 - s_j^2)"
    assert net is not RNN or "transpose" in str(sb.verify(net, turned).claims[0].because)


def test_a_letter_that_is_taken_for_an_activation_convicts_nobody() -> None:
    found = sb.verify(RNN, r"\frac{\partial s_t}{\partial s_k} = \prod_{j=k+1}^t \phi_j U").claims[0]
    assert found.kind == "undecided"
    assert "is read as tanh" in str(found.because)
