"""Slices whose ends are at the step of a loop: x[:t+1] is a stretch, and x[t:t+k], of one length at all steps, an array."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.guards import proven
from symbackprop.core.program import position
from symbackprop.language import operations as op
from symbackprop.language.tensors import Tensor, as_number, as_tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.loops.header import is_plain
from symbackprop.notation.loops.indices import Numbered, axes, mentions, number
from symbackprop.notation.loops.picked import least, rooms
from symbackprop.notation.stretches import Span, Stretch, made, turned
from symbackprop.notation.truth import worked_out

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps
    from symbackprop.notation.reader import Reader


def is_stepped(item: ast.expr, letters: Sequence[str]) -> bool:
    """Whether a slice begins or ends at the step of a loop."""
    return isinstance(item, ast.Slice) and any(
        mentions(one, letters) for end in (item.lower, item.upper) if end is not None for one in _parts(end)
    )


def _parts(end: ast.expr) -> list[ast.expr]:
    """The two numbers of max(0, t - 2), or the one that it is."""
    match end:
        case ast.Call(func=ast.Name(id="max" | "min"), args=[one, other], keywords=[]):
            return [one, other]
        case _:
            return [end]


def stretched(steps: Steps, node: ast.Subscript, name: str | None, numbered: Numbered, items: Sequence[ast.expr]) -> Any:
    """The slices of an array at a step; None where none of them begins or ends there.

    Raises NotationError where a slice may begin or end before the first entry, which Python counts from the last.
    """
    if not any(is_stepped(item, steps.letters) for item in items):
        return None
    every = [ast.copy_location(ast.Slice(), node) if is_stepped(item, steps.letters) else item for item in items]
    whole = steps.entries.entry(node, name, numbered, every)
    text, lead = steps.reader.source.segment(node), numbered.tensor.ndim
    places = {id(item): axis for axis, item in axes(items, lead)}
    found = made(whole, (None,) * whole.ndim, text)
    axis = 0
    for one in items:
        if isinstance(one, ast.Slice) and is_stepped(one, steps.letters):
            if numbered.lows.get(places.get(id(one), 0), 0) != 0:
                fault = (
                    f"{text}: the entries are counted from {numbered.lows[places[id(one)]]}, and a part of them has two meanings."
                )
                raise steps.reader.fault(node, fault, "Write the loop over range(...), which counts from 0.")
            found = _cut(steps, node, one, found, axis)
        axis += isinstance(one, ast.Slice) or (isinstance(one, ast.Constant) and one.value is None)
    return found


def _cut(steps: Steps, node: ast.Subscript, item: ast.Slice, found: Tensor | Stretch, axis: int) -> Tensor | Stretch:
    whole, spans = (found.whole, found.spans) if isinstance(found, Stretch) else (found, (None,) * found.ndim)
    size, reader = whole.shape[axis], steps.reader
    back = item.step is not None and ast.unparse(item.step) == "-1"
    if item.step is not None and not back and ast.unparse(item.step) != "1":
        fault = f"{reader.source.segment(node)} goes in steps of {reader.source.segment(item.step)}."
        raise reader.fault(node, fault, "Write steps of 1, or of -1.")
    lower, upper = (item.upper, item.lower) if back else (item.lower, item.upper)
    low, first = _end(steps, node, item, lower, sp.S.Zero, size)
    high, after = _end(steps, node, item, upper, sp.expand(size - 1) if back else size, size)
    if back:  # from one number down to the one behind another
        low, first = (sp.expand(low + 1), as_tensor(first) + 1) if lower is not None else (low, first)
        high, after = sp.expand(high + 1), as_tensor(after) + 1
    span = Span(low, high, first, after)
    text = found.text if isinstance(found, Stretch) else reader.source.segment(node)
    fixed = not any(spans) and not span.length.has(*map(position, steps.letters), sp.Max, sp.Min)
    if fixed and _is_not_below(steps, item, sp.expand(size - high)):
        return _window(whole, axis, span, back)
    stretch = Stretch(whole, (*spans[:axis], span, *spans[axis + 1 :]), text)
    return turned(stretch, axis) if back else stretch


def _window(whole: Tensor, axis: int, span: Span, back: bool) -> Tensor:
    """As many entries at every step: number k is that of k + low."""
    count, first = op.arange(span.length), op.moveaxis(whole, axis, 0)
    places = as_tensor(span.after) - 1 - count if back else as_tensor(span.first) + count
    chosen = places[:, None] == op.arange(first.shape[0])[None, :]
    return op.moveaxis(chosen @ first if first.ndim == 1 else op.tensordot(chosen, first, 1), 0, axis)


def _end(
    steps: Steps, node: ast.Subscript, item: ast.Slice, end: ast.expr | None, other: Expr, size: Expr
) -> tuple[Expr, Any]:  # fmt: skip
    """A number at which a slice begins or ends, and as a value."""
    if end is None:
        return other, other
    reader, parts = steps.reader, _parts(end)
    if not all(map(is_plain, parts)):
        raise reader.fault(end, f"{reader.source.segment(end)} is no number of steps.", "Write whole numbers, sizes and steps.")
    numbers = [number(reader, part, steps.letters) for part in parts]
    if len(numbers) == 1 and numbers[0].is_negative:
        place = sp.expand(size + numbers[0])
        return place, place
    kind = None if len(numbers) == 1 else sp.Max if isinstance(end, ast.Call) and ast.unparse(end.func) == "max" else sp.Min
    many, enough = [_is_not_below(steps, item, n) for n in numbers], any if kind is sp.Max else all
    if not enough(many):
        text = reader.source.segment(node)
        fault = f"{text} may begin or end before the first entry: {reader.source.segment(end)} is not known to be at least 0."
        raise NotationError(fault, "Let the loops, an if around it or max(0, ...) say so.", reader.source.place(node))
    value = reader.evaluator.operand(end)
    return (numbers[0] if kind is None else kind(*numbers)), value


def _is_not_below(steps: Steps, item: ast.Slice, at: Expr) -> bool:
    own = {frame.head.letter: frame for frame in steps.frames}
    tests = [room for test in getattr(item, "tests", ()) for room in rooms(steps, test, own)]
    return any(proven(least(sp.expand(at - room), own)) for room in (sp.S.Zero, *tests))


def cut(reader: Reader, node: ast.Subscript, items: Sequence[ast.expr], base: Any, letters: Sequence[str]) -> Any:
    """The slices of an array whose ends are numbers by now; a stretch where they hold no entry."""
    tensor = as_tensor(reader.evaluator.numeric(node.value, base))
    taken, empty, axis = list[Any](), list[int](), 0
    places = {id(item): place for place, item in axes(items, tensor.ndim)}
    for item in items:
        one = reader.evaluator.item(item)
        if isinstance(one, slice) and is_stepped(item, letters):
            ends = (int(worked_out(as_number(e))) if e is not None else None for e in (one.start, one.stop, one.step))
            one = slice(*ends)
            size = tensor.shape[places[id(item)]]
            if size.is_Integer and not len(range(int(size))[one]):
                empty.append(axis)
                one = slice(None)
        taken.append(one)
        axis += one is None or isinstance(one, slice)
    found = tensor[tuple(taken)]
    nothing = Span(sp.S.Zero, sp.S.Zero, 0, 0)
    return made(found, [nothing if k in empty else None for k in range(found.ndim)], reader.source.segment(node))
