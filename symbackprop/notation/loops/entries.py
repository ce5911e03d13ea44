"""What z[l-1], W[l] and z[n] stand for where loops are kept."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.expressions import is_below_zero
from symbackprop.core.program import position, same_size, shape_text
from symbackprop.language.operations import zeros
from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.arrays import copied
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grown import Grown, mapped
from symbackprop.notation.loops.frame import Frame
from symbackprop.notation.loops.indices import Away, Numbered, astray, away, axes, is_plain, items_of, mentions, number
from symbackprop.notation.loops.lists import back, last_of
from symbackprop.notation.loops.picked import across, picked
from symbackprop.notation.loops.several import rebuilt, stem
from symbackprop.notation.loops.so_far import old_row, so_far
from symbackprop.notation.loops.stretched import is_stepped, stretched
from symbackprop.notation.rounds import List

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps

WHOLE = slice(None)


class Entries:
    """Entries of tensors by numbers and steps."""

    def __init__(self, steps: Steps) -> None:
        self.steps, self.reader = steps, steps.reader
        self._wider: dict[int, tuple[Numbered, Tensor]] = {}  # stacks with their starts, and the stack
        self._cuts: dict[tuple[int, int, Expr, Expr, bool], tuple[Tensor, Tensor]] = {}  # parts of a tensor, and the tensor

    def value(self, node: ast.Subscript) -> Any:
        """The entry; None where the index has nothing to do with a loop."""
        name = node.value.id if isinstance(node.value, ast.Name) else None
        items, steps = items_of(node), self.steps
        writing = steps.writing(name)
        of_loop = bool(writing or steps.stack(name) or steps.started(name) or name in steps.opens)
        sliced = any(is_stepped(item, steps.letters) for item in items)
        if not of_loop and not sliced and not any(mentions(i, steps.letters) for i in items) and not self._is_counted(name, items):
            return None
        if writing and name in steps.rows and (old := self._old_entry(node, name or "", items, writing)) is not None:
            return old
        for depth, frame in enumerate(writing):
            if name in frame.lists and (of_list := self._of_list(node, name or "", items, frame)) is not None:
                return of_list
            if (items or depth) and (held := so_far(steps, name or "", writing[depth:], *items[:1])) is not None:
                return self.entry(node, None, Numbered(held, {0: sp.S.Zero}), items) if items else held
            earlier = self._earlier(node, name or "", items, frame)
            if earlier is not None:
                filled = name in steps.rows  # whole rows
                lows = {k: sp.S.Zero if filled else inner.low(name or "") for k, inner in enumerate(writing[depth + 1 :])}
                numbered = self._with_corners(node, name or "", Numbered(earlier, lows), items, writing[depth:])
                return self.entry(node, None, numbered, items[1:])
            items = items[1:]
        return self._of_name(node, name, items, writing)

    def _is_counted(self, name: str | None, items: list[ast.expr]) -> bool:
        """Whether an array is read by numbers that a loop counts it by; those of others are noted to be Python's."""
        counting, found = self.steps.counting, False
        for axis, item in axes(items) if name is not None else ():
            if is_plain(item):
                found |= counting.bases.get((name or "", axis), 0) != 0
                counting.plain.add((name or "", axis))
        return found

    def _of_name(self, node: ast.Subscript, name: str | None, items: list[ast.expr], writing: list[Frame]) -> Any:
        """An entry of this step's value, of what an earlier loop wrote, or of an array."""
        steps = self.steps
        if (stack := steps.stack(name)) is not None:
            return self.entry(node, name, stack, items)
        if writing and not items:
            text, frame = self.reader.source.segment(node), writing[-1]
            line = steps.line_of(frame, name or "")
            fault = f"{text} is used before line {line} of {steps.place(frame.head)} writes it."
            own = steps.line(node) == line
            mend = f"Write {steps.before(name or '', writing)}, of the step before." if own else "Move that line up."
            raise self.reader.fault(node, fault, mend)
        if name is not None and (start := self._started(name, items)) is not None:
            return self.entry(node, None, Numbered(start), items[1:])
        if name is not None and name in steps.opens:
            return self._opened(node, name, items)
        held = self.reader.evaluator.value(node.value)
        if isinstance(held, tuple | dict):
            return None
        if isinstance(held, Grown):
            if not any(mentions(item, steps.letters) or is_stepped(item, steps.letters) for item in items):
                return None
            return mapped(lambda t: self.entry(node, None, Numbered(t, {0: sp.S.Zero}), items), held.values)
        tensor = self.reader.evaluator.arrays.axes(node, as_tensor(self.reader.evaluator.numeric(node.value, held)))
        lows = {axis: base for (own, axis), base in steps.counting.bases.items() if own == name}
        return self.entry(node, name, Numbered(tensor, lows), items)

    def _started(self, name: str, items: list[ast.expr]) -> Tensor | None:
        """z[0], above the loop that goes on from it."""
        known = self.steps.started(name)
        if not known or not items or not is_plain(items[0]) or mentions(items[0], self.steps.letters):
            return None
        return known.get(number(self.reader, items[0]))

    def _opened(self, node: ast.Subscript, name: str, items: list[ast.expr]) -> Any:
        """W[l] of W[l]: parameter[h, h]: the loop tells how many there are."""
        steps, extents, opened, last = self.steps, [], self.steps.opens[name], dict[Expr, Expr]()
        for axis, item in list(axes(items))[: opened.rank]:
            index = away(self.reader, item, steps.letters)
            if index is None:
                raise self.reader.fault(
                    node, f"nothing tells yet how many {name} there are.", "Read it first in the loop that does."
                )
            frame = self.steps.frame_of(index)
            extents.append(frame.head.extent)
            last[position(ast.unparse(items_of(opened.target)[axis]))] = index.most(frame.head)
            steps.counting.bases[name, axis] = index.least(frame.head)
        if len(extents) < opened.rank:
            text = self.reader.source.segment(opened.target)
            raise self.reader.fault(node, f"{name} is declared as {text}.", f"Write all letters: {text}.")
        for width, at in opened.widths:
            steps.widths.reach(width, sp.expand(at.xreplace(last)))
        tensor = steps.told(name, extents)
        lows = {axis: steps.counting.bases[name, axis] for axis in range(len(extents))}
        return self.entry(node, name, Numbered(tensor, lows), items)

    # What stood in an array before the loop that fills it

    def _old_entry(self, node: ast.Subscript, name: str, items: list[ast.expr], writing: list[Frame]) -> Any:
        """What the loop has not written yet, h[t] above the line that writes it, h[t+1], h[0]; None for what it has."""
        rows, (frame, *inner) = self.steps.rows[name], writing
        letters = self.steps.letters
        if not mentions(items[0], letters):
            at = rows.place(number(self.reader, items[0])) if is_plain(items[0]) else None
            outside = at is not None and (sp.expand(at - rows.low).is_negative or sp.expand(at - rows.high).is_positive)
            row = frame.outer.starts.get(name, {}).get(at, rows.row(at)) if outside and at is not None else None
            return None if row is None else self.entry(node, None, Numbered(row), items[1:])
        own = [Away(f.head.letter, f.writes[name]) for f in writing]
        if inner and name not in self.steps.stacks and [away(self.reader, one, letters) for one in items[: len(own)]] == own:
            old = old_row(self.steps, node, name, writing)
            return None if old is None else self.entry(node, None, Numbered(old), items[len(own) :])
        index = away(self.reader, items[0], letters)
        if index is None or index.falls or inner or self.steps.frame_of(index) is not frame:
            return None
        back = sp.expand((frame.writes[name] - index.places) * frame.head.step)
        if back.is_negative or (back == 0 and name not in self.steps.stacks):
            ahead = sp.expand(index.most(frame.head) - rows.held.shape[0] + 1)
            if not ahead.is_nonpositive:
                return None
            if rows.empty and name not in self.steps.begun:
                return self.entry(node, None, Numbered(zeros(rows.held.shape[1:])), items[1:])
            return self.entry(node, None, Numbered(rows.held, {0: sp.S.Zero}), items)
        return None

    # The value of an earlier step

    def _of_list(self, node: ast.Subscript, name: str, items: list[ast.expr], frame: Frame) -> Any:
        """hs[-1] in the loop in which the list grows; None for another index."""
        growth = frame.lists[name]
        if len(items) == 1 and (several := last_of(growth, items[0])):
            return List(self._put_before(node, name, frame, k) for k in several)
        steps_back = back(growth, name, items[0]) if len(items) == 1 else 0
        return self._put_before(node, name, frame, steps_back) if steps_back else None

    def _put_before(self, node: ast.Subscript, name: str, frame: Frame, steps_back: int) -> Any:
        """The value that was put into a list as many steps before the next one."""
        growth = frame.lists[name]
        before = steps_back - growth.put
        if growth.values is None:
            raise self._too_few(node, name, frame)
        own = {n: self._before(node, n, frame, before) if before else self.steps.stacks[n].tensor for n in growth.leaves}
        return rebuilt(name, growth.values, own)

    def _too_few(self, node: ast.Subscript, name: str, frame: Frame) -> NotationError:
        head, text = frame.head, self.reader.source.segment(node)
        fault = f"{text} is no value at {head.letter} = {head.first}: {name} has too few."
        return self.reader.fault(node, fault, f"Write the start into the list above the loop: {name} = [...].")

    def _earlier(self, node: ast.Subscript, name: str, items: list[ast.expr], frame: Frame) -> Tensor | None:
        """z[l-1] in the loop that writes z; None for z[l], the step's own."""
        reader, steps = self.reader, self.steps
        index = away(reader, items[0], steps.letters) if items else None
        if index is not None and index.falls:
            raise astray(reader, items[0], steps.letters)
        if index is None or self.steps.frame_of(index) is not frame:
            text = steps.spelt(name, (f.head.letter for f in steps.writing(name)))
            fault = f"{reader.source.segment(node)} is no step of {steps.place(frame.head)}, which writes {name}."
            raise reader.evaluator.unread(node, fault, f"Write {text}, or a step before; other entries are read below the loop.")
        back = (frame.writes[name] - index.places) * frame.head.step
        if not back.is_Integer:
            raise reader.fault(
                node, f"{reader.source.segment(node)} is no number of steps away.", f"Write {name}[{index.letter}-1]."
            )
        if back.is_negative:
            raise self._ahead(node, name, frame)
        return self._before(node, name, frame, int(back)) if back else None

    def _ahead(self, node: ast.Subscript, name: str, frame: Frame) -> NotationError:
        """What is said of a value that a later step writes."""
        head, text = frame.head, self.reader.source.segment(node)
        if any(own == name for own, _ in frame.earlier):
            fault = f"{text} and earlier steps of {name} are read in {self.steps.place(head)}: a loop goes one way."
            return self.reader.fault(node, fault, "Write a loop for each direction.")
        way, other = ("rises", "falls") if head.step > 0 else ("falls", "rises")
        low, high = (head.high, head.low) if head.step > 0 else (head.low, head.high)
        before = self.steps.spelt(name, [f"{head.letter}{-head.step:+d}"])
        fault = f"{text} is not known yet: {self.steps.place(head)} {way}."
        return self.reader.fault(node, fault, f"Write {before}, or a loop that {other}: for {head.letter} in {low}..{high}:")

    def _before(self, node: ast.Subscript, name: str, frame: Frame, back: int) -> Tensor:
        """The stand-in for the value `back` steps before, and for those between."""
        head = frame.head
        for k in range(1, back + 1):
            if (name, k) in frame.earlier:
                continue
            index = sp.expand(head.first + frame.writes[name] - k * head.step)
            start = frame.outer.starts.get(name, {}).get(index)
            rows = frame.rows.get(name)
            if start is None and rows is not None:
                start = frame.outer.starts.get(name, {}).get(rows.place(index), rows.row(index))
            text = self.steps.text(frame, name, index)
            if start is None and name in frame.leaves:
                raise self._too_few(node, next(n for n, growth in frame.lists.items() if name in growth.leaves), frame)
            if start is None:
                step = self.reader.source.segment(node)
                first = f"{head.letter} = {head.first}"
                fault = f"{step} is {text} at {first}, and {text} is not given."
                if (late := self.steps.late.get((name, str(index)))) is not None:
                    fault = f"{step} is {text} at {first}, and {text} is not given above the loop, but on line {late}."
                    raise self.reader.fault(node, fault, f"Move that line above {self.steps.place(head)}.")
                mend = f"Write {text} = ... above {self.steps.place(head)}."
                for given in frame.outer.starts.get(name, {}):
                    begun = sp.expand(head.first + given - index)
                    mend += f" Or, as {self.steps.text(frame, name, given)} is given, let it begin at {head.letter} = {begun}."
                raise self.reader.fault(node, fault, mend)
            if k > 1 and start.shape != frame.earlier[name, 1].shape:
                fault = f"{text} is {shape_text(start.shape)}, the start after it {shape_text(frame.earlier[name, 1].shape)}."
                raise self.reader.fault(node, fault, "All starts have one shape.")
            own = f"{name}[{head.letter}{-k * head.step:+d}]"
            frame.earlier[name, k] = frame.loop.before(start, f"{stem(name)}_{head.way}", own)
        return frame.earlier[name, back]

    def _with_corners(
        self, node: ast.Subscript, name: str, numbered: Numbered, items: list[ast.expr], writing: list[Frame]
    ) -> Numbered:
        """An earlier step of a loop around another, h[l-1], with what stood before the inner one where h[l-1, t-1] reads that."""
        letters = self.steps.letters
        inner = away(self.reader, items[1], letters) if len(writing) > 1 and len(items) > 1 else None
        if inner is None or inner.letter != writing[1].head.letter or not numbered.is_outside(inner, writing[1].head):
            return numbered
        outer, index = writing[0], away(self.reader, items[0], letters)
        assert index is not None, "the loop around was found by it"
        back = int((outer.writes[name] - index.places) * outer.head.step)
        starts = writing[1].outer.starts.get(name, {})
        return replace(numbered, starts={k: self._corner(node, name, outer, back, k, now) for k, now in starts.items()})

    def _corner(self, node: ast.Subscript, name: str, frame: Frame, back: int, place: Expr, now: Tensor) -> Tensor:
        """What stood before the inner loop, steps of the outer one before: k[l-1] of h[l, 0] = k[l]."""
        for k in range(1, back + 1):
            key = f"{name}[{place}]", k
            if key not in frame.corners:
                index = sp.expand(frame.head.first + frame.writes[name] - k * frame.head.step)
                first = self.steps.corners.get(name, {}).get((index, place))
                text = f"{name}[{index}, {place}]"
                if first is None:
                    fault = (
                        f"{self.reader.source.segment(node)} is {text} at the first step of both loops, and {text} is not given."
                    )
                    raise self.reader.fault(node, fault, f"Write {text} = ... above {self.steps.place(frame.head)}.")
                if len(first.shape) != len(now.shape) or not all(map(same_size, first.shape, now.shape)):
                    later = f"{name}[{frame.head.letter}, {place}]"
                    fault = f"{text} is {shape_text(first.shape)}, and {later} is {shape_text(now.shape)}."
                    raise self.reader.fault(node, fault, "All starts have one shape.")
                frame.corners[key] = frame.loop.before(first, f"{name}_start", f"{name}[{frame.head.letter}-{k}, {place}]")
                frame.loop.carry(frame.corners[key], copied(now))
            now = frame.corners[key]
        return now

    # Entries

    def entry(self, node: ast.Subscript, name: str | None, numbered: Numbered, items: list[ast.expr]) -> Any:
        """The entry of a tensor by what stands between the brackets, in which a letter takes the entry of the step."""
        steps, tensor = self.steps, numbered.tensor
        if (part := stretched(steps, node, name, numbered, items)) is not None:
            return part
        if (found := across(steps, node, numbered, items)) is not None:
            return self.entry(node, None, *found)
        if items and numbered.steps and is_plain(items[0]) and not mentions(items[0], steps.letters):
            row = numbered.row(number(self.reader, items[0]))
            if row is not None:
                return self.entry(
                    node, None, Numbered(row, {axis - 1: low for axis, low in numbered.lows.items() if axis}), items[1:]
                )
        if items and numbered.starts and is_plain(items[0]) and not mentions(items[0], steps.letters):
            start = numbered.starts.get(number(self.reader, items[0]))
            if start is not None:
                return self.entry(node, None, Numbered(start), items[1:])
        chosen = {axis: index for axis, item in axes(items, tensor.ndim) if (index := away(self.reader, item, steps.letters))}
        chosen = {axis: self._from_end(numbered, axis, index) for axis, index in chosen.items()}
        if numbered.starts and 0 in chosen and numbered.is_outside(chosen[0], steps.frame_of(chosen[0]).head):
            numbered = self._extended(numbered)
            tensor = numbered.tensor
        if any(axis >= tensor.ndim for axis in chosen):
            raise self.reader.fault(node, f"{name or 'the value'} is {shape_text(tensor.shape)}: more indices than axes.")
        gone: set[int] = set()
        for frame in steps.frames:
            mine = sorted(axis for axis, index in chosen.items() if steps.frame_of(index) is frame)
            places = [axis - sum(g < axis for g in gone) for axis in mine]
            lows, cut = [self._low(name, numbered, axis, frame, chosen[axis], node) for axis in mine], tensor
            for axis, place, low in zip(mine, places, lows, strict=True):
                cut = self._cut(node, cut, place, low, frame, chosen[axis])
            if mine and steps.changes(tensor, frame):
                tensor = picked(tensor, frame, places, lows, [chosen[axis] for axis in mine])
            elif mine:
                tensor = frame.loop.at(cut, tuple(places), self.reader.source.segment(node))
            gone |= set(mine)
        rest = self._rest(node, numbered, items, chosen)
        return tensor[rest] if any(not isinstance(item, slice) or item != WHOLE for item in rest) else tensor

    def _from_end(self, numbered: Numbered, axis: int, index: Away) -> Away:
        """An index that is below 0 at every step, y[-1 - t], counted from the first entry, as Python counts it from the last."""
        tensor, head = numbered.tensor, self.steps.frame_of(index).head
        plain = self.reader.function is not None and numbered.lows.get(axis, 0) == 0 and axis < tensor.ndim
        if not plain or not index.most(head).is_negative:
            return index
        return index._replace(places=sp.expand(index.places + tensor.shape[axis]))

    def _extended(self, numbered: Numbered) -> Numbered:
        """A stack with its starts, the same one each time."""
        key = id(numbered.tensor)
        if key not in self._wider:
            self._wider[key] = numbered.extended(), numbered.tensor
        return self._wider[key][0]

    def _low(self, name: str | None, numbered: Numbered, axis: int, frame: Frame, index: Away, node: ast.expr) -> Expr:
        """The number of the first entry along an axis."""
        known, size = numbered.lows.get(axis), numbered.tensor.shape[axis]
        return self.steps.counting.base(name, axis, size, frame.head, index, node) if known is None else known

    def _cut(self, node: ast.Subscript, tensor: Tensor, place: int, low: Expr, frame: Frame, index: Away) -> Tensor:
        """The part of an axis that the steps of a loop go through, in their order; `low` is the number of its first entry."""
        head, size = frame.head, tensor.shape[place]
        begin = sp.expand(index.least(head) - low)
        end = sp.expand(begin + head.extent)
        if is_below_zero(begin) or is_below_zero(size - end):
            at = head.low if is_below_zero(begin) != index.falls else head.high
            text, what, last = self.reader.source.segment(node), self.reader.source.segment(node.value), sp.expand(low + size - 1)
            fault = f"{text} is outside at {head.letter} = {at}: it is number {index.at(at)}, {what} has {low} to {last}."
            raise self.reader.fault(node, fault, f"Change the index, or the bounds of {self.steps.place(head)}.")
        key = id(tensor), place, begin, end, index.falls
        if key not in self._cuts:
            before, turned = [WHOLE] * place, slice(None, None, -1)
            part = self.reader.evaluator.placed(node, lambda: tensor[*before, begin:end])
            self._cuts[key] = part[*before, turned] if index.falls else part, tensor
        return self._cuts[key][0]

    def _rest(self, node: ast.Subscript, numbered: Numbered, items: list[ast.expr], chosen: dict[int, Away]) -> tuple[Any, ...]:
        """What is taken of the axes that no loop goes along."""
        places = {id(item): axis for axis, item in axes(items, numbered.tensor.ndim)}
        rest: list[Any] = []
        for item in items:
            axis = places.get(id(item), -1)
            low = numbered.lows.get(axis, sp.S.Zero)
            if axis in chosen:
                continue
            if low == 0 or axis < 0:
                rest.append(self.reader.evaluator.item(item))
            elif isinstance(item, ast.Slice) and not (item.lower or item.upper or item.step):
                rest.append(WHOLE)
            elif is_plain(item):
                rest.append(self._place(node, item, low, numbered.tensor.shape[axis]))
            else:
                text = self.reader.source.segment(node)
                fault = f"{text}: the entries are counted from {low}, and a part of them has two meanings."
                raise self.reader.fault(node, fault, f"Write {self.reader.source.segment(node.value)}.copy()[...], counted from 0.")
        return tuple(rest)

    def _place(self, node: ast.Subscript, item: ast.expr, low: Expr, size: Expr) -> Expr:
        """Where the entry with a number stands. Raises NotationError where there is none."""
        index = number(self.reader, item)
        place = sp.expand(index - low)
        if place.is_negative or (place - size).is_nonnegative:
            text = self.reader.source.segment(node)
            fault = f"{text}: there is no number {index}; the entries are {low} to {sp.expand(low + size - 1)}."
            raise self.reader.fault(node, fault, f"The last is [{sp.expand(low + size - 1)}].")
        return place
