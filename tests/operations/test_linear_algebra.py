"""Linear algebra: values against NumPy, and gradients that are matrix expressions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import size
from symbackprop.evaluate import tape
from symbackprop.language import operations as op
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor
from tests.random_programs import declare

RNG = np.random.default_rng(0)
N = size("n")


def value(y: Tensor, **arrays: np.ndarray) -> np.ndarray:
    return tape.forward(trace({"y": y}), arrays)["y"]


def backward(loss: Tensor) -> list[str]:
    return [str(e) for e in differentiate(trace({"L": loss}), "L").backward]


def test_the_gradient_of_a_log_determinant_is_the_inverse_transposed() -> None:
    assert backward(op.logdet(declare("X", (N, N)))) == [
        "inverse(X)[i j] = inverse X[i j]",
        "dL/dX[i j] = inverse(X)[j i]",
    ]


def test_the_gradient_of_a_determinant_is_its_value_times_the_inverse_transposed() -> None:
    assert backward(op.det(declare("X", (N, N))))[-1] == "dL/dX[i j] = L*inverse(X)[j i]"


def test_the_gradient_of_an_inverse_is_a_product_of_three_matrices() -> None:
    X, a, b = declare("X", (N, N)), declare("a", (N,), "data"), declare("b", (N,), "data")
    Y = op.inverse(X).named("Y")
    program = trace({"Y": Y, "L": a @ Y @ b})
    last = differentiate(program, "L").backward[-1]
    assert {r.name for r in last.operands} == {"Y", "dL/dY"}
    assert len(last.operands) == 3


@settings(max_examples=20)
@given(m=st.integers(1, 3), n=st.integers(1, 3), k=st.integers(1, 3), p=st.integers(1, 3))
def test_kronecker_products_and_vec_keep_their_identity(m: int, n: int, k: int, p: int) -> None:
    """vec(A X B) = (B^T kron A) vec(X) (Petersen and Pedersen 2012, equation 520)."""
    A, X, B = (RNG.standard_normal(s) for s in ((m, n), (n, k), (k, p)))
    a, x, b = declare("A", A.shape), declare("X", X.shape), declare("B", B.shape)
    np.testing.assert_allclose(value(op.kron(a, b), A=A, B=B), np.kron(A, B), atol=1e-13)
    left, right = op.vec(a @ x @ b), op.kron(b.T, a) @ op.vec(x)
    np.testing.assert_allclose(value(left, A=A, X=X, B=B), value(right, A=A, X=X, B=B), atol=1e-12)


def test_the_kronecker_product_of_vectors_is_a_vector() -> None:
    a, b = RNG.standard_normal(2), RNG.standard_normal(3)
    np.testing.assert_allclose(value(op.kron(declare("a", (2,)), declare("b", (3,))), a=a, b=b), np.kron(a, b))


@pytest.mark.parametrize("exponent", range(-3, 10))
def test_a_power_of_a_matrix_is_numpys(exponent: int) -> None:
    X = RNG.standard_normal((3, 3))
    expected = np.linalg.matrix_power(X, exponent)
    x = declare("X", (3, 3))
    y = op.add(op.matrix_power(x, exponent), 0)
    np.testing.assert_allclose(tape.forward(trace({"y": y}, [x]), {"X": X})["y"], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("exponent", [0, 1, 2, -1])
def test_a_power_of_a_stack_is_numpys(exponent: int) -> None:
    X = RNG.standard_normal((2, 3, 3))
    y = op.add(op.matrix_power(declare("X", X.shape), exponent), 0)
    np.testing.assert_allclose(value(y, X=X), np.linalg.matrix_power(X, exponent), rtol=1e-9, atol=1e-9)


def test_stacks_of_matrices_are_taken_one_by_one() -> None:
    X, B = RNG.standard_normal((2, 3, 3)), RNG.standard_normal((2, 3, 2))
    X = X @ X.swapaxes(1, 2) + np.eye(3)
    x, b = declare("X", X.shape), declare("B", B.shape)
    np.testing.assert_allclose(value(op.inverse(x), X=X), np.linalg.inv(X), atol=1e-12)
    np.testing.assert_allclose(value(op.det(x), X=X), np.linalg.det(X))
    np.testing.assert_allclose(value(op.logdet(x), X=X), np.linalg.slogdet(X)[1])
    np.testing.assert_allclose(value(op.solve(x, b), X=X, B=B), np.linalg.solve(X, B), atol=1e-12)


def test_a_quadratic_form_takes_a_vector_or_a_vector_in_each_row() -> None:
    x, A = RNG.standard_normal((4, 3)), RNG.standard_normal((3, 3))
    a = declare("A", A.shape)
    np.testing.assert_allclose(value(op.quadratic_form(declare("x", (4, 3)), a), x=x, A=A), [v @ A @ v for v in x])
    np.testing.assert_allclose(value(op.quadratic_form(declare("x", (3,)), a), x=x[0], A=A), x[0] @ A @ x[0])


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_a_cumulative_sum_is_numpys_and_its_gradient_runs_back(axis: int | None) -> None:
    X = RNG.standard_normal((3, 4))
    x = declare("X", X.shape)
    np.testing.assert_allclose(value(op.cumsum(x, axis), X=X), np.cumsum(X, axis), atol=1e-13)
    w = declare("w", (N,), "data")
    assert backward((w * op.cumsum(declare("y", (N,)))).sum())[-1].replace(" ", "") in (
        "dL/dy[j]=sum_{i}dL/du[i]*Where(j<=i,1,0)",
        "dL/dy[i]=sum_{j}dL/du[j]*Where(i<=j,1,0)",
    )


@pytest.mark.parametrize("k", [-1, 0, 2])
def test_triangles_are_numpys(k: int) -> None:
    X = RNG.standard_normal((2, 3, 4))
    x = declare("X", X.shape)
    np.testing.assert_array_equal(value(op.tril(x, k), X=X), np.tril(X, k))
    np.testing.assert_array_equal(value(op.triu(x, k), X=X), np.triu(X, k))


@pytest.mark.parametrize(("parts", "axis"), [(2, 1), ((1, 3), 0), ([2], -1), (1, 0), (5, 0)])
def test_the_parts_of_a_split_are_numpys(parts: int | tuple[int, ...], axis: int) -> None:
    X = RNG.standard_normal((5, 6))
    for part, expected in zip(op.split(declare("X", X.shape), parts, axis), np.split(X, parts, axis), strict=True):
        program = trace({"y": op.add(part, 0)})
        np.testing.assert_array_equal(tape.forward(program, {"X": X})["y"], expected)


def test_symbolic_sizes_split_where_they_are_multiples() -> None:
    a, b, c = op.split(declare("X", (N, 3 * N)), 3, axis=1)
    assert a.shape == b.shape == c.shape == (N, N)
