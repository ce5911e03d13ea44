"""The formats of a picture, one row each: SVG and TikZ are written here, PNG and PDF by whichever program is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from math import ceil
from pathlib import Path, PurePath
from typing import NamedTuple

from symbackprop.core.choices import DRAWN, mend
from symbackprop.documents.formats import FormatError
from symbackprop.documents.pdf import PdfError, browser, by_browser, made, wheel
from symbackprop.pictures.canvas import svg
from symbackprop.pictures.picture import PAPER, SCREEN, Page, Picture
from symbackprop.pictures.tikz import tikz

INSTALL = (
    'install one of them: typst by pip install "symbackprop[pdf]", or Chromium or Chrome; or draw the picture as .svg, or as .tex, '
    "which LaTeX takes in"
)
SHARP = 2
"""Pixels of a PNG for each of the picture's."""

_POINTS = 0.75  # of a pixel on paper


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

    def _repr_svg_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<Svg of {len(self):,} characters>"


class Png(bytes):
    """The bytes of a PNG, which a notebook shows."""

    __slots__ = ()

    def _repr_png_(self) -> bytes:
        return bytes(self)

    def __repr__(self) -> str:
        return f"<Png of {len(self):,} bytes>"


class Engine(NamedTuple):
    """A program that makes a file of an SVG.

    name      what a person calls it.
    found     where it is; None where it is not there.
    page      Picture -> the name and the text of the file that holds the picture, beside picture.svg.
    command   program, folder, Picture, the file to make -> what is run in the folder.
    """

    name: str
    found: Callable[[], str | None]
    page: Callable[[Picture], tuple[str, str]]
    command: Callable[[str, Path, Picture, str], Sequence[str]]


def _typst_page(picture: Picture) -> tuple[str, str]:
    wide, tall = _POINTS * picture.width, _POINTS * picture.height
    return "picture.typ", f'#set page(width: {wide:.2f}pt, height: {tall:.2f}pt, margin: 0pt)\n#image("picture.svg", width: 100%)\n'


def _typeset(program: str, folder: Path, picture: Picture, product: str) -> Sequence[str]:
    kind, resolution = PurePath(product).suffix[1:], 72 * SHARP / _POINTS
    sharp = f", ppi={resolution}" if kind == "png" else ""
    code = f"import typst; open({product!r}, 'wb').write(typst.compile('picture.typ', root='.', format={kind!r}{sharp}))"
    return [program, "-P", "-c", code]


def _html_page(picture: Picture) -> tuple[str, str]:
    size = f"{ceil(picture.width)}px {ceil(picture.height)}px"
    style = f"@page{{size:{size};margin:0}}body{{margin:0}}svg{{display:block}}"
    return "picture.html", f"<!DOCTYPE html><meta charset='utf-8'><style>{style}</style>{svg(picture)}"


def _browsed(program: str, folder: Path, picture: Picture, product: str) -> Sequence[str]:
    if product.endswith(".pdf"):
        return by_browser(program, folder, "picture.html", "--no-pdf-header-footer", f"--print-to-pdf={folder / product}")
    size = f"--window-size={ceil(picture.width)},{ceil(picture.height)}"
    sharp = f"--force-device-scale-factor={SHARP}"
    return by_browser(program, folder, "picture.html", size, sharp, "--hide-scrollbars", f"--screenshot={folder / product}")


ENGINES = (Engine("typst", wheel, _typst_page, _typeset), Engine("Chromium", browser, _html_page, _browsed))


def require_engine(kind: str) -> None:
    """See that some program makes such files here, before the work is done. Raises PdfError."""
    if not any(engine.found() for engine in ENGINES):
        names = " or ".join(engine.name for engine in ENGINES)
        raise PdfError(f"a picture as {kind.upper()} is made by {names}, and none of them is here: {INSTALL}")


def converted(kind: str, picture: Picture) -> bytes:
    """The picture as "png" or "pdf", by the first of the programs that are there and do it.

    Raises PdfError where there is none, or where each of them failed, with what it said.
    """
    require_engine(kind)
    faults = []
    for engine in ENGINES:
        if program := engine.found():
            found = _made(engine, program, picture, f"picture.{kind}")
            if isinstance(found, bytes):
                return found
            faults.append(f"{engine.name} {found}")
    raise PdfError(f"no {kind.upper()} was made: {'; '.join(faults)}. {INSTALL[0].upper()}{INSTALL[1:]}")


def _made(engine: Engine, program: str, picture: Picture, product: str) -> bytes | str:
    name, page = engine.page(picture)
    files = {"picture.svg": svg(picture), name: page}
    return made(files, lambda folder: [engine.command(program, folder, picture, product)], product)


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
