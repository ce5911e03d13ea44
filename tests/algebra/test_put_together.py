"""Sums put together again: two logarithms as one, a square among other terms, a value's own name where it is a scaled function."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.functions import applied
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ZERO, Poly
from symbackprop.algebra.powers import squares_within
from symbackprop.algebra.together import with_one_log
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import size

N = size("n")
LOG = FUNCTIONS["log"]


def lines(text: str) -> list[str]:
    box = sb.derive(text).box()
    assert not box.missing
    return list(map(str, box.lines))


def leaf(a: Algebra, name: str) -> Poly:
    return a.factor(a.atom("leaf", name, (), (N,)), "i")


def test_two_logarithms_are_one() -> None:
    ising = "m: parameter[n]\nb: positive[()]\nL = sum((1 + m)/2*log((1 + m)/2) + (1 - m)/2*log((1 - m)/2))/b"
    assert lines(ising) == ["∂L/∂m = log((1 + m)/(1 − m))/(2 b)"]


@given(st.integers(-3, 3).filter(bool), st.integers(-3, 3).filter(bool), st.booleans())
def test_logarithms_are_one_where_one_is_subtracted_as_often(c: int, d: int, scaled: bool) -> None:
    a = Algebra()
    x, y, z = (leaf(a, name) for name in "xyz")
    front = z if scaled else a.power(z, 0)
    p = a.times(front, applied(a, LOG, x)).scaled(c) + a.times(front, applied(a, LOG, y)).scaled(d)
    found = list(with_one_log(a, p))
    assert bool(found) is (c == -d)
    quotient = applied(a, LOG, a.times(x, a.power(y, -1)) if c > 0 else a.times(y, a.power(x, -1)))
    assert found in ([], [a.times(front, quotient).scaled(abs(c))])


@given(st.fractions(-3, 3).filter(bool), st.sampled_from([1, -1]), st.integers(1, 3))
def test_a_square_is_found_among_other_terms(c: Fraction, sign: int, k: int) -> None:
    a = Algebra()
    x, y, z = (leaf(a, name) for name in "xyz")
    root = x + y.scaled(sign * k)
    p = a.times(root, root).scaled(c) + z
    (first, *_) = squares_within(a, p)
    front, square, rest = first
    inner = a.at(square.atom.args[0], square.letters)
    assert rest == z
    assert square.exponent == 2
    assert a.times(inner, inner).scaled(front) == p - z
    assert not list(squares_within(a, p + a.times(x, y).scaled(7 * c)))


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(["xy", "xz", "yz"]), st.sampled_from([1, -1])), min_size=2, max_size=3, unique=True))
def test_squares_that_share_a_root_are_told_apart(pairs: list[tuple[str, int]]) -> None:
    """(x - y)^2 + (x - z)^2 is five terms, of which one is of both squares."""
    a = Algebra()
    roots = [leaf(a, first) + leaf(a, second).scaled(sign) for (first, second), sign in pairs]
    p = sum((a.times(root, root) for root in roots), ZERO)
    if len({pair for pair, _ in pairs}) < len(pairs):  # 2 x^2 + 2 y^2
        return
    for c, square, rest in squares_within(a, p):
        inner = a.at(square.atom.args[0], square.letters)
        assert a.times(inner, inner).scaled(c) + rest == p
    whole = sb.derive("x: parameter[n]\ny: data[n]\nz: data[n]\nL = sum(sqrt(1 + " + " + ".join(
        f"({first} {'-' if sign < 0 else '+'} {second})**2" for (first, second), sign in pairs
    ) + "))")  # fmt: skip
    if any("x" in pair for pair, _ in pairs):
        assert str(whole.box()).count("^(⊙2)") == len(pairs)


def test_a_value_that_is_a_scaled_function_is_said_by_its_name() -> None:
    capped = "W: parameter[n, d]\nx: data[d]\nc: positive[()]\ng: data[n]\ns = c*tanh(W @ x/c)\nL = g @ s"
    assert lines(capped) == ["a = s/c", "∂L/∂W = [g ⊙ (1 − a^(⊙2))] xᵀ"]


@pytest.mark.parametrize(("text", "line"), [
    ("y: data[N]\nM: parameter[N, K]\nA: data[N, K]\nL = sum(exp(A - 0.5*(y[:, None] - M)**2))", "A − (1/2)(y 1_Kᵀ − M)^(⊙2)"),
    ("q: parameter[2]\nL = cos(q[0] + q[1]) + q[0]*q[1]", "q₀ + q₁"),
])  # fmt: skip
def test_sums_are_written_as_their_author_writes_them(text: str, line: str) -> None:
    assert any(line in one for one in lines(text))
