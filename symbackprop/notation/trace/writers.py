"""Functions of NumPy that write into an array that they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.trace.shaping import along
from symbackprop.notation.trace.sizes import expr_of
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def _fill_diagonal(run: Run, x: Any, val: Any, wrap: bool = False) -> None:
    if x.ndim != 2 or len(set(np.shape(x.value))) > 1 or wrap:
        raise run.refusal("np.fill_diagonal is traced of square matrices.", "Write np.where(np.eye(n) > 0, value, x).")
    filled, before = run.lift(val), x[...]

    def tensor() -> Tensor:
        own = run.settled(before.tensor)
        return ops.where(ops.eye(own.shape[0]) > 0, run.settled(filled.tensor), own)

    x[...] = run.made(np.where(np.eye(len(x.value)) > 0, filled.value, x.value), tensor)


def _copyto(run: Run, dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    dst[...] = src if where is True else np.where(where, src, dst[...] + 0)


def _put_along_axis(run: Run, arr: Any, indices: Any, values: Any, axis: Any) -> None:
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    arr[along(run, run.lift(arr), run.lift(indices), axis)] = values


def _bincount(run: Run, x: Any, weights: Any = None, minlength: Any = 0) -> Any:
    """How often each number stands in x, or the weights that stand there, added."""
    where = run.lift(x)
    if np.max(where.value, initial=-1) >= int(minlength):
        raise run.refusal("how long np.bincount is depends on values.", "Say it: minlength=n, above all that x holds.")
    found = Traced(run, np.zeros(int(minlength)), run.computed(lambda: ops.zeros((expr_of(minlength),))))
    np.add.at(found, where, 1 if weights is None else run.lift(weights))
    return found


def _refused(name: str) -> Any:
    def row(run: Run, *_: Any, **__: Any) -> None:
        raise run.refusal(f"np.{name} is not traced.", "Write x[mask] = value, or x[items] = value.")

    return row


WRITERS = {
    "fill_diagonal": _fill_diagonal, "copyto": _copyto, "put_along_axis": _put_along_axis, "bincount": _bincount,
} | {
    name: _refused(name) for name in ("put", "place", "putmask")
}  # fmt: skip
"""By name."""
