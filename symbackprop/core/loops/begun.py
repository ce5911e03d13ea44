"""Arrays that hold what a loop carries behind its starts: p[l i] = h0[i] 1[l = 0] + h[l-1 i] is h one step before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import Where
from symbackprop.core.guards import affine
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Carry, Equation, Ref, Sum, position


class Begun(NamedTuple):
    """An array that is a carried value at the places of one of its letters.

    name   what is carried.
    letter of the array.
    axis   of the loop.
    shift  from a place of the array on to that of the loop; before its first, or behind its last, starts stand.
    """

    name: str
    letter: str
    axis: Axis
    shift: Expr


def begun(of: Recursion, equation: Equation) -> Begun | None:
    """What an array holds that is a carried value with its starts beside it; None where it is anything else."""
    found = _terms(equation)
    if found is None:
        return None
    letter, starts, rest = found
    inner = of.written.get(rest.name)
    end = None if inner is None or of.program.tensors[rest.name].named else of.end(inner)
    if inner is None or end is None or rest.index != equation.target.index:
        return None
    ref, axis, pin = end
    place = equation.target.index.index(letter)
    shift = sp.expand(pin - position(inner.target.index[place]))
    extent = of.program.shape(equation.target.name)[place]
    if not shift.is_Integer or sp.expand(extent - axis.extent - len(starts)) != 0:
        return None
    own = {sp.expand(at + shift): start for at, start in starts.items()}
    return Begun(ref.name, letter, axis, shift) if any(_carries(of, ref.name, axis, own, way) for way in (1, -1)) else None


def _terms(equation: Equation) -> tuple[str, Mapping[Expr, Ref], Ref] | None:
    """The letter and the starts by its places, and the operand that stands beside them."""
    op, starts, others = equation.op, dict[tuple[str, Expr], Ref](), list[Ref]()
    if not isinstance(op, Sum) or op.over or not op.body.has(Where):
        return None
    refs = dict(zip(op.slots, equation.operands, strict=True))
    for term in sp.Add.make_args(op.body):
        read = [refs[s] for s in refs if term.has(s)]
        where = [x for x in sp.Mul.make_args(term) if isinstance(x, Where)]
        if len(read) != 1 or term != sp.Mul(*(s for s in refs if term.has(s)), *where) or len(where) > 1:
            return None
        if not where:
            others += read
            continue
        test, *sides = where[0].args
        own = affine(test.lhs - test.rhs) if isinstance(test, sp.Eq) else None  # type: ignore[operator]  # SymPy promises a Basic only
        if own is None or sides != [1, 0] or len(own.slopes) != 1 or own.opaque != 0:
            return None
        ((letter, slope),) = own.slopes.items()
        if letter not in equation.target.index or read[0].index != tuple(c for c in equation.target.index if c != letter):
            return None
        starts[letter, sp.expand(-own.offset / slope)] = read[0]
    letters = {letter for letter, _ in starts}
    return (letters.pop(), {at: ref for (_, at), ref in starts.items()}, others[0]) if len(letters) == len(others) == 1 else None


def _carries(of: Recursion, name: str, axis: Axis, starts: Mapping[Expr, Ref], way: int) -> bool:
    """Whether a loop that runs one way carries a value from these starts on, which stand beside its steps."""
    for back in range(len(starts)):
        start = starts.get(sp.Integer(-1 - back) if way > 0 else sp.expand(axis.extent + back))
        carry = next((e for e in of.written.values() if start is not None and _is_carry(of, e, name, axis, start, way)), None)
        if carry is None:
            return False
        name = carry.target.name
    return True


def _is_carry(of: Recursion, equation: Equation, name: str, axis: Axis, start: Ref, way: int) -> bool:
    op = equation.op
    if not isinstance(op, Carry) or op.step != way or equation.operands[0].name != name:
        return False
    if of.axis_letters(equation).get(op.letter) != axis:
        return False
    first = of.written.get(start.name)
    is_zero = first is not None and isinstance(first.op, Sum) and first.op.body == 0
    rest = tuple(c for c in equation.target.index if c != op.letter)
    return equation.operands[1] == Ref(start.name, rest) if len(equation.operands) > 1 else is_zero
