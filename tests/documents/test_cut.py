"""Tensors that are cut into blocks: a network calls each by what it flows into, as its box does, and says what the whole is."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.views import ViewNames
from symbackprop.formulas.build import COMMA
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Fence, Grid, Node, Row, Script, walk

LAYERS = Path(__file__).parent.parent.parent / "examples" / "layers"


def network_of(report: str) -> str:
    return report.partition("The network")[2].partition("How to read it")[0]


@pytest.mark.slow
def test_a_gru_has_one_name_for_a_slice() -> None:
    text = sb.derive(LAYERS / "gru.net").text()
    network = network_of(text)
    assert "z_(s,1) = 1_N cₛᵀ + p_(1,s)" in network
    assert "p₁ = x₁ W + 1_N bᵀ = [p_(1,r), p_(1,s), p_(1,n)]" in network
    assert text.count("c = [cᵣ; cₛ; cₙ]") == 1  # in the box, which is read first
    assert ":h" not in network
    assert ":2h" not in network


@pytest.mark.slow
def test_the_steps_of_an_lstm_that_share_their_weights_are_told_once() -> None:
    network = network_of(sb.derive(LAYERS / "lstm.net").text())
    assert "x₁ = X_(:,0)" in network
    assert network.count("t = 2, 3") == 7
    assert "pₜ = hₜ₋₁ U + xₜ W + 1_N bᵀ = [p_(t,i), p_(t,f), p_(t,g), p_(t,o)]" in network
    assert "h₂ = tanh(c₂) ⊙ o₂" in network
    assert "H = tanh(c₃) ⊙ o₃" in network


NAMED = {
    "a vector": "x: data[3*n]\nr = sigmoid(x[:n])\ns = tanh(x[n:2*n])\nt = x[2*n:]**2\nL = sum(r*s*t)",
    "columns": "X: parameter[N, 2*h]\nA = sigmoid(X[:, :h])\nB = tanh(X[:, h:])\nL = sum(A*B)",
    "a value": "x: data[d]\nW: parameter[2*h, d]\np = W @ x\na = sigmoid(p[:h])\nb = p[h:]\nL = sum(a*b)",
}


def _blocks(node: Node) -> list[Node]:
    """Those of a column or a row of blocks."""
    match node:
        case Grid("bmatrix", rows):
            return [cell for row in rows for cell in row]
        case Fence("[", Row(items), "]"):
            return [item for item in items if item != COMMA]
    return []


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED)
def test_a_name_is_the_block_that_it_stands_for(text: str) -> None:
    """The k-th of what a tensor is said to be is its k-th block, and nothing but these names differs from slices."""
    derived = sb.derive(text)
    forward = differentiate(derived.forward, "L").forward
    plain, called = Names(derived.program), Names(derived.program)
    called.blocks = ViewNames(called).blocks
    (tensor,) = called.blocks
    whole = ViewNames(called).side_by_side(tensor)
    assert whole is not None
    cells = [cell for part in walk(whole) for cell in _blocks(part)]
    for equation in forward.equations:
        said, sliced = (equation_formula(names, equation) for names in (called, plain))
        found = [part for part in walk(said) if part in cells]
        if not found:
            assert said == sliced
            continue
        (cell,) = found
        k, size = cells.index(cell), len(cells)
        (cut,) = [part for part in walk(sliced) if isinstance(part, Script) and ":" in latex(part)]
        assert _swapped(said, cell, cut) == latex(sliced)
        begins, ends = k * 5, (k + 1) * 5
        bounds = latex(cut).rpartition("_{")[2].strip("}").split(",")[-1].split(":")
        values = [_at(bound, 5) for bound in bounds]
        assert [values[0] or 0, values[1] or size * 5] == [begins, ends]


def _swapped(formula: Node, cell: Node, cut: Node) -> str:
    return latex(formula).replace(latex(cell), latex(cut))


def _at(bound: str, width: int) -> int | None:
    """2h of a width of 5 is 10."""
    digits = "".join(c for c in bound if c.isdigit())
    return None if not bound else int(digits or 1) * width


def test_a_tensor_of_which_a_block_has_no_name_is_sliced() -> None:
    names = Names(sb.derive("x: data[2*n]\na = x[:n]*x[n:]\nb = tanh(x[:n])\nL = sum(a) + sum(b)").program)
    assert not ViewNames(names).blocks


def test_what_is_parsed_back_is_what_was_said() -> None:
    names = Names(sb.derive(NAMED["a vector"]).program)
    whole = ViewNames(names).side_by_side("x")
    assert whole is not None
    assert latex(parse(latex(whole))) == latex(whole)
