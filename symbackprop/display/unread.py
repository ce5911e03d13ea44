"""Windows that move by a stride may not come out even: which entries at the end of an axis are never read."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import affine, split
from symbackprop.core.program import Equation, Program, Sum, letter_sizes, position
from symbackprop.display.body import scalar
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Formula, Told, name, told
from symbackprop.formulas.tree import Node


def unread(program: Program) -> Iterator[Told]:
    """A sentence for each axis whose end no window reaches, as in a convolution of 28 pixels by a kernel of 3 with stride 2."""
    for equation in program.equations:
        if isinstance(equation.op, Sum):
            yield from _unread(program, equation)


def _unread(program: Program, equation: Equation) -> Iterator[Told]:
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
                    own = name(_called(program, equation.target.name))
                    yield told(
                        "The windows of {} move by {} along axis {} of {}, which does not come out even: {}, and {} does not "
                        "depend "
                        "on them. Padding, or another stride, reads them.",
                        own, str(moves[0][1]), str(axis), name(operand.name), rest, own,
                    )  # fmt: skip


def _called(program: Program, value: str) -> str:
    """A value, or what reads it where nobody named it: what a pooling gives, for its windows."""
    readers = {n: [e.target.name for e in program.equations if n in {r.name for r in e.operands}] for n in program.tensors}
    while not program.tensors[value].has_name and len(readers[value]) == 1:
        (value,) = readers[value]
    return value


def _rest(count: Expr) -> Told | None:
    """How many entries are left over, in words; None where there are none."""
    if count.is_Integer:
        several = told("the last {} entries are left over", str(count))
        return None if count <= 0 else told("the last entry is left over") if count == 1 else several
    floors = list(count.atoms(sp.floor))
    if len(floors) != 1:
        return None
    room, stride = floors[0].args[0].as_numer_denom()
    padding = sp.expand(room - stride * floors[0] - count)
    if not padding.is_Integer or padding >= stride - 1:
        return None
    left = Formula(f"({room}) mod {stride}" + (f" - {padding}" if padding else ""), _modulo(room, stride, padding))
    return told("the last {} entries are left over (none where this is below 1)", left)


def _modulo(room: Expr, stride: Expr, padding: Expr) -> Node:
    rest = f.beside(f.bracket(scalar(room)), f.words(" mod "), scalar(stride))
    return f.add([rest, f.negative(scalar(padding))]) if padding else rest
