r"""What was understood is printed so that it can be read in one way: read again, it is worth the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.notation.claims import NotUnderstood
from tests.notation.claims.sample_networks import understood, worth
from tests.notation.claims.test_readings import MEANINGS
from tests.notation.claims.test_right_claims import RIGHT

LATEX = [(n, w, c) for n, w, c in RIGHT if c.startswith("\\") and not c.startswith((r"\boxed", r"\["))]
LATEX += [
    (n, left.removesuffix("_{ij}").removesuffix("_i"), rf"\frac{{\partial L}}{{\partial {left}}} = {right}")
    for n, left, right, _ in MEANINGS
]


def again(name: str, wrt: str, claim: str) -> None:
    """Read, print, read, compare."""
    found = understood(name, wrt, claim)
    first = found.readings[0]
    left = claim.replace("&", "").replace(r"\begin{aligned}", "").partition("=")[0]
    second = understood(name, wrt, f"{left} = {found.latex}")
    assert not second.unknown
    np.testing.assert_allclose(worth(name, second.readings[0]), worth(name, first), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "wrt", "claim"), LATEX[::8])
def test_some_claims_are_printed_as_they_were_read(name: str, wrt: str, claim: str) -> None:
    again(name, wrt, claim)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "wrt", "claim"), LATEX, ids=[f"{k}-{n}-{w}" for k, (n, w, _) in enumerate(LATEX)])
def test_a_claim_is_printed_as_it_was_read(name: str, wrt: str, claim: str) -> None:
    again(name, wrt, claim)


VECTORS = st.sampled_from(["x", "e", "h", r"\mathbf 1", r"\frac{\partial L}{\partial x}"])
MATRICES = st.sampled_from(["A", "B", "A^\\top", "I", r"\operatorname{diag}(h)"])
SCALARS = st.sampled_from(["2", "s", r"\frac12", r"e^\top x", "3", r"\|x\|^2"])


@st.composite
def vectors(draw: st.DrawFn, depth: int = 3) -> str:
    """A formula worth a vector, written as people do."""
    if depth == 0:
        return draw(VECTORS)
    a, b = draw(vectors(depth=depth - 1)), draw(vectors(depth=depth - 1))
    m, s = draw(MATRICES), draw(SCALARS)
    return draw(
        st.sampled_from([
            f"({a} + {b})", f"({a} - {b})", rf"{m}\,({a})", rf"({a} \odot {b})", rf"{s}\,({a})", rf"\tanh({a})", rf"\frac{{{a}}}{{{s}}}",
            rf"({m} {draw(VECTORS)} \odot {b})", rf"\mathbf 1[{a} > {b}]", f"({a})^2", rf"\sigma'({a})", rf"-{m}^\top ({b})", f"({a})({b})^\\top {b}",
            rf"(1 - {a})", rf"{s} \cdot ({a})", rf"\max(0, {a})",
        ])
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(vectors())
def test_a_random_formula_is_printed_as_it_was_read(formula: str) -> None:
    claim = rf"\frac{{\partial L}}{{\partial x}} = {formula}"
    try:
        understood("square", "x", claim)
    except NotUnderstood:  # what fits no shape, such as a matrix added to a vector
        return
    again("square", "x", claim)


@pytest.mark.slow
def test_a_printed_line_of_a_loop_is_a_claim_as_it_stands() -> None:
    net = "x: data[d]\ny: data[d]\nW: parameter[K, d, d]\nz[0] = x\nfor k in 1..K:\n    z[k] = tanh(W[k] @ z[k-1])\nL = sum((z[K] - y)**2)"
    claims = "δ⁽ᴷ⁾ = 2(z⁽ᴷ⁾ − y) ⊙ [1 − (z⁽ᴷ⁾)^(⊙2)]\nδ⁽ᵏ⁾ = (W⁽ᵏ⁺¹⁾)ᵀ δ⁽ᵏ⁺¹⁾ ⊙ [1 − (z⁽ᵏ⁾)^(⊙2)]\n∂L/∂W⁽ᵏ⁾ = δ⁽ᵏ⁾(z⁽ᵏ⁻¹⁾)ᵀ"
    assert sb.verify(net, claims).ok
