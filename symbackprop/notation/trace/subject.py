"""What is traced: a function with its arguments, and every array that it can reach, by the path that leads to it."""

from __future__ import annotations

import contextlib
import copy
import inspect
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace.frames import is_own, is_own_frame, placed
from symbackprop.notation.trace.names import leaf_names
from symbackprop.notation.trace.scalars import numbered

DEEPEST = 12  # containers inside one another: deeper ones hold no arrays of a network
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Leaf:
    """An array that the function is given or reaches.

    name   the name of its tensor.
    path   where it lives: the argument, then keys, positions and attributes.
    array  the person's own; it is never changed.
    given  whether it came by the arguments, and not from the surroundings of the function.
    """

    name: str
    path: Path
    array: np.ndarray
    given: bool

    @property
    def written(self) -> str:
        """The path as a person writes it."""
        return str(self.path[0]) + "".join(f"[{step!r}]".replace("'", '"') for step in self.path[1:])


@dataclass(frozen=True)
class Place:
    """A name of a module, or a cell of a closure, that holds arrays which the function reads."""

    holder: dict[str, Any] | CellType
    name: str

    def get(self) -> Any:
        return self.holder.cell_contents if isinstance(self.holder, CellType) else self.holder[self.name]

    def set(self, value: Any) -> None:
        if isinstance(self.holder, CellType):
            self.holder.cell_contents = value
        else:
            self.holder[self.name] = value


class Subject:
    """A function, its arguments and its surroundings.

    loss     the key or position of the loss in what is returned; None: what is returned, or the first of it.
    leaves   its arrays by name.
    numbers  those of them that were numbers of Python.
    functions  the person's own functions that it may call.
    modules  the names of every module of the person's that the function's code reads.
    """

    def __init__(
        self, function: Any, args: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None, loss: Any = None
    ) -> None:
        if isinstance(function, partial):
            function, args, options = function.func, (*function.args, *args), {**function.keywords, **(options or {})}
        if callable(function) and not isinstance(function, type) and not inspect.isroutine(function):
            function = MethodType(type(function).__call__, function)
        if not callable(function):
            raise NotationError(f"{shown(function)} is no function to call.", "Write sb.trace(loss, X, y).")
        self.function, self.loss, self.calls = function, loss, 0
        self.owner = function.__self__ if isinstance(function, MethodType) and not isinstance(function.__self__, type) else None
        self.args = [np.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
        self.options = dict(options or {})
        self.modules: dict[int, dict[str, Any]] = {}
        self.places: list[Place] = []
        self.functions: list[FunctionType] = []
        self._generators: list[Any] = []
        self.numbers: frozenset[str] = frozenset()
        self._reach()
        self.leaves = self._leaves()
        floats = [leaf for leaf in self.leaves.values() if leaf.array.dtype.kind == "f" and leaf.given]
        if not any(len(leaf.path) > 1 for leaf in floats):  # nothing that holds parameters: numbers of Python may be them
            self._number(every=not floats)

    def _number(self, every: bool) -> None:
        """Take floats inside objects, or all that there are, as arrays without axes."""
        memo: dict[int, Any] = {}
        owner, args = numbered(self.owner, every, (), memo), numbered(list(self.args), every, (), memo)
        options = numbered(self.options, every, (), memo)
        self.owner, self.args, self.options = owner, args, options
        known = set(self.leaves)
        self.leaves = self._leaves()
        self.numbers = frozenset(name for name in self.leaves if name not in known)

    # -- what the function can reach ------------------------------------------------------------------------------------

    def _reach(self) -> None:
        seen: set[int] = set()
        waiting: list[Any] = [self.function, self.owner, *self.args, *self.options.values()]
        while waiting:
            thing = waiting.pop()
            if isinstance(thing, MethodType):
                waiting += [thing.__func__, thing.__self__]
            if id(thing) in seen or isinstance(thing, ModuleType | np.ndarray | str | int | float | None):
                continue
            seen.add(id(thing))
            if isinstance(thing, FunctionType):
                if is_own(thing.__code__.co_filename):
                    self.functions.append(thing)
                    waiting += self._surroundings(thing)
            elif isinstance(thing, type):
                waiting += [inner for inner in vars(thing).values() if isinstance(inner, FunctionType | staticmethod | classmethod)]
                waiting += thing.__mro__[1:-1]
            elif isinstance(thing, staticmethod | classmethod):
                waiting.append(thing.__func__)
            elif isinstance(thing, np.random.Generator):
                self._generators.append(thing)
            elif isinstance(thing, Mapping):
                waiting += list(thing.values())[:1000]
            elif isinstance(thing, list | tuple | set):
                waiting += list(thing)[:1000]
            elif type(thing).__module__ not in ("builtins", "numpy"):
                waiting += [type(thing), *vars(thing).values()] if hasattr(thing, "__dict__") else [type(thing)]

    def _surroundings(self, function: FunctionType) -> list[Any]:
        """What the code of a function names outside itself."""
        scope, found = function.__globals__, []
        self.modules[id(scope)] = scope
        names = sorted(_named(function.__code__))
        for name in names:
            if name in scope:
                value = scope[name]
                found += _of_module(value, names)
                if _holds_arrays(value):
                    self._place(Place(scope, name))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # an empty cell
                found += _of_module(cell.cell_contents, names)
                if _holds_arrays(cell.cell_contents):
                    self._place(Place(cell, name))
        return found

    def _place(self, place: Place) -> None:
        known = {(id(p.holder), p.name) for p in self.places}
        if (id(place.holder), place.name) not in known and place.get() is not self.owner:
            self.places.append(place)

    def _leaves(self) -> dict[str, Leaf]:
        paths: dict[int, Path] = {}
        arrays: dict[int, tuple[np.ndarray, bool]] = {}
        roots = [*zip(self._parameters(), self.args, strict=True), *self.options.items()]
        if self.owner is not None:
            roots.insert(0, ("self", self.owner))
        for given, (name, root) in [*((True, r) for r in roots), *((False, (p.name, p.get())) for p in self.places)]:
            for path, array in _arrays(root, (name,), set()):
                if id(array) not in paths:
                    paths[id(array)], arrays[id(array)] = path, (array, given)
        names = leaf_names(paths)
        return {names[key]: Leaf(names[key], path, *arrays[key]) for key, path in paths.items()}

    def _parameters(self) -> list[str]:
        try:
            parameters = list(inspect.signature(self.function).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        places = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        return [places[k] if k < len(places) else f"arg_{k + 1}" for k in range(len(self.args))]

    # -- what is differentiated by ----------------------------------------------------------------------------------------

    def chosen(self, wrt: Any) -> list[str]:
        """The names of the leaves that are differentiated by.

        wrt   names or paths; None: arrays of floats inside containers and objects, else all that are arguments, else all.
        Raises NotationError for a name that no array of floats has.
        """
        floats = {name: leaf for name, leaf in self.leaves.items() if leaf.array.dtype.kind == "f"}
        if wrt is None:
            inside = [n for n, leaf in floats.items() if leaf.given and len(leaf.path) > 1]
            found = inside or [n for n, leaf in floats.items() if leaf.given] or list(floats)
            if not found:
                raise NotationError("there is no array of floats to differentiate by.", "Give np.array(2.0) for a number.")
            return found
        names = [one.strip() for one in wrt.split(",")] if isinstance(wrt, str) else list(wrt)
        return [self._named(name, floats) for name in names]

    def _named(self, name: Any, floats: Mapping[str, Leaf]) -> str:
        for own, leaf in floats.items():
            if name in (own, leaf.written, ".".join(map(str, leaf.path)), str(leaf.path[-1])):
                return own
        whole = next((leaf for leaf in self.leaves.values() if name in (leaf.name, leaf.written)), None)
        if whole is not None:
            raise NotationError(
                f"wrt: {name} holds {whole.array.dtype} numbers.", f"Give floats: {name}.astype(float), or 1.0 for 1."
            )
        near = nearest(str(name), list(floats))
        mend = f"Did you mean {near}?" if near else f"The arrays of floats are: {', '.join(floats)}."
        raise NotationError(f"wrt: there is no array of floats {shown(name)}.", mend)

    # -- calls ------------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def standing(self, arrays: Mapping[str, Any]) -> Iterator[Callable[[], Any]]:
        """The function, ready to be called on copies of everything, with `arrays` in the place of the leaves.

        Random numbers are drawn anew from where the generators stand now, so that each call draws the same.
        """
        memo: dict[int, Any] = {id(self.leaves[name].array): array for name, array in arrays.items()}
        memo |= {id(g): g for g in self._generators}
        kept = [(place, place.get()) for place in self.places]
        states = self._states = self._random()
        try:
            owner = copy.deepcopy(self.owner, memo)
            args, options = copy.deepcopy((self.args, self.options), memo)
            for place, value in kept:
                place.set(copy.deepcopy(value, memo))
        except NotationError:
            raise
        except Exception as fault:
            for place, value in kept:
                place.set(value)
            raise NotationError(
                f"the arguments cannot be copied ({type(fault).__name__}: {fault}).",
                "Pass arrays, numbers, dicts, lists and plain objects.",
            ) from None
        bound = MethodType(self.function.__func__, owner) if self.owner is not None else self.function  # type: ignore[attr-defined]
        self.calls += 1
        try:
            yield lambda: bound(*args, **options)
        finally:
            for place, value in kept:
                place.set(value)
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
            for generator, state in zip(self._generators, states[2], strict=True):
                generator.bit_generator.state = state

    def _random(self) -> tuple[Any, Any, list[Any]]:
        """Where the generators of random numbers stand."""
        numpy = np.random.get_state(legacy=False)  # noqa: NPY002 - it is the generator that people's code draws from
        return random.getstate(), numpy, [copy.deepcopy(g.bit_generator.state) for g in self._generators]

    def drew(self) -> bool:
        """Whether the call under way has drawn random numbers."""
        return repr(self._random()) != repr(self._states)

    def value(self, arrays: Mapping[str, np.ndarray]) -> float:
        """The loss that the function itself gives, called on plain arrays."""
        with self.standing({name: array.copy() for name, array in arrays.items()}) as call, np.errstate(all="ignore"):
            try:
                return float(np.squeeze(np.asarray(self.loss_of(call()), dtype=float)))
            except Exception as fault:
                raise raised(getattr(self.function, "__name__", "function"), fault) from fault

    def loss_of(self, result: Any) -> Any:
        """The loss of what the function returned: itself, the first of several, or the one that was asked for."""
        if self.loss is None:
            return result[0] if isinstance(result, tuple) and result else result
        try:
            return result[self.loss]
        except (TypeError, KeyError, IndexError):
            mend = "Give the position or the key of the loss in what the function returns."
            raise NotationError(f"loss={shown(self.loss)} is nothing that the function returns.", mend) from None


class OfJax(Exception):
    """The function calls functions of JAX on functions, or on arrays that only JAX knows: JAX must write it down."""


def is_of_jax(fault: BaseException) -> bool:
    """Whether an exception rose within JAX, which takes its own frames out of it and says so."""
    if type(fault).__module__.startswith("jax") or any("JAX" in str(note) for note in getattr(fault, "__notes__", ())):
        return True
    at = fault.__traceback__
    while at is not None:
        if str(at.tb_frame.f_globals.get("__name__")).startswith("jax."):
            return True
        at = at.tb_next
    return False


def raised(name: str, fault: Exception) -> NotationError:
    """An exception of a person's function, with the line of their code where it rose."""
    if isinstance(fault, NotationError):
        return fault
    at, found = fault.__traceback__, None
    while at is not None:
        found = placed(at.tb_frame.f_code, at.tb_lineno) if is_own_frame(at.tb_frame) else found
        at = at.tb_next
    return NotationError(f"{name} raised {type(fault).__name__}: {fault}", "", found)


def _of_module(value: Any, names: Sequence[str]) -> list[Any]:
    """A value; of a module of the person's, what it and the modules in it have by names that the code says after it."""
    found, waiting, seen = list[Any](), [value], set[int]()
    while waiting:
        thing = waiting.pop()
        if not isinstance(thing, ModuleType):
            found.append(thing)
        elif id(thing) not in seen and is_own(getattr(thing, "__file__", None) or "<frozen"):
            seen.add(id(thing))
            waiting += [vars(thing)[name] for name in names if name in vars(thing)]
    return found


def _named(code: CodeType) -> set[str]:
    """The names that code and the functions inside it use."""
    names = set(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            names |= _named(inner)
    return names


def _arrays(value: Any, path: Path, met: set[int]) -> Iterable[tuple[Path, np.ndarray]]:
    """The arrays of numbers inside a value, each with its path."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biuf" and value.size:
            yield path, value
        elif value.dtype == object:
            for k, inner in enumerate(value.ravel()):
                yield from _arrays(inner, (*path, k), met)
        return
    simple = str | bytes | int | float | ModuleType | FunctionType | MethodType | type | np.random.Generator | None
    if len(path) > DEEPEST or id(value) in met or isinstance(value, simple):
        return
    met.add(id(value))
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, list | tuple):
        fields = getattr(value, "_fields", None)
        parts = list(zip(fields, value, strict=True)) if fields else list(enumerate(value))
    elif type(value).__module__ not in ("builtins", "numpy"):
        parts = list(vars(value).items()) if hasattr(value, "__dict__") else _slots(value)
    else:
        parts = []
    for step, inner in parts:
        yield from _arrays(inner, (*path, step), met)


def _slots(value: Any) -> list[tuple[str, Any]]:
    names = [n for kind in type(value).__mro__ for n in getattr(kind, "__slots__", ()) if isinstance(n, str)]
    return [(name, getattr(value, name)) for name in names if hasattr(value, name)]


def _holds_arrays(value: Any) -> bool:
    return any(True for _ in _arrays(value, (), set()))
