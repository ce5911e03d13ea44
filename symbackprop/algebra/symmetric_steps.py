"""What is its own transpose at every step of a loop, by induction: P[t] is where P[t-1] is, and where the loop starts."""

from __future__ import annotations

from dataclasses import replace

from symbackprop.algebra.facts import symmetric_values
from symbackprop.core.loops.recursion import NoRecursionError, Recursion, StepProgram
from symbackprop.core.loops.step_line import step_line
from symbackprop.core.program import Carry, Equation, Program, same_size


def with_symmetric_steps(program: Program) -> Program:
    """A program whose values say where they are symmetric at every step.

    All square values that are carried are taken to be so; those whose own step does not say it then are not, until all do.
    """
    carries = [e for e in program.equations if isinstance(e.op, Carry) and program.tensors[e.target.name].role is None]
    if not carries or not any(len(program.shape(e.target.name)) > 2 for e in carries):
        return program
    recursion = Recursion(program)
    assumed = {e.operands[0].name for e in carries if _is_square(recursion, e) and _starts_so(program, e)}
    while assumed:
        told = Recursion(_marked(program, assumed))
        held = {name for name in assumed if _holds(told, name)}
        if held == assumed:
            named = {n for n, t in program.tensors.items() if t.named and t.role is None and n in recursion.written}
            return _marked(program, assumed | {n for n in named - assumed if _holds(told, n)})
        assumed = held
    return program


def _marked(program: Program, names: set[str]) -> Program:
    tensors = {n: replace(t, domain="symmetric") if n in names and not t.domain else t for n, t in program.tensors.items()}
    return replace(program, tensors=tensors)


def _is_square(recursion: Recursion, carry: Equation) -> bool:
    """Whether what is carried is a square matrix at its step."""
    name = carry.operands[0].name
    shape = recursion.program.shape(name)
    own = [n for k, n in enumerate(shape) if (name, k) not in recursion.axes]
    return len(own) == 2 and same_size(*own)


def _starts_so(program: Program, carry: Equation) -> bool:
    """Whether a loop starts with a symmetric matrix, or with zeros."""
    return all(program.tensors[r.name].is_symmetric or r.name in symmetric_values(program, r.name) for r in carry.operands[1:])


def _holds(recursion: Recursion, name: str) -> bool:
    """Whether the equations of a value at its step say that it is its own transpose."""
    at = _step(recursion, name)
    return at is not None and at.target in symmetric_values(at.program, at.target)


def _step(recursion: Recursion, name: str) -> StepProgram | None:
    try:
        return step_line(recursion, name, ())
    except NoRecursionError:
        return None
