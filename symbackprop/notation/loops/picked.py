"""Entries that are a sum over all, of which one counts: of what a loop itself changes, v[i]; of two loops, x[i + a]; in strides."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.guards import proven
from symbackprop.core.program import Sum, position, slot
from symbackprop.language.tensors import Tensor, letters
from symbackprop.notation.loops.frame import Frame
from symbackprop.notation.loops.indices import Away, Numbered, axes, mentions, number

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


def picked(tensor: Tensor, frame: Frame, places: Sequence[int], lows: Sequence[Expr], indices: Sequence[Away]) -> Tensor:
    """The entry of a tensor at a step of a loop, along some axes.

    places   the axes.
    lows     the number of the first entry along each.
    indices  what stands between the brackets.
    """
    own, step = letters(tensor.ndim), frame.loop.number(frame.head.low)
    at = [sp.expand(index.at(slot(1)) - low) for low, index in zip(lows, indices, strict=True)]
    tests = [iverson(sp.Eq(position(own[place]), number)) for place, number in zip(places, at, strict=True)]
    over = tuple((own[place], tensor.shape[place]) for place in places)
    kept = [k for k in range(tensor.ndim) if k not in places]
    op = Sum(sp.Mul(slot(0), *tests), (slot(0), slot(1)), over)
    return Tensor(tuple(tensor.shape[k] for k in kept), op, ((tensor, own), (step, ())), tuple(own[k] for k in kept))


def across(
    steps: Steps, node: ast.Subscript, numbered: Numbered, items: Sequence[ast.expr]
) -> tuple[Numbered, list[ast.expr]] | None:
    """A tensor at an index of two loops or more, or in strides, without that axis, and the other indices; None where none is such.

    Raises NotationError where the index may be before the first entry or after the last.
    """
    tensor, frames = numbered.tensor, {frame.head.letter: frame for frame in steps.frames}
    for axis, item in axes(items, tensor.ndim):
        if not mentions(item, frames) or axis >= tensor.ndim:
            continue
        at = number(steps.reader, item, frames)
        own = {letter: frame for letter, frame in frames.items() if at.has(position(letter))}
        slopes: dict[str, Any] = {letter: at.coeff(position(letter)) for letter in own}
        rest = sp.expand(at - sum(slope * position(letter) for letter, slope in slopes.items()))
        near = len(own) == 1 and all(abs(slope) == 1 for slope in slopes.values())  # a number of steps away
        if not own or near or any(not slope.is_Integer or rest.has(position(letter)) for letter, slope in slopes.items()):
            continue
        low = numbered.lows.get(axis, sp.Integer(max(frame.head.base or 0 for frame in own.values())))
        _inside(steps, node, item, sp.expand(at - low), tensor.shape[axis], own)
        places = letters(tensor.ndim)
        slots = {position(letter): slot(k + 1) for k, letter in enumerate(own)}
        test = iverson(sp.Eq(position(places[axis]), sp.expand(at - low).xreplace(slots)))
        kept = [k for k in range(tensor.ndim) if k != axis]
        op = Sum(sp.Mul(slot(0), test), (slot(0), *slots.values()), ((places[axis], tensor.shape[axis]),))
        numbers = [(frame.loop.number(frame.head.low), ()) for frame in own.values()]
        shape, index = tuple(tensor.shape[k] for k in kept), tuple(places[k] for k in kept)
        entry = Tensor(shape, op, ((tensor, places), *numbers), index)
        lows = {k - (k > axis): n for k, n in numbered.lows.items() if k != axis}
        return Numbered(entry, lows), [other for other in items if other is not item]
    return None


def _inside(steps: Steps, node: ast.Subscript, item: ast.expr, at: Expr, size: Expr, own: Mapping[str, Frame]) -> None:
    """Refuse an index that is not known to be one of an entry at every step that counts."""
    tests = [room for test in getattr(item, "tests", ()) for room in rooms(steps, test, own)]
    for e in (at, size - 1 - at):
        if not any(proven(least(sp.expand(e - room), own)) for room in (sp.S.Zero, *tests)):
            text, index = steps.reader.source.segment(node), steps.reader.source.segment(item)
            fault = f"{text} may be outside: {index} is not known to be from 0 to {size} - 1."
            raise steps.reader.fault(node, fault, "Let the loops, or an if around it, say so.")


def rooms(steps: Steps, test: ast.expr, own: Mapping[str, Frame]) -> Iterable[Expr]:
    """What is not negative where a condition holds: i - j of j <= i."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = (number(steps.reader, side, own) for side in (test.left, test.comparators[0]))
        match test.ops[0]:
            case ast.LtE() | ast.Lt() as op:
                yield sp.expand(right - left - int(isinstance(op, ast.Lt)))
            case ast.GtE() | ast.Gt() as op:
                yield sp.expand(left - right - int(isinstance(op, ast.Gt)))
            case _:
                pass


def least(e: Expr, own: Mapping[str, Frame]) -> Expr:
    """The least that an expression of steps comes to."""
    for letter, frame in own.items():
        slope: Any = e.coeff(position(letter))
        e = sp.expand(e.subs(position(letter), frame.head.low if slope.is_nonnegative else frame.head.high))
    return e
