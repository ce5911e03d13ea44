"""Pictures in files beside a document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from symbackprop.documents.document import Document, Figure
from symbackprop.documents.languages import language
from symbackprop.pictures.picture import SCREEN


def with_pictures(document: Document, path: PurePath) -> tuple[Document, dict[str, str]]:
    """The document with the names of its pictures' files, and these files: report-graph.svg beside report.md."""
    from symbackprop.pictures.canvas import svg  # fonts are read where something is drawn

    blocks, files = [], {}
    for block in document.blocks:
        if isinstance(block, Figure):
            number = f"-{len(files) + 1}" if files else ""
            own = path.with_name(f"{path.stem}-graph{number}.svg")
            files[str(own)] = svg(block.draw(SCREEN._replace(say=language(document.lang).words)))
            block = replace(block, source=own.name)
        blocks.append(block)
    return replace(document, blocks=tuple(blocks)), files
