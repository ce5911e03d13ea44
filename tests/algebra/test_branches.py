"""What is chosen by a number that is 0 or 1: the cases together are the value, whatever holds the number."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.branches import choice_of, splits
from symbackprop.algebra.functions import applied, clip_of, pow_of
from symbackprop.algebra.known import Choice
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, Poly
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import size
from tests.algebra.poly_value import poly_value

N, SIZES = size("n"), {"n": 4}
RNG = np.random.default_rng(3)
ARRAYS = {name: RNG.uniform(0.2, 0.8, 4) for name in ("p", "x", "t")} | {"y": np.array([0.0, 1.0, 1.0, 0.0])}
ARRAYS["q"] = np.where(ARRAYS["y"] == 1, ARRAYS["p"], 1 - ARRAYS["p"])


def leaf(a: Algebra, name: str, letter: str) -> Poly:
    atom = a.atom("leaf", name, (), (N,))
    atom.is_binary, atom.positive = name == "y", True
    return a.factor(atom, (letter,))


def algebra() -> Algebra:
    """One that knows q = p where y is 1, otherwise 1 - p."""
    a = Algebra()
    y, p = leaf(a, "y", "i"), leaf(a, "p", "i")
    choice = choice_of(a, a.times(y, p) + a.times(ONE - y, ONE - p), ("i",))
    assert choice is not None
    a.choices[a.atom("leaf", "q", (), (N,))] = choice
    return a


WRAPPERS: dict[str, Any] = {
    "a power": lambda a, u: a.power(u + ONE, -1),
    "a root": lambda a, u: a.power(u + a.power(leaf(a, "t", "i"), 2), Fraction(1, 2)),
    "log": lambda a, u: applied(a, FUNCTIONS["log"], u + ONE),
    "sigmoid": lambda a, u: applied(a, FUNCTIONS["sigmoid"], a.times(u.scaled(2) - ONE, leaf(a, "x", "i"))),
    "pow": lambda a, u: pow_of(a, leaf(a, "t", "i") + ONE, u),
    "a test": lambda a, u: applied(a, "positive", u - leaf(a, "t", "i")),
    "a sum inside": lambda a, u: applied(
        a, FUNCTIONS["tanh"], a.times(u, a.summed(a.times(leaf(a, "x", "j"), leaf(a, "p", "j")), "j", N))
    ),
    "clip": lambda a, u: clip_of(a, u, leaf(a, "t", "i")),
}


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(WRAPPERS)), st.sampled_from("yq"), st.sampled_from("pxt")), min_size=1, max_size=3),
    st.booleans(),
)
def test_the_cases_together_are_the_value(parts, summed: bool) -> None:
    a = algebra()
    whole = ONE
    for name, inner, beside in parts:
        whole = a.times(whole, WRAPPERS[name](a, leaf(a, inner, "i")) + leaf(a, beside, "i"))
    whole = a.summed(whole, "i", N) if summed else whole
    letters = [] if summed else ["i"]
    expected = poly_value(whole, letters, ARRAYS, SIZES)
    found = list(splits(a, whole))
    assert len(found) == any((name, inner) != ("a power", "y") for name, inner, _ in parts)  # 1/(1 + y) is 1 - y/2
    for split in found:
        np.testing.assert_allclose(poly_value(split.zero + split.one - split.none, letters, ARRAYS, SIZES), expected, rtol=1e-9)
        assert not list(splits(a, split.zero + split.one - split.none)), "y stands in products alone"


def test_a_product_with_the_number_is_no_case() -> None:
    a = algebra()
    assert not list(splits(a, a.times(leaf(a, "y", "i"), leaf(a, "x", "i"))))


def test_a_value_that_a_number_chooses_is_known_in_each_case() -> None:
    a = algebra()
    (choice,) = a.choices.values()
    assert choice == Choice(a.atom("leaf", "y", (), (N,)), (0,), (ONE - leaf(a, "p", "0"), leaf(a, "p", "0")))


@pytest.mark.parametrize("inner", ["X @ W - Y", "tanh(X @ W)", "(X @ W)*Y"])
def test_what_is_masked_is_masked_once(inner: str) -> None:
    text = f"X: data[N, d]\nW: parameter[d, k]\nY: data[N, k]\nM: binary[N, k]\nE = M*({inner})\nL = 0.5*sum(E**2)"
    box = sb.derive(text).box()
    assert not box.missing
    assert "M" not in box.latex()


@pytest.mark.parametrize(
    ("lines", "loss"),
    [
        ("s = 2*y - 1", "sum(log(1 + exp(-s*(X @ w))))"),
        ("s = 2*y - 1\nz = X @ w", "-sum(log(sigmoid(s*z)))"),
        ("p = sigmoid(X @ w)", "-sum(log(y*p + (1 - y)*(1 - p)))"),
    ],
)
def test_a_margin_of_a_label_of_0_or_1_gives_a_difference(lines: str, loss: str) -> None:
    box = sb.derive(f"X: data[N, d]\nw: parameter[d]\ny: binary[N]\n{lines}\nL = {loss}").box()
    assert not box.missing
    assert str(box).endswith(("(σ(X w) − y)", "(σ(z) − y)", "(p − y)"))


@pytest.mark.parametrize(
    "q",
    ["y*p + (1 - y)*(1 - p)", "where(y == 1, p, 1 - p)", "p**y*(1 - p)**(1 - y)", "1 - p + y*(2*p - 1)"],
)
def test_a_label_that_is_written_as_a_branch_gives_the_book_s_difference(q: str) -> None:
    text = f"X: data[N, d]\nw: parameter[d]\ny: binary[N]\np = sigmoid(X @ w)\nq = {q}\nL = -sum(log(q))"
    assert str(sb.derive(text).box()) == str(
        sb.derive(text.replace("log(q)", "y*log(p) + (1 - y)*log(1 - p)").replace(f"q = {q}\n", "")).box()
    )


@pytest.mark.parametrize("test", ["sum(x > 0) > 0", "any(x > t)", "~all(x > 0)", "sum(x) > 0", "max(x) > t"])
def test_a_branch_that_asks_of_all_entries_has_a_line(test: str) -> None:
    box = sb.derive(f"x: parameter[n]\nt: data\nL = sum(where({test}, x, 2*x))").box()
    assert not box.missing


LEAKY = {  # what is written -> the slope of it, as the line of a bias has it
    "maximum(0.01*(X @ W + b), X @ W + b)": ("0.01", "<", "1"),
    "maximum(X @ W + b, 0.01*(X @ W + b))": ("1", ">", "0.01"),
    "where(X @ W + b > 0, X @ W + b, 0.01*(X @ W + b))": ("1", ">", "0.01"),
}


@pytest.mark.parametrize("leaky", LEAKY)
def test_the_slope_of_a_leaky_rectifier_by_hand_is_said_by_its_two_cases(leaky: str) -> None:
    then, sign, otherwise = LEAKY[leaky]
    sizes = "X: data[n, d]\nW: parameter[d, h]\nb: parameter[h]\nv: parameter[h]\ny: data[n]\n"
    box = str(sb.derive(f"{sizes}A = {leaky}\nL = sum((A @ v - y)**2)").box())
    assert f"∂L/∂b = ({{{then}, if X W + 1ₙ bᵀ {sign} 0; {otherwise}, otherwise}})ᵀ δ ⊙ v" in box
