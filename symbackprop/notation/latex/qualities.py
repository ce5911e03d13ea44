r"""What a sentence says of an input beside its set: where $A$ is symmetric, A \text{ is positive definite}, $y$ one-hot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from symbackprop.core.program import same_size
from symbackprop.language.tensors import Tensor
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.latex.naming import name_in

_DOMAINS = {
    "symmetric": "symmetric",
    "symmetric positive semidefinite": "symmetric",
    "symmetric positive definite": "spd",
    "symmetric and positive definite": "spd",
    "spd": "spd",
    "orthogonal": "orthogonal",
}
_NAME = r"\\?[A-Za-z]+(?:_\{?\w+\}?)?"
_WORDS = rf"(?:be|is)\s+(?:an?\s+)?(?:real\s+)?(?P<{{}}>{'|'.join(sorted(_DOMAINS, key=len, reverse=True))})(?:\s+matrix)?\s*[.,;]?"
_SAID = re.compile(
    rf"(?<![\\\w}}^_])(?:(?:let|where|with|suppose|assume)\s+(?:that\s+)?)?\$?\s*(?P<name>{_NAME})\s*\$?\s*"
    rf"(?:\\(?:text|mbox|mathrm)\s*\{{\s*{_WORDS.format('within')}\s*\}}|{_WORDS.format('said')})\s*[.,;]?",
    re.IGNORECASE,
)


_LETTER = r"(?:\\[a-z]+\s*\{\s*\\?[A-Za-z]+\s*\}|\\[A-Za-z]+|[A-Za-z](?![A-Za-z]))(?:_\{?\w+\}?)?"
_HOT = r"one[-\s]hot(?:[-\s]+(?:encoded|encoding|vectors?|labels?|targets?|class|classes)\b)*(?!\s*\}?\s*\()"
_END = r"\s*(?=\$|[,;.]|\n|$)"
_LABELS = re.compile(  # each is a whole sentence beside the set, or a sum that is 1
    rf"\$\s*(?P<set>{_LETTER})\s*\\in\b(?:(?!\\in\b)[^$=])*\$\s*,?\s*(?:(?:is|be)\s+)?(?:an?\s+)?{_HOT}"
    rf"|(?:(?<=[$,;])|\\q?quad\b)\s*(?P<typed>{_LETTER})\s*\\in\b(?:\\\{{[^{{}}]*\\\}}|(?!\\in\b|\\text)[^$=,;])*"
    rf"\\(?:text|mbox)\s*\{{\s*(?:(?:is|be)\s+)?(?:an?\s+)?{_HOT}(?=\s*\}})"
    rf"|(?<![\\\w}}^_])\$?\s*(?P<is>{_LETTER})\s*\$?\s*(?:\\(?:text|mbox)\s*\{{\s*)?\b(?:is|be)\s+(?:an?\s+)?{_HOT}(?:\s*\}})?"
    rf"|\b{_HOT}\s*\$\s*(?P<behind>{_LETTER})(?=\s*(?:\$|\\in\b))"
    rf"|(?:(?<=[$,;])|\\q?quad\b)\s*\\sum(?:\\limits)?\s*_\s*\{{?\s*(?P<k>[a-z])(?:\s*=\s*1)?\s*\}}?(?:\s*\^\s*(?:\w|\{{\w+\}}))?"
    rf"\s*(?P<sum>\\?[A-Za-z]+)_\s*\{{?(?P=k)\}}?\s*=\s*1{_END}",
    re.IGNORECASE,
)
_UNREAD = re.compile(_HOT, re.IGNORECASE)
_NOTED = re.compile(r"(?<!\\)%[^\n]*|(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_HELD_BACK = re.compile(  # a condition, or another name of the same set
    rf"\b(?:if|when|whenever|unless)\s*(?:the\s+\w+\s*)?$|(?:^|[$,;])\s*{_LETTER}\s*,\s*$", re.IGNORECASE
)


class Qualities(NamedTuple):
    """What sentences say of inputs: the domain of each matrix by its name, and where each name is said to be one-hot.

    unread   where one-hot is said of what has no name.
    """

    domains: Mapping[str, str]
    labels: Mapping[str, int]
    unread: int | None


NOTHING = Qualities({}, {}, None)


def qualified(text: str) -> tuple[str, Qualities]:
    """The text with such sentences blank, so that places stay; and what they say."""
    found: dict[str, str] = {}
    labels: dict[str, int] = {}

    def taken(match: re.Match[str]) -> str:
        name = name_in(match["name"])
        if name is None:
            return match[0]
        found[name] = _DOMAINS[" ".join((match["said"] or match["within"]).lower().replace("-", " ").split())]
        return ";" + re.sub(r"[^\n]", " ", match[0][1:])

    def labelled(match: re.Match[str]) -> str:
        word = next(own for key in ("set", "typed", "is", "behind", "sum") if (own := match[key]))
        name = name_in(word)
        if name is None or _HELD_BACK.search(match.string[: match.start()]):
            return match[0]
        labels[name] = match.start() + match[0].index(word)
        if match["set"] or match["typed"] or match["behind"]:  # the formula stays
            return _UNREAD.sub(lambda words: " " * len(words[0]), match[0])
        return ";" + re.sub(r"[^\n]", " ", match[0][1:])

    text = _LABELS.sub(labelled, text)
    unread = _UNREAD.search(_NOTED.sub(lambda note: " " * len(note[0]), text))
    return _SAID.sub(taken, text), Qualities(found, labels, unread and unread.start())


def declared_so(declaration: str, said: Qualities) -> str:
    """The declaration of an input with what a sentence says of it: A: symmetric[n], y: labels[c]."""
    name, _, own = declaration.partition(": ")
    kind, _, axes = own.removesuffix("]").partition("[")
    sizes = axes.split(", ")
    if name in said.labels and kind == "data" and axes and len(sizes) == 1:
        return f"{name}: labels[{axes}]"
    if name not in said.domains or kind not in ("data", "parameter") or len(sizes) < 2 or sizes[-1] != sizes[-2]:
        return declaration
    if kind == "parameter":
        return f"{declaration} & {said.domains[name]}"
    return f"{name}: {said.domains[name]}[{sizes[0] if len(sizes) == 2 else axes}]"


def with_qualities(several: Iterable[Tensor], said: Qualities) -> None:
    """Inputs that are square and have no domain have what a sentence says of them; vectors that are one-hot are labels."""
    for tensor in several:
        own = tensor.signature
        if own is None:
            continue
        square = tensor.ndim > 1 and same_size(*tensor.shape[-2:])
        if own.domain is None and square and (domain := said.domains.get(own.name)):
            tensor.signature = replace(own, domain=domain)
        rows = any(_of_row(name) in (own.name, own.name.lower()) for name in said.labels)
        if own.kind == "data" and ((tensor.ndim == 1 and own.name in said.labels) or (tensor.ndim == 2 and rows)):
            tensor.signature = replace(own, kind="labels", domain=None)


def require_read(several: Iterable[Tensor], said: Qualities) -> None:
    """Raises Fault for what is said to be one-hot and is no input of labels."""
    inputs = {t.signature.name: t.signature for t in several if t.signature is not None}
    given = {name for name, own in inputs.items() if own.kind in ("labels", "integers")}
    mend = (
        "Declare the labels in a line of their own, y: labels[c], or Y: labels[n, c] where each row is one-hot; "
        "or leave these words out."
    )
    for name, at in said.labels.items():
        if given.isdisjoint((name, _of_row(name), _of_row(name).upper())):
            raise Fault(f"{name} is no vector that is given, and that it is one-hot, or sums to 1, is not read.", mend, at)
    if said.unread is not None and not given:
        raise Fault("what is one-hot is not read here.", mend, said.unread)


def _of_row(name: str) -> str:
    """The letter of which y_i is a row; nothing for another name."""
    found = re.fullmatch(r"(\w+)_[a-z]", name)
    return found[1] if found else ""
