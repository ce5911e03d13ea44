"""Windows that move by a stride may not come out even: which entries at the end of an axis are never read."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import affine, split
from symbackprop.core.program import Equation, Program, Sum, letter_sizes, position


def unread(program: Program) -> Iterator[str]:
    """A sentence for each axis whose end no window reaches, as in a convolution of 28 pixels by a kernel of 3 with stride 2."""
    for equation in program.equations:
        if isinstance(equation.op, Sum):
            yield from _unread(program, equation)


def _unread(program: Program, equation: Equation) -> Iterator[str]:
    assert isinstance(equation.op, Sum)
    sizes = letter_sizes(program, equation)
    for guard in split(equation.op).guards:
        for operand in equation.operands:
            for axis, letter in enumerate(operand.index):
                if guard.lhs != position(letter) or letter in equation.target.index:
                    continue
                form = affine(guard.rhs)
                moves = [(c, s) for c, s in form.slopes.items() if c in equation.target.index and s.is_Integer and s > 1]
                if len(form.slopes) < 2 or len(moves) != 1 or form.opaque != 0:
                    continue
                last = form.offset + sp.Add(*[slope * (sizes[c] - 1) for c, slope in form.slopes.items()])
                rest = _rest(sp.expand(sizes[letter] - 1 - last))
                if rest is not None:
                    yield (
                        f"The windows of {equation.target.name} move by {moves[0][1]} along axis {axis} of {operand.name}, "
                        f"which does not come out even: {rest}, and {equation.target.name} does not depend on them. "
                        f"Padding, or another stride, reads them."
                    )


def _rest(count: Expr) -> str | None:
    """How many entries are left over, in words; None where there are none."""
    if count.is_Integer:
        return None if count <= 0 else "the last entry is left over" if count == 1 else f"the last {count} entries are left over"
    floors = list(count.atoms(sp.floor))
    if len(floors) != 1:
        return None
    room, stride = floors[0].args[0].as_numer_denom()
    padding = sp.expand(room - stride * floors[0] - count)
    if not padding.is_Integer or padding >= stride - 1:
        return None
    return (
        f"the last ({room}) mod {stride}"
        + (f" - {padding}" if padding else "")
        + " entries are left over (none where this is below 1)"
    )
