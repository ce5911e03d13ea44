"""The statements of a text or of a function as they are read; what respells loops is imported where there are some."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from symbackprop.notation.grammar import LONGEST

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where statements stand in others


def prepared(reader: Reader, body: Sequence[ast.stmt], arguments: Sequence[str] = ()) -> list[ast.stmt]:
    """The statements of a text or of a function as they are read.

    arguments   names that have values before.
    """
    kinds = set(map(type, _blocks(body)))
    if kinds & {ast.For, ast.While}:
        from symbackprop.notation.loops.respelled import respelled

        with _deep():
            return respelled(reader, deepcopy(list(body)), arguments)
    if ast.If in kinds:
        from symbackprop.notation.loops.choices import valued

        valued(body := deepcopy(list(body)))
    return list(body)


def _blocks(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, and those in them: none stands in an expression."""
    waiting: list[Any] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        for name in BLOCKS:
            waiting += getattr(node, name, ())


@contextmanager
def _deep() -> Iterator[None]:
    """Lets Python go as deep as the longest sum of a statement: its terms stand in each other, four calls each."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 6 * LONGEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
