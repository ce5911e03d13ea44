"""x[mask] of traced arrays: how many entries it has depends on values, so it is kept as the whole array and its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def mask_of(run: Run, items: Any) -> Traced | None:
    """The mask that an index is, or None."""
    if isinstance(items, Traced | np.ndarray) and items.dtype == bool and items.ndim:
        return run.lift(items)
    return None


class Masked(Traced):
    """The entries of an array where a mask is true.

    whole   the array that they are entries of, or what was computed of them, entry by entry.
    mask    where they stand.
    """

    def __init__(self, run: Run, whole: Traced, mask: Traced) -> None:
        fault = run.refusal(
            "x[mask] has as many entries as the mask is true for, which depends on values.", "Write np.where(mask, x, 0) instead."
        )
        super().__init__(run, np.asarray(whole.value)[mask.value], fault)
        self.whole, self.mask = whole, mask

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Entry by entry with numbers and with entries by the same mask: the same on the whole arrays."""
        options.pop("out", None)
        wholes = []
        for one in inputs:
            if isinstance(one, Masked) and np.array_equal(one.mask.value, self.mask.value):
                wholes.append(one.whole)
            elif np.ndim(one) == 0:
                wholes.append(one)
            else:
                return super().__array_ufunc__(ufunc, method, *inputs, **options)
        if method != "__call__" or options:
            return super().__array_ufunc__(ufunc, method, *inputs, **options)
        with np.errstate(all="ignore"):  # entries that the mask leaves out may be outside the domain
            return Masked(self.run, self.run.ufunc(ufunc, method, tuple(wholes), {}), self.mask)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function.__name__ in ("sum", "mean") and args == (self,) and not options:
            value = function(self.value)
            return self.run.made(value, lambda: self._sum() if function.__name__ == "sum" else self._sum() / self._count())
        return super().__array_function__(function, types, args, options)

    def _sum(self) -> Tensor:
        mask, whole = self.run.aligned(self.mask, self.whole)
        return ops.sum(ops.where(mask, whole, 0))

    def _count(self) -> Tensor:
        mask, whole = self.run.aligned(self.mask, self.whole)
        return ops.sum(ops.where(mask, 1, 0) + ops.zeros(whole.shape))

    def sum(self, *args: Any, **options: Any) -> Any:
        return np.sum(self, *args, **options)

    def mean(self, *args: Any, **options: Any) -> Any:
        return np.mean(self, *args, **options)

    def into(self, x: Traced) -> None:
        """x[mask] = these entries."""
        x.value[self.mask.value] = self.value
        x.write(self.run.computed(lambda: ops.where(*self.run.aligned(self.mask, self.whole, x))))
