"""What an unnamed value is made into, entry by entry: the gate that a person named."""

from __future__ import annotations

import sympy as sp

from symbackprop.core.program import Equation, Program, Sum


def flows_into(program: Program, name: str) -> str:
    """The tensor, or what a person named of what is made of it entry by entry: a gate, for what its activation reads.

    What is multiplied by a number has another gradient, and gives no name.
    """
    found, waiting, seen = set[str](), [name], {name}
    while waiting:
        own = waiting.pop()
        if program.tensors[own].has_name:
            found.add(own)
            continue
        for e in program.equations:
            n, reads = e.target.name, {r.index for r in e.operands if r.name == own}
            if n not in seen and program.tensors[n].role is None and reads == {e.target.index} and _is_passed(e, own):
                seen.add(n)
                waiting.append(n)
    return found.pop() if len(found) == 1 else name


def _is_passed(equation: Equation, name: str) -> bool:
    """Whether an equation adds a tensor to others or is a curved function of it."""
    if not isinstance(equation.op, Sum):
        return False
    slots = [s for s, r in zip(equation.op.slots, equation.operands, strict=True) if r.name == name]
    slopes = [sp.diff(equation.op.body, s) for s in slots]
    return all(slope == 1 or slope.has(*slots) for slope in slopes)
