"""The formats of a report, one row each: the verbs, the shell and the tests read the rows. A new format is a row and its writer."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import NamedTuple

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.files import is_regular
from symbackprop.documents.beamer import Beamer
from symbackprop.documents.beside import with_pictures
from symbackprop.documents.data import write_json
from symbackprop.documents.document import Document
from symbackprop.documents.html import Html
from symbackprop.documents.languages import language
from symbackprop.documents.latex import Latex, LatexFragment, NumberedFragment
from symbackprop.documents.markdown import Markdown
from symbackprop.documents.notebook import Notebook
from symbackprop.documents.office import require_pandoc, write_office
from symbackprop.documents.pandoc import Pandoc, Slides, Word
from symbackprop.documents.pdf import require_engine, write_pdf
from symbackprop.documents.text import Text


class FormatError(SymbackpropError):
    """A format that is none; the message names those that there are."""


class Format(NamedTuple):
    """One way to write a document.

    name      what a user asks for.
    suffixes  how the names of its files end, the usual one first; none where a suffix does not say it.
    write     Document -> the whole file, as text; as bytes where the format is binary.
    binary    whether it is made of bytes, which no terminal shows.
    beside    whether pictures are files beside it.
    require   raises where the format cannot be written here in a language, before anything is computed.
    runs      whether it holds the code that makes what it shows.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[Document], str | bytes]
    binary: bool = False
    beside: bool = False
    require: Callable[[str], object] = language
    runs: bool = False

    def files(self, document: Document, path: str | os.PathLike[str]) -> dict[str, str | bytes]:
        """The files that a document is written into, by name: the one at `path`, and its pictures where they stand beside it."""
        name, pictures = os.fspath(path), {}
        if self.beside and is_regular(path):
            document, pictures = with_pictures(document, PurePath(name))
        return {name: self.write(document), **pictures}


FORMATS = (
    Format("text", (".txt",), Text.write),
    Format("markdown", (".md",), Markdown.write, beside=True),
    Format("latex", (".tex",), Latex.write),
    Format("html", (".html", ".htm"), Html.write),
    Format("fragment", (), LatexFragment.write),
    Format("numbered-fragment", (), NumberedFragment.write),
    Format("json", (".json",), write_json),
    Format("notebook", (".ipynb",), Notebook.write, runs=True),
    Format("pdf", (".pdf",), write_pdf, binary=True, require=require_engine),
    Format("beamer", (), Beamer.write),
    Format("docx", (".docx",), partial(write_office, ".docx", Word), binary=True, require=require_pandoc),
    Format("epub", (".epub",), partial(write_office, ".epub", Pandoc), binary=True, require=require_pandoc),
    Format("pptx", (".pptx",), partial(write_office, ".pptx", Slides), binary=True, require=require_pandoc),
)
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
