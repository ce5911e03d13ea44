"""What changes its sign where two axes are exchanged, sin(x_i - x_j), and what does not, cos(x_i - x_j); sums of which roots are taken."""

import pytest

import symbackprop as sb
from symbackprop.judge.proofs.proved import proved_box

BOXES = {
    "coupled rotors": (
        "th: parameter[n]\nJ: symmetric[n, n]\nL = -sum(J*cos(th[:, None] - th[None, :]))/2",
        "∂L/∂th = rowsum(J ⊙ sin(th 1ₙᵀ − 1ₙ thᵀ))",
    ),
    "what is odd in two letters sums to zero beside what is symmetric": (
        "x: parameter[n]\nA: symmetric[n, n]\nL = sum(A*sin(x[:, None] - x[None, :])) + sum(x)",
        "∂L/∂x = 1ₙ",
    ),
    "the square of what is odd": (
        "s: parameter[n]\nA: symmetric[n, n]\nL = sum(A*tanh(s[:, None] - s[None, :])**2)/4",
        "∂L/∂s = rowsum(A ⊙ tanh(s 1ₙᵀ − 1ₙ sᵀ) ⊙ (1 − tanh(s 1ₙᵀ − 1ₙ sᵀ)^(⊙2)))",
    ),
    "a root of two norms": (
        "u: parameter[n]\nv: data[m]\nL = 1/sqrt((u @ u)*(v @ v))",
        "∂L/∂u = −(L/‖u‖²) u",
    ),
    "a cosine by its squares": (
        "A: parameter[d]\nX: data[N, d]\nv: data[N]\nu = X @ A\nL = -(u @ v)/sqrt((u @ u)*(v @ v))",
        "∂L/∂A = −(1/‖u‖) Xᵀ((L/‖u‖) u + v/‖v‖)",
    ),
}


@pytest.mark.parametrize(("text", "line"), BOXES.values(), ids=BOXES)
def test_a_line(text: str, line: str) -> None:
    derivation = sb.derive(text)
    assert not proved_box(derivation).missing
    assert str(derivation.box()).splitlines()[-1].startswith(line)


def test_a_root_of_a_product_of_sums_of_any_sign_stays_whole() -> None:
    box = str(sb.derive("u: parameter[n]\nv: data[m]\nq = sqrt(sum(u)*sum(v))\nL = sum(u*v[0])/q").box())
    assert "√(sum(u)" not in box
