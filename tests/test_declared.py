r"""Functions that a network names and nobody defines: what is derived holds \sigma'(z), and is checked with a function that is drawn."""

import copy
import pickle

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.backends.function import CompileError
from symbackprop.core.functions import X, declared
from tests.display.test_box import read_back
from tests.display.test_shown import prove
from tests.formulas.latex_value import FUNCTIONS

NET = """
sigma: function
x: data[d]
t: data[k]
W_1: parameter[h, d]
W_2: parameter[k, h]
z = W_1 @ x
a = sigma(z)
y = W_2 @ a
L = sum((y - t)**2)/2
"""
RIGHT = r"\left(W_{2}^{\top} \delta_{y}\odot \sigma'\left(z\right)\right) x^{\top}"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readers of printed formulas know the function that is drawn."""
    for order in range(3):
        monkeypatch.setitem(FUNCTIONS, "σ" + "'" * order, sp.lambdify(X, declared("sigma", order).row.formula, "numpy"))


@pytest.mark.parametrize("order", range(6))
def test_each_slope_is_the_derivative_of_the_one_before(order: int) -> None:
    rows = [declared("sigma", k).row for k in (order, order + 1)]
    assert sp.expand(sp.diff(rows[0].formula, X) - rows[1].formula) == 0
    assert sp.diff(declared("sigma", order)(X), X) == declared("sigma", order + 1)(X)


def test_what_is_drawn_depends_on_the_name_alone() -> None:
    assert declared("sigma").row.formula != declared("phi").row.formula
    assert float(declared("sigma").row.formula.subs(X, 1)) == pytest.approx(float(declared("sigma").row.formula.subs(X, 1)))
    assert pickle.loads(pickle.dumps(declared("sigma", 1)(X))) == declared("sigma", 1)(X)


@pytest.mark.slow
@pytest.mark.usefixtures("drawn")
def test_the_derivation_is_the_one_of_the_book() -> None:
    derived = sb.derive(NET)
    assert derived.gradients["W_1"].latex() == r"\frac{\partial L}{\partial W_{1}} = " + RIGHT
    assert derived.check().ok
    assert prove(derived)
    assert read_back(derived)
    assert "σ is any function with a slope" in " ".join(derived.remarks)
    assert r"\sigma''" in sb.derive(sb.derive(NET, "x"), vector="v").report("latex")


@pytest.mark.usefixtures("drawn")
def test_second_derivatives_hold_the_second_slope() -> None:
    second = sb.derive(sb.derive(NET, "x"), "x")
    assert second.check().ok
    assert read_back(second)
    assert r"\sigma''" in second.box().latex()


def mlp(sigma: "function", x: "data[d]", W: "parameter[h, d]"):  # noqa: F821
    z = W @ x
    return np.sum(sigma(z) ** 2)


def test_every_way_in_knows_them() -> None:
    sigma = sb.function("sigma")
    W, x = sb.parameter("W", "h d"), sb.data("x", "d")
    latex = "sigma: function\nx: data[d]\nW: parameter[h, d]\n$$L = \\|\\sigma(W x)\\|^2$$"
    boxes = {
        str(sb.derive(net, "W").box())
        for net in (
            "sigma: function\nx: data[d]\nW: parameter[h, d]\nL = sum(sigma(W @ x)**2)",
            mlp,
            sb.sum(sigma(W @ x) ** 2).named("L"),
            sb.read("sum(sigma(W @ x)**2)", let=["sigma: function", "x: data[d]", "W: parameter[h, d]"]),
            latex,
        )
    }
    assert all("σ′(" in box for box in boxes), boxes


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim",
    [
        "np.outer(W_2.T @ (y - t) * sigma_prime(z), x)",
        r"(W_2^\top (y - t) \odot \sigma'(z)) x^\top",
        r"(W_2^\top (y - t) \odot \sigma'(W_1 x)) x^\top",
    ],
)
def test_a_claim_names_the_slope(claim: str) -> None:
    verdict = sb.verify(NET, {"W_1": claim})
    assert verdict.exit_code == 0
    assert "σ′(" in str(verdict)


@pytest.mark.parametrize("slope", [r"\sigma(z)", r"\sigma''(z)", r"a \odot (1 - a)", r"1", r"\sigma'(a)"])
def test_another_slope_is_wrong(slope: str) -> None:
    assert sb.verify(NET, {"W_1": rf"(W_2^\top (y - t) \odot {slope}) x^\top"}).exit_code == 1


def test_compiling_asks_for_the_function_and_takes_it() -> None:
    for verb in (sb.compile, lambda net: sb.train(net, {"x": np.ones((9, 2)), "t": np.ones((9, 3))}, sizes={"h": 2})):
        with pytest.raises(CompileError, match='Write "sigma = tanh"'):
            verb(NET)
    given = sb.derive(NET.replace("sigma: function", "sigma = tanh"))
    assert str(given.box()) == str(sb.derive(NET.replace("sigma: function\n", "").replace("sigma(", "tanh(")).box())
    assert sb.compile(given).source


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("sigma: function\nx: data[n]\nL = sum(sigma(x, x))", "sigma is declared as a function of one argument, not of 2"),
        ("sigma: function\nx: data[n]\nL = sum(sigma*x)", "sigma is a function. Write sigma(...)."),
        ("sigma: function\nsigma: data[n]\nL = sum(sigma)", "sigma is defined twice (first on line 1)"),
        ("sigma: function\nx: data[n]\nsigma = tanh\nL = sum(sigma(x))", "sigma is defined twice (first on line 1)"),
        ("sigma: function\nx: data[sigma]\nL = sum(x)", "sigma is a function, not a size."),
        ("sigma: function[n]\nx: data[n]\nL = sum(x)", "function is no kind of tensor"),
        ("sigma: function\nx: data[n]\nL = sum(sigma(x, axis=0))", "sigma is declared as a function of one argument"),
        ("sigma: function\nx: data[n]\nL = sum(sigma(x) + sigmoid(x))", "sigma and sigmoid are both written"),
        ("tanh: function\nx: data[n]\nL = sum(tanh(x))", "tanh is a function of the language"),
    ],
)
def test_mistakes_are_mended(text: str, fault: str) -> None:
    with pytest.raises(sb.NotationError) as refused:
        sb.read(text)
    assert fault in str(refused.value)


def test_a_network_with_them_is_copied_and_pickled() -> None:
    network = sb.read(NET)
    assert pickle.loads(pickle.dumps(network)).program == network.program
    assert copy.deepcopy(network) is network
