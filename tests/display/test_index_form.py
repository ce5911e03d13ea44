"""Equations in index notation."""

import numpy as np
import pytest
import sympy as sp

from symbackprop.core.differentiate import differentiate
from symbackprop.core.functions import iverson
from symbackprop.core.program import Sum, position, size, slot
from symbackprop.display.body import BodyPrinter
from symbackprop.display.index_form import counts_positions, index_equation, index_form
from symbackprop.display.names import Names
from symbackprop.evaluate import tape
from symbackprop.evaluate.points import point
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import items_of
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, apply, contract, where
from tests.display.networks import MAKERS, declare
from tests.formulas.latex_value import Numbered, formula_value


def right(tensor: Tensor, name: str = "L") -> str:
    """The index form of the equation that writes a tensor."""
    program = trace({name: tensor})
    return latex(index_form(Names(program), program.equation_of()[name]))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_equation_has_an_index_form_that_every_format_sets(make) -> None:
    program = make().program
    names = Names(program)
    for equation in program.equations:
        node = index_equation(names, equation)
        assert parse(latex(node)).items == items_of(node)


def test_the_two_layer_network() -> None:
    program = MAKERS["two_layers"]().program
    names = Names(program)
    assert [latex(index_equation(names, e)) for e in program.equations] == [
        r"z_{i} = \sum_{j} W_{1,ij} x_{j}",
        r"a_{i} = \sigma\left(z_{i}\right)",
        r"\hat{y}_{k} = \sum_{i} W_{2,ki} a_{i}",
        r"L = \sum_{k} \left(\hat{y}_{k} - y_{k}\right)^{2}",
        r"\frac{\partial L}{\partial \hat{y}_{k}} = 2 \left(\hat{y}_{k} - y_{k}\right)",
        r"\frac{\partial L}{\partial W_{2,ki}} = \frac{\partial L}{\partial \hat{y}_{k}}\,a_{i}",
        r"\frac{\partial L}{\partial a_{i}} = \sum_{k} \frac{\partial L}{\partial \hat{y}_{k}}\,W_{2,ki}",
        r"\frac{\partial L}{\partial z_{i}} = \frac{\partial L}{\partial a_{i}}\,a_{i} \left(1 - a_{i}\right)",
        r"\frac{\partial L}{\partial W_{1,ij}} = \frac{\partial L}{\partial z_{i}}\,x_{j}",
    ]


def test_a_jacobian_of_a_product_ties_its_letters() -> None:
    derived = MAKERS["product_jacobian"]()
    names = Names(derived.program)
    assert [latex(index_equation(names, e)) for e in derived.backward] == [
        r"\frac{\partial q_{k}}{\partial W_{ij}} = \mathbf{1}[k = i]\,x_{j}",
        r"\frac{\partial q_{k}}{\partial x_{j}} = W_{kj}",
    ]


def test_pinned_letters_are_positions() -> None:
    H, E, t = declare("H", shape="n h"), declare("E", shape="v d"), declare("t", "integers", "b", bound="v")
    assert right(H[1:, ::-1]) == "H_{i+1,h-1-j}"
    assert right(H[0]) == "H_{0,i}"
    assert right(E[t]) == "E_{t_{i},j}"


def test_a_window_is_read_at_a_sum_of_positions_and_scattered_within_its_range() -> None:
    x, w = declare("x", "data", "H"), declare("w", shape="K")
    out = size("H") - size("K") + 1
    guard = iverson(sp.Eq(position("i"), position("o") + position("k")))
    op = Sum(slot(0) * slot(1) * guard, (slot(0), slot(1)), (("i", size("H")), ("k", size("K"))))
    y = Tensor((out,), op, ((x, ("i",)), (w, ("k",))), ("o",), conditions=(size("H") - size("K"),)).named("y")
    derived = differentiate(trace({"L": (y**2).sum()}), "L", ["x", "w"])
    names = Names(derived.program)
    written = {e.target.name: latex(index_form(names, e)) for e in derived.program.equations}
    assert written["y"].replace(" ", "") in (
        r"\sum_{j}x_{i+j}w_{j}",
        r"\sum_{k}x_{i+k}w_{k}",
        r"\sum_{k}x_{k+i}w_{k}",
        r"\sum_{j}x_{j+i}w_{j}",
    )
    assert r"0 \le " in written["dL/dx"]
    assert r"\mathbf{1}" not in written["dL/dw"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (lambda x, y: 0.01 * x, "0.01 x"),
        (lambda x, y: x / 2, r"\frac{1}{2}\,x"),
        (lambda x, y: 2 * y - 2 * x, r"2 \left(y - x\right)"),
        (lambda x, y: -(x - y), "y - x"),
        (lambda x, y: 1 - x, "1 - x"),
        (lambda x, y: x + 1, "1 + x"),
        (lambda x, y: 1 + apply("exp", -x), "1 + e^{-x}"),
        (lambda x, y: x * apply("log", y), r"x\,\log y"),
        (lambda x, y: apply("log", x + y) * y, r"y\,\log\left(x + y\right)"),
        (lambda x, y: -x / y, r"-\frac{x}{y}"),
        (lambda x, y: x / (1 + y) ** 2, r"\frac{x}{\left(1 + y\right)^{2}}"),
        (lambda x, y: (x + y) ** 0.5, r"\sqrt{x + y}"),
        (lambda x, y: abs(x - y), r"\left|x - y\right|"),
        (lambda x, y: apply("sigmoid", x) ** 2, r"\sigma\left(x\right)^{2}"),
        (lambda x, y: where(x > y, x, 3), r"\begin{cases} x & \text{if } x > y \\ 3 & \text{otherwise} \end{cases}"),
        (lambda x, y: (x > 0) * y, r"y\,\mathbf{1}[x > 0]"),
        (lambda x, y: (x + y) * (x - y), r"\left(x + y\right) \left(x - y\right)"),
        (lambda x, y: -x - y, "-x - y"),
        (lambda x, y: x / sp.sqrt(3), r"\frac{1}{\sqrt{3}}\,x"),
        (lambda x, y: x + 0.00001, "x + 10^{-5}"),
    ],
)
def test_bodies_read_as_in_a_textbook(body, text: str) -> None:
    program = trace({"L": body(declare("x", "data"), declare("y", "data"))}, gates="whole")
    node = index_form(Names(program), program.equations[-1])
    assert latex(node) == text
    assert parse(text).items == items_of(node)


def test_what_has_no_summed_letter_stands_in_front() -> None:
    A, B = declare("A", shape="n d"), declare("B", shape="n d")
    assert right(((A - B) ** 2).mean(), "L") == r"\frac{1}{d n} \sum_{i,j} \left(A_{ij} - B_{ij}\right)^{2}"
    assert right(contract("ij,i->i", A, declare("v", shape="n")), "y") == r"v_{i} \sum_{j} A_{ij}"


def test_an_axis_of_size_one_has_no_letter() -> None:
    x = declare("x", "data", "n 1")
    assert right((x**2).sum()) == r"\sum_{i} x_{i}^{2}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda A, B: ((A - B) ** 2).sum(axis=1) ** 0.5, r"\lVert A_{i} - B_{i}\rVert"),
        (lambda A, B: 1 / (A**2).sum(axis=1) ** 1.5, r"\frac{1}{\lVert A_{i}\rVert^{3}}"),
        (lambda A, B: (A**2).sum() ** 0.5, r"\lVert A\rVert_{F}"),
        (lambda A, B: (A**2).sum(axis=1) ** 2, r"\left(\sum_{j} A_{ij}^{2}\right)^{2}"),
        (lambda A, B: (A**2).sum(axis=0) ** 0.5, r"\sqrt{\sum_{j} A_{ji}^{2}}"),  # a column has no name
        (lambda A, B: ((A - B[:, :1]) ** 2).sum(axis=1) ** 0.5, r"\sqrt{\sum_{j} \left(A_{ij} - B_{i,0}\right)^{2}}"),
        (lambda A, B: ((A - 2 * B) ** 2).sum(axis=1) ** 0.5, r"\sqrt{\sum_{j} \left(A_{ij} - 2 B_{ij}\right)^{2}}"),
    ],
)
def test_a_root_of_a_sum_of_squares_is_the_norm_of_a_row(value, text: str) -> None:
    program = trace({"y": value(declare("A", shape="n d"), declare("B", shape="n d"))})
    y, inner = program.equation_of()["y"], [e.target.name for e in program.equations]
    shown = latex(index_form(Names(program), y, inner))
    sizes = {"n": 3, "d": 2}
    values = dict(tape.forward(program, point(program, sizes), sizes))
    np.testing.assert_allclose(formula_value(Numbered(program), y, values, sizes, inner), values["y"])
    assert shown.replace(r"\left\l", r"\l").replace(r"\right\r", r"\r") == text


def test_reductions() -> None:
    H = declare("H", "data", "n h")
    assert right(H.max(axis=1), "m") == r"\max_{j} H_{ij}"
    program = MAKERS["softmax_classifier"]().program
    names = Names(program)
    written = [latex(index_form(names, e)) for e in program.equations]
    assert any(r"\log\sum_{" in text for text in written)
    assert any(r"\operatorname{softmax}\left(O\right)_{" in text for text in written)


def test_the_report_says_where_counting_begins_only_where_it_matters() -> None:
    for name, expected in (("slices", True), ("two_layers", False), ("softmax_classifier", False), ("lookup", False)):
        program = MAKERS[name]().program
        names = Names(program)
        assert any(counts_positions(names, e) for e in program.equations) is expected, name


def test_two_bounds_of_a_value_are_one_condition() -> None:
    x, y = sp.symbols("x y")
    assert latex(BodyPrinter().formula(sp.And(x >= 0, x < 7, y > 2))) == r"0 \le x < 7 \wedge y > 2"
    assert latex(BodyPrinter().formula(sp.Or(x < 0, x > 7))) == r"x < 0 \vee x > 7"
