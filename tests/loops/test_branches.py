"""Loops that branch, and those that read slices up to the step, against what Python itself computes and its differences, at several
sizes, and against their steps written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate.tape import forward
from tests.loops import random_branches, random_stretches, random_tables
from tests.loops.test_random_functions import copied, function_of


def assert_as_python_says(path: Path, text: str, sizes: tuple[int, ...] = (3, 1, 4), plain_at: int = 4) -> int:
    """How many sizes it was held at."""
    loss = function_of(path, text)
    network = sb.read(loss)
    step, held = sb.compile(network), 0
    for T in sizes:
        if any(room.subs(dict.fromkeys(room.free_symbols, T)) < 0 for room in network.program.conditions):
            continue  # as two ends that are written out have at one step
        rng = np.random.default_rng(T)
        every = {"x": rng.normal(size=T), "y": rng.normal(size=T), "W": rng.normal(size=(T, T)), "w": rng.normal()}
        at = {t.name: np.asarray(every[t.name]) for t in network.program.inputs}
        every = {name: np.asarray(value) for name, value in every.items()}
        value, gradients = step.value_and_grad(at)
        np.testing.assert_allclose(value, loss(**copied(every)), rtol=1e-9, atol=1e-12, err_msg=text)
        way = {n: rng.normal(size=g.shape) for n, g in gradients.items()}
        moved = [loss(**copied({**every, **{n: every[n] + k * 1e-5 * v for n, v in way.items()}})) for k in (-1, 1)]
        along = sum(np.sum(gradients[n] * v) for n, v in way.items())
        size = max(1.0, abs(value), *(abs(g).max() for g in gradients.values()))
        np.testing.assert_allclose(along, (moved[1] - moved[0]) / 2e-5, rtol=1e-4, atol=1e-5 * size, err_msg=text)
        if plain_at == T and network.written_out is not None:
            plain = network.written_out(numbers={"T": T})
            np.testing.assert_allclose(forward(plain.program, at, {})[plain.loss], value, rtol=1e-9, atol=1e-12, err_msg=text)
        held += 1
    return held


@pytest.mark.parametrize("seed", [4])
def test_a_branch_is_what_python_takes(tmp_path: Path, seed: int) -> None:
    assert_as_python_says(tmp_path / f"branch_{seed}.py", random_branches.written(seed), (3,), 3)


@pytest.mark.parametrize("seed", [0])
def test_a_slice_up_to_a_step_is_what_python_reads(tmp_path: Path, seed: int) -> None:
    assert_as_python_says(tmp_path / f"stretch_{seed}.py", random_stretches.written(seed), (3,), 3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [random_branches, random_stretches])
def test_many_loops_that_branch_or_slice_are_what_python_runs(tmp_path: Path, kind: Any) -> None:
    for seed in range(36):
        assert_as_python_says(tmp_path / f"loop_{seed}.py", kind.written(seed), (3, 1), 3)


@pytest.mark.slow
def test_tables_that_are_read_while_they_are_filled_are_what_python_runs(tmp_path: Path) -> None:
    refused = []
    for seed in range(24):
        try:
            assert_as_python_says(tmp_path / f"table_{seed}.py", random_tables.written(seed), (3,), 3)
        except sb.NotationError:
            refused.append(seed)
    assert not refused, refused


HEAD = 'import numpy as np\n\n\ndef loss(x: "parameter[T]", w: "parameter"):\n    T = len(x)\n    v = 0.0\n'


def test_a_loop_without_the_steps_that_its_ends_need_is_no_number(tmp_path: Path) -> None:
    between = "    for t in range(1, T - 1):\n        v += w\n    return v * x[0]\n"
    ends = "    for t in range(T):\n        if t > 0 and t < T - 1:\n            continue\n        v += w * x[t]\n    return v\n"
    for text in (between, ends):
        network = sb.read(function_of(tmp_path / "ends.py", HEAD + text))
        with pytest.raises(sb.SymbackpropError, match="T - 2 >= 0"):
            sb.compile(network).value_and_grad({"x": np.ones(1), "w": 2.0})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x[t - 1:]", "x[t - 1:] may begin or end before the first entry: t - 1 is not known to be at least 0."),
        ("x[:t] + x[:t + 1]", "has another number of entries than what it stands beside"),
        ("x[::t]", "slice"),
        ("np.sort(x[:t])", "x[:t] has another number of entries at each step."),
        ("x[:t] * x", "has another number of entries than what it stands beside"),
    ],
)
def test_a_slice_that_has_no_meaning_for_every_step_is_refused(tmp_path: Path, line: str, said: str) -> None:
    text = HEAD + f"    for t in range(T):\n        v += np.sum({line}) * w\n    return v\n"
    with pytest.raises(sb.NotationError) as error:
        sb.read(function_of(tmp_path / "slices.py", text))
    assert said in str(error.value)


@pytest.mark.parametrize(("condition", "holds"), [("abs(2) <= 1", False), ("max(2, 3) > 2", True), ("0 < 1 < 3", True)])
def test_a_condition_on_numbers_is_worked_out(condition: str, holds: bool) -> None:
    network = sb.read(f"x: parameter[2]\nif {condition}:\n    L = x[0]\nelse:\n    L = x[1]")
    np.testing.assert_allclose(sb.compile(network).value_and_grad({"x": np.array([1.0, 2.0])})[0], 1 if holds else 2)


def test_attention_up_to_each_step_by_hand_has_a_box(tmp_path: Path) -> None:
    text = """import numpy as np


def loss(Q: "parameter[T, d]", K: "parameter[T, d]", V: "parameter[T, d]", Y: "data[T, d]"):
    L = 0.0
    for t in range(len(Q)):
        s = K[:t + 1] @ Q[t]
        p = np.exp(s - np.max(s))
        L += np.sum(((p / np.sum(p)) @ V[:t + 1] - Y[t])**2)
    return L
"""
    network = sb.read(function_of(tmp_path / "attention.py", text))
    assert sb.check(network).ok
