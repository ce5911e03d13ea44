"""What a claim was understood as: programs over the truth's tensors, its true gradients and the steps before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.program import Program
from symbackprop.display.equations import equation_formula, inlined
from symbackprop.display.names import Names
from symbackprop.formulas.told import Told
from symbackprop.formulas.tree import Node, Row, items_of, split
from symbackprop.judge.weighing.composed import CLAIM
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims import Context, DoesNotFit, Left, NotUnderstood, Reading, read_claim
from symbackprop.notation.claims.words import how_to_call

Shape = tuple[Expr, ...]


@dataclass(frozen=True)
class Claim:
    """A claim, read.

    left       what its own left side says.
    readings   the ways to read its right side, the plainest first.
    unknown    letters that stand nowhere.
    formulas   what was understood: a right side, or an equation a line.
    between    the sides between the first and the last of a chain of equalities, of those that were understood.
    unread     why sides between them were not.
    """

    left: Left
    readings: tuple[Reading, ...]
    unknown: tuple[str, ...]
    formulas: tuple[Node, ...]
    between: tuple[Claim, ...] = ()
    unread: tuple[Told, ...] = ()


class Said(NamedTuple):
    """Names that stand for something beside those of the network.

    shapes    theirs.
    stands    of those, the ones that stand for gradients at steps of a loop: by what.
    views     names of which a legend says what they are with so many indices: the name of the view, and how many.
    lettered  names that were given at several letters: their names at each of them.
    own       tensors z of which a step said dz: what that is called.
    """

    shapes: Mapping[str, Shape]
    stands: Mapping[str, str] = {}
    views: Mapping[str, tuple[str, int]] = {}
    lettered: Mapping[str, Mapping[tuple[str, ...], str]] = {}
    own: Mapping[str, str] = {}


def context_of(truth: Truth, said: Said | None) -> Context:
    """What a claim about a truth may mention."""
    shapes, *others = said or Said({})
    stands, views, lettered, own = others
    context = Context(nameable(truth), truth.of, defined=shapes, aliases=truth.network.aliases, numbered=truth.numbered)
    return replace(context, stands=stands, views=views, lettered=lettered, own=own)


def read(
    claim: Any,
    truth: Truth,
    of: str,
    wrt: str | None,
    symbols: Mapping[str, str],
    said: Said | None = None,
    left: tuple[tuple[str, Expr], ...] = (),
) -> Claim:
    """A claim about d of / d wrt. Raises NotUnderstood, with the place, the fault and the mend.

    said   what names stand for beside those of the network.
    left   the indices of what is claimed, with their sizes, where the claim is a right-hand side alone.
    """
    context = replace(context_of(truth, said), of=of, wrt=wrt, symbols=dict(symbols), left=left)
    found = read_claim(claim, context)
    readings = found.readings
    if diagonal_may_be_meant(truth, of, wrt):
        alone = read_claim(claim, replace(context, of=truth.of))
        readings = (*(r for r in alone.readings if r.fits), *readings)
    first = readings[0]
    if first.formula is not None:
        formulas: tuple[Node, ...] = (first.formula,)
    else:  # code with steps says more by itself than its whole tensors do
        formulas = () if truth.loops else formulas_of(first.program, truth)
    between = tuple(Claim(found.left, one, (), (one[0].formula,) if one[0].formula is not None else ()) for one in found.between)
    return Claim(found.left, readings, found.unknown, formulas, between, found.unread)


def nameable(truth: Truth) -> Program:
    """The truth's program, in which only what a person named has a name."""
    named = set(truth.named)
    tensors = {n: replace(t, named=n in named) for n, t in truth.program.tensors.items()}
    return replace(truth.program, tensors=tensors)


def diagonal_may_be_meant(truth: Truth, of: str, wrt: str | None) -> bool:
    """Whether a Jacobian may be given by its diagonal: both ends have one shape, and axes."""
    if of == truth.of or wrt is None or of not in truth.program.tensors or truth.program.tensors[truth.of].shape:
        return False
    return bool(truth.program.shape(of)) and equal_shapes(truth.program.shape(of), truth.program.shape(wrt))


def formulas_of(program: Program, truth: Truth) -> tuple[Node, ...]:
    """What a program says: its right side in one formula where that can be, else an equation a line."""
    names = Names(replace(program, tensors={**truth.program.tensors, **program.tensors}))
    for whole in inlined(names, [e.target.name for e in program.equations if e.target.name != CLAIM]):
        return (Row(items_of(split(whole)[1] or whole)[1:]),)
    return tuple(equation_formula(names, e) for e in program.equations)


def equal_shapes(a: Sequence[Expr], b: Sequence[Expr]) -> bool:
    """Whether two shapes are equal for all sizes."""
    return len(a) == len(b) and all(sp.expand(x - y) == 0 for x, y in zip(a, b, strict=True))


__all__ = ["CLAIM", "Claim", "DoesNotFit", "NotUnderstood", "Reading", "read"]


def nothing_called(name: str) -> NotUnderstood:
    """The refusal of a derivative by a name that the network lacks."""
    mend = f"Name one of its tensors, or say which this is: {how_to_call(name)}."
    return NotUnderstood(f"there is no {name} in this network.", mend)
