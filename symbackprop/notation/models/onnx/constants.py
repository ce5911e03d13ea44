"""Operators on constants, which are computed: whole numbers, shapes with the symbols of their sizes, small tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.notation.models.onnx.node import Node

MOST = 10**7  # entries of a computed constant


def _plain(array: ndarray) -> ndarray:
    """Whole numbers in the place of symbols where all are known."""
    if array.dtype == object and all(getattr(n, "is_Integer", isinstance(n, int)) for n in array.ravel()):
        return array.astype(np.int64)
    return array


def _axes(node: Node, arrays: list[ndarray], k: int = 1) -> tuple[int, ...] | None:
    given = node.get("axes") if "axes" in node.attributes else arrays[k].tolist() if len(arrays) > k else None
    return None if given is None else tuple(map(int, given))


def _unsqueeze(node: Node, arrays: list[ndarray]) -> ndarray:
    return np.expand_dims(arrays[0], _axes(node, arrays) or ())


def _slice(node: Node, arrays: list[ndarray]) -> ndarray:
    x = arrays[0]
    if "starts" in node.attributes:
        starts, ends = node.get("starts"), node.get("ends")
        axes, steps = node.get("axes") or range(len(starts)), [1] * len(starts)
    else:
        starts, ends = arrays[1].tolist(), arrays[2].tolist()
        axes = arrays[3].tolist() if len(arrays) > 3 else range(len(starts))
        steps = arrays[4].tolist() if len(arrays) > 4 else [1] * len(starts)
    items = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        items[axis] = slice(start, None if step < 0 and end < -x.shape[axis] else end, step)
    return x[tuple(items)]


def _divided(a: ndarray, b: ndarray) -> ndarray:
    if a.dtype.kind == "f" or b.dtype.kind == "f":
        return a / b
    return a // b if object in (a.dtype, b.dtype) else (a - np.fmod(a, b)) // b  # what is left of the point


def _cast(node: Node, arrays: list[ndarray]) -> ndarray:
    from onnx import helper

    return arrays[0] if arrays[0].dtype == object else arrays[0].astype(helper.tensor_dtype_to_np_dtype(int(node.get("to", 1))))


def _filled(node: Node, arrays: list[ndarray]) -> Any:
    from onnx import numpy_helper

    value = numpy_helper.to_array(node.get("value")).ravel()[0] if "value" in node.attributes else np.float32(0)
    if arrays[0].dtype == object or np.prod(arrays[0].astype(float)) > MOST:
        return None
    return np.full(tuple(map(int, arrays[0])), value)


def _range(node: Node, arrays: list[ndarray]) -> Any:
    if any(a.dtype == object for a in arrays):
        return None
    start, limit, step = (a.item() for a in arrays)
    return np.arange(start, limit, step) if abs(limit - start) <= MOST * abs(step) else None


def _expand(node: Node, arrays: list[ndarray]) -> Any:
    if arrays[1].dtype == object:
        return None
    return np.broadcast_to(arrays[0], np.broadcast_shapes(arrays[0].shape, tuple(map(int, arrays[1]))))


def _reshape(node: Node, arrays: list[ndarray]) -> Any:
    if arrays[1].dtype == object:
        return None
    return arrays[0].reshape([arrays[0].shape[k] if n == 0 else n for k, n in enumerate(arrays[1].tolist())])


def _root(x: ndarray) -> ndarray:
    return np.array([sp.sqrt(n) for n in x.ravel()], dtype=object).reshape(x.shape) if x.dtype == object else np.sqrt(x)


def _same(a: ndarray, b: ndarray) -> ndarray:
    return np.array(a == b, dtype=bool)


def _gather(node: Node, arrays: list[ndarray]) -> ndarray:
    return np.take(arrays[0], arrays[1].astype(int), axis=int(node.get("axis", 0)))


def _trilu(node: Node, arrays: list[ndarray]) -> ndarray:
    return (np.triu if node.get("upper", 1) else np.tril)(arrays[0], int(arrays[1]) if len(arrays) > 1 else 0)


def _each(function: Callable[..., Any]) -> Callable[[Node, list[ndarray]], Any]:
    return lambda node, arrays: function(*arrays)


CONSTANTS: dict[str, Callable[[Node, list[ndarray]], Any]] = {
    "Gather": _gather, "Unsqueeze": _unsqueeze, "Slice": _slice, "Cast": _cast, "ConstantOfShape": _filled, "Range": _range,
    "Expand": _expand, "Reshape": _reshape,
    "Concat": lambda node, arrays: np.concatenate(arrays, axis=int(node.get("axis", 0))),
    "Squeeze": lambda node, arrays: np.squeeze(arrays[0], _axes(node, arrays)),
    "Transpose": lambda node, arrays: np.transpose(arrays[0], node.get("perm")),
    "ReduceProd": lambda node, arrays: np.array(np.prod(arrays[0])).reshape((1,) * arrays[0].ndim * node.get("keepdims", 1)),
    "Add": _each(lambda a, b: a + b), "Sub": _each(lambda a, b: a - b), "Mul": _each(lambda a, b: a * b), "Div": _each(_divided),
    "Mod": _each(lambda a, b: a % b), "Pow": _each(lambda a, b: a**b), "Neg": _each(lambda a: -a), "Sqrt": _each(_root),
    "Reciprocal": _each(lambda a: 1 / a), "Min": _each(np.minimum), "Max": _each(np.maximum), "Equal": _each(_same),
    "Greater": _each(lambda a, b: a > b), "Less": _each(lambda a, b: a < b), "GreaterOrEqual": _each(lambda a, b: a >= b),
    "LessOrEqual": _each(lambda a, b: a <= b), "Where": _each(np.where), "And": _each(np.logical_and), "Or": _each(np.logical_or),
    "Not": _each(np.logical_not), "Identity": _each(lambda a: a), "Trilu": _trilu,
}  # fmt: skip
"""From an operator and its constant inputs to a constant; None where symbols stand in the way."""


def computed(node: Node) -> ndarray | None:
    """The constant that an operator on constants gives, or None where it is written as a tensor."""
    row = CONSTANTS.get(node.op)
    arrays = [node.values.get(name) for name in node.inputs if name]
    if row is None or not arrays or not all(isinstance(a, ndarray) for a in arrays):
        return None
    try:
        found = row(node, arrays)  # type: ignore[arg-type]
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as fault:
        raise node.refused(f"its constants do not fit: {fault}.", "Export the model with fixed sizes.") from None
    if found is None:
        return None
    if np.size(found) > MOST:
        raise node.refused(f"it computes a constant of {np.size(found):,} entries.", f"{MOST:,} are read at most.")
    return _plain(np.asarray(found))
