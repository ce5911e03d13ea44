"""Random functions of Python with loops over steps, read and kept, against what Python itself computes and its differences."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate.tape import forward
from tests.loops.random_loops import written
from tests.loops.random_shapes import EVERY, MORE

Arrays = dict[str, np.ndarray]


def function_of(path: Path, text: str) -> Any:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.loss


def copied(arrays: Arrays) -> Arrays:
    """The arrays anew: a function may change what it is given."""
    return {name: array.copy() for name, array in arrays.items()}


def assert_as_python_says(path: Path, seed: int, further: bool = False) -> None:
    text = written(random.Random(seed), EVERY, MORE) if further else written(random.Random(seed))
    loss, rng = function_of(path, text), np.random.default_rng(seed)
    fewest = 4 if " if " in text else 2 + further  # steps that differ from the others, and one of these
    sizes = {"T": int(rng.integers(fewest, 6)), "d": 2, "K": int(rng.integers(1, 4))}
    shapes = {"x": "Td", "y": "Td", "V": "Kdd", "W": "dd", "b": "d", "h0": "d"}
    at = {name: rng.normal(size=[sizes[s] for s in shape]) / len(shape) for name, shape in shapes.items()}
    network = sb.read(loss)
    rooms = [room for room in network.program.conditions if room.subs({s: sizes[s.name] for s in room.free_symbols}) < 0]
    if rooms:  # as zip(hs[1:], hs[:-1]) of one step has
        assert further, rooms
        return
    step = sb.compile(network)
    given = {name: at[name] for name in at if name in step.program.tensors}
    value, gradients = step.value_and_grad(given)
    np.testing.assert_allclose(value, loss(**copied(at)), rtol=1e-9, err_msg=text)
    way = {name: rng.normal(size=g.shape) for name, g in gradients.items()}
    moved = [loss(**copied({**at, **{n: at[n] + k * 1e-5 * v for n, v in way.items()}})) for k in (-1, 1)]
    along = sum(np.sum(gradients[n] * v) for n, v in way.items())
    size = max(1.0, *(abs(g).max() for g in gradients.values()), abs(float(value)))
    np.testing.assert_allclose(along, (moved[1] - moved[0]) / 2e-5, rtol=1e-5, atol=1e-5 * size, err_msg=text)
    assert network.written_out is not None
    plain = network.written_out(numbers={s: n for s, n in sizes.items() if s in map(str, network.program.sizes())})
    once = forward(plain.program, {name: at[name] for name in at if name in plain.program.tensors}, {})[plain.loss]
    np.testing.assert_allclose(once, value, rtol=1e-9, err_msg=text)


@pytest.mark.parametrize("seed", range(4))
def test_a_loop_is_what_python_runs(tmp_path: Path, seed: int) -> None:
    assert_as_python_says(tmp_path / f"random_{seed}.py", seed)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(4))
def test_many_loops_are_what_python_runs(tmp_path: Path, chunk: int) -> None:
    for seed in range(4 + 48 * chunk, 52 + 48 * chunk):
        assert_as_python_says(tmp_path / f"random_{seed}.py", seed)


@pytest.mark.slow
def test_further_loops_are_what_python_runs(tmp_path: Path) -> None:
    refused = []
    for seed in range(24):
        try:
            assert_as_python_says(tmp_path / f"random_{seed}.py", seed, further=True)
        except sb.NotationError:
            refused.append(seed)
    assert len(refused) <= 1, refused  # h[k] = f(h[k]) of an array that an earlier loop filled
