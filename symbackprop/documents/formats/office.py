"""Word, EPUB and slides by pandoc, which turns every formula into one of the program's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path

from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.document import Document, Figure
from symbackprop.documents.formats.docx import finished
from symbackprop.documents.formats.pandoc import Book, Pandoc, Word
from symbackprop.documents.formats.pdf import PdfError
from symbackprop.documents.formats.pptx import placed
from symbackprop.documents.formats.slides import Slides
from symbackprop.documents.languages import language
from symbackprop.formulas.told import Told
from symbackprop.pictures.picture import Page, Picture, on_paper

SECONDS = 120
_BOOK = (  # a table of six columns and more fits the page of a reader; fractions are set as in a display
    "<style>td math { math-style: normal } :is(th, td):nth-last-child(n + 6), :is(th, td):nth-last-child(n + 6) ~ * "
    "{ font-size: 0.65em; padding: 0.2em }</style>"
)
_WIDEST, _TALLEST = 6.0, 7.8  # inches of a picture on a page, whose heading and caption it leaves room
MEND = (
    'install it by pip install "symbackprop[office]", or from the packages of the system; or write the report as .html, .md or .tex'
)


class OfficeError(SymbackpropError):
    """Pandoc is not here, or failed; the message says what to do."""


@lru_cache(maxsize=1)
def pandoc() -> str | None:
    """Where pandoc is; None where it is not."""
    if found := shutil.which("pandoc"):
        return found
    if find_spec("pypandoc") is None:
        return None
    told = subprocess.run(
        [sys.executable, "-P", "-c", "import pypandoc; print(pypandoc.get_pandoc_path())"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or None if told.returncode == 0 else None


def require_pandoc(code: str) -> None:
    """See that pandoc is here, before the work is done. Raises OfficeError, LanguageError."""
    language(code)
    if pandoc() is None:
        raise OfficeError(f"Word, EPUB and slides are made by pandoc, which is not here: {MEND}")


def write_office(suffix: str, writer: type[Pandoc], document: Document) -> bytes:
    """The document as pandoc makes it: ".docx", ".epub", ".pptx".

    Raises OfficeError where pandoc is not here or failed, with what it said.
    """
    require_pandoc(document.lang)
    document, pictures = _with_pictures(document, writer.pages, writer.sized)
    return _made(suffix, writer.write(document), pictures, document.lang)


def write_docx(document: Document) -> bytes:
    """The document for Word."""
    return finished(write_office(".docx", Word, document))


write_epub = partial(write_office, ".epub", Book)


def write_pptx(document: Document) -> bytes:
    """The document for PowerPoint."""
    return placed(write_office(".pptx", Slides, document))


def _with_pictures(document: Document, pages: Sequence[Page], sized: bool) -> tuple[Document, dict[str, bytes]]:
    """The document with the names of its pictures' files, and these files; a sheet that fits a page is one."""
    blocks, files = [], dict[str, bytes]()
    say = language(document.lang).words
    for block in document.blocks:
        if not isinstance(block, Figure):
            blocks.append(block)
            continue
        pieces = on_paper(block.draw, say, pages).pieces()
        for piece in pieces:
            name, painted = _painted(piece, len(files))
            files[name] = painted
            inches = min(piece.points / 72, _TALLEST / piece.height, _WIDEST / piece.width) * piece.width if sized else 0.0
            caption = block.caption if piece is pieces[-1] else Told()
            blocks.append(replace(block, source=name, inches=inches, caption=caption))
    return replace(document, blocks=tuple(blocks)), files


def _painted(picture: Picture, number: int) -> tuple[str, bytes]:
    """A picture's file: pixels where a program paints them, for not every reader of such papers draws an SVG."""
    from symbackprop.documents.painted import converted  # fonts are read where something is drawn
    from symbackprop.pictures.canvas import svg

    try:
        return f"picture{number}.png", converted("png", picture)
    except PdfError:
        return f"picture{number}.svg", svg(picture).encode()


def _made(suffix: str, text: str, pictures: Mapping[str, bytes], lang: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="symbackprop-", ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        for name, content in {"report.md": text.encode(), **pictures}.items():
            (here / name).write_bytes(content)
        styled = ["-V", f"header-includes={_BOOK}", "--mathml"]  # which a book has, else TeX
        options = ["-f", "markdown", "-M", f"lang={lang}", "--slide-level=1", *styled]
        command = [pandoc() or "pandoc", *options, "report.md", "-o", f"report{suffix}"]
        try:
            done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise OfficeError(f"pandoc cannot be run: {fault}. {MEND[0].upper()}{MEND[1:]}") from None
        product = here / f"report{suffix}"
        if done.returncode or not product.exists():
            raise OfficeError(f"pandoc made no {suffix}: {done.stderr.strip()[:300] or 'it said nothing'}")
        return product.read_bytes()
