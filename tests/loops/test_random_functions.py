"""Random functions of Python with a loop over steps, read and kept, against what Python itself computes and its differences."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb

HEAD = 'import numpy as np\n\n\ndef loss(x: "data[T, d]", W: "parameter[d, d]", b: "parameter[d]", h0: "parameter[d]"):\n'
LOOPS = ("for t in range(T):", "for t in range(1, T):", "for t in reversed(range(T)):")
FEATURES = ("decayed", "added", "listed", "filled", "old", "inner", "paired", "gated")


def vector(rng: random.Random, names: list[str], depth: int = 2) -> str:
    """A vector of some names."""
    if not depth:
        return rng.choice(names)
    a, b = vector(rng, names, depth - 1), vector(rng, names, depth - 1)
    return rng.choice([f"np.tanh({a})", f"({a} + {b})", f"({a} * {b})", f"W @ {rng.choice(names)}", f"({a} - 0.5 * {b})", a])


def scalar(rng: random.Random, names: list[str]) -> str:
    a = vector(rng, names)
    return rng.choice([f"np.sum({a})", f"np.sum({a}**2)", f"({a})[0]", f"np.mean({a})"])


def written(rng: random.Random) -> str:
    """A function that carries h, and some of what people do in such loops: sums, lists, filled arrays, pairs, inner loops."""
    used = set(rng.sample(FEATURES, rng.randrange(1, 6)))
    loop = rng.choice(LOOPS)
    used -= {"listed"} if loop == LOOPS[2] else set()  # a list that grows from the last step on is refused
    names = ["x[t]", "h", "b", *["c"] * ("decayed" in used), *["g"] * ("paired" in used)]
    starts = {"decayed": "c = np.zeros(d)", "added": "total = 0.0", "listed": "out = []", "filled": "rows = np.zeros((T, d))",
              "paired": "g = b * 0.5"}  # fmt: skip
    first = ["old = h"] * ("old" in used)
    if "gated" in used:
        first.append(f"z = {vector(rng, names)}")
        names = [*names, "z"]
    steps = {
        "decayed": f"c = c * 0.5 + {vector(rng, names)}",
        "added": rng.choice([f"total += {scalar(rng, names)}", f"total = total - {scalar(rng, names)} / T"]),
        "listed": "out.append(h)", "filled": "rows[t] = h * b", "old": "h = h + old",
        "inner": "for k in range(2):\n            h = h * 0.7 + b / (k + 1)",
        "paired": f"g, h = np.tanh(h), g * 0.9 + {vector(rng, names, 1)}",
    }  # fmt: skip
    body = [f"h = np.tanh({vector(rng, names)})", *(steps[f] for f in FEATURES if f in used and f in steps)]
    rng.shuffle(body)
    last = {"decayed": "np.sum(c * b)", "added": "total", "listed": rng.choice(["np.sum(out[-1])", "np.sum(np.stack(out)**2)"]),
            "filled": rng.choice(["np.sum(rows**2)", "np.sum(rows[-1])"]), "paired": "np.sum(g)"}  # fmt: skip
    terms = ["np.sum(h**2)", *(last[f] for f in FEATURES if f in used and f in last)]
    lines = ["T, d = x.shape", "h = h0", *(starts[f] for f in FEATURES if f in used and f in starts), loop]
    lines += [f"    {line}" for line in first + body]
    return HEAD + "".join(f"    {line}\n" for line in [*lines, f"return {' + '.join(terms)}"])


def function_of(path: Path, text: str) -> Any:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.loss


def assert_as_python_says(path: Path, seed: int) -> None:
    text = written(random.Random(seed))
    loss, rng = function_of(path, text), np.random.default_rng(seed)
    steps, d = int(rng.integers(2, 6)), 2
    at = {"x": rng.normal(size=(steps, d)), "W": rng.normal(size=(d, d)) / 2, "b": rng.normal(size=d), "h0": rng.normal(size=d)}
    step = sb.compile(sb.read(loss))
    given = {name: at[name] for name in at if name in step.program.tensors}
    value, gradients = step.value_and_grad(given)
    np.testing.assert_allclose(value, loss(**at), rtol=1e-10, err_msg=text)
    way = {name: rng.normal(size=g.shape) for name, g in gradients.items()}
    moved = [loss(**{**at, **{n: at[n] + k * 1e-5 * v for n, v in way.items()}}) for k in (-1, 1)]
    along = sum(np.sum(gradients[n] * v) for n, v in way.items())
    size = max(1.0, *(abs(g).max() for g in gradients.values()), abs(float(value)))
    np.testing.assert_allclose(along, (moved[1] - moved[0]) / 2e-5, rtol=1e-5, atol=1e-5 * size, err_msg=text)


@pytest.mark.parametrize("seed", range(8))
def test_a_loop_is_what_python_runs(tmp_path: Path, seed: int) -> None:
    assert_as_python_says(tmp_path / f"random_{seed}.py", seed)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(4))
def test_many_loops_are_what_python_runs(tmp_path: Path, chunk: int) -> None:
    for seed in range(8 + 40 * chunk, 48 + 40 * chunk):
        assert_as_python_says(tmp_path / f"random_{seed}.py", seed)
