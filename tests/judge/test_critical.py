"""Points at which a loss is stationary, however they are listed."""

from __future__ import annotations

import re

import pytest

import symbackprop as sb

ONE = "x: parameter\nf = x**4 - 8*x**2"
TWO = "x: parameter\ny: parameter\nf = x**3 + y**3 - 3*x*y"
SADDLE = "u: parameter\nv: parameter\ng = u**2 - v**2 + 2*u*v - 4*u"  # u + v = 2, u = v
SLOPE, SLOPES = "f'(x) = 4x^3 - 16x = 0", r"f_x = 3x^2 - 3y = 0 \\ f_y = 3y^2 - 3x = 0"

OF_ONE = [  # a list of three, of which the last is {}
    r"x = 0, -2, {}",
    r"x = 0 \text{{ or }} x = -2 \text{{ or }} x = {}",
    r"x \in \{{-2, 0, {}\}}",
    r"x_1 = 0, x_2 = -2, x_3 = {}",
    r"x = 0, x = -2, x = {}",
    r"x_1 = 0, x_{{2,3}} = \pm {}",
    r"x = 0, \pm {}",
    r"x = 0 \text{{ or }} x = \mp {}",
]
OF_TWO = [
    r"(x, y) = (0, 0), (1, {})",
    r"(x, y) = (0, 0) \text{{ or }} (x, y) = (1, {})",
    r"(x, y) \in \{{(0, 0), (1, {})\}}",
    r"x = 0, y = 0 \text{{ and }} x = 1, y = {}",
    r"(x, y) = (0, 0) \text{{ or }} (1, {})",
]
SENTENCES = [
    "So the critical points are $(0,0)$ and $(1,{})$.",
    "The stationary points: $x = 0, y = 0$ and $x = 1, y = {}$.",
    "Setting both to zero gives $(x, y) = (0, 0)$ and $(x, y) = (1, {})$.",
    "It has a saddle at $(0, 0)$ and a minimum at $(1, {})$.",
]


def kinds(network: str, claims: str) -> list[str]:
    return [one.kind for one in sb.verify(network, claims).claims]


@pytest.mark.slow
@pytest.mark.parametrize("text", OF_ONE)
@pytest.mark.parametrize("begun", [f"{SLOPE} \\\\ ", ""])
def test_each_value_of_a_list_is_judged(text, begun):
    right, wrong = (sb.verify(ONE, begun + text.format(number)) for number in ("2", "3"))
    assert right.ok
    assert not wrong.ok
    assert len(right.claims) == len(wrong.claims) == 3 + bool(begun)
    if "_" not in text:  # x_3 may be an iterate
        assert [one.kind for one in wrong.claims].count("wrong") == (2 if re.search(r"\\[pm][pm]", text) else 1)


@pytest.mark.slow
@pytest.mark.parametrize("text", OF_TWO)
def test_each_point_of_a_list_is_judged(text):
    right, wrong = (kinds(TWO, f"{SLOPES} \\\\ {text.format(number)}") for number in ("1", "2"))
    assert all(kind.startswith("right") for kind in right)
    assert len(right) == 6
    assert wrong[:4] == right[:4]
    assert wrong[-1] == "wrong"


@pytest.mark.slow
@pytest.mark.parametrize("text", SENTENCES)
def test_sentences_say_where_a_loss_is_stationary(text):
    begun = "$$f_x = 3x^2 - 3y$$\n$$f_y = 3y^2 - 3x$$\n\n"
    assert all(kind.startswith("right") for kind in kinds(TWO, begun + text.format("1")))
    assert kinds(TWO, begun + text.format("2"))[-1] == "wrong"


@pytest.mark.slow
@pytest.mark.parametrize("text", ["x = 0, y = 1", "(x, y) = (1, 0)", r"(x, y) \in \{(0, 1)\}", "x = 0 \\\\ y = 1"])
def test_values_of_different_points_are_no_point(text):
    assert "wrong" in kinds(TWO, f"{SLOPES} \\\\ {text}")


@pytest.mark.slow
@pytest.mark.parametrize("text", ["u = 1, v = 1", "(u, v) = (1, 1)", r"u = v = 1", "v = 1 \\\\ u = 1"])
def test_a_saddle_is_a_point_as_well(text):
    assert all(kind.startswith("right") for kind in kinds(SADDLE, f"g_u = 2u + 2v - 4 \\\\ g_v = 2u - 2v \\\\ {text}"))
    assert "wrong" in kinds(SADDLE, f"g_u = 2u + 2v - 4 \\\\ g_v = 2u - 2v \\\\ {text.replace('1', '2')}")


@pytest.mark.slow
def test_a_value_of_one_parameter_is_right_where_a_point_has_it():
    assert kinds(TWO, f"{SLOPES} \\\\ y = x^2 \\\\ x^4 - x = 0 \\\\ x = 0 \\text{{ or }} x = 1")[2:] == ["right, numeric"] * 4
    assert kinds(TWO, f"{SLOPES} \\\\ y = x^2 \\\\ x^4 - x = 0 \\\\ x = 0 \\text{{ or }} x = 2")[-1] == "wrong"
    assert kinds(TWO, f"{SLOPES} \\\\ x^4 - 2x = 0")[-1] == "undecided"


def test_what_data_may_be_is_no_point():
    net = "X: data[n, d]\ny: data[n] & binary\nw: parameter[d]\nL = sum((X@w - y)**2)"
    found = sb.verify(net, r"y_i \in \{0, 1\} \\ \nabla_w L = 2X^\top(Xw - y)")
    assert [one.kind for one in found.claims] == ["right, identity"]


def test_the_second_derivative_behind_a_point_is_judged_there():
    assert kinds(ONE, f"{SLOPE} \\\\ x = 2: f''(2) = 32") == ["right, identity", "right, numeric", "right, identity"]
    assert kinds(ONE, f"{SLOPE} \\\\ x = 2: f''(2) = 33")[-1] == "wrong"


SAYING_NOTHING = [  # of where the gradient is 0
    "There is no minimum at $x = 1$.",
    "At $x = 1$ the function has no extremum.",
    "To find the minimum we start at $x = 1$ and move downhill.",
    "The optimizer is initialized with $x = 1$ to reach the minimum.",
    "The slope at $x = 1$ is negative, so the minimum is to the right.",
    "The learning rate is optimal at $x = 5$ for plotting.",
    "The zeros of $f$ are $x = 0$ and $x = \\pm 2\\sqrt{2}$.",
    "We look for a minimum in $x \\in \\{0, 1\\}$.",
    "The minimum of $f$ on $[4, 5]$ is at $x = 4$.",
    "$$f''(x) = 12x^2 - 16$$ The second derivative vanishes at $x = \\pm\\frac{2}{\\sqrt 3}$.",
]


@pytest.mark.parametrize("sentence", SAYING_NOTHING)
def test_a_sentence_claims_a_point_where_it_says_so_alone(sentence):
    assert not any(one.wrong for one in sb.verify(ONE, f"$$f'(x) = 4x^3 - 16x$$ {sentence}").claims)


def test_numbered_values_of_a_list_are_no_iterates_and_no_list_vanishes():
    assert sb.verify(ONE, r"x_{1,2} = \pm 2, x_3 = 0").ok
    assert not sb.verify(ONE, r"x_{1,2} = \pm 3, x_3 = 0").ok
    assert not sb.verify(TWO, rf"{SLOPES} \\ (x, y) \in \{{(0, 0, 0), (2, 1)\}}").ok
    assert not any(one.wrong for one in sb.verify(ONE, rf"{SLOPE} \\ x = 0 \text{{ or }} x^2 = 4").claims)


@pytest.mark.slow
def test_every_side_of_a_gradient_that_is_set_to_0_is_judged():
    r"""Of \nabla f = (3x^2 + 3y, 3y^2 - 3x) = (0, 0) the entries 0 alone were read."""
    for zero in ("0", "(0, 0)"):
        right = rf"\nabla f = (3x^2 - 3y, 3y^2 - 3x) = {zero} \Rightarrow (x, y) = (1, 1)"
        assert sb.verify(TWO, right).ok
        assert not sb.verify(TWO, right.replace("3x^2 - 3y", "3x^2 + 3y")).ok
