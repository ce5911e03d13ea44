"""A process that judges submissions one after the other, so that one that takes too long, or too much memory, ends alone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.network import Network
from symbackprop.judge.submissions.found import Submission
from symbackprop.judge.submissions.marks import Marked, failed, marked
from symbackprop.judge.submissions.running import verify_run
from symbackprop.judge.submissions.sandbox import Limits
from symbackprop.judge.texts.arrays import Whole
from symbackprop.judge.texts.code import Steps
from symbackprop.judge.texts.files import ClaimsError, read_claims
from symbackprop.judge.verify import verify
from symbackprop.notation.grammar import decoded

READY = 120.0  # seconds that a process may take to start
JUDGING = 10.0  # seconds more for the verdict on numbers that a submission gave in time
MEMORY = 4 << 30  # bytes, where the system can limit them


@dataclass(frozen=True)
class Task:
    """What is asked of every submission.

    points        for each gradient, by the tensor that it is by.
    of            what is differentiated.
    symbols, allow, sizes   as for verify.
    run           whether files of Python that are no lines of claims are run.
    limits        of one that runs; `seconds` holds for every submission.
    hidden        folders that one that runs does not see.
    """

    network: Network
    points: Mapping[str, float]
    of: str
    symbols: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    run: bool = False
    limits: Limits = field(default_factory=Limits)
    hidden: tuple[Path, ...] = ()


class Worker:
    """Judges one submission after the other; its process starts with the first, and anew after one that was stopped."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._process: Any = None
        self._line: Any = None
        self._over = False

    def judge(self, submission: Submission) -> Marked:
        """The submission with its marks; whatever it does, there is an answer."""
        if submission.refused:
            return failed(submission, "not understood", submission.refused, self.task.points)
        seconds = self.task.limits.seconds + (JUDGING if self.task.run else 0.0)
        try:
            if self._process is None:
                self._start()
            self._line.send(submission)
            if self._line.poll(seconds):
                return self._line.recv()
            why = f"it takes more than {self.task.limits.seconds:g} s"
        except (EOFError, OSError):
            why = "the process that judged it ended: it takes more memory than there is"
        self.stop()
        return failed(submission, "undecided", why, self.task.points)

    def cancel(self) -> None:
        """Let what is judged in another thread end now, and nothing begin."""
        self._over = True
        process = self._process
        if process is not None:
            process.kill()

    def stop(self) -> None:
        """End the process, if there is one."""
        process, line = self._process, self._line
        self._process = self._line = None
        if process is not None:
            process.kill()
            process.join()
            line.close()

    def _start(self) -> None:
        context = get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self.task), daemon=True)
        self._process.start()
        theirs.close()
        if self._over:
            self._process.kill()
        if not self._line.poll(READY):
            raise OSError("it does not start")
        self._line.recv()


def serve(line: Connection, task: Task) -> None:
    """Judge what comes over a line until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the marker's, who ends this process
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open as long as the process
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    line.send("ready")
    with suppress(EOFError):
        while True:
            line.send(judged(task, line.recv()))


def judged(task: Task, submission: Submission) -> Marked:
    """A submission with its marks. Nothing comes out of it but these."""
    try:
        return _judged(task, submission)
    except SymbackpropError as refused:
        told = str(refused).removeprefix(f"{submission.path}:").strip()
        return failed(submission, "not understood", told, task.points)
    except (MemoryError, RecursionError):
        return failed(submission, "undecided", "it takes more memory than there is", task.points)
    except Exception as fault:  # whatever it is, the next one is judged
        return failed(submission, "undecided", f"a fault of symbackprop's own ({type(fault).__name__})", task.points)


def _claims(task: Task, submission: Submission) -> dict[str, Any] | Steps | None:
    """What a file claims; None where it is run. Raises ClaimsError where it is neither."""
    may_run = task.run and submission.path.suffix.lower() == ".py"
    try:
        claims = _filled(read_claims(submission.path))
    except ClaimsError:
        if not may_run:
            raise
        return None
    return None if may_run and any(isinstance(step[1], Whole) for step in claims if isinstance(step, tuple)) else claims


def _filled(claims: Any) -> Any:
    """Steps without those that a student left blank, "W_2 = "; where nothing else stands there, as they are."""
    if isinstance(claims, dict):
        return claims
    return [step for step in claims if not str(step[1]).rstrip().endswith("=")] or claims


def _judged(task: Task, submission: Submission) -> Marked:
    claims, walls = _claims(task, submission), None
    if claims is None:
        found, walls = verify_run(
            task.network, decoded(submission.path), list(task.points), task.of, task.allow, task.sizes, task.limits, task.hidden
        )
    else:
        found = verify(task.network, claims, task.of, task.symbols, task.allow, task.sizes)
    return marked(submission, found, task.of, task.points, walls)
