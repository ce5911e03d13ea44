"""The forward part of a network as functions of arrays: derived, or as it was kept, which needs no SymPy.

What is kept is what numbers ask for: the inputs as they are declared, which value reads which, and the sources of functions that
were asked for before. It stands in the user's cache folder, by the text of the network, how it was read, and the package.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop import __version__
from symbackprop.backends.called import Called
from symbackprop.backends.executed import Source
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine import cache
from symbackprop.core.network import Network
from symbackprop.core.program import Equation, Program, Ref, Signature
from symbackprop.training.changed import digests
from symbackprop.training.classes import applied

DTYPE = "float64"


class Unkept(SymbackpropError):
    """What was not asked for before."""


class Name(str):
    """A size that is a name, as SymPy's symbols tell of themselves."""

    is_Symbol, is_Integer, is_Rational = True, False, False

    @property
    def name(self) -> str:
        return str(self)

    @property
    def free_symbols(self) -> frozenset[Name]:
        return frozenset([self])


class Whole(int):
    """A size that is a number, as SymPy's integers tell of themselves."""

    is_Symbol, is_Integer, is_Rational = False, True, True
    free_symbols: frozenset[Name] = frozenset()


class Composed(str):
    """Another size, of a value: it is told from others by its text."""

    is_Symbol, is_Integer, is_Rational = False, False, False
    free_symbols: frozenset[Name] = frozenset()

    def __sub__(self, other: Any) -> Any:
        raise Unkept(f"whether {self} is {other}")

    __rsub__ = __sub__


@dataclass(frozen=True)
class Known:
    """The operation of an equation of which only this is kept: what functions it applies to each value that it reads."""

    applied: Mapping[str, list[str]]
    over: tuple[Any, ...] = ()


@dataclass
class Forward:
    """The forward part of a network.

    program   its equations, of which those that were kept say only what they read.
    loss      the name of the loss.
    make      the source of the function of some values; Unkept is raised where it was not kept.
    sources   those that were asked for.
    digests   of the equations as they are written, by what they define.
    """

    program: Program
    loss: str
    make: Callable[[tuple[str, ...]], Source]
    sources: dict[tuple[str, ...], Source] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    _called: dict[tuple[str, ...], Called] = field(default_factory=dict)

    def outputs(self, given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, ndarray]:
        """These values, of arrays by name; inputs that they do not read may be left out."""
        if names not in self._called:
            self._called[names] = Called(self.source(names), self.program, DTYPE, refuse_nan=True)
        found = self._called[names](given)
        return {name: np.asarray(found[name]) for name in names}

    def source(self, names: tuple[str, ...]) -> Source:
        """The source of the function of these values."""
        if names not in self.sources:
            self.sources[names] = self.make(names)
        return self.sources[names]


def forward_of(network: Network) -> Forward:
    """The forward part of a network that was read."""
    from symbackprop.backends.dialect import NUMPY
    from symbackprop.backends.function import Compiled
    from symbackprop.backends.numpy.source import source
    from symbackprop.core.passes.left_out import without_left_out
    from symbackprop.core.passes.stable import stable

    program = without_left_out(stable(network.program))

    def make(names: tuple[str, ...]) -> Source:
        asked = Compiled(program, network.loss, {}, names).program
        return source(asked, None, {name: name for name in names}, "outputs", NUMPY.of(DTYPE))

    return Forward(program, network.loss, make, digests=digests(network.program))


def key_of(path: str, how: Any) -> str | None:
    """What the forward part of a network is kept by; None where its file alone does not say what it is.

    how   all else that its reading depends on.
    """
    if not os.path.isfile(path) or path.endswith(".py"):
        return None
    with suppress(OSError):
        about = [__version__, _package(), repr(how).encode(), Path(path).read_bytes()]
        return hashlib.sha256(b"\0".join(part if isinstance(part, bytes) else part.encode() for part in about)).hexdigest()
    return None


def _package() -> str:
    """The package's own files: what another version keeps is not read."""
    root, digest, folders = Path(__file__).parents[1], hashlib.sha256(), []
    folders.append(root)
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.is_dir() and entry.name != "__pycache__":
                    folders.append(Path(entry.path))
                elif entry.name.endswith(".py"):
                    stat = entry.stat()
                    digest.update(f"{entry.path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def kept(key: str) -> Forward | None:
    """The forward part that is kept by this key; None where none is, or it cannot be read."""
    try:
        told = kept_told(key)
        if told is None:
            return None
        tensors = {row["name"]: _tensor(row) for row in told["tensors"]}
        equations = tuple(
            Equation(Ref(target), Known(own), tuple(map(Ref, operands)))  # type: ignore[arg-type]
            for target, operands, own in told["equations"]
        )
        sources = {tuple(names): Source(text, name, tuple(arguments)) for names, text, name, arguments in told["sources"]}
        return Forward(Program(tensors, equations, ()), told["loss"], _unkept, sources, told["digests"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(key: str, forward: Forward) -> None:
    """Keep a forward part that was derived, with the functions that were asked for; not where its inputs need SymPy."""
    told = _told(forward)
    if told is None:
        return
    before = kept(key)
    sources = {**(before.sources if before else {}), **forward.sources}
    told["sources"] = [[list(names), *asdict(source).values()] for names, source in sources.items()]
    keep_told(key, told)


def kept_told(key: str) -> dict[str, Any] | None:
    """What is kept by a key, as it was told; None where nothing is, or it is not whole."""
    with suppress(ValueError, RecursionError):
        found = json.loads(cache.kept(f"{key}.json") or b"null")
        return found if isinstance(found, dict) else None
    return None


def keep_told(key: str, told: Mapping[str, Any]) -> None:
    """Keep something by a key."""
    cache.keep(f"{key}.json", json.dumps(told).encode())


def _unkept(names: tuple[str, ...]) -> Source:
    raise Unkept(f"the function of {', '.join(names)}")


def _told(forward: Forward) -> dict[str, Any] | None:
    program = forward.program
    plain = (n for t in program.inputs for n in (*t.shape, t.bound) if n is not None)
    if not all(n.is_Symbol or n.is_Integer for n in plain) or not all(c.is_nonnegative for c in program.conditions):
        return None
    tensors = [
        {
            "name": t.name, "shape": [_size(n) for n in t.shape], "kind": t.kind, "domain": t.domain, "named": t.named,
            "bound": None if t.bound is None else _size(t.bound),
        }
        for t in program.tensors.values()
    ]  # fmt: skip
    equations = [
        [e.target.name, [r.name for r in e.operands], {r.name: sorted(applied(e, r.name)) for r in e.operands}]
        for e in program.equations
    ]
    return {"loss": forward.loss, "tensors": tensors, "equations": equations, "digests": dict(forward.digests)}


def _size(n: Any) -> Any:
    """A size as JSON: a number, a name, or the text of another in a list."""
    if n.is_Integer:
        return int(n)
    return n.name if n.is_Symbol else [str(n.expand())]


def _tensor(row: Mapping[str, Any]) -> Signature:
    shape: Any = tuple(map(_extent, row["shape"]))
    bound: Any = None if row["bound"] is None else _extent(row["bound"])
    return Signature(row["name"], shape, row["kind"], row["domain"], bound, named=row["named"])


def _extent(told: Any) -> Name | Whole | Composed:
    if isinstance(told, list):
        return Composed(told[0])
    return Whole(told) if isinstance(told, int) else Name(told)
