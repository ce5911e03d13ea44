"""What a generated function may be called with: arrays are checked against declared shapes, kinds and bounds, without symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program, Signature, shape_text
from symbackprop.evaluate.arrays import as_numbers, off_labels
from symbackprop.evaluate.extents import Sizes, evaluator
from symbackprop.evaluate.sizes import Solver

REMEMBERED = 64  # combinations of shapes


class CompileError(SymbackpropError):
    """A network that cannot be compiled as asked; the message says why."""


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
        self.program, self.dtype, self.refuse_nan = program, np.dtype(dtype), refuse_nan
        self.known = dict.fromkeys(t.name for t in program.inputs)
        self.inputs = [_Input(program.tensors[name]) for name in names]
        self.solver = Solver(program, names)
        self._solved: dict[tuple[tuple[int, ...], ...], Sizes] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.program, self.names, self.dtype.name, self.refuse_nan)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(tensor.name for tensor in self.inputs)

    def read(self, given: Mapping[str, Any]) -> list[ndarray]:
        """The arrays in the order of the function's arguments.

        Raises ArgumentError for a name that is no input, and for an array that is missing, NaN, or out of its bound; ArrayError for
        what is no array of numbers, SizeError for shapes that do not fit.
        """
        for name in given:
            if name not in self.known:
                raise ArgumentError(f"{name} is no input of this network; {mend(name, self.known)}")
        arrays = [self.array(tensor, given) for tensor in self.inputs]
        sizes = self.sizes(arrays)
        for tensor, array in zip(self.inputs, arrays, strict=True):
            tensor.check_entries(array, sizes)
        return arrays

    def array(self, tensor: _Input, given: Mapping[str, Any]) -> ndarray:
        """One argument as an array of the right type."""
        if tensor.name not in given:
            raise ArgumentError(f"the array {tensor.name} is missing; it must be {tensor.text}")
        array = as_numbers(tensor.name, given[tensor.name])
        if tensor.whole:
            if array.dtype.kind not in "iu":
                raise ArgumentError(f"{tensor.name} must hold whole numbers, it holds {array.dtype}; give it as integers")
            return array.astype(np.int64, copy=False)  # bytes and numbers without a sign wrap around: 0 - 1 is 255
        with np.errstate(all="ignore"):  # what is infinite is let in
            array = array.astype(self.dtype, copy=False)
            # a sum of squares is NaN if and only if an entry is, and costs less than looking at each
            if self.refuse_nan and np.isnan(np.dot(array.reshape(-1), array.reshape(-1))):
                raise ArgumentError(f"{tensor.name} holds NaN")
        return array

    def sizes(self, arrays: Sequence[ndarray]) -> Sizes:
        """Every size that the shapes tell, once they agree with what was declared; the same shapes are asked about once."""
        shapes = tuple(array.shape for array in arrays)
        found = self._solved.get(shapes)
        if found is None:
            if len(self._solved) >= REMEMBERED:
                self._solved.clear()  # another thread may be here as well: what was found is returned, not looked up again
            found = self.solver.solve(dict(zip((t.name for t in self.inputs), shapes, strict=True)))
            self._solved[shapes] = found
        return found


class _Input:
    """What one argument must be."""

    def __init__(self, tensor: Signature) -> None:
        self.name, self.text = tensor.name, shape_text(tensor.shape)
        self.whole, self.labels, self.bound = tensor.kind == "integers", tensor.kind == "labels", tensor.bound
        self.limit = None if tensor.bound is None else evaluator(tensor.bound)

    def check_entries(self, array: ndarray, sizes: Sizes) -> None:
        """Raises ArgumentError for labels that do not sum to one, which gradients rely on, and whole numbers out of their bound."""
        if self.labels and (fault := off_labels(array)):
            raise ArgumentError(f"{self.name} {fault}")
        bound = self.limit(sizes) if self.limit else None
        if bound is None or not array.size:
            return
        low, high = array.min(), array.max()
        if low < 0 or high >= bound:
            limit = f"{self.bound} = {bound}" if str(self.bound) != str(bound) else str(bound)
            raise ArgumentError(f"{self.name} must hold whole numbers from 0 to below {limit}, it holds {low if low < 0 else high}")
