"""Whether samples are apart: whether an entry of a value depends on the entries of the same sample alone."""

from __future__ import annotations

from typing import assert_never

from symbackprop.core.chain_rule import on_path
from symbackprop.core.program import Carry, Equation, Matrix, Program, Reduce, Ref, Sum


def apart(program: Program, of: str, wrt: str, lead: int) -> bool:
    """Whether of[b ...] depends on no wrt[c ...] but that of c = b, where b are the first `lead` axes of both.

    It is proved where every equation between them reads at b what it writes at b; else it is not known, and False.
    """
    path = on_path(program, of, {wrt})
    places = {wrt: tuple(range(lead))}
    for equation in program.equations:
        name, index = equation.target.name, equation.target.index
        if name == wrt or name not in path:
            continue
        on_way = [r for r in equation.operands if r.name in path]
        if any(r.name not in places for r in on_way):  # a step of a loop that is read ahead
            return False
        read = {_letters(equation, r, places[r.name]) for r in on_way}
        letters = read.pop()
        if read or not set(letters) <= set(index):
            return False
        places[name] = tuple(map(index.index, letters))
    return places.get(of) == tuple(range(lead))


def _letters(equation: Equation, operand: Ref, places: tuple[int, ...]) -> tuple[str, ...]:
    """The letters of some axes of an operand; "" for an axis that is taken whole, or read a step before."""
    match equation.op:
        case Matrix():
            mixed = set(range(len(operand.index) - 2, len(operand.index)))
        case Carry(letter=letter):
            mixed = {k for k, c in enumerate(operand.index) if c == letter}
        case Sum() | Reduce():
            mixed = set()
        case _:
            assert_never(equation.op)
    return tuple("" if k in mixed else operand.index[k] for k in places)
