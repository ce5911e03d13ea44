"""The cross product as one equation: y_i = sum_{j, k} e_ijk a_j b_k over axes of size 3.

e_ijk = (i - j)(j - k)(k - i)/2 is 1 for 0, 1, 2 and what is turned round of it, -1 for 2, 1, 0, and 0 where two are equal. What is
differentiated and printed is this equation; what is compiled is `in_entries`, which multiplies no zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import iverson
from symbackprop.core.guards import is_position, letters_of
from symbackprop.core.program import Equation, Op, Program, Ref, Signature, Sum, letter_sizes, position, slot

THREE = sp.Integer(3)


class Turned(NamedTuple):
    """A body as rest * e_ijk; the letters i, j, k are sorted."""

    letters: tuple[str, str, str]
    rest: Expr


def turn(i: str, j: str, k: str) -> Expr:
    """e_ijk as a body in the positions of three letters."""
    x, y, z = map(position, (i, j, k))
    return (x - y) * (y - z) * (z - x) / 2


def turned(body: Expr, sizes: Mapping[str, Expr]) -> Turned | None:
    """A body by its e_ijk; None where it has none or several, or where its letters are not of axes of size 3."""
    letters, rest = turns(body, sizes)
    return Turned(letters[0], rest) if len(letters) == 1 else None


def turns(body: Expr, sizes: Mapping[str, Expr]) -> tuple[list[tuple[str, str, str]], Expr]:
    """The letters of every e_ijk in a product, sorted, and the rest; none where a difference of letters belongs to none of them."""
    gaps: dict[tuple[str, ...], list[Expr]] = {}
    rest = S.One
    for part in sp.Mul.make_args(body):
        gap, power = part.as_base_exp()
        if _is_gap(gap) and power.is_Integer and power.is_positive:
            gaps.setdefault(tuple(sorted(letters_of(gap))), []).extend([gap] * int(power))
        else:
            rest *= part
    found = []
    for i, j, k in combinations(sorted({c for pair in gaps for c in pair if sizes.get(c) == 3}), 3):
        sides = [gaps.get(pair, []) for pair in ((i, j), (j, k), (i, k))]
        while all(sides):
            product = sp.Mul(*[side.pop() for side in sides])
            rest *= 2 if sp.expand(product - 2 * turn(i, j, k)) == 0 else -2  # some differences are the other way round
            found.append((i, j, k))
    return ([], body) if any(gaps.values()) else (found, rest)


def _is_gap(e: sp.Basic) -> bool:
    """Whether an expression is i - j."""
    if not isinstance(e, sp.Add) or len(e.args) != 2 or not all(map(is_position, e.free_symbols)):
        return False
    return {*e.as_coefficients_dict().values()} == {1, -1}


def in_entries(program: Program) -> Program:
    """The program with each cross product in the entries of its factors: y_0 = a_1 b_2 - a_2 b_1 and so on."""
    if not any(isinstance(e.op, Sum) and len(e.op.over) > 1 and _cross(program, e) for e in program.equations):
        return program
    tensors, written = dict(program.tensors), list[Equation]()
    known: dict[str, Ref] = {}

    def write(name: str, index: tuple[str, ...], op: Op, operands: tuple[Ref, ...], sizes: Mapping[str, Expr]) -> Ref:
        tensors[name] = Signature(name, tuple(sizes[c] for c in index), named=False)
        written.append(Equation(Ref(name, index), op, operands))
        return Ref(name, index)

    for equation in program.equations:
        found = _cross(program, equation)
        if found is None:
            written.append(equation)
            continue
        sizes, out, sides = letter_sizes(program, equation), found.out, []
        for ref, c in found.sides:
            entries = []
            for at in range(3):
                index = tuple(x for x in ref.index if x != c)
                name = f"entry({ref.name},{ref.index.index(c)},{at},{','.join(index)})"
                if name not in known:
                    entry = Sum(slot(0) * iverson(sp.Eq(position(c), at, evaluate=False)), (slot(0),), ((c, THREE),))
                    known[name] = write(name, index, entry, (ref,), sizes)
                entries.append(known[name])
            sides.append(entries)
        (a, b), target, parts = sides, equation.target, []
        own = tuple(x for x in target.index if x != out)
        for at in range(3):
            operands = (a[(at + 1) % 3], b[(at + 2) % 3], a[(at + 2) % 3], b[(at + 1) % 3])
            body = found.front * (slot(0) * slot(1) - slot(2) * slot(3))
            parts.append(write(f"cross({target.name},{at})", own, Sum(body, tuple(map(slot, range(4)))), operands, sizes))
        body = sp.Add(*[slot(at) * iverson(sp.Eq(position(out), at, evaluate=False)) for at in range(3)])
        written.append(replace(equation, op=Sum(body, tuple(map(slot, range(3)))), operands=tuple(parts)))
    return replace(program, tensors=tensors, equations=tuple(written))


class Cross(NamedTuple):
    """front * (the first side x the second) along the letter `out`: each side an operand with the letter that is summed."""

    front: Expr
    out: str
    sides: tuple[tuple[Ref, str], tuple[Ref, str]]


def _cross(program: Program, equation: Equation) -> Cross | None:
    return cross_of(equation, letter_sizes(program, equation)) if isinstance(equation.op, Sum) else None


def cross_of(equation: Equation, sizes: Mapping[str, Expr]) -> Cross | None:
    """An equation as the cross product of its two operands; None where it is none."""
    op = equation.op
    if not isinstance(op, Sum) or len(op.over) != 2 or len(op.slots) != 2 or not op.body.is_Mul:
        return None
    found = turned(op.body, sizes)
    if found is None:
        return None
    front, held = found.rest / (op.slots[0] * op.slots[1]), [c for c, _ in op.over]
    if front.free_symbols or {*held} - {*found.letters}:
        return None
    sides = [(ref, [c for c in ref.index if c in held]) for ref in equation.operands]
    (out,) = {*found.letters} - {*held}
    if any(len(own) != 1 for _, own in sides) or {c for _, (c,) in sides} != {*held} or out not in equation.target.index:
        return None
    if equation.target.index.count(out) != 1 or any(out in ref.index for ref in equation.operands):
        return None
    (a, (p,)), (b, (q,)) = sides
    if front.is_negative:
        (a, p), (b, q), front = (b, q), (a, p), -front
    if parity((out, p, q)) < 0:
        (a, p), (b, q) = (b, q), (a, p)
    return Cross(front, out, ((a, p), (b, q)))


def parity(letters: tuple[str, ...]) -> int:
    """1 for an even permutation of the sorted letters, -1 for an odd one."""
    return (-1) ** sum(x > y for x, y in combinations(letters, 2))
