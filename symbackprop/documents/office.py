"""Word, EPUB and slides by pandoc, which turns every formula into one of the program's own: the report as pandoc reads Markdown."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path, PurePath

from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.beside import with_pictures
from symbackprop.documents.document import Content, Document, StepBlock
from symbackprop.documents.languages import language
from symbackprop.documents.markdown import Markdown
from symbackprop.documents.writer import anchor_id
from symbackprop.formulas.latex import latex
from symbackprop.formulas.tree import Node

SECONDS = 120
MEND = (
    'install it by pip install "symbackprop[office]", or from the packages of the system; or write the report as .html, .md or .tex'
)


class OfficeError(SymbackpropError):
    """Pandoc is not here, or failed; the message says what to do."""


class Pandoc(Markdown):
    r"""Markdown as pandoc reads it: formulas in plain LaTeX, headings from the first level on, anchors behind them."""

    row_end = r"\\"

    def spell(self, formula: Node) -> str:
        return latex(formula)

    def anchored(self, anchor: str) -> str:
        return f"[]{{#{anchor_id(anchor)}}}" if anchor else ""

    def section(self, heading: Content, number: str, anchor: str) -> str:
        return f"{'#' * (number.count('.') + 1)} {number} {self.line(heading)} {{#{anchor}}}"

    def page(self, document: Document, body: str) -> str:
        return f"% {self.line(document.title)}\n\n{body}\n"


class Slides(Pandoc):
    """The same for slides: each step is one of its own."""

    def step(self, step: StepBlock, title: str, number: str) -> str:
        return f"## {super().step(step, title, number)}"


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
    document, pictures = with_pictures(document, PurePath("report.md"))
    return _made(suffix, writer.write(document), pictures, document.lang)


def _made(suffix: str, text: str, pictures: Mapping[str, str], lang: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="symbackprop-", ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        for name, content in {"report.md": text, **pictures}.items():
            (here / name).write_text(content, encoding="utf-8")
        command = [pandoc() or "pandoc", "-f", "markdown", "-M", f"lang={lang}", "report.md", "-o", f"report{suffix}"]
        try:
            done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise OfficeError(f"pandoc cannot be run: {fault}. {MEND[0].upper()}{MEND[1:]}") from None
        product = here / f"report{suffix}"
        if done.returncode or not product.exists():
            raise OfficeError(f"pandoc made no {suffix}: {done.stderr.strip()[:300] or 'it said nothing'}")
        return product.read_bytes()
