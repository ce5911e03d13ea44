"""A person's functions, called: on copies of their arguments, with the same random numbers each time, their output caught."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import random
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbackprop.core.errors import SymbackpropError

SEED = 20
PRINTED = 400  # characters of what a function printed that are kept


class FunctionJudgeError(SymbackpropError):
    """A function that cannot be judged as it was given; the message says why, and what to give instead."""


class CallFailed(Exception):
    """A person's function raised; the message is the exception with the line of their code."""


@dataclass(frozen=True)
class Scene:
    """The arguments, with the objects whose methods are called: what one call may read and change.

    owners   the instance that each bound method belongs to, by the role of the method.
    names    what the arguments are called.
    """

    arguments: list[Any]
    owners: dict[str, Any]
    names: tuple[str, ...]

    @property
    def roots(self) -> list[tuple[str, Any]]:
        """The arguments by name, then the owners: `self`, or `self of backward` where the methods belong to two objects."""
        owners: dict[int, tuple[str, Any]] = {}
        for role, owner in self.owners.items():
            owners.setdefault(id(owner), (f"self of {role}" if owners else "self", owner))
        return [*zip(self.names, self.arguments, strict=True), *owners.values()]

    def root(self, name: str) -> Any:
        """The argument or owner of that name."""
        return next(root for own, root in self.roots if own == name)

    def copied(self) -> Scene:
        """The same with nothing shared, identities among its parts kept."""
        try:
            arguments, owners = copy.deepcopy((self.arguments, self.owners))
        except Exception as fault:  # a person's __deepcopy__ may raise anything
            raise FunctionJudgeError(
                f"the arguments cannot be copied ({type(fault).__name__}: {fault}), and each call needs a copy of its own. "
                "Pass arrays, numbers, dicts, lists and plain objects; open files, locks and generators stay outside."
            ) from None
        return Scene(arguments, owners, self.names)


def scene_of(functions: dict[str, Callable[..., Any] | None], arguments: tuple[Any, ...], named_by: Callable[..., Any]) -> Scene:
    """What calls of the functions start from; the arguments are called as `named_by` calls its parameters."""
    owners = {}
    for role, function in functions.items():
        owner = getattr(function, "__self__", None)
        if function is not None and owner is not None and not isinstance(owner, types.ModuleType):
            owners[role] = owner
    return Scene(list(arguments), owners, _parameter_names(named_by, len(arguments)))


def _parameter_names(function: Callable[..., Any], count: int) -> tuple[str, ...]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # built-in functions have no signature
        parameters = []
    places = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return tuple(places[k] if k < len(places) else f"argument {k + 1}" for k in range(count))


def call(role: str, function: Callable[..., Any], scene: Scene, *arguments: Any, **named: Any) -> tuple[Any, str]:
    """What the function returns for the arguments, and the beginning of what it printed.

    role   which owner of the scene a bound method is called on.
    Raises CallFailed where the function raises or exits.
    """
    bound = function
    if role in scene.owners and isinstance(function, types.MethodType):
        bound = types.MethodType(function.__func__, scene.owners[role])
    printed = _Limited()
    _seeded()
    with _caught(printed):
        try:
            return bound(*arguments, **named), printed.getvalue()
        except KeyboardInterrupt:
            raise
        except BaseException as fault:
            raise CallFailed(_told(function, fault)) from None


def _told(function: Callable[..., Any], fault: BaseException) -> str:
    """An exception of a person's function in one line, with the place in their code where it rose."""
    frames = traceback.extract_tb(fault.__traceback__)[1:]
    place = f" (line {frames[-1].lineno}: {frames[-1].line})" if frames and frames[-1].line else ""
    name = getattr(function, "__qualname__", None) or type(function).__name__
    return f"{name} raised {type(fault).__name__}: {fault}{place}"


@contextlib.contextmanager
def _caught(printed: io.StringIO) -> Iterator[None]:
    """What is printed goes to `printed`; warnings about values such as 1/0 are the person's own business."""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            yield


class _Limited(io.StringIO):
    """Keeps the first characters that are written, and drops the rest."""

    def write(self, text: str, /) -> int:
        room = PRINTED - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


@contextlib.contextmanager
def random_numbers_kept() -> Iterator[None]:
    """Afterwards the person's global generators stand where they stood."""
    kept, kept_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - it is the generator that people's code draws from
    try:
        yield
    finally:
        random.setstate(kept)
        np.random.set_state(kept_numpy)  # noqa: NPY002


def _seeded() -> None:
    """Dropout draws the same mask in every call."""
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002
