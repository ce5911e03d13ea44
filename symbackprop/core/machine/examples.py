"""The examples that come with the package: their folder, their names, and the one that a path to nothing most likely means."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from symbackprop.core.choices import nearest

FOLDER = "examples"
SUFFIX = ".net"


def folder() -> Traversable:
    """The folder of the package, or that beside it where the package is not installed."""
    own = files("symbackprop").joinpath(FOLDER)
    return own if own.is_dir() else Path(__file__).parents[3] / FOLDER


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The names of all networks, such as layers/lstm."""
    return tuple(sorted(_names(folder(), "")))


def meant(path: str) -> str | None:
    """The example that a path means, by its whole name or its last part; None where none is near."""
    name = path.replace(os.sep, "/").removeprefix(f"{FOLDER}/").removesuffix(SUFFIX)
    if name in names():
        return name
    by_last: dict[str, str] = {}
    for one in sorted(names(), key=lambda one: one.count("/")):
        by_last.setdefault(one.rpartition("/")[2], one)
    near = nearest(name, names()) or nearest(name.rpartition("/")[2], by_last)
    return by_last.get(near, near) if near else None


def _names(room: Traversable, before: str) -> Iterator[str]:
    for entry in room.iterdir():
        if entry.is_dir():
            yield from _names(entry, f"{before}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            yield f"{before}{entry.name.removesuffix(SUFFIX)}"
