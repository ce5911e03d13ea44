"""How far training is: a bar in a terminal, a line now and then where nobody looks at one."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from symbackprop.core.machine.files import MENDS, FileError, StrPath

LINES = 10  # about so many where the output is no terminal


class Progress(Protocol):
    """What training tells while it runs."""

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None: ...
    def epoch(self, number: int, loss: float, held_out: float | None) -> None:
        """An epoch is over: its loss, and that on the samples held out."""
        ...

    def say(self, text: str) -> None:
        """Something that a person must know."""
        ...


class Silent:
    """Tells nothing of epochs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def epoch(self, number: int, loss: float, held_out: float | None) -> None:
        pass

    def say(self, text: str) -> None:
        _write_out(text)


class Lines(Silent):
    """A line on standard error at about every tenth of the way."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def epoch(self, number: int, loss: float, held_out: float | None) -> None:
        if number == 1 or number * LINES // self.epochs > (number - 1) * LINES // self.epochs:
            _write_out(f"epoch {number} of {self.epochs}: {news(loss, held_out)}")


class Bar(Silent):
    """A bar on standard error, with the time that is left."""

    def __init__(self, epochs: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
        )
        self._bar = RichProgress(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task("", total=epochs)

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._bar.stop()

    def epoch(self, number: int, loss: float, held_out: float | None) -> None:
        self._bar.update(self._task, completed=number, description=news(loss, held_out))

    def say(self, text: str) -> None:
        with suppress(OSError):
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)


class Log(Silent):
    """A line of JSON in a file for each epoch, beside what a person is told.

    done   how many epochs there were before: lines of later ones were written before a run was cut short, and it writes them again.
    """

    def __init__(self, path: StrPath, done: int, beside: Progress) -> None:
        self.path, self.beside, self._began = path, beside, time.monotonic()
        self._failed = False
        self._write("" if done else None)
        if done:
            os.truncate(path, _end_of(path, done))

    def __enter__(self) -> Self:
        self.beside.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.beside.__exit__(kind, fault, trace)

    def epoch(self, number: int, loss: float, held_out: float | None) -> None:
        about = {"epoch": number, "loss": loss, "held_out": held_out, "seconds": round(time.monotonic() - self._began, 3)}
        try:
            self._write(json.dumps(about) + "\n")
        except FileError as fault:  # a line that is missing ends no training
            if not self._failed:
                self.say(f"{fault}. Training goes on")
            self._failed = True
        self.beside.epoch(number, loss, held_out)

    def say(self, text: str) -> None:
        self.beside.say(text)

    def _write(self, line: str | None) -> None:
        """Add a line; None: begin the file anew. Raises FileError where that cannot be."""
        try:
            with open(self.path, "w" if line is None else "a", encoding="utf-8") as file:
                file.write(line or "")
        except OSError as fault:
            mend = MENDS.get(fault.errno or 0, "choose another place")
            raise FileError(f"{os.fspath(self.path)}: the log cannot be written: {fault.strerror or fault}; {mend}") from None


def _write_out(text: str) -> None:
    """Print a line on standard error; one that is closed or full ends no training."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)


def _end_of(path: StrPath, done: int) -> int:
    """Where a log ends for a run that goes on after so many epochs: before a line of a later one, or one that was cut short."""
    end = 0
    with open(path, "rb") as file:
        for line in file:
            try:
                about = json.loads(line)
            except ValueError:
                about = None
            if not line.endswith(b"\n") or (isinstance(about, dict) and about.get("epoch", 0) > done):
                break
            end += len(line)
    return end


def news(loss: float, held_out: float | None) -> str:
    """The losses of an epoch in words."""
    return f"loss {loss:.4g}" + ("" if held_out is None else f", held out {held_out:.4g}")


def told_by(epochs: int, wanted: bool, log: StrPath | None = None, done: int = 0) -> Progress:
    """A bar where standard error is a terminal, else lines, or nothing where none is wanted; and the log, after `done` epochs."""
    shown = Silent() if not wanted else Bar(epochs) if sys.stderr is not None and sys.stderr.isatty() else Lines(epochs)
    return shown if log is None else Log(log, done, shown)
