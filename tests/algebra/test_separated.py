"""A product of sums at two letters out of its terms: what is found is the product again, and nothing is found in what is none."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, ZERO, Poly
from symbackprop.algebra.separated import separated
from symbackprop.core.program import size

N, M = size("n"), size("m")


def leaf(a: Algebra, name: str) -> Poly:
    return a.factor(a.atom("leaf", name, (), (N if name in "xyz" else M,)), ("i" if name in "xyz" else "j",))


def combined(draw: Callable[[st.SearchStrategy[Any]], Any], a: Algebra, names: str) -> Poly:
    """A sum of at least two different products of the tensors at one letter."""
    bases = draw(st.lists(st.lists(st.sampled_from(names), max_size=2).map(sorted), min_size=2, max_size=3, unique_by=tuple))
    found = ZERO
    for several in bases:
        term = ONE.scaled(draw(st.sampled_from([-2, -1, 1, 3])))
        for name in several:
            term = a.times(term, leaf(a, name))
        found += term
    return found


@given(st.data())
def test_a_product_of_sums_is_found_again(data: st.DataObject) -> None:
    a = Algebra()
    first, second = combined(data.draw, a, "xyz"), combined(data.draw, a, "uvw")
    p = a.times(first, second)
    found = list(separated(a, p, {"i", "j"}))
    assert [one.letter for one in found] == ["i", "j"]
    for one in found:
        assert a.times(one.at, one.rest) == p
        assert one.at.letters() <= {one.letter}


def test_what_is_no_product_of_sums_has_none() -> None:
    a = Algebra()
    p = a.times(leaf(a, "x"), leaf(a, "u")) + a.times(leaf(a, "y"), leaf(a, "v"))
    assert list(separated(a, p, {"i", "j"})) == []
    more = p + a.times(leaf(a, "x"), leaf(a, "v")) + a.times(leaf(a, "y"), leaf(a, "u")).scaled(2)
    assert list(separated(a, more, {"i", "j"})) == []


@pytest.mark.parametrize("loss", ["sum((p - y)**2)/2", "sum((p - y)**4)/4"])
def test_a_layer_below_another_is_its_delta_times_its_slope(loss: str) -> None:
    net = f"x: data[d]\nW: parameter[m, d]\nV: parameter[c, m]\ny: data[c]\na = sigmoid(W @ x)\np = sigmoid(V @ a)\nL = {loss}"
    line = sb.derive(net, wrt=["W"]).gradients["W"].latex().replace(" ", "")
    assert r"V^{\top}" in line
    assert r"\odota\odot\left(1-a\right)" in line
    assert "diag" not in line
