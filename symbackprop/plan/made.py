"""A plan as it is handed on: what a step does, and the memory that it does it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy import ndarray

from symbackprop.plan.handed import Layout
from symbackprop.plan.statements import Buffer, Operand, Statement


@dataclass(frozen=True)
class Plan:
    """What a step does, at fixed sizes.

    statements   in order.
    value        of the loss: a number that a statement computes, or one known beforehand.
    buffers      the memory that statements read and write, by name; that of data is called "data X", or "data X and on".
    fixed        buffers that hold what depends on sizes alone.
    layout       where parameters and gradients stand in the buffers "parameters" and "gradients", and the shapes of data.
    """

    statements: tuple[Statement, ...]
    value: Operand
    buffers: Mapping[str, Buffer]
    fixed: Mapping[str, ndarray]
    layout: Layout
