r"""The box of a derivation as formulas: \delta_{2} = \hat{y} - y, \frac{\partial L}{\partial W_{2}} = \delta_{2} a^{\top}."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from symbackprop.algebra.box import Box
from symbackprop.algebra.box import box as searched
from symbackprop.algebra.lines import Line
from symbackprop.algebra.matrix import Form, leaves
from symbackprop.algebra.outside import outside
from symbackprop.algebra.positions import View
from symbackprop.core.derivation import Derivation
from symbackprop.core.network import listed
from symbackprop.core.program import Program, Ref, Signature
from symbackprop.display.equations import equation_formula
from symbackprop.display.forms import Printer, leading
from symbackprop.display.names import Holds, Names, unasked
from symbackprop.display.update import rate_formula, update_formula, updated
from symbackprop.display.views import WHOLE, Unnamed
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import aligned, latex
from symbackprop.formulas.names import Name, letter
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Atom, Node, walk

NOTHING = Told()
OUTSIDE = f.words(" outside")  # of a tensor that is taken to be 0 there
UNPROVED = Told("None of this is proved or checked: that takes NumPy, which is not here.")
_DELTAS = ("delta", "eta", "xi", "zeta", "omega")  # for gradients that have a name; a letter of the author's is left alone


class StepChain(NamedTuple):
    """What a line at its step is made of.

    locals   each local derivative, by what it is of and by.
    rows     the gradient in its entries; nothing where the line says them, or where that is too long.
    names    those of the whole program, what stands at the step as it is called there.
    """

    locals: Mapping[tuple[str, str], Node] = MappingProxyType({})
    rows: tuple[Node, ...] = ()
    names: Names | None = None


@dataclass(frozen=True, repr=False)
class ShownLine:
    """One line: the tensor that it says, and its formula.

    needs   the lines that it reads, in order.
    about   what stands beside it, where that is more than the tensor's shape: the steps of a loop at which it holds.
    meant   of a line at a step: the derivative that it says, where it calls it by a letter; of the name of a part: the whole.
    by      of a line at a step: what it is by, in a few letters.
    shape   of a line at a step: the shape there; "" for a number.
    why     of a line of a recursion: why it stands, a sentence each.
    serves  of a parameter's line in a network with loops: "all" steps, or its "own".
    chain   of a line at a step: what gives its local derivatives, and the chain rule entry by entry.
    """

    name: str
    formula: Node
    needs: tuple[str, ...]
    about: Told = NOTHING
    meant: Node | None = None
    by: Node | None = None
    shape: Told = NOTHING
    why: tuple[Told, ...] = ()
    serves: str = ""
    chain: Callable[[], StepChain] = StepChain

    def latex(self) -> str:
        return latex(self.formula)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return plain(self.formula)

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class ShownBox:
    """The gradients as a table of definitions: each name is defined before it is used.

    lines     in that order.
    missing   gradients that have no short form: the name of what it is by -> why.
    assumed   labels whose entries were taken to sum to one.
    updates   the step of descent of each parameter, where it was asked for; each needs the gradient.
    products  what all steps of a loop do to a gradient at once, where it was asked for; what has none, and why.
    names     the names of the program, with those that the lines give to gradients.
    proved    whether each line was proved against the program: that takes numbers, which may not be there.
    """

    lines: tuple[ShownLine, ...]
    missing: Mapping[str, str]
    assumed: tuple[str, ...]
    updates: tuple[ShownLine, ...]
    names: Names
    proved: bool = True
    products: tuple[ShownLine, ...] = ()
    unmultiplied: Mapping[str, Told] = field(default_factory=dict)

    @property
    def whole(self) -> tuple[ShownLine, ...]:
        """All lines, those that were asked for besides included."""
        return (*self.lines, *self.products, *self.updates)

    @cached_property
    def by_name(self) -> dict[str, ShownLine]:
        return {line.name: line for line in self.lines}

    def definitions(self, name: str) -> tuple[ShownLine, ...]:
        """The lines that a line needs, in order."""
        wanted: set[str] = set()
        waiting = [name]
        while waiting:
            for n in self.by_name[waiting.pop()].needs:
                if n not in wanted and n in self.by_name:
                    wanted.add(n)
                    waiting.append(n)
        return tuple(line for line in self.lines if line.name in wanted)

    def latex(self) -> str:
        """All lines, aligned."""
        return aligned(line.formula for line in self.whole)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __repr__(self) -> str:
        return f"<Box: {listed(line.name for line in self.whole)}>"

    def __str__(self) -> str:
        lines = [str(line) for line in self.whole]
        lines += [f"The gradient by {name} has no short form: {why}. Its step gives it." for name, why in self.missing.items()]
        lines += [str(no_product(self.names, name, why)) for name, why in self.unmultiplied.items()]
        lines += [] if self.proved else [str(UNPROVED)]
        return "\n".join(lines)


def no_product(names: Names, name: str, why: Told) -> Told:
    """That a gradient of a loop has no product over its steps."""
    return told("{} has no product over the steps: {}.", names.in_line(name), why)


def only_line(derivation: Derivation) -> Node | None:
    """The line of the only gradient of a derivation, as the algebra finds it; None where that has none."""
    line = shown_box(derivation, searched(derivation.program)).by_name.get(derivation.program.outputs[0])
    return None if line is None else line.formula


def shown_box(derivation: Derivation, box: Box, holds: Holds = unasked) -> ShownBox:
    """The lines of a box as formulas, in the names of a program."""
    names = Names(derivation.program, holds)
    rate = () if derivation.update is None else (rate_formula(derivation.update),)
    labels = _labels(names, derivation.program, box, rate)
    forms = [form for line in box.lines for form in (line.form, *(piece.form for piece in line.pieces)) if form is not None]
    to = Printer(names.labelled(labels), leading=leading(forms))
    place = {line.name: k for k, line in enumerate(box.lines)}
    lines: dict[str, ShownLine] = {}
    once = Printer(to.names, Unnamed(to.names, _named_once(to, derivation.program, box.lines, labels)), to.leading)
    for line in box.lines:
        legend = _legend(once, derivation.program, line, labels)
        lines |= {shown.name: shown for shown in legend if shown.name not in lines}
        needs = (*(shown.name for shown in legend), *sorted(line.tensors & place.keys(), key=place.__getitem__))
        lines[line.name] = ShownLine(line.name, line_formula(once, line), needs)
    by = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    missing = {by[n]: why for n, why in box.missing.items() if n in by}  # what is differentiated stands in the network as well
    return ShownBox(tuple(lines.values()), missing, box.assumed, _updates(names, derivation), to.names)


def _views(line: Line) -> list[tuple[View, tuple[str, ...]]]:
    """The views that a line names, with their subscripts."""
    said: list[tuple[str | View, tuple[str, ...]]] = [(piece.view, piece.subscripts) for piece in line.pieces]
    forms = [piece.form for piece in line.pieces] if line.form is None else [line.form]
    said += [(leaf.name, leaf.subscripts) for form in forms for leaf in leaves(form)]
    return [(view, subscripts) for view, subscripts in said if isinstance(view, View)]


def _named_once(to: Printer, program: Program, lines: Sequence[Line], labels: Mapping[str, Name]) -> frozenset[View]:
    """The views that one line says, or says alone, and no other names, and that no block calls anything: Q_l = q_{:,kl:kl+k}.

    What is called by the part that it is the gradient by has that name.
    """
    times = Counter(view for line in lines for view, _ in _views(line))
    found = set[View]()
    for line in lines:
        views = _views(line)
        says = views if _is_bare(line) else views[: len(line.pieces)]
        if len(says) != 1:
            continue
        ((view, subscripts),) = says
        own = view if _is_bare(line) else _by_part(to, program, view, subscripts, labels)
        if own == view and times[view] == 1 and not to.views.is_called(view, subscripts):
            found.add(view)
    return frozenset(found)


def _is_bare(line: Line) -> bool:
    """Whether a line reads one value, or a part of one, and nothing else."""
    forms = [piece.form for piece in line.pieces] if line.form is None else [line.form]
    return [form.op for form in forms] == ["leaf"] and bool(_views(line))


def _updates(names: Names, derivation: Derivation) -> tuple[ShownLine, ...]:
    if derivation.update is None:
        return ()
    formulas = {n: update_formula(names, derivation.gradient(n), n, derivation.update) for n in updated(derivation)}
    return tuple(ShownLine(n, formula, (derivation.gradient(n),)) for n, formula in formulas.items())


def line_formula(to: Printer, line: Line) -> Node:
    """A line as an equation: its form, its pieces, or the equation of the program that it is."""
    if line.pieces:
        parts = [f.equation(to.tensor(piece.view, piece.subscripts), to.formula(piece.form)) for piece in line.pieces]
        return f.beside(f.listed(parts), *([] if line.whole else [f.COMMA, f.words(" 0 elsewhere")]))
    if line.form is None:
        own = to.names.written[line.written]
        values = dict(line.aliases)
        operands = tuple(Ref(values.get(r.name, r.name), r.index) for r in own.operands)
        equation = replace(own, target=Ref(line.name, own.target.index), operands=operands)
        return equation_formula(to.names, equation)
    return with_outside(to, line.form, f.equation(to.names.entry(line.name, marks_below(line)), to.formula(line.form)))


def with_outside(to: Printer, form: Form, formula: Node) -> Node:
    """A formula with what its form takes to be 0 outside of its axes: r = 0 outside."""
    zeros = [part for name in outside(form) for part in (to.tensor(name), f.EQUALS)]
    return f.beside(formula, f.COMMA, f.QUAD, *zeros, f.ZERO, OUTSIDE) if zeros else formula


def marks_below(line: Line) -> list[Node]:
    """What stands below the name that a line says: its subscripts, and : for an axis before one of them."""
    marks = [letter(x) if x in line.subscripts else WHOLE for x in line.letters]
    while marks and marks[-1] == WHOLE:
        marks.pop()
    return marks


def _legend(to: Printer, program: Program, line: Line, labels: Mapping[str, Name]) -> list[ShownLine]:
    """What the short names of views in a line stand for; a gradient's part is the gradient by the part, where its name says so."""
    found: dict[str, ShownLine] = {}
    for view, subscripts in _views(line):
        view = _by_part(to, program, view, subscripts, labels)
        equation = to.views.definition(view, subscripts)
        if equation is not None:
            own = ShownLine(latex(equation), equation, (), meant=to.names.tensor(view.tensor))
            found.setdefault(own.name, own)
    return list(found.values())


def _by_part(to: Printer, program: Program, view: View, subscripts: tuple[str, ...], labels: Mapping[str, Name]) -> View:
    """The part that a part of a gradient is by, where its name says so."""
    role = program.tensors[view.tensor].role
    by = None if role is None else program.tensors[role.wrt]
    if by is not None and by.has_name and (to.views.is_called(view, subscripts) or _says_by_what(to, labels, view.tensor, by)):
        return replace(view, tensor=by.name)
    return view


def _says_by_what(to: Printer, labels: Mapping[str, Name], gradient: str, by: Signature) -> bool:
    r"""Whether the name of a gradient says what it is by, as \delta_{v} and \partial L / \partial W do, not \delta_{5}."""
    return gradient not in labels or to.names.tensor(by.name) in walk(labels[gradient].formula())


def _labels(names: Names, program: Program, box: Box, rate: tuple[Node, ...]) -> dict[str, Name]:
    r"""\delta with the name of what the gradient is by, or numbered in the order of the forward pass where that has none."""
    order = {n: k for k, n in enumerate(program.tensors)}
    deltas = [line.name for line in box.lines if program.tensors[line.name].role and line.name not in program.outputs]
    by = {n: role.of if role.vector else role.wrt for n in deltas if (role := program.tensors[n].role)}
    head = free_letter(names, program, rate)
    deltas = [n for n in deltas if not names.is_called(n)]
    own = {n for n, wrt in by.items() if program.tensors[wrt].named and not program.tensors[wrt].counted}
    if len(deltas) == 1 and not own:
        return {deltas[0]: Name(head)}
    if len(own) == len(deltas) == len({by[n] for n in deltas}):
        return {n: Name(head, (names.tensor(by[n]),)) for n in deltas}
    deltas.sort(key=lambda n: order[by[n]])
    return {n: Name(head, (f.number(k),)) for k, n in enumerate(deltas, 1)}


def free_letter(names: Names, program: Program, rate: tuple[Node, ...] = ()) -> Node:
    r"""\delta, or the next letter for gradients that the author does not use, nor the update as its rate."""
    named = [*rate, *(names.tensor(n) for n in program.tensors if names.is_called(n))]
    heads = {part for name in named for part in walk(name) if isinstance(part, Atom)}
    return next((f.symbol(n) for n in _DELTAS if f.symbol(n) not in heads), f.word("grad"))
