"""What a loop leaves behind: its block's values as whole tensors, by the names that they have below the loop."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size, shape_text
from symbackprop.language.loop import is_zero
from symbackprop.language.tensors import Tensor, as_tensor, total
from symbackprop.notation.arrays import copied
from symbackprop.notation.grown import Grown
from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.accumulating import Added, added
from symbackprop.notation.loops.filled import Filled
from symbackprop.notation.loops.frame import Frame, bind
from symbackprop.notation.loops.indices import Numbered, assigned
from symbackprop.notation.loops.lists import left
from symbackprop.notation.loops.several import changed, given, is_anew, is_several, parts, rebuilt, stem
from symbackprop.notation.loops.so_far import held_now

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


class Leaving:
    """The end of a loop.

    steps    the loops of the text, of which `frame` is the innermost.
    names    what names stand for at the end of a step, and `outputs` and `stacks` what the step's lines wrote.
    """

    def __init__(self, steps: Steps, frame: Frame) -> None:
        self.steps, self.frame, self.reader = steps, frame, steps.reader
        self.names: dict[str, Any] = self.reader.names
        self.outputs: dict[str, Tensor] = self.reader.outputs
        self.stacks = steps.stacks

    def leave(self, also: Sequence[Tensor] = ()) -> list[Tensor]:
        """Go on in the scope around the loop, in which its names stand for whole tensors; what the values `also` are there."""
        frame, names = self.frame, self.names
        own = [n for n in given(frame.head.node.body) if n in names and n not in frame.writes]
        self._require_carried(own)
        several = self._several(own)
        each = self._apart(several)
        self._connect()
        ends = self._ends((*own, *each))
        adding = self._adding(ends)
        for name, before in frame.carried.items():
            if name not in adding and frame.loop.is_read(before, self.outputs.values()):
                self._require_shape(name, before, frame.loop.befores[id(before)].value)
        sums = {id(t) for found in adding.values() for t in found.sums}
        outputs = {own: t for own, t in self.outputs.items() if id(t) not in sums}
        ends = {name: t for name, t in ends.items() if name not in adding}
        lifted = [*self._differing(outputs, ends), *(found.term for found in adding.values()), *also]
        whole = dict(zip(map(id, lifted), frame.loop.whole(lifted), strict=True))
        outside = {name: frame.outer.names.get(name) for name in several}
        self._go_out(outputs, whole)
        self._name_ends(ends, adding, whole)
        self.reader.names.update({name: names[name] for name in own if name not in several and not isinstance(names[name], Tensor)})
        self._put_together(several, outside)
        return [whole[id(t)] for t in also]

    def _several(self, own: Sequence[str]) -> dict[str, Any]:
        """The names that stand for several values, some of which a step changes."""
        steps, frame, names = self.steps, self.frame, self.names
        return {n: names[n] for n in (*own, *frame.held) if n in names and is_several(names[n]) and changed(steps, frame, n)}

    def _apart(self, several: dict[str, Any]) -> dict[str, Any]:
        """The values of what is several, each by a name of its own."""
        steps, node, names = self.steps, self.frame.head.node, self.names
        each = {own: one for name, held in several.items() for own, one in parts(name, held).items()}
        for part, one in each.items():
            if part not in names and isinstance(one, Tensor) and one.name is None and one.operands:
                each[part] = steps.defined(node.iter, stem(part), one)
        names |= each
        return each

    def _ends(self, own: Sequence[str]) -> dict[str, Tensor]:
        """What names stand for at the end of a step, those that are kept of it among them."""
        ends = {name: self.names[name] for name in own if isinstance(self.names.get(name), Tensor)}
        ends = {name: self._of_block(value) for name, value in ends.items()}
        return ends | self._kept([*self.outputs.values(), *ends.values()])

    def _differing(self, outputs: dict[str, Tensor], ends: dict[str, Tensor]) -> list[Tensor]:
        """The values that are others at each step, or lie in a stack."""
        frame, stacks = self.frame, self.stacks
        asked = {id(t): t for t in (*outputs.values(), *ends.values())}
        stay = {id(t): t for t in (stacks[name].tensor for name in frame.writes if name in stacks)}
        differs = frame.loop.differing(asked.values()) | stay.keys()
        return [t for t in (asked | stay).values() if id(t) in differs]

    def _go_out(self, outputs: dict[str, Tensor], whole: dict[int, Tensor]) -> None:
        """The scope around the loop is the reader's again, with what the lines of the step wrote."""
        steps, frame, reader, outer = self.steps, self.frame, self.reader, self.frame.outer
        steps.frames.pop()
        steps.past[frame.head.letter] = frame.head
        steps.stacks, steps.starts = outer.stacks, outer.starts
        reader.names, reader.outputs = outer.names, outer.outputs
        reader.outputs.update({own: whole.get(id(t), t) for own, t in outputs.items()})
        met = {t.name: t for t in reader.inputs if t.name is not None and t.name in self.names}  # first read in the block
        reader.names.update({name: t for name, t in met.items() if name not in reader.names})
        reader.aliases = {a: b for a, b in reader.aliases.items() if not frame.loop.stands_in(b)}
        self._leave_steps()
        for name in self._within:
            if self.names.get(name) is not reader.names.get(name):
                reader.names.pop(name, None)  # it was a step's of a loop within

    def _name_ends(self, ends: dict[str, Tensor], adding: dict[str, Any], whole: dict[int, Tensor]) -> None:
        """Names stand for what the last step left, for sums over all steps, and for stacks."""
        frame = self.frame
        for name, value in ends.items():
            self.reader.names[name] = self._last(name, whole[id(value)]) if id(value) in whole else value
        for name, found in adding.items():
            self._add_up(name, found.sums[0].name, whole[id(found.term)])
        for name in frame.writes:
            if name in self.stacks and name not in frame.leaves:
                self._stack(name, whole)
        left(self.steps, frame, self.stacks, whole)

    def _put_together(self, several: dict[str, Any], outside: dict[str, Any]) -> None:
        """Names stand for several values again, which are those after the loop."""
        reader = self.reader
        for name, held in several.items():
            now = rebuilt(name, held, {own: reader.names.pop(own) for own in parts(name, held) if own in reader.names})
            if name not in assigned(self.frame.head.node.body):
                reader.exchange(outside[name], now)
            reader.names[name] = now

    def _require_carried(self, own: list[str]) -> None:
        """Raise NotationError where a step changes what no stand-in carries: what a function changes in place, None, a flag."""
        frame, head, outer = self.frame, self.frame.head, self.frame.outer.names
        target = names_in(head.node.target) | set(self._within)
        for name, before in outer.items():
            now, place = self.names.get(name), self.steps.place(head)
            if name in target or now is before:
                continue
            if isinstance(before, Tensor) and name not in own and name not in frame.writes:
                fault = f"a function changes {name} in {place}."
                raise self.reader.fault(head.node, fault, f"Return the new value: {name} = f({name}).")
            if (before is None or isinstance(before, bool | str)) and name in own and not is_anew(head.node.body, name):
                if isinstance(now, bool | str) and now == before:
                    continue
                fault = f"{name} is {before} before the first step of {place}, and something else after it."
                raise self.reader.fault(head.node, fault, f"Write what {name} begins with, {name} = zeros(n), say.")

    def _kept(self, values: Sequence[Tensor]) -> dict[str, Tensor]:
        """What no step changes, which is what it was above the loop; nothing carries it any more."""
        frame = self.frame
        starts = frame.loop.settle(values)
        kept = {name: starts[id(before)] for name, before in frame.carried.items() if id(before) in starts}
        frame.carried = {name: before for name, before in frame.carried.items() if name not in kept}
        return kept

    @cached_property
    def _within(self) -> list[str]:
        """The names that loops within give values to, before anything of the block reads them."""
        body = self.frame.head.node.body
        inner = (n for statement in body for n in ast.walk(statement) if isinstance(n, ast.For))
        names = dict.fromkeys(n.id for loop in inner for n in identifiers(loop.target))
        return [name for name in names if is_anew(body, name)]

    def _leave_steps(self) -> None:
        """Let the names between `for` and `in` stand for the last step, as they do in Python; a letter of 1..n stands for none."""
        head, letters = self.frame.head, set[str]()
        if self.reader.function is None and isinstance(head.node.target, ast.Name) and head.letter == head.node.target.id:
            letters.add(head.letter)
        last: dict[str, Any] = {}
        bind(last, head.node.target, _at_last(self.frame, head.gives(self.frame.loop)))
        self.reader.names.update({name: value for name, value in last.items() if name not in letters})

    def _adding(self, ends: dict[str, Tensor]) -> dict[str, Added]:
        """What each step adds to the values that are sums over the steps, by their names."""
        values, found = [*self.outputs.values(), *ends.values()], dict[str, Added]()
        for name, before in self.frame.carried.items():
            one = added(self.frame.loop, before, ends[name], values) if name in ends else None
            if one is not None:
                found[name] = one
        return found

    def _add_up(self, name: str, own: str | None, terms: Tensor) -> None:
        """Bind a name to its start and what all steps added to it."""
        start, value = self.frame.loop.befores[id(self.frame.carried[name])].start, total(terms, 0)
        value = value if is_zero(start) else start + value
        value.written = name
        self.reader.names[name] = value
        if own is not None and name not in getattr(self.frame.head.node, "adds", ()):
            self.reader.outputs[own] = value.named(own)

    def _connect(self) -> None:
        """Say of what the block read earlier values, now that its step has them."""
        frame = self.frame
        for (name, back), stand_in in frame.earlier.items():
            value = frame.earlier[name, back - 1] if back > 1 else self.stacks[name].tensor if name in self.stacks else None
            if value is None:
                raise self.reader.fault(frame.head.node, f"{name} is not written in {self.steps.place(frame.head)}.", "")
            self._require_shape(name, stand_in, value)
            frame.loop.carry(stand_in, value)
        for name, stand_in in frame.arrays.items():
            frame.loop.carry(stand_in, held_now(self.steps, name, frame))
        for name, stand_in in frame.carried.items():
            held = self.names.get(name)
            value = as_tensor(held) if isinstance(held, Tensor | int | Expr) else stand_in
            frame.loop.carry(stand_in, self._of_block(value))

    def _require_shape(self, name: str, before: Tensor, value: Tensor | None) -> None:
        """Raise NotationError where a carried value has another shape after a step."""
        if value is None or (value.ndim == before.ndim and all(map(same_size, value.shape, before.shape))):
            return
        frame, head, text = self.frame, self.frame.head, name
        if name in frame.writes:
            text = self.steps.text(frame, name, sp.expand(head.first - head.step + frame.writes[name]))
        place = self.steps.place(head)
        fault = f"{text} is {shape_text(before.shape)}, and {name} is {shape_text(value.shape)} after a step of {place}."
        mend = "What a loop carries keeps its shape."
        if value.shape and is_zero(frame.loop.befores[id(before)].start):
            shape = ", ".join(map(str, value.shape))
            mend = f"Write {text} = zeros({shape if value.ndim == 1 else f'({shape})'})."
        raise self.reader.evaluator.unread(head.node, fault, mend)

    def _of_block(self, value: Tensor) -> Tensor:
        """A value of the block: itself, where a line of the block wrote it, else a copy."""
        return value if any(value is t for t in self.outputs.values()) else copied(value)

    def _last(self, name: str, whole: Tensor) -> Tensor:
        """What a name stands for behind the loop: its value at the last step."""
        last = whole[self.frame.loop.last]
        last.written = name
        return last

    def _stack(self, name: str, whole: Mapping[int, Tensor]) -> None:
        """Keep what the loop wrote by its numbers."""
        steps, frame, inner = self.steps, self.frame, self.stacks[name]
        lows = {0: frame.low(name)} | {axis + 1: low for axis, low in inner.lows.items()}
        tensor = whole[id(inner.tensor)]
        rows = frame.rows.get(name)
        _, before, after = rows.beside() if rows is not None else ({}, None, None)
        numbered = Numbered(tensor, lows, steps.starts.get(name, {}), steps.line(frame.head.node), before=before, after=after)
        if rows is not None:
            numbered = self._filled(name, numbered, rows)
        steps.stacks[name] = numbered
        if not steps.writing(name):
            is_list = name in steps.rows and steps.rows[name].list
            self.reader.names[name] = Grown(numbered.tensor) if is_list else numbered.tensor

    def _filled(self, name: str, numbered: Numbered, rows: Filled) -> Numbered:
        """The array that a loop filled, all rows in their places."""
        want, row = rows.held.shape[1:], numbered.tensor.shape[1:]
        if len(want) != len(row) or not all(map(same_size, want, row)):
            place = self.steps.place(self.frame.head)
            fault = f"a row of {name} is {shape_text(want)}, and {place} writes {shape_text(row)} to it."
            raise self.reader.fault(self.frame.head.node, fault, f"Write {name} = zeros of that shape.")
        return numbered.extended()


def _at_last(frame: Frame, value: Any) -> Any:
    """What stood for a step's number or entries, at the last step."""
    if isinstance(value, tuple):
        return tuple(_at_last(frame, one) for one in value)
    if isinstance(value, dict):
        return {key: _at_last(frame, one) for key, one in value.items()}
    return frame.loop.at_last(value)
