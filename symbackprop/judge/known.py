"""What the steps of a derivation have named so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from symbackprop.core.program import Program
from symbackprop.formulas.tree import Node
from symbackprop.judge.asked import Asked
from symbackprop.judge.reading import Shape
from symbackprop.judge.truth import Truth
from symbackprop.judge.verdict import Judged
from symbackprop.judge.weigh import Bindings
from symbackprop.notation.claims import View


class Used(NamedTuple):
    """A step that claims a gradient: what it claims, its program, what the names in it stood for, and its verdict."""

    goal: Asked
    program: Program
    written: Bindings
    judged: Judged


@dataclass
class Known:
    """What the steps so far have named.

    written   the names, bound to what was written.
    true      the same names, bound to what they should be, where that is known.
    shapes    their shapes, for the reader.
    stands    what they stand for, by how they are written.
    wrong     whether a step so far was wrong.
    used      the steps that claim a gradient.
    nameless  abbreviations that turned out to be nothing: their names, and which step gave them.
    unread    whether a step so far was not understood, or is undecided: what uses its name is never convicted.
    from_zero whether a step so far can only be read with indices from 0; what is named after it counts alike.
    gradients names that stand at steps of a loop: what they are the gradients by.
    views     legends, by the names of what they are views of.
    """

    truth: Truth
    written: Bindings = ()
    true: Bindings = ()
    shapes: dict[str, Shape] = field(default_factory=dict)
    stands: dict[Node, Node] = field(default_factory=dict)
    wrong: bool = False
    used: list[Used] = field(default_factory=list)
    nameless: dict[str, int] = field(default_factory=dict)
    unread: bool = False
    from_zero: bool = False
    gradients: dict[str, str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)

    def stand(self, name: str, wrt: str) -> None:
        """Give a name that stands at steps of a loop to the gradient that it is."""
        gradient = f"d{self.truth.of}/d{wrt}"
        self.gradients[name] = wrt
        self.bind([name], gradient, gradient, self.truth.everything.shape(gradient))

    def bind(self, names: Iterable[str], written: Program | str, true: Program | str, shape: Shape) -> None:
        """Give names to a step, but for names that the network has."""
        taken = {*self.truth.named, *(name for name in self.gradients if name in self.shapes)}
        for name in dict.fromkeys(n for n in names if n and n not in taken):
            self.written += ((name, written),)
            self.true += ((name, true),)
            self.shapes[name] = shape
            view = self.views.get(name) or next((v for wrt, v in self.views.items() if true == f"d{self.truth.of}/d{wrt}"), None)
            if view is not None:
                self.see(replace(view, name=name))

    def shape(self, name: str) -> Shape | None:
        """The shape of a name of the network or of a step; None where it is neither."""
        return self.truth.program.shape(name) if name in self.truth.named else self.shapes.get(name)

    def see(self, view: View) -> None:
        """Take a legend: what it is a view of, and what stands for the gradient by that, are seen by it from now on."""
        gradient = f"d{self.truth.of}/d{view.name}"
        for name in (view.name, *(name for name, what in self.true if what == gradient)):
            self.views[name] = own = replace(view, name=name)
            whole = self.shape(name)
            if whole is not None:
                self.bind([own.blocks], own.picked(whole), own.picked(whole), own.shape(whole))

    @property
    def seen(self) -> dict[str, tuple[str, int]]:
        """The names that have views, for the reader."""
        return {name: (view.blocks, len(view.letters)) for name, view in self.views.items() if view.blocks in self.shapes}
