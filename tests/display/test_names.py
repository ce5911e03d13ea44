"""Names in LaTeX."""

import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Gradient
from symbackprop.display.names import Names
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import letter, parse_name
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Node, items_of
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply
from tests.display.networks import declare, second_derivative, two_layers


def letters(text: str) -> list[Node]:
    return [letter(char) for char in text]


@pytest.mark.parametrize(
    ("name", "text"),
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
        ("W_xi", "W_{xi}"),
        ("W_mu", r"W_{\mu}"),
        ("b_pi", r"b_{\pi}"),
        ("x_nu_1", r"x_{\nu,1}"),
        ("xbar_3", r"\bar{x}_{3}"),
        ("hat beta_1", r"\hat{\beta}_{1}"),
        ("lam", r"\lambda"),
        ("sigma_t", r"\sigma_{t}"),
        ("muhat", r"\hat{\mu}"),
        ("x_1_2", "x_{1,2}"),
        ("Gamma", r"\Gamma"),
        ("loss_val", r"\mathrm{loss}_{\text{val}}"),
        ("what", r"\hat{w}"),
        ("chapeau_hat", r"\mathrm{chapeau}_{\text{hat}}"),
        ("_x", "x"),
        ("log_probs", r"\mathrm{logprobs}"),
        ("log_p_1", r"\mathrm{logp}_{1}"),
        ("log_2", r"\mathrm{log}_{2}"),
        ("max_score", r"\mathrm{maxscore}"),
        ("x10", "x_{10}"),
    ],
)
def test_a_name_follows_sympys_habit(name: str, text: str) -> None:
    node = parse_name(name).formula()
    assert latex(node) == text
    assert parse(text).items == items_of(node)


def test_letters_join_the_subscript() -> None:
    i, j, b, o_k = letter("i"), letter("j"), letter("b"), parse("o + k")
    assert latex(parse_name("W").formula([i, j])) == "W_{ij}"
    assert latex(parse_name("W_1").formula([i, j])) == "W_{1,ij}"
    assert latex(parse_name("x").formula([b, o_k])) == "x_{b,o+k}"
    assert latex(parse_name("x").formula([letter("i1"), None, j])) == "x_{i_{1},j}"


def test_two_tensors_never_print_alike() -> None:
    program = trace({"L": declare("W1") + declare("W_1") + declare("W__1")})
    names = Names(program)
    assert len({names.tensor(n) for n in program.tensors}) == len(program.tensors)


def test_a_tensor_and_the_step_of_another_that_is_read_never_print_alike() -> None:
    text = "x: data[d]\nW: parameter[d, d]\nh[0] = x\nfor t in 1..T:\n    h[t] = tanh(W @ h[t-1])\nh_2 = exp(h[T])\nL = sum(h_2 * h[{}])"
    clash, free = (Names(sb.read(text.format(step)).program).tensor("h_2") for step in (2, 3))
    assert (latex(clash), latex(free)) == (r"\mathrm{h\_2}", "h_{2}")


def test_gradients_are_fractions() -> None:
    names = Names(two_layers().program)
    assert latex(names.tensor("dL/dW_1")) == r"\frac{\partial L}{\partial W_{1}}"
    assert latex(names.entry("dL/dW_1", letters("ij"))) == r"\frac{\partial L}{\partial W_{1,ij}}"


def test_a_derivative_of_a_derivative_is_of_second_order() -> None:
    names = Names(second_derivative().program)
    assert latex(names.entry("d(dL/dx)/dx", letters("kj"))) == r"\frac{\partial^{2} L}{\partial x_{j}\,\partial x_{k}}"
    assert latex(names.entry("dL/dx", letters("k"))) == "G_{k}"  # g is a value of this network
    assert latex(names.entry("d(dL/dx)/d(dL/dz)", letters("ki"))) == r"\frac{\partial G_{k}}{\partial \delta_{2,i}}"
    assert latex(names.derivative(Gradient("dL/dx", "x"), letters("kj"), local=True)) == r"\frac{\partial G_{k}}{\partial x_{j}}"


def test_a_scalar_twice_is_a_square() -> None:
    x = declare("x", "data")
    first = differentiate(trace({"f": apply("tanh", x)}), "f", ["x"])
    second = differentiate(first.program, "df/dx", ["x"])
    assert latex(Names(second.program).tensor("d(df/dx)/dx")) == r"\frac{\partial^{2} f}{\partial x^{2}}"


def test_the_part_through_a_use_says_so() -> None:
    x = declare("x", "data", "n")
    derived = differentiate(trace({"L": (x * apply("tanh", x).named("a")).sum()}), "L", ["x"])
    assert r"\left.\frac{\partial L}{\partial x}\right|_{a}" in [
        latex(Names(derived.program).tensor(e.target.name)) for e in derived.backward
    ]


def test_a_tensor_called_pi_is_bold_beside_the_number() -> None:
    both, alone = (sb.derive(f"s: parameter[n]\npi: parameter[n]\nL = sum(pi*s**2){times}") for times in ("*sqrt(2*np.pi)", ""))
    assert both.box().by_name["dL/ds"].latex().endswith(r"= 2 \sqrt{2 \pi} s\odot \boldsymbol{\pi}")
    assert "𝝅 is a tensor of the network, π the number" in both.report("text")
    assert alone.box().by_name["dL/ds"].latex().endswith(r"= 2 s\odot \pi")
