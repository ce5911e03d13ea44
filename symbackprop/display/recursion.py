r"""A program with loops on paper: \delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot \sigma'(u^{(l)}), for l = n - 1, ..., 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import sympy as sp

from symbackprop.algebra.recursion import StepBox, StepLine
from symbackprop.algebra.step_product import StepProducts
from symbackprop.core.derivation import Derivation
from symbackprop.core.flows import flows_into
from symbackprop.core.loops.recursion import AtStep, NoRecursionError, Recursion, StepProgram
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Carry, Equation, Program, Sum
from symbackprop.display.box import ShownBox, ShownLine, free_letter, marks_below
from symbackprop.display.forms import Printer
from symbackprop.display.index_form import index_equation
from symbackprop.display.marginals import marginals
from symbackprop.display.names import Names
from symbackprop.display.step_chain import step_chain
from symbackprop.display.step_forms import Called, StepNames, shape_there, step_said, summed_over, value_at_step, where
from symbackprop.display.step_product import product_lines
from symbackprop.display.update import rate_formula, updated
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Name, at_steps, letter
from symbackprop.formulas.told import Told, listed, told
from symbackprop.formulas.tree import Node, items_of, split, width

SHORT = 14
"""The longest formula in a title, in letters across the paper."""


def steps_box(derivation: Derivation, box: StepBox, products: StepProducts | None = None) -> ShownBox:
    """The lines of a box with loops as formulas, in the names of the program; `products`: those over all steps, if asked for."""
    names = Names(derivation.program)
    called = Called(_deltas(names, derivation, box), box.handed)
    made, also = called.deltas.keys() | box.handed.keys(), dict[str, list[str]]()
    for n, other in box.handed.items():
        also.setdefault(other.name, []).append(n)
    lines: list[ShownLine] = []
    probable = marginals(derivation) or ()
    for line in box.lines:
        if _is_handed(box, line):
            continue
        to = StepNames(names, line.at, called)
        read = [called.here(a).name for part in line.parts for a in part.at.standing.values()]
        needs = tuple(dict.fromkeys(n for own in read for n in (own, *also.get(own, ())) if n in made and n != line.name))
        is_called = called.here(line.at.standing[line.at.target]).name in called.deltas
        written = _by_formula(names, derivation, line)
        meant = _meant(names, derivation, box, line, written) if is_called else None
        by = _by(names, called, line, written)
        formula = _formula(names, line, called)
        why = tuple(_why(names, derivation, box, line, split(formula)[0] if line.name in probable else None))
        lines.append(ShownLine(line.name, formula, needs, _about(to, line), meant, by, shape_there(to, line.at), why,
                               _serves(names, line), partial(step_chain, derivation, to, line)))  # fmt: skip
    by = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    missing = {by[n]: why for n, why in box.missing.items()}
    shown = ShownBox(tuple(lines), missing, (), tuple(_updates(names, derivation)), names)
    if products is None:
        return shown
    multiplied = tuple(product_lines(names, called, products.found))
    return replace(shown, products=multiplied, unmultiplied={n: Told(why) for n, why in products.missing.items()})


def step_formula(derivation: Derivation, box: StepBox, name: str, at_start: bool) -> Node | None:
    """A gradient's line in a box with loops, over the gradients by their derivatives; None where it has none."""
    names, called = Names(derivation.program), Called({}, box.handed)
    own = {name, *(n for n, other in box.handed.items() if other.name == name)}
    lines = [line for line in box.lines if line.name in own and not _is_handed(box, line)]
    line = next((line for line in lines if line.at.first == at_start), lines[-1] if lines else None)
    return None if line is None else _formula(names, line, called)


def _is_handed(box: StepBox, line: StepLine) -> bool:
    """Whether a line only says that a gradient is that by what the next step reads, which is called by it."""
    form = line.line.form
    own = line.at.standing.get(form.given.name) if form is not None and form.op == "leaf" else None  # None: entries of a tensor
    read = own.name if own is not None else ""
    return read in box.handed and box.handed[read].name == line.name and not line.at.first


def _by_formula(names: Names, derivation: Derivation, line: StepLine) -> Node | None:
    """What a gradient is by, where nobody named that: its formula at the step; None where it has none."""
    own = line.at.standing[line.at.target]
    role = names.signature(own.name).role
    if role is None or names.signature(role.wrt).has_name:
        return None
    try:
        by = split(value_at_step(names, derivation, role.wrt, own.marks).formula)[1]
    except NoRecursionError:
        return None
    return None if by is None else f.beside(*items_of(by)[1:])


def _meant(names: Names, derivation: Derivation, box: StepBox, line: StepLine, by: Node | None) -> Node:
    """What a letter stands for: the derivative by a value at its step, or by the formula of one that nobody named."""
    to = StepNames(names, line.at, Called({}, box.handed))
    if by is None or line.name in box.handed:
        return to.entry(line.at.target, ())
    return f.over(f.partial(names.in_line(derivation.of)), f.partial(f.bracket(by)))


def _by(names: Names, called: Called, line: StepLine, formula: Node | None) -> Node:
    """What a gradient is by: its name, that of the gate that it flows into, its formula where that is short; else the letter."""
    own = called.here(line.at.standing[line.at.target])
    role = names.signature(own.name).role
    by = flows_into(names.program, role.wrt) if role is not None else own.name
    others = {r.wrt for n in called.deltas if n != own.name and (r := names.signature(n).role)}
    is_loss = role is not None and by == role.of
    if own.name not in called.deltas or (names.signature(by).has_name and by not in others and not is_loss):
        return names.tensor(by)
    return formula if formula is not None and width(formula) <= SHORT else StepNames(names, line.at, called).at(own)


def _formula(names: Names, line: StepLine, called: Called) -> Node:
    """A line as an equation; one without a form in index letters, what nobody named written out."""
    to = StepNames(names, line.at, called)
    if line.line.form is not None:
        return f.equation(to.entry(line.at.target, marks_below(line.line)), _right(names, line, called))
    tensors = line.at.program.tensors
    hidden = [n for n in to.written if n != line.at.target and not tensors[n].has_name]
    return index_equation(to, to.written[line.at.target], hidden)


def _right(names: Names, line: StepLine, called: Called) -> Node:
    """What a line says, the terms that sum over the same steps together."""
    terms = []
    for part in line.parts:
        assert part.line.form is not None
        terms.append(summed_over(part.at.summed, Printer(StepNames(names, part.at, called)).formula(part.line.form)))
    return f.add(terms)


def _deltas(names: Names, derivation: Derivation, box: StepBox) -> dict[str, Name]:
    r"""\delta for gradients that have a line and were not asked for: with what it is by below, where that has a name."""
    program = derivation.program
    told_ = list(dict.fromkeys(line.name for line in box.lines if line.name not in {*program.outputs, *box.handed}))
    rate = () if derivation.update is None else (rate_formula(derivation.update),)
    head = free_letter(names, program, rate)
    if len(told_) == 1:
        return dict.fromkeys(told_, Name(head))
    by = {n: role.wrt for n in told_ if (role := program.tensors[n].role)}
    taken = {wrt: n for n, wrt in by.items() if program.tensors[wrt].has_name}
    for n, wrt in by.items():  # what flows into what is differentiated alone is called by a number
        for own in (flows_into(program, wrt), _added(program, wrt)) if n not in taken.values() else ():
            if program.tensors[own].has_name and own not in taken and own != derivation.of:
                taken[own] = n
                break
    called = {n: names.name_of(own).formula() for own, n in taken.items()}
    others = [n for n in told_ if n not in called]
    called |= {n: f.number(k) for k, n in enumerate(others, 1)}
    return {n: Name(head, (called[n],)) for n in told_}


def _added(program: Program, name: str) -> str:
    """What a person named of what is added to make a tensor, at all of its steps: A, for p_t 1^T + A; else the tensor.

    What is read elsewhere as well has a gradient of more than that.
    """
    written = program.equation_of().get(name)
    if written is None or not isinstance(written.op, Sum) or written.op.over:
        return name
    axes = Recursion(program).axis_letters(written)
    kept = tuple(c for c in written.target.index if c not in axes)
    readers = Counter(r.name for e in program.equations if program.tensors[e.target.name].role is None for r in e.operands)
    same = [
        r.name for s, r in zip(written.op.slots, written.operands, strict=True)
        if r.index == kept and sp.diff(written.op.body, s) == 1 and program.tensors[r.name].has_name and readers[r.name] == 1
    ]  # fmt: skip
    return same[0] if len(same) == 1 else name


def _updates(names: Names, derivation: Derivation) -> Iterator[ShownLine]:
    """The step of descent of every parameter, at each of its steps."""
    if derivation.update is None:
        return
    recursion = Recursion(derivation.program)
    for name in updated(derivation):
        gradient = derivation.gradient(name)
        marks = tuple((axis.letter, axis.step) for (n, _), axis in recursion.axes.items() if n == name)
        at = StepNames(names, StepProgram(derivation.program, name, {}, (), ()))
        own = at.at(AtStep(name, marks, name, marks))
        step = f.juxtapose([rate_formula(derivation.update), at.at(AtStep(gradient, marks, gradient, marks))])
        yield ShownLine(name, f.relation(own, f.symbol("leftarrow"), f.add([own, f.negative(step)])), (gradient,))


def _why(names: Names, derivation: Derivation, box: StepBox, line: StepLine, marginal: Node | None) -> Iterator[Told]:
    """Why a line of a recursion stands.

    marginal   what it is called, where its entries are probabilities.
    """
    of = names.in_line(derivation.of)
    other = box.handed.get(line.name)
    if line.at.first:
        starts = dict.fromkeys((c.axis.letter, c.start) for c in line.at.carries)
        ends = listed([told("{}", f.equation(letter(axis), step_said(start))) for axis, start in starts])
        yield told("The recursion starts at {}, after which no step comes.", ends)
    elif other is not None or (line.at.carries and all(carried.has_value for carried in line.at.carries)):
        yield told("Every other step acts on {} through the next one: what is known there is multiplied by what a step does.", of)
        if marginal is None:
            yield from _product(names, derivation, other.axis if other is not None else line.at.carries[0].axis)
    elif line.at.carries:
        yield told("A step acts on {} by itself and through the next one: both add, and beyond the last nothing comes back.", of)
        yield from _product(names, derivation, line.at.carries[0].axis)
    if marginal is not None and not line.at.first:
        if len(line.at.program.shape(line.at.target)) == 1:
            yield told(
                "The entries of {} are never negative and add up to 1 at every step: they are the marginals, the probability of "
                "each state there, where sequences are weighted by the exponential of what they add up.", marginal,
            )  # fmt: skip
        else:
            yield told("Those of {} add up to 1 as well: the probability of two states, one after the other.", marginal)


def _serves(names: Names, line: StepLine) -> str:
    """Whether a parameter serves all steps or each of its entries its own; "" for any other tensor."""
    role = names.signature(line.name).role
    if role is None or names.signature(role.wrt).kind != "parameter":
        return ""
    return "all" if any(part.at.summed for part in line.parts) else "own" if line.at.over else ""


def _product(names: Names, derivation: Derivation, axis: Axis) -> Iterator[Told]:
    """What a gradient is multiplied by on its way through many steps, where one value is carried."""
    carries = [e for e in derivation.forward.equations if isinstance(e.op, Carry)]
    if len(carries) != 1 or not isinstance(carries[0].op, Carry):
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
    own = dict(line.at.standing[line.at.target].marks)
    for carried in line.at.carries:
        beyond = carried.start - carried.step
        if line.at.first and own.get(carried.axis.letter) != carried.axis.step:  # it is where this one starts
            continue
        if (carried.axis.letter, carried.start) in line.at.besides:  # the line does not hold where nothing comes from
            continue
        for at in line.at.standing.values():
            marks, moved = dict(at.marks), carried.axis.step - carried.step
            if at.name in names.called.deltas and not carried.has_value and marks.get(carried.axis.letter) == moved:
                there = tuple({**marks, carried.axis.letter: beyond}.items())
                said.append(told("{}", f.equation(names.at(replace(at, marks=there)), f.ZERO)))
    return listed([part for part in dict.fromkeys(said) if part])
