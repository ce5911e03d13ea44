"""The widths of layers where they differ: W[l]: parameter[h[l], h[l-1]] has the size h along axes, and is h_l by h_{l-1} on paper.

A declaration notes what the size of each axis is at the places that the tensor stands at along its other axes (`Signature.widths`);
what an equation writes has the widths of what it reads, letter by letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.loops.recursion import pinned
from symbackprop.core.loops.step_axes import Axis, Place, step_axes
from symbackprop.core.program import Carry, Equation, Program, position


def width(name: str, number: Expr) -> Expr:
    """The width h[l] of a layer, as it stands on paper: its name with the number."""
    found: Any = sp.IndexedBase(name, integer=True, positive=True)
    return found[number]


def along(axis: int) -> Symbol:
    """The position along an axis of a tensor, as its other axes' widths may mention it."""
    return position(f"axis{axis}")


def widths_of(expression: Expr) -> list[tuple[str, Expr, Expr]]:
    """The widths in a size: name, number, and itself."""
    several: list[Any] = sorted(expression.atoms(sp.Indexed), key=str)
    return [(str(one.base), one.indices[0], one) for one in several]


class LayerWidths:
    """What the sizes of axes are where they differ from layer to layer.

    found   by the tensor and the axis; empty where none does.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: dict[Place, Expr] = {(t.name, k): w for t in program.inputs for k, w in enumerate(t.widths) if w is not None}
        self.axes = step_axes(program).axes if self.found else {}
        if self.found:
            self._follow([e for e in program.equations if program.tensors[e.target.name].role is None])
            for name, tensor in program.tensors.items():
                if (role := tensor.role) is not None:
                    parts = [*([] if role.upstream else [role.of]), *([] if role.vector else [role.wrt])]
                    self.found |= _side_by_side(program, name, parts, self.found)
            self._follow(program.equations)

    def _follow(self, equations: Sequence[Equation]) -> None:
        """Give what equations write the widths of what they read."""
        known = -1
        while known < len(self.found):
            known = len(self.found)
            for equation in equations:
                self.found |= {place: w for place, w in _written(equation, self.found).items() if place not in self.found}

    def steps(self, name: str) -> list[Axis]:
        """The axes of layers of a tensor whose widths differ from one to the next."""
        places = sorted(k for own, k in self.axes if own == name)
        return [self.axes[name, k] for k in places] if any(own == name for own, _ in self.found) else []

    def shape(self, name: str, steps: Mapping[str, Expr] | None = None) -> tuple[Expr, ...] | None:
        """The shape of a tensor at a step of each loop; None where its widths do not differ.

        steps   the number of the step by the loop's letter; where none is given, it is the letter.
        """
        shape = self.program.shape(name)
        if not any((name, k) in self.found for k in range(len(shape))):
            return None
        axes = {k: axis for (own, k), axis in self.axes.items() if own == name}
        at: dict[Any, Expr] = {along(k): (steps or {}).get(axis.letter, axis.step) - axis.origin for k, axis in axes.items()}
        return tuple(moved(self.found[name, k], at) if (name, k) in self.found else n for k, n in enumerate(shape) if k not in axes)


def _written(equation: Equation, found: Mapping[Place, Expr]) -> dict[Place, Expr]:
    """The widths of what an equation writes, as far as those of what it reads are known."""
    index, letters = equation.target.index, dict[str, Expr]()
    operands = equation.operands[:1] if isinstance(equation.op, Carry) else equation.operands
    for ref in operands:
        at: dict[Any, Expr] = {}
        for k, c in enumerate(ref.index):
            pin = pinned(equation, c)
            at[along(k)] = position(c) if pin is None else pin
            if isinstance(equation.op, Carry) and c == equation.op.letter:
                at[along(k)] = position(c) - equation.op.step
        for k, c in enumerate(ref.index):
            if (ref.name, k) in found:
                letters.setdefault(c, moved(found[ref.name, k], at))
    back: dict[Any, Expr] = {position(c): along(k) for k, c in enumerate(index)}
    own = {along(k) for k in range(len(index))}
    written = {k: moved(letters[c], back) for k, c in enumerate(index) if c in letters}
    return {(equation.target.name, k): w for k, w in written.items() if _positions(w) <= own}


def _side_by_side(program: Program, name: str, parts: list[str], found: Mapping[Place, Expr]) -> dict[Place, Expr]:
    """The widths of a derivative, whose axes are those of one tensor after those of another; nothing where it lacks some."""
    own: dict[Place, Expr] = {}
    if sum(len(program.shape(part)) for part in parts) != len(program.shape(name)):
        return own
    start = 0
    for part in parts:
        rank = len(program.shape(part))
        onward: dict[Any, Expr] = {along(k): along(start + k) for k in range(rank)}
        own |= {(name, start + k): moved(found[part, k], onward) for k in range(rank) if (part, k) in found}
        start += rank
    return own


def moved(expression: Expr, at: Mapping[Any, Expr]) -> Expr:
    """A size with widths, at these positions."""
    swap = {one: width(name, sp.expand(number.xreplace(dict(at)))) for name, number, one in widths_of(expression)}
    return expression.xreplace(swap)  # type: ignore[return-value]  # SymPy promises a Basic only


def _positions(expression: Expr) -> set[Any]:
    return {s for _, number, _ in widths_of(expression) for s in number.free_symbols if not s.is_positive}
