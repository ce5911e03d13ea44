"""The formats of a report, one row each: the verbs, the shell and the tests read the rows. A new format is a row and its writer.

A writer is named by its module here, and imported when it is asked for: a command that writes text needs neither TeX's nor Word's.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from operator import attrgetter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import is_regular

if TYPE_CHECKING:
    from symbackprop.documents.document import Document


class FormatError(SymbackpropError):
    """A format that is none; the message names those that there are."""


class Format(NamedTuple):
    """One way to write a document.

    name      what a user asks for.
    suffixes  how the names of its files end, the usual one first; none where a suffix does not say it.
    writer    the module here, and its function: Document -> the whole file, as text; as bytes where the format is binary.
    binary    whether it is made of bytes, which no terminal shows.
    beside    whether pictures are files beside it.
    pictured  whether it shows pictures.
    needs     the same of what raises where the format cannot be written here in a language, before anything is computed; none
              where any language will do.
    runs      whether it holds the code that makes what it shows.
    taken_in  whether another document takes it in, whose columns have a width.
    """

    name: str
    suffixes: tuple[str, ...]
    writer: str
    binary: bool = False
    beside: bool = False
    needs: str = ""
    runs: bool = False
    taken_in: bool = False
    pictured: bool = True

    def write(self, document: Document) -> str | bytes:
        """The whole file."""
        return _named(self.writer)(document)

    def require(self, lang: str) -> None:
        """See that the format can be written here in a language. Raises SymbackpropError where it cannot."""
        from symbackprop.documents.languages import language

        (_named(self.needs) if self.needs else language)(lang)

    def column(self, width: str | None) -> float | None:
        """The points of a column that is "252pt" or "8.9cm" wide. Raises FormatError for what is none, and if none is taken."""
        if width is None:
            return None
        if not self.taken_in:
            raise FormatError(f"a column is about a fragment, and {self.name} is none: write a fragment, or leave the column out")
        return _points(width)

    def shows_pictures(self, path: str | os.PathLike[str] | None = None) -> bool:
        """Whether pictures are seen in it, at a path or where it is handed on."""
        return self.pictured and (not self.beside or (path is not None and is_regular(path)))

    def files(self, document: Document, path: str | os.PathLike[str]) -> dict[str, str | bytes]:
        """The files that a document is written into, by name: the one at `path`, and its pictures where they stand beside it."""
        name, pictures = os.fspath(path), {}
        if self.beside and self.shows_pictures(path):
            document, pictures = _named("beside.with_pictures")(document, PurePath(name))
        return {name: self.write(document), **pictures}


FORMATS = (
    Format("text", (".txt",), "text.Text.write", pictured=False),
    Format("markdown", (".md",), "markdown.Markdown.write", beside=True),
    Format("latex", (".tex",), "latex.Latex.write"),
    Format("html", (".html", ".htm"), "html.Html.write"),
    Format("fragment", (), "latex.LatexFragment.write", taken_in=True),
    Format("numbered-fragment", (), "latex.NumberedFragment.write", taken_in=True),
    Format("json", (".json",), "data.write_json"),
    Format("notebook", (".ipynb",), "notebook.Notebook.write", runs=True),
    Format("pdf", (".pdf",), "pdf.write_pdf", binary=True, needs="pdf.require_engine"),
    Format("beamer", (), "beamer.Beamer.write"),
    Format("docx", (".docx",), "office.write_docx", binary=True, needs="office.require_pandoc"),
    Format("epub", (".epub",), "office.write_epub", binary=True, needs="office.require_pandoc"),
    Format("pptx", (".pptx",), "office.write_pptx", binary=True, needs="office.require_pandoc"),
)
_UNITS = {"pt": 1.0, "in": 72.27, "cm": 28.4528, "mm": 2.84528, "em": 10.0}  # points
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(pt|in|cm|mm|em)\s*")
NARROWEST = 150.0
"""Points: a column in which a formula can stand."""
NAMES = tuple(row.name for row in FORMATS)
SUFFIXES = tuple(suffix for row in FORMATS for suffix in row.suffixes)


def format_named(name: str) -> Format:
    """The row called `name`. Raises FormatError where there is none."""
    for row in FORMATS:
        if row.name == name:
            return row
    raise FormatError(f'there is no format "{name}"; write one of {", ".join(NAMES)}')


def format_of(path: str | os.PathLike[str]) -> Format:
    """The row that a file's suffix asks for. Raises FormatError where none does."""
    suffix = PurePath(path).suffix.lower()
    for row in FORMATS:
        if suffix in row.suffixes:
            return row
    raise FormatError(f"{os.fspath(path)}: end the name by {' or '.join(SUFFIXES)}, so that it says what the file holds")


def _points(width: str) -> float:
    """A length in TeX's points. Raises FormatError for what is none, and for what is too small for a formula."""
    read = _LENGTH.fullmatch(width)
    if not read:
        raise FormatError(f'"{width}" is no width of a column: write a number and {", ".join(_UNITS)}, such as 252pt')
    points = float(read[1]) * _UNITS[read[2]]
    if points < NARROWEST:
        raise FormatError(f"a column of {width.strip()} is too narrow for formulas: give at least {NARROWEST:g}pt")
    return points


def _named(path: str) -> Any:
    """What a row names: a module of this room, and what is in it."""
    module, _, name = path.partition(".")
    return attrgetter(name)(import_module(f"{__name__}.{module}"))
