"""How C spells functions, and what depends on sizes alone, as tables of C; a table of equal numbers is one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from numpy import ndarray

from symbackprop.backends.c.helpers import LIBRARY
from symbackprop.plan.folding import with_windows
from symbackprop.plan.node import Kind
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import Window

TYPES: dict[Kind, str] = {"real": "real", "boolean": "unsigned char", "integer": "long long"}
LONG = 64  # entries: equal ones are so many in the source, to be read side by side
ACROSS = 110  # columns of a table of numbers
FUNCTIONS = {  # of entries
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}", "negative": "-{0}",
    "square": "{0} * {0}", "reciprocal": "1 / {0}", "absolute": "absolute_({0})", "sign": "sign_({0})",
    "maximum": "maximum_({0}, {1})", "minimum": "minimum_({0}, {1})", "power": "power_({0}, {1})",
    "remainder": "remainder_({0}, {1})", "arctan2": "(real)atan2({0}, {1})",
    "select": "{0} ? {1} : {2}", "where": "{0} ? {1} : {2}", "real": "{0}",
    "equal": "{0} == {1}", "not_equal": "{0} != {1}", "greater": "{0} > {1}", "greater_equal": "{0} >= {1}",
    "less": "{0} < {1}", "less_equal": "{0} <= {1}",
    "logical_and": "({0} != 0) & ({1} != 0)", "logical_or": "({0} != 0) | ({1} != 0)", "logical_not": "!{0}",
    "exp": "exp_({0})", "expm1": "expm1_({0})", "tanh": "tanh_({0})", "log": "log_({0})", "log1p": "log1p_({0})",
} | {name: f"{name}_({{0}})" for name in LIBRARY}  # fmt: skip
NUMBERS = FUNCTIONS | {  # of single numbers, which are doubles
    "exp": "exp({0})", "expm1": "expm1({0})", "tanh": "tanh({0})", "log": "log({0})", "log1p": "log1p({0})",
    "absolute": "fabs({0})", "power": "pow({0}, {1})",
    "sign": "{0} != {0} ? {0} : ({0} > 0) - ({0} < 0)", "maximum": "{0} > {1} || {0} != {0} ? {0} : {1}",
    "minimum": "{0} < {1} || {0} != {0} ? {0} : {1}", "remainder": "{0} - {1} * floor({0} / {1})",
} | {name: f"{c}({{0}})" for name, c in LIBRARY.items()}  # fmt: skip


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


def beginning(window: Window) -> list[str]:
    """Where a window begins, as the terms of a sum."""
    turns = [f"turn{m.loop}" if not m.period else f"(turn{m.loop} % {m.period})" for m in window.moves]
    moves = [f"{m.step} * {turn}" for m, turn in zip(window.moves, turns, strict=True)]
    return [*([str(window.offset)] if window.offset else []), *moves]


def chosen(type_: str, first: str, a: str, b: str) -> str:
    """One of two entries. A branch would have compilers load what is chosen by a mask, in which gcc 12 takes wrong ones."""
    if type_ == "real":
        return f"chosen_({first} != 0, {a}, {b})"
    return f"({first} != 0) * {a} + ({first} == 0) * {b}"
