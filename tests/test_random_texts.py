"""Random networks as text, held against NumPy that runs the same lines: every way of computing them, at arrays of every make."""

from __future__ import annotations

import inspect
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb
from symbackprop.backends.executed import executed
from symbackprop.backends.function import Compiled
from symbackprop.core.errors import SymbackpropError

Shape = tuple[str | int, ...]
Arrays = dict[str, ndarray]

ENTRIES = [
    "np.tanh({x})", "1/(1 + np.exp(-{x}))", "np.maximum({x}, 0)", "np.abs({x})", "np.exp(np.tanh({x}))", "{x}**3", "{x}*{x}*{x}",
    "np.sqrt(1 + {x}**2)", "np.log(1 + {x}**2)", "1/(2 + np.tanh({x}))", "np.clip({x}, -0.5, 0.7)", "np.sign({x})*{x}",
    "np.minimum({x}, {x}**2)", "({x} > 0)*{x}", "np.expm1(np.tanh({x}))", "2*{x} - 1", "{x}/3 + {x}", "{x}/np.sqrt(1 + np.sum({x}**2))",
]  # fmt: skip
PAIRS = [
    "{x} + {y}", "{x} * {y}", "{x} - 2*{y}", "{x} / (1 + {y}**2)", "np.maximum({x}, {y})", "{x}*np.exp(-{y}**2)",
    "np.where({x} > {y}, {x}, {y}*{x})", "np.where({y} < 0.2, {y}, {x})",
]  # fmt: skip
LOSSES = ["np.sum(np.tanh({x})**2)", "np.mean({x}*np.cos({x}))", "np.sum(np.sin({x}))"]
SIZES = {"n": [1, 2, 3, 5, 7], "m": [1, 2, 4], "k": [1, 3, 6]}


class Written:
    """One network: its lines, what it declares, and what NumPy needs to run it."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.sizes = {name: self.pick.choice(numbers) for name, numbers in SIZES.items()}
        self.inputs: dict[str, tuple[str, Shape]] = {}
        self.pool: list[tuple[str, Shape]] = []
        self.lines: list[str] = []
        for name in "wxuv"[: self.pick.randint(2, 4)]:
            axes = self.pick.choice([0, 1, 1, 2, 2, 2, 3])
            shape = tuple(self.pick.choice(["n", "m", "k", "n", "m", 1, 2]) for _ in range(axes))
            self.inputs[name] = "parameter" if name == "w" else self.pick.choice(["parameter", "parameter", "data"]), shape
            self.pool.append((name, shape))
        self.inputs["t"] = f"integers, {self.pick.choice('nmk')}", (self.pick.choice("nmk"),)
        for _ in range(self.pick.randint(2, 9)):
            self.step(f"v{len(self.lines)}")
        ends = dict.fromkeys([*self.pool[-3:], *(own for own in self.pool if own[0] in self.inputs)])
        self.lines.append("L = " + " + ".join(self.pick.choice(LOSSES).format(x=name) for name, _ in ends))

    @property
    def text(self) -> str:
        declared = []
        for name, (kind, shape) in self.inputs.items():
            word, _, bound = kind.partition(", ")
            extents = ", ".join(map(str, (*shape, *filter(None, [bound]))))
            declared.append(f"{name}: {word}[{extents or '()'}]")
        return "\n".join([*declared, *self.lines])

    def step(self, name: str) -> None:
        x, shape = self.pick.choice(self.pool)
        found = self.pick.choice([self.entries, self.paired, self.reduced, self.moved, self.multiplied, self.looped])(
            name, x, shape
        )
        if found is not None:
            self.lines.append(found[0] if "\n" in found[0] else f"{name} = {found[0]}")
            self.pool.append((name, found[1]))

    def entries(self, name: str, x: str, shape: Shape) -> tuple[str, Shape]:
        return self.pick.choice(ENTRIES).format(x=x), shape

    def paired(self, name: str, x: str, shape: Shape) -> tuple[str, Shape]:
        y, other = self.pick.choice([own for own in self.pool if joined(shape, own[1]) is not None])
        return self.pick.choice(PAIRS).format(x=x, y=y), joined(shape, other) or ()

    def reduced(self, name: str, x: str, shape: Shape) -> tuple[str, Shape] | None:
        if not shape:
            return None
        axis, kept = self.pick.randrange(len(shape)), self.pick.random() < 0.4
        word = self.pick.choice(["sum", "mean", "max", "min", "prod", "var", "cumsum"])
        if word == "cumsum":
            return f"np.cumsum({x}, axis={axis})", shape
        text = f"np.{word}({x}, axis={axis - len(shape) * self.pick.randint(0, 1)}{', keepdims=True' * kept})"
        return text, (*shape[:axis], *[1] * kept, *shape[axis + 1 :])

    def moved(self, name: str, x: str, shape: Shape) -> tuple[str, Shape] | None:
        ways: list[tuple[str, Shape]] = [(f"{x}.T", shape[::-1])]
        if shape:
            ways += [(f"{x}[::-1]", shape), (f"{x}[{self.pick.choice([0, -1])}]", shape[1:]), (f"{x}[..., ::-1]", shape)]
            ways += [(f"np.roll({x}, 1, axis=0)", shape), (f"{x}[:, None]", (shape[0], 1, *shape[1:])), (f"{x}[None]", (1, *shape))]
        if shape == (self.inputs["t"][0].partition(", ")[2],):
            ways += [(f"{x}[t]", self.inputs["t"][1])] * 4
        if len(shape) == 2:
            ways += [(f"np.tril({x})", shape), (f'np.einsum("ij,kj->ik", {x}, {x})', (shape[0], shape[0]))]
        found = self.pick.choice(ways)
        return found if len(found[1]) < 5 else None

    def multiplied(self, name: str, x: str, shape: Shape) -> tuple[str, Shape] | None:
        fits = [(y, own) for y, own in self.pool if shape and own and len(own) < 3 and shape[-1:] == own[:1]]
        if not fits:
            return (f"np.outer({x}, {x})", (*shape, *shape)) if len(shape) == 1 else None
        y, own = self.pick.choice(fits)
        return f"{x} @ {y}", (*shape[:-1], *own[1:])

    def looped(self, name: str, x: str, shape: Shape) -> tuple[str, Shape] | None:
        starts = [y for y, own in self.pool if shape and own == shape[1:]]
        if not starts:
            return None
        start, z = self.pick.choice(starts), f"z{name[1:]}"
        turn = self.pick.choice(
            ["np.tanh({z} + {x}[i])", "0.5*{z} + np.sin({x}[i])*{z}", "np.maximum({z}, {x}[i])", "{z}*{x}[i] + {y}"]
        )
        body = turn.format(z=z, x=x, y=start)
        return f"{z} = {start}\nfor i in range({shape[0]}):\n    {z} = {body}\n{name} = {z}", shape[1:]

    def arrays(self) -> Arrays:
        draw = np.random.default_rng(self.pick.randrange(1000))
        found: Arrays = {}
        for name, (kind, shape) in self.inputs.items():
            extents = tuple(self.sizes.get(str(n), n) for n in shape)
            bound = kind.partition(", ")[2]
            found[name] = draw.integers(0, self.sizes[bound], extents) if bound else np.asarray(draw.normal(size=extents))  # type: ignore[arg-type]
        return found

    def run(self, arrays: Arrays) -> float:
        names: dict[str, Any] = {"np": np, **self.sizes, **arrays}
        with np.errstate(all="ignore"):
            exec("\n".join(self.lines), names)
        return float(names["L"])


def joined(a: Shape, b: Shape) -> Shape | None:
    """The shape of two that are broadcast; None where they do not fit."""
    length = max(len(a), len(b))
    pairs = list(zip((1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b, strict=True))
    return tuple(q if p == 1 else p for p, q in pairs) if all(p == q or 1 in (p, q) for p, q in pairs) else None


def otherwise_made(array: ndarray, seed: int) -> Any:
    """The same numbers in another memory: by columns, every other entry, backwards, a list, read-only."""
    ways: list[Callable[[], Any]] = [array.tolist, lambda: np.array(array, order="F")]
    if array.ndim:
        ways += [lambda: np.repeat(array, 2, axis=-1)[..., ::2], lambda: array[::-1].copy()[::-1]]
    return ways[seed % len(ways)]()


def ways_to_compute(function: Compiled, text: str, arrays: Arrays, sizes: dict[str, int]) -> dict[str, Callable[[], Any]]:
    def bound(backend: str, of: Compiled = function) -> Any:
        step = of.bind(arrays, backend=backend)
        step()
        return step(), {name: array.copy() for name, array in step.gradients.items()}

    def layers() -> Any:
        graph = executed(function.layers_source(), "value_and_grad")
        return graph(**{name: np.asarray(arrays[name]) for name in inspect.signature(graph).parameters})

    free = {s.name: sizes[s.name] for s in function.program.sizes()}
    odd = {name: otherwise_made(array, k) for k, (name, array) in enumerate(arrays.items())}
    found = {
        "memory": lambda: function.value_and_grad(odd), "a plan": lambda: bound("numpy"), "layers": layers,
        "numbers for sizes": lambda: sb.compile(text, sizes=free).value_and_grad(arrays),
    }  # fmt: skip
    return found | ({"C": lambda: bound("c")} if any(map(shutil.which, ("cc", "gcc", "clang"))) else {})


def assert_as_numpy_says(seed: int) -> bool:
    """Whether the network is one; it is refused where NumPy's empty arrays would be, say."""
    written = Written(seed)
    arrays = written.arrays()
    try:
        value = written.run(arrays)
        function = sb.compile(written.text)
        arrays = {name: arrays[name] for name in arrays if name in {t.name for t in function.program.inputs}}
        found, gradients = function.value_and_grad(arrays)
    except SymbackpropError:
        return False
    assert found == pytest.approx(value, rel=1e-9, abs=1e-9), written.text
    along = {name: np.random.default_rng(seed).normal(size=array.shape) for name, array in gradients.items()}

    def at(h: float) -> float:
        return written.run({**arrays, **{name: arrays[name] + h * vector for name, vector in along.items()}})

    ahead, behind = (at(1e-6) - value) / 1e-6, (value - at(-1e-6)) / 1e-6
    if abs(ahead - behind) < 1e-4 * (1 + abs(ahead)):  # no kink between
        slope = sum(float(np.sum(gradients[name] * along[name])) for name in along)
        assert slope == pytest.approx((at(1e-5) - at(-1e-5)) / 2e-5, rel=1e-5, abs=1e-5), written.text
    for way, compute in ways_to_compute(function, written.text, arrays, written.sizes).items():
        other, same = compute()
        told = f"{way}, seed {seed}: {written.sizes}\n{written.text}"
        assert other == pytest.approx(found, rel=1e-9, abs=1e-9), told
        for name, gradient in gradients.items():
            np.testing.assert_allclose(same[name], gradient, rtol=1e-8, atol=1e-8 * max(1, abs(gradient).max()), err_msg=told)
    return True


def test_a_network_is_what_numpy_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert assert_as_numpy_says(1)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(4))
def test_many_networks_are_what_numpy_runs(chunk: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert sum(map(assert_as_numpy_says, range(10 + 6 * chunk, 16 + 6 * chunk))) >= 3
