r"""What is said of units that were taken apart or put together: the slope that those of their parts multiply to."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, derivative, slope
from symbackprop.core.functions.row import X, Y
from symbackprop.core.network import Network
from symbackprop.core.program import slot
from symbackprop.display.body import BodyPrinter, function_formula, slope_formula
from symbackprop.formulas import build as f
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Node

_SOFTMAX = r"p = \operatorname{softmax}(o)", r"\partial p_{k}/\partial o_{i} = p_{k} (\mathbf{1}[k = i] - p_{i})"


def units_said(network: Network) -> Iterator[Told]:
    """A sentence for each unit that is not as it was written."""
    for name in network.apart:
        yield told("{} is taken apart: the slopes of its parts multiply to its own, {}, so that every gradient is the same "
                   "either way.", *_slope(name))  # fmt: skip
    for name in network.together:
        yield told("{} is one equation: its slope is what those of its parts multiply to, {}, so that every gradient is the same "
                   "either way.", *_slope(name))  # fmt: skip


def _slope(name: str) -> tuple[Node, Node]:
    r"""A unit at x, and the equation of its slope: \sigma(x), \sigma'(x) = \sigma(x) (1 - \sigma(x))."""
    if name not in FUNCTIONS:
        unit, equation = map(parse, _SOFTMAX)
        return unit, equation
    function, x = FUNCTIONS[name], f.letter("x")
    unit = function_formula(function, [x])
    form = slope(name) if name in ELEMENTWISE else derivative(function(X), X, Y)
    left = slope_formula(function, x)
    right = BodyPrinter({slot(0): x, slot(1): unit}).formula(form.xreplace({X: slot(0), Y: slot(1)}))
    return unit, right if left is None else f.equation(left, right)
