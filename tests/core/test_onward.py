"""Steps of forward mode put together: the same changes, without those of values that nobody named."""

from dataclasses import replace

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.onward import together_onward, told_onward
from symbackprop.core.program import Sum
from symbackprop.documents.formats.text import Text
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward
from tests.documents.test_layers import prove

NETS = {
    "a bias": ("X: data[n, d]\nw: parameter[d]\nb: parameter\na = sigmoid(X @ w + b)\nL = sum(a**2)", "w", None),
    "a gate": ("U: parameter[h, d]\nV: parameter[h, h]\nx: data[d]\ns: data[h]\nr = sigmoid(U @ x)\n"
               "q = tanh(U @ x + V @ (r * s))\nL = sum((q - s)**2)", "x", None),
    "twice": ("W: parameter[h, h]\nx: data[h]\nL = sum(tanh(W @ (W @ x)) * x)", "W", None),
    "a batch": ("X: data[n, d]\nW: parameter[d, h]\nV: parameter[h, c]\nY: data[n, c]\nL = sum((relu(X @ W) @ V - Y)**2)/n", "W", None),
    "a softmax": ("o: parameter[c]\ny: labels[c]\np = softmax(3*o)\nL = -sum(y*log(p))", "o", None),
    "a hessian": ("X: data[n, d]\ny: binary[n]\nw: parameter[d]\na = sigmoid(X @ w)\nL = -mean(y*log(a) + (1 - y)*log(1 - a))", "w", "w"),
    "a trace": ("A: parameter[n, n]\nB: data[n, n]\nL = trace(A @ B @ A)**2", "A", None),
}  # fmt: skip


def moved(text: str, wrt: str, then: str | None) -> Derivation:
    first = sb.derive(text, wrt) if then else sb.derive(text, wrt, vector="v")
    return sb.derive(first, then, vector="v") if then else first


@pytest.mark.parametrize(("text", "wrt", "then"), NETS.values(), ids=NETS)
def test_changes_put_together_are_the_changes(text: str, wrt: str, then: str | None) -> None:
    told = moved(text, wrt, then)
    wanted = {n for n, tensor in told.forward.tensors.items() if not tensor.named and not tensor.role}
    gone = told_onward(told.backward, wanted)
    together = together_onward(told.program, told.backward, gone)
    at, where = defined(told.forward, None, 0)
    right = forward(told.program, where, at)
    found = forward(replace(told.program, equations=(*told.forward.equations, *together)), where, at)
    for equation in together:
        np.testing.assert_allclose(found[equation.target.name], right[equation.target.name], rtol=1e-9, atol=1e-12)
        step = equation.step
        if step is not None and step.rule == "onward" and step.wrt is not None and step.upstream is not None:
            assert step.wrt.name not in gone
            assert isinstance(step.local, Sum)
            assert len(step.local_operands) == len(step.local.slots)
    assert told.gradient(told.wrt[0]) in found


@pytest.mark.parametrize(("text", "wrt", "then"), NETS.values(), ids=NETS)
def test_the_chain_rules_of_changes_are_right(text: str, wrt: str, then: str | None) -> None:
    told = moved(text, wrt, then)
    prove(told, told.box())


@pytest.mark.parametrize("name", ["a bias", "a gate", "a hessian"])
def test_no_local_derivative_is_of_or_by_what_nobody_named(name: str) -> None:
    rows = [line for line in Text.write(moved(*NETS[name]).document()).splitlines() if "∂(" in line or "∂[" in line]
    assert not rows
