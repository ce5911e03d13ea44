"""Equations in matrix notation: every formula that is shown is computed, and is the equation."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import event, given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.matrix import OPS, Form, Front, Leaf, number
from symbackprop.algebra.turned import transpose
from symbackprop.algebra.windows import Slide
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Program, size
from symbackprop.display.forms import Printer
from symbackprop.display.matrix_form import matrix_equation, matrix_form
from symbackprop.display.names import Names
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import items_of
from symbackprop.judge.proofs.forms import FormValue
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply, contract, reduce
from tests.display.networks import MAKERS, at_random, declare
from tests.random_programs import programs

ROOT = Path(__file__).parents[1] / "networks" / "linear_algebra"


def proven(derived: Derivation, seed: int = 0) -> int:
    """How many equations have a matrix form; each is compared with its equation's value."""
    names = Names(derived.program)
    arrays, sizes = at_random(derived, seed)
    count = 0
    for equation in derived.program.equations:
        form = matrix_form(names, equation)
        if form is not None:
            expected = arrays[equation.target.name]
            found = FormValue(derived.program, arrays, sizes, {}).read(form)
            found = found * np.ones(expected.shape) if found.size == 1 else found
            np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-9, atol=1e-9, err_msg=str(equation))
            node = matrix_equation(names, equation)
            assert node is not None
            assert parse(latex(node)).items == items_of(node)
            count += 1
    return count


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_networks(make) -> None:
    assert proven(make()) > 0


@pytest.mark.slow
@settings(max_examples=20)
@given(programs(steps=4), st.integers(0, 10**6))
def test_random_programs(program: Program, seed: int) -> None:
    derived = differentiate(program, "L")
    total = len(derived.program.equations)
    event(f"{10 * proven(derived, seed) // total} tenths in matrix form")


SIZES = st.sampled_from(["n", "m", "2", "3", "6"])


@pytest.mark.slow
@given(SIZES, SIZES, st.lists(SIZES, max_size=3), st.sampled_from(["A", "A*C", "A**2", "A*A.T", "exp(A)", "v[:, None]*A"]))
def test_what_a_sum_is_divided_by_is_used_once(rows: str, cols: str, below: list[str], summand: str) -> None:
    cols = rows if ".T" in summand else cols
    declared = f"A: parameter[{rows}, {cols}]\nC: data[{rows}, {cols}]\nv: data[{rows}]\n"
    known = [one for one in below if one.isdigit() or one in (rows, cols)]
    network = sb.read(f"{declared}L = 3*sum({summand})/({'*'.join(known) or '1'})")
    proven(differentiate(network.program, network.loss))


def right(tensor, name: str = "y") -> str | None:
    program = trace({name: tensor})
    names = Names(program)
    form = matrix_form(names, names.written[name])
    return None if form is None else latex(Printer(names).formula(form))


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


def test_a_row_or_a_column_that_is_read_alone() -> None:
    X, Y = declare("X", shape="5 n"), declare("Y", shape="n 3")
    assert right(X[4]) == "X_{4}"
    assert right(Y[:, 2]) == r"Y_{:,2}"
    assert right(declare("v", shape="5")[3]) == "v_{3}"


def test_sums_and_norms() -> None:
    A, x = declare("A", shape="m n"), declare("x", shape="n")
    assert right(x.sum(), "c") == r"\operatorname{sum}\left(x\right)"
    assert right(A.sum(axis=1), "c") == r"A\,\mathbf{1}_{n}"
    assert right(A.mean(axis=0), "c") == r"\operatorname{colmean}\left(A\right)^{\top}"
    assert right((x**2).sum(), "c") == r"\left\lVert x\right\rVert^{2}"
    assert right((A**2).mean(), "c") == r"\frac{1}{m n}\,\left\lVert A\right\rVert_{F}^{2}"
    assert right(contract("ii->", declare("S", shape="n n")), "c") == r"\operatorname{tr}\left(S\right)"
    assert right(reduce("logsumexp", x, 0), "c") == r"\operatorname{logsumexp}\left(x\right)"
    assert right(reduce("logsumexp", A, None), "c") is None  # where it is read it is one of each row


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


def test_a_slice_is_written_as_a_person_writes_it() -> None:
    assert right(declare("A", shape="m n")[1:]) == r"A_{1:}"
    assert right(declare("A", shape="12 n")[4:8]) == r"A_{4:8}"


def test_what_has_no_matrix_form_has_none() -> None:
    A, T = declare("A", shape="m n"), declare("T", shape="m n p")
    assert right(T.sum(axis=2)) is None
    assert right(A[::2]) is None
    assert right(A.max(axis=1)) is None
    assert matrix_form(Names(MAKERS["lookup"]().program), MAKERS["lookup"]().program.equations[0]) is None


MATRIX = Form("leaf", (), Leaf("A", ()))
SLIDE = Slide((sp.S.One,) * 2, (sp.S.One,) * 2, (sp.S.NegativeOne, sp.S.Zero), (size("n"),) * 2)
GIVEN = {
    "correlation": SLIDE, "convolution": SLIDE,
    "power": Fraction(3), "matrixpower": 3, "function": sp.exp, "compare": sp.Gt, "tril": 1, "triu": -1, "factor": "det",
    "scaled": Front(Fraction(3), (), (number(2),)), "blocks": 0, "grid": 3, "indexsum": (("i", size("n")),), "raised": True,
}  # fmt: skip
COUNT = {
    "correlation": 2,
    "convolution": 2,
    "cross": 2,
    "raised": 2,
    "over": 2,
    "compare": 2,
    "cases": 3,
    "inner": 2,
    "product": 3,
    "hadamard": 3,
    "grid": 3,
    "sum": 3,
}
PARTS = {
    "diag": Form("leaf", (), Leaf("v", ())),
    "skew": Form("leaf", (), Leaf("v", ())),
    "scalarpower": Form("trace", (MATRIX,)),
    "grid": Form("trace", (MATRIX,)),
    "factor": Form("product", (MATRIX, transpose(MATRIX))),
}
LEAVES = {
    "leaf",
    "shifted",
    "onehot",
    "number",
    "size",
    "ones",
    "identity",
    "zeros",
    "positions",
    "count",
    "entry",
}  # and what is a number


@pytest.mark.parametrize("op", [op for op in OPS if op not in LEAVES])
def test_what_a_row_says_of_its_transpose_is_so(op: str) -> None:
    program = trace({"y": declare("A", shape="n n").named("A") * declare("v", shape="n")})
    rng = np.random.default_rng(0)
    values = FormValue(program, {"A": rng.uniform(0.5, 2, (3, 3)), "v": rng.uniform(0.5, 2, 3)}, {"n": 3}, {})
    part = PARTS.get(op, MATRIX)
    parts = [part, transpose(part), part][: COUNT.get(op, 1)]
    form = Form(op, tuple(parts), GIVEN.get(op, Fraction(2) if op == "scalarpower" else None))
    np.testing.assert_allclose(values.read(transpose(form)), values.read(form).T)


def test_values_that_are_written_out() -> None:
    program = MAKERS["two_layers_with_biases"]().forward
    names = Names(program)
    hidden = {e.target.name for e in program.equations if e.target.name not in ("yhat", "a", "z", "L")}
    node = matrix_equation(names, program.equation_of()["z"], hidden)
    assert node is not None
    assert latex(node) == "z = W_{1} x + b_{1}"


def test_matrices_of_numbers_and_their_derivatives_are_listed() -> None:
    report = sb.derive((ROOT / "rotation.net").read_text(encoding="utf-8")).text()
    assert "R = [cos(θ), −sin(θ); sin(θ), cos(θ)]" in report
    assert "A = [1, h; 0, 1]" in report
    assert "∂R/∂θ = [−sin(θ), −cos(θ); cos(θ), −sin(θ)]" in report
    assert "∂A/∂h = [0, 1; 0, 0]" in report
    assert "u_" not in report


@pytest.mark.slow
@given(
    st.lists(st.sampled_from(["a", "b", "a*b", "0", "1", "sin(a) - b"]), min_size=6, max_size=6), st.booleans(), st.integers(0, 99)
)
def test_a_list_has_its_entries_in_their_places(entries: list[str], by_columns: bool, seed: int) -> None:
    rows = [f"stack([{', '.join(entries[k : k + 3])}])" for k in (0, 3)]
    text = f"a: parameter\nb: parameter\nR = stack([{', '.join(rows)}], {int(by_columns)})\nL = sum(sin(R))"
    program = sb.read(text).program
    derived = differentiate(program, "L", ["a", "b"])
    assert proven(derived, seed) > 0
