"""Whatever was derived, every way of computing it hands back the same numbers in the same shapes, or says why it does not."""

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Step
from symbackprop.core.derivation import Derivation
from symbackprop.plan.schedule import plan

NET = """
x: data[n]
W: parameter[m, n]
b: parameter[m]
z = W @ x + b
a = tanh(z)
L = sum(a**2)
"""
AT = {"x": np.arange(3.0), "W": np.arange(6.0).reshape(2, 3) / 5, "b": np.array([0.1, -0.4])}
NUMBERS: dict[str, Callable[[], Any]] = {
    "the loss by a step": lambda: sb.derive(NET, "z"),
    "the loss by a parameter and by a step": lambda: sb.derive(NET, "z, W"),
    "the loss by data": lambda: sb.derive(NET, "x, b"),
    "the change of the loss along a vector": lambda: sb.derive(NET, "b", vector="v"),
}
TENSORS: dict[str, Callable[[], Any]] = {
    "a Jacobian": lambda: sb.derive(NET, of="a"),
    "a Hessian": lambda: sb.derive(sb.derive(NET, "W"), "b"),
    "a Hessian times a vector": lambda: sb.derive(sb.derive(NET, "b"), vector="v"),
    "a Jacobian times what comes from above": lambda: sb.derive(NET, "x, W", of="a", upstream="v"),
}
PRODUCTS = ["the change of the loss along a vector", "a Hessian times a vector", "a Jacobian times what comes from above"]
BACKENDS = ["numpy", *(["c"] if shutil.which("cc") else [])]


def point(derivation: Derivation) -> dict[str, Any]:
    return {**AT, "v": np.array([2.0, -1.0])} if "v" in derivation.program.tensors else AT


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_step_hands_back_gradients_by_anything_in_their_own_shapes(kind: str, backend: str) -> None:
    derivation = NUMBERS[kind]()
    at = point(derivation)
    compiled = sb.compile(derivation, backend=backend)
    value, gradients = compiled.value_and_grad(at)
    step = compiled.bind({name: at[name] for name in ("W", "b")}, {name: at[name] for name in at if name not in ("W", "b")})
    np.testing.assert_allclose(step(), value)
    assert step.gradients.keys() == gradients.keys()
    for name, array in gradients.items():
        assert step.gradients[name].shape == array.shape
        np.testing.assert_allclose(step.gradients[name], array)


@pytest.mark.parametrize("kind", TENSORS)
def test_a_step_of_what_has_axes_is_refused(kind: str) -> None:
    compiled = sb.compile(TENSORS[kind](), sizes={"n": 3, "m": 2})
    at = point(TENSORS[kind]())
    data = {name: at[name] for name in at if name not in ("W", "b")}
    deeds: list[Callable[[], Any]] = [compiled.fast_source]
    deeds += [lambda: compiled.bind({"W": at["W"], "b": at["b"]}, data), lambda: compiled.flat({"W": at["W"], "b": at["b"]}, data)]
    for deed in deeds:
        with pytest.raises(sb.SymbackpropError, match=r"has axes|is a product"):
            deed()


@pytest.mark.parametrize("kind", TENSORS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_plan_of_what_has_axes_holds_it_among_the_gradients(kind: str, backend: str) -> None:
    compiled = sb.compile(TENSORS[kind](), sizes={"n": 3, "m": 2})
    at = {name: array for name, array in point(TENSORS[kind]()).items() if name in compiled.program.tensors}
    found = plan(compiled.program, compiled.value_name, compiled.gradients)
    step = Step(found.layout, code_of(found, "float64", backend), "float64", lambda *_: (0.0, {}))
    step.put({name: array for name, array in at.items() if name in step.parameters or name in step.data})
    value, gradients = compiled.value_and_grad(at)
    assert step() == 0
    for name, array in {compiled.value_name: value, **gradients}.items():
        np.testing.assert_allclose(step.gradients[name], array, rtol=1e-12, atol=1e-12)
    assert f"{compiled.value_name.replace('/', '')} and its gradients" in compiled.c_source()


@pytest.mark.parametrize("kind", PRODUCTS)
def test_a_product_with_a_vector_says_nothing_of_another_direction(kind: str) -> None:
    derivation = {**NUMBERS, **TENSORS}[kind]()
    with pytest.raises(sb.SymbackpropError, match=r"jvp: .* is a product with v already"):
        sb.compile(derivation).jvp({derivation.wrt[0]: np.ones(2)}, point(derivation))
