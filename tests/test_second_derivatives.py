"""Second derivatives of random programs with reductions and functions of matrices: the tape's, and those of differences."""

from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.core.functions import MATRIX_FUNCTIONS, REDUCTIONS
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Program, size
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.language import operations as op
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, reduce
from tests.random_programs import declare

N, M, ONE = size("n"), size("m"), sp.Integer(1)
SQUARE = [(N, N), (M, N, N), (ONE, ONE), (M, ONE, ONE), (ONE, N, N)]
SHAPES = [(N,), (N, M), (N, ONE), (M, N, N), (ONE, ONE)]
STEP = 1e-5
SQUARES = [name for name in MATRIX_FUNCTIONS if name in op.__all__]


def regular(X: Tensor) -> Tensor:
    """A matrix with a determinant far from 0."""
    return op.tanh(X) / 4 + 2 * op.eye(X.shape[-1])


def of_matrix(kind: str, X: Tensor) -> Tensor:
    return getattr(op, kind)(regular(X))


@st.composite
def losses(draw: st.DrawFn) -> Program:
    """A scalar of two parameters through functions of a matrix, reductions, and what is entrywise between them."""
    X, y = declare("X", draw(st.sampled_from(SQUARE))), declare("y", draw(st.sampled_from(SHAPES)))
    pool = [of_matrix(draw(st.sampled_from(SQUARES)), X), y * y[..., ::-1] if y.shape[-1] != 1 else y]
    for _ in range(draw(st.integers(1, 3))):
        x = draw(st.sampled_from(pool))
        axis = draw(st.sampled_from([None, *range(x.ndim)]))
        ways = [
            lambda x=x, axis=axis: reduce(draw(st.sampled_from(list(REDUCTIONS))), x, axis, keepdims=draw(st.booleans())),
            lambda x=x: op.tanh(x) * x,
            lambda x=x: op.sin(x) + 1,
        ]
        if x.ndim >= 2 and x.shape[-1] == x.shape[-2]:
            ways += [lambda x=x: of_matrix(draw(st.sampled_from(SQUARES)), x), lambda x=x: x @ x]
        if x.ndim:
            ways.append(lambda x=x: op.cumprod(op.tanh(x), -1))
        pool.append(draw(st.sampled_from(ways))())
    named = pool[-1].named("v") if draw(st.booleans()) else pool[-1]
    return trace({"L": op.sum(op.tanh(named)) + op.sum(pool[0]) * op.sum(op.tanh(pool[1]))}, [X, y])


@pytest.mark.slow
@settings(max_examples=30)
@given(program=losses(), seed=st.integers(0, 99), order=st.permutations(["X", "y"]))
def test_second_derivatives_are_those_of_the_tape_and_of_differences(program: Program, seed: int, order: list[str]) -> None:
    of, by = order
    first = differentiate(program, "L", ["X", "y"])
    second = differentiate(first.program, first.gradient(of), ["X", "y"], jacobian=True)
    at = draw_sizes(program, seed=seed)
    where = points.point(program, at, seed)
    expected = tape.gradients(first.program, first.gradient(of), ["X", "y"], where)
    for values in (tape.forward(second.program, where, at), tape.forward(simplify(second.program), where, at)):
        for name in ("X", "y"):
            np.testing.assert_allclose(values[second.gradient(name)], expected[name], rtol=1e-9, atol=1e-9)
    v = np.random.default_rng(seed).standard_normal(where[by].shape)
    above, below = (tape.gradients(program, "L", [of], {**where, by: where[by] + h * v})[of] for h in (STEP, -STEP))
    along = np.tensordot(expected[by], v, v.ndim)
    np.testing.assert_allclose(along, (above - below) / (2 * STEP), rtol=1e-5, atol=1e-6)


NETWORKS = [
    "x: parameter[n]\nL = sum(exp(x[:, None]*x))", "x: parameter[n]\nL = sum(exp(outer(x, x)))",
    "x: parameter[n, n]\nL = sum(tanh(x) * x.T)", "x: parameter[n, n]\nL = logdet(x)", "x: parameter[n, n]\nL = det(x)",
    "x: parameter[n, n]\nL = sum(inverse(x))", "x: parameter[1, 1]\nL = sum(inverse(x))", "x: parameter[m, 1, 1]\nL = sum(det(x)*logdet(x))",
    "x: parameter[n]\nL = logsumexp(x)*max(x)", "x: parameter[n]\nL = prod(x)", "x: parameter[n]\nL = sum(cumprod(x))",
]  # fmt: skip


@pytest.mark.parametrize("text", NETWORKS)
@pytest.mark.slow
def test_a_second_derivative_is_printed_checked_and_compiled(text: str) -> None:
    again = sb.derive(sb.derive(text, wrt="x"), wrt="x")
    assert again.check(points=1).ok
    for form in (again.text(), again.latex()):
        assert "KeyError" not in form
        assert len(form) > 500


def test_the_second_derivative_of_a_log_determinant_is_a_product_of_two_entries_of_the_inverse() -> None:
    first = differentiate(trace({"L": op.logdet(declare("X", (N, N)))}), "L")
    second = differentiate(first.program, "dL/dX", ["X"], jacobian=True)
    X = np.random.default_rng(0).standard_normal((3, 3))
    Y = np.linalg.inv(X)
    got = tape.forward(second.program, {"X": X})[second.gradient("X")]
    np.testing.assert_allclose(got, -np.einsum("jk,li->ijkl", Y, Y), rtol=1e-10)


@pytest.mark.parametrize(
    "X", [[[0.0, 1.0], [1.0, 0.5]], [[2.0, 0.0], [0.0, 3.0]], [[-2.0, 0.0], [0.0, -3.0]], [[-5.0, 1.0], [1.0, 3.0]]]
)
def test_a_log_determinant_means_the_same_everywhere(X: list[list[float]]) -> None:
    text = "A: parameter[n, n]\nL = logdet(A)"
    at, expected = {"A": np.array(X)}, np.log(abs(np.linalg.det(X)))
    value, gradients = sb.compile(text).value_and_grad(at)
    derivation = sb.derive(text)
    assert derivation.check(at=at).ok
    program = derivation.forward
    for got in (value, tape.forward(program, at)["L"]):
        np.testing.assert_allclose(got, expected, rtol=1e-14)
    for got in (gradients["A"], tape.gradients(program, "L", ["A"], at)["A"]):
        np.testing.assert_allclose(got, np.linalg.inv(X).T, rtol=1e-14)


@pytest.mark.parametrize("kind", ["inverse", "logdet"])
def test_a_singular_matrix_is_refused_by_name(kind: str) -> None:
    x: Any = declare("X", (N, N))
    program = trace({"y": getattr(op, kind)(x), "L": op.sum(getattr(op, kind)(x))})
    with pytest.raises(points.PointError, match=f"the {kind} of a matrix that has none"):
        tape.forward(program, {"X": np.ones((2, 2))})


@pytest.mark.parametrize("shape", [(1, 1), (3, 1, 1), (1, 2, 2), (1, 1, 1)])
def test_matrices_of_one_row_and_stacks_of_one_are_matrices(shape: tuple[int, ...]) -> None:
    W = np.random.default_rng(0).uniform(1, 2, shape) + 2 * np.eye(shape[-1])
    n = shape[-1]
    text = f"W: parameter[{', '.join(map(str, shape))}]\nb: data[{n}]\nL = sum(inverse(W)) + sum(solve(W, b)) + sum(matrix_power(W, -3)**2)"
    text += "\nM = inverse(W)\nQ = L + sum(M*M) + sum(det(W)) + sum(logdet(W))"
    derivation = sb.derive(text)
    assert derivation.check(points=1).ok
    value, _ = sb.compile(derivation).value_and_grad({"W": W}, {"b": np.ones(n)})
    V = np.linalg.inv(W)
    expected = V.sum() + (V @ np.ones(n)).sum() + (np.linalg.matrix_power(W, -3) ** 2).sum() + (V * V).sum()
    assert value == pytest.approx(expected + np.linalg.det(W).sum() + np.linalg.slogdet(W)[1].sum(), rel=1e-12)


@pytest.mark.parametrize("vector", [None, "v"])
def test_a_gradient_without_a_short_form_is_differentiated_all_the_same(vector: str | None) -> None:
    first = sb.derive("a: parameter\nb: data\nL = tanh(a*b)**2", wrt="a")
    second = sb.derive(first, wrt="a", vector=vector) if vector else sb.derive(first, wrt="a")
    assert "4  The check" in second.text()
