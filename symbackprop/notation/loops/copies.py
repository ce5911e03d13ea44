"""A loop that is written out: its block is read again for every step, and z[2] is a tensor of its own.

What a loop means, in the plainest way: nothing is lifted and nothing is carried, so that it is a witness of the loop that is kept.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr, Integer

from symbackprop.core.program import same_size
from symbackprop.language.operations.shapes import stack
from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.arrays import copied
from symbackprop.notation.declarations import Reading, input_tensor
from symbackprop.notation.entered import with_entries
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grown import Grown
from symbackprop.notation.loops.frame import bind
from symbackprop.notation.loops.header import Header, header, is_plain
from symbackprop.notation.loops.indices import assigned, away, axes, items_of, mentions, near, number, targets
from symbackprop.notation.loops.stepwise import Statements, Stepwise
from symbackprop.notation.loops.stretched import cut, is_stepped
from symbackprop.notation.rounds import rounds

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

Key = tuple[int, ...]
LONGEST = 1_000  # steps of all loops


@dataclass
class Family:
    """A declaration whose widths differ from step to step: every step has an array of its own.

    text    how one of them is written: W[l].
    extent  how many there are; None where loops tell.
    made    those of the steps that were read.
    """

    node: ast.AST
    text: str
    annotation: ast.expr
    letters: list[str]
    extent: int | None = None
    made: dict[Key, Tensor] = field(default_factory=dict)


class Copies(Stepwise):
    """Loops that are written out.

    heads    the loops whose blocks are being read, outermost first.
    values   what steps wrote, by name and numbers, and `starts` what stands before them.
    wholes   what the names stand for below their loops, all steps as one array.
    filled   the arrays that loops filled, which hold all rows now.
    families declarations of arrays that differ in shape from step to step.
    count    how many steps there were.
    """

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self.heads: list[Header] = []
        self.values: dict[str, dict[Key, Tensor]] = {}
        self.starts: dict[str, dict[Key, Tensor]] = {}
        self.wholes: dict[str, Tensor] = {}
        self.families: dict[str, Family] = {}
        self.filled: set[str] = set()
        self.count = 0

    def declare(self, target: ast.Subscript, annotation: ast.expr) -> None:
        if not self.widths.differ(annotation):
            super().declare(target, annotation)
            return
        name, letters = self.declared(target)
        reader = self.reader
        reader.note(target, name)
        Reading(reader.source, reader.size_named, lambda node: Integer(1)).kind(
            annotation
        )  # its other sizes are known from here on
        self.families[name] = Family(target, reader.source.segment(target), annotation, letters)

    def stacked(self, node: ast.AST, name: str, annotation: ast.expr, letters: list[str], each: ast.expr) -> None:
        if not self.widths.differ(annotation):
            super().stacked(node, name, annotation, letters, each)
            return
        reader = self.reader
        reader.note(node, name)
        kind = Reading(reader.source, reader.size_named, lambda size: Integer(1)).kind(annotation)
        assert kind.sizes is not None
        self.families[name] = Family(node, f"{name}[{letters[0]}]", each, letters, int(kind.sizes[0]))

    def _of_family(self, node: ast.Subscript, name: str, items: list[ast.expr]) -> Tensor:
        """W[2] of W[l]: parameter[h[l], h[l-1]], the input W_2."""
        family, reader = self.families[name], self.reader
        if len(items) < len(family.letters) or not all(map(is_plain, items[: len(family.letters)])):
            raise reader.fault(node, f"{name} has another shape at each step.", f"Write {family.text}.")
        key = tuple(int(number(reader, item)) for item in items[: len(family.letters)])
        if family.extent is not None:
            key = (key[0] + family.extent if key[0] < 0 else key[0],)
            if not 0 <= key[0] < family.extent:
                fault = f"{reader.source.segment(node)} is {name}[{key[0]}], and there are {family.extent}."
                raise reader.fault(node, fault, "The first has the number 0.")
        if key not in family.made:
            own = "_".join([name, *map(str, key)])
            reader.fresh(family.node, own)
            held = dict(reader.names)
            reader.names.update(zip(family.letters, map(Integer, key), strict=True))
            kind = Reading(reader.source, reader.size_named, self.widths.size).kind(family.annotation)
            reader.names = held
            tensor = input_tensor(own, kind, lambda fault, mend: reader.fault(family.annotation, fault, mend))
            reader.declare(family.node, tensor)
            family.made[key] = tensor
        return self._entry(family.made[key], items[len(key) :], {})

    def forget(self, name: str) -> None:
        for known in (self.values, self.starts, self.wholes, self.rows, self.begun):
            known.pop(name, None)
        self.filled.discard(name)

    def _is_known(self, name: str) -> bool:
        """Whether a name stands for what loops wrote to it step by step."""
        held = self.reader.names.get(name)
        if name in self.values:
            return held is None or held is self.wholes.get(name)
        return name in self.starts

    @property
    def letters(self) -> list[str]:
        return list(dict.fromkeys(head.letter for head in self.heads))

    def keeps(self, node: ast.For) -> bool:
        return self.writes_steps(node) or (isinstance(node.target, ast.Name) and header(self.reader, node) is not None)

    def loop(self, node: ast.For, read: Statements) -> None:
        head, held = self.head(node), self.reader.names
        stepwise = [t for t in targets(node.body) if mentions(items_of(t)[0], [head.letter])]
        written = [t for t in stepwise if not self._is_inner(t) and not isinstance(held.get(ast.unparse(t.value)), dict)]
        whole = dict.fromkeys(t.value.id for t in written if isinstance(t.value, ast.Name))
        for name in whole:
            if self.wholes.pop(name, None) is held.get(name, held):
                del held[name]  # of the loop around's step before
            self.values[name] = {}
        self.filled -= whole.keys()
        filled = [name for name in whole if self._empty(name, node, head)]
        several = None if isinstance(node.target, ast.Name) and node.target.id == head.letter else rounds(self.reader, node.iter)
        self.heads.append(head)
        first: dict[str, str] = {}
        for place, k in enumerate(range(int(head.low), int(head.high) + 1)[:: head.step]):
            self.count += 1
            if self.count > LONGEST:
                raise self.reader.fault(node.iter, f"the loops are written out to more than {LONGEST:,} steps.", "Take fewer.")
            self.reader.names[head.letter] = Integer(k)
            if several is not None:
                bind(self.reader.names, node.target, several[place])
            for statement in node.body:
                read(statement)
            first = first or {name: t.name for name in assigned(node.body) if (t := self._written(name)) is not None and t.name}
        self.heads.pop()
        for name, own in first.items():
            self._called(name, own)
        for name in whole:
            if name in filled:
                whole_array = self.held(name)
                assert whole_array is not None
                self.starts.pop(name, None)
                self.values.pop(name)
                self.reader.names[name] = Grown(whole_array) if self.rows[name].list else whole_array
                self.filled.add(name)
            elif self.values[name] and self._have_one_shape(name):
                self.reader.names[name] = self.wholes[name] = self._stacked(name, ())

    def _have_one_shape(self, name: str) -> bool:
        """Whether the steps' values have one shape, so that they are an array."""
        shapes = [value.shape for value in self.values[name].values()]
        return all(len(s) == len(shapes[0]) and all(map(same_size, s, shapes[0])) for s in shapes)

    def _written(self, name: str) -> Tensor | None:
        """The value of a name that a line wrote."""
        held = self.reader.names.get(name)
        return held if isinstance(held, Tensor) and held.name in self.reader.outputs else None

    def _called(self, name: str, own: str) -> None:
        """Call the last value of a name what a loop that is kept calls it, and the first step's as the last was called."""
        last, outputs = self._written(name), self.reader.outputs
        if last is not None and last.name is not None and last.name != own and own in outputs:
            first, other = outputs[own], last.name
            outputs[own], outputs[other] = last.named(own), first.named(other)

    def _empty(self, name: str, node: ast.For, head: Header) -> bool:
        """Keep the other rows of an array of zeros that the loop fills; whether it is one."""
        target = next(t for t in targets(node.body) if isinstance(t.value, ast.Name) and t.value.id == name)
        index = away(self.reader, items_of(target)[0], [head.letter])
        rows = None if index is None else self.emptied(target, name, index.least(head), index.most(head))
        if rows is not None:
            others = [*range(int(rows.low)), *range(int(rows.high) + 1, int(rows.size))]
            old = {(k,): row for k in others if (row := rows.row(Integer(k))) is not None}
            self.starts[name] = old | self.starts.get(name, {})
        return rows is not None

    def held(self, name: str) -> Tensor | None:
        if name not in self.rows or name in self.filled:
            return None
        known, rows = self.starts.get(name, {}) | self.values.get(name, {}), self.rows[name]
        return stack([_row_of(known, (k,), rows.row(Integer(k))) for k in range(int(rows.size))])

    def unready(self, node: ast.Name) -> NotationError | None:
        if node.id in self.families or (node.id in self.values and not self._have_one_shape(node.id)):
            fault = f"{node.id} has another shape at each step."
            return self.reader.fault(node, fault, f"Read it step by step in a loop, {node.id}[l].")
        return None  # the text was read with its loops before, which refuses what stands too early

    def _is_inner(self, target: ast.Subscript) -> bool:
        """Whether a target has a letter of a loop that is being read, so that it is no whole stack yet behind the next."""
        return any(mentions(item, self.letters) for item in items_of(target))

    # What a line writes

    def write(self, target: ast.Subscript, value: Any) -> bool:
        name, items = target.value.id if isinstance(target.value, ast.Name) else "", items_of(target)
        reader, depth = self.reader, self.depths.get(name, 1)
        over = name in self.filled or (not self.heads and name in self.wholes)
        lead, rest = items[:depth], items[depth:]
        if name not in self.lines or over or not all(map(is_plain, lead)):
            return False
        if len(lead) > 1 and not self.heads and reader.function is not None and isinstance(reader.names.get(name), Tensor):
            return False  # a part of an array that is filled below
        is_step = all(mentions(item, self.letters) for item in lead)
        is_begun = not self.heads or (reader.function is not None and isinstance(reader.names.get(name), Tensor))
        if not is_step and is_begun and len(lead) == 1 and not rest:
            key: Key = (int(self.begin(target, name, number(reader, lead[0]), value)),)
        elif rest and not is_step:
            return False
        else:
            key = tuple(int(number(reader, item)) for item in lead)
        if rest:
            value = with_entries(reader, target, self._old(target, name, key), rest, value, lambda part: value)
        tensor = as_tensor(reader.evaluator.numeric(target, value))
        tensor = tensor if tensor.name is None and tensor.operands else copied(tensor)
        own = reader.own(target, "_".join([name, *(f"m{-k}" if k < 0 else str(k) for k in key)]))
        reader.outputs[own] = tensor.named(own)
        reader.note(target, own)
        known = (
            self.values if is_step or key in self.values.get(name, {}) else self.starts
        )  # behind the loop, what it wrote is set again
        if (old := known.get(name, {}).get(key)) is not None:
            reader.exchange(old, tensor)
        for held in (self.values.get(name, {}), self.starts.get(name, {})):
            for k in [k for k in held if len(k) > len(key) and k[: len(key)] == key]:
                del held[k]
        known.setdefault(name, {})[key] = tensor
        return True

    def _old(self, node: ast.Subscript, name: str, key: Key) -> Tensor:
        """What stands at a step before it is written, in part or again."""
        known = self.values.get(name, {}).get(key)
        known = self.starts.get(name, {}).get(key) if known is None else known
        rows = self.rows.get(name)
        if known is None and rows is not None:
            first = rows.row(Integer(key[0]))
            known = first if first is None or len(key) == 1 else first[key[1:]]
        if known is None:
            raise self._unknown(node)
        return known

    # What a line reads

    def value(self, node: ast.Subscript) -> Any:
        name, items = node.value.id if isinstance(node.value, ast.Name) else None, items_of(node)
        if any(is_stepped(item, self.letters) for item in items):
            return self._sliced(node, name, items)
        if name is not None and self._is_known(name):
            return self._step(node, name, items)
        if name is not None and name in self.families:
            return self._of_family(node, name, items)
        of_step = any(mentions(item, self.letters) for item in items)
        if name is not None and name in self.opens:
            self._opened(name, items)
        elif not of_step and not any(self.counting.bases.get((name or "", axis)) for axis, _ in axes(items)):
            return None
        held = self.reader.evaluator.value(node.value)
        if isinstance(held, tuple | dict):
            return None
        tensor = as_tensor(self.reader.evaluator.numeric(node.value, held))
        lows = {axis: base for (own, axis), base in self.counting.bases.items() if own == name}
        for axis, item in axes(items, tensor.ndim):
            several = [h for h in self.heads if mentions(item, [h.letter])]
            if len(several) > 1 or (several and near(self.reader, item, self.letters) is None):  # of two loops, or in strides
                lows.setdefault(axis, sp.Integer(max(h.base or 0 for h in several)))
                continue
            index = away(self.reader, item, self.letters)
            if index is not None and axis not in lows:
                head = next(h for h in reversed(self.heads) if h.letter == index.letter)
                lows[axis] = self.counting.base(name, axis, tensor.shape[axis], head, index, node)
        return self._entry(tensor, items, lows)

    def _sliced(self, node: ast.Subscript, name: str | None, items: list[ast.expr]) -> Any:
        """x[:2] of x[:t], or h[1, :2] of what loops write, as far as it is written."""
        if name is None or not self._is_known(name):
            return cut(self.reader, node, items, self.reader.evaluator.value(node.value), self.letters)
        lead = next(k for k, item in enumerate(items) if not is_plain(item))
        base = self._step(node, name, items[:lead]) if lead or name not in self.rows else self.held(name)
        return cut(self.reader, node, items[lead:], base, self.letters)

    def _opened(self, name: str, items: list[ast.expr]) -> None:
        """Declare W of W[l]: parameter[h, h] with as many entries as the loop has steps."""
        extents: list[Expr] = []
        for axis, item in list(axes(items))[: self.opens[name].rank]:
            index = away(self.reader, item, self.letters)
            assert index is not None, "the kept reading of the loop refuses this"
            head = next(h for h in reversed(self.heads) if h.letter == index.letter)
            extents.append(head.extent)
            self.counting.bases[name, axis] = index.least(head)
        self.told(name, extents)

    def _step(self, node: ast.Subscript, name: str, items: list[ast.expr]) -> Tensor:
        """z[2], or h[2] of h[2, 1], h[2, 2], ..."""
        known = self.starts.get(name, {}) | self.values.get(name, {})  # a step that a loop has written is no start any more
        count = next((k for k, item in enumerate(items) if not is_plain(item)), len(items))
        for length in range(count, -1, -1):
            key = tuple(int(number(self.reader, item)) for item in items[:length])
            if key in known:
                is_whole = name not in self.rows or not any(len(k) > length and k[:length] == key for k in known)
                row = known[key] if is_whole else _row_of(known, key, None)
                return self._entry(row, items[length:], {} if name in self.rows else self._first(name, length))
            if name in self.rows and length == 1:
                place = int(self.rows[name].place(Integer(key[0])))
                if 0 <= place < self.rows[name].size:
                    return self._entry(_row_of(known, (place,), self.rows[name].row(Integer(place))), items[1:], {})
            if not length and (whole := self.held(name)) is not None:  # F[:, j] of rows that are not all written
                return self._entry(whole, items, {})
            inner = sorted({k[length] for k in self.values.get(name, {}) if k[:length] == key and len(k) > length})
            if inner:
                return self._entry(self._stacked(name, key), items[length:], self._lows(name, key))
        raise self._unknown(node)

    def _first(self, name: str, length: int) -> dict[int, Expr]:
        """The least number along the further axes of a start, which the loops that are being read write by their letters."""
        lows: dict[int, Expr] = {}
        for target in targets(self.heads[0].node.body) if self.heads else ():
            if isinstance(target.value, ast.Name) and target.value.id == name:
                for axis, item in enumerate(items_of(target)[length:]):
                    index = away(self.reader, item, self.letters)
                    if index is not None:
                        head = next(h for h in reversed(self.heads) if h.letter == index.letter)
                        lows.setdefault(axis, index.least(head))
        return lows

    def _unknown(self, node: ast.Subscript) -> NotationError:
        return self.reader.fault(node, f"{self.reader.source.segment(node)} has no value at this step.", "")

    def _lows(self, name: str, key: Key) -> dict[int, Expr]:
        """The least number along each axis of a stack."""
        keys = [k[len(key) :] for k in self.values[name] if k[: len(key)] == key]
        return {axis: sp.Integer(min(k[axis] for k in keys)) for axis in range(len(keys[0]))}

    def _stacked(self, name: str, key: Key) -> Tensor:
        """The values of a name whose numbers begin so, in order, as one array."""
        values = self.values[name]
        if key in values:
            return values[key]
        numbers = sorted({k[len(key)] for k in values if k[: len(key)] == key and len(k) > len(key)})
        return stack([self._stacked(name, (*key, k)) for k in numbers])

    def _entry(self, tensor: Tensor, items: list[ast.expr], lows: dict[int, Expr]) -> Tensor:
        """The entry of an array whose first entries have these numbers."""
        evaluator, places = self.reader.evaluator, {id(item): axis for axis, item in axes(items, tensor.ndim)}
        taken: list[Any] = []
        for item in items:
            low = lows.get(places.get(id(item), -1), sp.S.Zero)
            taken.append(sp.expand(number(self.reader, item) - low) if is_plain(item) and low else evaluator.item(item))
        return tensor[tuple(taken)] if taken else tensor


def _row_of(known: Mapping[Key, Tensor], key: Key, old: Tensor | None) -> Tensor:
    """What stands at some numbers of an array that loops fill: what was written there, else what it held before."""
    old = known.get(key, old)  # whose entries were written later, where there are any: a row that is set lets go of them
    assert old is not None, "an array has all its rows"
    if not any(len(k) > len(key) and k[: len(key)] == key for k in known):
        return old
    return stack([_row_of(known, (*key, k), old[k]) for k in range(int(old.shape[0]))])
