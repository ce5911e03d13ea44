"""A network as a NumPy function: `compile` writes its source, runs that once, and checks what it is called with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.backends import c
from symbackprop.backends.arguments import ArgumentError, Arguments
from symbackprop.backends.c_library import NativeError
from symbackprop.backends.executed import executed, raised_at
from symbackprop.backends.numpy import Source, source
from symbackprop.backends.numpy_step import Step
from symbackprop.core.choices import DTYPES, dtype_name, mend
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import stabilised
from symbackprop.core.distribute import distributed
from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.core.files import write_whole
from symbackprop.core.functions import declared_names
from symbackprop.core.program import Equation, Program, Sum, rewritten, size
from symbackprop.core.simplify import simplify
from symbackprop.evaluate.extents import SizeError
from symbackprop.evaluate.sizes import Solver
from symbackprop.plan.memory import Layout, layout_of
from symbackprop.plan.node import PlanError
from symbackprop.plan.schedule import Plan, plan

Arrays = Mapping[str, Any]
BACKENDS = ("numpy", "c", "auto")


class CompileError(SymbackpropError):
    """A network that cannot be compiled as asked; the message says why."""


class Compiled:
    """A network and its gradients as NumPy functions.

    program     the equations, of the forward part and of the gradients; they are simplified, every named value stays.
    value_name  the tensor whose value is computed, the loss.
    gradients   for each name that it is differentiated by, the tensor of the gradient.
    named       the values of the forward part that a person named.
    dtype       "float64" or "float32": arrays of numbers are turned into it, and gradients have it.
    refuse_nan  whether an array that holds NaN is refused.
    """

    def __init__(
        self, program: Program, value_name: str, gradients: Mapping[str, str], named: Sequence[str] = (),
        dtype: str = "float64", refuse_nan: bool = True,
    ) -> None:  # fmt: skip
        values = (name for name, t in program.tensors.items() if t.kind == "value" and t.named and t.role is None)
        self.program = simplify(distributed(program), {value_name, *gradients.values(), *named, *values})
        self.value_name, self.gradients, self.named = value_name, dict(gradients), tuple(named)
        self.dtype, self.refuse_nan = dtype, refuse_nan
        self._parts: dict[tuple[str, ...], _Function] = {}

    @cached_property
    def _whole(self) -> _Function:
        return self._function(source(self.program, self.value_name, self.gradients, "value_and_grad", self.dtype))

    @cached_property
    def _forward(self) -> _Function:
        return self._function(source(self.program, self.value_name, {}, "value", self.dtype))

    def __call__(
        self, params: Arrays | None = None, data: Arrays | None = None, /, **arrays: Any
    ) -> tuple[Any, dict[str, ndarray]]:
        """What `value_and_grad` returns, of arrays by keyword, in dicts, or both: compiled(W=W, x=x)."""
        return self.value_and_grad({} if params is None else params, {**({} if data is None else data), **arrays})

    def __repr__(self) -> str:
        inputs = ", ".join(t.name for t in self.program.inputs)
        return f"<Compiled {self.value_name} of {inputs}, with its gradients by {', '.join(self.gradients) or 'nothing'}>"

    def _function(self, text: Source) -> _Function:
        return _Function(text, self.program, self.dtype, self.refuse_nan)

    @property
    def source(self) -> str:
        """The source of the function that computes the value and the gradients; it depends on NumPy alone."""
        return self._whole.source.text

    def value_and_grad(self, params: Arrays, data: Arrays | None = None) -> tuple[Any, dict[str, ndarray]]:
        """The value of the loss, and the gradient for each name, with the shape of what it is the gradient of.

        params, data   an array for each input, by name; numbers stand for arrays without axes.
        Raises ArgumentError for an array that is missing, NaN, or out of its bound, ArrayError for what is no array of numbers,
        SizeError for shapes that do not fit.
        """
        value, gradients = self._whole(params, data)
        return _scalar(value), {name: _own(array, self.dtype) for name, array in gradients.items()}

    def bind(self, params: Arrays, data: Arrays | None = None, *, backend: str = "numpy", shared: Step | None = None) -> Step:
        """A step at the sizes of these arrays, which are copied into its memory: the fastest way to evaluate again and again.

        backend  "numpy", "c", or "auto": C where there is a compiler, and the network has a plan that C can print.
        shared   a step of the same network at other sizes of data: both have the same parameters and gradients.
        Raises what `value_and_grad` raises; CompileError for a backend that is none, NativeError where C is not to be had.
        """
        if backend not in BACKENDS:
            raise CompileError(f"backend={shown(backend)}: {mend(str(backend), BACKENDS)}")
        function = self._whole
        arrays = function.arguments.read(_by_name(params, data))
        sizes = function.arguments.sizes(arrays)
        program = with_sizes(self.program, {s.name: sizes.get(s.name, 1) for s in self.program.sizes()})  # 1: nothing reads it
        try:
            planned = plan(program, self.value_name, self.gradients)
        except PlanError:
            planned = None
        layout = planned.layout if planned else layout_of(program, list(self.gradients))
        step = self._step(layout, planned, backend, shared)
        step.put(dict(zip(function.source.arguments, arrays, strict=True)))
        return step

    def _step(self, layout: Layout, planned: Plan | None, backend: str, shared: Step | None) -> Step:
        if backend == "c" and planned is None:
            raise NativeError('this network has no plan of fixed positions, which C is printed from; backend="numpy" computes it')
        if backend != "numpy":
            try:
                return Step(layout, planned, self.dtype, self._whole, shared, "c")
            except (NativeError, PlanError) as fault:
                if backend == "c":
                    raise NativeError(str(fault)) from None
        return Step(layout, planned, self.dtype, self._whole, shared)

    def value(self, params: Arrays, data: Arrays | None = None) -> Any:
        """The value of the loss alone, by the forward part alone. Arguments and errors are those of `value_and_grad`."""
        return _scalar(self._forward(params, data))

    def outputs(self, params: Arrays, data: Arrays | None = None, names: Iterable[str] | None = None) -> dict[str, ndarray]:
        """The arrays of some values, by the equations that lead to them; inputs that those do not read may be left out.

        names   of values; None: every value of the forward part that a person named.
        Raises ArgumentError as `value_and_grad` does, and for a name that is no value.
        """
        asked = self.named if names is None else tuple(names)
        for name in asked:
            if name not in self.program.tensors:
                raise ArgumentError(f"there is no value {name}; {mend(name, self.program.tensors)}")
        if asked not in self._parts:
            self._parts[asked] = self._function(source(self.program, None, {n: n for n in asked}, "outputs", self.dtype))
        return {name: np.asarray(array) for name, array in self._parts[asked](params, data).items()}

    def c_source(self, title: str = "") -> str:
        """The source of `step`, a C99 function that computes the loss and its gradients, and depends on the math library alone.

        title   what the network is called, in the comment that begins the source.
        Raises CompileError where a size has no number, or the network has no C.
        """
        free = ", ".join(f"{s.name!r}: 32" for s in self.program.sizes())
        if free:
            raise CompileError(
                f"C needs a number for every size: give sizes={{{free}}}, on the command line "
                + " ".join(f"--size {s.name}=32" for s in self.program.sizes())
            )
        try:
            return c.source(plan(self.program, self.value_name, self.gradients), self.dtype, title)
        except PlanError as fault:
            raise CompileError(f"this network has no C: {fault}; the NumPy source computes it") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the source to a file: C99 where its name ends in .c, otherwise the NumPy source.

        Raises FileError where the file cannot be written, CompileError as `c_source` does.
        """
        write_whole(path, self.c_source() if os.fspath(path).endswith(".c") else self.source)


def compile(
    derived: Derivation, sizes: Mapping[str, int] | None = None, dtype: str = "float64", refuse_nan: bool = True
) -> Compiled:
    """The forward program of a derivation and its gradients as NumPy functions.

    sizes       numbers for sizes, which the source then holds; other sizes are read from the arrays.
    dtype       "float64" or "float32".
    refuse_nan  whether the functions refuse arrays that hold NaN.

    Raises CompileError for a type that is none, and where a function of the network is declared and not defined; SizeError for a
    size that is none, SourceError for one that no array tells.
    """
    require_defined(derived.program)
    derived = stabilised(derived)
    name = dtype_name(dtype)
    if name is None:
        raise CompileError(f"dtype={shown(dtype)}: write one of {', '.join(DTYPES)}")
    program = with_sizes(derived.program, sizes or {})
    gradients = {w: derived.gradient(w) for w in derived.wrt}
    return Compiled(program, derived.of, gradients, derived.forward.outputs, name, refuse_nan)


def require_defined(program: Program) -> None:
    """See that every function of a program has numbers.

    Raises CompileError for one that is declared alone: source that takes it as an argument could not be checked before it is used.
    """
    names = sorted({name for e in program.equations if isinstance(e.op, Sum) for name in declared_names(e.op.body)})
    if names:
        first = names[0]
        raise CompileError(
            f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} declared and defined nowhere: no numbers come of that. "
            f'Write "{first} = tanh", or another function of the language, in the place of "{first}: function"'
        )


def with_sizes(program: Program, sizes: Mapping[str, int]) -> Program:
    """The program with numbers in the place of some of its sizes.

    Raises SizeError for a name that is no size, or numbers that the program cannot have.
    """
    if not sizes:
        return program
    sizes = Solver(program, ()).solve({}, sizes)
    swap = {size(name): sp.Integer(int(number)) for name, number in sizes.items()}
    seen: dict[Expr, Any] = {}

    def put(expression: Expr) -> Any:
        if expression not in seen:
            seen[expression] = expression.xreplace(swap)
        return seen[expression]

    def at_sizes(equation: Equation) -> Equation:
        op = rewritten(equation.op, tuple((c, put(extent)) for c, extent in equation.op.over), put)
        return Equation(equation.target, op, equation.operands, equation.step)

    tensors = {
        name: replace(t, shape=tuple(map(put, t.shape)), bound=None if t.bound is None else put(t.bound))
        for name, t in program.tensors.items()
    }
    for name, tensor in tensors.items():
        for extent, before in zip(tensor.shape, program.tensors[name].shape, strict=True):
            if extent.is_number and not (extent.is_Integer and extent > 0):
                raise SizeError(f"{name} would have an axis of size {before} = {extent}: no whole number from 1 on")
    return Program(tensors, tuple(map(at_sizes, program.equations)), program.outputs, tuple(map(put, program.conditions)))


class _Function:
    """A generated function, called with arrays by name."""

    def __init__(self, text: Source, program: Program, dtype: str, refuse_nan: bool) -> None:
        self.source = text
        self.arguments = Arguments(program, text.arguments, dtype, refuse_nan)
        self.function = executed(text.text, text.name)

    def __call__(self, params: Arrays, data: Arrays | None) -> Any:
        given = _by_name(params, data)
        with np.errstate(all="ignore"):  # a branch that is not taken may overflow, and so may an argument when it is read
            arguments = self.arguments.read(given)
            try:
                return self.function(*arguments)
            except np.linalg.LinAlgError as fault:
                place = raised_at(fault, self.function)
                raise ArgumentError(f"{place}: {fault}; give other arrays, at which this has a value") from None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source, self.arguments.program, self.arguments.dtype.name, self.arguments.refuse_nan)


def _by_name(params: Arrays, data: Arrays | None) -> dict[str, Any]:
    for given in (params, {} if data is None else data):
        if not isinstance(given, Mapping):
            raise ArgumentError(f"give the arrays by name in a dict, such as {{'W': W}}, not {type(given).__name__}")
    return {**params, **(data or {})}


def _own(array: Any, dtype: str) -> ndarray:
    """A result as an array that shares no memory with an argument; those with axes never do."""
    return np.asarray(array, dtype) if np.ndim(array) else np.array(array, dtype)


def _scalar(value: Any) -> Any:
    return value if np.ndim(value) else float(value)
