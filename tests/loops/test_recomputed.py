"""The steps of a loop computed again, segment by segment: the numbers of the whole loop, in less memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.function import CompileError
from symbackprop.core.network import Network
from symbackprop.training.errors import TrainingError
from tests.command import Run
from tests.loops import test_plan
from tests.loops.test_plan import LINEAR, at_numbers, sizes_of

SEVERAL = {
    "translation": """
x: data[S, d]
y: data[K, d]
A: parameter[d, d]
B: parameter[d, d]
C: parameter[d, d]
h[0] = zeros(d)
for t in 1..S:
    h[t] = tanh(A @ h[t-1] + C @ x[t])
s[0] = h[S]
for k in 1..K:
    s[k] = tanh(B @ s[k-1] + C @ y[k])
    e[k] = sum((s[k] - y[k])**2)
L = sum(e) + sum(A * B)
""",
    "stacked": """
x: data[T, d]
A: parameter[d, d]
B: parameter[d, d]
h[0] = zeros(d)
for t in 1..T:
    h[t] = tanh(A @ h[t-1] + x[t])
s[0] = zeros(d)
for t in 1..T:
    s[t] = tanh(B @ s[t-1] + A @ h[t])
L = sum(s[T]**2) + sum(h**2)
""",
    "three": """
w: parameter[d]
A: parameter[n, d, d]
B: parameter[d, d]
r: data[K, d]
q: data[J]
u[0] = w
for l in 1..n:
    u[l] = tanh(A[l] @ u[l-1])
v[K+1] = u[n] * w
for k in K..1:
    v[k] = B @ v[k+1] / 2 + r[k]
p[0] = v[1]
for j in 1..J:
    p[j] = p[j-1] - B @ (B @ p[j-1] - u[n]) / 3
    c[j] = sum(p[j] * u[n]) * q[j]
L = sum(c) + sum(u**2)
""",
    "both ways": """
x: data[T, d]
A: parameter[d, d]
h[0] = zeros(d)
for t in 1..T:
    h[t] = tanh(A @ h[t-1] + x[t])
b[T+1] = zeros(d)
for t in T..1:
    b[t] = tanh(A @ b[t+1] + x[t])
L = sum((h * b)**2)
""",
}


def network(name: str) -> Network:
    return sb.read(SEVERAL[name]) if name in SEVERAL else test_plan.network(name)


CUT = [
    "mlp", "rnn", "lstm", "tower", "returns", "grid", "crf", "gradient steps", "a constant", "backpropagation_through_time",
    "attention", "translation", "stacked", "three",
]  # fmt: skip
QUICK = ("rnn", "returns", "tower")
REFUSED = {
    "both ways": "in both directions",
    "second order": "reads other steps than its own, or their numbers",
}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n not in QUICK)) for n in CUT])
def test_segments_compute_what_the_whole_loop_does(name: str) -> None:
    own = network(name)
    for n, k in ((1, 1), (3, 2), (5, 2), (5, 3), (5, 7)):
        sizes = sizes_of(own.program, n)
        arrays = at_numbers(own.program, sizes)
        function = sb.compile(own, sizes=sizes)
        value, want = function.value_and_grad(arrays)
        step = function.bind(arrays, recompute=k)
        step()  # what a first call leaves in memory must not matter
        assert step() == pytest.approx(value, rel=1e-11)
        scale = max(1.0, *(abs(w).max() for w in want.values()))
        for w, gradient in want.items():
            np.testing.assert_allclose(step.gradients[w], gradient, rtol=1e-11, atol=1e-11 * scale, err_msg=f"{w} at {n}, {k}")


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_cut_is_refused_by_name(name: str) -> None:
    own = network(name)
    sizes = sizes_of(own.program, 4)
    with pytest.raises(CompileError, match=f"recompute=2: .*{REFUSED[name]}"):
        sb.compile(own, sizes=sizes).bind(at_numbers(own.program, sizes), recompute=2)


@pytest.mark.parametrize("steps", [0, -1, 1.5, True, "2"])
def test_a_number_of_steps_that_is_none_is_refused(steps: Any) -> None:
    arrays = {"x": np.ones((4, 2)), "A": np.ones((2, 2))}
    with pytest.raises(CompileError, match="give a whole number of steps from 1 on"):
        sb.compile(LINEAR + "L = sum(s[T]**2)").bind(arrays, recompute=steps)


def test_where_there_is_no_loop_nothing_is_computed_again() -> None:
    with pytest.raises(CompileError, match="there is no loop whose steps could be computed again; leave recompute out"):
        sb.compile("x: parameter[3]\nL = sum(x**2)").bind({"x": np.ones(3)}, recompute=2)


@pytest.mark.slow
def test_the_memory_of_a_step_is_that_of_a_segment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    function = sb.compile(LINEAR + "L = sum(s[T]**2)", dtype="float32")
    arrays = {"x": np.zeros((400, 32)), "A": np.eye(32) / 2}
    whole, few = function.bind(arrays), function.bind(arrays, recompute=20)
    data = sum(array.nbytes for array in whole.data.values())
    assert few.bytes - data < (whole.bytes - data) / 2
    if any(map(shutil.which, ("cc", "gcc", "clang"))):
        assert function.bind(arrays, backend="c").bytes == pytest.approx(whole.bytes, rel=0.25)  # and room for packed products


def test_training_goes_the_same_way(run: Run) -> None:
    text = LINEAR.replace("x: data[T, d]", "x: data[T, d]\ny: data[d]") + "L = sum((s[T] - y)**2)"
    assert "recompute" in run("train", "--help")[1]
    random = np.random.default_rng(0)
    data = {"x": random.normal(size=(12, 9, 3)), "y": random.normal(size=(12, 3))}
    about: dict[str, Any] = {"epochs": 2, "dtype": "float64", "progress": False, "held_out": 0.0}
    plain, again = (sb.train(text, data, **about, **more) for more in ({}, {"recompute": 4}))
    np.testing.assert_allclose(again.parameters["A"], plain.parameters["A"], rtol=1e-10)
    with pytest.raises(TrainingError, match="recompute=0: give a whole number from 1 on"):
        sb.train(text, data, recompute=0)
