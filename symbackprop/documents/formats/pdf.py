"""A report as PDF, by whichever program is there: typst, else pdflatex, else a Chromium that prints the page.

Each runs without a shell, in a folder of its own that is gone afterwards, and for a limited time; one that fails is followed by the
next.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.document import Document
from symbackprop.documents.formats.html import Html
from symbackprop.documents.formats.latex import Latex
from symbackprop.documents.formats.typst import Typst
from symbackprop.documents.languages import Language, language

SECONDS = 60
"""The longest that one program may take."""

MEND = (
    'install one of them: typst by pip install "symbackprop[pdf]", pdflatex by a TeX distribution (TeX Live, MiKTeX), or Chromium '
    "or Chrome. Or write the report as .html or .tex"
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_BEGINS = {".pdf": b"%PDF-", ".png": b"\x89PNG"}
# the wheel runs in a process of its own, which can be ended where it takes too long
_TYPST = "import typst; open('report.pdf', 'wb').write(typst.compile('report.typ', root='.', format='pdf'))"


class PdfError(SymbackpropError):
    """No program makes a PDF here; the message says which would, and how they come."""


class Engine(NamedTuple):
    """A program that makes a PDF.

    name      what a person calls it.
    found     where it is, with what sets a language; None where it is not there.
    suffix    of the file that it reads: report.typ, report.tex, report.html.
    write     Document -> that file.
    commands  program, folder -> what is run in the folder, one after the other, to make report.pdf of it.
    """

    name: str
    found: Callable[[Language], str | None]
    suffix: str
    write: Callable[[Document], str]
    commands: Callable[[str, Path], Sequence[Sequence[str]]]


def wheel() -> str | None:
    """The Python that has typst."""
    return sys.executable if sys.executable and find_spec("typst") else None


def browser() -> str | None:
    """Where a Chromium is."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def _typst_here(written: Language) -> str | None:
    program = wheel()
    if program is None or not written.fonts:
        return program
    from typst import Fonts

    return program if set(written.fonts) & set(Fonts().families()) else None


def _tex_here(written: Language) -> str | None:
    program = shutil.which("pdflatex")
    return program if program and (not written.package or _says("kpsewhich", f"{written.package}.sty")) else None


def _browser_here(written: Language) -> str | None:
    program = browser()
    # where fonts are not told by fontconfig, the system has those of every language
    has_letters = not written.fonts or not shutil.which("fc-list") or _says("fc-list", f":lang={written.code}")
    return program if has_letters else None


def _says(program: str, question: str) -> bool:
    """Whether a program that looks things up finds something."""
    path = shutil.which(program)
    if path is None:
        return False
    try:
        return bool(subprocess.run([path, question], capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL).stdout.strip())
    except (OSError, subprocess.TimeoutExpired):
        return False


def _typeset(program: str, folder: Path) -> Sequence[Sequence[str]]:
    return [[program, "-P", "-c", _TYPST]]


def _tex(program: str, folder: Path) -> Sequence[Sequence[str]]:
    options = ["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error"]
    return [[program, *options, "report.tex"]] * 2  # the second time with the table of contents


def _printed(program: str, folder: Path) -> Sequence[Sequence[str]]:
    return [by_browser(program, folder, "report.html", "--no-pdf-header-footer", f"--print-to-pdf={folder / 'report.pdf'}")]


def by_browser(program: str, folder: Path, page: str, *options: str) -> Sequence[str]:
    """The command by which a Chromium opens a page of a folder and does what its options say."""
    around = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        around.append("--no-sandbox")  # it does not run as root otherwise; the page holds no script and asks for nothing
    return [program, *around, *options, (folder / page).as_uri()]


ENGINES = (
    Engine("typst", _typst_here, ".typ", Typst.write, _typeset),
    Engine("pdflatex", _tex_here, ".tex", Latex.write, _tex),
    Engine("Chromium", _browser_here, ".html", Html.write, _printed),
)


def require_engine(code: str) -> None:
    """See that some program makes PDFs in a language here, before the work is done. Raises PdfError, LanguageError."""
    written = language(code)
    if any(engine.found(written) for engine in ENGINES):
        return
    if any(engine.found(language("en")) for engine in ENGINES):
        raise PdfError(
            f"nothing here sets a PDF in {written.name}: install a font that has its letters, such as {written.fonts[0]}, or "
            f"the LaTeX "
            f"package {written.package}. Or write the report as .html or .tex"
        )
    names = ", ".join(engine.name for engine in ENGINES)
    raise PdfError(f"a PDF is made by one of {names}, and none of them is here: {MEND}")


def write_pdf(document: Document) -> bytes:
    """The document as a PDF, by the first of the programs that are there and do it.

    Raises PdfError where there is none, or where each of them failed, with what it said.
    """
    require_engine(document.lang)
    written = language(document.lang)
    faults = []
    for engine in ENGINES:
        if program := engine.found(written):
            found = made({f"report{engine.suffix}": engine.write(document)}, partial(engine.commands, program), "report.pdf")
            if isinstance(found, bytes):
                return found
            faults.append(f"{engine.name} {found}")
    raise PdfError(f"no PDF was made: {'; '.join(faults)}. {MEND[0].upper()}{MEND[1:]}")


def made(files: Mapping[str, str], commands: Callable[[Path], Sequence[Sequence[str]]], product: str) -> bytes | str:
    """A file that programs make of others; where none was made, why.

    files     texts by the names of their files, written into an empty folder.
    commands  folder -> what is run in it, one after the other.
    product   the name of what they make, by whose suffix it is known: report.pdf, picture.png.
    """
    suffix = Path(product).suffix
    with tempfile.TemporaryDirectory(prefix="symbackprop-", ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        for name, text in files.items():
            (here / name).write_text(text, encoding="utf-8")
        for command in commands(here):
            if fault := _run(command, here):
                return fault
        with suppress(OSError):
            found = (here / product).read_bytes()
            if found.startswith(_BEGINS[suffix]):
                return found
    return f"wrote no {suffix[1:].upper()}"


def _run(command: Sequence[str], folder: Path) -> str:
    """Run a program in a folder; why it failed, empty where it did not."""
    around = {**os.environ, "openin_any": "p", "openout_any": "p", "HOME": str(folder)}
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=around, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except OSError as fault:
        return f"cannot be run: {fault.strerror or fault}"
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"took more than {SECONDS} seconds"
    finally:
        _end(process)
    return "" if process.returncode == 0 else f"failed: {_last(said)}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started, also where it ended itself or the work is cut short."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    if process.stdout:
        process.stdout.close()
    process.wait()


def _last(said: bytes) -> str:
    """The line in which a program says what is wrong: the first that TeX marks, else the last."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith("!")]
    return (marked or lines[-1:] or ["it said nothing"])[0][:200]
