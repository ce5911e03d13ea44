r"""Derivatives of every order, in the spellings that people use, on either side; and equations between what is no gradient."""

from __future__ import annotations

import random
from functools import reduce

import pytest
import sympy as sp

import symbackprop as sb

X, Y = sp.symbols("x y")
SQUARE = sb.read("x: parameter\ny: parameter\nf = x**2*y + sin(x*y) + exp(y)")
LINE = sb.read("x: parameter\nf = x**4 - 3*x**3 + 2*x")
SIGMOID = sb.read("x: parameter\ns = sigmoid(x)")
CUBE = sb.read("A: symmetric[n, n]\nx: parameter[n]\nf = sum((A @ x)**3)/6")
QUADRATIC = sb.read("A: symmetric[n, n]\nx: parameter[n]\nb: data[n]\nf = 1/2*x @ A @ x - b @ x")
COSINE = sb.read("u: parameter[n]\nv: parameter[n]\nc = (u @ v)/(norm(u)*norm(v))")


def kinds(network: sb.Network, claim: str) -> list[str]:
    return [one.kind for one in sb.verify(network, claim).claims]


def spellings(by: str) -> list[str]:
    each = [rf"\partial {c}" for c in by]
    powers = " ".join(rf"\partial {c}^{by.count(c)}" if by.count(c) > 1 else rf"\partial {c}" for c in dict.fromkeys(by))
    inner = reduce(lambda f, d: rf"\frac{{\partial}}{{{d}}}\left({f}\right)", each[1:], rf"\frac{{\partial f}}{{{each[0]}}}")
    return [
        rf"\frac{{\partial^{len(by)} f}}{{{powers}}}",
        rf"\frac{{\partial^{len(by)} f}}{{{' '.join(each)}}}",
        f"f_{{{by}}}",
        f"f_{{{by}}}(x, y)",
        rf"\partial_{{{''.join(sorted(by))}}} f",
        inner,
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_derivative_of_every_order_is_read_in_every_spelling(seed: int) -> None:
    """f_{xxy} and f''' were names of a person's own, which nothing held against the network."""
    rng = random.Random(seed)
    formula = sum(rng.randint(1, 5) * X ** rng.randint(0, 4) * Y ** rng.randint(0, 3) for _ in range(4)) + sp.sin(X * Y)
    network = sb.read(f"x: parameter\ny: parameter\nf = {formula}")
    by = "".join(rng.choice("xy") for _ in range(rng.randint(2, 4)))
    true = reduce(sp.diff, (sp.Symbol(c) for c in by), formula)
    left = rng.choice(spellings(by))
    assert kinds(network, f"{left} = {sp.latex(sp.expand(true))}") == ["right, identity"], left
    assert kinds(network, f"{left} = {sp.latex(sp.expand(true) + X)}")[0].startswith("wrong"), left


@pytest.mark.parametrize("left", spellings("xxy"))
def test_each_spelling_says_the_same(left: str) -> None:
    assert kinds(SQUARE, rf"{left} = 2 - 2y\sin(xy) - xy^2\cos(xy)") == ["right, identity"]
    assert kinds(SQUARE, rf"{left} = 2 - y\sin(xy) - xy^2\cos(xy)") == ["wrong"]


@pytest.mark.parametrize(
    "left", ["f'''(x)", "f'''", r"\frac{d^3 f}{dx^3}", "f^{(3)}(x)", r"f^{\prime\prime\prime}(x)", "d^3f/dx^3"]
)
def test_primes_count(left: str) -> None:
    assert kinds(LINE, f"{left} = 24x - 18") == ["right, identity"]
    assert kinds(LINE, f"{left} = 12x - 18")[0] != "abbreviation"
    assert not sb.verify(LINE, f"{left} = 12x - 18").ok


def test_a_right_side_may_say_derivatives_of_higher_order() -> None:
    assert kinds(SIGMOID, "s'''(x) = s''(x)(1 - 2s(x)) - 2s'(x)^2") == ["right, identity"]
    assert kinds(SIGMOID, "s'''(x) = s''(x)(1 - 2s(x)) - 2s'^2(x)") == ["right, identity"]
    assert kinds(SIGMOID, "s'''(x) = s''(x)(1 - 2s(x)) - s'(x)^2")[0].startswith("wrong")
    assert kinds(SQUARE, r"f_{xy} = f_{yx}") == ["right, numeric"] or kinds(SQUARE, r"f_{xy} = f_{yx}") == ["right, identity"]
    assert kinds(QUADRATIC, r"\nabla f = \nabla^2 f x - b")[0].startswith("right,")
    assert kinds(QUADRATIC, r"\nabla f = \nabla^2 f x + b")[0] in ("wrong", "up to convention")
    assert kinds(QUADRATIC, r"\frac{\partial f}{\partial x_i} = \sum_j\frac{\partial^2f}{\partial x_i\partial x_j}x_j - b_i")[
        0
    ].startswith("right,")


def test_what_claims_itself_says_nothing() -> None:
    assert kinds(LINE, r"f'''(x) = \frac{d^3f}{dx^3}") == ["undecided"]


def test_third_derivatives_by_a_vector_have_indices() -> None:
    left = r"\frac{\partial^3 f}{\partial x_i\partial x_j\partial x_k}"
    assert kinds(CUBE, rf"{left} = \sum_l A_{{li}}A_{{lj}}A_{{lk}}") == ["right, identity"]
    assert kinds(CUBE, rf"{left} = \sum_l A_{{li}}A_{{lj}}A_{{li}}")[0].startswith("wrong")
    (found,) = sb.verify(CUBE, r"\nabla^3 f = A")
    assert found.kind == "not understood"
    assert "Give each its index" in found.reason


def test_a_step_of_newton_by_the_second_derivative() -> None:
    assert kinds(LINE, r"x_{n+1} = x_n - \frac{f'(x_n)}{f''(x_n)}") == ["right, numeric"]
    assert kinds(LINE, r"x_{n+1} = x_n + \frac{f'(x_n)}{f''(x_n)}") == ["up to convention"]
    assert kinds(LINE, r"x_{n+1} = x_n - \frac{f''(x_n)}{f'(x_n)}") == ["wrong"]
    assert kinds(QUADRATIC, r"x^+ = x - (\nabla^2f)^{-1}\nabla f") == ["right, numeric"]


def test_the_power_of_a_derivative_is_a_power() -> None:
    """f'(x)^2 was f' times x^2."""
    assert kinds(SIGMOID, "s'(x) = s(x) - s(x)^2") == ["right, identity"]
    assert kinds(SQUARE, r"D = f_{xx}f_{yy} - f_{xy}^2 = f_{xx}f_{yy} - f_{xy}f_{yx}") == ["right, numeric"]


def test_sides_of_a_chain_are_held_against_each_other() -> None:
    """Nothing was said where a name of a person's own was equal to two things that are not equal."""
    (found,) = sb.verify(SQUARE, r"u = x f_x - y f_y = x^2y + ye^y")
    assert found.kind == "undecided"
    assert "the sides of its chain are not equal" in found.reason
    assert kinds(SQUARE, r"u = x f_x - y f_y = x^2y - ye^y") == ["right, numeric"]


@pytest.mark.parametrize(("network", "claim"), [
    (SQUARE, r"x f_x - y f_y = x^2y - ye^y"),
    (SQUARE, r"\frac{f_x}{f_y} = \frac{y\cos(xy) + 2xy}{x^2 + x\cos(xy) + e^y}"),
    (QUADRATIC, r"x^\top\nabla f = x^\top Ax - b^\top x"),
    (QUADRATIC, r"\|\nabla f\|^2 = x^\top A^2x - 2b^\top Ax + b^\top b"),
    (COSINE, r"u^\top\nabla_u c = 0"),
])  # fmt: skip
def test_an_equation_between_formulas_is_right_where_its_sides_are_equal(network: sb.Network, claim: str) -> None:
    """x^T grad f was taken apart as if x were a number, and found wrong."""
    assert kinds(network, claim) == ["right, numeric"]


def test_an_equation_that_is_a_condition_convicts_nobody() -> None:
    assert not any(kind.startswith("wrong") for kind in kinds(SQUARE, r"\frac{f_x}{f_y} = \frac{2}{3}"))
    assert not any(kind.startswith("wrong") for kind in kinds(SQUARE, r"m = \frac{f_x}{2} = \frac{f_y}{3}"))
    (found,) = sb.verify(SQUARE, r"\frac{dy}{dx} = -\frac{f_x}{f_y}")
    assert found.kind == "undecided"
    assert "y is given" in found.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s", "sigma2", "sigma_sq"])
def test_a_derivative_by_a_square_is_read(name: str) -> None:
    square = f"{name}**2" if name == "s" else name
    network = sb.read(
        f"x: data[n]\nmu: parameter\n{name}: parameter & positive\nl = -n/2*log(2*pi*{square}) - sum((x - mu)**2)/(2*{square})"
    )
    letter = "s" if name == "s" else r"\sigma"
    left, second = rf"\frac{{\partial l}}{{\partial {letter}^2}}", rf"\frac{{1}}{{2{letter}^4}}\sum_i (x_i - \mu)^2"
    assert kinds(network, rf"{left} = -\frac{{n}}{{2{letter}^2}} + {second}") == ["right, identity"]
    assert kinds(network, rf"{left} = -\frac{{n}}{{{letter}^2}} + {second}")[0].startswith("wrong")
    assert kinds(network, rf"{left} = -\frac{{n}}{{2{letter}^2}} + {second} = 0") == ["right, identity"]


def test_several_derivatives_stand_side_by_side() -> None:
    claims = sb.verify(LINE, r"f'(x) = 4x^3 - 9x^2 + 2, f''(x) = 12x^2 - 18x, f^{(3)}(x) = 24x - 18, f^{(4)}(x) = 24").claims
    assert [one.kind for one in claims] == ["right, identity"] * 4


def test_a_derivative_by_a_logarithm_is_read() -> None:
    one = sb.read("mu: parameter\nsigma: parameter & positive\nK = log(1/sigma) + (sigma**2 + mu**2)/2 - 1/2")
    assert kinds(one, r"\frac{\partial K}{\partial\log\sigma} = \sigma^2 - 1") == ["right, identity"]
    assert kinds(one, r"\frac{\partial K}{\partial\log\sigma^2} = \frac12(\sigma^2 - 1)") == ["right, identity"]
    assert kinds(one, r"\frac{\partial K}{\partial\log\sigma^2} = \sigma^2 - 1")[0] != "right, identity"
    several = sb.read("mu: parameter[k]\nsigma: parameter[k] & positive\nK = sum(sigma**2 + mu**2 - 1 - log(sigma**2))/2")
    assert kinds(several, r"\frac{\partial K}{\partial\log\sigma_j^2} = \frac12(\sigma_j^2 - 1)") == ["right, identity"]


def test_an_index_below_a_number_is_told() -> None:
    """`p_i stands nowhere in this network. The network has ..., p`: it was no help."""
    network = sb.read("w: parameter\nx: data[n]\np = sum(w*x)\nL = p**2")
    (found,) = sb.verify(network, r"\frac{\partial L}{\partial w} = 2\sum_i p_i x_i")
    assert "p is a number in this network: it has no index" in found.reason


@pytest.mark.slow
def test_a_gradient_of_a_formula_without_a_letter_is_by_what_the_formula_has() -> None:
    """It was that of the loss: right formulas were wrong, and that of the loss was right."""
    net = "A: data[n, n]\nx: parameter[n]\nb: data[n]\nf = x @ A @ x - b @ x"
    assert sb.verify(net, r"$\nabla(b^\top x) = b$ and $\nabla(x^\top Ax) = (A + A^\top)x$").ok
    assert sb.verify(net, r"$\nabla(x^\top Ax) = (A + A^\top)x - b$").claims[0].wrong
    assert not sb.verify(net, r"$\nabla f = \nabla(x^\top Ax) = (A + A^\top)x - b$").ok
