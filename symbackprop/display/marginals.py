"""The gradients of a forward recursion that adds up weights of sequences, log sum over k of exp(a_{t-1,k} + ...): probabilities.

The log sum exp of all last states is the logarithm of a sum over all sequences of states, of the exponential of what each adds up.
Its derivative by what all sequences with a state at a step add is the share of these sequences: the marginal of that state.
"""

from __future__ import annotations

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.loops.recursion import pinned, unpinned
from symbackprop.core.program import Carry, Equation, Program, Reduce, Sum


def marginals(derivation: Derivation) -> tuple[str, str] | None:
    """The gradients by the states of a step, and by those and the ones before in pairs; None where they are no probabilities."""
    program, of = derivation.forward, derivation.of
    written = program.equation_of()
    carries = [e for e in program.equations if isinstance(e.op, Carry)]
    if [(e.op.step, len(e.operands), len(e.target.index)) for e in carries if isinstance(e.op, Carry)] != [(1, 2, 2)]:
        return None
    before, states = carries[0].target.name, carries[0].operands[0].name
    pairs = next((e.target.name for e in program.equations if _adds(e, before)), "")
    total = next((e.target.name for e in program.equations if _adds_up(e, pairs) and _is_over(written[pairs], before, e)), "")
    chain = [(before, [pairs]), (pairs, [total]), (total, [states])]
    if not total or any(_readers(program, name) != by for name, by in chain) or not _adds(written[states], total):
        return None
    last = [n for n in _readers(program, states) if n != before]
    end = next((e.target.name for e in program.equations if last and _adds_up(e, last[0])), "")
    is_last = (
        len(last) == 1
        and len(written[last[0]].operands) == 1
        and _is_last(program, written[last[0]])
        and _readers(program, last[0]) == [end]
        and not written[end].target.index
    )
    if not is_last or _readers(program, end) != [of] or not _adds(written[of], end):
        return None
    by = {role.wrt: n for n, t in derivation.program.tensors.items() if (role := t.role) and role.of == of and not role.via}
    return (by[states], by[pairs]) if {states, pairs} <= by.keys() else None


def _readers(program: Program, name: str) -> list[str]:
    return [e.target.name for e in program.equations for r in e.operands if r.name == name]


def _adds(equation: Equation, name: str) -> bool:
    """Whether an equation adds a value, entry by entry or repeated, to others."""
    op = equation.op
    if not isinstance(op, Sum) or op.over:
        return False
    return any(r.name == name and sp.diff(op.body, s) == 1 for s, r in zip(op.slots, equation.operands, strict=True))


def _adds_up(equation: Equation, name: str) -> bool:
    """Whether an equation is the log sum exp of a value."""
    return isinstance(equation.op, Reduce) and equation.op.kind == "logsumexp" and equation.operands[0].name == name


def _is_over(pairs: Equation, before: str, total: Equation) -> bool:
    """Whether the log sum exp of pairs goes over all states before, and over nothing else."""
    (ref,) = total.operands
    renamed = dict(zip(pairs.target.index, ref.index, strict=True))
    own = {renamed[c] for r in pairs.operands if r.name == before for c in r.index} - {*total.target.index}
    return isinstance(total.op, Reduce) and own == dict(total.op.over).keys() and len(own) == 1


def _is_last(program: Program, equation: Equation) -> bool:
    """Whether a value is the last step of another one."""
    (ref,), over = equation.operands, [c for c, _ in equation.op.over]
    if not isinstance(equation.op, Sum) or len(over) != 1 or over[0] not in ref.index:
        return False
    at, extent = pinned(equation, over[0]), program.shape(ref.name)[ref.index.index(over[0])]
    return at is not None and sp.expand(at - extent + 1) == 0 and unpinned(equation.op, over[0]).body == equation.op.slots[0]
