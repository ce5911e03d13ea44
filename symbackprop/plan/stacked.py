"""Sums of slices that cover an axis: a concatenation, or the states of a recurrence, is written in place."""

from __future__ import annotations

from symbackprop.plan.graph import Graph
from symbackprop.plan.node import Arg, Scatter, Stack, Value


def as_stack(graph: Graph, terms: list[Value]) -> Value | None:
    """The terms of a sum as one stack, where each is zero but for a slice of one axis, and the slices cover it."""
    slices = [_slice(v) for v in terms]
    if len(terms) < 2 or any(s is None for s in slices):
        return None
    found = sorted((s for s in slices if s is not None), key=lambda s: s.start)
    letter, letters = found[0].letter, terms[0].letters
    ends = [s.start + s.length for s in found]
    covered = found[0].start == 0 and ends[-1] == graph.extent[letter]
    if not covered or any(s.letter != letter for s in found) or any(a != b.start for a, b in zip(ends, found[1:], strict=False)):
        return None
    if any(set(v.letters) != set(letters) for v in terms):
        return None
    axis = letters.index(letter)
    args = [Arg(s.part.node, tuple(letters.index(c) for c in s.part.letters)) for s in found if s.part.node is not None]
    op = Stack(axis, tuple(s.start for s in found), tuple(s.thin for s in found))
    return Value(1.0, graph.node(op, args, graph.shape(letters)), letters)


class _Slice:
    """A slice of an axis, and what stands in it."""

    def __init__(self, letter: str, start: int, length: int, part: Value) -> None:
        self.letter, self.start, self.length, self.part = letter, start, length, part
        self.thin = letter not in part.letters


def _slice(value: Value) -> _Slice | None:
    node = value.node
    if node is None or value.coefficient != 1 or not isinstance(node.op, Scatter) or len(node.op.places) != 1:
        return None
    ((axis, place),) = node.op.places
    (arg,) = node.args
    letter = value.letters[axis]
    names = dict(enumerate(value.letters))
    if not place.terms and not node.over:
        if len(arg.at) != node.rank - 1:
            return None
        return _Slice(letter, place.offset, 1, Value(1.0, arg.node, tuple(names[k] for k in arg.at)))
    if len(place.terms) == 1 and place.terms[0] == (node.rank, 1) and len(node.over) == 1 and len(arg.at) == node.rank:
        names[node.rank] = letter
        return _Slice(letter, place.offset, node.over[0], Value(1.0, arg.node, tuple(names[k] for k in arg.at)))
    return None
