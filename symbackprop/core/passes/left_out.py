"""What a condition leaves out is not computed: the sum over i < j of 1/r[i j] divides by no r[i i].

A factor 1[i < j], or 1[x[i] > 0], says that there are no other terms, while 0 times infinity is no number. Of the factors of a
product, those that may be infinite are taken where the condition holds, and 0 elsewhere; what is 0 elsewhere by such a condition
says so to its readers, as a gradient does to the chain rule: 0 times what no slope reaches is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import S
from sympy.core.function import AppliedUndef

from symbackprop.core.functions import Where, defined_everywhere
from symbackprop.core.passes.reached import (
    NONE,
    Known,
    Tests,
    either,
    entry,
    in_entries,
    in_slots,
    letters_in,
    moved,
    ranged,
    readings,
    support,
    supports,
    tensor_of,
    tests_of,
)  # fmt: skip
from symbackprop.core.passes.signs import Signs
from symbackprop.core.program import Carry, Equation, Program, Ref, Sum, letter_sizes


def without_left_out(program: Program, looked_at: bool = True) -> Program:
    """The program with what its conditions leave out as 0; the program itself where nothing there may be infinite.

    looked_at   whether somebody looks at the values that have names, beside those that read them.
    """
    sums = [e.op.body for e in program.equations if isinstance(e.op, Sum)]
    if not any(body.has(Where) for body in sums):
        return program
    left = _LeftOut(program, looked_at)
    equations = tuple(map(left.rewritten, left.program.equations))
    if all(a is b for a, b in zip(equations, left.program.equations, strict=True)):
        return program
    return replace(program, equations=equations)


class _LeftOut:
    """What is known of a program for this, in which what may be infinite stands behind all that others may ask of.

    known    where values are not 0.
    hidden   where alone values are read that may be infinite elsewhere.
    unread   likewise, of values at which nobody looks beside.
    """

    def __init__(self, program: Program, looked_at: bool) -> None:
        self.program, self.looked_at, self.signs = program, looked_at, Signs(program)
        self.known: Known = supports(program)
        self.hidden: dict[str, Tests] = {}
        self.unread: dict[str, Tests] = {}
        reads_ahead = any(isinstance(e.op, Carry) for e in program.equations)  # a step may read what stands behind it
        infinite = set[str]() if reads_ahead else self.infinite()
        if infinite:
            self.program = replace(program, equations=tuple(sorted(program.equations, key=lambda e: e.target.name in infinite)))
            read = self.read_under(lambda name: True)
            self.hidden = {name: tests for name, tests in read.items() if name in infinite}
            self.unread = {} if not self.hidden else self.read_under(self.is_free) if looked_at else read

    def infinite(self) -> set[str]:
        """The values that may be infinite."""
        found: set[str] = set()
        for equation in self.program.equations:
            if any(ref.name in found for ref in equation.operands) or not self.signs.has_value(equation):
                found.add(equation.target.name)
        return found

    def read_under(self, free: Callable[[str], bool]) -> dict[str, Tests]:
        """The conditions, on the positions of its writer, under which alone each value is read.

        free   whether nobody looks at a value beside those that read it.
        """
        found: dict[str, Tests] = {}
        writers = self.program.equation_of()
        place = {e.target.name: k for k, e in enumerate(self.program.equations)}

        def is_there(test: Any, name: str) -> bool:  # what it asks of is computed before that value
            return all(place.get(tensor_of(one), -1) < place[name] for one in test.atoms(AppliedUndef))

        for equation in reversed(self.program.equations):
            name = equation.target.name
            for ref, tests in self.uses(equation, found.get(name, NONE) if free(name) else NONE):
                if writer := writers.get(ref.name):
                    own = moved(tests, ref.index, writer.target.index) if len(set(ref.index)) == len(ref.index) else NONE
                    own = Tests(test for test in own if is_there(test, ref.name))
                    found[ref.name] = either((found[ref.name], own)) if ref.name in found else own
        return {name: tests for name, tests in found.items() if tests and free(name)}

    def is_free(self, name: str) -> bool:
        """Whether nobody looks at a value beside those that read it."""
        tensor = self.program.tensors[name]
        return (tensor.counted or not tensor.has_name) and name not in self.program.outputs

    def uses(self, equation: Equation, whole: Tests) -> Iterator[tuple[Ref, Tests]]:
        """The operands of an equation, with the conditions under which it reads them."""
        op = equation.op
        if not isinstance(op, Sum) or not (whole or self.concerns(equation, op)):
            yield from ((ref, NONE) for ref in equation.operands)
            return
        refs = {entry(ref): ref for ref in equation.operands}
        yield from ((refs[one], tests) for one, tests in readings(ranged(self.program, equation), self.known, whole))

    def concerns(self, equation: Equation, op: Sum) -> bool:
        """Whether a condition stands in an equation, or in what one of its operands says."""
        return op.body.has(Where) or any(ref.name in self.known for ref in equation.operands)

    def rewritten(self, equation: Equation) -> Equation:
        """The equation with what is left out of it as 0."""
        op, tests = equation.op, self.unread.get(equation.target.name, NONE)
        if not isinstance(op, Sum) or not (tests or self.concerns(equation, op)):
            return equation
        before = in_entries(equation)
        body = self.within(before, NONE)
        if tests and not op.over and not self.signs.is_finite(body):
            read = sp.And(*tests)
            body = Where(read if self.looked_at else sp.Or(read, _domain(body)), body, S.Zero)
        if body == before:
            return equation
        new, slots, operands = in_slots(body, equation.operands)
        sizes, shape = letter_sizes(self.program, equation), self.program.shape
        if any(shape(ref.name) != tuple(map(sizes.__getitem__, ref.index)) for ref in operands[len(equation.operands) :]):
            return equation  # a part of another axis is asked of all of this one
        return replace(equation, op=Sum(new, slots, op.over), operands=operands)

    def within(self, expression: Any, under: Tests) -> Any:
        """An expression with factors that may be infinite as cases, where `under` holds already."""
        if isinstance(expression, Where):
            condition, a, b = expression.args
            at_b = sp.Not(condition)
            return Where(condition, self.within(a, under | tests_of(condition)), self.within(b, under | tests_of(at_b)))
        if expression.is_Add:
            return sp.Add(*(self.within(term, under) for term in expression.args))
        return self.product(expression, under) if expression.is_Mul else expression

    def product(self, product: Any, under: Tests) -> Any:
        """A product with its factors that may be infinite where another one is 0."""
        factors = [self.within(f, under) for f in product.args]
        supported = [support(f, self.known) or NONE for f in factors]
        tests = NONE.union(*supported) - under
        cases: dict[Tests, list[Any]] = {}
        rest: list[Any] = []
        for factor, own in zip(factors, supported, strict=True):
            asked = NONE if own and not isinstance(factor, AppliedUndef) else self.asked(factor, tests, under)
            (cases.setdefault(asked, []) if asked else rest).append(factor)
        rest = [f for f in rest if not any(_is_one_of(f, asked) for asked in cases)]
        return sp.Mul(*rest, *(Where(sp.And(*asked), sp.Mul(*each), S.Zero) for asked, each in cases.items()))

    def asked(self, factor: Any, tests: Tests, under: Tests) -> Tests:
        """The conditions of the other factors of a product that one which may be infinite is to ask; none of any other."""
        asked = Tests(t for t in tests if letters_in(t) <= letters_in(factor))  # else others read it, too
        entries = factor.atoms(AppliedUndef)
        risky = asked and (not self.signs.is_finite(factor) or any(self.is_hidden(e, tests | under) for e in entries))
        return asked if risky else NONE

    def is_hidden(self, one: Any, tests: Tests) -> bool:
        """Whether an entry may be infinite where the tests do not hold, and where nobody reads it."""
        hidden = self.hidden.get(tensor_of(one))
        writer = self.program.equation_of()[tensor_of(one)] if hidden else None
        return bool(hidden and writer and moved(hidden, writer.target.index, map(str, one.args)) <= tests)


def _is_one_of(factor: Any, tests: Tests) -> bool:
    """Whether a factor is 1 where the tests hold."""
    return isinstance(factor, Where) and factor.args[1:] == (1, 0) and set(sp.And.make_args(factor.args[0])) <= tests


def _domain(expression: Any) -> Any:
    """Where an expression has a value, as far as that is a matter of powers and logarithms; nowhere where it is one of others."""
    found: list[Any] = []
    part: Any
    for part in sp.preorder_traversal(expression):
        if isinstance(part, sp.log):
            found.append(sp.Gt(part.args[0], 0))
        elif part.is_Pow and not (part.exp.is_Integer and part.exp > 0):
            found.append(sp.Ne(part.base, 0) if part.exp.is_Integer else sp.Gt(part.base, 0))
        elif isinstance(part, sp.Function) and not isinstance(part, AppliedUndef | Where):
            found.append(sp.true if defined_everywhere(part.func(*(sp.Dummy() for _ in part.args))) else sp.false)
    return sp.And(*found)
