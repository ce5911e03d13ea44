"""Ctrl-C, SIGTERM and the end of a terminal wait for the end of a step, so that what is kept is whole."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Self

SIGNALS = tuple(number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)))


class Interrupts:
    """Within `with`, the first signal is noted in `number`; a second one does what it did before.

    Those signals are caught that Python handles already: SIGINT, and SIGTERM and SIGHUP where somebody set a handler, as the
    command line does. Outside the main thread none is.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                try:
                    signal.signal(number, self._note)
                except ValueError:  # another thread than the main one
                    continue
                self._before[number] = handler
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            self._before[number](number, frame)
        self.number = number


def told(number: int) -> str:
    """What the signal is called."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
