"""Whether a program keeps the grammar of `program`, its loops included; every pass ends with this check."""

from __future__ import annotations

from collections.abc import Hashable
from typing import assert_never

from sympy import Expr, Symbol

from symbackprop.core.expressions import symbols_in
from symbackprop.core.functions import matrix_function, reduction
from symbackprop.core.loops import schedule
from symbackprop.core.program import (
    Carry,
    Equation,
    Matrix,
    Program,
    ProgramError,
    Reduce,
    Ref,
    Sum,
    letter_sizes,
    position,
    same_size,
    shape_text,
)


def check(program: Program) -> Program:
    """Return the program if it keeps the grammar above.

    Raises ProgramError at the first equation that does not, naming it and its fault.
    """
    written = {t.name for t in program.inputs}
    ahead = {e.target.name for e in program.equations}
    sizes = set(program.sizes())
    alike, right = Alike(program), set[Hashable]()
    for equation in program.equations:
        fault = _fault_of_names(program, equation, written, ahead)
        if not fault and (key := alike.key(equation)) not in right:
            fault = _fault(program, equation, sizes)
            right.add(key)
        if fault:
            raise ProgramError(f"{equation}: {fault}")
        written.add(equation.target.name)
    for name in program.outputs:
        if name not in written:
            raise ProgramError(f"the output {name} is never written")
    schedule(program)  # the rules of loops
    return program


class Alike:
    """What tells the equations of a program apart but for the names of their tensors: layers that are written out are alike."""

    def __init__(self, program: Program) -> None:
        known: dict[tuple[Expr, ...], int] = {}
        self.shapes = {name: known.setdefault(t.shape, len(known)) for name, t in program.tensors.items()}

    def key(self, equation: Equation) -> Hashable:
        refs = (equation.target, *equation.operands)
        return equation.op, tuple([(ref.index, self.shapes[ref.name]) for ref in refs])


def _fault_of_names(program: Program, equation: Equation, written: set[str], ahead: set[str]) -> str | None:
    target = equation.target
    if target.name in written:
        return f"{target.name} is written twice"
    if target.name in program.tensors and written.issuperset([ref.name for ref in equation.operands]):
        return None  # as nearly all are
    for ref in (target, *equation.operands):
        if ref.name not in program.tensors:
            return f"{ref.name} is not a tensor of this program"
    for k, ref in enumerate(equation.operands):
        if ref.name not in written and not (k == 0 and isinstance(equation.op, Carry) and ref.name in ahead):
            return f"{ref.name} is read before it is written"
    return None


def _fault(program: Program, equation: Equation, free_sizes: set[Symbol]) -> str | None:
    target = equation.target
    if len(set(target.index)) != len(target.index):
        return "the target repeats a letter"
    for ref in (target, *equation.operands):
        if len(ref.index) != program.tensors[ref.name].rank:
            return f"{ref} has {len(ref.index)} letters, {ref.name} has {program.tensors[ref.name].rank} axes"
    sizes = letter_sizes(program, equation)
    for ref in equation.operands:
        for letter, extent in zip(ref.index, program.shape(ref.name), strict=True):
            if not same_size(sizes[letter], extent):
                return f"the letter {letter} runs over {sizes[letter]} and over {extent}"
    return _fault_of_op(program, equation, free_sizes)


def _fault_of_op(program: Program, equation: Equation, free_sizes: set[Symbol]) -> str | None:
    op, target = equation.op, equation.target
    summed = [letter for letter, _ in op.over]
    if set(summed) & set(target.index) or len(set(summed)) != len(summed):
        return "a summed letter stands in the target, or twice in the sum"
    known = set(summed) | set(target.index)
    unknown = {c for ref in equation.operands for c in ref.index} - known
    if unknown and not isinstance(op, Matrix):
        return f"the letter {min(unknown)} is neither summed nor in the target"
    match op:
        case Sum():
            return _fault_of_body(equation, op, {position(letter) for letter in known} | free_sizes)
        case Reduce():
            row = reduction(op.kind)
            return None if len(equation.operands) == 1 else f"{row.name} takes one operand"
        case Matrix():
            return _fault_of_matrix(program, equation, op)
        case Carry():
            return _fault_of_carry(equation, op)
        case _:
            assert_never(op)


def _fault_of_body(equation: Equation, op: Sum, known: set[Symbol]) -> str | None:
    if len(op.slots) != len(equation.operands):
        return f"{len(op.slots)} slots for {len(equation.operands)} operands"
    stray = symbols_in(op.body) - known - set(op.slots)
    return f"the body mentions {min(map(str, stray))}, which is no slot, position or size" if stray else None


def _fault_of_matrix(program: Program, equation: Equation, op: Matrix) -> str | None:
    row = matrix_function(op.kind)
    if len(equation.operands) != 1 and not (row.primary and equation.operands):
        return f"{op.kind} takes one operand"
    first = program.shape(equation.operands[0].name)
    for operand in equation.operands:
        if (fault := _fault_of_operand(program, equation, op, operand)) is not None:
            return fault
        shape = program.shape(operand.name)
        if not all(map(same_size, shape[-2:], first[-2:])):
            return f"{op.kind} along {operand.name}, which is {shape_text(shape)}, of {shape_text(first)}"
    return None


def _fault_of_operand(program: Program, equation: Equation, op: Matrix, operand: Ref) -> str | None:
    row, target, shape = matrix_function(op.kind), equation.target, program.shape(operand.name)
    if len(shape) < 2 or not (row.tall or same_size(shape[-1], shape[-2])):
        return f"{op.kind} takes a square matrix, {operand.name} is {shape_text(shape)}"
    lead, own = operand.index[:-2], target.index[: max(0, len(target.index) - len(row.axes))]
    if len(target.index) - len(own) != len(row.axes) or not set(lead) <= set(own):
        further = f" and has {len(row.axes)} of its own" if row.axes else ""
        return f"{op.kind} of {operand} keeps the letters {' '.join(lead)}{further}"
    if operand.index[-1] == operand.index[-2] or set(operand.index[-2:]) & {*lead, *own}:
        return f"{op.kind} takes the last two axes of {operand} whole"
    return None


def _fault_of_carry(equation: Equation, op: Carry) -> str | None:
    target, operands = equation.target, equation.operands
    if op.step not in (1, -1) or op.letter not in target.index:
        return f"it is carried by {op.step} along {op.letter}: a Carry goes one step along a letter of {target}"
    if len(operands) not in (1, 2) or operands[0].index != target.index:
        return f"a carried value keeps its letters from step to step: those of {target}"
    for first in operands[1:]:
        if not set(first.index) <= set(target.index) - {op.letter} or len(set(first.index)) < len(first.index):
            return f"{first}: what a loop starts from has letters of {target} without {op.letter}, each once"
    return None
