"""A process of its own that answers, so that a question that takes too long, or too much memory, ends alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.languages import refusal
from symbackprop.server.answers import answer
from symbackprop.server.kinds import Data

SECONDS = 30.0  # for one question
START = 60.0  # for a process to begin
MEMORY = 4 << 30  # bytes, where the system can limit them


class NoAnswerError(SymbackpropError):
    """A question without an answer: it was refused, or took too long; the message says which."""


class Worker:
    """Answers one question after the other; its process starts with the first, and anew after one that was stopped.

    seconds   that a question may take.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._lock = Lock()
        self._process: Any = None
        self._line: Any = None

    def ask(self, name: str, arguments: Mapping[str, Any]) -> Data:
        """The answer. Raises NoAnswerError where there is none."""
        with self._lock:
            try:
                if self._process is None or not self._process.is_alive():
                    self._start()
                line = self._line
                line.send((name, dict(arguments)))
                if not line.poll(self.seconds):
                    self.stop()
                    late = NoAnswerError(f"this takes more than {self.seconds:g} s; ask about a smaller network, or fewer claims")
                    raise NoAnswerError(refusal(late, arguments.get("lang")))
                kind, found = line.recv()
            except (EOFError, OSError):
                self.stop()
                raise NoAnswerError(refusal(_full(), arguments.get("lang"))) from None
        if kind == "refused":
            raise NoAnswerError(found)
        return found

    def stop(self) -> None:
        """End the process, if there is one."""
        process, line, self._process, self._line = self._process, self._line, None, None
        if process is not None:
            process.kill()
            process.join()
            line.close()

    def _start(self) -> None:
        self.stop()
        context = get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        if not self._line.poll(START):
            self.stop()
            raise NoAnswerError(f"Python took more than {START:g} s to start; ask again when the machine has less to do")
        self._line.recv()


def serve(line: Connection) -> None:
    """Answer what comes over a line until it is closed. Nothing is printed: standard output belongs to the protocol."""
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open as long as the process
    _limit_memory()
    line.send("ready")
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            name, arguments = line.recv()
            try:
                line.send(("answer", answer(name, arguments)))
            except SymbackpropError as refused:
                line.send(("refused", refusal(refused, arguments.get("lang"))))
            except MemoryError:
                line.send(("refused", refusal(_full(), arguments.get("lang"))))
            except Exception as fault:  # whatever it is, the next question is answered
                own = NoAnswerError(f"a fault of symbackprop's own ({type(fault).__name__}): this cannot be answered")
                line.send(("refused", refusal(own, arguments.get("lang"))))


def _full() -> NoAnswerError:
    return NoAnswerError("this takes more memory than there is; ask about a smaller network")


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
