"""What is answered over a line: text in the network language in, plain JSON out. No path is opened, no text executed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from symbackprop.core.errors import SymbackpropError
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


def derive(network: str, wrt: list[str] | None = None, of: str | None = None) -> Data:
    """dL/dw for every w: each gradient in LaTeX, and the derivation in Markdown, checked by witnesses."""
    derivation = derived(read_text(network), wrt, of)
    return {**Answer(derivation).head(), "derivation": derivation.report("markdown")}


def verify(
    network: str,
    claims: dict[str, str] | list[list[str]],
    of: str | None = None,
    symbols: dict[str, str] | None = None,
    allow: list[str] | None = None,
) -> Data:
    """The verdict on each claim, with all evidence."""
    if len(claims) > MOST:
        raise AskedTooMuchError(f"there are {len(claims)} claims; at most {MOST} are judged at once: ask several times")
    given: Any = claims if isinstance(claims, Mapping) else [tuple(step) for step in claims]
    return json.loads(verified(read_text(network), given, of, symbols, allow or ()).to_json())


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
    return ANSWERS[name](**arguments)


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
