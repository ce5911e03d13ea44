"""What a function reaches: by defaults, partial, lists of a class, imports inside of it; and what is said of sizes that it counts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.trace.test_trace import slopes

LAYERS = """import numpy as np
def layer(x, w, act):
    out = np.zeros((x.shape[0], w.shape[1]))
    for i in range(x.shape[0]):
        for j in range(w.shape[1]):
            out[i, j] = float(np.sum(x[i] * w[:, j]))
    return act(out)
"""


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "layers_of_mine.py").write_text(LAYERS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("layers_of_mine")
    sys.modules.pop("layers_of_mine", None)


def by_partial(layers: ModuleType) -> Callable[..., Any]:
    layer = partial(layers.layer, act=np.tanh)
    return lambda W, x: np.sum(layer(x, W) ** 2)


def by_a_default(layers: ModuleType) -> Callable[..., Any]:
    def loss(W: Any, x: Any, layer: Any = layers.layer) -> Any:
        return np.sum(layer(x, W, np.tanh) ** 2)

    return loss


def by_an_import(_: ModuleType) -> Callable[..., Any]:
    def loss(W: Any, x: Any) -> Any:
        from layers_of_mine import layer  # type: ignore[import-not-found]

        return np.sum(layer(x, W, np.tanh) ** 2)

    return loss


def by_a_list_of_a_class(layers: ModuleType) -> Callable[..., Any]:
    class Model:
        layers_of = (partial(layers.layer, act=np.tanh),)

        def loss(self, W: Any, x: Any) -> Any:
            return np.sum(self.layers_of[0](x, W) ** 2)

    return Model().loss


@pytest.mark.parametrize("way", [by_partial, by_a_default, by_an_import, by_a_list_of_a_class], ids=lambda way: way.__name__)
def test_functions_of_other_modules_are_traced_however_they_are_reached(way: Callable[..., Any], layers: ModuleType) -> None:
    rng = np.random.default_rng(0)
    function, args = way(layers), (rng.normal(size=(4, 3)), rng.normal(size=(5, 4)))
    assert slopes(sb.trace(function, *args), function, args) < 1e-6


def test_an_import_of_a_module_that_is_not_there_yet_is_followed(layers: ModuleType) -> None:
    del sys.modules[layers.__name__]
    rng = np.random.default_rng(0)
    assert sb.trace(by_an_import(layers), rng.normal(size=(4, 3)), rng.normal(size=(5, 4))).program.equations


def test_a_size_that_is_counted_out_is_said_by_the_axis_where_it_has_no_name() -> None:
    def loss(w: Any, rewards: Any) -> Any:
        total = 0.0
        for t in range(len(rewards)):
            total = 0.9 * 0.8 * total + np.tanh(w * rewards[t]).sum()
        return total

    network = sb.trace(loss, np.ones(3), np.arange(5.0))
    assert [n.split(",")[0] for n in network.notes if "as in the example" in n] == ["rewards.shape[0] is 5"]


def test_what_floats_make_of_short_numbers_is_read_as_short() -> None:
    def loss(w: Any) -> Any:
        return np.sum((0.1 + 0.2) * w**2) * (0.9 * 0.8) + np.sum(w) / 3

    derived = sb.derive(sb.trace(loss, np.ones(3)), "w")
    assert "00000" not in derived.report("text")
    assert "99999" not in derived.report("text")
