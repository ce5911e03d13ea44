"""What is traced: a function with its arguments, and every array that it can reach, by the path that leads to it."""

from __future__ import annotations

import contextlib
import copy
import inspect
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.notation.errors import NotationError
from symbackprop.notation.roles import is_given, is_set_aside, is_setting
from symbackprop.notation.trace.faults import raised
from symbackprop.notation.trace.frames import is_own
from symbackprop.notation.trace.names import leaf_names
from symbackprop.notation.trace.reached import Attribute, Path, arrays_in, handed, holds_arrays, names_in, of_module, written
from symbackprop.notation.trace.scalars import Choice, beside, every, held_by, holds_jax, numbered, unsaid
from symbackprop.notation.trace.states import states

HOLDERS = FunctionType | staticmethod | classmethod | partial | list | tuple | Mapping  # what a class may hold a function in
MOST_CONSTANTS = 8  # floats of Python that are looked at, each by a call


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
        return written(self.path)

    @property
    def of_an_owner(self) -> bool:
        """Whether an object of a person's own holds it, which may have tables and moments beside what is learnt."""
        return any(type(part) is Attribute for part in self.path)


@dataclass(frozen=True)
class Place:
    """A name of a module, a cell of a closure or an attribute of a class that holds arrays which the function reads."""

    holder: dict[str, Any] | CellType | type
    name: str

    @property
    def path(self) -> Path:
        return (self.holder.__name__, Attribute(self.name)) if isinstance(self.holder, type) else (self.name,)

    def get(self) -> Any:
        if isinstance(self.holder, CellType):
            return self.holder.cell_contents
        return vars(self.holder)[self.name] if isinstance(self.holder, type) else self.holder[self.name]

    def set(self, value: Any) -> None:
        if isinstance(self.holder, CellType):
            self.holder.cell_contents = value
        elif isinstance(self.holder, type):
            setattr(self.holder, self.name, value)
        else:
            self.holder[self.name] = value


class Subject:
    """A function, its arguments and its surroundings.

    loss     the key or position of the loss in what is returned; None: what is returned, or the first of it.
    leaves   its arrays by name.
    numbers  those of them that were numbers of Python.
    usual    what is taken as learnt among plain arguments, where nobody said it.
    owned    the paths of what is taken as learnt of what objects hold, where nobody said it; `held`: of their attributes.
    aside    what is then taken as data by the names of the arguments that hold it, as it is written.
    states   the paths of what a call sets in objects before it reads it: no leaves.
    stood    what the last call was given, by the names of its arguments.
    functions  the person's own functions that it may call.
    of_jax   whether an array of JAX was given, in which += makes another array.
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
        self.of_jax = holds_jax((self.owner, self.args, self.options))
        if self.of_jax:
            self.owner, self.args, self.options = self._with(lambda path, number: number)
        self.modules: dict[int, dict[str, Any]] = {}
        self.places: list[Place] = []
        self.functions: list[FunctionType] = []
        self._generators: list[Any] = []
        self.numbers: frozenset[str] = frozenset()
        self.usual: tuple[str, ...] = ()
        self.held: tuple[Path, ...] = ()
        self.owned: tuple[Path, ...] = ()
        self.aside: tuple[str, ...] = ()
        self.stood: dict[str, Any] = {}
        self.states: frozenset[Path] = frozenset()
        self._reach()
        self.leaves = self._leaves()
        self.states = states(self, self._arrays())
        self.leaves = self._leaves() if self.states else self.leaves
        floats = [leaf for leaf in self.leaves.values() if leaf.array.dtype.kind == "f" and leaf.given]
        if any(len(leaf.path) > 1 and not is_set_aside(leaf.path) for leaf in floats):  # numbers of Python may be parameters
            self._number(beside)
        else:
            data = all(len(leaf.path) > 1 or is_given(leaf.written) for leaf in floats)
            self._number(held_by(self._parameters(), data) if floats else every)

    def _number(self, choice: Choice) -> None:
        """Take floats, as the choice says, as arrays without axes."""
        self.owner, self.args, self.options = self._with(choice)
        known = set(self.leaves)
        self.leaves = self._leaves()
        self.numbers |= frozenset(name for name in self.leaves if name not in known)

    def _with(self, choice: Choice) -> tuple[Any, list[Any], dict[str, Any]]:
        """What the function is called with, where floats are what is chosen for them."""
        memo: dict[int, Any] = {}
        owner = numbered(self.owner, choice, (), memo)
        return owner, numbered(list(self.args), choice, (), memo), numbered(self.options, choice, (), memo)

    def constants(self, arrays: Mapping[str, np.ndarray]) -> list[str]:
        """The floats of Python among the arguments, given or not, that the loss depends on, as they are written; no arrays."""
        given, usual = self.options, None
        self.options = given | unsaid(self.function, len(self.args), given)
        kept = self.owner, self.args, self.options
        paths: dict[Path, None] = {}
        self._with(lambda path, number: paths.setdefault(path) or number)
        names = self._parameters()
        found: list[str] = []
        for path in list(paths)[:MOST_CONSTANTS]:
            try:
                usual = self.value(arrays) if usual is None else usual
                self.owner, self.args, self.options = self._with(
                    lambda own, number, path=path: number * 1.03 + 1e-3 if own == path else number
                )
                moved = self.value(arrays)
            except NotationError:
                continue
            finally:
                self.owner, self.args, self.options = kept
            if moved != usual:
                found.append(self._called(path, names))
        self.options = given
        return found

    def _called(self, path: Path, names: Sequence[str]) -> str:
        """A path of a float as a person writes it."""
        if isinstance(path[0], int):
            return written((names[path[0]], *path[1:]))
        return written(path if isinstance(path[0], str) and path[0] in self.options else ("self", *path))

    def _promoted(self, wanted: Sequence[Any]) -> None:
        """Take the floats of Python that are named as arrays without axes."""
        names = self._parameters()

        def choice(path: Path, number: float) -> Any:
            own = self._called(path, names)
            return np.array(number) if own in wanted or path[-1] in wanted else number

        numbers = unsaid(self.function, len(self.args), self.options)
        self.options |= {name: number for name, number in numbers.items() if name in wanted}
        before = self.numbers
        self._number(choice)
        self.numbers = before

    def cells(self) -> list[CellType]:
        """What closures of the person's functions hold, where they hold anything."""
        found = {id(cell): cell for function in self.functions for cell in function.__closure__ or ()}
        return [cell for cell in found.values() if cell != CellType()]

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
                    waiting += [*self._surroundings(thing), *handed(thing)]
            elif isinstance(thing, partial):
                waiting += handed(thing)
            elif isinstance(thing, type):
                waiting += [inner for inner in vars(thing).values() if isinstance(inner, HOLDERS)]
                waiting += thing.__mro__[1:-1]
                if is_own(getattr(sys.modules.get(thing.__module__), "__file__", None) or "<a notebook>"):
                    for name in [n for n, inner in vars(thing).items() if isinstance(inner, np.ndarray | list | dict)]:
                        if holds_arrays(vars(thing)[name]):
                            self._place(Place(thing, name))
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
        names = sorted(names_in(function.__code__))
        for name in names:
            if name in scope:
                value = scope[name]
                found += of_module(value, names)
                if holds_arrays(value):
                    self._place(Place(scope, name))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # an empty cell
                found += of_module(cell.cell_contents, names)
                if holds_arrays(cell.cell_contents):
                    self._place(Place(cell, name))
        return found

    def _place(self, place: Place) -> None:
        known = {(id(p.holder), p.name) for p in self.places}
        if (id(place.holder), place.name) not in known and place.get() is not self.owner:
            self.places.append(place)

    def _roots(self, owner: Any, args: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """What a call is given, by the names of the arguments; its object is self."""
        return ({} if owner is None else {"self": owner}) | dict(zip(self._parameters(), args, strict=True)) | dict(options)

    def _arrays(self) -> Iterator[tuple[Path, np.ndarray]]:
        """The arrays that the function is given, each by every path that leads to it."""
        for name, root in self._roots(self.owner, self.args, self.options).items():
            yield from (found for found in arrays_in(root, (name,), set()) if found[0] not in self.states)

    def _leaves(self) -> dict[str, Leaf]:
        paths: dict[int, Path] = {}
        arrays: dict[int, tuple[np.ndarray, bool]] = {}
        around = ((isinstance(p.holder, type), found) for p in self.places for found in arrays_in(p.get(), p.path, set()))
        for given, (path, array) in (*((True, found) for found in self._arrays()), *around):
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
            given = {n: leaf for n, leaf in floats.items() if leaf.given}
            held = [n for n, leaf in given.items() if len(leaf.path) > 1]
            aside = [n for n in held if is_set_aside(given[n].path) or (n in self.numbers and is_setting(given[n].path))]
            inside = [n for n in held if n not in aside]
            if aside and not inside:
                inside = [n for n, leaf in given.items() if len(leaf.path) == 1 and not is_given(n)] or held
            self.aside = tuple(given[n].written for n in aside if n not in inside)
            found = inside or list(given) or list(floats)
            self.usual = () if held else tuple(found)
            self.owned = tuple(floats[n].path for n in inside if floats[n].of_an_owner and n not in self.numbers)
            self.held = tuple(path for path in self.owned if type(path[-1]) is Attribute)
            if not found:
                raise NotationError("there is no array of floats to differentiate by.", "Give np.array(2.0) for a number.")
            return found
        names = [one.strip() for one in wrt.split(",")] if isinstance(wrt, str) else list(wrt)
        self._promoted([n for n in names if n not in self.leaves])
        floats = {name: leaf for name, leaf in self.leaves.items() if leaf.array.dtype.kind == "f"}
        return list(dict.fromkeys(own for name in names for own in (self._all_of(name, floats) or [self._named(name, floats)])))

    def _all_of(self, name: Any, floats: Mapping[str, Leaf]) -> list[str]:
        """The arrays of floats in a container that is named: wrt="params"."""
        begins = tuple(f"{owner}{name}{sign}" for owner in ("", "self.") for sign in "[.")
        known = any(name in (own, leaf.written) for own, leaf in floats.items())
        return [] if known else [own for own, leaf in floats.items() if leaf.written.startswith(begins)]

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
        self.stood = self._roots(owner, args, options)
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
