"""A submission that runs shut in, from outside: what its functions are called, and the numbers that they return."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from symbackprop.core.errors import SymbackpropError

HERE = Path(__file__).parent
PRINTED = 1 << 20  # bytes that a submission may print
SHOWN = 200  # bytes of it that are shown where it ends
ANSWER = 1 << 24  # bytes of one answer
START = 10.0  # seconds more, for the interpreter
ENDING = 5.0  # seconds that the guard has for killing
CHUNK = 1 << 16
WALLS = {
    "network": "no network",
    "processes": "no sight of other processes",
    "files": "no writing outside a folder of its own",
    "submissions": "no sight of other submissions",
    "user": "another user",
}


class SubmissionFailed(SymbackpropError):
    """A submission that gave no numbers: it raised, ended, went beyond a limit; the message says which."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    seconds     from its start to its last answer; processor time of each of its processes as well.
    memory      bytes of each process.
    processes   at once, threads included.
    written     bytes in its folder, and of each file.
    files       open at once, in each process.
    namespaces  whether it is shut in, where the system allows that.
    """

    seconds: float = 60.0
    memory: int = 1 << 30
    processes: int = 8
    written: int = 1 << 24
    files: int = 64
    namespaces: bool = True


class Sandbox:
    """A file of Python that runs in a process of its own, as long as the `with` lasts.

    walls      what keeps it in, keys of `WALLS`: what the system gave.
    functions  its functions, each with its parameters and whether they may be left out.
    """

    def __init__(self, source: str, limits: Limits, hidden: Sequence[Path] = ()) -> None:
        self.source, self.limits, self.hidden = source, limits, hidden
        self.over: SubmissionFailed | None = None
        self.walls: tuple[str, ...] = ()
        self.functions: dict[str, list[tuple[str, bool]]] = {}

    def __enter__(self) -> Self:
        self.folder = tempfile.mkdtemp(prefix="submission-")
        try:
            self._start()
            self.walls = tuple(w for w in self._line(START).get("walls", ()) if w in WALLS)
            self._line(START)
            self.ends = time.monotonic() + self.limits.seconds
            found = self._asked({"source": self.source})
            self.functions = {str(name): [(str(p), bool(free)) for p, free in of] for name, of in found["functions"].items()}
        except (AttributeError, KeyError, TypeError, ValueError) as fault:
            self._end()
            raise fault if isinstance(fault, SymbackpropError) else SubmissionFailed("it answered what is no answer") from None
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """What a function of the submission returns, as it stands in its answer. Raises SubmissionFailed."""
        told = self._asked({"call": name, "arguments": arguments})
        if "value" not in told:
            raise SubmissionFailed("it answered what is no answer")
        return told["value"]

    def _asked(self, question: Mapping[str, Any]) -> dict[str, Any]:
        if self.over is not None:
            raise self.over
        self._left = memoryview(json.dumps(question).encode() + b"\n")
        try:
            told = self._line(self.ends - time.monotonic())
        except SubmissionFailed as failed:  # it is not asked again
            self.over = failed
            raise
        if "raised" in told:
            raise SubmissionFailed(f"it raised {told['raised']}"[:400])
        return told

    def _start(self) -> None:
        theirs_in, self._questions = os.pipe()
        self._answers, theirs_out = os.pipe()
        limits = {**asdict(self.limits), "seconds": int(self.limits.seconds + START), "folder": self.folder}
        limits |= {"hidden": [str(path) for path in self.hidden], "number": os.getpid()}
        command = [sys.executable, "-I", "-S", "-B", str(HERE / "confine.py"), json.dumps(limits)]
        try:
            self._guard = subprocess.Popen(
                [*command, f"{theirs_in},{theirs_out}", str(HERE / "inside.py")],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(theirs_in, theirs_out),
                env=_environment(self.folder), cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        assert self._guard.stdout is not None
        self._printed, self.printed, self._received, self._left = 0, b"", bytearray(), memoryview(b"")
        self._output = self._guard.stdout.fileno()
        for number in (self._questions, self._answers, self._output):
            os.set_blocking(number, False)

    def _line(self, seconds: float) -> dict[str, Any]:
        """The next answer, while the question is sent and what is printed is read away. Raises SubmissionFailed."""
        ends, searched = time.monotonic() + seconds, 0
        with selectors.DefaultSelector() as ready:
            ready.register(self._answers, selectors.EVENT_READ)
            ready.register(self._output, selectors.EVENT_READ)
            if self._left:
                ready.register(self._questions, selectors.EVENT_WRITE)
            while (end := self._received.find(b"\n", searched)) < 0:
                searched = len(self._received)
                found = ready.select(max(0.0, ends - time.monotonic()))
                if not found:
                    raise SubmissionFailed(f"it takes more than {self.limits.seconds:g} s")
                for key, _ in found:
                    if not self._moved(key.fd):
                        ready.unregister(key.fd)
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise SubmissionFailed("it answered what is no answer")
        return told

    def _moved(self, number: int) -> bool:
        """Read or write what can be; whether there may be more. Raises SubmissionFailed."""
        if number == self._questions:
            try:
                self._left = self._left[os.write(number, self._left[:CHUNK]) :]
            except BrokenPipeError:
                return False
            return bool(self._left)
        data = os.read(number, CHUNK)
        if number == self._output:
            self._printed += len(data)
            self.printed = (self.printed + data)[:SHOWN]
            if self._printed > PRINTED:
                raise SubmissionFailed(f"it printed more than {PRINTED >> 20} MB")
            return bool(data)
        self._received += data
        if len(self._received) > ANSWER:
            raise SubmissionFailed(f"it answered more than {ANSWER >> 20} MB")
        if not data:
            shown = " ".join(self.printed.decode(errors="replace").split())
            raise SubmissionFailed(f"it ended before it answered{shown and f', and printed: {shown}'}")
        return True

    def _end(self) -> None:
        """Kill what runs of it, and remove its folder."""
        guard = getattr(self, "_guard", None)
        if guard is not None:
            for number in (self._questions, self._answers):
                os.close(number)
            guard.terminate()
            try:
                guard.wait(ENDING)
            except subprocess.TimeoutExpired:
                guard.kill()
                guard.wait()
            guard.stdout.close()
        with suppress(OSError):
            shutil.rmtree(self.folder)


def require_sandbox(limits: Limits, hidden: Sequence[Path] = ()) -> tuple[str, ...]:
    """What will keep submissions in, found out by one that is empty. Raises SubmissionFailed where none can be run."""
    if os.name != "posix":
        raise SubmissionFailed("--run needs a system that limits its processes: Linux, or in part macOS")
    try:
        with Sandbox("", limits, hidden) as empty:
            return empty.walls
    except SubmissionFailed as failed:
        mend = "as root, use a Python outside of root's folder, or run this as another user"
        raise SubmissionFailed(f"--run: no process with limits can be started here: {failed}; {mend}") from None


def _environment(folder: str) -> dict[str, str]:
    """Nothing of the marker's environment but where programs lie; one thread, as the limit on processes asks."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"PATH": os.defpath, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "MPLBACKEND": "Agg", **threads}
