"""Kinds of values in JSON, as type hints write them: as a schema, in words, and whether a value is of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

Data = dict[str, Any]

_SCHEMAS: dict[Any, Data] = {
    str: {"type": "string"},
    float: {"type": "number"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    Any: {},
}
_SAID = {str: ("a text", "texts"), float: ("a number", "numbers"), NoneType: ("null", "nulls")}


def schema(kind: Any) -> Data:
    """The JSON schema of a kind."""
    if isinstance(kind, UnionType):
        return {"anyOf": [schema(own) for own in get_args(kind)]}
    inner = get_args(kind)
    if get_origin(kind) is list:
        return {"type": "array", "items": schema(inner[0])}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": schema(inner[1])}
    return dict(_SCHEMAS[kind])


def is_of(value: Any, kind: Any) -> bool:
    """Whether a value of JSON is of a kind."""
    if isinstance(kind, UnionType):
        return any(is_of(value, own) for own in get_args(kind))
    inner = get_args(kind)
    if get_origin(kind) is list:
        return isinstance(value, list) and all(is_of(one, inner[0]) for one in value)
    if get_origin(kind) is dict:
        return isinstance(value, Mapping) and all(isinstance(key, str) and is_of(one, inner[1]) for key, one in value.items())
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return kind is Any or isinstance(value, kind)


def said(kind: Any, many: bool = False) -> str:
    """A kind in words, of one value or of several."""
    if isinstance(kind, UnionType):
        return " or ".join(said(own) for own in get_args(kind))
    if get_origin(kind) in (list, dict):
        one = "list" if get_origin(kind) is list else "object"
        return f"{f'{one}s' if many else f'an {one}' if one == 'object' else f'a {one}'} of {said(get_args(kind)[-1], True)}"
    one, several = _SAID.get(kind, ("a value", "values"))
    return several if many else one
