"""NumPy's functions of whole matrices on traced arrays: np.linalg and its like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation import composed

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def _of(operation: Callable[..., Any], count: int = 1) -> Callable[..., Any]:
    """A function of `count` traced arrays and of settings."""
    return lambda run, *xs, **settings: operation(*[_tensor(run, x) for x in xs[:count]], *xs[count:], **settings)


def _tensor(run: Run, x: Any) -> Tensor:
    return run.settled(run.lift(x).tensor)


def whole_axes(axis: Any) -> Any:
    """NumPy's `axis=` in plain whole numbers."""
    return tuple(map(int, axis)) if isinstance(axis, tuple | list) else axis if axis is None else int(axis)


def _tall(run: Run, x: Any) -> Tensor:
    """A matrix with as many rows as columns or more in the example, turned where it has fewer: its singular values are the same."""
    rows, columns = np.shape(run.lift(x).value)[-2:]
    return ops.swapaxes(_tensor(run, x), -1, -2) if rows < columns else _tensor(run, x)


def _norm(run: Run, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    axes, shape = whole_axes(axis), np.shape(run.lift(x).value)
    axes = (0, 1) if axes is None and len(shape) == 2 else axes
    if ord in (2, -2, "nuc") and isinstance(axes, tuple) and len(axes) == 2 and shape[axes[0]] < shape[axes[1]]:
        axes = axes[::-1]  # the singular values of the transpose are the same
    return ops.norm(_tensor(run, x), ord, axis=axes, keepdims=keepdims)


def _lstsq(run: Run, a: Any, b: Any, *of: Any, **_: Any) -> Any:
    rows, columns = np.shape(run.lift(a).value)
    a, b = _tensor(run, a), _tensor(run, b)
    return (ops.swapaxes(ops.pinv(ops.swapaxes(a, -1, -2)), -1, -2) @ b, ops.zeros(())) if rows < columns else ops.lstsq(a, b)


def _cond(run: Run, x: Any, p: Any = None) -> Tensor:
    return ops.cond(_tall(run, x) if p in (None, 2, -2) else _tensor(run, x), p)


ROWS: dict[str, Callable[..., Any]] = {
    "inv": _of(ops.inv), "det": _of(ops.det), "solve": _of(ops.solve, 2), "cholesky": _of(ops.cholesky), "eigh": _of(ops.eigh),
    "eigvalsh": _of(ops.eigvalsh), "svd": _of(composed.svd), "qr": _of(ops.qr), "cond": _cond, "norm": _norm,
    "matrix_norm": lambda run, x, keepdims=False, ord="fro": _norm(run, x, ord, (-2, -1), keepdims),
    "svdvals": lambda run, x: ops.svdvals(_tall(run, x)),
    "pinv": lambda run, a, **_: ops.pinv(_tensor(run, a)),
    "lstsq": _lstsq,
    "matrix_power": lambda run, a, n: ops.matrix_power(_tensor(run, a), int(n)),
    "slogdet": lambda run, a: (TABLE["sign"](ops.det(_tensor(run, a))), ops.logdet(_tensor(run, a))),
}  # fmt: skip
"""By name: from the arguments as they were given to the tensor, or the tensors."""
BY_SHAPE = ("norm", "svdvals", "lstsq")
"""What asks which of two sizes is the smaller: the example says, also where SciPy's word is the same."""
