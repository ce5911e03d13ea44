"""The Python of a page without a server: this package, SymPy and mpmath in one zip, compiled for the runtime that reads it."""

from __future__ import annotations

import io
import py_compile
import sys
import zipfile
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

PACKAGES = ("symbackprop", "sympy", "mpmath")
DRAWN = ("ziamath", "ziafont", "latex2mathml")  # what pictures are drawn with; it reads files that lie beside it
LEFT_OUT = {"tests", "benchmarks", "__pycache__", "static"}  # folders
PHYSICS = ("biomechanics", "continuum_mechanics", "control", "hep", "mechanics", "optics", "quantum", "vector")
UNUSED = (  # what nothing else imports
    "symbackprop/cli", "symbackprop/examples", "symbackprop/pytest_plugin.py", "sympy/parsing/autolev", "sympy/stats",
    "sympy/crypto", "sympy/diffgeom", "sympy/liealgebras", "sympy/holonomic", "sympy/sandbox",
    *(f"sympy/physics/{name}" for name in PHYSICS),
)  # fmt: skip
DAY = (1980, 1, 1, 0, 0, 0)  # the same sources give the same bytes


def sources() -> bytes:
    """A zip of all that the page may import, as source."""
    files = {name: path.read_bytes() for package in PACKAGES for name, path in _files(package)}
    return _zipped(files)


def drawing() -> bytes:
    """A zip, to be unpacked, of what draws formulas in pictures, which wants NumPy's numbers."""
    files: dict[str, bytes] = {}
    for package in DRAWN:
        for file in distribution(package).files or ():
            name = PurePosixPath(file)
            if "__pycache__" not in name.parts and (name.parts[0] == package or name.name == "METADATA"):
                files[str(name)] = Path(str(file.locate())).read_bytes()
    return _zipped(files)


def licences(numbers: bool = False) -> str:
    """The licences of the packages that are handed on, with numbers of those that draw as well."""
    found = []
    for package in (*PACKAGES[1:], *(DRAWN if numbers else ())):
        own = distribution(package)
        texts = [Path(str(own.locate_file(f))) for f in own.files or () if "LICENSE" in f.name.upper() and "dist-info" in str(f)]
        said = "\n\n".join(text.read_text(encoding="utf-8") for text in sorted(texts)) or package
        found.append(f"{package} {own.version}\n\n{said.strip()}\n")
    return "\n\n".join(found)


def compiled(source: str, target: str, rest: str = "") -> None:
    """Write a zip of sources, from which this Python imports, anew with its byte code for all that the page uses.

    What is seldom used stays as source: byte code is twice as large. It alone is written to `rest`, for a memory with the others.
    """
    from symbackprop.server.browser import warm

    warm()
    loaded = {str(getattr(module, "__file__", "")) for module in list(sys.modules.values())}
    used: dict[str, bytes] = {}
    unused: dict[str, bytes] = {}
    with zipfile.ZipFile(source) as read, TemporaryDirectory() as folder:
        for name in read.namelist():
            content = read.read(name)
            if f"{source}/{name}" in loaded:
                used[f"{name}c"] = _byte_code(name, content, Path(folder))
            else:
                unused[name] = content
    Path(target).write_bytes(_zipped({**used, **unused}, 1 if rest else 9))  # with a rest it is read once, here
    if rest:
        Path(rest).write_bytes(_zipped(unused))


def _byte_code(name: str, source: bytes, folder: Path) -> bytes:
    here = folder / "module.py"
    here.write_bytes(source)
    made = py_compile.compile(
        str(here), dfile=name, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH, optimize=2
    )
    assert made is not None
    return Path(made).read_bytes()


def _files(package: str) -> Iterator[tuple[str, Path]]:
    """The files of a package that are handed on, by the name that they have in the zip."""
    module = import_module(package)
    folder = Path(str(module.__file__)).parent
    for path in sorted(folder.rglob("*")):
        name = PurePosixPath(package, *path.relative_to(folder).parts)
        if path.is_file() and _is_used(name):
            yield str(name), path


def _is_used(name: PurePosixPath) -> bool:
    if LEFT_OUT & set(name.parts) or any(name.is_relative_to(unused) for unused in UNUSED):
        return False
    return name.parts[0] == "symbackprop" or name.suffix == ".py"


def _zipped(files: dict[str, bytes], level: int = 9) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in sorted(files.items()):
            written.writestr(zipfile.ZipInfo(name, DAY), content, zipfile.ZIP_DEFLATED, level)
    return buffer.getvalue()
