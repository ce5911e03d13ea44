"""The examples: networks to begin with, from the package, or from the folder beside it where the package is not installed."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

FOLDER = "examples"


class Example(NamedTuple):
    """A network of the gallery: its name, such as layers/lstm, its title, its text."""

    name: str
    title: str
    text: str


@lru_cache(maxsize=1)
def gallery() -> tuple[Example, ...]:
    """All examples in the network language, by name."""
    return tuple(sorted(_found(_folder(), "")))


def files_of(example: Example) -> dict[str, bytes]:
    """The files of an example by name: the network, and beside it what has its name: a point, data, claims."""
    *rooms, stem = example.name.split("/")
    folder = _folder().joinpath(*rooms)
    return {e.name: e.read_bytes() for e in sorted(folder.iterdir(), key=lambda e: e.name) if e.name.partition(".")[0] == stem}


def _folder() -> Traversable:
    own = files("symbackprop").joinpath(FOLDER)
    return own if own.is_dir() else Path(__file__).parents[2] / FOLDER


def _found(folder: Traversable, before: str) -> list[Example]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _found(entry, f"{before}{entry.name}/")
        elif entry.name.endswith(".net"):
            text = entry.read_text(encoding="utf-8")
            first = text.partition("\n")[0]
            name = f"{before}{entry.name.removesuffix('.net')}"
            found.append(Example(name, first.lstrip("# ").rstrip() if first.startswith("#") else name, text))
    return found
