"""From a jaxpr to tensors of the language: one primitive after the other; calls and loops are written out."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray
from sympy import Expr

from symbackprop.core.choices import nearest
from symbackprop.language.tensors import LanguageError, Tensor, number_of
from symbackprop.notation.errors import NotationError, Place
from symbackprop.notation.models.built import Inputs
from symbackprop.notation.models.jax import elementwise, gathering, layers, matrices, shaping
from symbackprop.notation.models.jax.loops import LOOPS
from symbackprop.notation.models.jax.softmaxes import Softmaxes
from symbackprop.notation.models.jax.values import Fault, Key, Spread, Value, uniform, whole
from symbackprop.notation.models.names import fresh
from symbackprop.notation.trace.frames import is_own

ROWS = {**elementwise.ROWS, **shaping.ROWS, **gathering.ROWS, **layers.ROWS, **matrices.ROWS}
MOST = 20_000  # primitives: what is unrolled further nobody reads
CALLS = ("jaxpr", "call_jaxpr", "fun_jaxpr")
CALLED = {
    "jit", "pjit", "closed_call", "core_call", "call", "remat", "remat2", "checkpoint", "custom_jvp_call", "custom_vjp_call",
    "custom_vjp_call_jaxpr", "custom_lin", "xla_call", "named_call",
}  # fmt: skip
FLAT = {"approx_top_k", "nextafter", "population_count"}
DIFFERENTIABLE = {"lu", "custom_linear_solve", "eig", "schur"}


class Walk:
    """One walk over a jaxpr.

    inputs  of the network; constants that are no one number join them as data.
    size    from what JAX has for a size to the size here.
    """

    def __init__(self, inputs: Inputs, size: Callable[[Any], Expr]) -> None:
        self.inputs, self.size = inputs, size
        self.softmaxes = Softmaxes()
        self.count = 0
        self.single = False  # whether values on the way have fewer digits than float64
        self.draws = False  # whether random numbers are drawn
        self.letters: list[str] = []  # of the loops that are walked
        self._constants: list[tuple[ndarray, Tensor]] = []

    # -- what rows ask for ------------------------------------------------------------------------------------------------

    def shape(self, shape: Sequence[Any]) -> tuple[Expr, ...]:
        """Sizes of JAX as sizes of the language."""
        return tuple(map(self.size, shape))

    def number(self, value: Value) -> Expr | None:
        """The number that all entries are, or None."""
        if isinstance(value, Spread):
            return number_of(value.tensor)
        return number_of(value) if isinstance(value, Tensor) else uniform(value)

    def tensor(self, value: Value) -> Tensor:
        """The value as a tensor of its own shape."""
        if isinstance(value, ndarray) and uniform(value) is None:
            return self.declared(value)
        return whole(value)

    def narrow(self, value: Value) -> Any:
        """The value for an operation entry by entry: a number, or a tensor without what repeats."""
        number = self.number(value)
        if number is not None:
            return number
        return value.tensor if isinstance(value, Spread) else self.tensor(value)

    def declared(self, array: ndarray) -> Tensor:
        """A constant array as data of the network."""
        for known, tensor in self._constants:
            if known.dtype == array.dtype and np.array_equal(known, array):
                return tensor
        name = fresh("c" if "c" not in self.inputs.tensors else "c_1", self.inputs.tensors)
        tensor = self.inputs.data(name, np.asarray(array))
        self._constants.append((array, tensor))
        return tensor

    def refused(self, eqn: Any, fault: str, mend: str = "") -> NotationError:
        """What is not read, with the line of the person's code."""
        return NotationError(f"{eqn.primitive.name}: {fault}", mend, place(eqn))

    # -- the walk ---------------------------------------------------------------------------------------------------------

    def run(self, jaxpr: Any, constants: Sequence[Any], values: Sequence[Value]) -> list[Value]:
        """The values of what a jaxpr returns."""
        known: dict[Any, Value] = dict(zip(jaxpr.constvars, map(_constant, constants), strict=True))
        known |= dict(zip(jaxpr.invars, values, strict=True))
        for eqn in jaxpr.eqns:
            given = [_constant(v.val) if hasattr(v, "val") else known[v] for v in eqn.invars]
            found = self._guarded(eqn, given)
            known |= dict(zip(eqn.outvars, found, strict=True))
        return [_constant(v.val) if hasattr(v, "val") else known[v] for v in jaxpr.outvars]

    def _guarded(self, eqn: Any, given: list[Value]) -> list[Value]:
        """What an equation gives; an error is kept until the loss needs the value."""
        self.count += 1
        if self.count > MOST:
            raise self.refused(
                eqn, f"the function does more than {MOST:,} operations.", "Give a smaller example: loops are unrolled."
            )
        name, kinds = eqn.primitive.name, [v.aval.dtype for v in eqn.outvars if hasattr(getattr(v.aval, "dtype", None), "kind")]
        self.draws |= name.startswith(("random", "threefry"))
        self.single |= any(kind.kind in "fV" and kind.itemsize < 8 for kind in kinds)
        try:
            if any(kind.kind == "c" for kind in kinds):
                raise self.refused(eqn, "it computes with complex numbers.", "Write their real and imaginary parts as arrays.")
            return self._step(eqn, name, given)
        except LanguageError as error:
            return [Fault(NotationError(f"{name}: {error}", "", place(eqn)))] * len(eqn.outvars)
        except NotationError as error:
            return [Fault(error)] * len(eqn.outvars)

    def _step(self, eqn: Any, name: str, given: list[Value]) -> list[Value]:
        if eqn.outvars and all(map(_is_empty, eqn.outvars)):  # as at the ends of a scan by halves
            return [np.zeros([n if isinstance(n, int) else 0 for n in v.aval.shape], v.aval.dtype) for v in eqn.outvars]
        constant = _computed(eqn, name, given)
        if constant is not None:
            return constant
        if name in CALLED:
            return self._call(eqn, given)
        if name in LOOPS:
            return LOOPS[name](self, eqn, given)
        row = ROWS.get(name)
        if row is None:
            raise _unknown(self, eqn, name)
        found = row(self, eqn, *given)
        return found if isinstance(found, list) else [found]

    def _call(self, eqn: Any, given: list[Value]) -> list[Value]:
        """A call of a function: written out, or one word where it is JAX's own and gives its value alone, no slopes beside."""
        inner = next((eqn.params[key] for key in CALLS if eqn.params.get(key) is not None), None)
        if inner is None:
            raise self.refused(eqn, "its function is not known.", "Call the function without the wrapper.")
        jaxpr, constants = (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, ())
        name = str(eqn.params.get("name", "")).strip("_")
        word = elementwise.FUNCTIONS.get(name)
        counts = (2 if name in elementwise.OF_TWO else 1, 1)
        if word is not None and (len(given), len(eqn.outvars)) == counts and is_of_jax(jaxpr):
            return [elementwise.each(word)(self, eqn, *given)]
        whole = matrices.word(_name(eqn, jaxpr), given)
        if whole is not None and is_of_jax(jaxpr):
            found = whole(*map(self.tensor, given))
            several = list(found) if isinstance(found, list) else [found]
            if len(several) == len(eqn.outvars):
                return several
        return self.run(jaxpr, constants, given)


def _name(eqn: Any, jaxpr: Any) -> str:
    """What a function is called, in the call or where it stands."""
    return str(eqn.params.get("name") or getattr(getattr(jaxpr, "debug_info", None), "func_src_info", "")).split(" ")[0]


def is_of_jax(jaxpr: Any) -> bool:
    """Whether a function stands in JAX itself, and is no person's of the same name."""
    return "/jax/_src/" in str(getattr(getattr(jaxpr, "debug_info", None), "func_src_info", "")).replace("\\", "/")


def _is_empty(variable: Any) -> bool:
    """Whether a value of a jaxpr has no entries."""
    return any(isinstance(n, int) and n == 0 for n in getattr(variable.aval, "shape", ()))


def _constant(value: Any) -> Value:
    """A constant of a jaxpr as an array; a value that is known already stays."""
    if isinstance(value, Value):
        return value
    try:
        return np.asarray(value)
    except TypeError:  # what is no array of numbers in JAX is a key
        return Key(value)


def _computed(eqn: Any, name: str, given: list[Value]) -> list[Value] | None:
    """What an equation of constants gives, by JAX itself; None where it is no such equation, or an open size stands in it."""
    known = [v for v in given if isinstance(v, Key) or (isinstance(v, ndarray) and v.dtype != object)]
    plain = [v.array if isinstance(v, Key) else v for v in known]
    sizes = [n for v in (*eqn.invars, *eqn.outvars) for n in getattr(v.aval, "shape", ())]
    if len(plain) < len(given) or name in (*LOOPS, *CALLED) or any(not isinstance(n, int) for n in sizes):
        return None
    if not given and name != "iota":
        return None
    try:
        found = eqn.primitive.bind(*plain, **eqn.params)
    except Exception:  # whatever JAX says: the row says it better
        return None
    return list(map(_constant, found)) if eqn.primitive.multiple_results else [_constant(found)]


def place(eqn: Any) -> Place | None:
    """The line of the person's code that an equation comes from."""
    for frame in getattr(getattr(eqn.source_info, "traceback", None), "frames", ()):
        if is_own(frame.file_name):
            line = int(frame.line_num)
            text = linecache.getline(frame.file_name, line).rstrip("\n")
            start = len(text) - len(text.lstrip())
            return Place(frame.file_name, line, start + 1, max(len(text.strip()), 1), text)
    return None


def _unknown(walk: Walk, eqn: Any, name: str) -> NotationError:
    """Why a primitive is not read."""
    if name.startswith(("random", "threefry")):
        return walk.refused(eqn, "random numbers are drawn here.", "Draw them before, and give the array.")
    if name in FLAT:
        return walk.refused(eqn, "it has no slope, so that nothing comes back through it.", "Leave it out of the loss.")
    if name in DIFFERENTIABLE:
        return walk.refused(eqn, "no row says what it computes.", "Write jnp.linalg.solve, inv or det, or the network by sb.trace.")
    near = nearest(name, list(ROWS))
    return walk.refused(eqn, "no row says what it computes.", f"Write it with others, such as {near}." if near else "")
