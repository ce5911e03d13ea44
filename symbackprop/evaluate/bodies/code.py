"""An equation as a straight line of primitives: written once for its letters and sizes, run at every point."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray

from symbackprop.evaluate.rules.primitives import Tape, Value

Primitive = Callable[..., Value]  # of a tape and of values
KEPT = 1_000_000  # entries up to which what numbers alone tell is kept from run to run


class Code:
    """Primitives in order, each over the places of values that stand before it: operands first, then constants and results.

    result   the place of the value that the whole has.
    """

    def __init__(self, operands: int) -> None:
        self.operands, self.result = operands, 0
        self._values: list[Value | None] = [None] * operands
        self._lines: list[tuple[int, Primitive, tuple[int, ...]]] = []

    def constant(self, array: ndarray) -> int:
        """The place of an array that is the same in every run."""
        self._values.append(Value(array))
        return len(self._values) - 1

    def known(self, place: int) -> ndarray | None:
        """The array at a place; None where it depends on the operands."""
        value = self._values[place]
        return None if value is None else value.data

    def emit(self, primitive: Primitive, *places: int) -> int:
        """The place of a primitive's result. What depends on no operand is computed at once, but for faults, which a run shows."""
        values = [self._values[place] for place in places]
        if values and None not in values:
            with np.errstate(all="ignore"):
                data = primitive(Tape(), *values).data
            if data.size <= KEPT and np.isfinite(data).all():
                return self.constant(data)
        self._values.append(None)
        self._lines.append((len(self._values) - 1, primitive, places))
        return len(self._values) - 1

    def run(self, tape: Tape, operands: Sequence[Value]) -> Value:
        """The value of the whole, recorded on a tape."""
        values = [*operands, *self._values[self.operands :]]
        for place, primitive, places in self._lines:
            values[place] = primitive(tape, *[values[p] for p in places])
        value = values[self.result]
        assert value is not None
        return value
