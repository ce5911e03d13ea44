"""Letters of batches and heads stand below the names of matrices; what takes other axes apart stays in index letters."""

import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.display.matrix_form import matrix_equation, matrix_form
from symbackprop.display.names import Names
from symbackprop.formulas.plain import plain

ATTENTION = (
    "Q: parameter[N, T, d]\nK: data[N, U, d]\nV: data[N, U, e]\nm: data[N, U]\nS = einsum('ntd,nud->ntu', Q, K) + m[:, None, :]\n"
    "P = softmax(S)\nO = einsum('ntu,nue->nte', P, V)\nL = sum(O**2)"
)
HEADS = "X: data[T, d]\nA: parameter[H, d, k]\nY = einsum('td,hdk->htk', X, A)\nL = sum(tanh(Y))"
FILTERS = "X: parameter[N, C, T]\nW: parameter[C, D]\nY = einsum('nct,cd->ndt', X, W)\nL = sum(Y**2)"
ACROSS = "X: parameter[N, T, d]\nY = softmax(X, axis=0)\nL = sum(Y**2)"
TURNED = "X: parameter[N, T, d]\nZ: data[T, N, d]\nY = X + transpose(Z, (1, 0, 2))\nL = sum(Y**2)"


def shown(text: str) -> dict[str, str | None]:
    network = sb.read(text)
    program = differentiate(network.program, network.loss).program
    names = Names(program)
    found = {e.target.name: matrix_equation(names, e) for e in program.equations if program.tensors[e.target.name].named}
    return {name: None if node is None else plain(node).split(" = ", 1)[1] for name, node in found.items()}


@pytest.mark.parametrize(("text", "lines"), [
    (ATTENTION, {"P": "softmax(Sₙ)", "O": "Pₙ Vₙ", "L": "Σ_n ‖Oₙ‖_F²"}),
    (HEADS, {"Y": "X Aₕ"}),
    (FILTERS, {"Y": "Wᵀ Xₙ", "L": "Σ_n ‖Yₙ‖_F²"}),
    (ACROSS, {"Y": "exp(Xₙ − u)"}),
    (TURNED, {"Y": None}),
])  # fmt: skip
def test_an_equation_of_several_axes(text: str, lines: dict[str, str | None]) -> None:
    found = shown(text)
    assert {name: found[name] for name in lines} == lines


def test_a_form_of_the_whole_has_no_such_letters() -> None:
    program = sb.read(HEADS).program
    assert all(matrix_form(Names(program), e) is None for e in program.equations if len(e.target.index) > 2)


def test_the_report_says_the_network_in_matrices() -> None:
    report = sb.derive(ATTENTION).text()
    assert "Pₙ = softmax(Sₙ)" in report
    assert "Oₙ = Pₙ Vₙ" in report
    assert "Xₙ is the matrix along the last two axes of X" in report
    assert "is row" not in report
    assert "is the matrix along" not in sb.derive("X: data[N, d]\nw: parameter[d]\nL = sum((X @ w)**2)").text()
