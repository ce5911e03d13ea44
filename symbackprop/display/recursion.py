r"""A program with loops on paper: \delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot \sigma'(u^{(l)}), for l = n - 1, ..., 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import sympy as sp

from symbackprop.algebra.recursion import StepBox, StepLine
from symbackprop.algebra.step_product import StepProducts
from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Carry, Equation, Program, Sum
from symbackprop.core.recursion import AtStep, NoRecursionError, Recursion, StepProgram
from symbackprop.display.box import ShownBox, ShownLine, free_letter
from symbackprop.display.forms import Printer
from symbackprop.display.names import Names
from symbackprop.display.step_forms import StepNames, step_said, summed_over, value_at_step, where
from symbackprop.display.step_product import product_lines
from symbackprop.display.update import rate_formula, updated
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Name, at_steps, letter
from symbackprop.formulas.told import Told, listed, told
from symbackprop.formulas.tree import Node, items_of, split


def steps_box(derivation: Derivation, box: StepBox, products: StepProducts | None = None) -> ShownBox:
    """The lines of a box with loops as formulas, in the names of the program; `products`: those over all steps, if asked for."""
    names = Names(derivation.program)
    deltas = _deltas(names, derivation, box)
    lines = []
    for line in box.lines:
        assert line.line.form is not None
        to = StepNames(names, line.at, deltas)
        read = [a.name for part in line.parts for a in part.at.standing.values()]
        needs = tuple(dict.fromkeys(n for n in read if n in deltas and n != line.name))
        right = _right(names, line, deltas)
        meant = _meant(names, derivation, line) if line.name in deltas else None
        formula, why = f.equation(to.entry(line.at.target, ()), right), tuple(_why(names, derivation, line))
        lines.append(ShownLine(line.name, formula, needs, _about(to, line), meant, why, _serves(names, line)))
    by = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    missing = {by[n]: why for n, why in box.missing.items()}
    shown = ShownBox(tuple(lines), missing, (), tuple(_updates(names, derivation)), names)
    if products is None:
        return shown
    multiplied = tuple(product_lines(names, deltas, products.found))
    return replace(shown, products=multiplied, unmultiplied={n: Told(why) for n, why in products.missing.items()})


def step_formula(derivation: Derivation, box: StepBox, name: str, at_start: bool) -> Node | None:
    """A gradient's line in a box with loops, over the gradients by their derivatives; None where it has none."""
    names = Names(derivation.program)
    lines = [line for line in box.lines if line.name == name]
    line = next((line for line in lines if line.at.first == at_start), lines[-1] if lines else None)
    if line is None or line.line.form is None:
        return None
    to = StepNames(names, line.at, {})
    return f.equation(to.entry(line.at.target, ()), _right(names, line, {}))


def _meant(names: Names, derivation: Derivation, line: StepLine) -> Node:
    """What a letter stands for: the derivative by a value at its step, or by the formula of one that nobody named."""
    role = names.signature(line.name).role
    assert role is not None
    if not names.signature(role.wrt).has_name:
        try:
            by = split(value_at_step(names, derivation, role.wrt, line.at.standing[line.at.target].marks).formula)[1]
        except NoRecursionError:
            by = None
        if by is not None:
            return f.over(f.partial(names.in_line(role.of)), f.partial(f.bracket(f.beside(*items_of(by)[1:]))))
    return StepNames(names, line.at, {}).entry(line.at.target, ())


def _right(names: Names, line: StepLine, deltas: Mapping[str, Name]) -> Node:
    """What a line says, the terms that sum over the same steps together."""
    terms = []
    for part in line.parts:
        assert part.line.form is not None
        terms.append(summed_over(part.at.summed, Printer(StepNames(names, part.at, deltas)).formula(part.line.form)))
    return f.add(terms)


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
    if program.tensors[name].has_name:
        return name
    forward = [e for e in program.equations if program.tensors[e.target.name].role is None]
    readers = [e.target.name for e in forward if any(r.name == name for r in e.operands)]
    return readers[0] if len(readers) == 1 and program.tensors[readers[0]].has_name else name


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


def _why(names: Names, derivation: Derivation, line: StepLine) -> Iterator[Told]:
    """Why a line of a recursion stands."""
    of = names.in_line(derivation.of)
    if line.at.first:
        starts = dict.fromkeys((c.axis.letter, c.start) for c in line.at.carries)
        ends = listed([told("{}", f.equation(letter(axis), step_said(start))) for axis, start in starts])
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
    return "all" if any(part.at.summed for part in line.parts) else "own" if line.at.over else ""


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
        own = at_steps(z, [(axis.letter, step_said(axis.step - way))])
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
    said = [where(names, line.at)]
    for carried in line.at.carries if not line.at.first else ():
        beyond = carried.start - carried.step
        for at in line.at.standing.values():
            marks, moved = dict(at.marks), carried.axis.step - carried.step
            if at.name in names.deltas and not carried.has_value and marks.get(carried.axis.letter) == moved:
                there = tuple(sorted({**marks, carried.axis.letter: beyond}.items()))
                said.append(told("{}", f.equation(names.at(replace(at, marks=there)), f.ZERO)))
    return listed([part for part in dict.fromkeys(said) if part])
