r"""A program with loops on paper: \delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot \sigma'(u^{(l)}), for l = n - 1, ..., 1.

A layer stands above its tensor in brackets, W^{(l)}; a step in time below it, s_{t-1}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.algebra.recursion import StepBox, StepLine
from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Carry, Equation, Program, Sum
from symbackprop.core.recursion import AtStep, Axis, Marks, Recursion, StepProgram
from symbackprop.display.body import scalar
from symbackprop.display.box import ShownBox, ShownLine, free_letter
from symbackprop.display.equations import equation_formula
from symbackprop.display.forms import Printer
from symbackprop.display.names import Names
from symbackprop.display.update import rate_formula, updated
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, Name, at_steps, letter
from symbackprop.formulas.told import Told, listed, told
from symbackprop.formulas.tree import Binds, Fence, Node, Script, items_of, split

DOTS = f.symbol("ldots")


class StepNames(Names):
    """The names of a program of one step.

    names     those of the whole program.
    standing  where its tensors stand.
    deltas    the letters of gradients that have lines.
    """

    def __init__(self, names: Names, at: StepProgram, deltas: Mapping[str, Name]) -> None:
        self.program, self.written = at.program, at.program.equation_of()
        self.whole, self.standing, self.deltas = names, at.standing, deltas

    def is_called(self, name: str) -> bool:
        return True

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        return self.at(self.standing[name], letters)

    def at(self, at: AtStep, letters: Sequence[Letter] = ()) -> Node:
        """A tensor at its step."""
        role = self.whole.signature(at.name).role
        if role is None or at.name in self.deltas:
            return _marked(self.deltas.get(at.name) or self.whole.name_of(at.name), at.marks, letters)
        below = f.partial(self.at(AtStep(role.wrt, at.marks, role.wrt, at.marks), letters))
        fraction = f.over(f.partial(self.whole.in_line(role.of)), below)
        via = self.whole.name_of(role.via) if role.via else None
        return Script(Fence("", fraction, "|"), _marked(via, at.marks, ())) if via else fraction


def _marked(name: Name, marks: Marks, letters: Sequence[Letter]) -> Node:
    """A name with its steps and letters: time below, layers above in brackets."""
    return at_steps(name, ((axis, _step(step)) for axis, step in marks), letters)


def _step(step: Expr) -> Node:
    """l + 1, and not 1 + l."""
    number, rest = step.as_coeff_Add()
    if number == 0 or rest == 0 or not number.is_integer:
        return scalar(step)
    return f.beside(scalar(rest), f.symbol("+" if number > 0 else "-"), f.number(abs(int(number))))


def steps_box(derivation: Derivation, box: StepBox) -> ShownBox:
    """The lines of a box with loops as formulas, in the names of the program."""
    names = Names(derivation.program)
    deltas = _deltas(names, derivation, box)
    lines = []
    for line in box.lines:
        assert line.line.form is not None
        to = StepNames(names, line.at, deltas)
        needs = tuple(dict.fromkeys(a.name for a in line.at.standing.values() if a.name in deltas and a.name != line.name))
        right = _summed(line.at.summed, Printer(to).formula(line.line.form))
        meant = StepNames(names, line.at, {}).entry(line.at.target, ()) if line.name in deltas else None
        formula, why = f.equation(to.entry(line.at.target, ()), right), tuple(_why(names, derivation, line))
        lines.append(ShownLine(line.name, formula, needs, _about(to, line), meant, why, _serves(names, line)))
    by = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    missing = {by[n]: why for n, why in box.missing.items()}
    return ShownBox(tuple(lines), missing, (), tuple(_updates(names, derivation)), names)


def step_formula(derivation: Derivation, box: StepBox, name: str, at_start: bool) -> Node | None:
    """A gradient's line in a box with loops, over the gradients by their derivatives; None where it has none."""
    names = Names(derivation.program)
    lines = [line for line in box.lines if line.name == name]
    line = next((line for line in lines if line.at.first == at_start), lines[-1] if lines else None)
    if line is None or line.line.form is None:
        return None
    to = StepNames(names, line.at, {})
    return f.equation(to.entry(line.at.target, ()), _summed(line.at.summed, Printer(to).formula(line.line.form)))


class StepForm(NamedTuple):
    """An equation of the network at one step: the tensor that it says, and the steps at which it stands."""

    name: str
    formula: Node
    about: Told


def forward_steps(derivation: Derivation) -> list[StepForm]:
    """The equations of the network, each at one step; where loops start comes first, and what nobody named is written out.

    Raises NoRecursionError where an equation has no form at one step.
    """
    program, names = derivation.forward, Names(derivation.program)
    starts: list[StepForm] = []
    found: list[StepForm] = []
    recursion = Recursion(program)
    for equation in program.equations:
        name = equation.target.name
        if isinstance(equation.op, Carry):
            own = _start(names, recursion, equation)
            (starts if all(r.name not in recursion.written for r in equation.operands[1:]) else found).extend(own)
        elif program.tensors[name].named:
            at = recursion.line(name, ())
            to = StepNames(names, at, {})
            inner = [n for n in at.program.equation_of() if n != at.target and not at.program.tensors[n].named]
            (shown,) = [e for e in at.program.equations if e.target.name == at.target]
            formula = equation_formula(to, shown, inner)
            if at.summed:
                left, right = split(formula)
                formula = f.equation(left, _summed(at.summed, f.beside(*items_of(right or left)[1:])))
            found.append(StepForm(name, formula, _where(to, at)))
    return [*starts, *found]


def _start(names: Names, recursion: Recursion, carry: Equation) -> list[StepForm]:
    """z^{(0)} = x: where a loop starts, in words of the tensor that is carried."""
    own = recursion.carried(carry)
    source = carry.operands[0]
    marks = tuple((a.letter, own.start - own.step if a == own.axis else a.step) for a in recursion.axis_letters(carry).values())
    left = _marked(names.name_of(source.name), marks, ())
    right = names.tensor(carry.operands[1].name) if own.has_value else f.ZERO
    return [StepForm(source.name, f.equation(left, right), Told())] if left != right else []


def _deltas(names: Names, derivation: Derivation, box: StepBox) -> dict[str, Name]:
    r"""\delta for gradients that have a line and were not asked for: with what it is by below, where that has a name."""
    program = derivation.program
    told_ = dict.fromkeys(line.name for line in box.lines if line.name not in program.outputs)
    rate = () if derivation.update is None else (rate_formula(derivation.update),)
    head = free_letter(names, program, rate)
    if len(told_) == 1:
        return dict.fromkeys(told_, Name(head))
    found: dict[str, Name] = {}
    for name in told_:
        role = program.tensors[name].role
        assert role is not None
        by = flows_into(program, role.wrt)
        found[name] = Name(head, (names.name_of(by).formula(),))
    if len(set(found.values())) < len(found):
        found = {n: Name(head, (f.number(k),)) for k, n in enumerate(found, 1)}
    return found


def flows_into(program: Program, name: str) -> str:
    """The tensor, or what a person named of what alone reads it: a gate, for what its activation reads."""
    if program.tensors[name].named:
        return name
    forward = [e for e in program.equations if program.tensors[e.target.name].role is None]
    readers = [e.target.name for e in forward if any(r.name == name for r in e.operands)]
    return readers[0] if len(readers) == 1 and program.tensors[readers[0]].named else name


def _updates(names: Names, derivation: Derivation) -> Iterator[ShownLine]:
    """The step of descent of every parameter, at each of its steps."""
    if derivation.update is None:
        return
    recursion = Recursion(derivation.program)
    for name in updated(derivation):
        gradient = derivation.gradient(name)
        marks = tuple((axis.letter, axis.step) for (n, _), axis in recursion.axes.items() if n == name)
        at = StepNames(names, StepProgram(derivation.program, name, {}, (), ()), {})
        own = at.at(AtStep(name, marks, name, marks))
        step = f.juxtapose([rate_formula(derivation.update), at.at(AtStep(gradient, marks, gradient, marks))])
        yield ShownLine(name, f.relation(own, f.symbol("leftarrow"), f.add([own, f.negative(step)])), (gradient,))


def _summed(axes: Sequence[Axis], body: Node) -> Node:
    """The sum over all steps of a term."""
    for axis in reversed(axes):
        below = f.equation(letter(axis.letter), f.ONE)
        body = f.beside(f.scripted(f.symbol("sum"), below, scalar(axis.extent)), f.within(body, Binds.PRODUCT))
    return body


def _why(names: Names, derivation: Derivation, line: StepLine) -> Iterator[Told]:
    """Why a line of a recursion stands."""
    of = names.in_line(derivation.of)
    if line.at.first:
        ends = listed([told("{}", f.equation(letter(c.axis.letter), _step(c.start))) for c in line.at.carries])
        yield told("The recursion starts at {}, after which no step comes.", ends)
    elif line.at.carries and all(carried.has_value for carried in line.at.carries):
        yield told("Every other step acts on {} through the next one: what is known there is multiplied by what a step does.", of)
        yield from _product(names, derivation, line)
    elif line.at.carries:
        yield told("A step acts on {} by itself and through the next one: both add, and beyond the last nothing comes back.", of)
        yield from _product(names, derivation, line)


def _serves(names: Names, line: StepLine) -> str:
    """Whether a parameter serves all steps or each of its entries its own; "" for any other tensor."""
    role = names.signature(line.name).role
    if role is None or names.signature(role.wrt).kind != "parameter":
        return ""
    return "all" if line.at.summed else "own" if line.at.over else ""


def _product(names: Names, derivation: Derivation, line: StepLine) -> Iterator[Told]:
    """What a gradient is multiplied by on its way through many steps, where one value is carried."""
    carries = [e for e in derivation.forward.equations if isinstance(e.op, Carry)]
    axis = line.at.carries[0].axis
    if len(carries) != 1 or len(line.at.carries) != 1 or not isinstance(carries[0].op, Carry):
        return
    z, way = names.name_of(carries[0].operands[0].name), carries[0].op.step
    k = letter("k" if axis.letter != "k" else "j")
    before = f.beside(k, f.symbol("-" if way > 0 else "+"), f.ONE)
    factor = f.over(f.partial(at_steps(z, [(axis.letter, k)])), f.partial(at_steps(z, [(axis.letter, before)])))
    product = f.beside(f.scripted(f.symbol("prod"), k), factor)
    yield told(
        "Back over many steps the gradient is multiplied by {}: it vanishes where these factors shrink what they are multiplied "
        "with, and explodes where they stretch it.", product,
    )  # fmt: skip
    if _passes(derivation.forward, carries[0]):
        own = at_steps(z, [(axis.letter, _step(axis.step - way))])
        yield told("Each factor is 1 + ..., since {} is added to what a step does: the 1 lets the gradient pass.", own)


def _passes(program: Program, carry: Equation) -> bool:
    """Whether what is carried is added as it is to what a step makes of it."""
    written = program.equation_of()[carry.operands[0].name]
    places = [k for k, r in enumerate(written.operands) if r.name == carry.target.name and r.index == written.target.index]
    if len(places) != 1 or not isinstance(written.op, Sum) or written.op.over:
        return False
    own = written.op.slots[places[0]]
    return len(written.operands) > 1 and sp.diff(written.op.body, own) == 1


def _about(names: StepNames, line: StepLine) -> Told:
    """The shape, the steps at which a line holds, and what is 0 beyond them."""
    said = [_where(names, line.at)]
    for carried in line.at.carries if not line.at.first else ():
        beyond = carried.start - carried.step
        for at in line.at.standing.values():
            marks, moved = dict(at.marks), carried.axis.step - carried.step
            if at.name in names.deltas and not carried.has_value and marks.get(carried.axis.letter) == moved:
                there = tuple(sorted({**marks, carried.axis.letter: beyond}.items()))
                said.append(told("{}", f.equation(names.at(replace(at, marks=there)), f.ZERO)))
    return listed([part for part in dict.fromkeys(said) if part])


def _where(names: StepNames, at: StepProgram) -> Told:
    """The shape of a tensor at its step, and the steps: h, l = n - 1, ..., 1."""
    sizes = [scalar(n) for n in at.program.shape(at.target)]
    shape = f.joined(f.symbol("times"), [f.within(n, Binds.PRODUCT) for n in sizes] if len(sizes) > 1 else sizes)
    said = [told("{}", shape)] if sizes else []
    return listed([*said, *(told("{}", _range(axis, at)) for axis in at.over)])


def _range(axis: Axis, at: StepProgram) -> Node:
    """l = n - 1, ..., 1: the steps in the order in which they are computed."""
    low, high = f.ONE, scalar(axis.extent)
    ends = [low, DOTS, high]
    for carried in at.carries if not at.first else ():
        if carried.axis == axis:
            start = _step(carried.start + (carried.step if carried.has_value else 0))
            ends = [start, DOTS, high if carried.step > 0 else low]
    return f.equation(letter(axis.letter), f.listed(ends))
