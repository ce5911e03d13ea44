"""What a generated function may be called with: arrays are checked against declared shapes, kinds and bounds, without symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr, Symbol

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program, Signature, shape_text

Sizes = Mapping[str, int]


class ArgumentError(SymbackpropError):
    """Arrays that a compiled function cannot be called with; the message names the array, what it must be, and what it is."""


class Arguments:
    """The arguments of one function.

    program     the declarations and the conditions on sizes.
    names       the inputs that the function takes, in order.
    dtype       what arrays of numbers are turned into.
    refuse_nan  whether an array that holds NaN is refused.
    """

    def __init__(self, program: Program, names: Sequence[str], dtype: str, refuse_nan: bool) -> None:
        self.dtype, self.refuse_nan = np.dtype(dtype), refuse_nan
        self.known = [t.name for t in program.inputs]
        self.inputs = [_Input(program.tensors[name]) for name in names]
        self.conditions = [(c, evaluator(c)) for c in program.conditions if not c.is_nonnegative]

    def read(self, given: Mapping[str, Any]) -> list[ndarray]:
        """The arrays in the order of the function's arguments.

        Raises ArgumentError for a name that is no input, and for an array that is missing, misshapen, not of numbers, NaN, or
        out of its bound.
        """
        for name in given:
            if name not in self.known:
                raise ArgumentError(f"{name} is no input of this network; {nearest(name, self.known)}")
        arrays = [self.array(tensor, given) for tensor in self.inputs]
        sizes = self.sizes(arrays)
        for tensor, array in zip(self.inputs, arrays, strict=True):
            tensor.check_bound(array, sizes)
        return arrays

    def array(self, tensor: _Input, given: Mapping[str, Any]) -> ndarray:
        """One argument as an array of the right type."""
        if tensor.name not in given:
            raise ArgumentError(f"the array {tensor.name} is missing; it must be {tensor.text}")
        try:
            array = np.asarray(given[tensor.name])
        except ValueError:
            raise ArgumentError(f"{tensor.name} must be {tensor.text}; its rows have different lengths") from None
        if tensor.whole:
            if array.dtype.kind not in "iu":
                raise ArgumentError(f"{tensor.name} must hold whole numbers, it holds {array.dtype}; give it as integers")
            return array
        if array.dtype.kind not in "fiub":
            raise ArgumentError(f"{tensor.name} must hold real numbers, it holds {array.dtype}")
        array = array.astype(self.dtype, copy=False)
        # a sum of squares is NaN if and only if an entry is, and costs less than looking at each
        if self.refuse_nan and np.isnan(np.dot(array.reshape(-1), array.reshape(-1))):
            raise ArgumentError(f"{tensor.name} holds NaN")
        return array

    def sizes(self, arrays: Sequence[ndarray]) -> dict[str, int]:
        """Every size by name, once all shapes agree with what was declared."""
        found: dict[str, int] = {}
        for tensor, array in zip(self.inputs, arrays, strict=True):
            if array.ndim != len(tensor.axes):
                raise ArgumentError(f"{tensor.name} must be {tensor.text}, it has the shape {array.shape}")
        for plain in (True, False):
            for tensor, array in zip(self.inputs, arrays, strict=True):
                tensor.bind(array, found, plain)
        for tensor, array in zip(self.inputs, arrays, strict=True):
            tensor.check_shape(array, found)
        for condition, evaluate in self.conditions:
            number = evaluate(found)
            if number is not None and number < 0:
                raise ArgumentError(f"the network needs {condition} >= 0, which does not hold for {at(condition, found)}")
        return found


class _Input:
    """What one argument must be."""

    def __init__(self, tensor: Signature) -> None:
        self.name, self.shape, self.text = tensor.name, tensor.shape, shape_text(tensor.shape)
        self.whole, self.bound = tensor.kind == "integers", tensor.bound
        self.axes = [evaluator(extent) for extent in tensor.shape]
        self.solvable = [_linear(extent) for extent in tensor.shape]
        self.limit = None if tensor.bound is None else evaluator(tensor.bound)

    def bind(self, array: ndarray, found: dict[str, int], plain: bool) -> None:
        """Take the sizes that the axes of this array tell: first those that are axes, then those that stand in a s + b."""
        for form, n in zip(self.solvable, array.shape, strict=True):
            if form is not None and ((form[1], form[2]) == (1, 0)) == plain:
                found.setdefault(form[0], (n - form[2]) // form[1])

    def check_shape(self, array: ndarray, sizes: Sizes) -> None:
        wanted = [evaluate(sizes) for evaluate in self.axes]
        if any(n is not None and n != own for n, own in zip(wanted, array.shape, strict=True)) or 0 in array.shape:
            known = at(sp.Tuple(*self.shape), sizes)
            raise ArgumentError(f"{self.name} must be {self.text}{f' with {known}' if known else ''}, it is {array.shape}")

    def check_bound(self, array: ndarray, sizes: Sizes) -> None:
        bound = self.limit(sizes) if self.limit else None
        if bound is None or not array.size:
            return
        low, high = array.min(), array.max()
        if low < 0 or high >= bound:
            limit = f"{self.bound} = {bound}" if str(self.bound) != str(bound) else str(bound)
            raise ArgumentError(f"{self.name} must hold whole numbers from 0 to below {limit}, it holds {low if low < 0 else high}")


def at(expression: sp.Basic, sizes: Sizes) -> str:
    """The sizes that an expression mentions, with their numbers: h = 4, d = 3."""
    names = [s.name for s in sp.preorder_traversal(expression) if isinstance(s, Symbol)]
    return ", ".join(f"{name} = {sizes[name]}" for name in dict.fromkeys(names) if name in sizes)


def _linear(extent: Expr) -> tuple[str, int, int] | None:
    """The size s, a and b where an axis has the size a s + b."""
    if len(extent.free_symbols) != 1:
        return None
    (s,) = extent.free_symbols
    slope = sp.diff(extent, s)
    rest = sp.expand(extent - slope * s)
    return (s.name, int(slope), int(rest)) if slope.is_Integer and slope > 0 and rest.is_Integer else None  # type: ignore[union-attr]


def evaluator(e: Expr) -> Callable[[Sizes], Any]:
    """An expression of sizes as a Python function of their numbers; it gives None where one of them is not known."""
    if isinstance(e, Symbol):
        return lambda sizes: sizes.get(e.name)
    if e.is_Rational:
        number = int(e) if e.is_Integer else Fraction(int(e.p), int(e.q))  # type: ignore[attr-defined]
        return lambda sizes: number
    joins: dict[type, Callable[..., Any]] = {
        sp.Add: lambda *parts: sum(parts), sp.Mul: lambda *parts: prod(parts), sp.Pow: lambda a, b: Fraction(a) ** b,
        sp.floor: lambda a: a // 1, sp.ceiling: lambda a: -(-a // 1), sp.Max: max, sp.Min: min,
    }  # fmt: skip
    join, parts = joins[type(e)], [evaluator(arg) for arg in e.args]  # type: ignore[arg-type]

    def evaluate(sizes: Sizes) -> Any:
        values = [part(sizes) for part in parts]
        return None if None in values else join(*values)

    return evaluate


def nearest(name: str, known: Iterable[str]) -> str:
    """What to write instead of a name that is not there."""
    known = list(known)
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known)[:20])}" if known else "there are none"
