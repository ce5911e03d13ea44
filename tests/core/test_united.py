"""A softmax's backward equations united: the same gradients, and no word of the sum of exponentials."""

from dataclasses import replace

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.united import PATTERN, united
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.documents.text import Text
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward

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
    network, steps = said[: said.index("The backward pass")], said[said.index("The backward pass") :]
    assert "log Σ" not in steps
    assert ("log Σ" in network) == ("axis=0" in loss)  # that is no softmax(S), so that its logsumexp has an equation
    assert said.count("Every entry of a softmax depends") == 1
