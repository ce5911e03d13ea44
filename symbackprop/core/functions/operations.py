"""Functions of many entries at once: a row of REDUCTIONS, or of `matrices.MATRIX_FUNCTIONS`, is all that there is to an operation.

| who asks                      | columns                       |
|---|---|
| the chain rule                | local, reads, pattern         |
| display, documents            | latex, empty, kink            |
| backends                      | numpy, helper                 |
| `core.program.check`          | scalar; that the row is there |

The witness asks for one column, `analytic`: `evaluate.rules.primitives` and `evaluate.rules.of_matrices` have tables of their
own, with a rule written by hand for each row, and refuse a row that they have no rule for. So has `evaluate.walk`, which runs a
program in floats, fifty digits or residues modulo a prime: there "prod", "inverse", "pinv" and "det" are exact, "max" and "min"
are decided by the float beside a residue, and "logsumexp" and "logdet" are formal logarithms. So a new row is a row here, and a
rule in each of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.functions.row import Column, X, Y
from symbackprop.core.functions.where import iverson

TIES = Symbol("ties")  # how many entries equal the result
OTHERS = Symbol("others")  # the reduction of all entries but this one


class UnknownOperationError(SymbackpropError):
    """A reader met an operation that it has no row for; the message names both."""


T = TypeVar("T")


def known(table: Mapping[str, T], kind: str, reader: str) -> T:
    """The entry `kind` of a table; `reader` says whose table it is. Raises UnknownOperationError where there is none."""
    if kind not in table:
        raise UnknownOperationError(f'{reader} has no row for "{kind}"; it knows {", ".join(table)}. Add the row there')
    return table[kind]


@dataclass(frozen=True)
class Reduction:
    """One reduction over letters, in any order of the entries; of one entry it is that entry.

    name      what a user writes.
    latex     how it is printed as a function of a whole tensor; "" where nobody writes it so.
    sign      how it is printed with the letters below it; "": as `latex`.
    column    works `local` out: d y / d x of one entry, in the entry x, the result y, TIES and OTHERS.
    empty     the value on an empty range: an entry of this value changes nothing, so that it is printed as left out.
    numpy     the method of arrays that computes it; where there is none, the function of `helper`, with the argument axis.
    helper    the definition of that function in NumPy.
    pattern   the gate's pattern, as lecturers name it.
    kink      which subgradient is chosen.
    inner     what is printed after the sign for each entry, as logsumexp is the log of a sum of exp.
    analytic  whether it goes on along complex numbers, so that its derivative can be taken by a complex step.
    """

    name: str
    latex: str
    column: Column
    empty: Expr
    numpy: str
    helper: str = ""
    sign: str = ""
    pattern: str = "map"
    kink: str = ""
    inner: Expr = X
    analytic: bool = True

    @cached_property
    def local(self) -> Expr:
        """d y / d x of one entry."""
        return self.column()


_LOGSUMEXP = '''
def logsumexp(x, axis=None):
    """log(sum(exp(x))), shifted by the largest entry so that nothing overflows."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    return np.squeeze(top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)), axis=axis)
'''.strip()


def _share() -> Expr:
    return iverson(sp.Eq(X, Y)) / TIES


_TIES = "entries that tie for the {} share the slope equally"
REDUCTIONS = {
    row.name: row
    for row in (
        Reduction("max", r"\max", _share, S.NegativeInfinity, "max", pattern="max", kink=_TIES.format("maximum")),
        Reduction("min", r"\min", _share, S.Infinity, "min", pattern="max", kink=_TIES.format("minimum")),
        Reduction(
            "logsumexp", r"\operatorname{logsumexp}", lambda: sp.exp(X - Y), S.NegativeInfinity,
            "logsumexp", _LOGSUMEXP, r"\log\sum", inner=sp.exp(X),
        ),
        Reduction("prod", "", lambda: OTHERS, S.One, "prod", sign=r"\prod", pattern="multiply"),
    )
}  # fmt: skip


def reduction(kind: str) -> Reduction:
    """The row `kind` of REDUCTIONS. Raises UnknownOperationError where there is none."""
    return known(REDUCTIONS, kind, "the table of reductions")
