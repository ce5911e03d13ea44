"""A generated function, called with arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.arguments import ArgumentError, Arguments
from symbackprop.backends.executed import Source, executed, raised_at
from symbackprop.backends.jax.devices import on_one_device, require_jax
from symbackprop.core.program import Program

Arrays = Mapping[str, Any]


class Called:
    """A function as source, with the checks of its arguments. It keeps nothing of a call, and may be called by several threads.

    on_jax  whether JAX runs it, compiled by XLA; NumPy otherwise.
    """

    def __init__(self, text: Source, program: Program, dtype: str, refuse_nan: bool, on_jax: bool = False) -> None:
        self.source, self.on_jax = text, on_jax
        self.arguments = Arguments(program, text.arguments, dtype, refuse_nan)
        if on_jax:
            require_jax()
        self.function = executed(text.text, text.name)
        self._run = on_one_device(self.function, dtype) if on_jax else self.function

    def __call__(self, given: Arrays) -> Any:
        with np.errstate(all="ignore"):  # a branch that is not taken may overflow, and so may an argument when it is read
            arguments = self.arguments.read(given)
            try:
                return self._run(*arguments)
            except (np.linalg.LinAlgError, ArithmeticError) as fault:
                place = raised_at(fault, self.function)
                raise ArgumentError(f"{place}: {fault}; give other arrays, at which this has a value") from None

    def __reduce__(self) -> tuple[Any, ...]:
        own = self.arguments
        return type(self), (self.source, own.program, own.dtype.name, own.refuse_nan, self.on_jax)


def by_name(params: Arrays | None, data: Arrays | None, arrays: Arrays) -> dict[str, Any]:
    """The arrays of one call, given in dicts or by keywords.

    Raises ArgumentError where a dict is none, and for an array that is given twice.
    """
    for given in (params, data):
        if given is not None and not isinstance(given, Mapping):
            raise ArgumentError(f"give the arrays by name, in a dict such as {{'W': W}}, not {type(given).__name__}")
    found = {**(params or {}), **(data or {})}
    for name in arrays:
        if name in found:
            raise ArgumentError(f"{name} is given in a dict and as {name}=; give it once")
    return {**found, **arrays}


def own(array: Any, dtype: str) -> ndarray:
    """A result as an array that shares no memory with an argument; those with axes never do."""
    return np.asarray(array, dtype) if np.ndim(array) else np.array(array, dtype)


def scalar(value: Any) -> Any:
    """A result without axes as a Python number."""
    return value if np.ndim(value) else float(value)
