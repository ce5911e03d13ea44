"""Random numbers that a module draws: drawn once here, given to the network as data, and to the module wherever it draws again."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.notation.errors import Place

Draw = Callable[[np.random.Generator, tuple[int, ...], Mapping[str, Any]], ndarray]


def _flags(rng: np.random.Generator, shape: tuple[int, ...], p: Any) -> ndarray:
    return (rng.random(shape) < p).astype(float)


DRAWS: Mapping[str, Draw] = {
    "randn": lambda rng, shape, a: rng.normal(size=shape),
    "randn_like": lambda rng, shape, a: rng.normal(size=shape),
    "normal_": lambda rng, shape, a: rng.normal(a.get("mean", 0), a.get("std", 1), shape),
    "rand": lambda rng, shape, a: rng.random(shape),
    "rand_like": lambda rng, shape, a: rng.random(shape),
    "uniform_": lambda rng, shape, a: rng.uniform(a.get("from", 0), a.get("to", 1), shape),
    "bernoulli_": lambda rng, shape, a: _flags(rng, shape, a.get("p", 0.5)),
    "exponential_": lambda rng, shape, a: rng.exponential(1 / a.get("lambd", 1), shape),
    "dropout": lambda rng, shape, a: _flags(rng, shape, 1 - a["p"]),
}
"""What torch's operations draw, by the numbers that they are given."""

NAMES = {"randn": "eps", "randn_like": "eps", "normal_": "eps", "dropout": "mask", "bernoulli_": "mask"}


@dataclass(frozen=True)
class Drawn:
    """What one operation draws: an input of the network, and the rate by which the module has less than that."""

    array: ndarray
    rate: float


def is_drawn(operation: str, arguments: Mapping[str, Any]) -> bool:
    """Whether an operation draws numbers that depend on nothing but its shape."""
    if operation == "dropout":
        return bool(arguments.get("train")) and 0 < arguments["p"] < 1
    return operation in DRAWS and all(isinstance(value, int | float) for name, value in arguments.items() if name in ("p", "mean"))


def drawn(operation: str, shape: Sequence[int], arguments: Mapping[str, Any], count: int) -> ndarray:
    """The numbers of the `count`-th operation that draws; those of a seed, so that two readings of a module are equal."""
    return DRAWS[operation](np.random.default_rng(count), tuple(shape), arguments)


@contextmanager
def redrawn(arrays: Sequence[ndarray]) -> Iterator[None]:
    """In this context torch draws these numbers, one array after the other, in the place of random ones."""
    torch, modes = import_module("torch"), import_module("torch.utils._python_dispatch")
    left = iter(arrays)

    class Given(modes.TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = function.overloadpacket.__name__
            if name not in DRAWS or name == "dropout":
                return function(*args, **(kwargs or {}))
            array = next(left, None)
            if array is None:
                return function(*args, **(kwargs or {}))
            found = torch.as_tensor(array)
            return args[0].copy_(found) if name.endswith("_") else found

    with torch.random.fork_rng(devices=[]), Given():
        yield


def called(operation: str, place: Place | None) -> str:
    """What drawn numbers are called: the variable in `eps = torch.randn_like(std)`, else what they are."""
    name = None if place is None else _drawn_in(place.file).get((place.line, operation))
    return name or NAMES.get(operation, "noise")


@cache
def _drawn_in(file: str) -> dict[tuple[int, str], str]:
    """The variables of a file that one call is assigned to, by its lines and what it calls."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return {}
    return {
        (line, node.value.func.attr): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Attribute)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
