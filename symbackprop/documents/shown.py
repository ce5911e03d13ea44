"""What shows itself as a document: as a page, in a notebook, in a file of any format."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

from symbackprop.core.files import require_writable, write_together
from symbackprop.documents.document import Document
from symbackprop.documents.formats import format_named, format_of
from symbackprop.documents.html import Fragment
from symbackprop.documents.languages import language


class Shown(ABC):
    """A result that is a document."""

    @abstractmethod
    def document(self) -> Document:
        """The result as blocks."""

    def report(self, format: str = "text", lang: str = "en") -> Any:
        """The result in a format of `symbackprop.documents.formats`, its sentences in a language: "en" or "ko"."""
        row = format_named(format)
        row.require(language(lang).code)
        return row.write(replace(self.document(), lang=lang))

    def html(self) -> str:
        """The result as one page that needs nothing else."""
        return self.report("html")

    def save(self, path: str | os.PathLike[str], lang: str = "en") -> None:
        """The result in a file, in the format of its suffix, its sentences in a language."""
        row = format_of(path)
        row.require(language(lang).code)
        require_writable(path)
        write_together(row.files(replace(self.document(), lang=lang), path))

    def _repr_html_(self) -> str:
        return Fragment.write(self.document())
