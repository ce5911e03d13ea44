"""Images at other places: Resize and Upsample, a matrix for each axis, and GridSample."""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Any, get_args

import numpy as np
from numpy import ndarray

from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.onnx.elementary import Row
from symbackprop.notation.models.onnx.node import Node
from symbackprop.notation.models.sampled import Beside, Kernel, grid_sample

Places = Callable[[ndarray, float, int, int], ndarray]

PLACES: dict[str, Places] = {
    "half_pixel": lambda i, scale, n, m: (i + 0.5) / scale - 0.5,
    "pytorch_half_pixel": lambda i, scale, n, m: (i + 0.5) / scale - 0.5 if scale * n != 1 else np.full(len(i), -0.5),
    "half_pixel_symmetric": lambda i, scale, n, m: n / 2 * (1 - m / (scale * n)) + (i + 0.5) / scale - 0.5,
    "asymmetric": lambda i, scale, n, m: i / scale,
    "align_corners": lambda i, scale, n, m: i * (n - 1) / (scale * n - 1) if scale * n != 1 else np.zeros(len(i)),
}
"""The place in the input of entry i of the output: n entries become m, scale n before it is cut down to a whole number."""

ROUNDED: dict[str, Callable[[ndarray], ndarray]] = {
    "round_prefer_floor": lambda x: np.ceil(x - 0.5), "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    "floor": np.floor, "ceil": np.ceil,
}  # fmt: skip
TRIED = range(2, 7)  # sizes at which an axis of any size is looked at


def _hat(t: ndarray) -> ndarray:
    return np.maximum(1 - abs(t), 0)


def _keys(a: float) -> Callable[[ndarray], ndarray]:
    """Cubic convolution: Keys 1981, equation 4."""

    def kernel(t: ndarray) -> ndarray:
        t = abs(t)
        near, far = (a + 2) * t**3 - (a + 3) * t**2 + 1, a * (t**3 - 5 * t**2 + 8 * t - 4)
        return np.where(t <= 1, near, np.where(t < 2, far, 0))

    return kernel


def _resize(node: Node) -> Tensor:
    """Each axis that changes is multiplied by a matrix, or its entries are read again."""
    x = node.tensor(0)
    node.only(keep_aspect_ratio_policy="stretch")
    if node.op == "Upsample" or node.version < 11:
        scales, sizes = 1, 9
    else:
        scales, sizes = 2, 3
    axes = [int(a) % x.ndim for a in node.get("axes") or range(x.ndim)]
    given = None
    if "scales" in node.attributes:
        given = np.asarray(node.get("scales"))
    elif node.has(scales) and (not node.has(sizes) or node.array(scales, "the scales").size):
        given = node.array(scales, "the scales").ravel()
    wanted = node.integers(sizes, "the sizes") if given is None else [None] * len(axes)
    for k, axis in enumerate(axes):
        x = _along(node, x, axis, None if given is None else float(given[k]), wanted[k])
    return x


def _along(node: Node, x: Tensor, axis: int, scale: float | None, wanted: Any) -> Tensor:
    """x with one axis of another size."""
    n = x.shape[axis]
    if scale == 1 or wanted == n:
        return x
    old = node.op == "Upsample" or node.version < 11
    place = node.get("coordinate_transformation_mode", "asymmetric" if old else "half_pixel")
    mode, rounding = node.get("mode", "nearest"), node.get("nearest_mode", "floor" if old else "round_prefer_floor")
    if place not in PLACES:
        raise node.refused(f"coordinate_transformation_mode={place!r} is not read.", f"Those are: {', '.join(PLACES)}.")

    def places(count: int) -> tuple[ndarray, float]:
        target = floor(scale * count) if scale is not None else int(wanted)
        factor = scale if scale is not None else target / count
        return PLACES[place](np.arange(target), factor, count, target), factor

    if mode == "nearest":
        times = round(scale) if scale is not None else int(wanted / n) if (wanted / n).is_Integer else 0
        tried = [int(n)] if n.is_Integer else TRIED if scale is not None else []
        if times > 0 and tried and all(_is_repeated(_nearest(places(c)[0], c, rounding), times, c) for c in tried):
            return ops.moveaxis(ops.repeat(ops.moveaxis(x, axis, -1), times, -1), -1, axis)  # of the last axis it is plain
    if not n.is_Integer:
        raise node.refused(f"it needs to know the size {n}.", "Export the model with fixed images.")
    own, (found, factor) = int(n), places(int(n))
    if mode == "nearest":
        positions = node.declare(f"{node.name}/positions{axis}", _nearest(found, own, rounding))
        return x[(*[slice(None)] * axis, positions)]
    if mode not in ("linear", "cubic"):
        raise node.refused(f"mode={mode!r} is not read.", "nearest, linear and cubic are.")
    kernel, reach = (_hat, 1) if mode == "linear" else (_keys(float(str(np.float32(node.get("cubic_coeff_a", -0.75))))), 2)
    stretch = min(factor, 1.0) if node.get("antialias", 0) else 1.0
    rows = node.declare(
        f"{node.name}/rows{axis}", _matrix(found, own, kernel, reach, stretch, bool(node.get("exclude_outside", 0)))
    )
    return ops.moveaxis(ops.moveaxis(x, axis, -1) @ rows.T, -1, axis)


def _nearest(places: ndarray, n: int, rounding: str) -> ndarray:
    return ROUNDED[rounding](places).clip(0, n - 1).astype(np.int64)


def _is_repeated(positions: ndarray, times: int, n: int) -> bool:
    return np.array_equal(positions, np.repeat(np.arange(n), times))


def _matrix(places: ndarray, n: int, kernel: Callable[[ndarray], ndarray], reach: int, stretch: float, inside: bool) -> ndarray:
    """y = M x along an axis: for each place the kernel around it, wider by 1/stretch; what lies outside is the entry at the edge.

    inside  whether only entries that are there count instead.
    """
    wide = int(np.ceil(reach / stretch)) + 1
    near = np.floor(places).astype(int)[:, None] + np.arange(-wide, wide + 1)
    weights = kernel((near - places[:, None]) * stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    if inside:
        weights *= (near >= 0) & (near < n)
        weights /= weights.sum(axis=1, keepdims=True)
    found = np.zeros((len(places), n))
    np.add.at(found, (np.arange(len(places))[:, None], near.clip(0, n - 1)), weights)
    return found


def _grid_sample(node: Node) -> Tensor:
    mode, beside = node.get("mode", "linear"), node.get("padding_mode", "zeros")
    if mode not in KERNELS:
        raise node.refused(f"mode={mode!r} is not read.", f"Those are: {', '.join(KERNELS)}.")
    if beside not in get_args(Beside):
        raise node.refused(f"padding_mode={beside!r} is not read.", f"Those are: {', '.join(get_args(Beside))}.")
    if KERNELS[mode] == "cubic" and beside == "border":
        raise node.refused("ONNX moves places to the border, where a cubic kernel jumps.", "Export it with other padding.")
    return grid_sample(node.tensor(0), node.tensor(1), KERNELS[mode], beside, bool(node.get("align_corners", 0)))


KERNELS: dict[str, Kernel] = {
    "linear": "linear", "nearest": "nearest", "cubic": "cubic", "bilinear": "linear", "bicubic": "cubic",
}  # fmt: skip
"""ONNX's words for the kernel, of which the last two are those before version 20."""

ROWS: dict[str, Row] = {"Resize": _resize, "Upsample": _resize, "GridSample": _grid_sample}
"""From an operator to its value."""
