"""What depends on sizes alone, as tables of C; a table of equal numbers is one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from numpy import ndarray

from symbackprop.plan.folding import with_windows
from symbackprop.plan.node import Kind
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import Window

TYPES: dict[Kind, str] = {"real": "real", "boolean": "unsigned char", "integer": "long long"}
LONG = 64  # entries: equal ones are so many in the source, to be read side by side
ACROSS = 110  # columns of a table of numbers


def evened(plan: Plan) -> Plan:
    """The plan with one entry for each long table of equal numbers, from which no window into it moves."""
    even = {name for name, a in plan.fixed.items() if a.size > LONG and (a == a.flat[0]).all()}

    def still(window: Window) -> Window:
        if window.buffer not in even:
            return window
        return replace(window, offset=0, dims=tuple((n, 0) for n, _ in window.dims), moves=())

    if not even:
        return plan
    fixed = {name: a[:1] if name in even else a for name, a in plan.fixed.items()}
    return replace(plan, fixed=fixed, statements=tuple(with_windows(s, still) for s in plan.statements))


def table(name: str, array: ndarray) -> str:
    """A constant array."""
    kind = kind_of(array)
    numbers = [str(int(x)) if kind != "real" else number(float(x)) for x in array]
    return f"static const {TYPES[kind]} {name}[{len(numbers)}] = {{\n    {_rows(numbers)}\n}};\n\n"


def kind_of(array: ndarray) -> Kind:
    """What the entries of a constant array are."""
    return "boolean" if array.dtype.kind == "b" else "integer" if array.dtype.kind in "iu" else "real"


def _rows(numbers: Iterable[str]) -> str:
    rows, row = [], ""
    for one in numbers:
        if len(row) + len(one) > ACROSS:
            rows, row = [*rows, row], ""
        row += f"{one}, "
    return "\n    ".join([*rows, row]).rstrip(", ")


def number(x: float) -> str:
    """A number as C has it."""
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(float(x))
