"""A program as it is computed at numbers: what a condition on positions leaves out is 0, though it may be infinite."""

from __future__ import annotations

from functools import lru_cache

from symbackprop.core.passes.left_out import without_left_out
from symbackprop.core.program import Program
from symbackprop.evaluate.same import Same


def computed(program: Program) -> Program:
    """The program with what its conditions leave out as 0; the program itself where nothing there may be infinite."""
    return _computed(Same(program))


@lru_cache(maxsize=256)
def _computed(same: Same[Program]) -> Program:
    return without_left_out(same.thing, looked_at=False)
