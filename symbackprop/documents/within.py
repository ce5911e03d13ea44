"""The formulas within blocks, those of sentences as well: read, and replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, get_args

from symbackprop.formulas.told import Formula
from symbackprop.formulas.tree import Node

NODES = get_args(Node)
Thing = TypeVar("Thing")


def formulas_within(part: Any) -> Iterator[Node]:
    """The formulas of blocks, in their order."""
    if isinstance(part, NODES):
        yield part
    elif isinstance(part, tuple | list):
        for one in part:
            yield from formulas_within(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from formulas_within(getattr(part, one.name))


def with_formulas(part: Thing, by: Callable[[Node], Node]) -> Thing:
    """The same blocks with each formula as `by` says it."""
    return _with(part, by)


def _with(part: Any, by: Callable[[Node], Node]) -> Any:
    match part:
        case _ if isinstance(part, NODES):
            return by(part)
        case Formula():
            return part._replace(node=by(part.node))
        case tuple():
            return tuple(_with(one, by) for one in part)
        case _ if is_dataclass(part) and not isinstance(part, type):
            return replace(part, **{one.name: _with(getattr(part, one.name), by) for one in fields(part)})
    return part
