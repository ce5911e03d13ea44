r"""Views of tensors in formulas: c_{2h:3h} as NumPy writes it, or by a short name that a line of its own defines, W_{q,l}, c_{n}.

A block that is cut out of a tensor is called by what it flows into.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.algebra.positions import Place, View
from symbackprop.core.guards import affine, fixed_letters
from symbackprop.core.program import Equation, Program, Sum, letter_sizes, position, same_size
from symbackprop.display.body import BodyPrinter, scalar
from symbackprop.display.names import Names
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter, parse_name
from symbackprop.formulas.tree import Binds, Grid, Node, Row

WHOLE = f.symbol(":")
Cut = tuple[Expr, Expr]  # where a block begins, and the size of the axis that it is cut from


class ViewNames:
    """How views are written in the names of one program."""

    def __init__(self, names: Names) -> None:
        self.names, self.program = names, names.program

    def formula(self, view: View, subscripts: Sequence[str] = ()) -> Node:
        """A view; the first of its axes have letters."""
        short = self.short(view, subscripts)
        return self.names.entry(view.tensor, self._slices(view, subscripts)) if short is None else short

    def entry(self, view: View, letters: Sequence[str]) -> Node:
        """An entry of a view, by positions that may be outside of the tensor: r_{j-1}. Axes of size 1 are left out."""
        to, sizes = BodyPrinter({position(c): letter(c) for c in letters}), self.program.shape(view.tensor)
        longer = [k for k, size in enumerate(view.shape) if size != 1] if len(letters) < len(view.shape) else range(len(letters))
        own = dict(zip(longer, map(position, letters), strict=True))
        places = [place for place, size in zip(view.places, sizes, strict=True) if len(sizes) < 3 or size != 1]
        at = [sp.Add(place.offset, *(stride * own.get(k, sp.S.Zero) for k, stride in place.parts)) for place in places]
        return self.names.entry(view.tensor, [to.formula(e) for e in at])

    def short(self, view: View, subscripts: Sequence[str]) -> Node | None:
        """A view by the letters of its blocks, or by what its only block is called; None where its slices say it shortly."""
        marks = self._marks(view, subscripts)
        if marks is None:
            return None
        made = self.names.entry(view.tensor, marks)
        return None if made in self._taken else made

    def is_called(self, view: View, subscripts: Sequence[str]) -> bool:
        """Whether the short name of a view has the name of its block, Q of z_{Q,i}, beside the letters."""
        marks = self._marks(view, subscripts)
        return marks is not None and len(marks) > len(subscripts)

    def definition(self, view: View, subscripts: Sequence[str]) -> Node | None:
        """What a short name stands for; None where the view has none."""
        short = self.short(view, subscripts)
        if short is None:
            return None
        whole = self._side_by_side(view, subscripts)
        return f.equation(short, self.names.entry(view.tensor, self._slices(view, subscripts))) if whole is None else whole

    def _side_by_side(self, view: View, subscripts: Sequence[str]) -> Node | None:
        """The whole tensor as its blocks, where each of them has a name."""
        cut = [k for k, place in enumerate(view.places) if not self._is_whole(view, k, place)]
        shape = self.program.shape(view.tensor)
        if len(cut) != 1 or len(view.places[cut[0]].parts) != 1 or cut[0] != len(shape) - 1:
            return None
        block = view.shape[view.places[cut[0]].parts[0][0]]
        names: list[Node] = []
        while not same_size(len(names) * block, shape[cut[0]]):
            label = self.labels.get((sp.expand(len(names) * block), shape[cut[0]]))
            if label is None:
                return None
            names.append(parse_name(label).formula())
        below = [letter(x) for x in subscripts]
        parts = [self.names.entry(view.tensor, [name, *below]) for name in names]
        blocks = Grid("bmatrix", tuple((part,) for part in parts)) if len(shape) == 1 else f.block_row(parts)
        return f.equation(self.names.entry(view.tensor, below), blocks)

    @cached_property
    def _taken(self) -> set[Node]:
        own, tensors = self.names, self.program.tensors  # what nobody named may be called by such a part
        return {own.name_of(n).formula() if tensor.role is None else own.tensor(n) for n, tensor in tensors.items()}

    def _marks(self, view: View, subscripts: Sequence[str]) -> list[Node] | None:
        """The letters of a view that is whole along each axis or counted in blocks from its start, after the name of a block."""
        own: list[Node] = []
        for k, place in enumerate(view.places):
            if self._is_whole(view, k, place):
                continue
            if len(place.parts) < 2 and (not place.parts or self._axis(view, k) < len(subscripts)):
                return None
            size = self.program.shape(view.tensor)[k]
            if len(place.parts) < 2 or not _fills(view, place, size):
                label = self.labels.get((place.offset, size))
                if own or (label is None and (len(place.parts) < 2 or place.offset != 0)):
                    return None
                own += [] if label is None else [parse_name(label).formula()]
        return [*own, *(letter(x) for x in subscripts)] if own or view.lead <= len(subscripts) else None

    def _is_whole(self, view: View, axis: int, place: Place) -> bool:
        size = self.program.shape(view.tensor)[axis]
        return len(place.parts) == 1 and place.offset == 0 and same_size(view.shape[place.parts[0][0]], size)

    @staticmethod
    def _axis(view: View, axis: int) -> int:
        return view.places[axis].parts[-1][0]

    def _slices(self, view: View, subscripts: Sequence[str]) -> list[Node]:
        """The position in each axis of the tensor: a number, a letter, a range."""
        found = [self._slice(view, k, place, subscripts) for k, place in enumerate(view.places)]
        while found and found[-1] == WHOLE:
            found.pop()
        return found

    def _slice(self, view: View, axis: int, place: Place, subscripts: Sequence[str]) -> Node:
        if self._is_whole(view, axis, place) and self._axis(view, axis) >= len(subscripts):
            return WHOLE
        at = [f.juxtapose([*([] if s == 1 else [f.within(scalar(s), Binds.PRODUCT)]), letter(subscripts[k])])
              for k, s in place.parts if k < len(subscripts)]  # fmt: skip
        start = [*at, *([] if place.offset == 0 and (at or len(place.parts) > len(at)) else [scalar(place.offset)])]
        if len(at) == len(place.parts):
            return f.add(start)
        stride, size = place.parts[-1][1], view.shape[place.parts[-1][0]]
        if stride != 1:
            return f.beside(*start, WHOLE, WHOLE, scalar(stride))
        end = place.offset + size
        whole = self.program.shape(view.tensor)[axis]
        stop = [*at, scalar(end)]
        last = [] if not at and same_size(end, whole) else [f.add(stop)]
        return f.beside(*([f.add(start)] if start else []), WHOLE, *last)

    @cached_property
    def labels(self) -> dict[Cut, str]:
        """What blocks are called: by the first value with a name that each flows into alone, and no other block."""
        found: dict[Cut, set[str]] = {}
        for equation in self.program.equations:
            if self.program.tensors[equation.target.name].role is None and isinstance(equation.op, Sum):
                for cut in _cuts(self.program, equation):
                    found.setdefault((cut.offset, cut.size), set()).add(self._flows_into(equation.target.name))
        used = Counter(stem for stems in found.values() for stem in stems)
        return {cut: stem for cut, (stem, *more) in found.items() if stem and not more and used[stem] == 1}

    def _flows_into(self, name: str) -> str:
        """The first value on the way of a block that has a name; "" where there are several ways, or only the loss has one."""
        tensors = self.program.tensors
        while not (tensors[name].called or tensors[name].named):
            readers = self._readers.get(name, [])
            if len(readers) != 1:
                return ""
            name = readers[0]
        if not tensors[name].called:
            return "" if tensors[name].counted or not self._readers.get(name) else name
        return re.sub(r"_\d+$", "", name).split("_")[-1]

    @cached_property
    def _readers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for e in self.program.equations:
            for ref in e.operands if self.program.tensors[e.target.name].role is None else ():
                found.setdefault(ref.name, []).append(e.target.name)
        return found

    def side_by_side(self, tensor: str) -> Node | None:
        """A tensor that is cut along its last axis as its blocks, [p_i, p_f, p_g, p_o], where each of them has a name."""
        shape, widths = self.program.shape(tensor), self._widths.get(tensor, [])
        if not widths or widths[0] is None or any(n is None or not same_size(n, widths[0]) for n in widths):
            return None
        own = (*shape[:-1], widths[0])
        places = tuple(Place(sp.S.Zero, ((k, sp.S.One),)) for k in range(len(shape)))
        return self._side_by_side(View(tensor, places, own), ())

    @cached_property
    def blocks(self) -> frozenset[str]:
        """The tensors all of whose parts have names, along axes of a size at which that is so of each tensor that is cut."""
        shapes = {name: self.program.shape(name)[-1] for name in self._widths}
        open_ = {shapes[name] for name in self._widths if self.side_by_side(name) is None}
        return frozenset(name for name, size in shapes.items() if size not in open_)

    def label(self, tensor: str, start: Expr) -> Node | None:
        """What the block of a tensor's last axis is called that begins somewhere; None where its blocks have no names."""
        found = self.labels.get((sp.expand(start), self.program.shape(tensor)[-1])) if tensor in self.names.blocks else None
        return None if found is None else Row((parse_name(found).formula(),))

    @cached_property
    def _widths(self) -> dict[str, list[Expr | None]]:
        """The tensors that are cut into blocks, and the width of each; None where one is cut along another axis than the last."""
        found: dict[str, list[Expr | None]] = {}
        for e in self.program.equations:
            if self.program.tensors[e.target.name].role is None and isinstance(e.op, Sum):
                sizes = letter_sizes(self.program, e)
                for cut in _cuts(self.program, e):
                    found.setdefault(cut.tensor, []).append(sizes[cut.letter] if cut.is_last else None)
        return found


class Slices(ViewNames):
    """Views by their slices, where no line would define a short name, but those of tensors that are told block by block."""

    def short(self, view: View, subscripts: Sequence[str]) -> Node | None:
        return super().short(view, subscripts) if view.tensor in self.names.blocks else None


class Unnamed(ViewNames):
    """Some views by their slices: those that are read once."""

    def __init__(self, names: Names, once: Collection[View]) -> None:
        super().__init__(names)
        self.once = once

    def short(self, view: View, subscripts: Sequence[str]) -> Node | None:
        return None if view in self.once else super().short(view, subscripts)


def _fills(view: View, place: Place, size: Expr) -> bool:
    """Whether blocks that are counted are all of an axis."""
    (outer, stride), *_ = place.parts
    return place.offset == 0 and same_size(stride * view.shape[outer], size)


class _Cut(NamedTuple):
    """A block that an equation reads: offset + letter in an axis of a tensor that is longer, of some size."""

    tensor: str
    offset: Expr
    size: Expr
    letter: str
    is_last: bool


def _cuts(program: Program, equation: Equation) -> list[_Cut]:
    """The blocks that an equation reads."""
    at = fixed_letters(program, equation)[0]
    found = []
    for ref in equation.operands:
        for x, size in zip(ref.index, program.shape(ref.name), strict=True):
            form = affine(at[x]) if x in at else None
            if form is not None and form.opaque == 0 and list(form.slopes.values()) == [1]:
                found.append(_Cut(ref.name, form.offset, size, next(iter(form.slopes)), x == ref.index[-1]))
    return found
