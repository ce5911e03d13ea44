"""Numbers of Python as arrays without axes: neurons that hold floats, weights in plain lists."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from symbackprop.notation.roles import is_bias, is_given, is_setting
from symbackprop.notation.trace.reached import Attribute, Path

DEEPEST = 12
PLAIN = str | bytes | int | np.ndarray | np.generic | ModuleType | FunctionType | MethodType | type | np.random.Generator | None

Choice = Callable[[Path, float], Any]


def every(path: Path, number: float) -> Any:
    """All floats are arrays."""
    return np.array(number)


def beside(path: Path, number: float) -> Any:
    """Biases of a person's own objects and dicts, self.bias beside self.weights."""
    return np.array(number) if is_bias(("self", *path) if isinstance(path[0], Attribute) else path) else number


def held_by(parameters: Sequence[str], data: bool) -> Choice:
    """Floats of objects that stand in a list, as neurons do; all inside of arguments but settings, where every array is data.

    parameters  the names of the arguments that are given by their places.
    data        whether no array is a parameter by its name.
    """

    def choice(path: Path, number: float) -> Any:
        root, within = path[0], path[1:]
        if isinstance(root, int):
            root = parameters[root]
        elif isinstance(root, Attribute):  # of the object whose method it is
            root, within = "self", path
        neuron = any(isinstance(step, int) for step in within) and any(isinstance(step, Attribute) for step in within)
        learnt = neuron or (data and within and not is_given(root) and not is_setting((root, *within)))
        return np.array(number) if learnt else number

    return choice


def numbered(value: Any, choice: Choice, path: Path = (), memo: dict[int, Any] | None = None) -> Any:
    """A copy in which floats are what is chosen for them, by the path that leads to each, and JAX's arrays are NumPy's."""
    memo = {} if memo is None else memo
    if is_jax(value):
        return memo.setdefault(id(value), np.array(value))
    if type(value) in (float, np.float64):
        return choice(path, value)
    if isinstance(value, PLAIN) or len(path) > DEEPEST:
        return value
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, list | tuple):
        made: Any = type(value)() if type(value) is list else None
        if made is not None:
            memo[id(value)] = made
        parts = [numbered(inner, choice, (*path, k), memo) for k, inner in enumerate(value)]
        if made is None:
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        made += parts
        return made
    if isinstance(value, Mapping) and type(value) is dict:
        made = memo[id(value)] = {}
        made |= {key: numbered(inner, choice, (*path, key), memo) for key, inner in value.items()}
        return made
    if type(value).__module__ in ("builtins", "numpy") or not hasattr(value, "__dict__"):
        return value
    made = memo[id(value)] = copy.copy(value)
    for key, inner in vars(value).items():
        vars(made)[key] = numbered(inner, choice, (*path, Attribute(key)), memo)
    return made


def unsaid(function: Any, places: int, options: Mapping[str, Any]) -> dict[str, float]:
    """The defaults that are floats of Python, of arguments that are given neither by so many places nor by these names."""
    try:
        parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        return {}
    ordered = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    named = [*ordered[places:], *(p for p in parameters if p.kind is p.KEYWORD_ONLY)]
    return {
        p.name: p.default for p in named if p.kind is not p.POSITIONAL_ONLY and p.name not in options and type(p.default) is float
    }


def is_jax(value: Any) -> bool:
    """Whether it is an array of JAX, which need not be there."""
    return type(value).__module__.partition(".")[0] in ("jax", "jaxlib") and hasattr(value, "__array__")


def holds_jax(value: Any) -> bool:
    """Whether an array of JAX stands somewhere inside."""
    waiting, seen = [value], set[int]()
    while waiting:
        thing = waiting.pop()
        if is_jax(thing):
            return True
        if isinstance(thing, PLAIN | float) or id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Mapping):
            waiting += thing.values()
        elif isinstance(thing, list | tuple):
            waiting += thing
        elif hasattr(thing, "__dict__"):
            waiting += vars(thing).values()
    return False
