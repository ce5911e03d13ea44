"""Numbers of Python as arrays without axes: neurons that hold floats, weights in plain lists."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

DEEPEST = 12
PLAIN = str | bytes | int | np.ndarray | np.generic | ModuleType | FunctionType | MethodType | type | np.random.Generator | None


def numbered(value: Any, every: bool, path: tuple[Any, ...] = (), memo: dict[int, Any] | None = None) -> Any:
    """A copy in which floats are arrays without axes.

    every  all floats; else those of objects of a person's own that stand in a list: several of a kind hold weights, where one
           alone holds settings.
    """
    memo = {} if memo is None else memo
    if type(value) in (float, np.float64):
        inside = any(isinstance(step, int) for step in path) and any(isinstance(step, _Attribute) for step in path)
        return np.array(value) if every or inside else value
    if isinstance(value, PLAIN) or len(path) > DEEPEST:
        return value
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, list | tuple):
        made: Any = type(value)() if type(value) is list else None
        if made is not None:
            memo[id(value)] = made
        parts = [numbered(inner, every, (*path, k), memo) for k, inner in enumerate(value)]
        if made is None:
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        made += parts
        return made
    if isinstance(value, Mapping) and type(value) is dict:
        made = memo[id(value)] = {}
        made |= {key: numbered(inner, every, (*path, key), memo) for key, inner in value.items()}
        return made
    if type(value).__module__ in ("builtins", "numpy") or not hasattr(value, "__dict__"):
        return value
    made = memo[id(value)] = copy.copy(value)
    for key, inner in vars(value).items():
        vars(made)[key] = numbered(inner, every, (*path, _Attribute(key)), memo)
    return made


class _Attribute(str):
    """A step of a path into an object."""

    __slots__ = ()
