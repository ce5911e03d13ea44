"""What the steps of a derivation have named so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from sympy import Expr

from symbackprop.core.program import Program
from symbackprop.formulas.tree import Node
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import Said, Shape
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Bindings
from symbackprop.notation.claims import Left, View, by_letters

_ENTRIES = re.compile(r"(?:_(?:[a-z]|\{[a-z\s,]*\})|\^\s*\{\s*\([a-km-z]\)\s*\})+$")
_INDICES = re.compile(r"_(?:[a-z]|\{[a-z\s,]*\})$")


def spelled(name: str) -> str:
    r"""A name without what only sets it: dZ2 of dZ^{[2]} and \mathrm{d}Z_2."""
    return re.sub(r"\\(?:mathrm|mathbf|boldsymbol|operatorname)\b|[\s_{}^()\[\]\\]", "", name)


class Used(NamedTuple):
    """A step that claims a gradient: what it claims, its program, what the names in it stood for, its verdict and its place."""

    goal: Asked
    program: Program
    written: Bindings
    judged: Judged
    place: int


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
    turned    names that turned out to be a gradient, or a multiple of one, and which step gave them.
    misfits   the claims of steps about gradients that were not understood.
    unread    whether a step so far was not understood, or is undecided: what uses its name is never convicted.
    from_zero whether a step so far can only be read with indices from 0; what is named after it counts alike.
    gradients names that stand at steps of a loop: what they are the gradients by.
    views     legends, by the names of what they are views of.
    samples   the places of steps that give gradients of each sample's own loss, with the number of samples.
    own       what a step called dz, by z.
    differentials   the lines of differentials, dL = tr(G^T dW): of what, and in those of which tensors.
    lettered  names that were given at letters, with what they are called at each of these.
    called    names of the network that code has given to something else: what that is called.
    rounding  relative: what the numbers that steps gave to values of the network are off by, at most.
    """

    truth: Truth
    written: Bindings = ()
    true: Bindings = ()
    shapes: dict[str, Shape] = field(default_factory=dict)
    stands: dict[Node, Node] = field(default_factory=dict)
    wrong: bool = False
    rounding: float = 0.0
    used: list[Used] = field(default_factory=list)
    nameless: dict[str, int] = field(default_factory=dict)
    turned: dict[str, int] = field(default_factory=dict)
    misfits: list[Any] = field(default_factory=list)
    unread: bool = False
    from_zero: bool = False
    gradients: dict[str, str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    samples: Mapping[int, Expr] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    lettered: dict[str, dict[tuple[str, ...], str]] = field(default_factory=dict)
    differentials: tuple[tuple[str, tuple[str, ...]], ...] = ()
    called: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Known:
        """The same knowledge, to go on with for itself."""
        return replace(
            self, shapes=dict(self.shapes), stands=dict(self.stands), used=list(self.used), nameless=dict(self.nameless),
            turned=dict(self.turned), misfits=list(self.misfits), gradients=dict(self.gradients), views=dict(self.views),
            own=dict(self.own), lettered=dict(self.lettered), called=dict(self.called),
        )  # fmt: skip

    def take(self, other: Known) -> None:
        """Know what another knows."""
        for one in fields(self):
            setattr(self, one.name, getattr(other, one.name))

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

    def is_own(self, name: str) -> bool:
        """Whether a name is that of a value that a step gave, and not of a view."""
        views = {view.blocks for view in self.views.values()}
        return name in self.shapes and name not in views and name not in self.truth.named

    def given(self, name: str) -> tuple[Program | str, Bindings]:
        """What a name was given as, and what the names in that stand for."""
        k = max(k for k, (own, _) in enumerate(self.written) if own == name)
        return self.written[k][1], self.written[:k]

    def see(self, view: View) -> None:
        """Take a legend: what it is a view of, and what stands for the gradient by that, are seen by it from now on."""
        gradient = f"d{self.truth.of}/d{view.name}"
        for name in (view.name, *(name for name, what in self.true if what == gradient)):
            self.views[name] = own = replace(view, name=name)
            whole = self.shape(name)
            if whole is not None:
                self.bind([own.blocks], own.picked(whole), own.picked(whole), own.shape(whole))

    def give(
        self, name: str, left: Left, goal: Asked | None, written: Program | str, true: Program | str, shape: Shape
    ) -> None:  # fmt: skip
        r"""Give a step's names to what it says: its own, that of its left side, and what that is at its letters.

        What \delta_k is stays so where a later step says what \delta_j is.
        """
        if left.letters and left.name and left.name not in self.truth.named and left.name not in self.gradients:
            own = by_letters(left.name, left.letters)
            self.bind([own], written, true, shape)
            self.lettered.setdefault(left.name, {})[left.letters] = own
        wrt = goal.wrt if goal is not None and goal.of == self.truth.of else ""
        short, entry = spelled(f"d{wrt}") if wrt else "", spelled(_ENTRIES.sub("", name))
        entry = short if len(wrt) == 1 and left.letters and entry == f"d{wrt.lower()}" else entry  # dp_i, a row of dP
        is_short = short in (spelled(name), entry) and not left.partial and f"d{wrt}" not in self.truth.program.tensors
        whole = spelled(_INDICES.sub("", name))
        at_letters = left.letters and spelled(name) == spelled(left.name) + "".join(left.letters)  # r_i is r at i
        entries = at_letters or (
            whole != spelled(name) and whole in {short, *(spelled(own) for own in self.truth.named)}
        )  # y_i of the network's y, dz_i of dz
        self.bind([left.name] if entries else [name, left.name], written, true, shape)
        if is_short:
            self.bind([f"d{wrt}"], written, true, shape)
            self.own[wrt] = f"d{wrt}"

    @property
    def said(self) -> Said:
        """What the steps so far have named, for the reader."""
        views = {name: (view.blocks, len(view.letters)) for name, view in self.views.items() if view.blocks in self.shapes}
        lettered = {name: own for name, own in self.lettered.items() if len(own) > 1}
        return Said(self.shapes, self.gradients, views, lettered, self.own)
