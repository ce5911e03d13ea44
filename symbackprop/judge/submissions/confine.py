"""Run as a script: shut a process in, replace it by the program that calls a submission, and leave nothing of it behind.

    python confine.py LIMITS DESCRIPTORS PROGRAM

The script stays outside as a guard, which the submission can neither see nor signal where there are namespaces. It ends when the
program ends, at SIGTERM, or when the process that started it dies; then every process that descends from the program is killed.
Standard library alone, and nothing of this package: it starts once for each submission.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

PDEATHSIG, KEEPCAPS, SUBREAPER, NO_NEW_PRIVS, AMBIENT = 1, 8, 36, 38, 47  # of prctl
NEW_MOUNTS, NEW_USER, NEW_REST = 0x20000, 0x10000000, 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000  # net, pid, ipc, uts
PRIVATE, RECURSIVE, NO_SUID, NO_DEVICES = 0x40000, 0x4000, 2, 4  # of mount
SET_ATTRIBUTES, HERE, ALL_BELOW, READ_ONLY = 442, -100, 0x8000, 1  # of mount_setattr
READ_ANYWHERE = 2  # the capability DAC_READ_SEARCH
STRANGERS, NOBODY = 2_000_000, 65_534  # users of whom nothing else runs; the one that is everywhere

LIBC = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Guard one program until it has ended."""
    limits, kept, program = json.loads(sys.argv[1]), [int(n) for n in sys.argv[2].split(",")], sys.argv[3]
    _control(PDEATHSIG, signal.SIGTERM)
    _control(SUBREAPER, 1)
    closed = limits["namespaces"] and _own_namespaces()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until there is something to end
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _inside(limits, kept, program, closed)
    for number in kept:
        os.close(number)
    signal.signal(signal.SIGTERM, lambda *_: _kill(child))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    os.waitpid(child, 0)
    _reap()


def _kill(child: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def _reap() -> None:
    """Kill what the program left behind: its orphans are children of this process now, and theirs after them."""
    while True:
        with suppress(OSError):
            for number in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                _kill(int(number))
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _own_namespaces() -> bool:
    """Take namespaces of one's own: root at once, others in a namespace of users. False where the system refuses."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        return _call("unshare", NEW_MOUNTS | NEW_REST)
    if not _call("unshare", NEW_USER | NEW_MOUNTS | NEW_REST):
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    return True


def _inside(limits: dict[str, Any], kept: list[int], program: str, closed: bool) -> NoReturn:
    """Become the program, with no right that can be given up. What holds is the first line of its answers."""
    os.setsid()
    stranger = os.geteuid() == 0
    reader = stranger and not _open_to_all(sys.executable)
    user = STRANGERS + limits["number"] if stranger else os.geteuid()
    walls = _mounts(limits, user, user if stranger else os.getegid()) if closed else []
    if stranger:
        walls.append("user")
        _become(user, limits["folder"])
    _limit(limits, closed or stranger)
    _forget_capabilities(keep=reader)
    _control(NO_NEW_PRIVS, 1)
    _control(PDEATHSIG, signal.SIGKILL)
    os.chdir(limits["folder"])
    os.write(kept[-1], json.dumps({"walls": walls}).encode() + b"\n")
    for number in kept:
        os.set_inheritable(number, True)
    os.execv(sys.executable, [sys.executable, "-I", "-B", program, *map(str, kept)])


def _mounts(limits: dict[str, Any], user: int, group: int) -> list[str]:
    """Files can be read, and written in the working folder alone, which lies in memory; the folders to hide are empty."""
    walls = ["network", "processes"]
    _call("mount", b"none", b"/", None, RECURSIVE | PRIVATE, None)
    attributes = (ctypes.c_uint64 * 4)(READ_ONLY, 0, 0, 0)
    if LIBC.syscall(SET_ATTRIBUTES, HERE, b"/", ALL_BELOW, ctypes.byref(attributes), ctypes.sizeof(attributes)) == 0:
        walls.append("files")
    flags = NO_SUID | NO_DEVICES
    _call("mount", b"proc", b"/proc", b"proc", flags, None)
    hidden = [_call("mount", b"none", os.fsencode(path), b"tmpfs", flags, b"size=4k,mode=0") for path in limits["hidden"]]
    if hidden and all(hidden):
        walls.append("submissions")
    options = f"size={limits['written']},mode=700,uid={user},gid={group}"
    _call("mount", b"none", os.fsencode(limits["folder"]), b"tmpfs", flags, options.encode())
    return walls


def _become(user: int, folder: str) -> None:
    """Give up root for a user who owns nothing but the working folder."""
    _control(KEEPCAPS, 1)
    os.setgroups([])
    for stranger in (user, NOBODY):
        try:
            os.chown(folder, stranger, stranger)
            os.setresgid(stranger, stranger, stranger)
            os.setresuid(stranger, stranger, stranger)
        except OSError:  # a container may know few users
            continue
        return
    raise SystemExit("root cannot be given up")


def _forget_capabilities(keep: bool) -> None:
    """No capability is left; root's Python may lie where only root reads, so that one to read is kept where it must be."""
    left = 1 << READ_ANYWHERE if keep else 0
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(left, left, left, 0, 0, 0)
    if not _call("capset", ctypes.byref(header), ctypes.byref(sets)):
        _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))
    if left:
        LIBC.prctl(AMBIENT, 2, READ_ANYWHERE, 0, 0)


def _open_to_all(path: str) -> bool:
    """Whether every user may read a file, through links."""
    real = Path(path).resolve()
    return bool(real.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in real.parents)


def _limit(limits: dict[str, Any], alone: bool) -> None:
    """The limits of each process, and of how many there are: of a user of one's own, else beside what runs already."""
    processes = limits["processes"] + (0 if alone else _running())
    for name, most in (
        ("RLIMIT_AS", limits["memory"]), ("RLIMIT_CPU", limits["seconds"]), ("RLIMIT_FSIZE", limits["written"]),
        ("RLIMIT_NOFILE", limits["files"]), ("RLIMIT_NPROC", processes), ("RLIMIT_CORE", 0),
    ):  # fmt: skip
        with suppress(AttributeError, ValueError, OSError):  # a system without it
            resource.setrlimit(getattr(resource, name), (most, most))


def _running() -> int:
    """How many threads this user runs."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += len(os.listdir(process / "task")) if process.stat().st_uid == os.geteuid() else 0
    return found


def _control(option: int, value: int) -> None:
    with suppress(AttributeError):  # Linux alone has it
        LIBC.prctl(option, value, 0, 0, 0)


def _call(name: str, *arguments: Any) -> bool:
    function = getattr(LIBC, name, None)
    return function is not None and function(*arguments) == 0


if __name__ == "__main__":
    main()
