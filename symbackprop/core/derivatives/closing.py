"""What one use of a tensor brings to a derivative, as one equation: slots without gaps, letters that meet, what is summed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.derivatives.local import RESULT, Letters
from symbackprop.core.functions import iverson
from symbackprop.core.letters import LETTERS
from symbackprop.core.passes.simplify import shrunk
from symbackprop.core.program import Equation, Ref, Step, Sum, position, slot, substituted

FIRST = LETTERS[2:] + LETTERS[:2]  # i and j are left to the equations that a person wrote


def seeded(
    body: Expr, operands: tuple[Ref, ...], sizes: dict[str, Expr], seeds: dict[str, str], index: tuple[str, ...]
) -> tuple[Expr, tuple[Ref, ...], dict[str, Expr], list[Expr]]:
    """The seed 1[k = i] as a factor: it names a letter i that would be summed after k, and ties one that stays.

    seeds   the letter k of each letter i of the target; none for a scalar.
    index   the letters that stay.
    """
    guards = [iverson(sp.Eq(position(k), position(i))) for i, k in seeds.items() if i in index]
    named = {i: k for i, k in seeds.items() if i not in index}
    operands = tuple(Ref(r.name, tuple(named.get(c, c) for c in r.index)) for r in operands)
    body = substituted(body, {position(i): position(k) for i, k in named.items()})
    return body, operands, {c: extent for c, extent in sizes.items() if c not in named}, guards


@cache
def packed(local: Expr, with_upstream: bool, count: int) -> tuple[Expr, tuple[int, ...], tuple[Symbol, ...]]:
    """upstream * local in slots without gaps: the body, which operands it uses (`count` is the result), and its slots."""
    free = local.free_symbols
    used = tuple(u for u in range(count + 1) if (slot(u) if u < count else RESULT) in free)
    shift = 1 if with_upstream else 0
    swap = {slot(u) if u < count else RESULT: slot(j + shift) for j, u in enumerate(used)}
    content, rest = local.primitive() if local.is_Add else (S.One, local)
    body = sp.Mul(content, substituted(rest, swap), *([slot(0)] if with_upstream else []))
    return body, used, tuple(slot(j) for j in range(len(used) + shift))


@cache
def local_form(local: Expr, count: int, used: tuple[int, ...]) -> tuple[Expr, tuple[Symbol, ...]]:
    """The local derivative by itself, in slots without gaps: the body and its slots."""
    swap = {slot(u) if u < count else RESULT: slot(j) for j, u in enumerate(used)}
    return substituted(local, swap), tuple(slot(j) for j in range(len(used)))


def distinct(index: tuple[str, ...], taken: Iterable[str], letters: Letters):
    """The letters of an operand made distinct, the guards that tie a repeated letter, and the sizes of the new letters."""
    new: list[str] = []
    guards: list[Expr] = []
    origin: dict[str, str] = {}
    for letter in index:
        if letter in new:
            (other,) = letters(1, {*taken, *new})
            guards.append(iverson(sp.Eq(position(letter), position(other))))
            origin[other] = letter
            letter = other
        new.append(letter)
    return tuple(new), guards, lambda sizes: {new: sizes[old] for new, old in origin.items()}


def closed(
    target: Ref,
    body: Expr,
    slots: tuple[Symbol, ...],
    operands: Sequence[Ref],
    sizes: dict[str, Expr],
    step: Step | None,
) -> Equation:
    """target = the sum of body(operands) over every letter of `sizes` that the target lacks.

    A letter that neither the body nor an operand mentions any more multiplies by its size.
    """
    over = tuple((letter, extent) for letter, extent in sizes.items() if letter not in target.index)
    op, refs = shrunk(Sum(body, slots, over), tuple(operands))
    return Equation(target, op, refs, step)
