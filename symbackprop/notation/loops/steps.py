"""A loop that is kept: its block is read once, with stand-ins for what differs from step to step, and lifted to whole tensors."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size, shape_text
from symbackprop.language.loop import Loop, is_zero
from symbackprop.language.tensors import Tensor, as_tensor, constant, total
from symbackprop.notation.arrays import copied
from symbackprop.notation.errors import NotationError
from symbackprop.notation.loops.accumulating import Added, added
from symbackprop.notation.loops.entries import Entries
from symbackprop.notation.loops.frame import Frame, Scope, bind
from symbackprop.notation.loops.header import Header, header
from symbackprop.notation.loops.indices import Away, Numbered, assigned, astray, away, items_of, number, partly, targets
from symbackprop.notation.loops.several import (
    appended,
    changed,
    changes,
    given,
    growing,
    is_several,
    listed,
    parts,
    rebuilt,
    require_lone,
    stem,
)
from symbackprop.notation.loops.stepwise import Statements, Stepwise

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader


class Steps(Stepwise):
    """Loops that are kept.

    frames   the loops whose blocks are being read, outermost first.
    stacks   what loops wrote step by step; within a block, what its step wrote.
    starts   what stands before a first step, by name and number.
    grown    of lists that grew by one value in each step those values, by name.
    past     loops that were read, by their letters.
    corners  what stands before the first step of a loop and of one within it, by name and both numbers: h[0, 0].
    """

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self.frames: list[Frame] = []
        self.stacks: dict[str, Numbered] = {}
        self.starts: dict[str, dict[Expr, Tensor]] = {}
        self.corners: dict[str, dict[tuple[Expr, Expr], Tensor]] = {}
        self.grown: dict[str, Numbered] = {}
        self.past: dict[str, Header] = {}
        self.entries = Entries(self)

    @property
    def letters(self) -> list[str]:
        return [frame.head.letter for frame in self.frames]

    def writing(self, name: str | None) -> list[Frame]:
        """The loops whose blocks write a name step by step."""
        return [frame for frame in self.frames if name in frame.writes]

    def keeps(self, node: ast.For) -> bool:
        if self.writes_steps(node):
            return True
        found = header(self.reader, node)
        return found is not None and not found.extent.is_Integer

    # A block

    def loop(self, node: ast.For, read: Statements) -> None:
        frame = self._entered(self.head(node))
        for statement in node.body:
            try:
                read(statement)
            except NotationError as error:
                raise self._scalar_start(frame, error) or error from None
        self._left(frame)

    def _scalar_start(self, frame: Frame, error: NotationError) -> NotationError | None:
        """What is said instead where a step fails for a start that is the number 0."""
        for (name, back), before in frame.earlier.items():
            if not before.shape and is_zero(frame.loop.befores[id(before)].start) and f"{name}[" in error.fault:
                text = self.text(frame, name, sp.expand(frame.head.first + frame.writes[name] - back * frame.head.step))
                mend = f"{text} is the number 0: write {text} = zeros(...), of the shape of a step, above {self.place(frame.head)}."
                return type(error)(error.fault.rstrip(".") + ".", mend, error.place)
        return None

    def _entered(self, head: Header) -> Frame:
        reader, body, lists = self.reader, head.node.body, growing(self, head)
        writes = self._writes(head) | lists
        loop = Loop(head.letter, head.extent, head.step, head.origin if not any(writes.values()) else sp.S.One)
        frame = Frame(head, loop, writes, Scope(reader.names, reader.outputs, self.stacks, self.starts), lists=set(lists))
        frame.held = {name: parts(name, held) for name, held in reader.names.items() if is_several(held)}
        names = {name: held for name, held in reader.names.items() if name not in frame.writes}
        for name in (n for n in given(body) if n not in writes):
            require_lone(self, head, name)
            for own, one in parts(name, names.get(name)).items():
                start = reader.evaluator.plain(one)
                if isinstance(start, Tensor | int | Expr):
                    frame.carried[own] = loop.before(as_tensor(start), f"{stem(own)}_{_way(head)}", own)
            if name in frame.held:
                names[name] = rebuilt(name, names[name], frame.carried)
            elif name in frame.carried:
                names[name] = frame.carried[name]
                if reader.aliases.pop(name, None):  # z = x above gives the name away
                    reader.lines.pop(name, None)
        bind(names, head.node.target, head.gives(loop))
        reader.names, reader.outputs = names, {}
        self.stacks = {name: stack for name, stack in self.stacks.items() if name not in frame.writes}
        self.starts = {}
        self.frames.append(frame)
        return frame

    def _writes(self, head: Header) -> dict[str, Expr]:
        """The names that a loop writes step by step, each with how far from the step's number."""
        found: dict[str, Expr] = {}
        for target in targets(head.node.body):
            assert isinstance(target.value, ast.Name)
            name, items = target.value.id, items_of(target)
            depth = len(self.writing(name))
            index = away(self.reader, items[depth], [head.letter]) if depth < len(items) else None
            if index is None:
                continue
            if index.falls:
                raise astray(self.reader, items[depth], [head.letter])
            if found.setdefault(name, index.places) != index.places:
                fault = f"{name} is written at two numbers in {self.place(head)}."
                raise self.reader.fault(target, fault, "Give each a name of its own.")
            if not depth:
                rows = None if self.frames else self.emptied(name, index.least(head), index.most(head))
                if rows is not None:
                    self.starts[name] = rows | self.starts.get(name, {})
                self._fresh(target, name)
        return found

    def append(self, statement: ast.stmt) -> bool:
        one = appended(statement)
        if one is None or not self.frames or one[0] not in self.frames[-1].lists:
            return False
        name, value = one
        self.stacks[name] = Numbered(self._defined(value, name, self.reader.evaluator.value(value)))
        return True

    def _fresh(self, target: ast.Subscript, name: str) -> None:
        """Raise NotationError where a name cannot be written step by step."""
        reader = self.reader
        if name in reader.sizes:
            fault = f"{name} is a size, and a state that a loop writes."
            raise reader.fault(target, fault, f"Give one another name: the size m, or the state {name}_1.")
        if name in self.stacks:
            fault = f"{name} is written already, by the loop on line {self.stacks[name].line}."
            raise reader.fault(target, fault, f"Go on with another name: {name}_2.")
        if name in reader.names:
            fault = f"{name} has a value already, and an entry cannot be set."
            mend = f"Write {name}_2[...], or leave the line above out"
            start = "" if any(t.name == name for t in reader.inputs) else f"; if that is the start, {name}[0] = ... above the loop"
            raise reader.fault(target, fault, f"{mend}{start}.")

    def _left(self, frame: Frame) -> None:
        """The block's values as whole tensors, in the scope around it."""
        reader, names, outputs, stacks = self.reader, self.reader.names, self.reader.outputs, self.stacks
        own = [n for n in given(frame.head.node.body) if n in names and n not in frame.writes]
        several = {n: names[n] for n in (*own, *frame.held) if n in names and is_several(names[n]) and changed(self, frame, n)}
        each = {own: one for name, held in several.items() for own, one in parts(name, held).items()}
        for part, one in each.items():
            if part not in names and isinstance(one, Tensor) and one.name is None and one.operands:
                each[part] = self._defined(frame.head.node.iter, stem(part), one)
        names |= each
        self._connected(frame, names, outputs)
        ends = {name: names[name] for name in (*own, *each) if isinstance(names.get(name), Tensor)}
        ends = {name: self._of_block(value, outputs) for name, value in ends.items()}
        adding = self._adding(frame, ends, outputs)
        for name, before in frame.carried.items():
            if name not in adding and frame.loop.is_read(before, outputs.values()):
                self._same_shape(frame, name, before, frame.loop.befores[id(before)].value)
        sums = {id(t) for found in adding.values() for t in found.sums}
        outputs = {own: t for own, t in outputs.items() if id(t) not in sums}
        ends = {name: t for name, t in ends.items() if name not in adding}
        differs = frame.loop.differing([*outputs.values(), *ends.values()])
        stay = {id(stacks[name].tensor) for name in frame.writes if name in stacks}
        asked = {id(t): t for t in (*outputs.values(), *ends.values())}
        lifted = [*(t for t in asked.values() if id(t) in differs | stay), *(found.term for found in adding.values())]
        whole = dict(zip(map(id, lifted), frame.loop.whole(lifted), strict=True))
        outer = frame.outer
        self.frames.pop()
        self.past[frame.head.letter] = frame.head
        self.stacks, self.starts = outer.stacks, outer.starts
        reader.names, reader.outputs = outer.names, outer.outputs
        reader.outputs.update({own: whole.get(id(t), t) for own, t in outputs.items()})
        met = {t.name: t for t in reader.inputs if t.name is not None and t.name in names}  # first read in the block
        reader.names.update({name: t for name, t in met.items() if name not in reader.names})
        reader.aliases = {a: b for a, b in reader.aliases.items() if not frame.loop.stands_in(b)}
        for name, value in ends.items():
            reader.names[name] = self._last(frame, name, whole[id(value)]) if id(value) in whole else value
        for name, found in adding.items():
            self._added(frame, name, found.sums[0].name, whole[id(found.term)])
        for name in frame.writes:
            self._stacked(frame, name, stacks, whole)
        reader.names.update({name: names[name] for name in own if name not in several and not isinstance(names[name], Tensor)})
        for name, held in several.items():
            now = rebuilt(name, held, {own: reader.names.pop(own) for own in parts(name, held) if own in reader.names})
            if name not in assigned(frame.head.node.body):
                reader.exchange(outer.names[name], now)
            reader.names[name] = now

    def _adding(self, frame: Frame, ends: dict[str, Tensor], outputs: dict[str, Tensor]) -> dict[str, Added]:
        """What each step adds to the values that are sums over the steps, by their names."""
        values, found = [*outputs.values(), *ends.values()], dict[str, Added]()
        for name, before in frame.carried.items():
            one = added(frame.loop, before, ends[name], values) if name in ends else None
            if one is not None:
                found[name] = one
        return found

    def _added(self, frame: Frame, name: str, own: str | None, terms: Tensor) -> None:
        """Bind a name to its start and what all steps added to it."""
        start, value = frame.loop.befores[id(frame.carried[name])].start, total(terms, 0)
        value = value if is_zero(start) else start + value
        value.written = name
        self.reader.names[name] = value
        if own is not None:
            self.reader.outputs[own] = value.named(own)

    def _connected(self, frame: Frame, names: dict[str, Any], outputs: dict[str, Tensor]) -> None:
        """Say of what the block read earlier values, now that its step has them."""
        for (name, back), stand_in in frame.earlier.items():
            value = frame.earlier[name, back - 1] if back > 1 else self.stacks[name].tensor if name in self.stacks else None
            if value is None:
                raise self.reader.fault(frame.head.node, f"{name} is not written in {self.place(frame.head)}.", "")
            self._same_shape(frame, name, stand_in, value)
            frame.loop.carry(stand_in, value)
        for name, stand_in in frame.carried.items():
            held = names.get(name)
            value = as_tensor(held) if isinstance(held, Tensor | int | Expr) else stand_in
            frame.loop.carry(stand_in, self._of_block(value, outputs))

    def _same_shape(self, frame: Frame, name: str, before: Tensor, value: Tensor | None) -> None:
        if value is None or (value.ndim == before.ndim and all(map(same_size, value.shape, before.shape))):
            return
        head, text = frame.head, name
        if name in frame.writes:
            text = self.text(frame, name, sp.expand(head.first - head.step + frame.writes[name]))
        fault = f"{text} is {shape_text(before.shape)}, and {name} is {shape_text(value.shape)} after a step of {self.place(head)}."
        mend = "What a loop carries keeps its shape."
        if value.shape and is_zero(frame.loop.befores[id(before)].start):
            shape = ", ".join(map(str, value.shape))
            mend = f"Write {text} = zeros({shape if value.ndim == 1 else f'({shape})'})."
        raise self.reader.fault(head.node, fault, mend)

    def _of_block(self, value: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """A value of the block: itself, where a line of the block wrote it, else a copy."""
        return value if any(value is t for t in outputs.values()) else copied(value)

    def _last(self, frame: Frame, name: str, whole: Tensor) -> Tensor:
        """What a name stands for behind the loop: its value at the last step."""
        last = whole[sp.expand(frame.head.extent - 1) if frame.head.step > 0 else sp.S.Zero]
        last.written = name
        return last

    def _stacked(self, frame: Frame, name: str, stacks: dict[str, Numbered], whole: dict[int, Tensor]) -> None:
        """Keep what the loop wrote by its numbers."""
        if name not in stacks:
            return
        inner = stacks[name]
        lows = {0: frame.low(name)} | {axis + 1: low for axis, low in inner.lows.items()}
        tensor = whole[id(inner.tensor)]
        numbered = Numbered(tensor, lows, self.starts.get(name, {}), self.line(frame.head.node))
        if name in frame.lists:
            self.grown[name] = numbered
            numbered = listed(self, frame, name, numbered)
        if name in self.rows:
            numbered = self._filled(frame, name, numbered)
        self.stacks[name] = numbered
        if not self.writing(name):
            self.reader.names[name] = numbered.tensor

    def _filled(self, frame: Frame, name: str, numbered: Numbered) -> Numbered:
        """The array of zeros that a loop filled, all rows in their places."""
        want, row = self.rows[name].shape[1:], numbered.tensor.shape[1:]
        if len(want) != len(row) or not all(map(same_size, want, row)):
            fault = f"a row of {name} is {shape_text(want)}, and {self.place(frame.head)} writes {shape_text(row)} to it."
            raise self.reader.fault(frame.head.node, fault, f"Write {name} = zeros of that shape.")
        return numbered.extended()

    # What a line writes

    def write(self, target: ast.Subscript, value: Any) -> bool:
        name, items = target.value.id if isinstance(target.value, ast.Name) else "", items_of(target)
        if name not in self.lines or (name in self.stacks and not self.frames):
            return False
        reader, writing = self.reader, self.writing(name)
        for frame in writing:
            index = away(reader, items[0], self.letters) if items else None
            if index is None or index != Away(frame.head.letter, frame.writes[name]):
                text = f"{name}[{', '.join(f.head.letter for f in writing)}]"
                raise reader.fault(target, f"{name} is written step by step in {self.place(frame.head)}.", f"Write {text} = ...")
            items = items[1:]
        if len(items) == 1 and len(writing) < self.depths[name] and away(reader, items[0], self.letters) is None:
            self._start(target, name, (number(reader, items[0]),), value)
        elif not writing and len(items) == self.depths[name] == 2:
            self._start(target, name, tuple(number(reader, item) for item in items), value)
        elif items or not writing or writing[-1] is not self.frames[-1]:
            raise partly(reader, target, self.letters)
        elif name in self.stacks:
            raise reader.fault(target, f"{reader.source.segment(target)} is written twice in a step.", "Give one another name.")
        else:
            self.stacks[name] = Numbered(self._defined(target, name, value))
        return True

    def _start(self, target: ast.Subscript, name: str, index: tuple[Expr, ...], value: Any) -> None:
        """z[0] = value, or h[0, 0] = value, above the loop."""
        reader, known = self.reader, self.corners if len(index) > 1 else self.starts
        key: Any = index if len(index) > 1 else next(iter(index))
        if name in reader.sizes:
            self._fresh(target, name)
        if key in known.get(name, {}):
            raise reader.fault(target, f"{name}[{', '.join(map(str, index))}] is given twice.", "Leave one out.")
        start = reader.evaluator.numeric(target, value)
        tensor = as_tensor(start)
        if isinstance(start, Tensor) and start.name is None and not is_zero(start):
            plain = all(k.is_nonnegative and k.is_Integer for k in index)
            own = "_".join([name, *map(str, index)]) if plain else f"{name}_start"
            reader.define(target, own, start)
            tensor = as_tensor(reader.names.pop(own))
        known.setdefault(name, {})[key] = tensor

    def _defined(self, target: ast.expr, name: str, value: Any) -> Tensor:
        """A step's value, by the name that it is written to."""
        reader = self.reader
        given = reader.evaluator.numeric(target, value)
        tensor = given if isinstance(given, Tensor) else constant(given)
        tensor = tensor if tensor.name is None and tensor.operands else copied(tensor)
        own = reader.own(target, name)
        reader.outputs[own] = tensor.named(own)
        reader.note(target, own)
        return tensor

    # What a line reads

    def value(self, node: ast.Subscript) -> Any:
        return self.entries.value(node)

    def unready(self, node: ast.Name) -> NotationError | None:
        name = node.id
        writing = self.writing(name)
        if writing:
            text = f"{name}[{', '.join(f.head.letter for f in writing)}]"
            fault = f"{name} is written step by step in {self.place(writing[0].head)}."
            before = "" if name in self.stacks else f"{self.before(name, writing)} of the step before, "
            return self.reader.fault(node, fault, f"Write {before}{text}, or read all of {name} below the loop.")
        for frame in self.frames:
            if name in assigned(frame.head.node.body):
                fault = f"{name} has no value before the first step of {self.place(frame.head)}."
                return self.reader.fault(node, fault, f"Write above it what {name} begins with: {name} = zeros(n), say.")
        if name in self.lines and name not in self.reader.names:
            fault = f"{name} is written by the loop on line {self.lines[name]}."
            return self.reader.fault(node, fault, "Read it below that line.")
        if name in self.past:
            head = self.past[name]
            fault = f"{name} counts the steps of the loop on line {self.line(head.node)}, and has no value below it."
            return self.reader.fault(node, fault, f"Write {head.high if head.step > 0 else head.low} for the last step.")
        return None

    def before(self, name: str, writing: list[Frame]) -> str:
        """z[l-1]: the value of the step before, as it is written."""
        *outer, last = writing
        step = sp.expand(last.writes[name] - last.head.step)
        index = str(sp.Symbol(last.head.letter) + step).replace(" ", "")
        return f"{name}[{', '.join([*(f.head.letter for f in outer), index])}]"

    def line_of(self, frame: Frame, name: str) -> int:
        """The line of a block that writes a name."""
        body = frame.head.node.body
        if name in frame.lists:
            return self.line(changes(body, name)[0])
        return next(self.line(t) for t in targets(body) if isinstance(t.value, ast.Name) and t.value.id == name)

    def text(self, frame: Frame, name: str, index: Expr) -> str:
        """z[l, 0]: an entry of a loop in loops, by its number."""
        outer = [f.head.letter for f in self.writing(name) if self.frames.index(f) < self.frames.index(frame)]
        return f"{name}[{', '.join([*outer, str(index)])}]"

    def told(self, name: str, extents: Iterable[Expr]) -> Tensor:
        tensor = super().told(name, tuple(extents))
        for frame in self.frames:
            frame.outer.names[name] = tensor
        return tensor


def _way(head: Header) -> str:
    return "prev" if head.step > 0 else "next"
