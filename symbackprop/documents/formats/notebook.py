"""A report as a notebook of Jupyter: its text in cells of Markdown, and cells of code that derive, draw and check what it shows.

A document without code, such as a verdict, is text alone. Pictures and tables of the check are the outputs of their cells, so
that the notebook shows them before it is run.
"""

from __future__ import annotations

import json
from typing import Any

from symbackprop.documents.document import Block, Document, Figure, Section, Table
from symbackprop.documents.formats.markdown import Markdown
from symbackprop.documents.languages import language
from symbackprop.documents.writer import numbers
from symbackprop.formulas.told import told
from symbackprop.pictures.picture import SCREEN

Cell = dict[str, Any]
DESCENT = told("Gradient descent on these gradients, from random numbers: the rate is halved until a step lowers the value.")


class Notebook(Markdown):
    """An .ipynb file, version 4.5 of the format."""

    @classmethod
    def write(cls, document: Document) -> str:
        """The document as a notebook."""
        self = cls(language(document.lang))
        cells = [self._cell(f"# {self.line(document.title)}")]
        if "derive" in document.code:
            cells.append(_code(document.code["derive"], {}))
        for place, (block, number) in enumerate(zip(document.blocks, numbers(document), strict=True)):
            cells += self._cells(self.language.block(block), number, place, document)
        if "descend" in document.code:
            cells += [self._cell(self.line(DESCENT)), _code(document.code["descend"], {})]
        return json.dumps(_notebook(_joined(cells)), ensure_ascii=False, indent=1) + "\n"

    def _cells(self, block: Block, number: str, place: int, document: Document) -> list[Cell]:
        """The cells of one block: code where there is code that makes it, else text."""
        match block:
            case Figure(draw, caption) if "draw" in document.code:
                from symbackprop.pictures.canvas import svg  # fonts are read where something is drawn

                shown = svg(draw(SCREEN._replace(say=self.language.words)))
                return [_code(document.code["draw"], {"image/svg+xml": shown}), self._cell(f"*{self.line(caption)}*")]
            case Table(name="check") if "check" in document.code:
                return [_code(document.code["check"], {"text/markdown": self.block(block, number, place)})]
            case Section():
                return [{**self._cell(self.block(block, number, place)), "begins": True}]
        return [self._cell(self.block(block, number, place))]

    def _cell(self, text: str) -> Cell:
        return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(source: str, shown: dict[str, str]) -> Cell:
    output = {"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": shown}
    about = {"cell_type": "code", "execution_count": None, "metadata": {}}
    return {**about, "source": source, "outputs": [output] if shown else []}


def _joined(cells: list[Cell]) -> list[Cell]:
    """A section's text as one cell, up to its code."""
    found: list[Cell] = []
    for cell in cells:
        begins = cell.pop("begins", False)
        if found and not begins and cell["cell_type"] == found[-1]["cell_type"] == "markdown":
            found[-1]["source"] += f"\n\n{cell['source']}"
        else:
            found.append(cell)
    return [cell for cell in found if cell["source"].strip()]


def _notebook(cells: list[Cell]) -> dict[str, Any]:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    numbered = [{"id": f"cell-{place}", **cell} for place, cell in enumerate(cells)]
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
