"""What a condition on positions leaves out is not computed: the sum over i < j of 1/r[i j] divides by no r[i i].

A factor 1[i < j] says that there are no other terms, while 0 times infinity is no number. Of the factors of a product, those
that may be infinite are taken where the condition holds, and 0 elsewhere; what is 0 elsewhere by such a condition says so to its
readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import Where, defined_everywhere
from symbackprop.core.guards import is_position
from symbackprop.core.program import Carry, Equation, Program, Ref, Sum, position

Tests = frozenset[Any]  # conditions on positions that all hold where a tensor is not 0


def without_left_out(program: Program) -> Program:
    """The program with what its conditions leave out as 0; the program itself where nothing there may be infinite."""
    if not any(isinstance(e.op, Sum) and e.op.body.has(Where) for e in program.equations):
        return program
    has_loops = any(isinstance(e.op, Carry) for e in program.equations)
    read = {} if has_loops else _read_under(program)  # a step may read what stands behind it
    known: dict[str, tuple[tuple[str, ...], Tests]] = {}
    equations: list[Equation] = []
    for equation in program.equations:
        new, tests = equation, Tests()
        if isinstance(equation.op, Sum):
            new, tests = _rewritten(_within(equation, equation.op, read), known)
        if tests:
            known[equation.target.name] = equation.target.index, tests
        equations.append(new)
    if all(a is b for a, b in zip(equations, program.equations, strict=True)):
        return program
    return replace(program, equations=tuple(equations))


def _read_under(program: Program) -> dict[str, Tests]:
    """The conditions, on the positions of its writer, under which alone each value without a name is read."""
    found: dict[str, Tests] = {}
    seen: set[str] = set()
    writers = program.equation_of()
    for equation in reversed(program.equations):
        name = equation.target.name
        whole = found.get(name, Tests()) if name in seen and _is_free(program, name) else Tests()
        for ref, tests in _uses(equation, whole):
            writer = writers.get(ref.name)
            if writer is None:
                continue
            back = {position(b): position(a) for a, b in zip(writer.target.index, ref.index, strict=True)}
            own = Tests(t.xreplace(back) for t in tests if {s for s in t.free_symbols if is_position(s)} <= back.keys())
            own = own if len(back) == len(ref.index) else Tests()
            found[ref.name] = found[ref.name] & own if ref.name in seen else own
            seen.add(ref.name)
    return {name: tests for name, tests in found.items() if tests and _is_free(program, name)}


def _is_free(program: Program, name: str) -> bool:
    """Whether nobody looks at a value beside those that read it."""
    tensor = program.tensors[name]
    return (tensor.counted or not tensor.has_name) and name not in program.outputs


def _uses(equation: Equation, whole: Tests) -> Iterator[tuple[Ref, Tests]]:
    """The operands of an equation in each term, with the conditions under which the term reads them."""
    if not isinstance(equation.op, Sum):
        yield from ((ref, Tests()) for ref in equation.operands)
        return
    for term in sp.Add.make_args(equation.op.body):
        tests = whole.union(*(_tests(f) for f in sp.Mul.make_args(term)))
        yield from ((ref, tests) for slot, ref in zip(equation.op.slots, equation.operands, strict=True) if term.has(slot))


def _within(equation: Equation, op: Sum, read: Mapping[str, Tests]) -> Equation:
    """The equation as 0 where nobody reads it, if it may be infinite there."""
    tests = read.get(equation.target.name)
    if not tests or op.over or defined_everywhere(op.body):
        return equation
    return replace(equation, op=Sum(Where(sp.And(*tests), op.body, S.Zero), op.slots, op.over))


def _rewritten(equation: Equation, known: Mapping[str, tuple[tuple[str, ...], Tests]]) -> tuple[Equation, Tests]:
    """An equation with what is left out of it as 0, and the conditions on the positions of its target outside of which it is 0."""
    op = equation.op
    assert isinstance(op, Sum)
    of_slots: dict[Any, Tests] = {}
    for slot, ref in zip(op.slots, equation.operands, strict=True):
        if ref.name in known:
            index, tests = known[ref.name]
            moved = {position(a): position(b) for a, b in zip(index, ref.index, strict=True)}
            of_slots[slot] = Tests(test.xreplace(moved) for test in tests)
    if not of_slots and not op.body.has(Where):
        return equation, Tests()
    terms = [_term(term, of_slots) for term in sp.Add.make_args(op.body)]
    common = Tests.intersection(*(tests for _, tests in terms))
    own = {position(letter) for letter in equation.target.index}
    outside = Tests(test for test in common if {s for s in test.free_symbols if is_position(s)} <= own)
    body = sp.Add(*(term for term, _ in terms))
    return equation if body == op.body else replace(equation, op=Sum(body, op.slots, op.over)), outside


def _term(term: Any, of_slots: Mapping[Any, Tests]) -> tuple[Expr, Tests]:
    """A product with its factors that may be infinite as cases, and the conditions under which it is not 0."""
    factors = sp.Mul.make_args(term)
    own = Tests(test for f in factors for test in _tests(f))
    read = Tests().union(*(of_slots.get(f, Tests()) for f in factors))
    tests = own | read
    risky = [f for f in factors if not _tests(f) and not defined_everywhere(f)]
    if tests and risky:
        rest = [f for f in factors if f not in risky and not _is_one_of(f, tests)]
        term = sp.Mul(*rest, Where(sp.And(*tests), sp.Mul(*risky), S.Zero))
    return term, tests


def _is_one_of(factor: Any, tests: Tests) -> bool:
    """Whether a factor is 1 where the tests hold."""
    if not isinstance(factor, Where) or factor.args[1:] != (1, 0):
        return False
    condition: Any = factor.args[0]
    return set(sp.And.make_args(condition)) <= tests


def _tests(factor: Any) -> Tests:
    """The conditions of a factor on positions alone, but for equalities: those fix a letter, and nothing else is read."""
    if not isinstance(factor, Where) or 0 not in factor.args[1:]:
        return Tests()
    condition: Any = factor.args[0]
    tests = sp.And.make_args(condition if factor.args[2] == 0 else sp.Not(condition))
    return Tests(t for t in tests if not isinstance(t, sp.Eq) and all(s.is_integer for s in t.free_symbols))
