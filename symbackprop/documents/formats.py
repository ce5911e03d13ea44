"""The formats of a report, one row each: the verbs, the shell and the tests read the rows. A new format is a row and its writer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.document import Document
from symbackprop.documents.html import Html
from symbackprop.documents.languages import language
from symbackprop.documents.latex import Latex, LatexFragment, NumberedFragment
from symbackprop.documents.markdown import Markdown
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
    require   raises where the format cannot be written here in a language, before anything is computed.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[Document], str | bytes]
    binary: bool = False
    require: Callable[[str], object] = language


FORMATS = (
    Format("text", (".txt",), Text.write),
    Format("markdown", (".md",), Markdown.write),
    Format("latex", (".tex",), Latex.write),
    Format("html", (".html", ".htm"), Html.write),
    Format("fragment", (), LatexFragment.write),
    Format("numbered-fragment", (), NumberedFragment.write),
    Format("pdf", (".pdf",), write_pdf, binary=True, require=require_engine),
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
