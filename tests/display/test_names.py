"""Names in LaTeX."""

import pytest

from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Gradient
from symbackprop.display.names import Names, parse_name
from symbackprop.formulas.formula import parse
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply
from tests.display.networks import declare, second_derivative, two_layers


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("yhat", r"\hat{y}"),
        ("W_1", "W_{1}"),
        ("W1", "W_{1}"),
        ("delta", r"\delta"),
        ("alpha_2", r"\alpha_{2}"),
        ("h_prev", r"h_{\text{prev}}"),
        ("loss", r"\mathrm{loss}"),
        ("W_xh", "W_{xh}"),
        ("xbar_3", r"\bar{x}_{3}"),
        ("lam", r"\lambda"),
        ("sigma_t", r"\sigma_{t}"),
        ("muhat", r"\hat{\mu}"),
        ("x_1_2", "x_{1,2}"),
        ("Gamma", r"\Gamma"),
        ("loss_val", r"\mathrm{loss}_{\text{val}}"),
        ("what", r"\hat{w}"),
        ("chapeau_hat", r"\mathrm{chapeau}_{\text{hat}}"),
        ("_x", "x"),
        ("x10", "x_{10}"),
    ],
)
def test_a_name_follows_sympys_habit(name: str, latex: str) -> None:
    assert parse_name(name).latex() == latex
    parse(latex)


def test_letters_join_the_subscript() -> None:
    assert parse_name("W").latex("ij") == "W_{ij}"
    assert parse_name("W_1").latex("ij") == "W_{1,ij}"
    assert parse_name("x").latex(["b", "o+k"]) == "x_{b,o+k}"
    assert parse_name("x").latex(["i_{1}", "j"]) == "x_{i_{1},j}"


def test_two_tensors_never_print_alike() -> None:
    program = trace({"L": declare("W1") + declare("W_1") + declare("W__1")})
    names = Names(program)
    assert len({names.tensor(n) for n in program.tensors}) == len(program.tensors)


def test_gradients_are_fractions() -> None:
    names = Names(two_layers().program)
    assert names.tensor("dL/dW_1") == r"\frac{\partial L}{\partial W_{1}}"
    assert names.entry("dL/dW_1", "ij") == r"\frac{\partial L}{\partial W_{1,ij}}"


def test_a_derivative_of_a_derivative_is_of_second_order() -> None:
    names = Names(second_derivative().program)
    assert names.entry("d(dL/dx)/dx", "kj") == r"\frac{\partial^{2} L}{\partial x_{j}\,\partial x_{k}}"
    assert (
        names.entry("d(dL/dx)/d(dL/dz)", "ki")
        == r"\frac{\partial \left(\partial L/\partial x_{k}\right)}{\partial \left(\partial L/\partial z_{i}\right)}"
    )
    assert names.derivative(Gradient("dL/dx", "x"), "kj", local=True).startswith(r"\frac{\partial \left(")


def test_a_scalar_twice_is_a_square() -> None:
    x = declare("x", "data")
    first = differentiate(trace({"f": apply("tanh", x)}), "f", ["x"])
    second = differentiate(first.program, "df/dx", ["x"])
    assert Names(second.program).tensor("d(df/dx)/dx") == r"\frac{\partial^{2} f}{\partial x^{2}}"


def test_the_part_through_a_use_says_so() -> None:
    x = declare("x", "data", "n")
    derived = differentiate(trace({"L": (x * apply("tanh", x).named("a")).sum()}), "L", ["x"])
    assert r"\left.\frac{\partial L}{\partial x}\right|_{a}" in [
        Names(derived.program).tensor(e.target.name) for e in derived.backward
    ]
