"""Plain numbers that were made of traced ones: whether the loss depends on them is told by putting others in their place."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.notation.errors import NotationError

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run
    from symbackprop.notation.trace.tracing import Tracing

OTHERS: tuple[Callable[[Any], Any], ...] = (lambda x: -x - 1.0, lambda x: 3.0 * x + 7.0)
NOT_FINITE: Callable[[Any], Any] = lambda x: x * np.nan  # noqa: E731


@dataclass(frozen=True)
class Leak:
    """A line at which a plain number is made that the loss depends on.

    line    the line, as it is told.
    given   the leaves that the number depends on.
    finite  whether it only matters that the number is finite.
    """

    line: str
    given: frozenset[str]
    finite: bool


def found(tracing: Tracing, run: Run, network: Network) -> list[Leak]:
    """The lines of a call that made plain numbers on which its network depends."""
    lines = list(dict.fromkeys(line for _, _, line in run.leaks.values()))
    if not lines or not any(_matters(tracing, network, other, set(lines)) for other in (*OTHERS, NOT_FINITE)):
        return []
    leaks: list[Leak] = []
    for line in lines:
        given = frozenset[str]().union(*(run.given(array) for _, array, own in run.leaks.values() if own == line))
        if any(_matters(tracing, network, other, {line}) for other in OTHERS):
            leaks.append(Leak(line, given, finite=False))
        elif _matters(tracing, network, NOT_FINITE, {line}):
            leaks.append(Leak(line, given, finite=True))
    return leaks


def _matters(tracing: Tracing, network: Network, other: Callable[[Any], Any], lines: set[str]) -> bool:
    """Whether the function makes another network where the plain numbers of these lines are others."""
    program: Program = network.program
    try:
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            again = tracing.again(lambda line, x: other(x) if line in lines else x)
    except (Exception, *tracing.STOPS):
        return True
    return again.program != program or any(
        not np.array_equal(array, again.example[name], equal_nan=True)
        for name, array in network.example.items()
        if name not in tracing.subject.leaves
    )


def refused(leaks: list[Leak], wrt: frozenset[str]) -> NotationError | None:
    """Why the function cannot be traced, where a plain number that the loss depends on is made of what is learnt."""
    for leak in leaks:
        by = sorted(leak.given & wrt)
        if by and not leak.finite:
            fault = f"{leak.line}: a plain number is made of what depends on {', '.join(by)}, and the loss depends on it."
            mend = "Write NumPy's functions there, or np.where(condition, a, b) where it decides a branch"
            return NotationError(fault, f'{mend}; or say branches="example" to derive for the number of the example.')
    return None


def said(leaks: list[Leak]) -> list[str]:
    """What a person must know of them."""
    return [
        f"{leak.line}: derived for where this number is finite, as in the example."
        if leak.finite
        else f"{leak.line}: a plain number is made here, which is as in the example."
        for leak in leaks
    ]
