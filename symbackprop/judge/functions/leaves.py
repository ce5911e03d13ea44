"""The arrays inside what a person passes or returns: dicts, lists, tuples and objects are walked, each array has a path.

A path reads as the person would write it: `params["W1"]`, `net.layers[0].weights`, `W`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

DEEPEST = 12  # containers inside one another: deeper ones hold no parameters
Step = tuple[str, Any]  # ("key", "W1"), ("item", 0), ("attribute", "weights"), ("argument", "X")


@dataclass(frozen=True)
class Leaf:
    """One array or number, with the steps that lead to it."""

    steps: tuple[Step, ...]
    value: Any

    @property
    def name(self) -> str:
        """The path as a person writes it."""
        text = ""
        for kind, at in self.steps:
            match kind:
                case "key":
                    text += f"[{at!r}]".replace("'", '"')
                case "item":
                    text += f"[{at}]"
                case "attribute":
                    text += f".{at}" if text else str(at)
                case _:
                    text = str(at)
        return text

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def inside(self) -> bool:
        """Whether it lives in a container or an object, and is no argument itself."""
        return len(self.steps) > 1


def is_float(value: Any) -> bool:
    """Whether a value is a float or an array of floats: what a derivative can be taken by."""
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def is_number(value: Any) -> bool:
    """Whether a value is a number or an array of numbers, as a gradient is."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiuc"
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool)


def leaves(value: Any, steps: tuple[Step, ...] = (), wanted: Callable[[Any], bool] = is_float) -> Iterator[Leaf]:
    """Every wanted array inside a value, in the order in which it is written; each object is walked once."""
    yield from _walk(value, steps, wanted, set())


def _walk(value: Any, steps: tuple[Step, ...], wanted: Callable[[Any], bool], met: set[int]) -> Iterator[Leaf]:
    if wanted(value):
        if isinstance(value, np.ndarray):
            if id(value) in met:  # one array under two names is one leaf: moving it moves both
                return
            met.add(id(value))
        yield Leaf(steps, value)
        return
    if len(steps) > DEEPEST or id(value) in met or isinstance(value, str | bytes | np.ndarray | np.random.Generator):
        return
    met.add(id(value))
    for step, inner in parts(value):
        yield from _walk(inner, (*steps, step), wanted, met)


def parts(value: Any) -> Iterator[tuple[Step, Any]]:
    """What a container or object holds, each with the step that leads to it."""
    if isinstance(value, Mapping):
        yield from ((("key", key), inner) for key, inner in value.items())
    elif isinstance(value, list | tuple):
        named = getattr(value, "_fields", None)
        for k, inner in enumerate(value):
            yield (("attribute", named[k]) if named else ("item", k)), inner
    elif not callable(value) or hasattr(value, "__dict__"):
        if isinstance(value, type) or type(value).__module__ == "builtins":
            return
        for key, inner in vars(value).items() if hasattr(value, "__dict__") else ():
            yield ("attribute", key), inner


def reached(root: Any, steps: tuple[Step, ...]) -> Any:
    """What the steps lead to from `root`."""
    for kind, at in steps:
        root = getattr(root, at) if kind == "attribute" else root[at]
    return root


def put(root: Any, steps: tuple[Step, ...], value: Any) -> None:
    """Place a value where the steps lead to, inside a list, dict or object that can be written.

    An array that is there already is filled, so that every other name of it sees the change.
    """
    holder, (kind, at) = reached(root, steps[:-1]), steps[-1]
    old = getattr(holder, at) if kind == "attribute" else holder[at]
    if isinstance(old, np.ndarray) and old.dtype == np.result_type(value) and old.flags.writeable:
        old[...] = value
    elif isinstance(holder, tuple):
        new = list(holder)
        new[at if kind == "item" else holder._fields.index(at)] = value  # type: ignore[attr-defined]
        put(root, steps[:-1], type(holder)(*new) if hasattr(holder, "_fields") else tuple(new))
    elif kind == "attribute":
        setattr(holder, at, value)
    else:
        holder[at] = value
