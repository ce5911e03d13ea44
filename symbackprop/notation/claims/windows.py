r"""What slides in a claim: X \star K, a correlation; X \ast K, a full convolution; \operatorname{pad}_1(X), spread, stride, crop.

Along each axis an output at i is the sum over positions p of the first and q of the second that whole numbers tie: p = stride i +
spread q - pad of a correlation, i = spread p + spread q - crop of a convolution.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import product as combinations

import numpy as np

from symbackprop.notation.claims.nodes import DOWN, RIGHT, Misfit, Node, aligned
from symbackprop.notation.claims.sliding import Framed, Slid, Tie

NONE = {"pad": 0, "spread": 1, "stride": 1, "crop": 0}
_Numbers = Mapping[str, int]  # of a frame, by axis


def framed(kind: str, sub: str, x: Node) -> Node:
    """pad_1(X): zeros around; spread_2: zeros between; stride_2: each second; crop_1: without the border.

    sub   the number, or one for each axis; raises Misfit where they do not fit.
    """
    axes = tuple(a for a in (DOWN, RIGHT) if a in x.axes)
    numbers = tuple(map(int, re.findall(r"\d+", sub)))
    numbers = numbers * len(axes) if len(numbers) == 1 else numbers
    if not axes or len(numbers) != len(axes) or any(n < NONE[kind] for n in numbers):
        raise Misfit(f"{kind} needs a number, or one for each axis")
    value = x.value
    for axis, n in zip(axes, numbers, strict=True):
        value = _around(kind, n, value, x.axes.index(axis))
    given = dict(zip(axes, numbers, strict=True))
    if isinstance(x.op, Slid) and kind in ("stride", "crop"):
        ties = tuple(_moved(kind, given[a], tie) for a, tie in zip(x.op.axes, x.op.ties, strict=True))
        return Node(replace(x.op, ties=ties), x.args, x.axes, value)
    return Node(Framed(kind, axes, numbers), (x,), x.axes, value)


def _around(kind: str, n: int, value: np.ndarray, k: int) -> np.ndarray:
    value = np.moveaxis(value, k, 0)
    size, rest = value.shape[0], value.shape[1:]
    match kind:
        case "pad":
            made = np.concatenate([np.zeros((n, *rest)), value, np.zeros((n, *rest))])
        case "spread":
            made = np.zeros((n * (size - 1) + 1, *rest), complex)
            made[::n] = value
        case _:
            made = value[::n] if kind == "stride" else value[n : size - n]
    return np.moveaxis(made, 0, k)


def _moved(kind: str, n: int, tie: Tie) -> Tie:
    """Each n-th output, or those from the n-th on."""
    return tie._replace(out=tie.out * n) if kind == "stride" else tie._replace(shift=tie.shift + tie.out * n)


def slid(kind: str, x: Node, y: Node) -> list[Node]:
    """x \\star y or x \\ast y, once for each size that it may have: steps may leave entries out at the end, and those are 0."""
    body, before = _unframed(x)
    other, beside = _unframed(y)
    axes = tuple(a for a in (DOWN, RIGHT) if a in body.axes)
    if not axes or body.matrix != other.matrix or any(isinstance(z.op, Framed) for z in (body, other)):
        return []
    if set(before) - {"pad" if kind == "correlation" else "spread"} or set(beside) - {"spread"}:
        return []
    ties, ranges = [], []
    for a in axes:
        spread = beside.get("spread", {}).get(a, 1)
        n, m = body.extent(a), other.extent(a)
        if kind == "correlation":
            pad = before.get("pad", {}).get(a, 0)
            most = n + 2 * pad - spread * (m - 1)
            ties.append(Tie(1, -spread, -1, pad))
            ranges.append(range(max(1, most - spread + 1), most + 1))
        else:
            step = before.get("spread", {}).get(a, 1)
            least = step * (n - 1) + spread * (m - 1) + 1
            ties.append(Tie(step, spread, -1, 0))
            ranges.append(range(least, least + step))
    return [_slid(Slid(kind, axes, tuple(ties)), body, other, extents) for extents in combinations(*ranges)]


def _unframed(x: Node) -> tuple[Node, dict[str, _Numbers]]:
    if not isinstance(x.op, Framed):
        return x, {}
    return x.args[0], {x.op.kind: dict(zip(x.op.axes, x.op.numbers, strict=True))}


def _slid(op: Slid, x: Node, y: Node, extents: tuple[int, ...]) -> Node:
    """The sums, by tables of what meets what along each axis."""
    first = Node(x.op, (), tuple(f"p{a}" if a in op.axes else a for a in x.axes), x.value)
    second = Node(y.op, (), tuple(f"q{a}" if a in op.axes else a for a in y.axes), y.value)
    axes, arrays = aligned((first, second))
    product, names = arrays[0] * arrays[1], list(axes)
    for a, tie, n in zip(op.axes, op.ties, extents, strict=True):
        p, q, i = np.ogrid[: x.extent(a), : y.extent(a), :n]
        meets = (tie.first * p + tie.second * q + tie.out * i + tie.shift == 0).astype(complex)
        product = np.tensordot(product, meets, ((names.index(f"p{a}"), names.index(f"q{a}")), (0, 1)))
        names = [*(b for b in names if b not in (f"p{a}", f"q{a}")), a]
    return Node(op, (x, y), tuple(names), product)
