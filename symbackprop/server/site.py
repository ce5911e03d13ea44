"""The page as a folder of files: Python runs in the browser, any server of files will do, nothing is loaded from elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from symbackprop.server import bundle
from symbackprop.server.gallery import gallery
from symbackprop.server.labels import labels
from symbackprop.server.runtime import SECONDS, SiteError, has_numbers, runtime
from symbackprop.server.serve import STATIC

BUNDLE = "bundle.zip"
DRAWING = "drawing.zip"  # beside NumPy
MEMORY = "memory.bin"  # compressed by gzip; a host would unpack a file that is called so
MARK = "site.json"  # a folder that holds it was written here
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'"
)
HEAD = '<meta charset="utf-8">\n'
OWN = ("ask_worker.js", "worker.js")  # what a folder has in place of a server


class Site(NamedTuple):
    """What was written: how many bytes, whether NumPy is among it, whether the Python in it is compiled."""

    size: int
    numbers: bool
    compiled: bool


def write(output: str, pyodide: str | None = None) -> Site:
    """Write the page into a folder: a new one, an empty one, or one that was written before.

    pyodide   the folder with Pyodide; None: it is asked of npm's registry. NumPy's wheel in it is taken as well.
    Raises SiteError.
    """
    place = Path(output)
    _require_room(place)
    found = runtime(pyodide)
    source = bundle.sources()
    numbers = has_numbers(found)
    code = _compiled(source, found, numbers)
    python = code or {BUNDLE: source}
    content = {**_page(numbers), **{f"pyodide/{name}": data for name, data in found.items()}, **python}
    _written(place, _of_one_build(content, numbers))
    return Site(sum(map(len, content.values())), numbers, code is not None)


def _of_one_build(content: dict[str, bytes], numbers: bool) -> dict[str, bytes]:
    """The files with the build that they are of, by which they ask for each other: none kept by a browser is of another."""
    build = hashlib.sha256(b"".join(hashlib.sha256(content[name]).digest() for name in sorted(content))).hexdigest()[:16]
    page = re.sub(rb'(?<==")(\w+\.(?:js|css))(?=")', rb"\1?" + build.encode(), content["index.html"])
    about = {"build": build, "numbers": "numpy" if numbers else "", "memory": MEMORY if MEMORY in content else ""}
    return {**content, "index.html": page, MARK: json.dumps(about).encode()}


def _page(numbers: bool) -> dict[str, bytes]:
    """The files of the page but those of Python."""
    found = {path[1:] or "index.html": static.read() for path, static in STATIC.items()}
    policy = f'{HEAD}<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    found["index.html"] = found["index.html"].replace(HEAD.encode(), policy.encode(), 1)
    found["ask.js"], found["worker.js"] = (_static(name) for name in OWN)
    found["examples.json"] = json.dumps([one._asdict() for one in gallery()], ensure_ascii=False).encode()
    found["labels.json"] = json.dumps(labels(), ensure_ascii=False).encode()
    found["licences.txt"] = bundle.licences(numbers).encode()
    if numbers:
        found[DRAWING] = bundle.drawing()
    return found


def _static(name: str) -> bytes:
    return files("symbackprop.server").joinpath("static", name).read_bytes()


def _compiled(source: bytes, found: dict[str, bytes], numbers: bool) -> dict[str, bytes] | None:
    """The bundle compiled by the Python that will read it, which Node runs, as files; None where there is no Node.

    Where no NumPy will be loaded, the memory of that Python goes with it, with which a browser's begins. Libraries in the
    machine's language cannot be loaded into a memory that was kept.
    """
    node = shutil.which("node")
    if node is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for name, content in {**found, "sources.zip": source, "compile.mjs": _static("compile.mjs")}.items():
            (here / name).write_bytes(content)
        made = (BUNDLE,) if numbers else (BUNDLE, MEMORY)
        command = [node, "compile.mjs", ".", "sources.zip", *made]
        how: dict[str, Any] = {"cwd": folder, "capture_output": True, "text": True, "timeout": SECONDS, "stdin": subprocess.DEVNULL}
        try:
            subprocess.run(command, check=True, **how)
            return {name: (here / name).read_bytes() for name in made}
        except subprocess.CalledProcessError as fault:
            said = fault.stderr.strip().rpartition("\n")[2]
            why = f"{said[:200]}; is node 20 or newer?"
        except (OSError, subprocess.TimeoutExpired):
            why = "node does not end; take it off the path to go without"
    raise SiteError(f"Python could not be compiled for the browser: {why}")


def _require_room(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise SiteError(f"{place} is a file; name a folder")
    if place.is_dir() and not (place / MARK).is_file() and any(place.iterdir()):
        raise SiteError(f"{place} holds something else; name a new folder, or empty it")
    parent = place.absolute().parent
    if not parent.is_dir():
        raise SiteError(f"{place}: there is no folder {place.parent}; make it first")
    try:
        os.rmdir(tempfile.mkdtemp(prefix=f".{place.name}-", dir=parent))
    except OSError as fault:
        raise SiteError(f"{place}: the folder {parent} takes no folders: {fault.strerror}; choose another place") from None


def _written(place: Path, content: dict[str, bytes]) -> None:
    """The folder, whole or as it was before."""
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.absolute().parent))
        try:
            for name, data in content.items():
                (made / name).parent.mkdir(exist_ok=True)
                (made / name).write_bytes(data)
            made.chmod(0o777 & ~_umask())
            if place.is_dir():
                shutil.rmtree(place)
            made.rename(place)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as fault:
        raise SiteError(f"{place}: cannot be written: {fault.strerror}") from None


def _umask() -> int:
    now = os.umask(0o077)
    os.umask(now)
    return now
