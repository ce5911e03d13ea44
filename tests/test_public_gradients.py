"""Gradients that people asked about in public: each network has the value and the gradients of its NumPy lines, and closed boxes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb

CASES = json.loads(Path(__file__).with_suffix("").with_name("public_gradients.json").read_text(encoding="utf-8"))
RNG = np.random.default_rng(0)


def _adjacency(shape: tuple[int, ...]) -> ndarray:
    upper = np.triu(RNG.integers(0, 2, shape), 1)
    return (upper + upper.T).astype(float)


DRAWN: dict[str, Callable[[tuple[int, ...]], ndarray]] = {
    "positive": lambda shape: RNG.uniform(0.5, 1.5, shape),
    "unit": lambda shape: RNG.uniform(0.1, 0.9, shape),
    "small": lambda shape: RNG.uniform(-0.4, 0.4, shape),
    "halves": lambda shape: 0.6 * RNG.standard_normal(shape),
    "logp": lambda shape: np.log(RNG.uniform(0.2, 0.6, shape)),
    "sorted": lambda shape: np.sort(RNG.uniform(0.2, 1.8, shape)),
    "binary": lambda shape: RNG.permutation(np.arange(np.prod(shape)) % 2).reshape(shape).astype(float),
    "symbinary": _adjacency,
    "onehot": lambda shape: np.eye(shape[-1])[RNG.integers(0, shape[-1], shape[:-1])],
}


def drawn(net, sizes: dict[str, int], domains: dict[str, str]) -> dict[str, ndarray]:
    """An array for each input."""
    at = lambda n: int(n.subs({s: sizes[str(s)] for s in n.free_symbols}))  # noqa: E731
    arrays = {}
    for t in net.program.inputs:
        shape = tuple(map(at, t.shape))
        kind, _, below = domains.get(t.name, "").partition(":")  # "int:v": whole numbers below the size v
        arrays[t.name] = RNG.integers(0, sizes[below], shape) if below else DRAWN.get(kind, RNG.standard_normal)(shape)
    return arrays


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_gradients_that_people_asked_about_are_right_and_have_closed_boxes(name: str) -> None:
    case = CASES[name]
    net = sb.read(case["network"])
    derived = sb.derive(net, list(case["gradients"]))
    assert not derived.box().missing
    for sizes in case["sizes"]:
        arrays = drawn(net, sizes, case["domains"])
        value, gradients = sb.compile(derived).value_and_grad(arrays)
        here: dict[str, object] = {"np": np, **arrays, **sizes}
        exec(case["numpy_loss"], here)
        np.testing.assert_allclose(value, here["L"], rtol=1e-12, atol=1e-12)
        for wrt, text in case["gradients"].items():
            here = {"np": np, **arrays, **sizes}
            *lines, last = text.split("\n")
            exec("\n".join(lines), here)
            np.testing.assert_allclose(gradients[wrt], eval(last, here), rtol=1e-11, atol=1e-12)
