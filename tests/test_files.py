"""One writer of files: whole or as before; links, modes, devices and pipes are what they were."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.machine.files import FileError, require_writable, write_whole

WAYS = {
    "text": lambda path: write_whole(path, "α\n"),
    "bytes": lambda path: write_whole(path, b"\0\1"),
    "a compiled function": lambda path: sb.compile("x**2").save(path),
}


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_text_is_utf_8_and_bytes_are_bytes() -> None:
    write_whole("a", "α\n")
    write_whole("b", b"\0\xff")
    assert Path("a").read_bytes() == "α\n".encode()
    assert Path("b").read_bytes() == b"\0\xff"
    assert sorted(os.listdir()) == ["a", "b"]


@pytest.mark.parametrize("write", WAYS.values(), ids=WAYS)
def test_a_link_is_followed_and_stays(write) -> None:
    os.mkdir("there")
    Path("there/old").write_text("old")
    os.symlink("there/old", "link")
    os.symlink("link", "link to a link")
    write("link to a link")
    assert os.readlink("link") == "there/old"
    assert Path("there/old").read_bytes() != b"old"
    os.symlink("there/new", "dangling")
    write("dangling")
    assert os.path.islink("dangling")
    assert sorted(os.listdir("there")) == ["new", "old"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_the_mode_of_a_file_is_kept(mode: int) -> None:
    Path("a").write_text("old")
    os.chmod("a", mode)
    write_whole("a", "new")
    assert stat.S_IMODE(os.stat("a").st_mode) == mode


def test_a_new_file_has_the_mode_of_the_umask() -> None:
    before = os.umask(0o027)
    try:
        write_whole("a", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat("a").st_mode) == 0o640


def test_a_pipe_is_written_into() -> None:
    os.mkfifo("pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_bytes()))
    reader.start()
    write_whole("pipe", "through")
    reader.join(10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)


def test_a_device_is_written_into() -> None:
    write_whole(os.devnull, "away")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    if os.path.exists("/dev/full"):
        with pytest.raises(FileError, match=r"^/dev/full: cannot be written: No space left on device; make room on the disk"):
            write_whole("/dev/full", "much")


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="this system has no /dev/stdout")
def test_standard_output_by_its_name_goes_where_standard_output_goes() -> None:
    program = (
        "from symbackprop.core.machine.files import write_whole as w; print('a', flush=True); w('/dev/stdout', 'b\\n'); print('c')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(sb.__file__).parent.parent)}
    Path("log").write_text("before\n")
    with open("log", "a") as log:
        subprocess.run([sys.executable, "-c", program], stdout=log, check=True, env=environment)
    assert Path("log").read_text() == "before\na\nb\nc\n"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment)
    assert said.stdout == b"a\nb\nc\n"


REFUSED = {
    "a folder": (".", ". is a folder; name a file in it"),
    "no folder": ("none/a", "none/a: there is no folder none; make it first"),
    "a file as a folder": ("file/a", "file/a: cannot be written: Not a directory; choose another place"),
    "a name that is too long": ("a" * 300, "cannot be written: File name too long; choose a shorter name"),
    "a null byte": ("a\0b", "is no name of a file"),
    "no name": ("", "the name of the file is empty; give one"),
    "a number": (3.5, "3.5 is no name of a file"),
    "links in a circle": ("circle", "circle: cannot be written: Too many levels of symbolic links; choose another place"),
}


@pytest.mark.parametrize(("path", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_written_is_said_before_and_after(path, words: str) -> None:
    Path("file").touch()
    os.symlink("circle", "circle")
    for does in (require_writable, lambda p: write_whole(p, "x")):
        with pytest.raises(FileError) as refused:
            does(path)
        assert words in str(refused.value)
    assert sorted(os.listdir()) == ["circle", "file"]


@pytest.mark.parametrize(
    "fault", [OSError(28, "No space left on device"), OSError(30, "Read-only file system"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException) -> None:
    Path("a").write_text("old")

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(fault) if isinstance(fault, KeyboardInterrupt) else FileError):
        write_whole("a", "new")
    assert os.listdir() == ["a"]
    assert Path("a").read_text() == "old"
