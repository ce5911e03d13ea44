"""Operators that move entries about: other shapes, parts, tensors beside one another, reductions of axes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.operations.entries import placed, replaced
from symbackprop.language.tensors import Tensor, arange, as_number
from symbackprop.notation.models.onnx.elementary import Row
from symbackprop.notation.models.onnx.node import Node, Value, exact, shape_array, size_of
from symbackprop.notation.models.scattering import WHOLE, along, positions, scattered


def _axes(node: Node, k: int, rank: int) -> list[int] | None:
    """The axes that a setting or an input names, counted from the front; None where there are none."""
    given = node.get("axes") if "axes" in node.attributes else node.integers(k, "the axes") if node.has(k) else None
    return None if given is None else [int(a) % max(rank, 1) for a in given]


def _shape(node: Node) -> Value:
    value = node.value(0)
    shape = value.shape if isinstance(value, Tensor) else tuple(map(sp.Integer, value.shape))
    return shape_array(shape[slice(node.get("start", 0), node.get("end"))])


def _size(node: Node) -> Value:
    value = node.value(0)
    count = sp.Mul(*value.shape)
    return np.array(size_of(count), dtype=np.int64 if count.is_Integer else object)


def _reshape(node: Node) -> Tensor:
    x = node.tensor(0)
    wanted = node.get("shape") if "shape" in node.attributes else node.integers(1, "the shape")
    if node.get("allowzero", 0):
        return ops.reshape(x, tuple(wanted))
    return ops.reshape(x, tuple(x.shape[k] if n == 0 else n for k, n in enumerate(wanted)))


def _flatten(node: Node) -> Tensor:
    x = node.tensor(0)
    axis = int(node.get("axis", 1))
    axis = axis + x.ndim if axis < 0 else axis
    return ops.reshape(x, (sp.Mul(*x.shape[:axis]), sp.Mul(*x.shape[axis:])))


def _squeeze(node: Node) -> Tensor:
    x = node.tensor(0)
    axes = _axes(node, 1, x.ndim)
    return ops.squeeze(x, None if axes is None else tuple(axes))


def _unsqueeze(node: Node) -> Tensor:
    x = node.tensor(0)
    given = node.get("axes") if "axes" in node.attributes else node.integers(1, "the axes")
    for axis in sorted(int(a) % (x.ndim + len(given)) for a in given):
        x = ops.expand_dims(x, axis)
    return x


def _concat(node: Node) -> Tensor:
    several = node.tensors()
    rank = max(node.rank(k) for k in range(len(several)))
    several = [x if x.ndim == rank else ops.reshape(x, (1,) * rank) for x in several]
    return ops.concatenate(several, node.axis(0, rank))


def _split(node: Node) -> tuple[Tensor, ...]:
    x = node.tensor(0)
    axis = node.axis(0, x.ndim)
    sizes = node.get("split") if "split" in node.attributes else node.integers(1, "the sizes of the parts") if node.has(1) else None
    if sizes is None:
        count, extent = len(node.outputs), x.shape[axis]
        part = sp.ceiling(extent / count)
        sizes = [*[part] * (count - 1), sp.expand(extent - (count - 1) * part)]
    cuts = [sp.Add(*sizes[:k]) for k in range(1, len(sizes))]
    return ops.split(x, tuple(map(size_of, cuts)), axis)


def _slice(node: Node) -> Tensor:
    x = node.tensor(0)
    if "starts" in node.attributes:
        starts, ends, steps = node.get("starts"), node.get("ends"), None
        axes = node.get("axes") or range(len(starts))
    else:
        starts, ends = node.integers(1, "the start of a slice"), node.integers(2, "the end of a slice")
        axes = node.integers(3, "the axes") if node.has(3) else range(len(starts))
        steps = node.integers(4, "the step of a slice") if node.has(4) else None
    items: list[Any] = [slice(None)] * x.ndim
    for k, axis in enumerate(axes):
        place = int(axis) % x.ndim
        items[place] = _part(starts[k], ends[k], 1 if steps is None else int(steps[k]), x.shape[place])
    return x[tuple(items)]


FAR = 2**31 - 1  # what exporters write for "to the end"


def _part(start: Any, end: Any, step: int, extent: Any) -> slice:
    """A slice, in which numbers beyond the axis mean its ends."""

    def bounded(n: Any) -> Any:
        if isinstance(n, int) and (abs(n) >= FAR or (extent.is_Integer and abs(n) > int(extent))):
            return None
        return n

    first, last = bounded(start), bounded(end)
    first = None if first == (0 if step > 0 else -1) else first
    return slice(first, None if last == extent and step > 0 else last, step)


def _gather(node: Node) -> Tensor:
    x, axis = node.tensor(0), node.axis(0, node.rank(0))
    before: tuple[Any, ...] = (slice(None),) * axis
    indices = node.value(1)
    if isinstance(indices, Tensor):
        return x[(*before, positions(indices, x.shape[axis]))]
    if indices.ndim == 0:
        return x[(*before, size_of(indices[()]))]
    places = [size_of(n) for n in indices.ravel()]
    if indices.ndim == 1 and len(places) == 1:
        return ops.expand_dims(x[(*before, places[0])], axis)
    steps = {b - a for a, b in itertools.pairwise(places)}
    if indices.ndim == 1 and steps == {1} and places[0] >= 0:
        return x[(*before, slice(places[0], places[-1] + 1))]
    return x[(*before, node.positions(1, x.shape[axis]))]


def _gather_elements(node: Node) -> Tensor:
    x = node.tensor(0)
    axis = node.axis(0, x.ndim)
    indices = node.value(1)
    if not isinstance(indices, Tensor):
        indices = node.positions(1, x.shape[axis])
    return x[along(x, axis, positions(indices, x.shape[axis]))]


def _gather_nd(node: Node) -> Tensor:
    """x[positions]: the last axis of the positions goes through axes of x, behind those that both have in common."""
    x, common = node.tensor(0), int(node.get("batch_dims", 0))
    items = _items(node, x, common)
    rank = max((one.ndim for one in items if isinstance(one, Tensor)), default=0)
    counts = [arange(n)[(WHOLE, *[None] * (rank - 1 - k))] for k, n in enumerate(x.shape[:common])]
    return x[(*counts, *items)]


def _items(node: Node, x: Tensor, common: int = 0) -> list[Any]:
    """The positions that stand along the last axis of input 1, axis by axis."""
    indices = node.value(1)
    if not isinstance(indices, Tensor):
        return _fixed(node, indices, x, common)
    depth = indices.shape[-1]
    if not depth.is_Integer:
        raise node.refused(f"it needs to know the size {depth}.", "Export the model with fixed sizes.")
    return [positions(indices[..., k], x.shape[common + k]) for k in range(int(depth))]


def _scatter(node: Node) -> Tensor:
    """x after x[positions] = u, or += u: the last axis of the positions goes through the first axes of x."""
    x, new, how = node.tensor(0), node.tensor(2), node.get("reduction", "none")
    if how not in ("none", "add"):
        raise node.refused(f"reduction={how!r} is not read.", "'none' and 'add' are.")
    if how == "none":
        _require_once(node, x)
    items = _items(node, x)
    return x + placed(new, tuple(items), x.shape) if how == "add" else replaced(x, tuple(items), new)


def _scatter_elements(node: Node) -> Tensor:
    """x after x[.., positions, ..] = u along one axis, or += u, or the larger or smaller of both."""
    x, new, how = node.tensor(0), node.tensor(2), node.get("reduction", "none")
    kinds = {"none": "replace", "add": "sum", "max": "max", "min": "min"}
    if how not in kinds:
        raise node.refused(f"reduction={how!r} is not read.", f"Those are: {', '.join(kinds)}.")
    axis, indices = node.axis(0, x.ndim), node.value(1)
    if isinstance(indices, Tensor):
        indices = positions(indices, x.shape[axis])
        if how == "none":
            raise node.refused(*WRITTEN)
    else:
        rows = np.moveaxis(indices, axis, -1).reshape(-1, indices.shape[axis])
        if how == "none" and any(len(set(row)) < len(row) for row in rows.tolist()):
            raise node.refused("it writes an entry twice, and one value stays.", "Write each entry once.")
        indices = node.positions(1, x.shape[axis])
    return scattered(x, axis, indices, new, kinds[how])


WRITTEN = "an entry may be written twice, and one value stays.", "Export it with reduction='add'."


def _require_once(node: Node, x: Tensor) -> None:
    """Raise NotationError where what is written could meet at an entry."""
    indices = node.value(1)
    if isinstance(indices, Tensor):
        raise node.refused(*WRITTEN)
    own = _counted(node, indices, x)
    if len(np.unique(own.reshape(-1, own.shape[-1]), axis=0)) < own[..., 0].size:
        raise node.refused("it writes an entry twice, and one value stays.", "Write each entry once.")


def _counted(node: Node, indices: Any, x: Tensor, common: int = 0) -> Any:
    """Positions that the file holds, counted from the front."""
    extents = [int(n) if n.is_Integer else None for n in x.shape[common : common + indices.shape[-1]]]
    if np.any(indices < 0) and None in extents:
        raise node.refused("its positions are counted from an end that is not known.", "Export the model with fixed sizes.")
    return np.where(indices < 0, indices + np.array([n or 0 for n in extents]), indices)


def _fixed(node: Node, indices: Any, x: Tensor, common: int = 0) -> list[Any]:
    """The positions that the file holds, axis by axis."""
    own = _counted(node, indices, x, common)
    return [node.declare(f"{node.inputs[1]}/{k}", np.ascontiguousarray(own[..., k])) for k in range(own.shape[-1])]


def _expand(node: Node) -> Tensor:
    x, wanted = node.tensor(0), node.integers(1, "the shape")
    while len(wanted) < x.ndim:
        wanted = [1, *wanted]
    own = (*[sp.S.One] * (len(wanted) - x.ndim), *x.shape)
    return ops.broadcast_to(x, tuple(have if want == 1 else want for have, want in zip(own, wanted, strict=True)))


def _tile(node: Node) -> Tensor:
    return ops.tile(node.tensor(0), tuple(node.integers(1, "the repeats")))


def _pad(node: Node) -> Tensor:
    """x with entries around it; a negative width cuts."""
    x, mode = node.tensor(0), node.get("mode", "constant")
    widths = node.get("pads") if "pads" in node.attributes else node.integers(1, "the widths")
    axes = [int(a) % x.ndim for a in node.integers(3, "the axes")] if node.has(3) else list(range(x.ndim))
    half = len(widths) // 2
    pairs: list[tuple[Any, Any]] = [(0, 0)] * x.ndim
    for k, axis in enumerate(axes):
        pairs[axis] = widths[k], widths[k + half]
    if any(as_number(n).is_negative for pair in pairs for n in pair):
        if mode != "constant":
            raise node.refused(f"it cuts, by negative widths, in mode={mode!r}.", "Write a slice.")
        cuts = [(max(-a, 0), max(-b, 0)) for a, b in pairs]
        x = x[tuple(slice(a, n - b) for n, (a, b) in zip(x.shape, cuts, strict=True))]
        pairs = [(max(a, 0), max(b, 0)) for a, b in pairs]
    if not any(map(any, pairs)):
        return x
    if mode != "constant":
        return ops.pad(x, tuple(pairs), mode)
    return ops.pad(x, tuple(pairs), constant_values=node.number(2, "the value") if node.has(2) else node.real("value", 0.0))


def _transpose(node: Node) -> Tensor:
    x = node.tensor(0)
    return ops.transpose(x, tuple(node.get("perm") or reversed(range(x.ndim))))


def _trilu(node: Node) -> Tensor:
    k = int(node.number(1, "the diagonal")) if node.has(1) else 0
    return (ops.triu if node.get("upper", 1) else ops.tril)(node.tensor(0), k)


def _cumsum(node: Node) -> Tensor:
    x = node.tensor(0)
    axis = int(node.number(1, "the axis")) % x.ndim
    y = ops.flip(ops.cumsum(ops.flip(x, axis), axis), axis) if node.get("reverse", 0) else ops.cumsum(x, axis)
    return y - x if node.get("exclusive", 0) else y


def _one_hot(node: Node) -> Tensor:
    depth = size_of(node.number(1, "its depth"))
    t = positions(node.tensor(0), as_number(depth))
    off, on = (node.array(2, "its values").ravel()[k].item() for k in (0, 1))
    hot = ops.one_hot(t, depth)
    hot = ops.moveaxis(hot, -1, node.axis(-1, t.ndim + 1))
    return hot if (off, on) == (0, 1) else off + (on - off) * hot


def _topk(node: Node) -> tuple[Tensor, Tensor]:
    x = node.tensor(0)
    k = node.get("k") if "k" in node.attributes else size_of(node.number(1, "the number of entries"))
    return ops.topk(x, k, node.axis(-1, x.ndim), bool(node.get("largest", 1)))


def _extreme(operation: Callable[..., Tensor]) -> Row:
    """The positions of extremes along an axis."""

    def row(node: Node) -> Tensor:
        node.only(select_last_index=0)
        x = node.tensor(0)
        return operation(x, node.axis(0, x.ndim), keepdims=bool(node.get("keepdims", 1)))

    return row


def _depth_to_space(node: Node) -> Tensor:
    x, b = node.tensor(0), int(node.get("blocksize", 1))
    N, C, H, W = x.shape
    deep = sp.cancel(C / b**2)
    if node.get("mode", "DCR") == "DCR":
        y = ops.transpose(ops.reshape(x, (N, b, b, deep, H, W)), (0, 3, 4, 1, 5, 2))
    else:
        y = ops.transpose(ops.reshape(x, (N, deep, b, b, H, W)), (0, 1, 4, 2, 5, 3))
    return ops.reshape(y, (N, deep, H * b, W * b))


def _space_to_depth(node: Node) -> Tensor:
    x, b = node.tensor(0), int(node.get("blocksize", 1))
    N, C, H, W = x.shape
    y = ops.reshape(x, (N, C, sp.cancel(H / b), b, sp.cancel(W / b), b))
    return ops.reshape(ops.transpose(y, (0, 3, 5, 1, 2, 4)), (N, C * b**2, sp.cancel(H / b), sp.cancel(W / b)))


def _reduction(operation: Callable[..., Tensor], before: Callable[[Tensor], Tensor] | None = None,
               after: Callable[[Tensor], Tensor] | None = None) -> Row:  # fmt: skip
    """A reduction of some axes, of all where none is named."""

    def row(node: Node) -> Tensor:
        x = node.tensor(0)
        axes = _axes(node, 1, x.ndim)
        x = before(x) if before else x
        if not axes and node.get("noop_with_empty_axes", 0):
            return after(x) if after else x
        y = operation(x, tuple(axes) if axes else None, keepdims=bool(node.get("keepdims", 1)))
        return after(y) if after else y

    return row


def _softmax(operation: Callable[..., Tensor]) -> Row:
    """Along one axis; before operator set 13, over all axes from there on."""

    def row(node: Node) -> Tensor:
        x = node.tensor(0)
        axis = node.axis(-1 if node.version >= 13 else 1, x.ndim)
        if node.version >= 13 or axis == x.ndim - 1:
            return operation(x, axis).called("p")
        return ops.reshape(operation(ops.reshape(x, (*x.shape[:axis], sp.Mul(*x.shape[axis:])))), x.shape)

    return row


def _lp_normalised(node: Node) -> Tensor:
    x = node.tensor(0)
    axis = node.axis(-1, x.ndim)
    if node.get("p", 2) == 1:
        return x / ops.sum(TABLE["abs"](x), axis, keepdims=True)
    return x / ops.sqrt(ops.sum(ops.square(x), axis, keepdims=True))


def _standardised(node: Node) -> Tensor:
    x = node.tensor(0)
    axes = tuple(node.get("axes") or (0, 2, 3))
    mu = ops.mean(x, axes, keepdims=True).called("mu")
    return (x - mu) / ops.sqrt(ops.mean(ops.square(x - mu), axes, keepdims=True) + sp.Rational(1, 10**9))


def _full(node: Node) -> Tensor:
    from onnx import numpy_helper

    value = exact(numpy_helper.to_array(node.get("value")).ravel()[0]) if "value" in node.attributes else 0
    return ops.full(tuple(node.integers(0, "the shape")), value)


def _range(node: Node) -> Tensor:
    start, end, step = (node.number(k, what) for k, what in enumerate(("the start", "the end", "the step")))
    if step.is_Integer and step == 1:
        return ops.arange(end - start) + start
    raise node.refused("its sizes are open, and it does not count by ones.", "Export the model with fixed sizes.")


def _eye_like(node: Node) -> Tensor:
    rows, columns = node.tensor(0).shape
    k = int(node.get("k", 0))
    return (ops.arange(columns)[None, :] == ops.arange(rows)[:, None] + k) * 1


ROWS: dict[str, Row] = {
    "Range": _range, "EyeLike": _eye_like,
    "Shape": _shape, "Size": _size, "Reshape": _reshape, "Flatten": _flatten, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze,
    "Concat": _concat, "Split": _split, "Slice": _slice, "Gather": _gather, "GatherElements": _gather_elements,
    "GatherND": _gather_nd, "ScatterND": _scatter, "ScatterElements": _scatter_elements, "Scatter": _scatter_elements,
    "Expand": _expand,
    "TopK": _topk, "ArgMax": _extreme(ops.argmax), "ArgMin": _extreme(ops.argmin),
    "Tile": _tile, "Pad": _pad, "Transpose": _transpose, "Trilu": _trilu, "CumSum": _cumsum, "OneHot": _one_hot,
    "DepthToSpace": _depth_to_space, "SpaceToDepth": _space_to_depth,
    "ReduceSum": _reduction(ops.sum), "ReduceMean": _reduction(ops.mean), "ReduceMax": _reduction(ops.max),
    "ReduceMin": _reduction(ops.min), "ReduceProd": _reduction(ops.prod), "ReduceLogSumExp": _reduction(ops.logsumexp),
    "ReduceL1": _reduction(ops.sum, TABLE["abs"]), "ReduceL2": _reduction(ops.sum, ops.square, ops.sqrt),
    "ReduceSumSquare": _reduction(ops.sum, ops.square), "ReduceLogSum": _reduction(ops.sum, None, TABLE["log"]),
    "Softmax": _softmax(ops.softmax), "LogSoftmax": _softmax(ops.log_softmax), "LpNormalization": _lp_normalised,
    "MeanVarianceNormalization": _standardised, "ConstantOfShape": _full,
}  # fmt: skip
"""From an operator to its value, or its values."""
