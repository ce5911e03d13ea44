"""Exponential, root and logarithm of a matrix: values as mpmath's, derivatives as JAX's and the witnesses', refusals off their domain."""

from types import ModuleType

import mpmath
import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivatives.forward_mode import forward_mode
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate.arithmetic import FLOATS, MORE_DIGITS
from symbackprop.evaluate.rules.primary import bordered, corner
from symbackprop.evaluate.tape import forward
from symbackprop.evaluate.walk import matrix_function
from symbackprop.judge.witnesses.crosscheck import check

NAMES = ("expm", "sqrtm", "logm")
X = np.array([[2.0, 0.3, -0.4], [0.1, 1.5, 0.2], [0.5, -0.3, 1.2]])
TEXT = "X: parameter[n, n]\nw: data[n, n]\nY = {}(X)\nL = sum(w * sin(Y))"
W = np.random.default_rng(0).standard_normal((3, 3))


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_mpmath_in_each_way_to_compute_them(name: str) -> None:
    expected = np.array(getattr(mpmath, name)(mpmath.matrix(X.tolist())).tolist(), dtype=complex).real
    derivation = sb.derive(TEXT.format(name))
    at = {"X": X, "w": W}
    np.testing.assert_allclose(forward(derivation.forward, at)["Y"], expected, rtol=1e-13)
    np.testing.assert_allclose(sb.compile(derivation).value(at), np.sum(W * np.sin(expected)), rtol=1e-13)
    digits = matrix_function(name, MORE_DIGITS.lift(X), MORE_DIGITS)
    with mpmath.workdps(50):
        exact = getattr(mpmath, name)(mpmath.matrix(X.tolist()))
        assert max(abs(digits[i, j] - exact[i, j]) for i in range(3) for j in range(3)) < 1e-45


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_of_both_orders_pass_every_witness(name: str) -> None:
    at = {"X": X[:2, :2], "w": W[:2, :2]}
    first = sb.derive(TEXT.format(name), wrt=["X"])
    assert first.check(at=at), str(first.check(at=at))
    second = differentiate(first.program, first.gradient("X"), ["X"], jacobian=True)
    assert check(second, at=at), str(check(second, at=at))


@pytest.mark.parametrize("name", ["torch.linalg.matrix_exp", "jax.scipy.linalg.expm", "scipy.linalg.sqrtm", "scipy.linalg.logm"])
@pytest.mark.slow
def test_gradients_are_those_of_jax(jax: ModuleType, name: str) -> None:
    from tests.jax_words.core import CORE

    theirs = CORE[name.split(".")[-1]]
    expected = jax.grad(lambda x: jax.numpy.sum(W * jax.numpy.sin(theirs(x))))(X)
    found = sb.compile(sb.derive(TEXT.format(name), wrt=["X"])).value_and_grad({"X": X, "w": W})[1]["X"]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_a_large_gradient_from_above_takes_no_digits(name: str) -> None:
    derivation = sb.derive(TEXT.format(name), wrt=["X"])
    small, large = (sb.compile(derivation).value_and_grad({"X": X, "w": c * W})[1]["X"] for c in (1, 1e8))
    np.testing.assert_allclose(large / 1e8, small, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_bound_step_computes_the_same(name: str) -> None:
    compiled = sb.compile(sb.derive(TEXT.format(name), wrt=["X"]))
    value, gradients = compiled.value_and_grad({"X": X, "w": W})
    step = compiled.bind({"X": X}, {"w": W})
    assert step() == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(step.gradients["X"], gradients["X"], rtol=1e-12)


def test_forward_mode_is_the_derivative_along_a_vector() -> None:
    text = "X: parameter[n, n]\nv: data[n, n]\nY = expm(X)\nZ = Y @ Y"
    program = forward_mode(sb.read(text, loss="Z").program, "Z", "X", "v")
    h = 1e-6
    ends = [forward(program, {"X": X + s * h * W, "v": W})["Z"] for s in (1, -1)]
    np.testing.assert_allclose(forward(program, {"X": X, "v": W})[program.outputs[0]], (ends[0] - ends[1]) / (2 * h), rtol=1e-7)


def test_directions_of_any_order_stand_in_a_corner() -> None:
    D, E, F = np.random.default_rng(1).standard_normal((3, 3, 3))
    found = corner(np.linalg.matrix_power(bordered(X, [D, E, F]), 3), 3)  # of X^3: the sum over all orders
    orders = [D @ E @ F, D @ F @ E, E @ D @ F, E @ F @ D, F @ D @ E, F @ E @ D]
    np.testing.assert_allclose(found, sum(orders), rtol=1e-12)
    np.testing.assert_allclose(matrix_function("expm", X, FLOATS, D, E), matrix_function("expm", X, FLOATS, E, D), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("expm", r"\frac{\partial L}{\partial X} = L_{\operatorname{expm}}\left(X^{\top}, w\odot \cos\left(Y\right)\right)"),
        ("sqrtm", r"\frac{\partial L}{\partial X} = L_{\operatorname{sqrtm}}\left(X^{\top}, w\odot \cos\left(Y\right)\right)"),
    ],
)
def test_the_gradient_is_the_derivative_of_frechet(name: str, line: str) -> None:
    box = sb.derive(TEXT.format(name), wrt=["X"]).box()
    assert [found.latex() for found in box.lines] == [line]


@pytest.mark.parametrize("name", ["sqrtm", "logm"])
def test_an_eigenvalue_on_the_negative_axis_is_refused(name: str) -> None:
    derivation = sb.derive(TEXT.format(name), wrt=["X"])
    at = {"X": np.array([[-2.0, 1.0], [0.0, 1.0]]), "w": np.ones((2, 2))}
    with pytest.raises(sb.SymbackpropError, match="an eigenvalue that is not positive"):
        sb.compile(derivation).value_and_grad(at)
    with pytest.raises(sb.SymbackpropError, match="an eigenvalue that is not positive"):
        derivation.check(at=at)


def test_stacks_share_a_direction_and_a_matrix() -> None:
    text = "X: parameter[n, n]\nT: parameter[m, n, n]\nL = sum(sin(expm(X) @ T)) + sum(sin(expm(T + X)))"
    derivation = sb.derive(text)
    assert derivation.check(points=1, sizes={"n": 2, "m": 3}), str(derivation.check(points=1))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_are_those_of_jax(jax: ModuleType, name: str) -> None:
    """Of symmetric matrices, whose functions are those of their eigenvalues."""
    function = sb.compile(f"B: parameter[n, n]\nw: data[n, n]\nL = sum(w * sin({name}(B @ B.T + eye(n))))")
    B, along, w = X[:3, :3], np.cos(X[:3, :3]), W[:3, :3]
    np_ = jax.numpy
    entries = {"expm": np_.exp, "sqrtm": np_.sqrt, "logm": np_.log}[name]

    def loss(B):
        values, Q = np_.linalg.eigh(B @ B.T + np_.eye(3))
        return np_.sum(w * np_.sin(Q * entries(values) @ Q.T))

    _, expected = jax.jvp(jax.grad(loss), (B,), (along,))
    np.testing.assert_allclose(function.hvp({"B": along}, B=B, w=w)["B"], expected, rtol=1e-8, atol=1e-10)
