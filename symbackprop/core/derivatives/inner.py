"""Derivatives inside a program, each as a derivation of its own, and derived anew where what they are of is respelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import sympy as sp

from symbackprop.core.chain_rule import chain_rule, gradient_name
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.forward_mode import ONES
from symbackprop.core.functions import stop_gradient
from symbackprop.core.loops import has_loops
from symbackprop.core.passes.simplify import without_dead
from symbackprop.core.passes.stable import stable
from symbackprop.core.program import Carry, Equation, Gradient, Program, Ref, Signature, Sum, letter_sizes, slot


class _Sweep(NamedTuple):
    """The derivatives of one value that go on: the value as it is differentiated, what computes it, and what holds each.

    before   the program of the value, with nothing else.
    of       the value, or the scalar that stands for its product with what comes from above.
    held     the tensor that holds the derivative, by the name of what it is by.
    """

    before: Program
    of: str
    held: Mapping[str, str]


def inner_derivations(program: Program) -> Iterator[tuple[Derivation, Mapping[str, str]]]:
    """Each derivative that a program asks for as a derivation, and the tensor that holds it by the name of what it is by.

    What a witness holds against them are the equations of the program itself. The derivatives of each step of a loop are not among
    them: the program as a whole differentiates no step with the others held.
    """
    for (of, upstream), held in _groups(program).items():
        sweep = _sweep(program, of, upstream, held)
        steps = {letter_sizes(program, e)[e.op.letter] for e in sweep.before.equations if isinstance(e.op, Carry)}
        lead = program.shape(of)[:1]
        if upstream and steps & {*lead} and any(lead == program.shape(wrt)[:1] for wrt in held):
            continue
        tensors, copies = dict(program.tensors) | dict(sweep.before.tensors), list[Equation]()
        lead = sweep.before.shape(sweep.of)
        for wrt, result in held.items():
            index = program.equation_of()[result].target.index
            role = Gradient(sweep.of, wrt)
            tensors[role.name] = Signature(role.name, lead + program.shape(wrt), role=role)
            copies.append(Equation(Ref(role.name, index), Sum(slot(0), (slot(0),)), (Ref(result, index),)))
        first = {e.target.name for e in sweep.before.equations}
        after = [e for e in program.equations if e.target.name not in first]
        names = tuple(e.target.name for e in copies)
        whole = Program(tensors, (*sweep.before.equations, *after, *copies), names, program.conditions)
        yield Derivation(sweep.before, without_dead(whole, {*names, *first}), sweep.of, tuple(held)), held


def restated(program: Program, kept: Iterable[str]) -> Program:
    """The program with the derivatives that it asks for derived of the stable spelling of what they are of.

    The program itself where no spelling changes. A program with loops stays as it is written.
    kept   names that no rule looks through.
    """
    if has_loops(program):
        return program
    for value in _groups(program):
        held = _groups(program).get(value)
        if held is None:  # one that a stable spelling does without
            continue
        sweep = _sweep(program, *value, held)
        own = {*kept, sweep.of, *sweep.held}
        before = stable(sweep.before, own)
        if before is not sweep.before and own & sweep.before.tensors.keys() <= before.tensors.keys():
            program = _derived_anew(program, before, sweep)
    return program


def _derived_anew(program: Program, before: Program, sweep: _Sweep) -> Program:
    derived = chain_rule(before, sweep.of, sweep.held)
    equations = program.equation_of() | {n: replace(e, step=None) for n, e in derived.equation_of().items()}
    for wrt, held in sweep.held.items():
        target = equations[held].target
        equations[held] = Equation(target, Sum(slot(0), (slot(0),)), (Ref(gradient_name(sweep.of, wrt), target.index),))
    plain = {n: replace(t, role=None, named=False) if t.role else t for n, t in derived.tensors.items()}
    tensors = plain | {n: t for n, t in program.tensors.items() if n in equations or t.kind != "value"}
    return _needed(replace(program, tensors=tensors, equations=_in_order(equations)), _asked(program))


def _asked(program: Program) -> set[str]:
    """What a program is for: its outputs, and what a person named."""
    return {*program.outputs, *[n for n, t in program.tensors.items() if t.named and t.kind == "value"]}


def _in_order(equations: dict[str, Equation]) -> tuple[Equation, ...]:
    """The equations, each after those that it reads."""
    done: dict[str, Equation] = {}
    stack = [(name, False) for name in reversed(equations)]
    while stack:
        name, ready = stack.pop()
        if name in done or name not in equations:
            continue
        if ready:
            done[name] = equations[name]
        else:
            stack.append((name, True))
            stack += [(r.name, False) for r in equations[name].operands]
    return tuple(done.values())


def _groups(program: Program) -> dict[tuple[str, str], dict[str, str]]:
    """The derivatives that go on, by what they are of and what that is multiplied by; not the changes along a vector.

    Each is the tensor that holds it, by the name of what it is by.
    """
    going_on = {r.name for e in program.equations if not program.tensors[e.target.name].inner for r in e.operands}
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for name, tensor in program.tensors.items():
        inner = tensor.inner
        if inner is None or inner.vector or inner.of not in program.tensors or not (tensor.named or name in going_on):
            continue
        lead = () if inner.upstream else program.shape(inner.of)
        if tensor.shape == lead + program.shape(inner.wrt):  # else of each step of a loop
            groups.setdefault((inner.of, inner.upstream), {}).setdefault(inner.wrt, name)
    return groups


def _needed(program: Program, kept: set[str]) -> Program:
    """What some values need, and what the derivatives on the way there are of."""
    while True:
        found = without_dead(program, kept)
        inner = [t for e in found.equations if (t := found.tensors[e.target.name]).inner]
        more = {t.inner.of for t in inner if t.inner} - kept
        if not more:
            return found
        kept = kept | more


def _sweep(program: Program, of: str, upstream: str, held: Mapping[str, str]) -> _Sweep:
    """upstream   what comes to `of` from above is held while their product is differentiated."""
    before = _needed(program, {of, upstream, *held} - {"", ONES})
    if not upstream:
        return _Sweep(replace(before, outputs=(of,)), of, held)
    index = program.equation_of()[of].target.index if of in program.equation_of() else ()
    over = tuple(zip(index, program.shape(of), strict=True))
    scalar = f"sum({of})" if upstream == ONES else f"{upstream} {of}"
    if upstream == ONES:
        written = Equation(Ref(scalar), Sum(slot(0), (slot(0),), over), (Ref(of, index),))
    else:
        body = sp.Mul(slot(0), stop_gradient(slot(1)))
        written = Equation(Ref(scalar), Sum(body, (slot(0), slot(1)), over), (Ref(of, index), Ref(upstream, index)))
    tensors = {**before.tensors, scalar: Signature(scalar, named=False)}
    return _Sweep(replace(before, tensors=tensors, equations=(*before.equations, written), outputs=(scalar,)), scalar, held)
