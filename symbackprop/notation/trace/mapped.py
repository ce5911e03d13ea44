"""NumPy's functions that take a function of a person's: np.piecewise, np.apply_along_axis, np.vectorize."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def _piecewise(run: Run, x: Any, condlist: Any, funclist: Any, *args: Any, **options: Any) -> Any:
    """Each function where its condition holds, the last of them that do; the one more, where there is one, elsewhere."""
    conditions = list(condlist) if isinstance(condlist, list | tuple) else [condlist]
    values: list[Any] = [f(x, *args, **options) if callable(f) else f for f in funclist]
    found: Any = values.pop() if len(values) > len(conditions) else 0
    for condition, value in zip(conditions, values, strict=True):
        found = np.where(condition, value, found)
    return found


def _apply_along_axis(run: Run, func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **options: Any) -> Any:
    """The function of every vector along one axis."""
    moved: Any = np.moveaxis(run.lift(arr), axis, -1)  # type: ignore[type-var]
    rows = moved.reshape(-1, moved.shape[-1])
    found = np.stack([func1d(rows[k], *args, **options) for k in range(len(rows.value))])
    if found.ndim == 1:
        return found.reshape(moved.shape[:-1])
    return np.moveaxis(found.reshape((*moved.shape[:-1], *found.shape[1:])), range(moved.ndim - 1, moved.ndim), [axis])


COMPOSED: dict[str, Callable[..., Any]] = {"piecewise": _piecewise, "apply_along_axis": _apply_along_axis}


def vectorized(run: Run) -> Callable[..., Any]:
    """np.vectorize of a function of numbers: called for each entry."""

    def vectorize(pyfunc: Any, *settings: Any, **options: Any) -> Callable[..., Any]:
        def called(*arrays: Any, **further: Any) -> Any:
            if not any(isinstance(a, Traced) for a in arrays):
                return np.vectorize(pyfunc, *settings, **options)(*arrays, **further)
            shape = np.broadcast_shapes(*[np.shape(run.bare(a)) for a in arrays])
            several = [np.broadcast_to(run.lift(a), shape) for a in arrays]
            found = [pyfunc(*[a[at] for a in several], **further) for at in np.ndindex(*shape)]
            return np.stack([run.lift(x) for x in found]).reshape(shape) if shape else found[0]

        return called

    return vectorize
