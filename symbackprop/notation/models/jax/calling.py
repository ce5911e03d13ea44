"""A function of JAX with its arguments: written down as a jaxpr with open sizes, and read as a network."""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.program import size
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.built import Inputs, Model, built
from symbackprop.notation.models.jax.rules import require_derivatives, ruled
from symbackprop.notation.models.jax.sizes import size_of
from symbackprop.notation.models.jax.values import Spread, Value
from symbackprop.notation.models.jax.walk import Walk
from symbackprop.notation.models.names import names_of
from symbackprop.notation.roles import is_given, is_set_aside
from symbackprop.notation.trace.frames import is_own_frame, place, placed
from symbackprop.notation.trace.names import Names, leaf_names
from symbackprop.notation.trace.said import set_aside
from symbackprop.notation.vocabulary import name_fault

SINGLE = 1e-3  # relative: what float32 leaves of a loss
LETTERS = "ndhkmpqrtuvwabcefgjlsxyz"


@dataclass(frozen=True)
class Leaf:
    """An array among the arguments.

    name   its name here.
    path   where it lives, as a person writes it; `steps` are the argument, then keys, positions and attributes.
    kept   whether it is a variable of Flax that is no Param, as the running means of a BatchNorm.
    """

    name: str
    path: str
    array: ndarray
    steps: tuple[Any, ...]
    kept: bool = False

    @property
    def inside(self) -> bool:
        """Whether it stands inside a container."""
        return len(self.steps) > 1


def model_of(function: Any, args: tuple[Any, ...], wrt: Iterable[str] | None, sizes: Iterable[str]) -> Model:
    """A function of JAX as a network with its example, and the function itself as the witness.

    wrt    names of what is learnt; None: arrays of floats inside containers, else all of floats.
    sizes  names of sizes that are numbers, or "all".
    """
    call = Call(function, args)
    learnt = call.learnt(wrt)
    faults: list[NotationError] = []
    for classes in call.choices(set(sizes)):
        try:
            network = call.network(learnt, classes)
        except NotationError as fault:
            faults.append(fault)
            continue
        call.require_same_draws()
        moved = {leaf.name for leaf in call.leaves.values() if leaf.array.dtype.kind == "f"}
        return Model(network, call.value, call.exact, frozenset(network.example) - moved)
    raise faults[-1]


class Call:
    """A function and what it is called with.

    leaves  its arrays of real numbers; other arguments stay as they are.
    draws   whether it draws random numbers.
    narrow  whether it takes the numbers that it was given alone, float32 mostly, as a scan does whose start is float32.
    exact   whether all that it computes is float64.
    aside   what is taken as data by its name, where nobody said what is learnt.
    """

    def __init__(self, function: Any, args: tuple[Any, ...]) -> None:
        try:
            import jax
        except ImportError:
            raise NotationError("reading a function of JAX needs the package jax.", 'pip install "symbackprop[jax]"') from None
        if not callable(function):
            raise NotationError(f"{shown(function)} is no function to call.", "Write sb.from_jax(loss, params, X, y).")
        self.jax, self.function = jax, function
        self.name = getattr(function, "__name__", type(function).__name__)
        pairs, self.tree = jax.tree_util.tree_flatten_with_path(args)
        self.plain = [leaf for _, leaf in pairs]
        found: dict[int, tuple[tuple[Any, ...], ndarray]] = {}
        for k, (path, leaf) in enumerate(pairs):
            if isinstance(leaf, ndarray | jax.Array | np.generic) and not jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
                array = np.asarray(leaf)
                if array.dtype.kind in "biufV" and array.size and not _is_key(array):
                    found[k] = self._path(path), array.astype(float) if array.dtype.kind in "fV" else array
        if not found:
            raise NotationError(f"{self.name} is given no arrays.", "Write sb.from_jax(loss, params, X, y), with example arrays.")
        names = self._names({k: path for k, (path, _) in found.items()})
        kept = self._kept(args)
        self.leaves = {k: Leaf(names[k], _written(path), array, path, path[:-1] in kept) for k, (path, array) in found.items()}
        floats = [leaf for k, leaf in enumerate(self.plain) if k in found and found[k][1].dtype.kind == "f"]
        self.draws = self.narrow = False
        self.aside: list[str] = []
        self.exact = all(leaf.dtype == np.float64 for leaf in floats)

    def _kept(self, args: Any) -> set[tuple[Any, ...]]:
        """The paths of Flax's variables that no gradient is taken by."""
        pairs, _ = self.jax.tree_util.tree_flatten_with_path(args, is_leaf=_is_variable)
        return {self._path(path) for path, leaf in pairs if _is_variable(leaf) and "Param" not in _kinds(leaf)}

    def _path(self, path: Any) -> tuple[Any, ...]:
        """The argument's name, then keys, positions and attributes."""
        try:
            parameters = list(inspect.signature(self.function).parameters)
        except (TypeError, ValueError):
            parameters = []
        steps = [next(getattr(p, word) for word in ("key", "idx", "name") if hasattr(p, word)) for p in path]
        first = int(steps[0])
        return (parameters[first] if first < len(parameters) else f"arg_{first + 1}", *steps[1:])

    @staticmethod
    def _names(paths: Mapping[int, tuple[Any, ...]]) -> dict[int, str]:
        """The last words of the paths where these tell them apart; else as much of them as does."""
        known: dict[int, tuple[Any, ...]] = dict(paths)
        for k, path in paths.items():
            if len(path) > 2 and path[-1] == "value":  # which a variable of Flax holds
                known[k] = path[:-1]
        words = {k: str(next((s for s in reversed(path) if isinstance(s, str)), path[0])) for k, path in known.items()}
        if len(set(words.values())) == len(words):
            return leaf_names(known)
        dotted = {k: ".".join(str(step) for step in (path[1:] if len(path) > 1 else path)) for k, path in known.items()}
        if len(set(dotted.values())) < len(dotted):
            dotted = {k: ".".join(map(str, path)) for k, path in known.items()}
        named = names_of(dotted.values())
        return {k: named[path] for k, path in dotted.items()}

    def learnt(self, wrt: Iterable[str] | None) -> frozenset[str]:
        """The names of what is differentiated by."""
        floats = [leaf for leaf in self.leaves.values() if leaf.array.dtype.kind == "f"]
        if wrt is None:
            held = [leaf for leaf in floats if leaf.inside]
            inside = [leaf for leaf in held if not (leaf.kept or is_set_aside(leaf.steps))]
            if held and not inside:
                inside = [leaf for leaf in floats if not leaf.inside and not is_given(leaf.name)] or held
            self.aside = [leaf.path for leaf in held if leaf not in inside]
            return frozenset(leaf.name for leaf in inside or floats)
        known = {key: leaf.name for leaf in floats for key in (leaf.path, leaf.name)}
        chosen = set()
        for name in wrt:
            within = [leaf.name for leaf in floats if leaf.path.startswith(f"{name}[")]
            if name not in known and within:  # all that a container holds
                chosen |= set(within)
                continue
            if name not in known:
                near = nearest(name, list(known))
                mend = f"Did you mean {near}?" if near else f"The arrays of floats are: {', '.join(f.name for f in floats)}."
                raise NotationError(f"wrt: there is no array of floats {shown(name)}.", mend)
            chosen.add(known[name])
        return frozenset(chosen)

    # -- sizes ----------------------------------------------------------------------------------------------------------------

    def choices(self, settled: set[str]) -> Iterable[dict[int, str]]:
        """Which numbers of the example are symbols: all; else those that can be, one after the other."""
        given = sorted(self.leaves.values(), key=lambda leaf: leaf.inside)
        numbers = list(dict.fromkeys(n for leaf in given for n in leaf.array.shape if n > 1))
        taken = {leaf.name for leaf in self.leaves.values()}
        letters = (c for c in LETTERS if c not in taken)
        named = {n: next(letters, f"n_{n}") for n in numbers}
        named = {} if "all" in settled else {n: letter for n, letter in named.items() if letter not in settled}
        yield named
        free: dict[int, str] = {}
        for n, letter in named.items() if len(named) > 1 else ():
            free = free | {n: letter} if self._is_free(free | {n: letter}) else free
        if named:
            yield free

    def _is_free(self, classes: dict[int, str]) -> bool:
        try:
            self.network(self.learnt(None), classes)
        except NotationError:
            return False
        return True

    # -- the network ------------------------------------------------------------------------------------------------------------

    def network(self, learnt: frozenset[str], classes: dict[int, str]) -> Any:
        """The network in which these numbers are sizes of these names."""
        closed, held = self._jaxpr(classes)
        if next(ruled(closed.jaxpr), None) is not None:
            with self.jax.enable_x64(True):
                require_derivatives(self.jax, self._jaxpr({})[0].jaxpr)
        symbols = {letter: size(letter) for letter in classes.values()}

        def reading(inputs: Inputs) -> Tensor:
            values: list[Value] = []
            for leaf in self.leaves.values():
                shape = [symbols[classes[n]] if n in classes else n for n in leaf.array.shape]
                values.append(self._input(inputs, leaf, shape, leaf.name in learnt))
            walk = Walk(inputs, lambda extent: size_of(extent, symbols))
            with self.jax.enable_x64(True):
                found, *seen = walk.run(closed.jaxpr, closed.consts, values)
            self.exact, self.draws = self.exact and not walk.single, walk.draws
            loss = walk.tensor(found)
            self._call_values(loss, zip(held, seen, strict=False), inputs, set(symbols))
            return loss

        document = inspect.getdoc(self.function) or ""
        title = document.strip().split("\n")[0] or None
        aside = [set_aside(self.aside)] if self.aside else []
        return built(reading, notes=[*aside, *self._numbers(classes)], name=self.name, origin="jax", title=title)

    @staticmethod
    def _input(inputs: Inputs, leaf: Leaf, shape: Sequence[Any], learnt: bool) -> Tensor:
        if learnt:
            return inputs.parameter(leaf.name, leaf.array, leaf.path, shape)
        return inputs.data(leaf.name, leaf.array, shape, leaf.path)

    def _numbers(self, classes: dict[int, str]) -> list[str]:
        """What must be said of the sizes."""
        numbers = sorted({n for leaf in self.leaves.values() for n in leaf.array.shape if n > 1} - set(classes))
        said = f"Sizes that are {', '.join(map(str, numbers))} in the example are numbers: the function needs to know them."
        return [said] if numbers else []

    def _call_values(self, loss: Tensor, held: Any, inputs: Inputs, symbols: set[str]) -> None:
        """Name values by the local variables that held them."""
        names = Names()
        for (name, depth), value in held:
            tensor = value.tensor if isinstance(value, Spread) else value
            if isinstance(tensor, Tensor) and tensor.operands and id(tensor) not in names.seen and _can_be_called(name):
                names.seen[id(tensor)] = (depth, len(names.seen), name, tensor)
        names.given(loss, ordered([loss]), {*inputs.tensors, *symbols})

    # -- JAX ----------------------------------------------------------------------------------------------------------------------

    def _jaxpr(self, classes: dict[int, str]) -> tuple[Any, list[tuple[str, int]]]:
        """What the function computes, with the values that its local variables held as further results."""
        from jax import export

        symbols = dict(zip(classes, export.symbolic_shape(",".join(classes.values())), strict=True)) if classes else {}
        for narrow, watched in ((self.narrow, True), (self.narrow, False), (True, True), (True, False)):
            specs = []
            for k, leaf in self.leaves.items():
                shape = tuple(symbols.get(n, n) for n in leaf.array.shape)
                specs.append(self.jax.ShapeDtypeStruct(shape, self._kind(k, narrow)))
            try:
                found = self._written(specs, watched, narrow)
            except NotationError:
                raise
            except TypeError as fault:  # numbers of two kinds meet, float64 as it is read and float32 that the function makes
                first = fault
            except Exception as fault:
                if not watched:  # else a value that a function inside held is none of this one's
                    raise self._raised(fault) from None
                first = fault
            else:
                self.narrow = narrow
                return found
        raise self._raised(first)

    def _kind(self, k: int, narrow: bool) -> Any:
        """The type of an array: its own, or float64."""
        return self.jax.dtypes.canonicalize_dtype(self.plain[k].dtype) if narrow else self.leaves[k].array.dtype

    def _written(self, specs: list[Any], watched: bool, narrow: bool) -> tuple[Any, list[tuple[str, int]]]:
        held: list[tuple[str, int]] = []
        with self._digits(narrow), np.errstate(all="ignore"):
            return self.jax.make_jaxpr(lambda *arrays: self._watched(arrays, held, watched))(*specs), held

    def _digits(self, narrow: bool) -> Any:
        return contextlib.nullcontext() if narrow else self.jax.enable_x64(True)

    def _watched(self, arrays: Sequence[Any], held: list[tuple[str, int]], watched: bool) -> tuple[Any, ...]:
        """The loss, and the traced values that local variables held."""
        kept: dict[int, tuple[str, int, Any]] = {}
        tracer, kind = self.jax.core.Tracer, getattr(next(iter(arrays)), "_trace", None)

        def watch(frame: FrameType, event: str, _: Any) -> Any:
            if not is_own_frame(frame):
                return None
            if event in ("line", "return"):
                depth = _depth(frame)
                for name, value in list(frame.f_locals.items()):
                    if isinstance(value, tracer) and getattr(value, "_trace", None) is kind:
                        old = kept.get(id(value))
                        if old is None or depth < old[1]:
                            kept[id(value)] = name, depth, value
            return watch

        before = sys.gettrace()
        if watched:
            sys.settrace(watch)
        try:
            result = self._called(arrays)
        finally:
            sys.settrace(before)
        held[:] = [(name, depth) for name, depth, _ in kept.values()]
        return (self._loss(result), *(value for _, _, value in kept.values()))

    def _called(self, arrays: Sequence[Any]) -> Any:
        plain = list(self.plain)
        for k, array in zip(self.leaves, arrays, strict=True):
            plain[k] = array
        return self.function(*self.jax.tree_util.tree_unflatten(self.tree, plain))

    def _loss(self, result: Any) -> Any:
        found: Any = result[0] if isinstance(result, tuple) and result else result
        if not hasattr(found, "dtype") or found.size != 1:
            what = f"an array {found.shape}" if hasattr(found, "shape") else shown(found)
            raise NotationError(f"{self.name} returns {what}, which is no loss.", "Return one number, or (loss, anything).")
        return found

    def value(self, arrays: Mapping[str, ndarray]) -> float:
        """The loss that the function itself computes."""
        with self._digits(self.narrow):
            given = [
                self.jax.numpy.asarray(arrays.get(leaf.name, leaf.array), self._kind(k, self.narrow))
                for k, leaf in self.leaves.items()
            ]
            return float(np.squeeze(np.asarray(self._loss(self._called(given)))))

    def require_same_draws(self) -> None:
        """Raise NotationError where random numbers are others than in the person's session, which may be one of float32."""
        if self.draws and not self.jax.config.jax_enable_x64:
            own, drawn = (
                float(np.squeeze(np.asarray(self._loss(self._called([self.plain[k] for k in self.leaves]))))),
                self.value({}),
            )
            if abs(own - drawn) > SINGLE * max(1.0, abs(own)):
                raise NotationError(
                    f"{self.name} draws other random numbers in float64, with which it is read: "
                    f"the loss is {drawn:.6g}, not {own:.6g}.",
                    "Draw them before, and give the array.",
                )

    def _raised(self, fault: Exception) -> NotationError:
        """What JAX or the function said, with the line and the mend."""
        at, found = fault.__traceback__, None
        while at is not None:
            found = placed(at.tb_frame.f_code, at.tb_lineno) if is_own_frame(at.tb_frame) else found
            at = at.tb_next
        kind = type(fault).__name__
        for word, (said, mend) in SAID.items():
            if word in kind:
                return NotationError(f"{self.name}: {said}", mend, found or place())
        first = str(fault).strip().split("\n")[0][:300]
        return NotationError(f"{self.name} raised {kind}: {first}", "", found)


SAID = {
    "TracerBoolConversion": ("a branch depends on values.", "Write jnp.where(condition, a, b), or lax.select."),
    "TracerArrayConversion": ("a function of NumPy is given a value of JAX.", "Write the function of jax.numpy."),
    "TracerIntegerConversion": ("a value is used as a plain whole number.", "Give it as a plain int, outside the arrays."),
    "ConcretizationType": ("a value is used as a plain number.", "Write jnp's functions, and leave arrays as they are."),
    "NonConcreteBooleanIndex": ("which entries are taken depends on values.", "Write jnp.where(mask, x, 0)."),
}
"""What JAX's errors say of the person's code."""


def _depth(frame: FrameType) -> int:
    depth, at = 0, frame.f_back
    while at is not None:
        depth, at = depth + is_own_frame(at), at.f_back
    return depth


def _written(path: tuple[Any, ...]) -> str:
    return str(path[0]) + "".join(f"[{step!r}]".replace("'", '"') for step in path[1:])


def _kinds(value: Any) -> list[str]:
    """The names of the classes that a value of Flax is of."""
    return [kind.__name__ for kind in type(value).__mro__ if kind.__module__.startswith("flax.nnx")]


def _is_variable(value: Any) -> bool:
    return bool({"Variable", "VariableState"} & set(_kinds(value)))


def _can_be_called(name: str) -> bool:
    return not name_fault(name.strip("_")) or not name_fault(f"{name.strip('_')}_1")


def _is_key(array: ndarray) -> bool:
    """Whether an array is a key of random numbers, as JAX had them before they had a type."""
    return array.dtype == np.uint32 and array.shape == (2,)
