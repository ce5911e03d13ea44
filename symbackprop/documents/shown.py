"""What shows itself as a document: as a page, in a notebook, in a file of any format."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any

from symbackprop.core.files import require_writable, write_together
from symbackprop.documents.document import Document
from symbackprop.documents.formats import format_named, format_of
from symbackprop.documents.html import Fragment


class Shown(ABC):
    """A result that is a document."""

    @abstractmethod
    def document(self) -> Document:
        """The result as blocks."""

    def report(self, format: str = "text") -> Any:
        """The result in a format of `symbackprop.documents.formats`."""
        row = format_named(format)
        row.require("en")
        return row.write(self.document())

    def html(self) -> str:
        """The result as one page that needs nothing else."""
        return self.report("html")

    def save(self, path: str | os.PathLike[str]) -> None:
        """The result in a file, in the format of its suffix."""
        row = format_of(path)
        row.require("en")
        require_writable(path)
        write_together(row.files(self.document(), path))

    def _repr_html_(self) -> str:
        return Fragment.write(self.document())
