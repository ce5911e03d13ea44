"""A picture as PNG or PDF: its SVG, painted by whichever program is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path, PurePath
from typing import NamedTuple

from symbackprop.documents.formats.pdf import PdfError, browser, by_browser, made, wheel
from symbackprop.pictures.canvas import svg
from symbackprop.pictures.picture import Picture

INSTALL = (
    'install one of them: typst by pip install "symbackprop[pdf]", or Chromium or Chrome; or draw the picture as .svg, or as .tex, '
    "which LaTeX takes in"
)
SHARP = 2
"""Pixels of a PNG for each of the picture's."""

_POINTS = 0.75  # of a pixel on paper


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
