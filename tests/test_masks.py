"""A mask that adds a large number, S - 1e9 (1 - m), costs no digit of S: neither in doubles nor in single precision."""

from typing import Any

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.passes.large import gathered, in_order
from symbackprop.evaluate import tape

D = "S: parameter[4, 4]\nm: data[4, 4]\nv: parameter[4]\n"
WAYS = {
    "as it is in a lecture": "S - 1e9*(1 - m)",
    "the number behind": "S + (1 - m) * -1e9",
    "multiplied out": "S + 1e9*m - 1e9",
    "of a product": "S @ S / sqrt(4) - 1e6*(1 - m)",
    "in two lines": "S + far",
    "of a causal mask": "S - 1e9*(1 - tril(ones((4, 4))))",
    "two numbers": "S - 1e9*(1 - m) + 1e6*m - 1e6",
    "and a number": "S - 1e9*(1 - m) + 0.5",
    "two masks": "S - 1e9*(1 - m) - 1e6*(1 - tril(ones((4, 4))))",
}


def text(way: str) -> str:
    return f"{D}far = -1e9*(1 - m)\nz = {WAYS[way]}\nP = softmax(z, axis=1)\nL = sum((P @ v)**2)".replace(
        "far = -1e9*(1 - m)\n", "far = -1e9*(1 - m)\n" if "far" in WAYS[way] else ""
    )


def point() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {"S": rng.normal(size=(4, 4)), "m": np.tri(4), "v": rng.normal(size=4)}


def true(way: str) -> float:
    """The loss with what is masked left out, which no large number touches."""
    at = point()
    scores = at["S"] @ at["S"] / 2 if "@" in WAYS[way] else at["S"]
    e = np.exp(scores) * np.tri(4)
    return float(np.sum((e / e.sum(axis=1, keepdims=True) @ at["v"]) ** 2))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-6)])
def test_a_mask_costs_no_digits(way: str, dtype: Any, tolerance: float) -> None:
    function, at = sb.compile(text(way), dtype=dtype), {n: a.astype(dtype) for n, a in point().items()}
    for compute in (lambda: function.value(at), function.bind(at)):
        assert float(compute()) == pytest.approx(true(way), rel=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-6)])
@pytest.mark.parametrize("backend", ["c", "jax"])
def test_a_mask_costs_no_digits_in_other_backends(way: str, dtype: Any, tolerance: float, backend: str) -> None:
    if backend == "jax":
        pytest.importorskip("jax")
    function, at = sb.compile(text(way), dtype=dtype, backend=backend), {n: a.astype(dtype) for n, a in point().items()}
    assert float(function.value(at)) == pytest.approx(true(way), rel=tolerance)


@pytest.mark.parametrize("way", WAYS)
def test_the_witness_loses_no_digits_either(way: str) -> None:
    network = sb.read(text(way))
    assert float(tape.forward(network.program, point())["L"]) == pytest.approx(true(way), rel=1e-14)


def test_terms_of_one_large_number_stand_together() -> None:
    a, b, c = sp.symbols("a b c")
    total = a + 10**9 * b - 10**9 - 10**6 * c + sp.Rational(1, 2)
    assert gathered(total) == ((10**9, b - 1), (10**6, -c), (1, a + sp.Rational(1, 2)))
    assert sp.Add(*in_order(total)) == total
    two = a - 10**9 * (1 - b) - 10**6 * (1 - c) + 3
    assert gathered(two) == ((10**9, b - 1), (10**6, c - 1), (1, a + 3))
    assert gathered(a + 10**9 * b) == gathered(10**9 * a - 10**9) == gathered(a + b - 1) == ()


CHOSEN = {
    "pairs of a class": "(where(y[:, None] == y[None, :], 1, 0) - eye(4)) * (S - 1e9*eye(4) - m)",
    "pairs of signs": "(s[:, None]*s[None, :] - eye(4)) * (S - 1e9*eye(4) - m)",
    "a masked value by its name": "(s[:, None]*s[None, :] - eye(4)) * (masked - max(masked, axis=1, keepdims=True))",
    "scaled and copied": "(s[:, None]*s[None, :] - eye(4)) * (masked.T / 2)",
}


@pytest.mark.parametrize("way", CHOSEN)
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_terms_that_cancel_where_a_mask_stands_stay_together(way: str, backend: str) -> None:
    written = "S: parameter[4, 4]\nm: data[4, 1]\ny, s: data[4]\nmasked = S - 1e9*eye(4)\n"
    rng = np.random.default_rng(8)
    at = {"S": rng.normal(size=(4, 4)), "m": rng.normal(size=(4, 1)), "y": np.array([0, 1, 0, 1]), "s": np.array([1, -1, 1, -1])}
    S, m, s = at["S"], at["m"], at["s"]
    masked = S - 1e9 * np.eye(4)
    signs = np.outer(s, s) - np.eye(4)
    true = {
        "pairs of a class": (np.equal.outer(at["y"], at["y"]) - np.eye(4)) * (masked - m),
        "pairs of signs": signs * (masked - m),
        "a masked value by its name": signs * (masked - masked.max(axis=1, keepdims=True)),
        "scaled and copied": signs * masked.T / 2,
    }[way]
    step = sb.compile(f"{written}L = sum({CHOSEN[way]})").bind(at, backend=backend)
    assert float(step()) == pytest.approx(float(true.sum()), rel=1e-13)
