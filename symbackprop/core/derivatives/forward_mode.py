"""Forward mode: a program goes in, the same program with the change of every value comes out, as one input moves along a vector.

One sweep from the start to the end. For an equation y[t] = sum_o body(operands), where an operand x changes by x', y changes by

    y'[t] = sum over the letters that y lacks of  d body / d x[i] * x'[i],

and the changes that several operands bring add. It is the chain rule from the other side, by the same local derivatives. The change
of a carried value is carried as the value is.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp
from sympy import S

from symbackprop.core.chain_rule import on_path
from symbackprop.core.derivatives.closing import closed, local_form, packed
from symbackprop.core.derivatives.local import local_derivative
from symbackprop.core.derivatives.primary import is_primary
from symbackprop.core.functions import iverson
from symbackprop.core.letters import LETTERS, fresh
from symbackprop.core.loops import carried, start_of
from symbackprop.core.passes.simplify import without_labels
from symbackprop.core.program import Carry, Equation, Gradient, Program, Ref, Signature, Step, Sum, position, slot


def forward_mode(program: Program, of: str, wrt: str, vector: str) -> Program:
    """The program with an equation for (d v / d `wrt`) `vector` for every value v on a path from `wrt` to `of`.

    of      the name of a tensor; the result has its shape.
    wrt     the name of an input or value.
    vector  an input of the shape of `wrt`, or ONES: the direction in which that moves.
    The output of the result is the change of `of`; where no path leads to it, an equation "= 0".
    """
    sweep = _Onward(program, of, wrt, vector)
    for equation in program.equations:
        sweep.through(equation)
    sweep.settle()
    return Program(sweep.tensors, program.equations + tuple(sweep.equations), (sweep.role(of).name,), program.conditions)


ONES = "1"
"""What is named as the vector whose entries are all 1: it is no input, and no factor of any equation."""


class _Onward:
    """The equations written so far; `change` is the tensor that holds the change of each value."""

    def __init__(self, program: Program, of: str, wrt: str, vector: str) -> None:
        self.program, self.of, self.wrt, self.vector = program, of, wrt, vector
        self.tensors, self.equations = dict(program.tensors), list[Equation]()
        self.needed = on_path(program, of, {wrt})
        self.spoken_for = {*program.tensors, *map(str, program.sizes())}
        self.change: dict[str, str | None] = {wrt: None if vector == ONES else vector}  # None: 1 everywhere
        self.ahead = {e.operands[0].name for e in program.equations if isinstance(e.op, Carry)} & self.needed
        self.looped = self.needed & carried(program)
        for name in self.ahead & self.looped:  # what is read a step away changes by a value that is written later
            self.change[name] = self.role(name).name

    def role(self, name: str) -> Gradient:
        return Gradient(name, self.wrt, vector=self.vector)

    def letters(self, number: int, taken: set[str]) -> tuple[str, ...]:
        return fresh(number, taken, LETTERS, self.spoken_for)

    def through(self, equation: Equation) -> None:
        """Write the change of an equation's target, where it changes and is needed."""
        target = equation.target
        if target.name not in self.needed or (target.name == self.wrt and target.name not in self.looped):
            return
        parts = self.parts(equation)
        role = self.role(target.name)
        if not parts and target.name in self.ahead:
            parts = [Equation(target, Sum(S.Zero), (), Step("zero", wrt=target))]
        if len(parts) == 1:
            self.write(role, parts[0])
            return
        names = [ref.name for part in parts if part.step and (ref := part.step.wrt)]
        held: list[Ref] = []
        for k, (name, part) in enumerate(zip(names, parts, strict=True)):
            own = replace(role, via=name, nth=names[: k + 1].count(name) if names.count(name) > 1 else 0)
            held.append(Ref(self.write(own, part), target.index))
        if held:
            slots = tuple(map(slot, range(len(held))))
            self.write(
                role, Equation(target, Sum(sp.Add(*slots), slots), tuple(held), Step("both", through=target, pattern="copy"))
            )

    def parts(self, equation: Equation) -> list[Equation]:
        """What the operands that change bring to the change of an equation's target, each as an equation."""
        changing = [k for k, r in enumerate(equation.operands) if r.name in self.change]
        if isinstance(equation.op, Carry):
            parts = self.carried(equation, equation.op, changing)
        else:
            parts = [part for k in changing if (part := self.part(equation, k))]
        return [*parts, self.itself(equation.target)] if equation.target.name == self.wrt else parts

    def itself(self, target: Ref) -> Equation:
        """The direction in which a tensor moves, as an equation."""
        if self.vector == ONES:
            return Equation(target, Sum(S.One), (), Step("seed", wrt=target))
        return Equation(target, Sum(slot(0), (slot(0),)), (Ref(self.vector, target.index),), Step("seed", wrt=target))

    def carried(self, equation: Equation, op: Carry, changing: list[int]) -> list[Equation]:
        """The change of a Carry: that of the value, carried, and at the first step that of what it starts from."""
        target = equation.target
        refs = [equation.operands[k] for k in changing]
        moved = [None if (held := self.change[r.name]) is None else Ref(held, r.index) for r in refs]
        if changing[:1] == [0] and None not in moved:
            return [Equation(target, op, tuple(m for m in moved if m), Step("onward", target, refs[0], moved[0], pattern="carry"))]
        start = iverson(sp.Eq(position(op.letter), start_of(self.program, equation)))
        parts = []
        for k, ref, m in zip(changing, refs, moved, strict=True):
            step = Step("onward", target, ref, m, pattern="carry")
            if k == 0 and m is not None:
                parts.append(Equation(target, op, (m,), step))
                continue
            there = start if k else 1 - start
            body, operands = (there, ()) if m is None else (slot(0) * there, (m,))
            parts.append(Equation(target, Sum(body, tuple(map(slot, range(len(operands))))), operands, step))
        return parts

    def part(self, equation: Equation, k: int) -> Equation | None:
        """What the k-th operand brings to the change of an equation's target; None where that is zero."""
        if is_primary(equation):
            return self.onward(equation, k)
        local = local_derivative(self.program, equation, k, self.letters)
        if local.body == 0:
            return None
        for signature, needed in local.needs:
            if signature.name not in self.tensors:
                self.tensors[signature.name] = signature
                self.equations.append(needed)
        refs = (*local.places, equation.target)
        body, used, slots = packed(local.body, False, len(local.places))
        operands = tuple(refs[u] for u in used)
        slope = Sum(*local_form(local.body, len(local.places), used))
        held = self.change[equation.operands[k].name]
        moved = None if held is None else Ref(held, local.operand.index)
        step = Step("onward", equation.target, local.operand, moved, slope, operands, local.pattern)
        if moved is None:
            return closed(equation.target, body, slots, operands, local.sizes, step)
        last = slot(len(slots))
        return closed(equation.target, sp.Mul(body, last), (*slots, last), (*operands, moved), local.sizes, step)

    def onward(self, equation: Equation, k: int) -> Equation:
        """The change of a primary function as its matrix moves, which is one direction more, or as one of its directions does."""
        operand = equation.operands[k]
        held = self.change[operand.name]
        if held is None:
            held = f"ones({operand.name})"
            index = self.letters(len(operand.index), set())
            self.tensors[held] = Signature(held, self.program.shape(operand.name), named=False)
            self.equations.append(Equation(Ref(held, index), Sum(S.One), (), Step("seed", wrt=Ref(operand.name, index))))
        moved = Ref(held, operand.index)
        operands = (*equation.operands, moved) if k == 0 else (*equation.operands[:k], moved, *equation.operands[k + 1 :])
        return Equation(equation.target, equation.op, operands, Step("onward", equation.target, operand, moved, pattern="along"))

    def write(self, role: Gradient, found: Equation) -> str:
        """Write an equation as the one of a derivative, and return the tensor's name."""
        op, operands = found.op, found.operands
        if isinstance(op, Sum):
            op, operands = without_labels(self.tensors, op, operands)
        shape, named = self.program.shape(role.of), role.via is None and self.tensors[role.of].named
        self.tensors[role.name] = Signature(role.name, shape, named=named, role=role)
        self.equations.append(Equation(Ref(role.name, found.target.index), op, operands, found.step))
        if role.via is None:
            self.change[role.of] = role.name
        return role.name

    def settle(self) -> None:
        """Make sure that the change of `of` is written, even where it is the vector itself or zero."""
        role = self.role(self.of)
        if role.name in self.tensors:
            return
        target = Ref(self.of, self.letters(self.program.tensors[self.of].rank, set()))
        zero = Equation(target, Sum(S.Zero), (), Step("zero", wrt=target))
        self.write(role, self.itself(target) if self.of == self.wrt else zero)
