"""How far long work is: who watches is told, and who works need not know whether anybody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Tell = Callable[[int, int], None]  # how many are done, and of how many
_TOLD: ContextVar[Tell | None] = ContextVar("told", default=None)


@contextmanager
def told_to(tell: Tell) -> Iterator[None]:
    """While this lasts, `tell` hears of the loops that are `counted`."""
    before = _TOLD.set(tell)
    try:
        yield
    finally:
        _TOLD.reset(before)


def counted(items: Sequence[T]) -> Iterator[T]:
    """The items; who watches is told before each how many are done. Of loops in loops only the outermost is told of."""
    tell = _TOLD.get()
    if tell is None:
        yield from items
        return
    before = _TOLD.set(None)
    try:
        for done, item in enumerate(items):
            tell(done, len(items))
            yield item
        tell(len(items), len(items))
    finally:
        _TOLD.reset(before)
