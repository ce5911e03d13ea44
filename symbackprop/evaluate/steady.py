"""A value at numbers, in stable spellings where the program as it was written leaves the range of floats.

-log(p) with p = sigmoid(-800) is log(1 + exp(800)) on paper and the logarithm of zero in floats; its stable spelling is 800.
"""

from __future__ import annotations

from collections.abc import Mapping

from numpy import ndarray

from symbackprop.core.passes.stable import stable
from symbackprop.core.program import Program
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.tape import forward


def value(program: Program, name: str, point: Mapping[str, ndarray]) -> ndarray:
    """The tensor `name` of a program at a point, an array for each input.

    Raises PointError where it is not finite in any spelling, naming the equation and why.
    """
    try:
        return forward(program, point)[name]
    except PointError:
        steady = stable(program, [name])
        if steady is program:
            raise
    return forward(steady, point)[name]
