"""What is answered: text in the network language in, plain JSON out. No path is opened, no text executed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from symbackprop.core.derivation import GradientView
from symbackprop.core.errors import SymbackpropError
from symbackprop.notation import read_text
from symbackprop.verbs import derive as derived
from symbackprop.verbs import verify as verified

LONGEST = 20_000  # characters of all that is asked
MOST = 100  # claims at once

Answer = dict[str, Any]


class AskedTooMuchError(SymbackpropError):
    """A question beyond the limits of the server; the message says which."""


def derive(network: str, wrt: list[str] | None = None, of: str | None = None) -> Answer:
    """dL/dw for every w: the derivation in Markdown, checked by witnesses, and each gradient in LaTeX."""
    derivation = derived(read_text(network), wrt, of)
    views = derivation.gradients
    return {
        "of": derivation.of,
        "gradients": {w: _shown(views[w]) for w in derivation.wrt},
        "remarks": list(derivation.remarks),
        "derivation": derivation.report("markdown"),
    }


def _shown(view: GradientView) -> Answer:
    shape = [str(n) for n in view.shape]
    return {"shape": shape, "latex": view.latex(), "definitions": list(view.definitions), "entries": view.index()}


def verify(
    network: str,
    claims: dict[str, str] | list[list[str]],
    of: str | None = None,
    symbols: dict[str, str] | None = None,
    allow: list[str] | None = None,
) -> Answer:
    """The verdict on each claim, with all evidence."""
    if len(claims) > MOST:
        raise AskedTooMuchError(f"there are {len(claims)} claims; at most {MOST} are judged at once: ask several times")
    given: Any = claims if isinstance(claims, Mapping) else [tuple(step) for step in claims]
    return json.loads(verified(read_text(network), given, of, symbols, allow or ()).to_json())


ANSWERS: dict[str, Callable[..., Answer]] = {"derive": derive, "verify": verify}


def answer(name: str, arguments: Mapping[str, Any]) -> Answer:
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
