"""The one pool of index letters: i, j, k, ... as a person would choose them, then i1, j1, ... without end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice

LETTERS = "ijklmpqrstuvw"  # neither n, which is a size, nor o, which looks like a zero


def pool(first: Iterable[str] = LETTERS) -> Iterator[str]:
    """Letters in the order of preference, without end; `first` says in which order those without a number come."""
    yield from first
    for n in count(1):
        yield from (f"{letter}{n}" for letter in LETTERS)


def fresh(number: int, taken: Iterable[str], first: Iterable[str] = LETTERS) -> tuple[str, ...]:
    """The first `number` letters of the pool that are not taken."""
    used = set(taken)
    return tuple(islice((letter for letter in pool(first) if letter not in used), number))
