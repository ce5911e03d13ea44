"""Differences along axes: each summed letter that a position fixes stands there, and what is read outside is said to be 0."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.matrix import leaves
from symbackprop.algebra.outside import Shifted, outside
from symbackprop.judge.proofs.proved import proved_box

DIFFERENCES = {
    "second differences": (
        "u: parameter[n]\nf: data[n]\nh: data\nr = (u[2:] - 2*u[1:-1] + u[:-2])/h**2 - f[1:-1]\nL = sum(r**2)/2",
        "∂L/∂uⱼ = (rⱼ − 2 rⱼ₋₁ + rⱼ₋₂)/h²,   r = 0 outside",
    ),
    "total variation": (
        "u: parameter[n]\ny: data[n]\nd = u[1:] - u[:-1]\nL = sum((u - y)**2)/2 + sum(sqrt(d**2 + 1))",
        "∂L/∂uⱼ = uⱼ + δ_(d,j−1) − δ_(d,j) − yⱼ,   δ_d = 0 outside",
    ),
    "both axes of an image": (
        "U: parameter[n, m]\nY: data[n, m]\nA = U[1:, :] - U[:-1, :]\nB = U[:, 1:] - U[:, :-1]\n"
        "L = sum((U - Y)**2)/2 + sum(A**2)/2 + sum(B**2)/2",
        "∂L/∂Uₖⱼ = Uₖⱼ + A_(k−1,j) − Aₖⱼ + B_(k,j−1) − Bₖⱼ − Yₖⱼ,   A = B = 0 outside",
    ),
    "what stands beside is outside too": (
        "u: parameter[n]\nr = u[1:-1]*(u[2:] - u[:-2])\nL = sum(r**2)/2",
        "∂L/∂uⱼ = uⱼ₊₁(rⱼ₋₁ − rⱼ) + uⱼ₋₁(rⱼ₋₂ − rⱼ₋₁),   r = 0 outside",
    ),
    "a wave": (
        "u: parameter[T, n]\nc: data\n"
        "r = u[2:, 1:-1] - 2*u[1:-1, 1:-1] + u[:-2, 1:-1] - c**2*(u[1:-1, 2:] - 2*u[1:-1, 1:-1] + u[1:-1, :-2])\nL = sum(r**2)/2",
        "∂L/∂uₜₖ = r_(t,k−1) − 2 r_(t−1,k−1) + r_(t−2,k−1) − c²(r_(t−1,k) − 2 r_(t−1,k−1) + r_(t−1,k−2)),   r = 0 outside",
    ),
}


@pytest.mark.parametrize(("text", "line"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_differences_as_a_book_writes_them(text: str, line: str) -> None:
    box = sb.derive(text).box()
    assert not box.missing
    assert str(box).splitlines()[-1] == line


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=2, max_size=4), st.sampled_from(["r**2", "tanh(r)", "r*u[:{n}]"]), st.integers(1, 2))
def test_any_stencil_goes_back_turned_round(weights: list[int], of: str, rank: int) -> None:
    """sum_k c_k u_{i+k} goes back as sum_k c_k delta_{j-k}, whatever the loss is, along one axis or the last of two."""
    reach, k = len(weights) - 1, ", " if rank == 2 else ""
    cut = [f"u[{':' + k if k else ''}{a}:{a - reach or ''}]" for a in range(len(weights))]
    text = f"u: parameter[{'m, ' if k else ''}n]\nr = " + " + ".join(f"{c}*{x}" for c, x in zip(weights, cut, strict=True))
    whole = of.replace("u[:{n}]", f"u[{':' + k if k else ''}:{-reach}]")
    derivation = sb.derive(f"{text}\nL = sum({whole})")
    box = proved_box(derivation)
    assert not box.missing
    if sum(map(bool, weights)) > 1:
        forms = [line.form for line in box.lines if line.form is not None and outside(line.form)]
        assert forms or any(line.pieces or line.blocks for line in box.lines)


def test_a_slice_that_goes_back_alone_stays_a_block() -> None:
    assert str(sb.derive("x: parameter[2*n]\na: data[n]\nL = sum(a * x[n:])").box()) == "∂L/∂x = [0; a]"


def test_a_convolution_stays_one() -> None:
    found = str(sb.derive("x: parameter[T]\nw: parameter[3]\nL = sum(correlate(x, w)**2)").box())
    assert "outside" not in found


def test_what_is_listed_is_enough() -> None:
    """Where a factor is 0 outside, what stands beside it may be anything there: it is not said to be 0."""
    derivation = sb.derive(DIFFERENCES["what stands beside is outside too"][0])
    (line,) = (line for line in proved_box(derivation).lines if line.form is not None)
    shifted = {(leaf.name.tensor, leaf.zero) for leaf in leaves(line.form) if isinstance(leaf, Shifted)}  # type: ignore[union-attr]
    assert shifted == {("r", True), ("u", False)}


def test_a_report_says_what_outside_means_and_what_each_wire_takes_to_be_zero() -> None:
    derivation = sb.derive(DIFFERENCES["total variation"][0])
    assert "v = 0 outside: an entry before the first" in derivation.text()
    assert "(범위 밖)" in derivation.report("text", lang="ko")
    assert "outside" not in sb.derive("x: parameter[n]\nL = sum(x**2)").text()
