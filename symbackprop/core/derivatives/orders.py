"""Derivatives of derivatives by their names, d(dL/dx)/dy: what they differentiate, and by what in turn."""

from __future__ import annotations

import re
from typing import NamedTuple

from symbackprop.core.program import Gradient

_NAME = re.compile(r"d(?:\((?P<inner>.*)\)|(?P<of>[^/()| ]+))/d(?P<wrt>[^/()| ]+)")


class Orders(NamedTuple):
    """What is differentiated, and by what: the first one first."""

    of: str
    by: tuple[str, ...]


def derivative_named(name: str) -> Gradient | None:
    """The derivative that a canonical name is that of, by one tensor as a whole; None for any other name."""
    found = _NAME.fullmatch(name)
    return None if found is None else Gradient(found["inner"] or found["of"], found["wrt"])


def orders(role: Gradient) -> Orders:
    """L and (x, y) of the derivative by y of dL/dx."""
    of, by = role.of, [role.wrt]
    while (inner := derivative_named(of)) is not None:
        of, by = inner.of, [inner.wrt, *by]
    return Orders(of, tuple(by))
