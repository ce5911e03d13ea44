"""1 - x out of a sum: each way to write it is the sum again, and what was multiplied by powers of 1 - x loses all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.complements import complements, one_minus
from symbackprop.algebra.functions import applied
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, ZERO, Poly
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import size
from tests.algebra.poly_value import poly_value

N, SIZES = size("n"), {"n": 4}
RNG = np.random.default_rng(5)
ARRAYS = {name: RNG.uniform(0.2, 0.8, 4) for name in "xyz"}


def leaf(a: Algebra, name: str) -> Poly:
    return a.factor(a.atom("leaf", name, (), (N,)), ("i",))


@st.composite
def sums(draw: st.DrawFn) -> tuple[Algebra, Poly, int]:
    """A short sum of products times a power of 1 - x, and the power."""
    a, power = Algebra(), draw(st.integers(0, 3))
    p = ZERO
    for _ in range(draw(st.integers(1, 3))):
        term = ONE.scaled(draw(st.sampled_from([-2, -1, 1, 3])))
        for name in draw(st.lists(st.sampled_from("xyz"), max_size=2)):
            term = a.times(term, leaf(a, name))
        p += a.times(term, applied(a, FUNCTIONS["log"], leaf(a, "x"))) if draw(st.booleans()) else term
    for _ in range(power):
        p = a.times(p, ONE - leaf(a, "x"))
    return a, p, power


@given(sums())
@settings(max_examples=60, deadline=None)
def test_what_is_taken_out_is_the_sum_again(drawn: tuple[Algebra, Poly, int]) -> None:
    a, p, power = drawn
    expected = poly_value(p, ["i"], ARRAYS, SIZES)
    for found in complements(a, p, {"i"}):
        again = found.without
        for _ in range(found.power):
            again = a.times(again, one_minus(a, found.x))
        again += a.times(a.make(1, [found.x]), found.beside)
        np.testing.assert_allclose(poly_value(again, ["i"], ARRAYS, SIZES), expected, rtol=1e-9, atol=1e-12)
        if found.x.atom.name == "x" and not found.beside.terms:
            assert found.power >= power


BINARY = "z: parameter[N]\ny: binary[N]\na: unit[()]\np = sigmoid(z)\nL = "


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("-sum(a*y*(1 - p)**2*log(p))", "a y ⊙ (1 − p)^(⊙2) ⊙ (p + 2 p ⊙ log p − 1)"),
        ("-sum((1 - y)*p**2*log(1 - p))", "p^(⊙2) ⊙ (1 − y) ⊙ [2 log(1 − p) ⊙ (p − 1) + p]"),
    ],
)
def test_a_focal_loss_is_a_product(loss: str, line: str) -> None:
    assert str(sb.derive(BINARY + loss, wrt=["z"]).box()) == f"∂L/∂z = {line}"
