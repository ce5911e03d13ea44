"""What pandoc leaves to be said in a file of Word: a frame around the results, and rows that no page cuts from one another."""

from __future__ import annotations

import io
import re
from html import unescape
from zipfile import ZIP_DEFLATED, ZipFile

from symbackprop.documents.formats.pandoc import FRAMED, INDENT

_SIDES = ("top", "left", "bottom", "right")
_LINES = "".join(f'<w:{side} w:val="single" w:sz="12" w:space="0" w:color="2D4F7C" />' for side in _SIDES)
_BORDERS = f"<w:tblBorders>{_LINES}</w:tblBorders>"  # before the table's layout, as the format orders them
_SMALLER = ('<w:sz w:val="24" />', '<w:sz w:val="21" />')  # the first one is that of all letters, in halves of points
_TABLE = re.compile(r"<w:tbl>.*?</w:tbl>", re.S)
_ROW = re.compile(r"<w:tr>.*?</w:tr>|<w:tr .*?</w:tr>", re.S)
_STYLE = re.compile(r"<w:pPr><w:pStyle [^>]*/>")
_KEPT = 12
"""Rows of a table that stand on one page."""


def finished(docx: bytes) -> bytes:
    """A file of Word in letters of 10.5 points, with a frame around the table that has the mark of one.

    A table of few rows stands on one page, and a formula in several lines in any.
    """
    found = io.BytesIO()
    with ZipFile(io.BytesIO(docx)) as old, ZipFile(found, "w", ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "word/styles.xml":
                content = content.decode().replace(*_SMALLER, 1).encode()
            if item.filename == "word/document.xml":
                content = _TABLE.sub(lambda table: _table(table.group()), content.decode()).encode()
            new.writestr(item, content)
    return found.getvalue()


def _table(table: str) -> str:
    rows = _ROW.findall(table)
    following = iter([*rows[1:], *(["caption"] if "<w:tblHeader" in table else [])])

    def kept(row: re.Match[str]) -> str:
        after = next(following, "")
        is_kept = after and (len(rows) <= _KEPT or f">{unescape(INDENT)}" in after)
        return _STYLE.sub(r"\g<0><w:keepNext />", row.group()) if is_kept else row.group()

    table = _ROW.sub(kept, table)
    return table.replace("<w:tblLayout", f"{_BORDERS}<w:tblLayout", 1) if f'w:name="{FRAMED}"' in table else table
