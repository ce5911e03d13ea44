"""Python for a browser: the files of Pyodide, from a folder or from npm's registry, each held to its hash."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from symbackprop.core.errors import SymbackpropError

VERSION = "314.0.7"
HASHES = {
    "pyodide.mjs": "6f1d60f7bf529beb300f0f47983c921d3982363640ba20af0e38efdddbc66109",
    "pyodide.asm.mjs": "f7cdc8ece80678ceb712f8e65ebe6d3a83203a180c399865f49612a051693635",
    "pyodide.asm.wasm": "cc36e3cab04fdfc9a63ff13eb52eae2b911bf46c025cc7b281f394bd3de1d5e6",
    "pyodide-lock.json": "5dc2fc119108bc148c7457dc86e7675b5c87e1cafd420b9c34c1eaef7b36c010",
    "python_stdlib.zip": "fa1957e5777068fc4f7437f96d860ae2fbe9c19732ba06c84e004ec16dd7dd7a",
}
LOCK = "pyodide-lock.json"
NUMBERS = "numpy"
SECONDS = 600.0
GET = f"npm pack pyodide@{VERSION}, unpack it, and give its folder by --pyodide"


class SiteError(SymbackpropError):
    """A page that cannot be written; the message says why, and what to do."""


def runtime(folder: str | None) -> dict[str, bytes]:
    """The files of Pyodide by name, and of NumPy's wheel where the folder has it.

    folder   where they lie; None: they are asked of npm's registry.
    Raises SiteError where one is missing, or is not the file that it should be.
    """
    found = _downloaded() if folder is None else _read(Path(folder))
    for name, wanted in HASHES.items():
        _require(name, found[name], wanted, GET)
    wheel = json.loads(found[LOCK])["packages"][NUMBERS]
    path = None if folder is None else Path(folder) / wheel["file_name"]
    if path is None or not path.is_file():
        return found
    content = path.read_bytes()
    _require(wheel["file_name"], content, wheel["sha256"], f"take it from Pyodide {VERSION}, or leave it out")
    return {**found, wheel["file_name"]: content}


def has_numbers(found: dict[str, bytes]) -> bool:
    """Whether the files of a runtime are enough for NumPy."""
    return json.loads(found[LOCK])["packages"][NUMBERS]["file_name"] in found


def _require(name: str, content: bytes, wanted: str, mend: str) -> None:
    if hashlib.sha256(content).hexdigest() != wanted:
        raise SiteError(f"{name} is not that of Pyodide {VERSION}: {mend}")


def _read(folder: Path) -> dict[str, bytes]:
    missing = [name for name in HASHES if not (folder / name).is_file()]
    if missing:
        raise SiteError(f"--pyodide {folder}: there is no {missing[0]} in it; {GET}")
    return {name: (folder / name).read_bytes() for name in HASHES}


def _downloaded() -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm is None:
        raise SiteError(f"the page needs Pyodide {VERSION}, and there is no npm to fetch it: {GET}")
    with TemporaryDirectory() as folder:
        try:
            command = [npm, "pack", f"pyodide@{VERSION}", "--pack-destination", folder, "--silent"]
            subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=True, stdin=subprocess.DEVNULL)
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
                return {name: _member(archive, f"package/{name}") for name in HASHES}
        except (OSError, subprocess.SubprocessError, tarfile.TarError, KeyError, StopIteration):
            raise SiteError(f"npm could not fetch Pyodide {VERSION}; is the network there? Or {GET}") from None


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found.read()
