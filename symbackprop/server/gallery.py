"""The examples as networks: their titles, their texts, and the files that belong to them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from symbackprop.core.machine.examples import SUFFIX, folder, names
from symbackprop.documents.document import Math
from symbackprop.documents.titles import typeset
from symbackprop.formulas.plain import plain

_NAME = re.compile(r"(?m)^[ \t]*([^\W\d]\w*)[ \t]*(?:\[[^\]\n]*\][ \t]*)?[:=]")  # of what a line declares or defines


class Example(NamedTuple):
    """A network of the gallery: its name, such as layers/lstm, its title, its text."""

    name: str
    title: str
    text: str


@lru_cache(maxsize=1)
def gallery() -> tuple[Example, ...]:
    """All examples in the network language, by name."""
    return tuple(map(_example, names()))


def files_of(example: Example) -> dict[str, bytes]:
    """The files of an example by name: the network, and beside it what has its name: a point, data, claims."""
    *rooms, stem = example.name.split("/")
    room = folder().joinpath(*rooms)
    return {e.name: e.read_bytes() for e in sorted(room.iterdir(), key=lambda e: e.name) if e.name.partition(".")[0] == stem}


def _example(name: str) -> Example:
    text = folder().joinpath(*f"{name}{SUFFIX}".split("/")).read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    return Example(name, _title(first.lstrip("# ").rstrip(), text) if first.startswith("#") else name, text)


def _title(title: str, text: str) -> str:
    """The title in one line, with what is mathematics in it as it looks on the page: ŷ, W₁."""
    pieces = typeset(title, {*_NAME.findall(text)})
    return "".join(plain(piece.formula) if isinstance(piece, Math) else str(getattr(piece, "text", piece)) for piece in pieces)
