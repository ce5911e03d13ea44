"""Products along axes: NumPy's values, and derivatives of every order that are right where entries are zero."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import size
from symbackprop.evaluate import tape
from symbackprop.language import operations as op
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import LanguageError, Tensor
from tests.random_programs import declare

N, D = size("n"), size("d")
POINTS = [[0.5, -1.5, 2.0, 3.0], [0.5, 0.0, 2.0, 3.0], [0.0, -1.5, 0.0, 3.0], [0.0, 0.0, 0.0, 3.0]]


def value(y: Tensor, **arrays: np.ndarray) -> np.ndarray:
    return tape.forward(trace({"y": op.add(y, 0)}), arrays)["y"]


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_product_is_numpys(axis: int | tuple[int, ...] | None, keepdims: bool) -> None:
    X = np.random.default_rng(0).standard_normal((2, 3, 4))
    got = value(op.prod(declare("X", X.shape), axis, keepdims), X=X)
    np.testing.assert_allclose(got, np.prod(X, axis=axis, keepdims=keepdims), rtol=1e-14)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_a_cumulative_product_is_numpys(axis: int | None) -> None:
    X = np.random.default_rng(0).standard_normal((3, 4))
    X[1, 2] = 0
    np.testing.assert_allclose(value(op.cumprod(declare("X", X.shape), axis), X=X), np.cumprod(X, axis), rtol=1e-14)


def test_axes_that_are_not_there_are_refused() -> None:
    for f in (op.prod, op.cumprod):
        with pytest.raises(LanguageError, match=f"{f.__name__}: axis 1 is out of range"):
            f(declare("x", (3,)), 1)


def others(x: list[float], *left_out: int) -> float:
    """The product of the entries but those left out; 0 where one is left out twice, as a product is linear in each entry."""
    return math.prod(v for k, v in enumerate(x) if k not in left_out) if len(set(left_out)) == len(left_out) else 0.0


@pytest.mark.parametrize("x", POINTS)
def test_the_first_and_the_second_derivative_are_right_at_any_number_of_zeros(x: list[float]) -> None:
    first = differentiate(trace({"L": op.prod(declare("x", (N,)))}), "L")
    second = differentiate(first.program, "dL/dx", ["x"], jacobian=True)
    at = {"x": np.array(x)}
    gradient = [others(x, i) for i in range(4)]
    hessian = [[others(x, i, j) for j in range(4)] for i in range(4)]
    for program in (second.program, simplify(second.program, ["dL/dx"])):
        values = tape.forward(program, at)
        np.testing.assert_allclose(values["dL/dx"], gradient, rtol=1e-14)
        np.testing.assert_allclose(values[second.gradient("x")], hessian, rtol=1e-14)
    np.testing.assert_allclose(tape.gradients(first.forward, "L", ["x"], at)["x"], gradient, rtol=1e-14)
    np.testing.assert_allclose(tape.gradients(first.program, "dL/dx", ["x"], at)["x"], hessian, rtol=1e-14)


@pytest.mark.parametrize("x", POINTS)
def test_the_compiled_product_is_right_at_any_number_of_zeros(x: list[float]) -> None:
    network = sb.read("x: parameter[n]\nw: data[n]\nL = prod(x) + sum(w*cumprod(x))")
    w = np.array([0.3, -0.7, 0.9, 1.1])
    y, gradients = sb.compile(network).value_and_grad({"x": np.array(x)}, {"w": w})
    assert y == pytest.approx(np.prod(x) + w @ np.cumprod(x), rel=1e-14)
    expected = [others(x, i) + sum(w[k] * others(x[: k + 1], i) for k in range(i, 4)) for i in range(4)]
    np.testing.assert_allclose(gradients["x"], expected, rtol=1e-13, atol=1e-15)


@settings(max_examples=20)
@given(
    shape=st.sampled_from([(3,), (2, 3), (1, 3), (2, 1), (1, 1), (2, 2, 2)]),
    zeros=st.sets(st.integers(0, 7), max_size=3),
    data=st.data(),
)
def test_products_of_any_shape_have_the_derivatives_of_the_witness(
    shape: tuple[int, ...], zeros: set[int], data: st.DataObject
) -> None:
    x = np.random.default_rng(1).uniform(0.5, 2, shape)
    x.ravel()[[k for k in zeros if k < x.size]] = 0
    axis = data.draw(st.sampled_from([None, *range(len(shape))]))
    y = op.prod(declare("x", shape), axis, keepdims=data.draw(st.booleans()))
    first = differentiate(trace({"L": op.sum(op.sin(y) + y**2)}), "L")
    second = differentiate(first.program, "dL/dx", ["x"], jacobian=True)
    values = tape.forward(second.program, {"x": x})
    np.testing.assert_allclose(values["dL/dx"], tape.gradients(first.forward, "L", ["x"], {"x": x})["x"], atol=1e-12)
    expected = tape.gradients(first.program, "dL/dx", ["x"], {"x": x})["x"]
    np.testing.assert_allclose(values[second.gradient("x")], expected, atol=1e-12)


def test_a_product_is_printed_as_books_do() -> None:
    product = sb.derive("x: parameter[n]\nL = prod(x)").text()
    box = product[: product.index("The network")]
    assert "L = Π_i xᵢ" in product
    assert "∂L/∂xᵢ = Π_(k≠i) xₖ" in box
    assert "others" not in box
    assert "∂L/∂Xᵢⱼ = Π_(k≠i∨l≠j) Xₖₗ" in sb.derive("X: parameter[n, d]\nL = prod(X)").text()
    twice = sb.derive(sb.derive("x: parameter[n]\nL = prod(x)"), wrt="x").text()
    assert "others_(others_L,ik) = Π_(m≠k,m≠i) xₘ" in twice
    assert "yᵢ = Π_(j≤i) xⱼ" in sb.derive("x: parameter[n]\ny = cumprod(x)\nL = sum(y)").text()


def test_the_witnesses_pass_a_product() -> None:
    network = "X: parameter[n, d]\nw: data[n]\ny = prod(X, axis=1)\nz = cumprod(X, axis=0)\nL = sum(w*y) + sum(tanh(z))"
    checked = sb.derive(network).check()
    assert checked.ok


def test_the_other_factors_of_a_product_without_a_name_are_called_by_what_it_is_of() -> None:
    page = sb.derive("x: parameter[n]\nw: data[n]\nL = tanh(w @ x) + prod(x)").text()
    assert "others_(x,i) = Π_(k≠i) xₖ" in page
    assert "othersᵤ" not in page
    both = sb.derive("x: parameter[n, n]\nL = sum(prod(x, axis=0)*prod(x, axis=1))").text()
    assert "others_x" not in both
    assert "othersₓ" not in both
