"""A program with loops at one step: u^{(l)} = W^{(l)} z^{(l-1)} + b^{(l)}, where it starts, z^{(0)} = x.

A layer stands above its tensor in brackets, W^{(l)}; a step in time below it, s_{t-1}.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.algebra.recursion import Handed
from symbackprop.core.derivation import Derivation
from symbackprop.core.loops.recursion import AtStep, Marks, NoRecursionError, Recursion, StepProgram
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.loops.step_line import step_line
from symbackprop.core.program import Carry, Equation, Program, rewritten, size, substituted
from symbackprop.display.body import scalar
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names, shape_formula
from symbackprop.display.spelled import LONGEST
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, Name, at_steps, letter
from symbackprop.formulas.told import Told, listed, told
from symbackprop.formulas.tree import Binds, Fence, Node, Script, items_of, split
from symbackprop.formulas.widths import width

DOTS = f.symbol("ldots")
_LOG = f.symbol("log")


@dataclass(frozen=True)
class Called:
    """How gradients are called at their steps.

    deltas   the letters of those that have lines.
    handed   those that are another one but for the step.
    """

    deltas: Mapping[str, Name] = field(default_factory=dict)
    handed: Mapping[str, Handed] = field(default_factory=dict)

    def here(self, at: AtStep) -> AtStep:
        """A gradient as it is called, where it is another one a step away."""
        while at.name in self.handed:
            other = self.handed[at.name]
            marks = tuple((c, sp.expand(step - other.step) if c == other.axis.letter else step) for c, step in at.marks)
            at = replace(at, name=other.name, marks=marks)
        return at


NOT_CALLED = Called()


class StepNames(Names):
    """The names of a program of one step.

    names     those of the whole program.
    standing  where its tensors stand.
    called    how gradients are called.
    """

    def __init__(self, names: Names, at: StepProgram, called: Called = NOT_CALLED) -> None:
        self.program, self.written = at.program, at.program.equation_of()
        self.whole, self.standing, self.called = names, at.standing, called

    def is_called(self, name: str) -> bool:
        return True

    def stands_by_name(self, name: str) -> bool:
        return self.program.tensors[name].has_name

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        return self.at(self.standing[name], letters)

    def at(self, at: AtStep, letters: Sequence[Letter] = ()) -> Node:
        """A tensor at its step."""
        at = self.called.here(at)
        role = self.whole.signature(at.name).role
        if role is None or at.name in self.called.deltas:
            return marked(self.called.deltas.get(at.name) or self.whole.name_of(at.name), at.marks, letters)
        below = f.partial(self.at(AtStep(role.wrt, at.marks, role.wrt, at.marks), letters))
        fraction = f.over(f.partial(self.whole.in_line(role.of)), below)
        via = self.whole.name_of(role.via) if role.via else None
        return Script(Fence("", fraction, "|"), marked(via, at.marks, ())) if via else fraction


def marked(name: Name, marks: Marks, letters: Sequence[Letter]) -> Node:
    """A name with its steps and letters: time below, layers above in brackets."""
    return at_steps(name, ((axis, step_said(step)) for axis, step in marks), letters)


def step_said(step: Expr) -> Node:
    """l + 1, and not 1 + l; 21 - t."""
    number, rest = step.as_coeff_Add()
    if number == 0 or rest == 0 or not number.is_integer or rest.could_extract_minus_sign():
        return scalar(step)
    return f.beside(scalar(rest), f.symbol("+" if number > 0 else "-"), f.number(abs(int(number))))


class StepForm(NamedTuple):
    """An equation of the network at one step: the tensor that it says, and the steps at which it stands.

    is_whole   whether it says the tensor, and not its entries.
    """

    name: str
    formula: Node
    about: Told
    is_whole: bool = True


def forward_steps(derivation: Derivation) -> list[StepForm]:
    """The equations of the network, each at one step; where loops start comes first, and what nobody named is written out.

    Raises NoRecursionError where an equation has no form at one step.
    """
    program, names = derivation.forward, Names(derivation.program)
    starts: list[StepForm] = []
    found: list[StepForm] = []
    recursion = Recursion(derivation.program)  # which calls an array's rows alike in both passes
    sums = recursion.told_sums() | _carried_on(names, recursion, program)
    for equation in program.equations:
        if isinstance(equation.op, Carry):
            own = _start(names, recursion, equation)
            (starts if all(r.name not in recursion.written for r in equation.operands[1:]) else found).extend(own)
        elif program.tensors[equation.target.name].has_name or equation.target.name in sums:
            found.append(_step_form(names, recursion, equation.target.name, sums))
    return [*starts, *found]


def _carried_on(names: Names, recursion: Recursion, program: Program) -> frozenset[str]:
    """What steps hand on and nobody named, as a gradient inside of a loss, but for what is an entry of a value that has a name."""
    sources = {recursion.read(e)[0] for e in program.equations if isinstance(e.op, Carry)}
    unnamed = [n for n in sources if n in recursion.written and not recursion.program.tensors[n].has_name]
    return frozenset(n for n in unnamed if _entry_of(names, recursion, n) is None)


def _entry_of(names: Names, recursion: Recursion, name: str, moved: Mapping[Expr, Expr] | None = None) -> Node | None:
    """What a value that nobody named is called where it is an entry of another one: s_k^{(c)}; None where it is more than that."""
    right = split(_step_form(names, recursion, name, frozenset(), moved).formula)[1]
    own = [] if right is None else items_of(right)[1:]
    return own[0] if len(own) == 1 and isinstance(own[0], Script) else None


def _called_at(names: Names, recursion: Recursion, name: str, marks: Marks) -> Node:
    """A value at its step, as what it is an entry of where nobody named it."""
    own = None
    if name in recursion.written and not recursion.program.tensors[name].has_name and _entry_of(names, recursion, name):
        own = _entry_of(names, recursion, name, {size(axis): step for axis, step in marks})
    return own or marked(names.name_of(name), marks, ())


def value_at_step(names: Names, derivation: Derivation, name: str, marks: Marks = ()) -> StepForm:
    """The equation of a value at its step, or at those of `marks`, what nobody named written out.

    Raises NoRecursionError where it has no form there.
    """
    return _step_form(names, Recursion(derivation.program), name, frozenset(), {size(axis): step for axis, step in marks})


def spoken_at_step(names: Names, derivation: Derivation, name: str) -> StepForm:
    """The equation of a value at its step, of which a report speaks; what is carried is the value that it hands on, u_{t-2}.

    Raises NoRecursionError where it has no form there.
    """
    recursion = Recursion(derivation.program)
    if not isinstance(recursion.written[name].op, Carry):
        return value_at_step(names, derivation, name)
    here = tuple((axis.letter, axis.step) for axis in recursion.axis_letters(recursion.written[name]).values())
    at, left = recursion.handed_on(AtStep(name, here, name, here)), marked(names.name_of(name), here, ())
    return StepForm(name, f.equation(left, marked(names.name_of(at.name), at.marks, ())), Told())


def labels_at_steps(derivation: Derivation, hidden: Collection[str], nameless: Collection[str]) -> dict[str, tuple[Node, Node]]:
    """What a picture writes for each value but the hidden ones: its equation at one step, and its name there.

    What is carried is called by what it is, s_{t-1}, and says where it starts. None of them where one has no form at one step.
    nameless   values that are called by their formulas, where these are short and no entries: they are written out in others.
    """
    program, names = derivation.forward, Names(derivation.program)
    recursion, shown = Recursion(derivation.program), frozenset(e.target.name for e in program.equations) - set(hidden)
    found: dict[str, tuple[Node, Node]] = {}
    for equation in program.equations:
        name = equation.target.name
        if isinstance(equation.op, Carry):
            source, marks = recursion.read(equation)
            own = marked(names.name_of(source), marks, ())
            found[name] = f.listed([own, *(form.formula for form in _start(names, recursion, equation))]), own
        elif name in shown:
            try:
                form = _step_form(names, recursion, name, shown)
            except NoRecursionError:
                return {}
            left, right = split(form.formula)
            if name in nameless and right is not None and form.is_whole and width(right) <= LONGEST:
                own = f.beside(*items_of(right)[1:])
                found[name] = own, own
                shown -= {name}
            else:
                found[name] = form.formula, left
    return found


def _step_form(
    names: Names, recursion: Recursion, name: str, shown: Collection[str], moved: Mapping[Expr, Expr] | None = None
) -> StepForm:  # fmt: skip
    """The equation of a value at one step; what nobody named is written out, but for the `shown` ones.

    moved   the numbers of steps that others stand for.
    """
    sides: list[Node] = []
    found: StepForm | None = None
    for terms in recursion.terms(name, shown):
        at = step_line(recursion, name, shown, terms=terms)
        if moved:
            at = _moved(at, moved)
        to = StepNames(names, at)
        inner = [n for n in at.program.equation_of()
                 if n != at.target and not at.program.tensors[n].has_name and at.standing[n].name not in shown]  # fmt: skip
        (equation,) = [e for e in at.program.equations if e.target.name == at.target]
        left, right = split(equation_formula(to, equation, inner))
        sides.append(summed_over(at.summed, f.beside(*items_of(right or left)[1:])))
        found = StepForm(name, f.equation(left, f.add(sides)), where(to, at), items_of(left) == items_of(to.tensor(at.target)))
    assert found is not None
    return found


def _moved(at: StepProgram, by: Mapping[Expr, Expr]) -> StepProgram:
    """The same at another step."""
    equations = tuple(replace(e, op=rewritten(e.op, e.op.over, lambda body: substituted(body, by))) for e in at.program.equations)
    standing = {
        key: replace(own, marks=tuple((axis, substituted(step, by)) for axis, step in own.marks))
        for key, own in at.standing.items()
    }
    return replace(at, program=replace(at.program, equations=equations), standing=standing)


def _start(names: Names, recursion: Recursion, carry: Equation) -> list[StepForm]:
    """z^{(0)} = x: where a loop starts, in words of the tensor that is carried."""
    own = recursion.carried(carry)
    source, marks = recursion.read(carry)
    first = tuple((axis, step.subs(own.axis.step, own.start) if axis == own.axis.letter else step) for axis, step in marks)
    left = _called_at(names, recursion, source, first)
    if not own.has_value:
        return [StepForm(source, f.equation(left, f.ZERO), Told())]
    begun, letters = carry.operands[1]
    axes, steps = recursion.axis_letters(carry), dict(first)
    own_steps = tuple((axes[c].letter, steps[axes[c].letter]) for c in letters if c in axes and axes[c] != own.axis)
    right, about = marked(names.name_of(begun), own_steps, ()), Told()  # x_t of h_t^{(0)} = x_t
    before = recursion.written.get(begun)
    if before is not None and isinstance(before.op, Carry):  # h^{(c-1)}_T of h^{(c)}_0
        right = _called_at(names, recursion, *recursion.read(before))
    elif begun in recursion.written and not recursion.program.tensors[begun].has_name and not _counts(recursion, begun, own.axis):
        with suppress(NoRecursionError):
            form = _step_form(names, recursion, begun, frozenset())
            right, about = f.beside(*items_of(split(form.formula)[1] or right)[1:]), form.about
    return [StepForm(source, f.equation(left, right), about)] if left != right else []


def _counts(recursion: Recursion, name: str, steps: Axis) -> bool:
    """Whether an axis of a value has the letter of a loop, of which it is no step: the j of F_j, beside u^{(j)}."""
    return any(axis.letter == steps.letter for axis in recursion.axis_letters(recursion.written[name]).values())


def summed_over(axes: Sequence[Axis], body: Node) -> Node:
    """The sum over all steps of a term; its minus stands before the sum."""
    if axes and f.is_negative(body):
        return f.negative(summed_over(axes, f.beside(*items_of(body)[1:])))
    if items_of(body)[:1] == (_LOG,) and len(items_of(body)) == 2:
        body = f.beside(*items_of(body), binds=Binds.PRODUCT)
    for axis in reversed(axes):
        below = f.equation(letter(axis.letter), step_said(axis.origin))
        body = f.beside(f.scripted(f.symbol("sum"), below, step_said(axis.last)), f.within(body, Binds.PRODUCT))
    return body


def where(names: StepNames, at: StepProgram) -> Told:
    """The shape of a tensor at its step, and the steps: h, l = n - 1, ..., 1."""
    shape = shape_there(names, at)
    return listed([*([shape] if shape else []), *(told("{}", _range(names.called, axis, at)) for axis in at.over)])


def shape_there(names: StepNames, at: StepProgram) -> Told:
    """The shape of a tensor at its step, h, or h_l where layers differ in width; nothing for a number."""
    own = names.called.here(at.standing[at.target])
    shape = names.whole.widths.shape(own.name, dict(own.marks)) or at.program.shape(at.target)
    return told("{}", shape_formula(shape)) if shape else Told()


def _range(called: Called, axis: Axis, at: StepProgram) -> Node:
    """l = n - 1, ..., 1: the steps in the order in which they are computed."""
    low, high = step_said(axis.origin), step_said(axis.last)
    others = [step for c, step in at.besides if c == axis.letter]
    before, after = (sum(sp.expand(step - end).is_Integer for step in others) for end in (axis.origin, axis.last))
    ends = [step_said(sp.expand(axis.origin + before)), DOTS, step_said(sp.expand(axis.last - after))]
    for carried in at.carries:
        if carried.axis == axis:
            is_apart = carried.has_value or any(sp.expand(step - carried.start) == 0 for step in others)
            ends = [step_said(carried.start + (carried.step if is_apart else 0)), DOTS, high if carried.step > 0 else low]
    other = called.handed.get(at.standing[at.target].name)
    if other is not None and other.axis == axis and other.step > 0:
        ends = ends[::-1]
    return f.equation(letter(axis.letter), f.listed(ends))
