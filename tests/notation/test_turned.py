"""Arrays whose steps do not stand first, h[:, t]: what they are with their steps first, and what NumPy computes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.loops import has_loops
from symbackprop.evaluate.tape import forward

START = "x: data[N, T, d]\ny: data[N, m]\nW: parameter[d, m]\nU: parameter[m, m]\n"
BATCH = START + "h[:, 0] = zeros((N, m))\nfor t in 1..T:\n    h[:, t] = tanh(x[:, t] @ W + h[:, t-1] @ U)\nL = {}\n"
FIRST = START + "h[0] = zeros((N, m))\nfor t in 1..T:\n    h[t] = tanh(x[:, t] @ W + h[t-1] @ U)\nL = {}\n"
READ = {
    "sum((h[:, T] - y)**2)": "sum((h[T] - y)**2)",
    "sum((mean(h, axis=1) - y)**2)": "sum((mean(h, axis=0) - y)**2)",
    "sum(h[0])": "sum(h[:, 0])",
    "sum(h[0, :, 1]**2)": "sum(h[:, 0, 1]**2)",
    "sum(h @ U)": "sum(moveaxis(h, 0, 1) @ U)",
    "sum(swapaxes(h, 0, 1)[-1])": "sum(h[T])",
}


@pytest.mark.parametrize("read", READ)
def test_it_is_what_it_is_with_its_steps_first(read: str) -> None:
    networks = [sb.read(BATCH.format(read)), sb.read(FIRST.format(READ[read]))]
    assert all(has_loops(network.program) for network in networks)
    sizes, rng = {"N": 2, "T": 3, "d": 2, "m": 3}, np.random.default_rng(0)
    at = {t.name: rng.normal(size=[sizes[str(n)] for n in t.shape]) for t in networks[0].program.inputs}
    steps = [sb.compile(network).value_and_grad({t.name: at[t.name] for t in network.program.inputs}) for network in networks]
    np.testing.assert_allclose(steps[0][0], steps[1][0], rtol=1e-12)
    for name, gradient in steps[0][1].items():
        np.testing.assert_allclose(gradient, steps[1][1][name], rtol=1e-10, atol=1e-14)
    apart = networks[0].written_out
    assert apart is not None
    np.testing.assert_allclose(forward(apart(numbers=sizes).program, at, {})["L"], steps[0][0], rtol=1e-12)


def test_it_is_printed_at_its_steps() -> None:
    found = str(sb.derive(BATCH.format("sum((h[:, T] - y)**2)")).box())
    assert found == str(sb.derive(FIRST.format("sum((h[T] - y)**2)")).box())
    assert "∂L/∂U = Σ_(t=1)^T hₜ₋₁ᵀ δₜ" in found


ROWS = """import numpy as np


def loss(x: "data[N, T, d]", y: "data[N, T, m]", W: "parameter[d, m]", U: "parameter[m, m]"):
    N, T, d = x.shape
    h = np.zeros((N, T + 1, U.shape[0]))
    for t in range(T):
        h[:, t + 1] = np.tanh(x[:, t] @ W + h[:, t, :] @ U)
    index = np.argsort(x[:, 0, 0])
    return np.mean((h[:, 1:] - y) ** 2) + np.sum(h[index][0] ** 2) + np.sum(h[:, -1, ::-1] * h[:, 1, :])
"""


def test_a_function_is_what_python_runs(tmp_path: Path) -> None:
    path = tmp_path / "rows.py"
    path.write_text(ROWS, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("rows", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network, sizes = sb.read(path), {"N": 2, "T": 3, "d": 2, "m": 3}
    rng = np.random.default_rng(0)
    at = {t.name: rng.normal(size=[sizes[str(n)] for n in t.shape]) for t in network.program.inputs}
    np.testing.assert_allclose(sb.compile(network).value_and_grad(at)[0], module.loss(**at), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("h[:, 0] = zeros((N, m))\n", ""), "h[:, t-1] is h[:, 0] at t = 1, and h[:, 0] is not given. Write h[:, 0] = ..."),
        (("h[:, t-1]", "h[:, t+1]"), "Write h[:, t-1], or a loop that falls"),
        (("@ U)", "@ U) + sum(h)"), "h is written step by step in the loop over t (line 6). Write h[:, t-1] of the step before"),
    ],
)
def test_what_is_refused_speaks_of_the_index_as_it_is_written(change: tuple[str, str], said: str) -> None:
    with pytest.raises(sb.SymbackpropError) as caught:
        sb.read(BATCH.format("sum((h[:, T] - y)**2)").replace(*change))
    assert said in str(caught.value)
