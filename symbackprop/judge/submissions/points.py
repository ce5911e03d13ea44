"""What is asked for, and what it is worth."""

from __future__ import annotations

import re
from collections.abc import Mapping

from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.core.network import Network
from symbackprop.judge.sides.goals import asked
from symbackprop.judge.verdicts.case import case_of


def points_for(network: Network, of: str, text: str | None, sizes: Mapping[str, int]) -> dict[str, float]:
    """The points for the gradient of `of` by each tensor: of a text such as "W_1=2, W_2=1"; of None, 1 for each parameter.

    Raises SymbackpropError for what is no number, and for a tensor that is not there or has no gradient.
    """
    truth = case_of(network, of, sizes).truth
    if text is None:
        found = {t.name: 1.0 for t in network.program.inputs if t.kind == "parameter"}
        if not found:
            raise SymbackpropError("the network has no parameter; say which gradients are asked for: --points x=1")
        return found
    points: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", number, re.ASCII):
            raise SymbackpropError(f"--points {shown(part)}: write a name and its points, such as W_1=2")
        points[asked(truth, name).wrt] = float(number)
    if not points:
        raise SymbackpropError("--points names nothing; write names and points, such as W_1=2,W_2=1")
    return points
