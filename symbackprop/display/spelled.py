r"""Values that nobody named, called by their formulas: S H with the entries (S H)_{il}, \cos(Z) with the entries \cos(Z_{ij})."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from symbackprop.core.program import Equation, Sum, letter_sizes
from symbackprop.display.forms import Printer
from symbackprop.display.index_form import body_formula, composed
from symbackprop.display.matrix_form import matrix_form
from symbackprop.display.names import Label, Names, generated
from symbackprop.display.pinned import pinned_body
from symbackprop.display.views import Slices
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, index
from symbackprop.formulas.tree import Binds, Node
from symbackprop.formulas.widths import width

LONGEST = 9.0
"""The widest formula that a value is called by, in ems."""


class Spelled:
    """The formula of one value, as a name is: `formula` gives it, or one entry of it.

    inline   values that are written out in it.
    """

    def __init__(self, names: Names, equation: Equation, whole: Node, inline: Collection[str]) -> None:
        self.names, self.equation, self.whole, self.inline = names, composed(names, equation, inline), whole, inline

    def formula(self, letters: Sequence[Letter] = ()) -> Node:
        if not any(letters):
            return self.whole
        op = self.equation.op
        if isinstance(op, Sum) and not op.over:
            shown = dict(zip(self.equation.target.index, letters, strict=True))
            return body_formula(self.names, self.equation, shown, self.inline, *pinned_body(self.names.program, self.equation))
        return f.scripted(f.within(self.whole, Binds.ATOM), sub=index([x for x in letters if x is not None]))


def spelled(names: Names, values: Collection[str], inline: Collection[str] = ()) -> dict[str, Label]:
    """The formulas of those of some values that have a short one in matrices, each with the others written out in it.

    inline   what has no name where they stand, and is written out in them as well.

    What the chain rule needs of them, such as their inverses, is called by their formulas as well.
    """
    found: dict[str, Label] = {}
    for name, equation in names.written.items():
        if name not in values or not letter_sizes(names.program, equation):
            continue
        form = matrix_form(names, equation, {*found, *inline})
        whole = None if form is None else Printer(names, Slices(names)).formula(form)
        if whole is not None and width(whole) <= LONGEST:
            found[name] = Spelled(names, equation, whole, (*found, *inline))
    for name in names.program.tensors if found else ():
        own = generated(name, names.program, found)
        if own is not None and own != generated(name, names.program):
            found[name] = own
    return found
