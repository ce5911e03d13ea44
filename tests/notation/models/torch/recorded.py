"""Graphs of modules as torch exported them, with torch's loss and gradients, in files: what reads them needs no torch.

`record.py` writes the files anew. A line of `NAME.json` is an input or an operation; "%x" is what has the name x, "#n" a size; an array is
what `NAME.npz` holds of a kind of numbers from an entry on, in a shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.program import size
from symbackprop.notation.models.torch.graph import Given, Graph, Node, Ref

FOLDER = Path(__file__).parent / "recorded"


class Recorded(NamedTuple):
    """The graph of a module and its loss; the loss and the gradients that torch computed, these by the names of `state_dict`."""

    graph: Graph
    loss: float
    gradients: Mapping[str, ndarray]


def read(name: str) -> dict[str, Recorded]:
    """What stands in the files `name.json` and `name.npz`, by the names of the cases."""
    with np.load(FOLDER / f"{name}.npz") as file:
        arrays = {kind: file[kind] for kind in file.files}
    cases = json.loads((FOLDER / f"{name}.json").read_text())
    return {key: _case(case, arrays) for key, case in cases.items()}


def _case(case: Mapping[str, Any], arrays: Mapping[str, ndarray]) -> Recorded:
    inputs = [_given(name, about, arrays) for name, about in case["inputs"].items()]
    nodes = [
        Node(name, about[0], {key: _back(value) for key, value in about[1].items()}, *_shape(about[2:3]), *about[3:])
        for name, about in case["nodes"].items()
    ]
    gradients = {path: _array(about, arrays) for path, about in case["gradients"].items()}
    return Recorded(Graph(tuple(inputs), tuple(nodes), Ref(nodes[-1].name), None, True), case["loss"], gradients)


def _given(name: str, about: Mapping[str, Any], arrays: Mapping[str, ndarray]) -> Given:
    array = _array(about["array"], arrays) if "array" in about else None
    rest = {key: _back(value) for key, value in about.items() if key not in ("array", "shape")}
    shape = _shape([about["shape"]])[0] if "shape" in about else () if array is None else array.shape
    return Given(name, array=array, shape=shape or (), **rest)


def _array(about: list[Any], arrays: Mapping[str, ndarray]) -> ndarray:
    kind, start, *shape = about
    found = arrays[kind][start : start + int(np.prod(shape))].reshape(shape)
    return found.astype(float) if found.dtype.kind == "f" else found


def _shape(found: list[Any]) -> list[tuple[Expr, ...] | None]:
    return [None if shape is None else tuple(sp.Integer(n) if isinstance(n, int) else _back(n) for n in shape) for shape in found]


def _back(value: Any) -> Any:
    if isinstance(value, list):
        return [_back(one) for one in value]
    if isinstance(value, str) and value[:1] == "%":
        return Ref(value[1:])
    if isinstance(value, str) and value[:1] == "#":
        return _size(value[1:])
    return complex(*value["complex"]) if isinstance(value, dict) else value


@cache
def _size(text: str) -> Expr:
    return sp.sympify(text, {letter: size(letter) for letter in re.findall(r"[a-z]\w*", text) if letter != "floor"})


# -- written -------------------------------------------------------------------------------------------------------------------


class Arrays:
    """Arrays one after the other, by kind; what comes again is kept once, in as few bytes as hold it."""

    def __init__(self) -> None:
        self.parts: dict[str, list[ndarray]] = {}
        self.ends: dict[str, int] = {}
        self.known: dict[Any, list[Any]] = {}

    def held(self, array: ndarray) -> list[Any]:
        single = array.astype(np.float32) if array.dtype.kind == "f" else array
        array = single if np.array_equal(single, array, equal_nan=array.dtype.kind == "f") else array
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.known:
            kind = array.dtype.name
            start = self.ends.get(kind, 0)
            self.parts.setdefault(kind, []).append(array.ravel())
            self.ends[kind] = start + array.size
            self.known[key] = [kind, start, *array.shape]
        return self.known[key]

    def whole(self) -> dict[str, ndarray]:
        return {kind: np.concatenate(parts) for kind, parts in self.parts.items()}


def written(cases: Mapping[str, Recorded]) -> tuple[str, dict[str, ndarray]]:
    """The text and the arrays of these cases."""
    arrays = Arrays()
    return "{\n" + ",\n".join(
        f"{json.dumps(name)}: {_text(case, arrays)}" for name, case in cases.items()
    ) + "\n}\n", arrays.whole()


def _text(case: Recorded, arrays: Arrays) -> str:
    graph = case.graph
    wanted = graph.reached()
    inputs = {g.name: _about(g, arrays) for g in graph.inputs if g.name in wanted}
    nodes = {n.name: _operation(n) for n in graph.nodes if n.name in wanted}
    assert list(nodes)[-1] == graph.loss.name
    gradients = {path: arrays.held(gradient) for path, gradient in case.gradients.items()}
    return f'{{"loss": {case.loss!r}, "gradients": {_line(gradients)},\n "inputs": {{{_lines(inputs)}}},\n "nodes": {{{_lines(nodes)}}}}}'


def _about(g: Given, arrays: Arrays) -> dict[str, Any]:
    about: dict[str, Any] = {"kind": g.kind, "path": g.path}
    if g.array is not None:
        about["array"] = arrays.held(np.asarray(g.array))
    if g.shape != np.shape(g.array):
        about["shape"] = _plain(g.shape)
    if g.value is not None:
        about["value"] = _plain(g.value)
    return about | {name: getattr(g, name) for name in ("layer", "spare", "paired") if getattr(g, name)}


def _operation(n: Node) -> list[Any]:
    found = [n.operation, {key: _plain(value) for key, value in n.arguments.items()}, _plain(n.shape)]
    return [*found, True] if n.in_place else found


def _plain(value: Any) -> Any:
    """An argument, a shape or a value as JSON has it."""
    if isinstance(value, Ref):
        return f"%{value.name}"
    if isinstance(value, Expr):
        return int(value) if value.is_Integer else f"#{value}"
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _lines(found: Mapping[str, Any]) -> str:
    return ",\n  ".join(f"{json.dumps(name)}: {_line(about)}" for name, about in found.items())
