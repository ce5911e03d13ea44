"""What a run at a point notes for further runs beside it: which way its choices go, and the values that are held.

A straight move that changes no choice crosses no kink. What no derivative passes stays where it was while the rest moves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray


class StraddleError(Exception):
    """A run that goes another way than the one it is compared with."""


class Branches:
    """The choices of a first run, in order; in every further run each is compared.

    A choice is a mask: which branch of a condition, which entries are the largest, which sign.
    """

    def __init__(self) -> None:
        self._noted: list[ndarray] = []
        self._place: int | None = None

    def again(self) -> Branches:
        """Begin a further run."""
        self._place = 0
        return self

    def take(self, choice: ndarray) -> None:
        """Note a choice, or compare it. Raises StraddleError where it differs."""
        if self._place is None:
            self._noted.append(choice)
            return
        if self._place >= len(self._noted) or not np.array_equal(self._noted[self._place], choice):
            raise StraddleError
        self._place += 1


class Held:
    """The values of stop_gradient in a first run, in order; every further run takes them from there."""

    def __init__(self) -> None:
        self._noted: list[Any] = []
        self._place: int | None = None

    def again(self) -> Held:
        """The same values, for a further run."""
        copied = Held()
        copied._noted, copied._place = self._noted, 0
        return copied

    def value(self, compute: Callable[[], Any]) -> Any:
        """The next value: computed and noted in the first run, taken from there in a further one."""
        if self._place is None:
            self._noted.append(compute())
            return self._noted[-1]
        self._place += 1
        return self._noted[self._place - 1]
