"""Random numbers that a module draws: drawn once here, given to the network as data, and to the module wherever it draws again."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy import ndarray
from sympy import Expr

from symbackprop.notation.errors import Place
from symbackprop.notation.models.torch.graph import Given, Node, Ref

Draw = Callable[[np.random.Generator, tuple[int, ...], Mapping[str, Any]], ndarray]


def _flags(rng: np.random.Generator, shape: tuple[int, ...], p: Any) -> ndarray:
    return (rng.random(shape) < p).astype(float)


def _whole(rng: np.random.Generator, shape: tuple[int, ...], a: Mapping[str, Any]) -> ndarray:
    return rng.integers(a.get("low", 0), a["high"], shape)


MASKS = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout")
"""Operations that draw what they keep: a flag for each entry, or for each channel."""


DRAWS: Mapping[str, Draw] = {
    "randn": lambda rng, shape, a: rng.normal(size=shape),
    "randn_like": lambda rng, shape, a: rng.normal(size=shape),
    "normal_": lambda rng, shape, a: rng.normal(a.get("mean", 0), a.get("std", 1), shape),
    "rand": lambda rng, shape, a: rng.random(shape),
    "rand_like": lambda rng, shape, a: rng.random(shape),
    "uniform_": lambda rng, shape, a: rng.uniform(a.get("from", 0), a.get("to", 1), shape),
    "bernoulli_": lambda rng, shape, a: _flags(rng, shape, a.get("p", 0.5)),
    "exponential_": lambda rng, shape, a: rng.exponential(1 / a.get("lambd", 1), shape),
    "randint": _whole,
    "randint_like": _whole,
    "randperm": lambda rng, shape, a: rng.permutation(shape[0]),
    "bernoulli": lambda rng, shape, a: rng.random(shape),
    **dict.fromkeys(MASKS, lambda rng, shape, a: _flags(rng, shape, 1 - a["p"])),
}
"""What torch's operations draw, by the numbers that they are given."""

NAMES = {
    "randn": "eps", "randn_like": "eps", "normal_": "eps", **dict.fromkeys(MASKS, "mask"), "bernoulli_": "mask", "randperm": "perm",
    "randint": "t", "randint_like": "t",
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """What one operation draws: an input of the network, and the rate by which the module has less than that."""

    array: ndarray
    rate: float

    def numbers(self, array: ndarray) -> ndarray:
        """What the module draws where the input of the network is `array`; whole numbers stay whole."""
        return array.astype(self.array.dtype) if self.rate == 1 else array * self.rate


def is_drawn(operation: str, arguments: Mapping[str, Any]) -> bool:
    """Whether an operation draws numbers that depend on nothing but its shape."""
    if operation in MASKS:
        return bool(arguments.get("train")) and 0 < arguments["p"] < 1
    plain = ("mean", "low", "high", *(["p"] if operation != "bernoulli" else []))
    return operation in DRAWS and all(isinstance(value, int | float) for name, value in arguments.items() if name in plain)


def drawn_shape(operation: str, shape: Sequence[Any]) -> tuple[Any, ...]:
    """The shape of what an operation draws, by that of its result: one number for each channel, where whole channels are kept."""
    return (*shape[:2], *[1] * (len(shape) - 2)) if operation.startswith("feature_") else tuple(shape)


def drawn(operation: str, shape: Sequence[int], arguments: Mapping[str, Any], count: int) -> ndarray:
    """The numbers of the `count`-th operation that draws; those of a seed, so that two readings of a module are equal."""
    return DRAWS[operation](np.random.default_rng(count), drawn_shape(operation, shape), arguments)


def with_draws(
    given: tuple[Given, ...], operations: tuple[Node, ...], shapes: Callable[[str], tuple[tuple[int, ...], tuple[Expr, ...]]]
) -> tuple[tuple[Given, ...], tuple[Node, ...], dict[str, Drawn]]:
    """The graph with what is drawn at random as inputs, and these by name: a dropout multiplies by what it keeps.

    shapes   the shape of the result of a node, in the example and with the sizes of the network.
    """
    kept: list[Node] = []
    draws: dict[str, Drawn] = {}
    for node in operations:
        name = f"{node.operation}_" if node.in_place else node.operation
        if not is_drawn(name, node.arguments):
            kept.append(node)
            continue
        numbers, sizes = shapes(node.name)
        found = drawn(name, numbers, node.arguments, len(draws))
        masks, alpha = name in MASKS, "alpha" in name
        rate = 1 - node.arguments["p"] if masks and not alpha else 1.0
        own = f"{node.name}_drawn" if masks or name == "bernoulli" else node.name
        draws[own] = Drawn(found if rate == 1 else found / rate, rate)
        given = (*given, Given(own, "drawn", called(name, node.place), draws[own].array, drawn_shape(name, sizes)))
        x = node.arguments.get("x")
        if alpha:
            kept.append(replace(node, operation="kept_alpha", arguments={"x": x, "kept": Ref(own), "p": node.arguments["p"]}))
        elif masks:
            times = replace(node, operation="mul", arguments={"x": x, "other": Ref(own)})
            if name == "native_dropout":  # which returns its mask as well
                times = replace(times, name=f"{node.name}_kept")
                kept += [times, replace(node, operation="listed", arguments={"tensors": [Ref(times.name)]}, shape=None)]
            else:
                kept.append(times)
        elif name == "bernoulli":
            kept.append(replace(node, operation="lt", arguments={"x": Ref(own), "other": x}))
    return given, tuple(kept), draws


@contextmanager
def redrawn(arrays: Sequence[ndarray]) -> Iterator[None]:
    """In this context torch draws these numbers, one array after the other, in the place of random ones."""
    torch, modes = import_module("torch"), import_module("torch.utils._python_dispatch")
    left = iter(arrays)

    class Given(modes.TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = function.overloadpacket.__name__
            if name not in DRAWS or name in MASKS:
                return function(*args, **(kwargs or {}))
            array = next(left, None)
            if array is None:
                return function(*args, **(kwargs or {}))
            found = torch.as_tensor(array)
            if name == "bernoulli":
                return (found < args[0]).to(args[0].dtype)
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
