"""The formats of a picture, one row each: SVG and TikZ are written here, PNG and PDF by whichever program is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

from symbackprop.core.choices import DRAWN, mend
from symbackprop.core.machine.files import FileError, StrPath, write_whole
from symbackprop.documents.formats import FormatError
from symbackprop.documents.painted import converted, require_engine
from symbackprop.pictures.canvas import svg
from symbackprop.pictures.picture import PAPER, SCREEN, Page, Picture
from symbackprop.pictures.tikz import tikz


class PictureFormat(NamedTuple):
    """One way to write a picture.

    name     what a user asks for.
    suffix   how the names of its files end.
    write    Picture -> the whole file, as text; as bytes where the format is binary.
    page     the room for a picture where nothing is said of it.
    binary   whether it is made of bytes.
    require  raises where the format cannot be written here, before anything is computed.
    """

    name: str
    suffix: str
    write: Callable[[Picture], str | bytes]
    page: Page = SCREEN
    binary: bool = False
    require: Callable[[], None] = lambda: None


class Svg(str):
    """The text of an SVG, which a notebook draws."""

    __slots__ = ()

    def save(self, path: StrPath) -> None:
        """Write the picture to a file. Raises FileError where it cannot be written, or where its name ends as another picture's."""
        _save(self, path, "svg")

    def _repr_svg_(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """A notebook shows an SVG by itself as wide as it is, and cuts it off; within a page it is as wide as there is room."""
        return str(self)

    def __repr__(self) -> str:
        return f"<Svg of {len(self):,} characters>"


class Png(bytes):
    """The bytes of a PNG, which a notebook shows."""

    __slots__ = ()

    def save(self, path: StrPath) -> None:
        """Write the picture to a file, as `Svg.save` does."""
        _save(self, path, "png")

    def _repr_png_(self) -> bytes:
        return bytes(self)

    def __repr__(self) -> str:
        return f"<Png of {len(self):,} bytes>"


def _save(picture: str | bytes, path: StrPath, format: str) -> None:
    suffix, meant = os.path.splitext(os.fspath(path))[1].lower(), DRAWN[format]
    if suffix != meant:
        asked = next((name for name, own in DRAWN.items() if own == suffix), None)
        other = f'; draw it as that, format="{asked}", and write what comes to a file' if asked else ""
        raise FileError(f"{os.fspath(path)}: this picture is {format.upper()}, end the name by {meant}{other}")
    write_whole(path, picture)


def _png(picture: Picture) -> Png:
    return Png(converted("png", picture))


PICTURES = (
    PictureFormat("svg", DRAWN["svg"], lambda picture: Svg(svg(picture))),
    PictureFormat("png", DRAWN["png"], _png, binary=True, require=partial(require_engine, "png")),
    PictureFormat("pdf", DRAWN["pdf"], partial(converted, "pdf"), binary=True, require=partial(require_engine, "pdf")),
    PictureFormat("tikz", DRAWN["tikz"], tikz, PAPER),
)


def picture_named(name: str) -> PictureFormat:
    """The row called `name`. Raises FormatError where there is none."""
    for row in PICTURES:
        if row.name == name:
            return row
    raise FormatError(f'there is no format "{name}" of pictures: {mend(name, DRAWN)}')


def picture_format_of(path: str | os.PathLike[str]) -> PictureFormat:
    """The row that a file's suffix asks for. Raises FormatError where none does."""
    suffix = PurePath(path).suffix.lower()
    for row in PICTURES:
        if suffix == row.suffix:
            return row
    raise FormatError(f"{os.fspath(path)}: end the name by {' or '.join(DRAWN.values())}, so that it says what the file holds")
