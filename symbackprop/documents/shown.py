"""What shows itself as a document: as a page, in a notebook, in a file of any format."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from symbackprop.core.machine.files import require_writable, write_together
from symbackprop.core.result import Result
from symbackprop.documents.document import Document
from symbackprop.documents.formats import format_named, format_of
from symbackprop.documents.formats.html import Fragment
from symbackprop.documents.languages import language


class Shown(Result, ABC):
    """A result that is a document."""

    @abstractmethod
    def document(self) -> Document:
        """The result as blocks."""

    def report(self, format: str = "text", lang: str = "en", column: str | None = None) -> Any:
        """The result in a format of `symbackprop.documents.formats`, its sentences in a language: "en" or "ko".

        column  of a fragment: how wide the column is that takes it in, "252pt".
        """
        row = format_named(format)
        row.require(language(lang).code)
        return row.write(replace(self.document(), lang=lang, column=row.column(column)))

    def html(self) -> str:
        """The result as one page that needs nothing else."""
        return self.report("html")

    def save(self, path: str | os.PathLike[str], lang: str = "en", format: str | None = None) -> tuple[str, ...]:
        """The result in a file, in a format, or in that which its suffix asks for, its sentences in a language.

        Returns the names of the files that were written.
        """
        row = format_named(format) if format else format_of(path)
        row.require(language(lang).code)
        require_writable(path)
        files = row.files(replace(self.document(), lang=lang), path)
        write_together(files)
        return tuple(files)

    def _repr_html_(self) -> str:
        return Fragment.write(self.document())
