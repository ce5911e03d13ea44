"""A plan as a file that needs NumPy alone: memory that is allocated once, views of it, and a step of calls that write into them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import groupby

from numpy import ndarray

from symbackprop.backends.numpy.chosen import BITS, TEXT
from symbackprop.backends.numpy.step import UFUNCS, Printed, for_numpy, number
from symbackprop.core.functions import MATRIX_HELPERS
from symbackprop.plan.handed import GRADIENTS, PARAMETERS
from symbackprop.plan.schedule import Plan
from symbackprop.plan.statements import Window

HEAD = '''"""{title} and its gradients, as NumPy calls that write into memory which is allocated once.

    parameters["W"][...] = ...      arrays by name, and `data` likewise: write into them
    value = step()                  `gradients` then holds the gradients

    value, gradients = value_and_grad(arrays)      the same for a dict of arrays; the gradients are copies

The sizes are those of the arrays here. Memory is not shared between threads: load the file once for each.
Numbers without axes are Python's, which raise ArithmeticError or ValueError where NumPy's are infinite or NaN.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided
'''
VIEWS = '''

def view(buffer, offset, shape, strides):
    """A part of a buffer; offset and strides count entries."""
    array = memory[buffer]
    return as_strided(array[offset:], shape, [array.itemsize * step for step in strides])


def rows(array, loops):
    """A view for each turn of a loop: how many turns, and for each leading axis after how many turns it begins again, or 0."""
    if not loops:
        return array
    (count, again), *inner = loops
    return [rows(array[tuple(k % n if n else k for n in again)], inner) for k in range(count)]

'''
CALLED = '''

def value_and_grad(arrays):
    """The value at a dict of all parameters and data, and the gradients by name."""
    for name, own in {**parameters, **data}.items():
        if np.shape(arrays[name]) != own.shape:
            raise ValueError(f"{name} has shape {np.shape(arrays[name])}; this file was written for {own.shape}")
        own[...] = arrays[name]
    value = step()
    return value, {name: array.copy() for name, array in gradients.items()}
'''


def source(plan: Plan, dtype: str, title: str) -> str:
    """The file. `title` says what the value is called.

    Raises PlanError for a statement that has no spelling in NumPy.
    """
    plan = for_numpy(plan)
    printed = Printed(plan)
    body = "".join(f"    {line}\n" for line in printed.lines)
    used = set(re.findall(r"\w+", body))
    lines = [HEAD.format(title=title), *_words(used), "", *_memory(plan, dtype), VIEWS, *_handed(plan), ""]
    lines += [f"{_bound(name, window)} = {_view(window, printed.counts)}" for window, name in printed.windows.items()]
    lines += [f"{name} = np.full({shape}, {number(value)}, np.{dtype})" for (value, shape), name in printed.numbers.items()]
    lines += [f"{name} = np.zeros({shape}, np.{BITS[dtype]})" for shape, name in printed.works.items()]
    lines += ["", "", "def step():", '    """The value; `gradients` then holds the gradients."""']
    lines += ['    with np.errstate(all="ignore"):  # a branch that is not taken may overflow']
    return "\n".join(lines) + "\n" + "".join(f"    {line}\n" for line in body.splitlines()) + CALLED


def _words(used: set[str]) -> Iterator[str]:
    """The functions that the step calls, by the names that it calls them."""
    yield from (f"{name} = np.{name}" for name in (*UFUNCS, "dot", "matmul", "copyto", "take") if name in used)
    for name in ("add", "multiply", "maximum", "minimum"):
        if f"{name}_reduce" in used:
            yield f"{name}_reduce = np.{name}.reduce"
    if "add_at" in used:
        yield "add_at = np.add.at"
    if "choose" in used:
        yield f"\n{TEXT}\n"
    if used & MATRIX_HELPERS.keys():
        yield from (f"\n\n{text}\n" for text in MATRIX_HELPERS.values())


def _memory(plan: Plan, dtype: str) -> Iterator[str]:
    """Every buffer, and the numbers that some hold."""
    kinds = {"real": dtype, "boolean": "bool_", "integer": "int64"}
    yield "memory = {"
    yield f"    {PARAMETERS!r}: np.zeros({max(1, plan.layout.parameters.length)}, np.{dtype}),"
    yield f"    {GRADIENTS!r}: np.zeros({max(1, plan.layout.gradients.length)}, np.{dtype}),"
    for name, buffer in plan.buffers.items():
        if name not in (PARAMETERS, GRADIENTS):
            yield f"    {name!r}: np.zeros({buffer.length}, np.{kinds[buffer.kind]}),"
    for name, array in plan.fixed.items():
        yield f"    {name!r}: {_array(array, dtype if array.dtype.kind == 'f' else kinds[_kind(array)])},"
    yield "}"


def _kind(array: ndarray) -> str:
    return "boolean" if array.dtype.kind == "b" else "integer"


def _array(array: ndarray, dtype: str) -> str:
    if array.size and (array == array[0]).all():
        return f"np.full({array.size}, {number(array[0].item())}, np.{dtype})"
    return f"np.array([{', '.join(number(x) for x in array.tolist())}], np.{dtype})"


def _handed(plan: Plan) -> Iterator[str]:
    """What is handed in and out, by name."""
    layout = plan.layout
    for word, buffer, flat in (("parameters", PARAMETERS, layout.parameters), ("gradients", GRADIENTS, layout.gradients)):
        yield from _named(word, {name: (buffer, at, shape) for name, (at, shape) in flat.places.items()})
    places = {name: (buffer, at) for name, buffer, at in layout.places}
    yield from _named("data", {name: (*places[name], shape) for name, shape in layout.data.items()})


def _named(word: str, places: dict[str, tuple[str, int, tuple[int, ...]]]) -> Iterator[str]:
    yield f"{word} = {{"
    for name, (buffer, at, shape) in places.items():
        strides = tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))
        yield f"    {name!r}: view({buffer!r}, {at}, {shape}, {strides}),"
    yield "}"


def _bound(name: str, window: Window) -> str:
    return f"{name}_rows" if window.moves else name


def _view(window: Window, counts: dict[int, int]) -> str:
    """A window of memory, and its rows for the turns of loops."""
    axes = [*((m.period or counts[m.loop], m.step) for m in window.moves), *window.dims]
    shape, strides = tuple(n for n, _ in axes), tuple(step for _, step in axes)
    found = f"view({window.buffer!r}, {window.offset}, {shape}, {strides})"
    loops = [(counts[loop], tuple(m.period for m in moves)) for loop, moves in groupby(window.moves, lambda m: m.loop)]
    return f"rows({found}, {loops})" if loops else found
