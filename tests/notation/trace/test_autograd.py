"""Code for autograd: its scipy, flatten and own primitives. What stands for autograd here has its attributes; where it is installed,
autograd itself is asked."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

import symbackprop as sb
from tests.notation.trace.test_trace import slopes


def of_autograd(function: Any, home: str = "autograd.tracer") -> Any:
    """A function as autograd's `primitive` makes it: `fun` is what it calls, and a traced array is none of its boxes."""

    def wrapped(*args: Any, **options: Any) -> Any:
        return function(*map(np.asarray, args), **options) if home == "autograd.tracer" else function(*args, **options)

    wrapped.__name__, wrapped.__module__ = function.__name__, home
    if home == "autograd.tracer":
        wrapped.fun = function  # type: ignore[attr-defined]
        wrapped._is_autograd_primitive = True  # type: ignore[attr-defined]
    return wrapped


def _flatten(value: Any) -> tuple[np.ndarray, None]:
    parts = [value[key] for key in sorted(value)] if isinstance(value, dict) else value
    return np.concatenate([np.ravel(part) for part in parts]), None


logsumexp = of_autograd(scipy.special.logsumexp)
norm = ModuleType("autograd.scipy.stats.norm")
norm.logpdf = of_autograd(scipy.stats.norm.logpdf)  # type: ignore[attr-defined]
flatten = of_autograd(_flatten, "autograd.misc.flatten")
getval = of_autograd(np.asarray, "autograd.tracer")
getval.__name__ = "getval"
RNG = np.random.default_rng(4)
W, X, T = RNG.normal(size=(3, 2)), RNG.normal(size=(5, 3)), np.eye(2)[RNG.integers(0, 2, 5)]


def squares(x: np.ndarray) -> Any:
    """A function of a person's own, for which autograd is told a slope."""
    return np.sum(x**2, axis=-1)


own = of_autograd(squares)


def classes(W: Any, X: Any, T: Any) -> Any:
    scores = X @ W
    return -np.sum((scores - logsumexp(scores, axis=1, keepdims=True)) * T)


def density(W: Any, X: Any, T: Any) -> Any:
    return -np.mean(norm.logpdf(X @ W, T, 0.5))  # type: ignore[attr-defined]


def penalised(W: Any, X: Any, T: Any) -> Any:
    vector, _ = flatten({"b": W, "a": W[0]})
    return np.sum((X @ W - T) ** 2) + np.dot(vector, vector) + vector[1] * vector[-1]


def of_ones_own(W: Any, X: Any, T: Any) -> Any:
    return np.sum(own(X @ W - T))


@pytest.mark.parametrize("loss", [classes, density, penalised, of_ones_own])
def test_functions_of_autograd_are_traced(loss: Callable[..., Any]) -> None:
    network = sb.trace(loss, W, X, T, wrt="W")
    assert network.program.sizes()
    assert slopes(network, loss, (W, X, T)) < 1e-6
    said = any("squares: its slope is that of what it computes" in note for note in network.notes)
    assert said == (loss is of_ones_own)


def real() -> Any:
    return pytest.importorskip("autograd")


CONVOLVED = {
    "of vectors": ((3,), (9,), {}),
    "the longer first": ((9,), (4,), {"mode": "same"}),
    "the shorter first": ((4,), (9,), {"mode": "same"}),
    "of images": ((3, 3), (6, 5), {"mode": "valid"}),
    "of a layer": ((2, 1, 3, 3), (4, 1, 6, 5), {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1]), "mode": "valid"}),
    "the layer behind": ((4, 2, 6, 5), (3, 2, 3, 3), {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1])}),
}


@pytest.mark.parametrize("name", CONVOLVED)
def test_its_convolution(name: str) -> None:
    convolve = pytest.importorskip("autograd.scipy.signal").convolve
    first, second, options = CONVOLVED[name]
    a, b = RNG.normal(size=first), RNG.normal(size=second)

    def loss(a: Any, b: Any) -> Any:
        y = convolve(a, b, **options)
        return np.sum(np.tanh(y) * np.cos(np.arange(y.size)).reshape(y.shape))

    assert slopes(sb.trace(loss, a, b, sizes="all"), loss, (a, b)) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["hessian", "jacobian", "grad", "hessian_vector_product", "make_hvp", "make_vjp", "make_jvp", "deriv"]
)
def test_its_derivatives(name: str) -> None:
    word = getattr(real(), name)

    def energy(a: Any, b: Any) -> Any:
        return np.sum(np.tanh(a * b) ** 2)

    slope = real().grad(energy, (0, 1))

    def loss(a: Any, b: Any) -> Any:
        found = word(energy)
        if name == "hessian_vector_product":
            return np.sum(found(a, b, b) ** 2) + np.sum(slope(a, b)[1] ** 2)
        if name in ("make_hvp", "make_vjp"):
            return np.sum(found(a, b)[0](b if name == "make_hvp" else 2.0) ** 2)
        if name == "make_jvp":
            return found(a, b)(b)[1] ** 2
        return np.sum(found(a, b) ** 2)

    a, b = RNG.normal(size=3), RNG.normal(size=3)
    network = sb.trace(loss, a, b, wrt="a, b")
    value, gradients = sb.compile(network).value_and_grad(network.example)
    assert value == pytest.approx(float(loss(a, b)), rel=1e-12)
    for place, by in enumerate("ab"):
        np.testing.assert_allclose(gradients[by], real().grad(loss, place)(a, b), rtol=1e-9, atol=1e-10)
