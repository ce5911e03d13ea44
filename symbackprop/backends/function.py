"""A network as functions of arrays: `compile` writes their source, runs that once, and checks what they are called with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.backends.arguments import ArgumentError, Arguments, CompileError
from symbackprop.backends.called import Arrays, Called, by_name, own, scalar
from symbackprop.backends.dialect import JAX, NUMPY, Dialect
from symbackprop.backends.executed import Source
from symbackprop.backends.kinds import require_defined, require_number, require_whole
from symbackprop.backends.numpy.source import arguments_that_tell, source
from symbackprop.backends.undefined import require_defined_slopes
from symbackprop.core.choices import BACKENDS, DTYPES, dtype_name, mend
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.along import CHANGE, along, vector_of
from symbackprop.core.differentiate import differentiate, sound, stabilised
from symbackprop.core.errors import shown
from symbackprop.core.machine.files import write_whole
from symbackprop.core.machine.garbage import without_collections
from symbackprop.core.network import listed
from symbackprop.core.passes.distribute import distributed
from symbackprop.core.passes.signs import has_poles, leaves_out
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Equation, Op, Program, Signature, rewritten, size
from symbackprop.core.result import Result
from symbackprop.evaluate.extents import SizeError
from symbackprop.evaluate.sizes import Solver

if TYPE_CHECKING:  # plans are for steps alone
    from symbackprop.backends.flat import Flat
    from symbackprop.backends.step import Step


class Compiled(Result):
    """A network and its gradients as functions of arrays.

    program     the equations, of the forward part and of the gradients; they are simplified, every named value stays.
    value_name  the tensor whose value is computed, the loss.
    gradients   for each name that it is differentiated by, the tensor of the gradient.
    named       the values of the forward part that a person named.
    dtype       "float64" or "float32": arrays of numbers are turned into it, and gradients have it.
    refuse_nan  whether an array that holds NaN is refused.
    backend     "numpy", or "jax": the source is of jnp, and XLA compiles it; "c" and "auto" say what `bind` does.

    Each function takes an array for each input by its name: in dicts, `value(params, data)`, as keywords, `value(W=W, x=x)`, or
    some in each way. It raises ArgumentError for an array that is missing, NaN, or out of its bound, ArrayError for what is no
    array of numbers, SizeError for shapes that do not fit. None keeps anything of a call: several threads may call one, it can be
    pickled, and goes on in a process that was forked (of JAX only in one that was spawned).
    """

    def __init__(
        self, program: Program, value_name: str, gradients: Mapping[str, str], named: Sequence[str] = (),
        dtype: str = "float64", refuse_nan: bool = True, backend: str = "numpy",
    ) -> None:  # fmt: skip
        values = (name for name, t in program.tensors.items() if t.kind == "value" and t.named and t.role is None)
        self.program = simplify(distributed(program), {value_name, *gradients.values(), *named, *values})
        self.value_name, self.gradients, self.named = value_name, dict(gradients), tuple(named)
        self.dtype, self.refuse_nan, self.backend = dtype, refuse_nan, backend
        self._parts: dict[tuple[str, ...], Called] = {}

    @cached_property
    def _whole(self) -> Called:
        return self._called(self._text, self.program)

    @cached_property
    def _arguments(self) -> Arguments:
        """Of a step, for which no source is written where they tell all sizes."""
        told = None if self.backend == "jax" else arguments_that_tell(self.program, {self.value_name, *self.gradients.values()})
        return Arguments(self.program, told, self.dtype, self.refuse_nan) if told is not None else self._whole.arguments

    @cached_property
    def _forward(self) -> Called:
        return self._function(self.program, self.value_name, {}, "value")

    @cached_property
    def _backward(self) -> Called:
        return self._function(self.program, None, self.gradients, "grad")

    @cached_property
    def _change(self) -> Called:
        require_whole("jvp", self.program, self.gradients.values())
        return self._function(sound(along(self.program, self.value_name, self.gradients)), CHANGE, {}, "jvp")

    @cached_property
    def _second(self) -> Called:
        if self.program.shape(self.value_name):
            raise CompileError(f"hvp: {self.value_name} has axes, and a Hessian is that of a number; take its jvp, or a loss of it")
        require_whole("hvp", self.program, self.gradients.values())
        moved = along(self.program, self.value_name, self.gradients)
        derived = differentiate(moved, CHANGE, self.gradients)
        again = {w: derived.gradient(w) for w in derived.wrt}
        return self._function(simplify(distributed(sound(derived.program)), set(again.values())), None, again, "hvp")

    def __call__(
        self, params: Arrays | None = None, data: Arrays | None = None, /, *more: Any, **arrays: Any
    ) -> tuple[Any, dict[str, ndarray]]:
        """What `value_and_grad` returns: compiled(W=W, x=x)."""
        if more:
            named = ", ".join(f"{t.name}={t.name}" for t in self.program.inputs)
            raise ArgumentError(f"give the arrays by name, compiled({named}), or in dicts")
        return self.value_and_grad(params, data, **arrays)

    def __repr__(self) -> str:
        inputs = listed(t.name for t in self.program.inputs)
        return f"<Compiled {self.value_name} of {inputs}, with its gradients by {listed(self.gradients) or 'nothing'}>"

    def _function(self, program: Program, value: str | None, outputs: Mapping[str, str], name: str) -> Called:
        return self._called(source(program, value, outputs, name, self.dialect), program)

    @without_collections()
    def _called(self, text: Source, program: Program) -> Called:
        return Called(text, program, self.dtype, self.refuse_nan, self.backend == "jax")

    @property
    def dialect(self) -> Dialect:
        """The words of its source."""
        return (JAX if self.backend == "jax" else NUMPY).of(self.dtype)

    @cached_property
    @without_collections()
    def _text(self) -> Source:
        """The source of the value and the gradients; it needs no JAX to be written."""
        return source(self.program, self.value_name, self.gradients, "value_and_grad", self.dialect)

    @property
    def source(self) -> str:
        """The source of the function that computes the value and the gradients; it depends on NumPy, or on JAX, alone."""
        return self._text.text

    @property
    def function(self) -> Callable[..., Any]:
        """The function of `source` itself, which checks nothing: of JAX, to stand in functions that are compiled or vectorised."""
        return self._whole.function

    def value(self, params: Arrays | None = None, data: Arrays | None = None, /, **arrays: Any) -> Any:
        """The value of the loss alone, by the forward part alone."""
        return scalar(self._forward(by_name(params, data, arrays)))

    def value_and_grad(
        self, params: Arrays | None = None, data: Arrays | None = None, /, **arrays: Any
    ) -> tuple[Any, dict[str, ndarray]]:
        """The value of the loss, and the gradient for each name, with the shape of what it is the gradient of."""
        value, gradients = self._whole(by_name(params, data, arrays))
        return scalar(value), self._own(gradients, lambda: value)

    def grad(self, params: Arrays | None = None, data: Arrays | None = None, /, **arrays: Any) -> dict[str, ndarray]:
        """The gradients alone."""
        given = by_name(params, data, arrays)
        return self._own(self._backward(given), lambda: self._forward(given))

    def jvp(self, vectors: Arrays, params: Arrays | None = None, data: Arrays | None = None, /, **arrays: Any) -> Any:
        """The change of the value as what it is differentiated by moves along vectors: the Jacobian times them.

        vectors   for each name that moves an array of its shape; the others stay.
        Raises CompileError where what was derived is a product with a vector.
        """
        given = by_name(params, data, arrays)
        change = self._change({**given, **self._directions(vectors, given)})
        return scalar(self._numbers({"these vectors": change}, lambda: self._forward(given))["these vectors"])

    def hvp(
        self, vectors: Arrays, params: Arrays | None = None, data: Arrays | None = None, /, **arrays: Any
    ) -> dict[str, ndarray]:
        """The change of every gradient as what it is differentiated by moves along vectors: the Hessian times them.

        vectors   for each name that moves an array of its shape; the others stay.
        Raises CompileError where the value has axes, or what was derived is a product with a vector.
        """
        given = by_name(params, data, arrays)
        return self._own(self._second({**given, **self._directions(vectors, given)}), lambda: self._forward(given))

    def _directions(self, vectors: Arrays, given: Arrays) -> dict[str, Any]:
        if not isinstance(vectors, Mapping):
            raise ArgumentError(f"give the vectors by name in a dict, such as {{'W': v}}, not {type(vectors).__name__}")
        for name in vectors:
            if name not in self.gradients:
                raise ArgumentError(f"nothing moves by {name}; {mend(name, self.gradients)}")
        still = {name: np.zeros(np.shape(given.get(name, 0))) for name in self.gradients}
        return {vector_of(name): array for name, array in {**still, **vectors}.items()}

    def _own(self, gradients: Mapping[str, Any], value: Callable[[], Any]) -> dict[str, ndarray]:
        return self._numbers({name: own(gradients[name], self.dtype) for name in self.gradients}, value)

    def _numbers(self, found: dict[str, ndarray], value: Callable[[], Any]) -> dict[str, ndarray]:
        if self._watched:
            require_defined_slopes(found, value, self.value_name)
        return found

    @cached_property
    def _watched(self) -> bool:
        """Whether a derivative may be NaN where the value is finite, and none was let in."""
        return self.refuse_nan and has_poles(self.program)

    def bind(
        self, params: Arrays, data: Arrays | None = None, *, backend: str | None = None, shared: Step | None = None,
        devices: int | None = None, samples: Mapping[str, int] = MappingProxyType({}), recompute: int | None = None,
    ) -> Step:  # fmt: skip
        """A step at the sizes of these arrays, which are copied into its memory: the fastest way to evaluate again and again.

        backend  "numpy", "c", "jax", or "auto": C where there is a compiler, and the network has a plan that C can print; None: the
                 one it was compiled for.
        shared   a step of the same network at other sizes of data: both have the same parameters and gradients.
        devices  of JAX, how many divide the samples among them; None: one.
        samples  for each input that differs from sample to sample the axis of its samples.
        recompute   keep the values of so many steps of the loop at a time, and compute those of the others again: less memory, and
                 one forward pass more.
        Raises what `value_and_grad` raises; CompileError for a value with axes, a backend that is none, a `recompute` that is no
        number, or a network whose steps cannot be computed again; NativeError where C is not to be had, DeviceError where JAX is
        not, or has not so many devices.
        """
        from symbackprop.backends.bound import divided, planned, recomputed

        backend = require_backend(self.backend if backend is None else backend)
        require_number(self.program, self.value_name)
        arrays = self._arguments.read(by_name(params, data, {}))
        sizes = self._arguments.sizes(arrays)
        known = {s.name: sizes.get(s.name, 1) for s in self.program.sizes()}  # 1: nothing reads it
        program = with_sizes(self.program, known, empty=backend in ("numpy", "auto") and recompute is None)
        if recompute is not None:
            step = recomputed(self, program, recompute, backend, shared, self._exact)
        elif backend == "jax":
            step = divided(self, program, devices, samples, shared)
        else:
            step = planned(self, program, backend, shared, self._exact)
        step.put(dict(zip(self._arguments.names, arrays, strict=True)))
        step.watched = self.value_name if self._watched and leaves_out(self.program) else ""  # it costs as much as a small step
        step.again = partial(self.bind, backend=backend, devices=devices, samples=dict(samples), recompute=recompute)
        return step

    def flat(self, params: Arrays, data: Arrays | None = None, *, backend: str | None = None) -> Flat:
        """value, gradient = flat(x), of all parameters in one vector: `scipy.optimize.minimize(flat, flat.x0, jac=True)`.

        params   where they begin; `flat.arrays(x)` gives a vector's back by name.
        Raises what `bind` raises, ArgumentError where it was compiled by others than the parameters.
        """
        from symbackprop.backends.flat import Flat

        require_whole("flat", self.program, self.gradients.values())
        return Flat(self.bind(params, data, backend=backend))

    def _exact(self, params: Arrays, data: Arrays) -> Any:
        return self._whole({**params, **data})

    def outputs(
        self, params: Arrays | None = None, data: Arrays | None = None, /, names: Iterable[str] | None = None, **arrays: Any
    ) -> dict[str, ndarray]:
        """The arrays of some values, by the equations that lead to them; inputs that those do not read may be left out.

        names   of values; None: every value of the forward part that a person named.
        Raises ArgumentError for a name that is no value.
        """
        asked = self.named if names is None else tuple(names)
        self._require_values(asked)
        if asked not in self._parts:
            self._parts[asked] = self._called(self.source_of(asked), self.program)
        found = self._parts[asked](by_name(params, data, arrays))
        return {name: np.asarray(found[name]) for name in asked}

    def _require_values(self, names: Iterable[str | None]) -> None:
        for name in names:
            if name is not None and name not in self.program.tensors:
                raise ArgumentError(f"there is no value {name}; {mend(name, self.program.tensors)}")

    def source_of(self, names: Iterable[str]) -> Source:
        """The source of the function of some values."""
        return source(self.program, None, {name: name for name in names}, "outputs", self.dialect)

    def c_source(self, title: str = "", predict: str | None = None) -> str:
        """The source of `step`, a C99 function that computes the loss and its gradients, and depends on the math library alone.

        title    what the network is called, in the comment that begins the source.
        predict  a value of the forward part, which a second function computes: it needs no labels.

        A value with axes, as a layer that hands back a gradient has, stands among its gradients, and `step` returns 0.
        Raises CompileError where a size has no number, or the network has no C.
        """
        from symbackprop.backends.exported import in_c

        self._require_sizes("C")
        self._require_values([predict])
        return in_c(self, title, predict)

    def fast_source(self, predict: str | None = None) -> str:
        """The bound step as a file that needs NumPy alone. Raises CompileError where a size has no number, or there is no plan."""
        from symbackprop.backends.exported import fast

        self._require_sizes("the fast style")
        require_number(self.program, self.value_name)
        self._require_values([predict])
        return fast(self, predict)

    def _require_sizes(self, what: str) -> None:
        if free := [s.name for s in self.program.sizes()]:
            given, typed = ", ".join(f"{n!r}: 32" for n in free), " ".join(f"--size {n}=32" for n in free)
            raise CompileError(f"{what} needs a number for every size: give sizes={{{given}}}, on the command line {typed}")

    def layers_source(self, predict: str | None = None) -> str:
        """The same step as a class for each layer with `forward` and `backward`, and a graph that calls them, for reading.

        A loop is one layer. Raises SourceError where the value has axes, or something does not lead to it.
        """
        from symbackprop.backends.exported import layers

        self._require_values([predict])
        return layers(self, predict)

    def source_with(self, predict: str | None) -> str:
        """The source with a function of a value of the forward part beside, which needs no labels, as every style takes one."""
        from symbackprop.backends.exported import readable

        self._require_values([predict])
        return self.source if predict is None else readable(self, predict)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the source to a file: C99 where its name ends in .c, otherwise the source of NumPy, or of JAX.

        Raises FileError where the file cannot be written, CompileError as `c_source` does.
        """
        write_whole(path, self.c_source() if os.fspath(path).endswith(".c") else self.source)


def require_backend(name: Any) -> str:
    """The name of a backend. Raises CompileError for what is none."""
    if name not in BACKENDS:
        raise CompileError(f"backend={shown(name)}: {mend(str(name), BACKENDS)}")
    return name


@without_collections()
def compile(
    derived: Derivation, sizes: Mapping[str, int] | None = None, dtype: str = "float64", refuse_nan: bool = True,
    backend: str = "numpy",
) -> Compiled:  # fmt: skip
    """The forward program of a derivation and its gradients as functions of arrays.

    sizes       numbers for sizes, which the source then holds; other sizes are read from the arrays.
    dtype       "float64" or "float32".
    refuse_nan  whether the functions refuse arrays that hold NaN.
    backend     "numpy", "c", "jax" or "auto", as `Compiled` says.

    Raises CompileError for a type or backend that is none, and where a function of the network is declared and not defined;
    SizeError for a size that is none, SourceError for one that no array tells.
    """
    require_defined(derived.program)
    require_backend(backend)
    derived = stabilised(derived)
    name = dtype_name(dtype)
    if name is None:
        raise CompileError(f"dtype={shown(dtype)}: write one of {', '.join(DTYPES)}")
    program = with_sizes(derived.program, sizes or {})
    gradients = {w: derived.gradient(w) for w in derived.wrt}
    return Compiled(program, derived.of, gradients, derived.forward.outputs, name, refuse_nan, backend)


def with_sizes(program: Program, sizes: Mapping[str, int], empty: bool = False) -> Program:
    """The program with numbers in the place of some of its sizes.

    empty   let axes be empty of what is computed, as where a loop has no step.

    Raises SizeError for a name that is no size, or numbers that the program cannot have.
    """
    if not sizes:
        return program
    sizes = Solver(program, ()).solve({}, sizes)
    swap = {size(name): sp.Integer(int(number)) for name, number in sizes.items()}

    @cache
    def put(expression: Expr) -> Any:
        return expression.xreplace(swap)

    @cache
    def at_sizes(op: Op) -> Op:
        return rewritten(op, tuple((c, put(extent)) for c, extent in op.over), put)

    equations = tuple(Equation(e.target, at_sizes(e.op), e.operands, e.step) for e in program.equations)
    tensors = {  # as `replace` would have them, in half the time
        name: Signature(**{**vars(t), "shape": tuple(map(put, t.shape)), "bound": None if t.bound is None else put(t.bound)})
        for name, t in program.tensors.items()
    }
    inputs = {t.name for t in program.inputs}
    lacking = {n for n in {n for t in tensors.values() for n in t.shape} if n.is_number and not (n.is_Integer and n > 0)}
    for name, tensor in tensors.items() if lacking else ():
        for extent, before in zip(tensor.shape, program.tensors[name].shape, strict=True):
            if extent in lacking and not (empty and extent.is_Integer and name not in inputs):
                raise SizeError(f"{name} would have an axis of size {before} = {extent}: no whole number from 1 on")
    return Program(tensors, equations, program.outputs, tuple(map(put, program.conditions)))
