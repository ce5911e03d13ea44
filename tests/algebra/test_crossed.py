"""Cross products: one equation, one step, one sign in the box; each line is proved, and the judge reads it."""

from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.functions import turn_of
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ZERO
from symbackprop.core.crossed import cross_of, in_entries, turn, turns
from symbackprop.core.passes.stable import stable
from symbackprop.core.program import letter_sizes, size
from symbackprop.verbs import read

TORQUE = "r: data[3]\nF: parameter[3]\nt: data[3]\ntau = cross(r, F)\nL = 0.5*sum((tau - t)**2)"
AREA = "a: parameter[3]\nb: parameter[3]\nc: parameter[3]\nn = cross(b - a, c - a)\nL = 0.5*norm(n)"
MOMENTUM = "r: parameter[3]\np: parameter[3]\nI: spd[3, 3]\nl = cross(r, p)\nL = 0.5*l @ inv(I) @ l"


def lines(text: str, **asked: Any) -> list[str]:
    box = sb.derive(text, **asked).box()
    assert not box.missing
    return [line.latex().replace(r"\left", "").replace(r"\right", "") for line in box.lines]


def test_the_box_has_the_cross_products_of_a_textbook() -> None:
    assert lines(TORQUE) == [r"\frac{\partial L}{\partial F} = r \times (t - \tau)"]
    assert [line.split(" = ")[1] for line in lines(MOMENTUM)] == ["I^{-1} l", r"p \times \delta_{l}", r"\delta_{l} \times r"]
    assert [line.split(" = ")[1] for line in lines(AREA)][1:] == [
        r"(a - b) \times \delta_{n}", r"(c - a) \times \delta_{n}", r"(b - c) \times \delta_{n}",
    ]  # fmt: skip
    assert [line.split(" = ")[1] for line in lines("a: parameter[3]\nb: parameter[3]\nc: parameter[3]\nL = a @ cross(b, c)")] == [
        r"b \times c", r"c \times a", r"a \times b",
    ]  # fmt: skip


def test_rows_of_matrices_are_crossed_and_a_vector_beside_them_is_a_matrix() -> None:
    rows = "A: parameter[N, 3]\nB: data[{}3]\nG: data[N, 3]\nL = sum(G * cross(A, B))"
    assert lines(rows.format("N, ")) == [r"\frac{\partial L}{\partial A} = B \times G"]
    assert lines(rows.format("")) == [r"\frac{\partial L}{\partial A} = -G [B]_{\times}"]
    assert lines("r: parameter[3]\nB: data[3]\nF = cross(r, B)", of="F") == [r"\frac{\partial F}{\partial r} = -[B]_{\times}"]


@pytest.mark.parametrize("text", [TORQUE, AREA, MOMENTUM])
def test_the_box_is_read_back_and_found_right(text: str) -> None:
    claims = sb.verify(text, [line.split(" = ", 1) for line in lines(text)]).claims
    assert claims
    assert all(claim.right for claim in claims), [str(claim) for claim in claims]


def test_a_report_has_one_step_and_no_entry_with_a_name_of_its_own() -> None:
    report = sb.derive(AREA).text()
    assert "n = (b − a) × (c − a)" in report
    assert "From n back to" in report
    assert "a × b is the cross product" in report
    assert "u_" not in report


vectors = st.sampled_from(["a", "b", "c", "A @ a", "2*b - c", "a*b"])
crosses = st.recursive(vectors, lambda inner: st.tuples(inner, inner).map("cross({0[0]}, {0[1]})".format), max_leaves=4)


@pytest.mark.slow
@settings(max_examples=12)
@given(crosses, crosses)
def test_any_nest_of_cross_products_is_checked_and_has_a_proved_line(first: str, second: str) -> None:
    text = f"a: parameter[3]\nb: parameter[3]\nc: data[3]\nA: parameter[3, 3]\nL = sum(sin({first})*{second})"
    wrt = [name for name in "abA" if name in first + second]
    if not wrt:
        return
    assert not sb.derive(text, wrt=wrt).box().missing
    assert sb.check(text, wrt=wrt).ok


def test_what_is_compiled_is_the_same_in_entries_and_multiplies_no_zeros() -> None:
    program = read(MOMENTUM).program
    assert sum(cross_of(e, letter_sizes(program, e)) is not None for e in program.equations) == 1
    made = in_entries(program)
    assert not any(cross_of(e, letter_sizes(made, e)) for e in made.equations)
    assert stable(program).equations == stable(made).equations
    step = sb.compile("A: parameter[K, N, 3]\nB: data[N, 3]\nG: data[K, N, 3]\nL = sum(G * cross(A, B))")
    rng = np.random.default_rng(0)
    a, b, g = rng.normal(size=(2, 4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(2, 4, 3))
    loss, grads = step(A=a, B=b, G=g)
    np.testing.assert_allclose(loss, np.sum(g * np.cross(a, b)))
    np.testing.assert_allclose(grads["A"], np.cross(np.broadcast_to(b, g.shape), g))


@given(st.permutations("ijk"), st.permutations("ijk"))
def test_the_sign_of_a_turn_is_part_of_the_normal_form(first: list[str], second: list[str]) -> None:
    a = Algebra()
    x, y = (a.atom("leaf", name, (), (size("n"),)) for name in "xy")
    p, q = ((*own,) for own in (first, second))
    both = a.times(a.times(a.factor(x, "j"), a.factor(y, "k")), turn_of(a, p))
    other = a.times(a.times(a.factor(x, "j"), a.factor(y, "k")), turn_of(a, q))
    assert both in (other, -other)
    assert turn_of(a, p) == turn_of(a, (*p[1:], p[0]))
    assert turn_of(a, p) == -turn_of(a, (p[1], p[0], p[2]))
    assert turn_of(a, (p[0], p[0], p[1])) == ZERO


def test_a_vector_times_itself_is_nothing() -> None:
    assert lines("a: parameter[3]\nb: data[3]\nL = b @ cross(a, a)") == [r"\frac{\partial L}{\partial a} = 0"]


@pytest.mark.slow
@given(st.lists(st.permutations("ijklm").map(lambda letters: letters[:3]), min_size=1, max_size=3))
def test_a_product_of_turns_is_told_by_its_turns(triples: list[list[str]]) -> None:
    body = sp.Mul(size("n"), *[turn(*triple) for triple in triples])
    found, rest = turns(body, dict.fromkeys("ijklm", sp.Integer(3)))
    assert len(found) == len(triples) or (not found and len(triples) > 2)  # of three the differences may go together in other ways
    assert sp.expand(rest * sp.Mul(*[turn(*triple) for triple in found]) - body) == 0
    assert turns(body, dict.fromkeys("ijklm", sp.Integer(4))) == ([], body)


def test_a_cross_product_in_a_cross_product_has_two_signs_in_its_local_derivative() -> None:
    report = sb.derive("a: parameter[3]\nb: parameter[3]\nc: data[3]\nu = cross(a, cross(b, c))\nL = sum(u**3)").text()
    assert "∂uₗ/∂bⱼ = Σ_(i,k,m) εᵢⱼₖ εᵢₗₘ aₘ cₖ" in report
