"""What is answered over a line: text in the network language in, plain JSON out. No path is opened, no text executed."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_type_hints

from symbackprop.core.choices import LANGUAGES
from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.core.network import Network
from symbackprop.notation import typed_network
from symbackprop.notation.pasted import without_fences
from symbackprop.server import page
from symbackprop.server.answer import Answer
from symbackprop.server.kinds import Data, is_of, said
from symbackprop.verbs import derive as derived
from symbackprop.verbs import verify as verified

LONGEST = 20_000  # characters of all that is asked
MOST = 100  # claims at once
_PATH = re.compile(r"[\w.~/\\:-]*\.(?:net|py|txt|json|onnx|tex|md)")


class AskedTooMuchError(SymbackpropError):
    """A question beyond the limits of the server; the message says which."""


class AskedOtherwiseError(SymbackpropError):
    """A question whose parts are not of the kinds that it has; the message says what to give."""


def derive(network: str, wrt: list[str] | str | None = None, of: str | None = None, lang: str = LANGUAGES[0]) -> Data:
    """dL/dw for every w: each gradient in LaTeX, and the derivation in Markdown, checked by witnesses."""
    derivation = derived(_network(network), wrt, of)
    return {**Answer(derivation).head(), "derivation": derivation.report("markdown", lang=lang)}


def verify(
    network: str,
    claims: dict[str, str] | list[list[str]] | list[str] | str,
    of: str | None = None,
    symbols: dict[str, str] | None = None,
    allow: list[str] | None = None,
    lang: str = LANGUAGES[0],
) -> Data:
    """The verdict on each claim, with all evidence, and all of it in words."""
    given: Any = claims if isinstance(claims, Mapping) else _steps(claims)
    if len(given) > MOST:
        raise AskedTooMuchError(f"there are {len(given)} claims; at most {MOST} are judged at once: ask several times")
    found = verified(_network(network), given, of, symbols, allow or ())
    return {"told": found.table(lang), **json.loads(found.to_json())}


def _steps(claims: list[list[str]] | list[str] | str) -> list[Any]:
    """The steps of a derivation, where they came as a text with a line or a displayed formula for each, or as such lines."""
    from symbackprop.judge.texts.files import typed_claims  # which needs NumPy: formulas are had without

    lines = [claims] if isinstance(claims, str) else [one for one in claims if isinstance(one, str)]
    if lines and len(lines) in (1, len(claims)):
        return list(typed_claims(without_fences("\n".join(lines))))
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


def kinds_of(name: str) -> dict[str, Any]:
    """The parts of a question, each with its kind."""
    return {part: kind for part, kind in get_type_hints(ANSWERS[name]).items() if part != "return"}


def needed_of(name: str) -> list[str]:
    """The parts that a question must have."""
    return [p.name for p in inspect.signature(ANSWERS[name]).parameters.values() if p.default is p.empty]


def _network(text: str) -> Network:
    """The network of a text. Raises SymbackpropError; a path is no text, and nothing is opened."""
    if _PATH.fullmatch(text.strip()):
        raise AskedOtherwiseError(f"{shown(text.strip())}: no file is opened here; give the text of the network itself")
    return typed_network(text)


def _require_kinds(name: str, arguments: Mapping[str, Any]) -> None:
    """That a question has its parts, each of its kind. Raises AskedOtherwiseError."""
    kinds = kinds_of(name)
    for part, value in arguments.items():
        if part not in kinds:
            raise AskedOtherwiseError(f"{name} has no {shown(part)}; it has {', '.join(kinds)}")
        if not is_of(value, kinds[part]):
            raise AskedOtherwiseError(f"{name}: {part}={shown(value)}; give {said(kinds[part])}")
    if missing := [part for part in needed_of(name) if part not in arguments]:
        raise AskedOtherwiseError(f"{name} needs {missing[0]}: give {said(kinds[missing[0]])}")


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
