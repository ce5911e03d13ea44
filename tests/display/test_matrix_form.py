"""Equations in matrix notation: every formula that is shown is computed, and is the equation."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import event, given, settings
from hypothesis import strategies as st

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.functions import MATRIX_FUNCTIONS, REDUCTIONS
from symbackprop.core.program import Program, size
from symbackprop.display import tree_algebra as make
from symbackprop.display.matrix_form import matrix_equation, matrix_form, matrix_tree
from symbackprop.display.names import Names
from symbackprop.display.tree import OPS, Misfit, leaf, made
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import items_of
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply, contract
from tests.display.networks import MAKERS, at_random, declare
from tests.display.witness import tree_value
from tests.random_programs import programs


def proven(derived: Derivation, seed: int = 0) -> int:
    """How many equations have a matrix form; each is compared with its equation's value."""
    names = Names(derived.program)
    arrays, sizes = at_random(derived, seed)
    count = 0
    for equation in derived.program.equations:
        tree = matrix_tree(names, equation)
        if tree is not None:
            expected = arrays[equation.target.name]
            found = tree_value(tree, arrays, sizes)
            np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-9, atol=1e-9, err_msg=str(equation))
            node = matrix_equation(names, equation)
            assert node is not None
            assert parse(latex(node)).items == items_of(node)
            count += 1
    return count


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_networks(make) -> None:
    assert proven(make()) > 0


@settings(max_examples=20)
@given(programs(steps=4), st.integers(0, 10**6))
def test_random_programs(program: Program, seed: int) -> None:
    derived = differentiate(program, "L")
    total = len(derived.program.equations)
    event(f"{10 * proven(derived, seed) // total} tenths in matrix form")


def right(tensor, name: str = "y") -> str | None:
    program = trace({name: tensor})
    node = matrix_form(Names(program), program.equation_of()[name])
    return None if node is None else latex(node)


def test_products() -> None:
    A, B, x, y = declare("A", shape="m n"), declare("B", shape="n p"), declare("x", shape="n"), declare("y", shape="m")
    assert right(A @ B, "C") == "A B"
    assert right(A @ x, "c") == "A x"
    assert right(contract("ij,ik->jk", A, declare("D", shape="m p")), "C") == r"A^{\top} D"
    assert right(contract("ij,kj->ki", A, declare("D", shape="p n")), "C") == r"D A^{\top}"
    assert right(contract("i,j->ij", y, x), "C") == r"y x^{\top}"
    assert right(contract("i,i->", x, declare("u", shape="n")), "c") == r"x^{\top} u"
    assert right(contract("i,ij,j->", y, A, x), "c") == r"y^{\top} A x"
    assert right(contract("ij,j,kj->ik", A, x, A), "C") == r"A\,\operatorname{diag}\left(x\right)\,A^{\top}"
    assert right(contract("ij,ij->", A, declare("D", shape="m n")), "c") == r"\left\langle A, D\right\rangle_{F}"


def test_sums_and_norms() -> None:
    A, x = declare("A", shape="m n"), declare("x", shape="n")
    assert right(x.sum(), "c") == r"\mathbf{1}_{n}^{\top}\,x"
    assert right(A.sum(axis=1), "c") == r"A\,\mathbf{1}_{n}"
    assert right(A.mean(axis=0), "c") == r"\frac{1}{m}\,A^{\top}\,\mathbf{1}_{m}"
    assert right((x**2).sum(), "c") == r"\left\lVert x\right\rVert^{2}"
    assert right((A**2).mean(), "c") == r"\frac{1}{m n}\,\left\lVert A\right\rVert_{F}^{2}"
    assert right(contract("ii->", declare("S", shape="n n")), "c") == r"\operatorname{tr}\left(S\right)"


def test_entry_by_entry() -> None:
    A, x, u = declare("A", shape="m n"), declare("x", shape="n"), declare("u", shape="n")
    assert right(x * u) == r"x\odot u"
    assert right(x / u) == r"\frac{x}{u}"
    assert right(1 - x**2) == r"1 - x^{\odot 2}"
    assert right(apply("sigmoid", x)) == r"\sigma\left(x\right)"
    assert right((x > 0) * u) == r"u\odot \mathbf{1}[x > 0]"
    assert right(A + x) == r"A + \mathbf{1}_{m}\,x^{\top}"
    assert right(A * x) == r"A\,\operatorname{diag}\left(x\right)"
    assert right(2 * x - 2 * u) == r"2 \left(x - u\right)"
    assert right(A.T, "B") == r"A^{\top}"


def test_what_has_no_matrix_form_has_none() -> None:
    A, T = declare("A", shape="m n"), declare("T", shape="m n p")
    assert right(T.sum(axis=2)) is None
    assert right(A[1:]) is None
    assert right(A.max(axis=1)) is None
    assert matrix_form(Names(MAKERS["lookup"]().program), MAKERS["lookup"]().program.equations[0]) is None


def test_sizes_that_do_not_fit_cannot_be_written() -> None:
    A, x = leaf("A", size("m"), size("n")), leaf("x", size("n"), size("m"))
    with pytest.raises(Misfit):
        make.product([A, make.transpose(x)])
    with pytest.raises(Misfit):
        make.hadamard([A, x])
    with pytest.raises(Misfit):
        make.total([A, x])


GIVEN = {"scale": sp.Integer(3), "power": sp.Integer(3), "apply": sp.exp, "compare": sp.Gt}


@pytest.mark.parametrize("op", [op for op, own in OPS.items() if own.shape])
def test_what_a_row_says_of_its_op_is_so(op: str) -> None:
    own, n = OPS[op], sp.Integer(3)
    count = own.arity or (1 if op == "apply" else 3)
    parts = [leaf(f"A{k}", n, sp.S.One if op == "diag" else n) for k in range(count)]
    arrays = {part.given: np.random.default_rng(k).standard_normal((3, int(part.cols))) for k, part in enumerate(parts)}
    tree = made(op, parts, GIVEN.get(op))
    value = tree_value(tree, arrays, {})
    np.testing.assert_allclose(tree_value(make.transpose(tree), arrays, {}), value.T)
    np.testing.assert_allclose(tree_value(make.entry_sum(tree), arrays, {}).item(), value.sum())
    if own.linear:
        twice = made(op, [made("scale", parts[:1], sp.Integer(2)), *parts[1:]])
        np.testing.assert_allclose(tree_value(make.scale(sp.Rational(1, 2), twice), arrays, {}), value)
        assert make.scale(sp.Rational(1, 2), twice) == tree


def test_a_row_hides_no_row_of_the_operations() -> None:
    assert not OPS.keys() & REDUCTIONS.keys()
    assert OPS.keys() & MATRIX_FUNCTIONS.keys() == {"inverse"}


def test_values_that_are_written_out() -> None:
    program = MAKERS["two_layers_with_biases"]().forward
    names = Names(program)
    hidden = {e.target.name for e in program.equations if e.target.name not in ("yhat", "a", "z", "L")}
    node = matrix_equation(names, program.equation_of()["z"], hidden)
    assert node is not None
    assert latex(node) == "z = W_{1} x + b_{1}"
