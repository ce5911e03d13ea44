r"""Right claims in forms that were judged wrong: parts of stacks, sums in another order, \delta^{(0)}, deltas by what nobody named."""

from __future__ import annotations

import pytest

import symbackprop as sb

STACK = "u: parameter[m, k, n]\nv = sum(u, axis=(1, 2))\nL = sum(sin(u)) + sum(v**3)"
PAIRED = "w: parameter[n, m]\nv = stack([w, 2*w], axis=-1)\nL = sum(sin(v))"
SINGLE = "w: parameter[n, m]\nv = tanh(w)[:, None, :]\nL = sum(v**2)"
ONLY = "x: parameter[3, 1]\nA: data[3, 3]\nu: data[3]\nL = sum(x * (A @ u)[:, None])"
ROWS = "X: data[n, d]\nW: parameter[d, k]\nT: data[n, k]\nE = X @ W - T\nL = sum(E**2)/2"
KEPT = "x: parameter[n, d]\ns = sum(x**2, axis=1, keepdims=True)\nL = sum(log(s))"
RIGHT = [
    (ROWS, "W", r"\frac{\partial L}{\partial w_k} = \sum_i E_{ik} x_i"),
    (KEPT, "x", r"\frac{\partial L}{\partial x_{ij}} = \frac{2 x_{ij}}{s_i}"),
    (STACK, "u", r"\frac{\partial L}{\partial u_{i}} = 3 v_{i}^2 + \cos(u_{i})"),
    (STACK, "u", r"\frac{\partial L}{\partial u_{i}} = \cos(u_{i}) + 3 v_{i}^2"),
    (PAIRED, "w", r"\frac{\partial L}{\partial w} = \cos(v_{:,:,0}) + 2\cos(v_{:,:,1})"),
    (SINGLE, "w", r"\frac{\partial L}{\partial w} = 2 v \odot (1 - v^{\odot 2})"),
    (ONLY, "x", r"\frac{\partial L}{\partial x} = A u \mathbf{1}_{1}^\top"),
]


@pytest.mark.parametrize(("net", "wrt", "claim"), RIGHT, ids=[claim for _, _, claim in RIGHT])
def test_a_right_claim_is_right(net: str, wrt: str, claim: str) -> None:
    assert sb.verify(net, {wrt: claim}).claims[0].verdict == "right, identity"


@pytest.mark.parametrize(
    ("net", "wrt", "claim"),
    [
        (STACK, "u", r"\frac{\partial L}{\partial u_{i}} = 3 v_{i} + \cos(u_{i})"),
        (PAIRED, "w", r"\frac{\partial L}{\partial w} = \cos(v_{:,:,1}) + 2\cos(v_{:,:,0})"),
        (SINGLE, "w", r"\frac{\partial L}{\partial w} = v \odot (1 - v^{\odot 2})"),
        (ROWS, "W", r"\frac{\partial L}{\partial w_k} = \sum_i T_{ik} x_i"),
        (KEPT, "x", r"\frac{\partial L}{\partial x_{ij}} = \frac{2 x_{ij}}{s_i^2}"),
    ],
)
def test_a_wrong_one_is_wrong(net: str, wrt: str, claim: str) -> None:
    assert sb.verify(net, {wrt: claim}).claims[0].kind in ("wrong", "up to convention")


INLINE = """
x: data[d]
y: data[d]
W: parameter[n, d, d]
z[0] = x
for l in 1..n:
    z[l] = sigmoid(W[l] @ z[l-1])
L = sum((z[n] - y)**2)/2
"""
LAST = (r"\delta^{(n)}", r"\delta^{(n)} = (z^{(n)} - y) \odot z^{(n)} \odot (1 - z^{(n)})")
BACK = (r"\delta^{(l)}", r"\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot z^{(l)} \odot (1 - z^{(l)})")
OUTER = ("W", r"\frac{\partial L}{\partial W^{(l)}} = \delta^{(l)} (z^{(l-1)})^\top")


@pytest.mark.slow
def test_a_delta_is_by_what_nobody_named() -> None:
    found = sb.verify(INLINE, [LAST, BACK, OUTER])
    assert [one.verdict for one in found.claims] == ["right, identity"] * 3
    assert found.claims[0].notes[-1] == "s⁽ˡ⁾ = W⁽ˡ⁾ z⁽ˡ⁻¹⁾ has no name in the network"


@pytest.mark.slow
def test_a_wrong_recursion_over_what_nobody_named_is_the_step_that_is_wrong() -> None:
    short = BACK[0], BACK[1].replace(r" \odot (1 - z^{(l)})", "")
    found = sb.verify(INLINE, [LAST, short, OUTER])
    assert [one.kind for one in found.claims] == ["right, identity", "wrong", "right, identity"]
    assert found.claims[1].mistakes[0].sentence == "z for the derivative of z"


@pytest.mark.slow
def test_what_comes_back_to_the_start_is_the_delta_before_the_first_step() -> None:
    net = "w: parameter[n]\nx: parameter\nz = x\nfor i in range(n):\n    z = maximum(z, w[i])\nL = sin(z) + x**2"
    claims = [
        (r"\delta^{(n)}", r"\delta^{(n)} = \cos z^{(n)}"),
        (r"\delta^{(i-1)}", r"\delta^{(i-1)} = \delta^{(i)} \mathbf{1}[z^{(i-1)} > w^{(i)}]"),
        ("x", r"\frac{\partial L}{\partial x} = \delta^{(0)} + 2 x"),
        ("x", r"\frac{\partial L}{\partial x} = \delta^{(0)} + x"),
        ("x", r"\frac{\partial L}{\partial x} = \delta^{(1)} + 2 x"),
    ]
    found = sb.verify(net, claims).claims
    assert [one.right for one in found] == [True, True, True, False, False]
    assert r"\delta^{(0)}" in found[2].given
