"""Derivatives along directions, by the sharpest of the means that there are."""

from collections.abc import Mapping

from numpy import ndarray

from symbackprop.core.program import Program
from symbackprop.evaluate.differences import central, complex_step


def directional(
    program: Program, of: str, point: Mapping[str, ndarray], sizes: Mapping[str, int], directions: Mapping[str, ndarray]
) -> ndarray:
    """The derivative of `of` along each direction: by the complex step, by central differences where that cannot be."""
    sharp = complex_step(program, of, point, sizes, directions)
    return central(program, of, point, sizes, directions).value if sharp is None else sharp
