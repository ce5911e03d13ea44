"""What a person calls the sizes of a traced function is what the network calls them."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

import symbackprop as sb

rng = np.random.default_rng(3)
ARRAYS = {"W": rng.normal(size=(4, 5)), "V": rng.normal(size=(5, 3)), "X": rng.normal(size=(7, 4)), "y": rng.normal(size=(7, 3))}
NAMINGS = (
    ("n, d = X.shape", {"n": "X.0", "d": "X.1"}),
    ("m, p = X.shape", {"m": "X.0", "p": "X.1"}),
    ("n = X.shape[0]", {"n": "X.0"}),
    ("n = len(X)", {"n": "X.0"}),
    ("k, n = V.shape", {"k": "V.0", "n": "V.1"}),
    ("h = V.shape[0]", {"h": "V.0"}),
    ("n = helper(V); n = len(X)", {"n": "X.0"}),  # a helper calls its own rows n
    ("m = 2 * len(X)", {"m": ""}),  # what is no size of an array leaves no letter to others
)


def helper(V: Any) -> Any:
    n = V.shape[0]
    return np.sum(V) / n


@pytest.mark.parametrize(("naming", "means"), NAMINGS, ids=[naming for naming, _ in NAMINGS])
@pytest.mark.parametrize("late", [False, True])
def test_a_name_that_the_author_gives_a_size_is_that_size_and_no_other(naming: str, means: dict[str, str], late: bool) -> None:
    for order in list(permutations(ARRAYS))[::5]:
        parts = ["z = np.tanh(X @ W) @ V - y", naming] if late else [naming, "z = np.tanh(X @ W) @ V - y"]
        scope: dict[str, Any] = {"np": np, "helper": helper}
        code = f"def loss({', '.join(order)}):\n" + "".join(f"    {part}\n" for part in [*parts, "return np.sum(z**2) / len(X)"])
        exec(compile(code, __file__, "exec"), scope)
        network = sb.trace(scope["loss"], *(ARRAYS[name] for name in order))
        shapes = {f"{t.name}.{k}": str(n) for t in network.program.inputs for k, n in enumerate(t.shape)}
        assert len(set(shapes.values())) == 4
        for name, axis in means.items():
            alike = [one for one, n in shapes.items() if n == shapes.get(axis)]
            assert [one for one, n in shapes.items() if n == name] == alike, (order, shapes)


def test_a_name_outlives_its_frame_where_the_size_is_found_to_be_another_later() -> None:
    def begun(X: Any) -> Any:
        n, _ = X.shape
        return X / n

    def loss(W: Any, X: Any) -> Any:
        z = begun(X)
        return np.sum(np.tanh(W @ z))

    network = sb.trace(loss, np.ones((2, 3)), np.ones((3, 4)))
    assert next(str(n) for n in next(t for t in network.program.inputs if t.name == "X").shape) == "n"
