"""How far training is: a bar in a terminal, a line now and then where nobody looks at one."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol, Self

LINES = 10  # about so many where the output is no terminal


class Progress(Protocol):
    """What training tells while it runs."""

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None: ...
    def epoch(self, number: int, news: str) -> None:
        """An epoch is over."""
        ...


class Silent:
    """Tells nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def epoch(self, number: int, news: str) -> None:
        pass


class Lines(Silent):
    """A line on standard error at about every tenth of the way."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def epoch(self, number: int, news: str) -> None:
        if number == 1 or number * LINES // self.epochs > (number - 1) * LINES // self.epochs:
            print(f"epoch {number} of {self.epochs}: {news}", file=sys.stderr, flush=True)


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
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def epoch(self, number: int, news: str) -> None:
        self._bar.update(self._task, completed=number, description=news)


def progress_for(epochs: int, wanted: bool) -> Progress:
    """A bar where standard error is a terminal, lines where it is not, nothing where none is wanted."""
    if not wanted:
        return Silent()
    return Bar(epochs) if sys.stderr.isatty() else Lines(epochs)
