"""What witnesses look at: the same numbers as the derivative of a program by its inputs, which is all that a tape and steps know.

A product with what comes from above is the gradient of the scalar sum(dY * Y); a product with a vector is the derivative by t, at
t = 0, of the program in which x + t v stands for x. Neither says anything of how the derivation came to its equations.
A loop is written out by the reader of its text, so that what a witness holds it to is what the text says, step by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray

from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.forward_mode import ONES
from symbackprop.core.letters import fresh
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Carry, Equation, Program, Ref, Signature, Sum, slot
from symbackprop.evaluate.extents import extent
from symbackprop.notation.errors import NotationError

MOST = 12  # steps of a loop that are written out


@dataclass(frozen=True)
class Watched:
    """A program that is differentiated, without any derivative in it.

    program   the equations.
    of        the tensor that is differentiated.
    by        the name of what a derivation is by -> the input of the program that stands for it.
    sizes     of the program, by name.
    more      values of inputs that the derivation's own program does not have.
    """

    program: Program
    of: str
    by: Mapping[str, str]
    sizes: Mapping[str, int]
    more: Mapping[str, ndarray]

    def at(self, where: Mapping[str, ndarray]) -> dict[str, ndarray]:
        """A point of the derivation's program as one of this."""
        return {**where, **self.more}


def watched(derived: Derivation, sizes: Mapping[str, int]) -> Watched:
    """What the witnesses of a derivation look at, at these sizes."""
    if derived.upstream:
        return _paired(derived, sizes)
    if derived.vector:
        return _moved(derived, sizes)
    by = {name: name for name in derived.wrt}
    written = _written_out(derived, sizes)
    return Watched(*written, by, {}, {}) if written else Watched(derived.forward, derived.of, by, sizes, {})


def _written_out(derived: Derivation, sizes: Mapping[str, int]) -> tuple[Program, str] | None:
    """The network with its loops written out by its reader, and what is differentiated there, the last of several values of a name.

    None without loops, for many steps, for what it lacks, and where its reader refuses it: a loss that is a number without steps.
    """
    network, program = derived.network, derived.forward
    if network is None or network.written_out is None or not has_loops(program):
        return None
    steps = {program.shape(e.target.name)[e.target.index.index(e.op.letter)] for e in program.equations if isinstance(e.op, Carry)}
    if any(extent(n, sizes) > MOST for n in steps):
        return None
    try:
        plain = network.written_out(numbers=sizes)
    except NotationError:
        return None
    written, of = plain.program, plain.loss if derived.of == network.loss else derived.of
    inputs = {t.name for t in program.inputs}
    asked = {of, *derived.wrt} - inputs
    alike = {t.name for t in written.inputs} == inputs and all(n in written.tensors for n in asked)
    ranks = {of: program.tensors[derived.of].rank, **{n: program.tensors[n].rank for n in asked if n != of}} if alike else {}
    return (written, of) if alike and all(written.tensors[n].rank == rank for n, rank in ranks.items()) else None


def _paired(derived: Derivation, sizes: Mapping[str, int]) -> Watched:
    """sum(dY * Y)."""
    program, of, upstream = derived.forward, derived.of, derived.upstream
    name = f"<{upstream}, {of}>"
    letters = fresh(program.tensors[of].rank, map(str, program.sizes()))
    product = Sum(slot(0) * slot(1), (slot(0), slot(1)), tuple(zip(letters, program.shape(of), strict=True)))
    equation = Equation(Ref(name), product, (Ref(upstream, letters), Ref(of, letters)))
    whole = replace(
        program, tensors={**program.tensors, name: Signature(name)}, equations=(*program.equations, equation), outputs=(name,)
    )
    return Watched(whole, name, {n: n for n in derived.wrt}, sizes, {})


def _moved(derived: Derivation, sizes: Mapping[str, int]) -> Watched:
    """x + t v wherever x is read."""
    program, vector, (wrt,) = derived.forward, derived.vector, derived.wrt
    step, moved = f"t of {vector}", f"{wrt} + t {vector}"
    letters = fresh(program.tensors[wrt].rank, map(str, program.sizes()))
    slots = (slot(0), slot(1), slot(2))
    if vector == ONES:
        along, operands = Sum(slot(0) + slot(1), slots[:2]), (Ref(wrt, letters), Ref(step))
    else:
        along, operands = Sum(slot(0) + slot(1) * slot(2), slots), (Ref(wrt, letters), Ref(step), Ref(vector, letters))
    first = Equation(Ref(moved, letters), along, operands)

    def read(ref: Ref) -> Ref:
        return Ref(moved, ref.index) if ref.name == wrt else ref

    equations: list[Equation] = [] if wrt in program.equation_of() else [first]
    for equation in program.equations:
        equations.append(replace(equation, operands=tuple(map(read, equation.operands))))
        if equation.target.name == wrt:
            equations.append(first)
    own = {step: Signature(step, (), "parameter"), moved: Signature(moved, program.shape(wrt))}
    of = moved if derived.of == wrt else derived.of
    whole = replace(program, tensors={**program.tensors, **own}, equations=tuple(equations), outputs=(of,))
    return Watched(whole, of, {wrt: step}, sizes, {step: np.zeros(())})
