"""Sizes, positions and integers among the numbers of a network: no whole number wraps around, is cut or has no power below 0."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb
from symbackprop.backends.arguments import ArgumentError

N = 70  # 2**70 is no whole number of 64 bits
LARGE = np.array([3_000_000, 2_097_152, 5] + [2] * (N - 3))
PLACES = np.arange(N)
OF_SIZES: dict[str, Any] = {
    "erf(n)": math.erf(N), "erf(1/n)": math.erf(1 / N), "gammaln(n)": math.lgamma(N), "digamma(n)": math.log(N) - 1 / 140 - 1 / 58_800,
    "softplus(-n)": math.log1p(math.exp(-N)), "relu(n - 100)": 0.0, "maximum(n, 3)": 70.0, "clip(n, 2, 4)": 4.0, "abs(3 - n)": 67.0,
    "arctan2(n, 2)": math.atan2(N, 2), "logaddexp(n, 2)": N + math.log1p(math.exp(2 - N)), "2**-n": 2.0**-70, "(-3)**n": 3.0**70,
}  # fmt: skip
OF_PLACES: dict[str, ndarray] = {
    "2.0**arange(n)": 2.0**PLACES, "0.5**arange(n)": 0.5**PLACES, "(-3)**arange(n)": (-3.0) ** PLACES, "n**arange(n)": float(N) ** PLACES,
    "prod(arange(n) + 1)": np.full(N, math.gamma(71)), "gammaln(arange(n) + 1)": np.array([math.lgamma(k + 1) for k in PLACES]),
    "2.0**-t": 2.0 ** -np.minimum(LARGE, 2000.0), "prod(t)*t": math.prod(map(float, LARGE)) * LARGE, "max(t)**3*t": 2.7e19 * LARGE,
    "t*s*(t - s + 5)": LARGE * (LARGE - 1.0) * 6, "1.0*(t == arange(n))": 1.0 * (LARGE == PLACES),
    "where(arange(n) == t, t, -t)": np.where(LARGE == PLACES, LARGE, -1.0 * LARGE),
}  # fmt: skip


def network(factors: list[str]) -> str:
    """A loss whose gradients are the factors."""
    declared = [f"x{k}: parameter[n]" for k in range(len(factors))]
    return "\n".join([*declared, "t: integers[n, v]", "s: integers[n, v]", "E: data[v]", "L = sum(E)*sum(t*s)*0"]) + "".join(
        f" + sum(x{k}*({factor}))" for k, factor in enumerate(factors)
    )


def bound(function: sb.backends.function.Compiled, arrays: dict[str, ndarray], backend: str) -> dict[str, ndarray]:  # type: ignore[name-defined]
    step = function.bind(arrays, backend=backend)
    step()
    return step.gradients


def test_functions_of_sizes_positions_and_integers_are_those_of_floats() -> None:
    wanted = {k: np.broadcast_to(np.asarray(value), (N,)) for k, value in (OF_SIZES | OF_PLACES).items()}
    function = sb.compile(network(list(wanted)))
    arrays = {f"x{k}": np.ones(N) for k in range(len(wanted))} | {"t": LARGE, "s": LARGE - 1, "E": np.zeros(3_000_001)}
    ways: list[Callable[[], dict[str, ndarray]]] = [lambda: function.grad(arrays), lambda: bound(function, arrays, "numpy")]
    for way in ways:
        found = way()
        for k, (factor, value) in enumerate(wanted.items()):
            np.testing.assert_allclose(found[f"x{k}"], value, rtol=1e-9, atol=1e-13 * ("gammaln" in factor), err_msg=factor)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint32, np.uint64, ">i2"])
def test_integers_of_any_type_are_whole_numbers(kind: Any) -> None:
    factors = ["t - 3", "-t", "t*s", "t + 200", "300*t", "t - 2*s", "t**2 - s*n", "abs(s - t - 2)"]
    function = sb.compile(network(factors))
    t = np.array([0, 3, 100, 126])
    arrays = {f"x{k}": np.ones(4) for k in range(len(factors))} | {"E": np.zeros(200)}
    found = function.grad(arrays | {"t": t.astype(kind), "s": (t + 1).astype(kind)})
    wanted = [eval(factor, {"t": t.astype(float), "s": t + 1.0, "n": 4, "abs": np.abs}) for factor in factors]
    for k, factor in enumerate(factors):
        np.testing.assert_array_equal(found[f"x{k}"], wanted[k], err_msg=factor)


@pytest.mark.parametrize("factor", ["1/(n - 1)", "log(n - 1)", "sqrt(n - 2)", "(n - 2)**0.3", "gammaln(n - 1)"])
def test_a_number_of_sizes_that_is_none_is_never_another(factor: str) -> None:
    """At n = 1 these have no value: it is refused, infinite or not a number, in the function and in the step."""
    function = sb.compile(f"x: parameter[n]\nL = sum(x)*{factor}")
    for way in (lambda: function.grad(x=np.ones(1))["x"], lambda: bound(function, {"x": np.ones(1)}, "numpy")["x"]):
        try:
            found = way()
        except ArgumentError:
            continue
        assert not np.isfinite(found).any()


@pytest.mark.slow
def test_sizes_and_positions_are_the_same_in_c_and_in_jax(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    pytest.importorskip("jax")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    wanted = {k: value for k, value in (OF_SIZES | OF_PLACES).items() if not any(name in k for name in ("gamma", "erf", "2.0**-t"))}
    derivation = sb.derive(network(list(wanted)))
    arrays = {f"x{k}": np.ones(N) for k in range(len(wanted))} | {"t": LARGE, "s": LARGE - 1, "E": np.zeros(3_000_001)}
    ways = {"jax": lambda: sb.compile(derivation, backend="jax").grad(arrays)}
    if any(map(shutil.which, ("cc", "gcc", "clang"))):
        ways["c"] = lambda: bound(sb.compile(derivation), arrays, "c")
    for name, way in ways.items():
        found = way()
        for k, (factor, value) in enumerate(wanted.items()):
            np.testing.assert_allclose(
                found[f"x{k}"], np.broadcast_to(np.asarray(value), (N,)), rtol=1e-9, err_msg=f"{name}: {factor}"
            )


def test_a_large_power_of_a_value_is_one_function_of_its_entries() -> None:
    """As a product of a thousand factors it took a minute to order them."""
    function = sb.compile("x: parameter[n]\ny: parameter[n]\nL = sum(x**1000*y**17)")
    arrays = {"x": np.array([1.01, -0.99, 1.0]), "y": np.array([-0.9, 1.1, 0.5])}
    wanted, found = function.grad(arrays), bound(function, arrays, "numpy")
    for name in arrays:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12)
