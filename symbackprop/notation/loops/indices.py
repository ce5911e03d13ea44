"""Indices that count steps: z[l-1], W[l], x[t, :, 0], h[l, t-1]; and the number that an array's entries are counted from."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.program import position
from symbackprop.language.operations.shapes import chained
from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.declarations import Reading
from symbackprop.notation.errors import NotationError
from symbackprop.notation.identifiers import names_in
from symbackprop.notation.loops.header import Header, is_dotted, is_measure, is_plain
from symbackprop.notation.vocabulary import plain

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader


class Away(NamedTuple):
    """An index: a number of places from the step of a loop, l + places, or places - l, which falls as the step rises."""

    letter: str
    places: Expr
    falls: bool = False

    def least(self, head: Header) -> Expr:
        """The least number that the index comes to in a loop."""
        return sp.expand(self.places - head.high if self.falls else self.places + head.low)

    def most(self, head: Header) -> Expr:
        """The largest."""
        return sp.expand(self.places - head.low if self.falls else self.places + head.high)

    def at(self, step: Expr) -> Expr:
        """The number at a step."""
        return sp.expand(self.places - step if self.falls else self.places + step)


@dataclass
class Numbered:
    """A tensor whose entries have numbers along some axes.

    lows     the number of the first entry along some axes.
    starts   values before the first entry or after the last, by their numbers.
    line     of the loop that writes it.
    steps    of an array that a loop filled: what the loop wrote alone.
    before   of such an array, all rows before the first entry, and `after` all behind the last, where they are many.
    """

    tensor: Tensor
    lows: Mapping[int, Expr] = field(default_factory=dict)
    starts: Mapping[Expr, Tensor] = field(default_factory=dict)
    line: int = 0
    steps: Numbered | None = None
    before: Tensor | None = None
    after: Tensor | None = None

    def is_outside(self, index: Away, head: Header) -> bool:
        """Whether a step of a loop reads before the first entry or after the last."""
        begin = sp.expand(index.least(head) - self.lows.get(0, sp.S.Zero))
        return bool(begin.is_negative or sp.expand(begin + head.extent - self.tensor.shape[0]).is_positive)

    def row(self, number: Expr) -> Tensor | None:
        """A row of an array that a loop filled, that every size has: one beside its steps, the first or the last of them."""
        if self.steps is None:
            return None
        own, low = self.steps, self.steps.lows[0]
        place = sp.expand((number + self.tensor.shape[0] if number.is_negative else number) - low)
        if (start := own.starts.get(sp.expand(place + low))) is not None:
            return start
        return own.tensor[place] if place in (0, sp.expand(own.tensor.shape[0] - 1)) else None

    def extended(self) -> Numbered:
        """The same with the values before its first entry and after its last, as far as they follow one another."""
        if not self.starts and self.before is None and self.after is None:
            return self
        low = self.lows.get(0, sp.S.Zero)
        before, after = [], []
        while (value := self.starts.get(sp.expand(low - len(before) - 1))) is not None:
            before.insert(0, value)
        while (value := self.starts.get(sp.expand(low + self.tensor.shape[0] + len(after)))) is not None:
            after.append(value)
        rows = [*((row, True) for row in before), (self.tensor, False), *((row, True) for row in after)]
        if self.before is not None:
            rows, before = [(self.before, False), *rows[len(before) :]], []
            low -= self.before.shape[0]
        if self.after is not None:
            rows = [*rows[: len(rows) - len(after)], (self.after, False)]
        if len(rows) == 1:
            return self
        whole = chained(rows)
        whole.parts = tuple(rows)
        return Numbered(whole, {**self.lows, 0: sp.expand(low - len(before))}, {}, self.line, self)


def items_of(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def is_whole(item: ast.expr) -> bool:
    """Whether an item is a colon alone."""
    return isinstance(item, ast.Slice) and not (item.lower or item.upper or item.step)


def mentions(node: ast.expr, letters: Collection[str]) -> bool:
    """Whether an index is arithmetic in the letter of a loop."""
    return is_plain(node) and any(isinstance(n, ast.Name) and n.id in letters for n in ast.walk(node))


def away(reader: Reader, node: ast.expr, letters: Collection[str]) -> Away | None:
    """How far an index is from the step of a loop; None where it has nothing to do with one.

    Raises NotationError where it is another expression of the letter, such as 2*l.
    """
    if not mentions(node, letters):
        return None
    if (found := near(reader, node, letters)) is None:
        raise astray(reader, node, letters)
    return found


def near(reader: Reader, node: ast.expr, letters: Collection[str]) -> Away | None:
    """How far an index is from the step of a loop; None where it is no number of steps away, as 2*l."""
    value = number(reader, node, letters)
    found = [letter for letter in letters if value.has(position(letter))]
    for sign in (1, -1) if len(found) == 1 else ():
        places = sp.expand(value - sign * position(found[0]))
        if not places.has(position(found[0])):
            return Away(found[0], places, sign < 0)
    return None


def origin(reader: Reader, head: Header, writes: Mapping[str, Expr], others: Collection[str]) -> Expr:
    """The number that the least step of a loop has on paper: its own where a person counts from 1, else that of arrays.

    Of range(1, T) in a Python function that reads x[t], it is 2: x[0] is the first, x_1. Where nothing tells it, it is 1.

    writes   how far from the step each array is that the loop fills: of alpha[t+1] = ... for t in 1..T-1, 2 is the first.
    others   what else it writes.
    """
    shifts, written = {*writes.values()}, [*writes, *others]
    if shifts - {sp.S.Zero}:
        own = head.low + next(iter(shifts)) if head.is_dotted and len(shifts) == 1 else sp.S.One
        return own if own.is_Integer and own > 1 else sp.S.One
    if head.is_dotted or reader.function is None or not head.low.is_Integer:
        return head.low if head.base == 1 else sp.S.One
    places: set[Expr] = set()
    nodes = [n for s in head.node.body for n in ast.walk(s)]
    within = names_in(*(loop.target for loop in nodes if isinstance(loop, ast.For)))
    others = (within | {*reader.steps.letters}) - {head.letter}
    for node in (n for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)):
        if isinstance(node.value, ast.Name) and node.value.id not in written:
            own = [item for item in items_of(node) if mentions(item, [head.letter]) and not mentions(item, others)]
            found = (near(reader, item, [head.letter]) for item in own)
            places |= {one.places for one in found if one is not None and not one.falls}
    place = sp.S.Zero if 0 in places else next(iter(places)) if len(places) == 1 else None
    return sp.S.One if place is None or not place.is_Integer else max(sp.S.One, head.low + place + 1)


def astray(reader: Reader, node: ast.expr, letters: Collection[str]) -> NotationError:
    """What is said of an index that is no step before or after."""
    own = sorted(names_in(node) & {*letters})
    fault = f"[{reader.source.segment(node)}] is no fixed number of steps away."
    if len(own) < 2:
        return reader.evaluator.unread(node, fault, f"Write [{own[0]}], or [{own[0]}-1].")
    fault = f"[{reader.source.segment(node)}] counts the steps of two loops, over {own[0]} and over {own[1]}."
    return reader.fault(node, fault, "Let the function run on example arrays, with sb.trace or --trace.")


def partly(reader: Reader, target: ast.Subscript, letters: Collection[str]) -> NotationError:
    """What is said of a target that is not the whole tensor of a step."""
    name, at = ast.unparse(target.value), next((item for item in items_of(target) if mentions(item, letters)), None)
    if at is None or at is items_of(target)[0]:
        return reader.fault(target, "an entry cannot be set.", "Write the whole tensor of a step: z[l] = ...")
    mend = f"Let the steps stand first, {name}[{ast.unparse(at)}] = ..., and read {name} so."
    if reader.function is not None:
        mend += " Or trace the function on example arrays, with sb.trace or --trace."
    return reader.fault(target, f"the steps of {name} do not stand first.", mend)


def number(
    reader: Reader, node: ast.expr, letters: Collection[str] = (), unknown: Callable[[ast.Name], Expr] | None = None
) -> Expr:
    """An index of whole numbers, sizes, lengths of arrays and the letters of loops."""

    def measured(node: ast.expr) -> Expr | None:
        return as_number(plain(reader.evaluator.plain(reader.evaluator.value(node)))) if is_measure(node) else None

    def named(name: ast.Name) -> Expr:
        if name.id in letters:
            return position(name.id)
        if unknown is not None and not reader.known(name.id):
            return unknown(name)
        value = plain(reader.evaluator.plain(reader.lookup(name)))
        if isinstance(value, int | Expr) and as_number(value).is_integer:
            return as_number(value)
        raise reader.fault(name, f"{name.id} is no number of steps.", "Write whole numbers and sizes: z[l-1], z[n].")

    return sp.expand(Reading(reader.source, named, measured).size(node))


def is_line(statement: ast.stmt) -> bool:
    """Whether a statement has no statements in it."""
    return isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr)


def targets(statements: Iterable[ast.stmt]) -> Iterator[ast.Subscript]:
    """What statements give values to entry by entry: z[l] of z[l] = ..."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
                yield node


def assigned(statements: Sequence[ast.stmt]) -> list[str]:
    """The names that statements give values to, without those of inner loops' steps."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    loops = [n for node in nodes if isinstance(node, ast.For) for n in ast.walk(node.target)]
    steps = {n.id for n in loops if isinstance(n, ast.Name)}
    names = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return [name for name in dict.fromkeys(names) if name not in steps]


@dataclass(frozen=True)
class Open:
    """A declaration whose number of entries a loop tells: W[l]: parameter[h, h].

    widths   the sizes in it that stand with a number, h[l-1], by name and number.
    """

    target: ast.Subscript
    rank: int
    input: Callable[[tuple[Expr, ...]], Tensor]
    annotation: ast.expr
    widths: tuple[tuple[str, Expr], ...] = ()


class Counting:
    """From which number the entries of arrays are counted: 1 where `1..n` reads them, else 0, as Python does.

    bases    by the name of an array and its axis.
    plain    the arrays that were read by a number as Python counts.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.bases: dict[tuple[str, int], Expr] = {}
        self.plain: set[tuple[str, int]] = set()

    def foresee(self, statements: Sequence[ast.stmt]) -> None:
        """Note the arrays that loops over A..B read by their steps."""
        loops = [n for s in statements if not is_line(s) for n in ast.walk(s) if isinstance(n, ast.For) and is_dotted(n)]
        for loop in loops:
            assert isinstance(loop.iter, ast.BinOp)
            zero = any(isinstance(b, ast.Constant) and b.value == 0 for b in (loop.iter.left, loop.iter.right))
            letter = loop.target.id if isinstance(loop.target, ast.Name) else ""
            for node in (n for s in loop.body for n in ast.walk(s)):
                if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                    for axis, item in axes(items_of(node)):
                        if mentions(item, {letter}):
                            self.bases.setdefault((node.value.id, axis), sp.S.Zero if zero else sp.S.One)

    def base(self, name: str | None, axis: int, size: Expr, header: Header, index: Away, node: ast.expr) -> Expr:
        """The number of an array's first entry where a loop reads it."""
        key = (name or "", axis)
        if name is not None and key in self.bases:
            return self.bases[key]
        base = header.base
        if base is None:
            outside = sp.expand(index.most(header) + 1 - size).is_positive
            base = 1 if outside and self.reader.function is None and (index.least(header) - 1).is_nonnegative else 0
        if base and key in self.plain:
            fault = f"{name} is counted from 0 above, and from {base} here."
            raise self.reader.fault(node, fault, f"Write the loop over range(...), from 0, or name the entry of {name} in it.")
        if name is not None:
            self.bases[key] = sp.Integer(base)
        return sp.Integer(base)


def axes(items: Sequence[ast.expr], rank: int | None = None) -> Iterator[tuple[int, ast.expr]]:
    """The items of an index that stand for an axis each, with its number; what follows an ellipsis only where the rank is known."""
    own = [item for item in items if not (isinstance(item, ast.Constant) and item.value is None)]
    for k, item in enumerate(own):
        if isinstance(item, ast.Constant) and item.value is Ellipsis:
            if rank is not None:
                yield from ((rank - len(own) + j, own[j]) for j in range(k + 1, len(own)))
            return
        yield k, item
