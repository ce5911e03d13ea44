"""Descent by hand: iterates of parameters in numbers, and arrays that are given entry by entry."""

from __future__ import annotations

import numpy as np
import pytest

import symbackprop as sb

PARABOLA = sb.read("x: parameter\nf = x**2 - 3*x + 1")
PAIR = sb.read("x: parameter[2]\nf = x[0]**2 + x[0]*x[1] + x[1]**3")
VALLEY = sb.read("x: parameter\ny: parameter\nf = (1 - x)**2 + 100*(y - x**2)**2")
LINE = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\nJ = 1/(2*n) * sum((X @ w - y)**2)")
LAYERS = sb.read("x: data[2]\nW: parameter[2, 2]\nv: parameter[2]\nt: data\nz = W @ x\nh = sigmoid(z)\no = v @ h\nE = (o - t)**2/2")


def kinds(net: sb.Network, claims: str) -> list[str]:
    return [one.kind for one in sb.verify(net, claims)]


def descended(name: str, start: float, rate: float, steps: int) -> list[str]:
    """Lines of a descent on the parabola by hand, as a person writes them."""
    x, out = start, [name.format(0) + f" = {start}"]
    for k in range(steps):
        slope = 2 * x - 3
        out.append(f"f'({name.format(k)}) = {slope:.4f}")
        x = round(x - rate * slope, 6)
        out.append(f"{name.format(k + 1)} = {name.format(k)} - {rate} f'({name.format(k)}) = {x}")
    return out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start", "rate"), [("x_{}", 1, 0.1), ("x_{{{}}}", -2.5, 0.25), ("x^{{({})}}", 1, 0.25), (r"\mathbf{{x}}_{}", 4, 0.1)]
)
def test_a_descent_by_hand_is_judged_step_by_step(name: str, start: float, rate: float) -> None:
    lines = descended(name, start, rate, 2)
    assert all(one.right or one.kind == "abbreviation" for one in sb.verify(PARABOLA, "\n".join(lines)))
    for k in range(1, len(lines)):
        left, _, right = lines[k].rpartition("= ")
        slipped = [*lines[:k], f"{left}= {float(right) + 0.7:.4f}", *lines[k + 1 :]]
        found = list(sb.verify(PARABOLA, "\n".join(slipped)))
        assert found[k].wrong
        assert not any(one.wrong for one in found[:k])


def test_what_follows_is_judged_at_the_numbers_that_a_person_has() -> None:
    slipped = "x_0 = 1\nx_1 = x_0 - 0.1 f'(x_0) = 1.2\nf'(x_1) = -0.6\nf(x_1) = 1.44 - 3.6 + 1 = -1.16"
    _, moved, slope, _ = sb.verify(PARABOLA, slipped)
    assert moved.wrong
    assert slope.right


@pytest.mark.slow
def test_a_rate_is_a_number_that_steps_give() -> None:
    text = "x_0 = 1, \\eta = {}\nx_1 = x_0 - \\eta f'(x_0) = 1 + {} = {}\nx_2 = {} - {} \\cdot ({}) = {}"
    assert kinds(PARABOLA, text.format(0.1, 0.1, 1.1, 1.1, 0.1, -0.8, 1.18))[2:] == ["right, numeric"] * 2
    assert kinds(PARABOLA, text.format(0.2, 0.1, 1.1, 1.1, 0.1, -0.8, 1.18))[2] == "wrong"
    assert kinds(PARABOLA, text.format(0.1, 0.1, 1.1, 1.1, 0.1, 0.8, 1.02))[3] == "up to convention"  # up the hill


@pytest.mark.slow
@pytest.mark.parametrize(
    "sides", ["(0.6, 0.7)^T", r"\begin{pmatrix}0.6 \\ 0.7\end{pmatrix}", "(1, 2)^T - 0.1(4, 13)^T = (0.6, 0.7)^T"]
)
def test_iterates_are_vectors(sides: str) -> None:
    text = (
        rf"x_0 = (1, 2)^T \\ \nabla f(x_0) = (4, 13)^T \\ x_1 = x_0 - 0.1\nabla f(x_0) = {sides} \\ \nabla f(x_1) = (1.9, 2.07)^T"
    )
    assert all(one.right or one.kind == "abbreviation" for one in sb.verify(PAIR, rf"\[{text}\]"))
    assert any(one.wrong for one in sb.verify(PAIR, rf"\[{text.replace('0.7', '0.9')}\]"))
    assert any(one.wrong for one in sb.verify(PAIR, rf"\[{text.replace('13)', '12)')}\]"))


@pytest.mark.slow
def test_several_parameters_step_together() -> None:
    text = "x_0 = 0, y_0 = 1\n\\frac{{\\partial f}}{{\\partial x}} = -2\n\\frac{{\\partial f}}{{\\partial y}} = 200\nx_1 = 0 - 0.001(-2) = 0.002\ny_1 = 1 - 0.001 \\cdot {} = {}\n\\frac{{\\partial f}}{{\\partial y}} = {}"
    right = text.format(200, 0.8, round(200 * (0.8 - 0.002**2), 4))
    assert all(one.right or one.kind == "abbreviation" for one in sb.verify(VALLEY, right))
    assert kinds(VALLEY, text.format(150, 0.85, 170))[-2] == "wrong"
    assert kinds(VALLEY, text.format(200, 0.8, 200))[-1] == "wrong"  # the gradient of the step before


def test_arrays_of_numbers_settle_sizes_and_stand_in_formulas() -> None:
    given = "X = [[1, 0], [0, 1], [1, 1]], y = (1, 2, 3), w_0 = (0, 0)"
    right = given + "\n\\nabla J(w_0) = -\\frac13 (4, 5)^T\nw_1 = w_0 - 0.3 \\nabla J(w_0) = (0.4, 0.5)^T"
    assert all(one.right or one.kind == "abbreviation" for one in sb.verify(LINE, right))
    wrong = sb.verify(LINE, right.replace("(4, 5)", "(4, 6)"))
    assert [one.wrong for one in wrong] == [False, True, False]
    assert not list(wrong)[1].mistakes  # two numbers are made of any others by some two mistakes


@pytest.mark.slow
def test_an_array_is_given_entry_by_entry() -> None:
    rng = np.random.default_rng(3)
    x, v, w = rng.integers(-3, 4, 2), rng.integers(1, 4, 2), rng.integers(-2, 3, (2, 2)) / 2
    h = 1 / (1 + np.exp(-(w @ x)))
    out = float(v @ h)
    given = [f"x_{k + 1} = {x[k]}" for k in range(2)] + [f"v_{k + 1} = {v[k]}" for k in range(2)] + ["t = 1"]
    given += [f"w_{{{i + 1}{j + 1}}} = {w[i, j]}" for i in range(2) for j in range(2)]
    forward = [f"h_{k + 1} = {h[k]:.5f}" for k in range(2)] + [f"o = {out:.5f}"]
    slope = (out - 1) * v[0] * h[0] * (1 - h[0]) * x[1]
    lines = [", ".join(given), *forward, rf"\frac{{\partial E}}{{\partial w_{{12}}}} = {slope:.5f}"]
    found = list(sb.verify(LAYERS, "\n".join(lines)))
    assert all(one.right or one.kind == "abbreviation" for one in found)
    assert found[-1].right
    for k in range(1, len(lines)):
        left, _, right = lines[k].rpartition("= ")
        slipped = [*lines[:k], f"{left}= {float(right) * 1.1 + 0.01:.5f}", *lines[k + 1 :]]
        assert any(one.wrong for one in sb.verify(LAYERS, "\n".join(slipped)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", [r"$x_1 = 1, x_2 = 2$", "x_1 = 1, x_2 = 2", r"Let $(x_1, x_2) = (1, 2)$.", r"Take $x = (1, 2)^\top$."]
)
def test_sentences_and_lines_give_numbers(text: str) -> None:
    claims = text + "\n\n$$\\frac{\\partial f}{\\partial x_1} = 2 + 2 = 4$$\n\n$$\\frac{\\partial f}{\\partial x_2} = 1 + 12 = {}$$"
    assert all(one.right or one.kind == "abbreviation" for one in sb.verify(PAIR, claims.replace("{}", "13")))
    assert any(one.wrong for one in sb.verify(PAIR, claims.replace("{}", "14")))


def test_what_is_reckoned_in_numbers_is_convicted_nowhere_else() -> None:
    assert kinds(PAIR, r"\frac{\partial f}{\partial x_1} = 2 + 2 = 4") == ["undecided"]


@pytest.mark.slow
def test_a_bare_new_number_is_wrong_where_no_rate_gives_it() -> None:
    assert kinds(PARABOLA, "x_0 = 0\nx_1 = 0.3\nx_2 = 0.54") == ["abbreviation"] * 3
    assert kinds(PARABOLA, "x_0 = 0\nx_1 = -0.3")[1] == "up to convention"
    assert kinds(PARABOLA, "x_0 = 0, \\alpha = 0.1\nx_1 = 0.3\nx_2 = 0.54")[2:] == ["right, numeric"] * 2
    assert kinds(PARABOLA, "x_0 = 0, \\alpha = 0.1\nx_1 = 0.3\nx_2 = 0.58")[2:] == ["right, numeric", "wrong"]
    assert kinds(PAIR, r"\[x_0 = (1, 2)^T \\ x_1 = (0.6, 0.9)^T\]")[1] == "undecided"  # momentum may do so


@pytest.mark.slow
@pytest.mark.parametrize("step", ["x_1 = 1", r"x_1 = 1 - 0.1 \cdot 0 = 1"])
def test_where_the_gradient_is_0_nothing_moves(step: str) -> None:
    net = sb.read("x: parameter\ny: parameter\nf = (x - 1)**2 + x*(y - 2)**2")
    assert sb.verify(net, f"x_0 = 1, y_0 = 2\n{step}").claims[-1].right
    assert not sb.verify(net, f"x_0 = 1, y_0 = 2\n{step.replace('= 1', '= 2')}").claims[-1].right


def test_values_and_derivatives_at_a_point_stand_side_by_side() -> None:
    assert kinds(VALLEY, r"f(0,0) = 1, \nabla f(0,0) = (-2, 0)^T") == ["abbreviation", "right, identity", "right, identity"]
    assert kinds(VALLEY, r"f(0,0) = 2, \nabla f(0,0) = (-2, 1)^T") == ["wrong", "right, identity", "wrong"]
    assert kinds(VALLEY, r"x = 0, y = 0: \nabla f = (-2, 0)")[-2:] == ["right, identity"] * 2


@pytest.mark.parametrize("at", ["(1, 2)", r"|_{x = (1, 2)}"])
def test_a_vector_is_a_point(at: str) -> None:
    assert kinds(PAIR, rf"\nabla f{at} = (4, 13)") == ["right, identity"]
    assert kinds(PAIR, rf"\nabla f{at} = (4, 12)") == ["wrong"]


def test_the_slope_of_the_loss_on_a_right_side_is_its_derivative() -> None:
    """It was the loss itself."""
    assert kinds(PARABOLA, "x = 0\nx = x - 0.1 f'(x) = 0.3")[-1] == "right, numeric"
    assert kinds(PARABOLA, "x = 0\nx = x - 0.1 f'(x) = -0.1")[-1] == "wrong"
    assert kinds(PARABOLA, "x = 0\nx = x - f'(x) / f''(x) = 1.5")[-1] == "right, numeric"
    assert kinds(PARABOLA, "x = 0\nx = x + f'(x) / f''(x) = -1.5")[-1] == "up to convention"


def test_a_sentence_gives_the_rate_and_what_is_wrong_is_carried_forward() -> None:
    text = "We start at $x_0 = 1$ with the learning rate $\\eta = 0.1$.\n\n$$x_1 = x_0 - \\eta f'(x_0) = 1.1$$\n\n$$f'(x_1) = {}$$\n\n$$x_2 = x_1 - \\eta f'(x_1) = {}$$\n"
    assert kinds(PARABOLA, text.format("-0.8", "1.18"))[-3:] == ["right, numeric"] * 3
    assert kinds(PARABOLA, text.format("-0.7", "1.17"))[-2:] == ["wrong", "wrong, carried forward"]
    assert kinds(PARABOLA, text.format("-0.7", "1.19"))[-2:] == ["wrong", "wrong"]
    assert kinds(PARABOLA, text.format("-0.8", "1.172"))[-2:] == ["right, numeric", "wrong"]  # near, and not near enough for a step


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "x_10 = 1\nf'(x_0) = -1\nx_1 = x_0 - 0.1 f'(x_0) = 1.1",
        "x_0 = 1\nx_1 = x_0 - 0.1 f'(_0) = 1.1",
        r"x_0 = (1, 2)^T \\ \nabla f(x_0) = (4, 13)^T \\ x_1 = x_0  0.1\nabla f(x_0) = (0.6, 0.7)^T",
        r"x_0 = (1, 2)^T \\ x3_1 = x_0 - 0.1\nabla 9f(x_0) = (0.6, 00) = (0.6, 0.7)^T",
    ],
)
def test_slips_in_a_descent_are_told(text: str) -> None:
    net = PAIR if "nabla" in text else PARABOLA
    assert not all(one.right for one in sb.verify(net, text))


def test_a_name_whose_shape_changes_is_told() -> None:
    net = sb.read(
        "x: data[d]\ny: data[k]\nW_1: parameter[h, d]\nW_2: parameter[k, h]\na_1 = sigmoid(W_1 @ x)\na_2 = sigmoid(W_2 @ a_1)\n"
        "C = 1/2*sum((a_2 - y)**2)"
    )
    text = r"\delta_1 = W_2^T\delta_2 \odot a_1_2 \odot a_1 \\ \frac{\partial C}{\partial W_2} = \[delta_2 a_1^T \\ \frac{\partial C}{\partial W_1} = \delta_1 x^T"
    assert not all(one.right for one in sb.verify(net, text))
