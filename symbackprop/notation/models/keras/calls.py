"""How the layers of a description are called: with what other layers give, with numbers, slices, arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from symbackprop.notation.errors import NotationError

NONE = ("a call of a layer is none.", "Give what model.to_json() gives.")


class Reference(NamedTuple):
    """What one call of a layer gives: the name of the layer, which of its calls, which of the values that it gives.

    dtype, rank   its type and the number of its axes, where the description says them; -1: it does not.
    """

    layer: str
    call: int
    output: int
    dtype: str = "float32"
    rank: int = -1


class Call(NamedTuple):
    """One call of a layer: what it is called with in order, and by name; references stand for tensors."""

    args: list[Any]
    named: dict[str, Any]

    def references(self) -> Iterator[Reference]:
        yield from (leaf for leaf in leaves([self.args, self.named]) if isinstance(leaf, Reference))


def calls_of(entry: Mapping[str, Any]) -> list[Call]:
    """The calls of a layer, as Keras 3 writes them, {"args": ..., "kwargs": ...}, or Keras 2, [[name, 0, 0, {}], ...]."""
    try:
        return _calls(entry.get("inbound_nodes") or [])
    except (TypeError, ValueError, AttributeError):
        raise NotationError(*NONE) from None


def _calls(nodes: Any) -> list[Call]:
    found = []
    for node in nodes:
        if isinstance(node, dict):
            found.append(Call(list(parsed(node.get("args") or [])), dict(parsed(node.get("kwargs") or {}))))
            continue
        if node and isinstance(node[0], str):
            node = [node]
        read = [reference(one) for one in node]
        named = {name: _told(value) for one in node if len(one) == 4 for name, value in one[3].items()}
        found.append(Call([read[0] if len(read) == 1 else read], named))
    return found


def reference(value: Any) -> Reference:
    """[name, call, output, ...] as a reference."""
    if not (isinstance(value, list | tuple) and len(value) >= 3 and isinstance(value[0], str)):
        raise NotationError(*NONE)
    try:
        return Reference(value[0], int(value[1]), int(value[2]))
    except (TypeError, ValueError):
        raise NotationError(*NONE) from None


def _told(value: Any) -> Any:
    """A value that Keras 2 writes behind a tensor: a tensor is [name, 0, 0]."""
    if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
        return reference(value)
    return [_told(one) for one in value] if isinstance(value, list) else parsed(value)


def references_in(value: Any) -> list[Reference]:
    """The references of `input_layers` or `output_layers`: one, or several in lists and dicts."""
    if isinstance(value, dict):
        return [found for name in sorted(value) for found in references_in(value[name])]
    if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str):
        return [reference(value)]
    return [found for one in value or [] for found in references_in(one)]


def parsed(value: Any) -> Any:
    """A value of a description: tensors are references, arrays arrays, slices slices."""
    if isinstance(value, list):
        return [parsed(one) for one in value]
    if not isinstance(value, dict):
        return value
    config = value.get("config")
    if not isinstance(config, dict) or "class_name" not in value:
        return {name: parsed(inner) for name, inner in value.items()}
    match value["class_name"]:
        case "__keras_tensor__":
            rank = len(config["shape"]) if isinstance(config.get("shape"), list) else -1
            return reference(config.get("keras_history"))._replace(dtype=str(config.get("dtype")), rank=rank)
        case "__slice__":
            return slice(*(parsed(config.get(part)) for part in ("start", "stop", "step")))
        case "__ellipsis__":
            return Ellipsis
        case "__numpy__" | "__tensor__":
            return np.asarray(config.get("value"), dtype=str(config.get("dtype")))
        case _:
            return value


def leaves(value: Any) -> list[Any]:
    """The values in nested lists and dicts, these in the order of their names."""
    if isinstance(value, dict):
        return [leaf for name in sorted(value) for leaf in leaves(value[name])]
    return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]


def exchanged(value: Any, kind: type, function: Callable[[Any], Any]) -> Any:
    """The value with function(leaf) in the place of each leaf of a kind."""
    if isinstance(value, kind):
        return function(value)
    if isinstance(value, dict):
        return {name: exchanged(inner, kind, function) for name, inner in value.items()}
    return [exchanged(inner, kind, function) for inner in value] if isinstance(value, list) else value
