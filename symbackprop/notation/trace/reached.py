"""What a function of a person's can reach: modules and names in its code, and the arrays inside of a value."""

from __future__ import annotations

import contextlib
import dis
import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace.frames import is_own

DEEPEST = 12  # containers inside one another: deeper ones hold no arrays of a network
Path = tuple[Any, ...]


class Attribute(str):
    """A step of a path into an object."""

    __slots__ = ()


class Field(Attribute):
    """A step into a tuple whose entries have names."""

    __slots__ = ()


def written(path: Path) -> str:
    """A path as a person writes it."""
    return str(path[0]) + "".join(f".{s}" if isinstance(s, Attribute) else f"[{s!r}]".replace("'", '"') for s in path[1:])


def of_module(value: Any, names: Sequence[str]) -> list[Any]:
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


def names_in(code: CodeType) -> set[str]:
    """The names that code and the functions inside it use."""
    names = set(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            names |= names_in(inner)
    return names


def handed(thing: FunctionType | partial[Any]) -> list[Any]:
    """What a function is handed beside the arguments of a call: its defaults, what `partial` keeps, what its code imports."""
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    names = names_in(thing.__code__)
    imports = (inner for m in _imports(thing.__code__, thing.__globals__) for inner in of_module(m, sorted(names)))
    return [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values(), *imports]


def _imports(code: CodeType, scope: Mapping[str, Any]) -> Iterator[ModuleType]:
    """The person's own modules that code imports while it runs, and the functions inside it."""
    package = scope.get("__package__")
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            for name in (f"{package}.{step.argval}".rstrip("."), str(step.argval)):
                with contextlib.suppress(ImportError, ValueError):
                    if _is_own_module(name.partition(".")[0]) and _is_own_module(name):
                        yield importlib.import_module(name)
                        break
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _imports(inner, scope)


def _is_own_module(name: str) -> bool:
    """Whether a module is a person's, found without importing a library."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None and is_own(spec.origin)


def arrays_in(value: Any, path: Path, met: set[int]) -> Iterable[tuple[Path, np.ndarray]]:
    """The arrays of numbers inside a value, each with its path."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biuf" and value.size:
            yield path, value
        elif value.dtype == object:
            for k, inner in enumerate(value.ravel()):
                yield from arrays_in(inner, (*path, k), met)
        return
    simple = str | bytes | int | float | ModuleType | FunctionType | MethodType | type | np.random.Generator | None
    if len(path) > DEEPEST or id(value) in met or isinstance(value, simple):
        return
    if type(value).__module__.startswith("scipy.sparse") and hasattr(value, "toarray"):
        own = written(path)
        raise NotationError(f"{own} is a sparse matrix.", f"Give all its entries: {own}.toarray().")
    met.add(id(value))
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, list | tuple):
        fields = getattr(value, "_fields", None)
        parts = [(Field(f), inner) for f, inner in zip(fields, value, strict=True)] if fields else list(enumerate(value))
    elif type(value).__module__ not in ("builtins", "numpy"):
        parts = [(Attribute(n), inner) for n, inner in (vars(value).items() if hasattr(value, "__dict__") else _slots(value))]
    else:
        parts = []
    for step, inner in parts:
        yield from arrays_in(inner, (*path, step), met)


def _slots(value: Any) -> list[tuple[str, Any]]:
    names = [n for kind in type(value).__mro__ for n in getattr(kind, "__slots__", ()) if isinstance(n, str)]
    return [(name, getattr(value, name)) for name in names if hasattr(value, name)]


def holds_arrays(value: Any) -> bool:
    """Whether there is an array of numbers inside a value."""
    return any(True for _ in arrays_in(value, (), set()))
