"""Programs whose sizes are settled: each size a number wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

import sympy as sp

from symbackprop.core.program import Program


def settled(program: Program, sizes: Mapping[str, int]) -> Program:
    """The program in which sizes by name are these numbers; others stay as they are."""
    known = {one: sp.Integer(sizes[str(one)]) for one in program.sizes() if str(one) in sizes}
    return cast(Program, _at(program, known)) if known else program


def _at(thing: Any, known: Mapping[sp.Symbol, sp.Integer]) -> Any:
    """The same with numbers for sizes, in all that it is made of."""
    if isinstance(thing, sp.Basic):
        return thing.xreplace(known)
    if is_dataclass(thing) and not isinstance(thing, type):
        own = {one.name: getattr(thing, one.name) for one in fields(thing) if one.init}
        new = {name: _at(value, known) for name, value in own.items()}
        return thing if all(new[name] is own[name] for name in own) else replace(thing, **new)
    if isinstance(thing, Mapping):
        return {key: _at(value, known) for key, value in thing.items()}
    if isinstance(thing, tuple):
        parts = [_at(one, known) for one in thing]
        if all(a is b for a, b in zip(parts, thing, strict=True)):
            return thing
        return cast(Any, type(thing))._make(parts) if hasattr(thing, "_make") else tuple(parts)
    return thing
