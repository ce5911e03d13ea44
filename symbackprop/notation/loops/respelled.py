"""Loops as people write them, in the words that are read: each step here is the same program in other statements."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

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


def respelled(reader: Reader, own: list[ast.stmt], arguments: Sequence[str]) -> list[ast.stmt]:
    """Statements with loops, which are the caller's to change, as they are read; for `arguments` see `prepared`."""
    own = counted(own)
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
