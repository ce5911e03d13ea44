"""The user's folder for what can be made again: what was used longest ago makes room.

Several processes may read, write and make room at once: a file takes its place whole, and whoever finds one gone makes it again.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import write_whole

ROOM = 256_000_000  # bytes, of all that is kept
LARGEST = ROOM // 8  # bytes of one file
UNUSED = 60 * 86_400.0  # seconds after which what nobody used goes
ABANDONED = 3_600.0  # seconds after which what is half made is left by a process that was killed
NOTED = 3_600.0  # seconds: how exactly it is known when a file was used
KEPT = re.compile(r"[0-9a-f]{64}(-[a-z]+)?\.(json|so|digest)")  # names of what is kept: by a digest of what it is of
MAKING, OF_MAKING = "making-{}-", re.compile(r"making-[0-9a-f]{64}-[a-z0-9_]{8}")  # of folders, as `tempfile` ends them
PART = re.compile(r"\.[0-9a-f]{40}\.[0-9a-f]{12}\.part")  # of files, as `write_whole` begins them
_TEMPORARY: dict[int, Path] = {}  # by process


def lasting_folder() -> Path | None:
    """The folder; None where there is none to write to, or others write there as well: what is kept is run."""
    try:
        folder = _usual() / "symbackprop"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) and _is_own(folder) else None
    except (OSError, RuntimeError):  # RuntimeError: of a user that the system does not know
        return None


def cache_folder() -> Path:
    """The folder; a temporary one of this process where there is none to write to."""
    return lasting_folder() or _temporary(os.getpid())


def program_folder() -> Path:
    """The folder for what is run as it lies there; a temporary one of this process where programs are not run from the folder."""
    folder = cache_folder()
    return _temporary(os.getpid()) if _runs_nothing(folder) else folder


def _runs_nothing(folder: Path) -> bool:
    """Whether a file system is mounted so that no program in it is run, as far as the system tells."""
    with suppress(OSError, AttributeError):
        return bool(os.statvfs(folder).f_flag & os.ST_NOEXEC)
    return False


def kept(name: str) -> bytes | None:
    """What is kept by a name; None where nothing is, or it is not whole."""
    with suppress(OSError):
        if (folder := lasting_folder()) is not None:
            digest, _, content = (folder / name).read_bytes().partition(b"\n")
            if digest == digest_of(content):
                _note_use(folder / name)
                return content
    return None


def keep(name: str, content: bytes) -> None:
    """Keep something by a name that is one of KEPT, with a digest by which it is known to be whole; not where it is large."""
    if (folder := lasting_folder()) is not None and len(content) <= LARGEST:
        with suppress(SymbackpropError):  # a disk that is full
            write_whole(folder / name, digest_of(content) + b"\n" + content)
            make_room(folder)


def made_once(place: Path, make: Callable[[Path], Path]) -> Path:
    """A file that others open by its place in the folder: as it is there, known to be whole by its digest, or made now.

    place  its name is one of KEPT.
    make   makes it within a folder, and says where.
    Raises OSError where there is no room.
    """
    about = place.with_suffix(".digest")
    with suppress(OSError):
        if about.read_bytes() == digest_of(place.read_bytes()):
            _note_use(place)
            _note_use(about)
            return place
    with tempfile.TemporaryDirectory(prefix=MAKING.format(place.stem), dir=place.parent, ignore_cleanup_errors=True) as folder:
        made = make(Path(folder))
        digest = digest_of(made.read_bytes())  # before others see it
        os.replace(made, place)
    with suppress(SymbackpropError):  # a disk that is full
        write_whole(about, digest)
    make_room(place.parent)
    return place


def digest_of(content: bytes) -> bytes:
    """What tells a content from any other."""
    return hashlib.sha256(content).hexdigest().encode()


def make_room(folder: Path) -> None:
    """Take away what was not used for long and what was left half made; where all is too much, what was used longest ago.

    A folder that is a link was put there by a person, and stays as it is.
    """
    if folder.is_symlink():
        return
    now, found = time.time(), list(_found(folder))
    for used, _, path in found:
        if not KEPT.fullmatch(path.name) and now - used > ABANDONED:
            _remove(path)
    kept = sorted(one for one in found if KEPT.fullmatch(one[-1].name))
    held = sum(size for _, size, _ in kept)
    goal = ROOM if held <= ROOM else ROOM // 4 * 3  # not for every file that comes
    for used, size, path in kept:
        if held <= goal and now - used <= UNUSED:
            break
        _remove(path)
        held -= size


def _note_use(place: Path) -> None:
    """A file is used now, as its time says from now on."""
    if abs(time.time() - place.stat().st_mtime) > NOTED:
        with suppress(OSError):
            os.utime(place)


def _usual() -> Path:
    """Where this system has what can be made again, or where a person says."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # another is none, as its specification says
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")


def _found(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When what this package has put into the folder was used, and its size; other things there are not ours to take away."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # gone meanwhile
                is_file, is_folder = (is_one(follow_symlinks=False) for is_one in (entry.is_file, entry.is_dir))
                ours = (is_file and (KEPT.fullmatch(entry.name) or PART.fullmatch(entry.name))) or (
                    is_folder and OF_MAKING.fullmatch(entry.name)
                )
                if ours:
                    about = entry.stat(follow_symlinks=False)
                    yield _used(Path(entry.path), about.st_mtime), about.st_size, Path(entry.path)


def _used(path: Path, told: float) -> float:
    """When a file was used by its time; of a clock that was ahead: now, but before what is new, and from now on it grows old."""
    now = time.time()
    if told <= now + NOTED:
        return told
    used = now - NOTED / 2
    with suppress(OSError):
        os.utime(path, (used, used))
    return used


def _remove(path: Path) -> None:
    """Take a file or a folder away, if it is still there and nobody holds it, as Windows holds a library that is loaded."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def _is_own(folder: Path) -> bool:
    """Whether nobody else writes into a folder, as far as the system tells."""
    about = folder.stat()
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _temporary(process: int) -> Path:
    """The folder of one process, which a fork of it does not take away as it ends; another, where somebody took it away."""
    folder = _TEMPORARY.get(process)
    if folder is None or not (folder.is_dir() and _is_own(folder)):
        folder = _TEMPORARY[process] = Path(tempfile.mkdtemp(prefix="symbackprop-"))
        atexit.register(partial(_ended, folder, process))
    return folder


def _ended(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
