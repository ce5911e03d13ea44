"""Loops as people write them, in the words that are read: each step here is the same program in other statements."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from symbackprop.notation.grammar import LONGEST
from symbackprop.notation.loops.apart import steps_apart
from symbackprop.notation.loops.borders import borders_apart
from symbackprop.notation.loops.bounded import bounded, may_be_empty
from symbackprop.notation.loops.choices import valued
from symbackprop.notation.loops.course import measures
from symbackprop.notation.loops.fields import fields_apart
from symbackprop.notation.loops.hoisted import hoisted
from symbackprop.notation.loops.mirrored import by_one_number
from symbackprop.notation.loops.plainer import plainer
from symbackprop.notation.loops.tables import as_arrays
from symbackprop.notation.loops.totals import totals_apart
from symbackprop.notation.loops.turned import steps_first
from symbackprop.notation.loops.whiles import counted

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where statements stand in others


def prepared(reader: Reader, body: Sequence[ast.stmt], arguments: Sequence[str] = ()) -> list[ast.stmt]:
    """The statements of a text or of a function as they are read.

    arguments   names that have values before.
    """
    kinds = set(map(type, _blocks(body)))
    if not kinds & {ast.For, ast.While}:
        if ast.If in kinds:
            valued(body := deepcopy(list(body)))
        return list(body)
    with _deep():
        own = counted(deepcopy(list(body)))
        own = totals_apart(as_arrays(own)) if reader.function is not None else own
        own = plainer(own, reader.names)
        own = steps_first(reader, by_one_number(own, measures(own)), arguments)
        apart = borders_apart if reader.function is not None else list
        own = apart(steps_apart(hoisted(fields_apart(apart(own), arguments))))
        valued(own)
        if reader.numbers is not None:
            may_be_empty(own)
            return own
        return bounded(own)


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
