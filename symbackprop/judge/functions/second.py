"""A second truth: the gradients derived from a person's loss, where it can be read as straight-line equations, or else traced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from types import MethodType
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.differentiate import differentiate
from symbackprop.core.errors import SymbackpropError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.told import Told, told
from symbackprop.judge.functions.calls import Scene
from symbackprop.judge.functions.leaves import leaves
from symbackprop.judge.functions.named import Trial, named, taken_for
from symbackprop.notation import read_function
from symbackprop.notation.trace import Subject, Tracing

MOST = 1000  # operations of a loss that is traced: unrolled loops of more take too long
FAITHFUL = 1e-9  # relative error of the loss as it was read


class Derived:
    """The loss as it was read, for arguments of the given shapes.

    derivation   of the loss by its arguments of floats.
    names        of the variables in it, by argument.
    """

    def __init__(self, loss: Callable[..., Any], declarations: tuple[tuple[str, str | float], ...]) -> None:
        network = read_function(loss, given=dict(declarations))
        wrt = [t.name for t in network.program.parameters]
        self.derivation = differentiate(network.program, network.loss, wrt)
        self.names: Mapping[str, str] = {name: name for name in wrt}

    def at(self, scene: Scene) -> dict[str, ndarray]:
        """All values of the program at a scene."""
        given = dict(zip(scene.names, scene.arguments, strict=True))
        point = {t.name: np.asarray(given[t.name]) for t in self.derivation.program.inputs if t.name in given}
        return walk(self.derivation.program, point, {})


class Traced:
    """The loss as it was traced at a scene, of whose arrays those of floats may move."""

    def __init__(self, loss: Callable[..., Any], scene: Scene) -> None:
        owner = scene.owners.get("loss")
        bound = MethodType(loss.__func__, owner) if isinstance(loss, MethodType) and owner is not None else loss
        subject = Subject(bound, tuple(scene.arguments))
        paths = {id(array): path for path, array in _arrays(scene).items()}
        wrt = [n for n, leaf in subject.leaves.items() if leaf.array.dtype.kind == "f" and id(leaf.array) in paths]
        tracing = Tracing(subject, wrt, ("all",), most=MOST)
        network = tracing.network()
        wished = [t.name for t in network.program.inputs if t.name in tracing.wrt]
        self.derivation, self.example = differentiate(network.program, network.loss, wished), network.example
        self.paths = {n: paths[id(leaf.array)] for n, leaf in subject.leaves.items() if id(leaf.array) in paths}
        self.names = {self.paths[name]: name for name in self.derivation.wrt}

    def at(self, scene: Scene) -> dict[str, ndarray]:
        """All values of the program at a scene."""
        arrays = _arrays(scene)
        here = {name: np.asarray(arrays[path]) for name, path in self.paths.items() if name in self.example}
        return walk(self.derivation.program, {**self.example, **here}, {})


def _arrays(scene: Scene) -> dict[str, ndarray]:
    """The arrays of a scene by their path."""
    several = (leaves(root, (("argument", name),), lambda value: isinstance(value, ndarray)) for name, root in scene.roots)
    return {leaf.name: leaf.value for found in several for leaf in found}


@lru_cache(maxsize=16)
def read(loss: Callable[..., Any], declarations: tuple[tuple[str, str | float], ...]) -> Derived:
    """The loss with arguments of these kinds, read once."""
    return Derived(loss, declarations)


class Second:
    """The second truth of one loss; it says nothing where the loss cannot be read.

    ways   of reading it, the first that succeeds is taken.
    """

    def __init__(self, *ways: Callable[[], Derived | Traced]) -> None:
        self._ways = ways
        self._known: dict[int, tuple[Scene, dict[str, ndarray]]] = {}

    @cached_property
    def derived(self) -> Derived | Traced | None:
        for way in self._ways:
            with suppress(Exception):  # it is a person's code, which may be called here
                return way()
        return None

    def gradient(self, scene: Scene, argument: str, value: Callable[[Scene], float]) -> ndarray | None:
        """The derived gradient by an argument; None where there is none, or the loss as it was read has another value.

        value   of the loss, called.
        """
        values, derived = self._at(scene, value), self.derived
        if derived is None or argument not in derived.names or not values:
            return None
        return values[derived.derivation.gradient(derived.names[argument])]

    def mistake(self, scenes: Sequence[Scene], claimed: Sequence[ndarray], argument: str, value: Callable[[Scene], float]) -> Told:
        """The mistake in the derived backward pass that gives what was returned at scenes; nothing where none does."""
        derived = self.derived
        if derived is None or argument not in derived.names or not all(self._at(scene, value) for scene in scenes):
            return Told()
        trials = [Trial(self._at(scene, value), own) for scene, own in zip(scenes, claimed, strict=True)]
        own = derived.names[argument]
        other = taken_for(derived.derivation, own, trials)
        if other is not None:
            return told("it is the gradient by {}", next(path for path, name in derived.names.items() if name == other))
        return named(derived.derivation, own, trials)

    def _at(self, scene: Scene, value: Callable[[Scene], float]) -> dict[str, ndarray]:
        """All values at a scene; none where the loss as it was read has another."""
        if id(scene) not in self._known:
            self._known[id(scene)] = scene, self._values(scene, value)
        return self._known[id(scene)][1]

    def _values(self, scene: Scene, value: Callable[[Scene], float]) -> dict[str, ndarray]:
        if self.derived is None:
            return {}
        try:
            found = self.derived.at(scene)
        except (SymbackpropError, TypeError, KeyError):
            return {}
        called, own = value(scene), float(found[self.derived.derivation.of])
        return found if abs(own - called) <= FAITHFUL * max(abs(called), 1.0) else {}


def of_loss(loss: Callable[..., Any], scene: Scene) -> Second:
    """Of a loss: read, where it is straight-line equations over arrays, or else traced."""
    given = declarations(scene)
    ways = () if given is None else (partial(read, loss, tuple(given.items())),)
    return Second(*ways, partial(Traced, loss, scene))


def of_layer(forward: Callable[..., Any], scalar: Callable[[Any], Any], scene: Scene) -> Second:
    """Of a layer, whose result `scalar` makes one number: traced."""
    return Second(lambda: Traced(_followed(forward, scalar), scene))


def _followed(forward: Callable[..., Any], scalar: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function that is followed by another one, its inputs called as they were; of a method, a method of the same object."""
    method = isinstance(forward, MethodType)
    plain: Callable[..., Any] = forward.__func__ if isinstance(forward, MethodType) else forward

    def both(*inputs: Any) -> Any:
        return scalar(plain(*inputs))

    with suppress(TypeError, ValueError):  # of what is no Python function
        both.__signature__ = inspect.signature(plain)  # type: ignore[attr-defined]
    return MethodType(both, forward.__self__) if method else both  # type: ignore[attr-defined]


def declarations(scene: Scene) -> dict[str, str | float] | None:
    """How the arguments are declared; None where one is neither an array nor a number."""
    try:
        return {name: _declaration(value) for name, value in zip(scene.names, scene.arguments, strict=True)}
    except TypeError:
        return None


def _declaration(value: Any) -> str | float:
    """How an argument is declared. Raises TypeError for what is neither an array nor a number."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    array = np.asarray(value)
    shape = ", ".join(map(str, array.shape)) or "()"
    if isinstance(value, ndarray | float | np.floating) and array.dtype.kind == "f":
        return f"parameter[{shape}]"
    if isinstance(value, ndarray) and array.ndim and array.dtype.kind in "iu" and array.min(initial=0) >= 0:
        return f"integers[{shape}, {int(array.max(initial=0)) + 1}]"
    raise TypeError(type(value).__name__)
