"""Loops as people write them, in the words that are read: each step here is the same program in other statements."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING

from symbackprop.notation.grammar import LONGEST
from symbackprop.notation.loops.apart import steps_apart
from symbackprop.notation.loops.fields import fields_apart
from symbackprop.notation.loops.plainer import plainer
from symbackprop.notation.loops.turned import steps_first

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader


def prepared(reader: Reader, body: Sequence[ast.stmt], arguments: Sequence[str] = ()) -> list[ast.stmt]:
    """The statements of a text or of a function as they are read.

    arguments   names that have values before.
    """
    if not any(isinstance(n, ast.For) for statement in body for n in ast.walk(statement)):
        return list(body)
    with _deep():
        own = fields_apart(plainer(deepcopy(list(body)), reader.names), arguments)
        return steps_first(reader, steps_apart(own), arguments)


@contextmanager
def _deep() -> Iterator[None]:
    """Lets Python go as deep as the longest sum of a statement: its terms stand in each other, four calls each."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 6 * LONGEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
