"""Matrices put together of blocks, and names for the blocks of a value, as the box prints packed gates."""

import pytest

import symbackprop as sb
from symbackprop.formulas.latex import latex

PACKED = """X: data[n, d]
W: parameter[d, 2*h]
A: data[n, h]
B: data[n, h]
Z = X @ W
L = sum(A*Z[:, :h]) + sum(B*Z[:, h:]**2)"""
COLUMN = """x: data[d]
W: parameter[2*h, d]
a: data[h]
b: data[h]
z = W @ x
L = a @ z[:h] + b @ z[h:]"""
NAMED = ("blocks", r"Z = \begin{bmatrix} Z_a & Z_b \end{bmatrix}")
GRADIENT = ("W", r"\frac{\partial L}{\partial W} = X^\top \delta")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("delta", "right"), [("A & 2 B \\odot Z_b", True), ("A & 2 B \\odot Z_a", False), ("2 B \\odot Z_b & A", False)]
)
def test_blocks_of_a_value_have_names(delta: str, right: bool) -> None:
    steps = [NAMED, ("delta", rf"\delta = \begin{{bmatrix}} {delta} \end{{bmatrix}}"), GRADIENT]
    found = sb.verify(PACKED, steps).claims
    assert found[0].verdict == "abbreviation"
    assert found[2].right == right


@pytest.mark.parametrize(("cells", "right"), [("a \\\\ b", True), ("b \\\\ a", False), ("a \\\\ 0", False)])
def test_columns_stand_below_each_other(cells: str, right: bool) -> None:
    claim = rf"\begin{{bmatrix}} {cells} \end{{bmatrix}} x^\top"
    assert sb.verify(COLUMN, {"W": claim}).claims[0].right == right


def test_a_zero_has_the_size_of_its_neighbour() -> None:
    network = COLUMN.replace("L = a @ z[:h] + b @ z[h:]", "L = a @ z[:h]")
    assert sb.verify(network, {"W": r"\begin{bmatrix} a \\ 0 \end{bmatrix} x^\top"}).claims[0].right


def test_blocks_that_do_not_fit_are_refused() -> None:
    (found,) = sb.verify(COLUMN, {"W": r"\begin{bmatrix} a \\ W \end{bmatrix} x^\top"}).claims
    assert "do not fit beside each other" in found.verdict


def test_the_formula_that_was_understood_has_the_blocks() -> None:
    (found,) = sb.verify(COLUMN, {"W": r"\begin{bmatrix} a \\ b \end{bmatrix} x^\top"}).claims
    assert latex(found.formulas[0]).startswith(r"\begin{bmatrix} a \\ b \end{bmatrix}")
