"""The examples as networks: their titles, their texts, and the files that belong to them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from symbackprop.core.examples import SUFFIX, folder, names


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
    return Example(name, first.lstrip("# ").rstrip() if first.startswith("#") else name, text)
