"""NumPy's random numbers as the person's modules see them: drawn for plain sizes, and traced arrays in an order that is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

ORDERS = ("permutation", "choice")  # what takes an array, or how many entries it has


class Drawing:
    """numpy.random, or a generator of it, whose functions take sizes and traced arrays."""

    def __init__(self, run: Run, source: Any) -> None:
        self._run, self._source = run, source

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._source, name)
        if not callable(found) or isinstance(found, type):
            return found
        return lambda *args, **options: self._drawn(name, found, args, options)

    def _drawn(self, name: str, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        x = args[0] if args else None
        bare, settings = self._run.bare(args), self._run.bare(options)
        if not isinstance(x, Traced) or not x.ndim or options.get("axis"):
            found = function(*bare, **settings)
            return Drawing(self._run, found) if isinstance(found, np.random.Generator | np.random.RandomState) else found
        if name == "shuffle":
            order = np.arange(len(x.value))
            function(order)
            x[:] = x[order] if self._run.depends(x) else x.value[order]
            return None
        return x[function(len(x.value), *bare[1:], **settings)] if name in ORDERS else function(*bare, **settings)
