"""A loop that is kept: its block is read once, with stand-ins for what differs from step to step, and lifted to whole tensors."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.letters import kept, pool
from symbackprop.core.program import shape_text
from symbackprop.language.loop import Loop, is_zero
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import Tensor, as_tensor, constant
from symbackprop.notation.arrays import copied
from symbackprop.notation.entered import arrays, require_own
from symbackprop.notation.errors import NotationError
from symbackprop.notation.loops.collecting import collected
from symbackprop.notation.loops.entries import Entries
from symbackprop.notation.loops.filled import Filled
from symbackprop.notation.loops.frame import Frame, Scope, bind, is_start
from symbackprop.notation.loops.header import Header, header
from symbackprop.notation.loops.indices import Away, Numbered, assigned, astray, away, items_of, number, origin, partly, targets
from symbackprop.notation.loops.leaving import Leaving
from symbackprop.notation.loops.lists import grow, growing, put
from symbackprop.notation.loops.placed import row_of, with_steps
from symbackprop.notation.loops.several import given, is_anew, is_several, parts, rebuilt, require_lone, stem
from symbackprop.notation.loops.so_far import old_row, so_far
from symbackprop.notation.loops.stepwise import Statements, Stepwise
from symbackprop.notation.rounds import Comprehension
from symbackprop.notation.sized import refused

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader


class Steps(Stepwise):
    """Loops that are kept.

    frames   the loops whose blocks are being read, outermost first.
    stacks   what loops wrote step by step; within a block, what its step wrote.
    starts   what stands before a first step, by name and number.
    past     loops that were read, by their letters.
    parts    rows of arrays that a loop within fills, by the name of the array, as it is entered.
    corners  what stands before the first step of a loop and of one within it, by name and both numbers: h[0, 0].
    extents  the numbers of steps that some sizes make negative, such as T - 2.
    """

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self.frames: list[Frame] = []
        self.stacks: dict[str, Numbered] = {}
        self.starts: dict[str, dict[Expr, Tensor]] = {}
        self.corners: dict[str, dict[tuple[Expr, Expr], Tensor]] = {}
        self.past: dict[str, Header] = {}
        self.parts: dict[str, Filled] = {}
        self.extents: list[Expr] = []
        self.entries = Entries(self)

    @property
    def letters(self) -> list[str]:
        return list(dict.fromkeys(frame.head.letter for frame in self.frames if self._counts(frame)))

    def _counts(self, frame: Frame) -> bool:
        """Whether a loop's letter stands for its step's number still: a loop within, or a line, may give it another meaning."""
        held = self.reader.names.get(frame.head.letter)
        return isinstance(held, Tensor) and id(held) in frame.loop.numbers

    def frame_of(self, index: Away) -> Frame:
        """The loop whose letter stands in an index."""
        return next(f for f in reversed(self.frames) if f.head.letter == index.letter)

    def writing(self, name: str | None) -> list[Frame]:
        """The loops whose blocks write a name step by step; none where it stands for something of its own, as in a helper."""
        return [frame for frame in self.frames if name in frame.writes] if name not in self.reader.names else []

    def stack(self, name: str | None) -> Numbered | None:
        """What loops wrote to a name step by step, as long as the name stands for that."""
        held = self.stacks.get(name or "")
        return held if held is not None and self.reader.names.get(name or "", held.tensor) is held.tensor else None

    def started(self, name: str | None) -> dict[Expr, Tensor]:
        """What stands before the first step of a name, by number; nothing where the name stands for something else."""
        return self.starts.get(name or "", {}) if (name not in self.stacks or self.stack(name)) else {}

    def forget(self, name: str) -> None:
        if not any(name in frame.writes for frame in self.frames):
            for known in (self.stacks, self.starts, self.corners, self.rows, self.begun):
                known.pop(name, None)

    def keeps(self, node: ast.For) -> bool:
        if self.writes_steps(node):
            return True
        found = header(self.reader, node)
        return found is not None and not found.extent.is_Integer

    # A block

    def loop(self, node: ast.For, read: Statements) -> None:
        frame = self.entered(self.head(node))
        for statement in node.body:
            try:
                read(statement)
            except NotationError as error:
                raise self._scalar_start(frame, error) or error from None
        Leaving(self, frame).leave()

    def _scalar_start(self, frame: Frame, error: NotationError) -> NotationError | None:
        """What is said instead where a step fails for a start that is the number 0."""
        for (name, back), before in frame.earlier.items():
            if not before.shape and is_zero(frame.loop.befores[id(before)].start) and f"{name}[" in error.fault:
                text = self.text(frame, name, sp.expand(frame.head.first + frame.writes[name] - back * frame.head.step))
                mend = f"{text} is the number 0: write {text} = zeros(...), of the shape of a step, above {self.place(frame.head)}."
                return type(error)(error.fault.rstrip(".") + ".", mend, error.place)
        return None

    def entered(self, head: Header) -> Frame:
        reader, body = self.reader, head.node.body
        self.extents += [] if head.extent.is_nonnegative else [head.extent]
        places, lists = growing(self, head)
        writes = self._writes(head) | places
        around = {frame.loop.letter for frame in self.frames}
        axis = next(letter for letter in chain((head.letter, *"kpqrs"), pool()) if kept(letter) not in around)  # no two i
        begun = origin(reader, head, writes, assigned(body))
        loop = Loop(axis, head.extent, head.step, begun)
        for name in writes if begun > 1 and not head.is_dotted else ():
            self._renumber(name, begun - head.low)
        frame = Frame(head, loop, writes, Scope(reader.names, reader.outputs, self.stacks, self.starts), lists=lists)
        frame.rows = {name: rows for name in writes if (rows := self.parts.pop(name, self.rows.get(name))) is not None}
        several = (name for name, held in reader.names.items() if is_several(held) and not is_anew(body, name))
        frame.held = {name: parts(name, reader.names[name]) for name in several}
        names = {name: held for name, held in reader.names.items() if name not in frame.writes}
        for name in (n for n in given(body) if n not in writes and not (is_several(names.get(n)) and n not in frame.held)):
            require_lone(self, head, name)
            for own, one in parts(name, names.get(name)).items():
                start = reader.evaluator.plain(one)
                if isinstance(start, Tensor | int | Expr):
                    frame.carried[own] = loop.before(as_tensor(start), f"{stem(own)}_{head.way}", own)
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
                counted = name not in self.stacks or self.stacks[name].lows.get(0, 0) == 0
                known = counted and self._is_of_block(name)
                rows = self.emptied(target, name, index.least(head), index.most(head)) if known else None
                if rows is not None:
                    self.stacks.pop(name, None)
                    above = {k: row for k, row in self.starts.get(name, {}).items() if not self.is_written(rows, k, target, head)}
                    self.starts[name] = rows.beside()[0] | above
                self._fresh(target, name)
            elif name in self.rows:
                self.parts[name], self.starts[name] = row_of(self, target, name, head, index)
        return found

    def is_written(self, rows: Filled, number: Expr, target: ast.Subscript, head: Header) -> bool:
        """Whether a loop sets a row that was set above it; where sizes decide, they have to, or it is refused."""
        found = rows.writes(number)
        if found is None and not rows.empty and sp.expand(number - rows.low).is_nonnegative:
            rows.held.conditions = (*rows.held.conditions, sp.expand(rows.high - number))
            return True
        if found is None:
            row = f"{ast.unparse(target.value)}[{number}]"
            fault = f"{row} is set above {self.place(head)}, which sets it again or not, as the sizes are."
            raise self.reader.fault(target, fault, f"Set {row} below the loop, or leave it out above.")
        return found

    def _renumber(self, name: str, shift: Expr) -> None:
        """Call what stands before a first step by the number that it has on paper: h[0] is h_1 where the loop begins at 2 there."""
        reader = self.reader
        for at, start in self.starts.get(name, {}).items():
            own, new = f"{name}_{at}", f"{name}_{at + shift}"
            if at.is_Integer and start.name == own and reader.outputs.get(own) is start and not reader.is_taken(new, name):
                start.name = new
                reader.outputs = {new if key == own else key: value for key, value in reader.outputs.items()}
                reader.lines[new] = reader.lines.pop(own)

    def _is_of_block(self, name: str) -> bool:
        """Whether a line of the block that is being read gave a name its value."""
        held = self.reader.names.get(name)
        return (
            not self.frames or self.reader.function is not None or (isinstance(held, Tensor) and held.name in self.reader.outputs)
        )

    def finish(self) -> None:
        """Let the sizes be such that no loop has fewer steps than none, where nothing that it reads says so."""
        super().finish()
        outputs = list(self.reader.outputs.values())
        known = [room for tensor in ordered(outputs) for room in tensor.conditions] if self.extents else []
        for extent in self.extents:
            if outputs and not any(sp.expand(extent - room).is_nonnegative for room in known):
                known.append(extent)
                outputs[-1].conditions = (*outputs[-1].conditions, extent)

    def append(self, statement: ast.stmt) -> bool:
        return grow(self, statement)

    def collect(self, node: Comprehension) -> Any:
        return collected(self, node)

    def _fresh(self, target: ast.Subscript, name: str) -> None:
        """Raise NotationError where a name cannot be written step by step."""
        reader = self.reader
        if name in reader.sizes:
            fault = f"{name} is a size, and a state that a loop writes."
            raise refused(reader, target, name, fault, f"Give one another name: the size m, or the state {name}_1.", True)
        if name in self.stacks:
            fault = f"{name} is written already, by the loop on line {self.stacks[name].line}."
            if reader.function is not None and name in reader.names:
                shape = shape_text(reader.names[name].shape)
                fault = f"{fault.rstrip('.')}, and is {shape}: this loop writes entries that it does not have for every size."
                raise reader.fault(target, fault, f"Write {name} = np.zeros(...) of all its entries above the first loop.")
            raise reader.fault(target, fault, f"Go on with another name: {name}_2.")
        if name in reader.names:
            fault = f"{name} has a value already, and an entry cannot be set."
            mend = f"Write {name}_2[...], or leave the line above out"
            start = "" if any(t.name == name for t in reader.inputs) else f"; if that is the start, {name}[0] = ... above the loop"
            raise reader.fault(target, fault, f"{mend}{start}.")

    # What a line writes

    def write(self, target: ast.Subscript, value: Any) -> bool:
        name, items = target.value.id if isinstance(target.value, ast.Name) else "", items_of(target)
        if name not in self.lines or (name in self.stacks and not self.frames):
            return False
        reader, writing = self.reader, self.writing(name)
        for frame in writing:
            index = away(reader, items[0], self.letters) if items else None
            if index is None or index != Away(frame.head.letter, frame.writes[name]) or self.frame_of(index) is not frame:
                text = self.spelt(name, (f.head.letter for f in writing))
                fault = f"{name} is written step by step in {self.place(frame.head)}."
                raise reader.evaluator.unread(target, fault, f"Write {text} = ...")
            items = items[1:]
        is_late = name in self.stacks and reader.function is not None
        is_first = not is_late and len(items) == 1 and is_start(name, writing, self.depths[name])
        if is_first and away(reader, items[0], self.letters) is None:
            self._start(target, name, (self.begin(target, name, number(reader, items[0]), value),), value)
        elif not writing and reader.function is not None and isinstance(reader.names.get(name), Tensor):
            return False  # a part of an array that is filled below
        elif not writing and len(items) == self.depths[name] == 2:
            self._start(target, name, tuple(number(reader, item) for item in items), value)
        elif not writing or writing[-1] is not self.frames[-1] or (items and reader.function is None):
            raise partly(reader, target, self.letters)
        elif name in self.stacks and reader.function is None:
            raise reader.fault(target, f"{reader.source.segment(target)} is written twice in a step.", "Give one another name.")
        else:
            self._step(target, name, items, value)
        return True

    def _step(self, target: ast.Subscript, name: str, items: list[ast.expr], value: Any) -> None:
        """h[t] = value, or h[t, :d] = value, once or again."""
        reader, old = self.reader, self.stacks.get(name)
        if items:
            base = old.tensor if old is not None else old_row(self, target, name, self.writing(name))
            if base is None:
                lead = self.spelt(name, (f.head.letter for f in self.writing(name)))
                fault = f"{reader.source.segment(target)} is a part of {lead}, which has no value yet."
                raise reader.fault(target, fault, f"Write {name} = np.zeros(...) of all its entries above the loop.")
            value = with_steps(self, target, base, items, value)
        if old is not None:
            require_own(reader, target, old.tensor)
            self._unnamed(old.tensor)
        new = self.defined(target, name, value)
        self.stacks[name] = Numbered(new)
        if old is not None:
            reader.exchange(old.tensor, new)

    def _unnamed(self, tensor: Tensor) -> None:
        """Let go of the name of what was written first to a step, where nothing else reads it."""
        own, reader = str(tensor.name), self.reader
        held = any(one is tensor for value in reader.names.values() for one in arrays(value))
        others = (t for t in reader.outputs.values() if t is not tensor)
        if own in reader.outputs and not held and not any(tensor is operand for t in ordered(others) for operand, _ in t.operands):
            reader.outputs.pop(own).name = None
            reader.lines.pop(own, None)

    def _start(self, target: ast.Subscript, name: str, index: tuple[Expr, ...], value: Any) -> None:
        """z[0] = value, or h[0, 0] = value, above the loop."""
        reader, known = self.reader, self.corners if len(index) > 1 else self.starts
        key: Any = index if len(index) > 1 else next(iter(index))
        if name in reader.sizes:
            self._fresh(target, name)
        if key in known.get(name, {}):
            raise reader.fault(target, f"{self.spelt(name, index)} is given twice.", "Leave one out.")
        start = reader.evaluator.numeric(target, value)
        tensor = as_tensor(start)
        if isinstance(start, Tensor) and start.name is None and not is_zero(start):
            plain = all(k.is_nonnegative and k.is_Integer for k in index)
            own = "_".join([name, *map(str, index)]) if plain else f"{name}_start"
            reader.define(target, own, start)
            tensor = as_tensor(reader.names.pop(own))
        known.setdefault(name, {})[key] = tensor

    def defined(self, target: ast.expr, name: str, value: Any) -> Tensor:
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

    def held(self, name: str) -> Tensor | None:
        writing = self.writing(name)
        return so_far(self, name, writing) if writing else None

    def unready(self, node: ast.Name) -> NotationError | None:
        name = node.id
        writing = self.writing(name)
        if writing:
            text = self.spelt(name, (f.head.letter for f in writing))
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
            last, every = head.high if head.step > 0 else head.low, f"range({head.low}, {sp.expand(head.high + 1)})"
            return self.reader.fault(node, fault, f"Write {last} for the last step, or sum(... for {name} in {every}) for all.")
        return None

    def before(self, name: str, writing: list[Frame]) -> str:
        """z[l-1]: the value of the step before, as it is written."""
        *outer, last = writing
        step = sp.expand(last.writes[name] - last.head.step)
        index = str(sp.Symbol(last.head.letter) + step).replace(" ", "")
        return self.spelt(name, [*(f.head.letter for f in outer), index])

    def changes(self, tensor: Tensor, within: Frame) -> bool:
        """Whether a loop whose block is read, or one in it, changes a value from step to step."""
        return any(frame.loop.differing([tensor]) for frame in self.frames[self.frames.index(within) :])

    def line_of(self, frame: Frame, name: str) -> int:
        """The line of a block that writes a name."""
        body = frame.head.node.body
        if name in frame.lists:
            return next(self.line(s) for s in body if (one := put(s)) is not None and one.name == name)
        return next(self.line(t) for t in targets(body) if isinstance(t.value, ast.Name) and t.value.id == name)

    def text(self, frame: Frame, name: str, index: Expr) -> str:
        """z[l, 0]: an entry of a loop in loops, by its number."""
        outer = [f.head.letter for f in self.writing(name) if self.frames.index(f) < self.frames.index(frame)]
        return self.spelt(name, [*outer, index])

    def told(self, name: str, extents: Iterable[Expr]) -> Tensor:
        tensor = super().told(name, tuple(extents))
        for frame in self.frames:
            frame.outer.names[name] = tensor
        return tensor
