"""One writer of files: a file is whole or as it was before, and what is no regular file is written into, never replaced."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

from symbackprop.core.choices import nearest
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.examples import SUFFIX, meant

StrPath = str | os.PathLike[str]

# what a person can do about a fault of the system
MENDS = {
    errno.ENOSPC: "make room on the disk, or write to another",
    errno.EDQUOT: "make room on the disk, or write to another",
    errno.EFBIG: "raise the limit on the size of files, ulimit -f, or write less",
    errno.EACCES: "choose another place, or ask for the right to write there",
    errno.EPERM: "choose another place, or ask for the right to write there",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EISDIR: "name a file in it",
}
MOST_NAMES = 2000  # in a folder in which a name is looked for
READ = (".net", ".tex", ".md", ".txt", ".py", ".onnx", ".json")  # how files that hold networks end
LONGEST_PATH = 1000  # characters; a longer text is no path
LONGEST_SHOWN = 100  # characters of a path in a message
_DRIVE = re.compile(r"[A-Za-z]:[\\/][^\n]*$")  # how a path of Windows begins
_STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
_OPEN = re.compile(r"/dev/(stdin|stdout|stderr)|(?:/dev|/proc/self)/fd/([0-9]{1,6})")  # names of what the process has open


class FileError(SymbackpropError):
    """A file that cannot be written; the message says which, why, and what to do."""


def write_whole(path: StrPath, content: str | bytes) -> None:
    """Write a file: all of it, or nothing is changed.

    A regular file is put in place when it is complete and on the disk; a link is followed; the mode of a file that is there is
    kept, a new one has that of the umask. A device, a pipe, or what the process has open (/dev/stdout) is written into.

    content   text, written as UTF-8, or bytes.

    Raises FileError where it cannot be written; no temporary file is left then.
    """
    write_together({path: content})


def write_together(files: Mapping[Any, str | bytes]) -> None:
    """Write files that belong together: each as `write_whole` does, none before all of them are complete and on the disk."""
    with ExitStack() as made:
        ready: list[tuple[StrPath, Callable[[], None]]] = []
        for path, content in files.items():
            data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
            with _told(path):
                ready.append((path, _prepared(os.fspath(path), data, made)))
        for path, finish in ready:
            with _told(path):
                finish()


def require_writable(path: StrPath) -> None:
    """Say before the work is done what `write_whole` would say after it.

    Raises FileError where the file could not be written now.
    """
    with _told(path):
        name = os.fspath(path)
        there = _stat(name)
        if there is not None and not stat.S_ISREG(there.st_mode):
            if stat.S_ISDIR(there.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not os.access(name, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        elif _opened(name) is None:
            with _temporary(os.path.realpath(name), there):
                pass


def require_apart(written: Mapping[str, StrPath | None], read: Mapping[str, Any]) -> None:
    """Say before the work is done that what is written would take the place of what is read, or of something else that is written.

    written  files by what they are to hold; read: likewise, where what is no path is none, and a folder stands for what is in it.

    Raises FileError.
    """
    taken = {os.path.realpath(path): word for word, path in read.items() if isinstance(path, str | os.PathLike) and exists(path)}
    for word, path in written.items():
        if path is None or not is_regular(path):
            continue
        place = os.path.realpath(path)
        for one in (place, os.path.dirname(place)):
            if one in taken and (one == place or place.endswith(".npy")):
                raise FileError(f"{os.fspath(path)}: {word} would be written over {taken[one]}; name another file")
        taken[place] = word


def is_regular(path: StrPath) -> bool:
    """Whether a regular file is there or would be made: neither a device, nor a pipe, nor a stream that is open."""
    with _told(path):
        there = _stat(os.fspath(path))
        return _opened(os.fspath(path)) is None and (there is None or stat.S_ISREG(there.st_mode))


def is_path(text: str, beside: bool = False) -> bool:
    """Whether a text is a path: one that is there, or one that can be nothing else.

    beside   the names of an expression are declared beside it: x.T and a/b may be expressions then, net.tex is none.
    """
    if not text.strip() or any(c in text for c in "\n\r\0") or len(text) > LONGEST_PATH:
        return False
    if exists(text):
        return True
    if beside:
        return text.endswith(READ) and not re.search(r"[()\[\]*+@ ]", text)
    named = bool(re.search(r"\.[A-Za-z]\w*$", text)) or os.sep in text or text.isidentifier()
    if named and _DRIVE.match(text):
        return True
    return named and not re.search(r"[:=#()\[\]*+@ ]", text)


def exists(path: StrPath) -> bool:
    """Whether something is there."""
    try:
        return os.path.exists(path)
    except (OSError, ValueError):  # a name that no file can have
        return False


def absent(path: StrPath) -> tuple[str, str]:
    """What is said of a path where nothing is, and the file that was most likely meant, here or among the examples."""
    shown, near = os.fspath(path), near_file(path)
    example = meant(shown)
    if example and not near and os.path.isfile(here := f"{example.rpartition('/')[2]}{SUFFIX}"):
        near = here
    shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."
    of_package = f"The package has an example {example}: symbackprop examples copy {example}" if example else ""
    return f"there is no file {shown}.", f"Did you mean {near}?" if near else of_package


def near_file(path: StrPath) -> str | None:
    """The file that was most likely meant by a path where nothing is; None where none is near."""
    return _near(os.fspath(path), os.path.isfile)


def _near(path: str, fits: Callable[[str], bool]) -> str | None:
    """What is near a path among what `fits`, in its folder or one like that; its suffix or its stem is the same, nearly."""
    folder, name = os.path.split(path)
    try:
        if folder and not os.path.isdir(folder):
            other = _near(folder, os.path.isdir)
            if other is None:
                return None
            folder = other
        names = sorted(n for n in os.listdir(folder or ".") if n[0] != "." and fits(os.path.join(folder, n)))[:MOST_NAMES]
    except (OSError, ValueError):  # a folder that may not be read, a name that no file can have
        return None
    stem, suffix = os.path.splitext(name)
    split = [os.path.splitext(n) for n in names]
    endings = {suffix, nearest(suffix, {ending for _, ending in split})}
    near = nearest(stem, (own for own, ending in split if own == stem or not suffix or ending in endings))
    found = [(ending != suffix, ending != ".net", n) for n in names for own, ending in (os.path.splitext(n),) if own == near]
    return os.path.join(folder, min(found)[2]) if found else None


def _stat(name: str) -> os.stat_result | None:
    """What is there, links followed; None where nothing is, in a folder that is there."""
    with suppress(FileNotFoundError):
        return os.stat(name)
    folder = os.path.dirname(os.path.realpath(name))
    if not name or name.endswith(os.sep) or not os.path.isdir(folder):
        missing = os.path.dirname(name) or folder
        raise FileError(
            f"{name}: there is no folder {missing}; make it first" if name else "the name of the file is empty; give one"
        )
    return None


def _opened(name: str) -> int | None:
    """The descriptor that a name such as /dev/stdout stands for, itself or through links."""
    for _ in range(40):  # as many links as the system follows
        if found := _OPEN.fullmatch(os.path.normpath(name)):
            return _STREAMS[found[1]] if found[1] else int(found[2])
        if not os.path.islink(name):
            return None
        name = os.path.join(os.path.dirname(name), os.readlink(name))
    return None


def _write_into(name: str, data: bytes) -> None:
    descriptor = _opened(name)
    number = os.open(name, os.O_WRONLY) if descriptor is None else os.dup(descriptor)
    with open(number, "wb") as file:
        file.write(data)


def _prepared(name: str, data: bytes, made: ExitStack) -> Callable[[], None]:
    """What is left to do once a file is complete: it takes its place, or is written into what is no regular file."""
    there = _stat(name)
    if there is not None and stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if there is not None and (not stat.S_ISREG(there.st_mode) or _opened(name) is not None):
        return partial(_write_into, name, data)
    target = os.path.realpath(name)
    temporary, number = made.enter_context(_temporary(target, there))
    with open(number, "wb", closefd=False) as file:
        file.write(data)
    os.fsync(number)
    return partial(_put, temporary, target)


def _put(temporary: str, target: str) -> None:
    os.replace(temporary, target)
    with suppress(OSError):  # the name lasts too, where the system can promise that for a folder
        folder = os.open(os.path.dirname(target), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _temporary(target: str, there: os.stat_result | None) -> Iterator[tuple[str, int]]:
    """A new file beside the target, with the mode that the target has or will have; it is gone afterwards, if not renamed."""
    if there is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    folder, name = os.path.split(target)
    mode = 0o666 if there is None else stat.S_IMODE(there.st_mode)
    temporary = os.path.join(folder, f".{name[:40]}.{os.urandom(6).hex()}.part")
    number = None
    try:
        try:
            number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), mode & 0o777)
        except FileNotFoundError:
            raise FileError(f"{target}: cannot be written: the folder {folder} takes no files; choose another place") from None
        if there is not None:
            _as_before(number, there, mode)
        yield temporary, number
    finally:
        if number is not None:
            os.close(number)
            with suppress(FileNotFoundError):
                os.unlink(temporary)


def _as_before(number: int, there: os.stat_result, mode: int) -> None:
    if hasattr(os, "fchown") and (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(OSError):
            os.fchown(number, there.st_uid, there.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(number, mode)


@contextmanager
def _told(path: StrPath) -> Iterator[None]:
    """What the system or Python says of a path, as one FileError."""
    try:
        yield
    except SymbackpropError:
        raise
    except OSError as fault:
        if isinstance(fault, IsADirectoryError):
            raise FileError(f"{path} is a folder; name a file in it") from None
        mend = MENDS.get(fault.errno or 0, "choose another place")
        shown = os.fspath(path)
        if len(shown) > 100:
            shown = f"{shown[:60]}..."
        raise FileError(f"{shown}: cannot be written: {fault.strerror or fault}; {mend}") from None
    except (TypeError, ValueError) as fault:  # not a path, or one that no system takes
        raise FileError(f"{path!r} is no name of a file: {fault}") from None
