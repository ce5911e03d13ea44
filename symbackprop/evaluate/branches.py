"""Which way every choice of a program goes at a point: a straight move that changes none of them crosses no kink."""

from __future__ import annotations

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
