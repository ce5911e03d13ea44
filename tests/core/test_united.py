"""A softmax's backward equations united: the same gradients, and no word of the sum of exponentials."""

from dataclasses import replace

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.united import PATTERN, united
from symbackprop.core.differentiate import differentiate
from symbackprop.display.index_form import index_form
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.documents.formats.text import Text
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import latex
from symbackprop.formulas.tree import items_of, split
from tests.display.matrix_value import matrix_value
from tests.display.networks import at_random
from tests.formulas.latex_value import Numbered, formula_value

LOSSES = {
    "labels": "Y: labels[n, k]\nL = cross_entropy(S, Y)",
    "integers": "t: integers[n, k]\nL = cross_entropy(S, t)",
    "squares": "Y: data[n, k]\nP = softmax(S)\nL = sum((P - Y)**2 * P)",
    "read elsewhere": "Y: data[n, k]\nP = softmax(S)\nL = sum(P * Y) + sum(tanh(S)) + sum(S**2)",
    "along columns": "Y: data[n, k]\nP = softmax(S, axis=0)\nL = sum(P**3 * Y)",
    "transposed": "Y: data[k, n]\nP = softmax(S.T)\nL = sum(P**3 * Y)",
    "two": "Y: data[n, k]\nP = softmax(S)\nQ = softmax(S**2)\nL = sum(P * Q * Y)",
    "one of another": "Y: data[n, k]\nP = softmax(softmax(S))\nL = sum(P * Y)",
    "attention": "Y: data[n, k]\nV: data[k, 3]\nL = sum((softmax(S / 2) @ V)**2)",
}
FURTHER = {
    "a sum beside": "L = sum(softmax(S)**2) + sum(logsumexp(S, axis=1))",
    "read by another": "u = logsumexp(S, axis=1)\nL = sum(exp(S - u[:, None])**3) + sum(u**2)",
    "no softmax": "L = sum(logsumexp(S, axis=1)**2)",
}


def derived(loss: str) -> Derivation:
    return sb.derive(f"X: data[n, d]\nW: parameter[d, k]\nS = X @ W\n{loss}")


@pytest.mark.parametrize("loss", [*LOSSES.values(), *FURTHER.values()], ids=[*LOSSES, *FURTHER])
def test_united_equations_give_the_same_gradients(loss: str) -> None:
    told = derived(loss)
    backward, inner = united(told, softmaxes(Names(told.program)).named)
    assert bool(inner) == any(e.step and e.step.pattern == PATTERN for e in backward)
    assert inner or loss not in LOSSES.values()
    at, where = defined(told.forward, None, 0)
    right = forward(told.program, where, at)
    found = forward(replace(told.program, equations=(*told.forward.equations, *backward)), where, at)
    for equation in backward:
        role = told.program.tensors[equation.target.name].role
        if role is not None and role.via:  # the part through P is that of the whole softmax
            continue
        np.testing.assert_allclose(found[equation.target.name], right[equation.target.name], rtol=1e-9, atol=1e-12)
    assert told.gradient("W") in found
    assert not any(r.name in inner for e in backward for r in e.operands)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_full_report_goes_through_a_softmax_in_one_step(loss: str) -> None:
    said = Text.write(derived(loss).document(detail="full"))
    network = said[: said.index("The backward pass")]
    assert "log Σ" not in said
    assert ("softmax(Sᵀ)ᵀ" in network) == ("axis=0" in loss)
    assert " ".join(said.split()).count("goes back as") == 1


JACOBIANS = {
    "of a vector": ("o: parameter[c]\np = softmax(o)", "p"),
    "of rows": ("o: parameter[n, c]\np = softmax(o)", "p"),
    "of columns": ("o: parameter[n, c]\np = softmax(o, axis=0)", "p"),
    "of a product": ("W: parameter[c, d]\nx: data[d]\np = softmax(W @ x)", "p"),
    "of squares and more": ("w: parameter[c]\nz = w**2\np = softmax(z)", "p"),
}


@pytest.mark.parametrize(("text", "of"), JACOBIANS.values(), ids=JACOBIANS)
def test_a_jacobian_begins_with_a_softmax_in_one_step(text: str, of: str) -> None:
    told = sb.derive(text, of=of)
    backward, inner = united(told, softmaxes(Names(told.program)).named)
    assert inner
    at, where = defined(told.forward, None, 0)
    right = forward(told.program, where, at)
    found = forward(replace(told.program, equations=(*told.forward.equations, *backward)), where, at)
    for name in told.program.outputs:
        np.testing.assert_allclose(found[name], right[name], rtol=1e-9, atol=1e-12)
    steps = Text.write(told.document(detail="full"))
    assert "if " in steps
    assert "logsumexp" not in steps[: steps.index("The check")]
    assert "∂u" not in steps


def test_a_softmax_along_columns_is_that_of_the_transpose() -> None:
    told = differentiate(sb.read("S: parameter[n, k]\nY: data[n, k]\nP = softmax(S, axis=0)\nL = sum(P**2 * Y)").program, "L")
    names, (arrays, sizes) = Numbered(told.program), at_random(told, 0)
    own = names.written["P"]
    np.testing.assert_allclose(formula_value(names, own, arrays, sizes), arrays["P"])
    assert r"^{\top}\right)_{" in latex(index_form(names, own))
    matrix = matrix_equation(names, own)
    assert matrix is not None
    right = split(matrix)[1]
    assert right is not None
    np.testing.assert_allclose(matrix_value(told.program, latex(f.beside(*items_of(right)[1:])), arrays, sizes), arrays["P"])
