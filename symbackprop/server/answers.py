"""What is answered over a line: text in the network language in, plain JSON out. No path is opened, no text executed."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.judge.files import typed_claims
from symbackprop.notation import read_text
from symbackprop.server import page
from symbackprop.server.answer import Answer
from symbackprop.verbs import derive as derived
from symbackprop.verbs import verify as verified

LONGEST = 20_000  # characters of all that is asked
MOST = 100  # claims at once

Data = dict[str, Any]


class AskedTooMuchError(SymbackpropError):
    """A question beyond the limits of the server; the message says which."""


class AskedOtherwiseError(SymbackpropError):
    """A question whose parts are not of the kinds that it has; the message says what to give."""


def derive(network: str, wrt: list[str] | str | None = None, of: str | None = None) -> Data:
    """dL/dw for every w: each gradient in LaTeX, and the derivation in Markdown, checked by witnesses."""
    derivation = derived(read_text(network), wrt, of)
    return {**Answer(derivation).head(), "derivation": derivation.report("markdown")}


def verify(
    network: str,
    claims: dict[str, str] | list[list[str]] | list[str] | str,
    of: str | None = None,
    symbols: dict[str, str] | None = None,
    allow: list[str] | None = None,
) -> Data:
    """The verdict on each claim, with all evidence."""
    given: Any = claims if isinstance(claims, Mapping) else _steps(claims)
    if len(given) > MOST:
        raise AskedTooMuchError(f"there are {len(given)} claims; at most {MOST} are judged at once: ask several times")
    return json.loads(verified(read_text(network), given, of, symbols, allow or ()).to_json())


def _steps(claims: list[list[str]] | list[str] | str) -> list[Any]:
    """The steps of a derivation, where they came as a text with a line or a displayed formula for each, or as such lines."""
    lines = [claims] if isinstance(claims, str) else [one for one in claims if isinstance(one, str)]
    if lines and len(lines) in (1, len(claims)):
        return list(typed_claims("\n".join(lines)))
    return [tuple(step) for step in claims]


ANSWERS: dict[str, Callable[..., Data]] = {
    "derive": derive,
    "verify": verify,
    "equations": page.equations,
    "formulas": page.formulas,
    "checked": page.checked,
    "picture": page.picture,
    "judged": page.judged,
    "file": page.file,
}


def answer(name: str, arguments: Mapping[str, Any]) -> Data:
    """The answer to a question. Raises SymbackpropError, with place, fault and mend, where there is none."""
    length = sum(len(text) for text in _texts(arguments))
    if length > LONGEST:
        raise AskedTooMuchError(f"the question has {length:,} characters; at most {LONGEST:,} are read: ask about a part of it")
    _require_kinds(name, arguments)
    return ANSWERS[name](**arguments)


def _require_kinds(name: str, arguments: Mapping[str, Any]) -> None:
    """That a question has its parts, each of its kind. Raises AskedOtherwiseError."""
    kinds = {part: kind for part, kind in get_type_hints(ANSWERS[name]).items() if part != "return"}
    for part, value in arguments.items():
        if part not in kinds:
            raise AskedOtherwiseError(f"{name} has no {shown(part)}; it has {', '.join(kinds)}")
        if not _is(value, kinds[part]):
            raise AskedOtherwiseError(f"{name}: {part}={shown(value)}; give {_said(kinds[part])}")
    needed = [p.name for p in inspect.signature(ANSWERS[name]).parameters.values() if p.default is p.empty]
    if missing := [part for part in needed if part not in arguments]:
        raise AskedOtherwiseError(f"{name} needs {missing[0]}: give {_said(kinds[missing[0]])}")


def _is(value: Any, kind: Any) -> bool:
    """Whether a value of JSON is of a kind."""
    if isinstance(kind, UnionType):
        return any(_is(value, own) for own in get_args(kind))
    inner = get_args(kind)
    if get_origin(kind) is list:
        return isinstance(value, list) and all(_is(one, inner[0]) for one in value)
    if get_origin(kind) is dict:
        return isinstance(value, Mapping) and all(isinstance(key, str) and _is(one, inner[1]) for key, one in value.items())
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return kind is Any or isinstance(value, kind)


def _said(kind: Any, many: bool = False) -> str:
    """A kind in words, of one value or of several."""
    if isinstance(kind, UnionType):
        return " or ".join(_said(own) for own in get_args(kind))
    if get_origin(kind) in (list, dict):
        one = "list" if get_origin(kind) is list else "object"
        return f"{f'{one}s' if many else f'an {one}' if one == 'object' else f'a {one}'} of {_said(get_args(kind)[-1], True)}"
    one, several = {str: ("a text", "texts"), float: ("a number", "numbers"), NoneType: ("null", "nulls")}.get(
        kind, ("a value", "values")
    )
    return several if many else one


def _texts(value: Any) -> Iterator[str]:
    """Every text in a question."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (str(key), *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
