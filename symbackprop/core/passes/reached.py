"""Where the values of a program may be other than 0, and where anybody reads them: conditions on positions and on entries.

A condition that has to hold is one of a set: where any of them fails, the value is 0, or nobody reads it. What an entry is asked,
`x[i] > 0`, is asked of a function of the positions i that is called as the tensor is, so that moving letters moves it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sympy as sp
from sympy import Expr
from sympy.core.function import AppliedUndef

from symbackprop.core.functions import Where
from symbackprop.core.guards import affine, is_position, overhang
from symbackprop.core.program import Equation, Program, Ref, Sum, letter_sizes, position, slot

Tests = frozenset[Any]  # conditions that all hold where a value is not 0, or where it is read
MOST = 8  # conditions that stand in one "or"
SEVERAL = 64  # ways to say conditions by other letters
NONE = Tests()


def entry(ref: Ref) -> Any:
    """An operand as conditions have it."""
    return sp.Function(ref.name.encode("unicode_escape").decode())(*map(position, ref.index))  # a type has no null in its name


def tensor_of(found: Any) -> str:
    """The tensor whose entry conditions have."""
    return found.func.__name__.encode().decode("unicode_escape")


def in_entries(equation: Equation) -> Any:
    """The body of a Sum with entries in its slots."""
    op = equation.op
    assert isinstance(op, Sum)
    return op.body.xreplace({s: entry(ref) for s, ref in zip(op.slots, equation.operands, strict=True)})


def ranged(program: Program, equation: Equation) -> Any:
    """The body of a Sum with entries in its slots, whose equalities of positions say where they hold: [i = j + 1] that i >= 1."""
    body = in_entries(equation)
    guards = [e for e in body.atoms(sp.Eq) if _fixes(e)]
    if not guards:
        return body
    sizes = letter_sizes(program, equation)
    return body.xreplace({e: sp.And(e, *_bounds(e, sizes)) for e in guards})


def _bounds(equality: Any, sizes: Mapping[str, Expr]) -> Iterator[Any]:
    """Where a letter of an equality of positions stands within its axis, by the others."""
    left, right = equality.args
    form = affine(left - right)
    for letter, slope in form.slopes.items() if form.opaque == 0 else ():
        if abs(slope) == 1:
            at = position(letter) - (left - right) * slope
            below, above = overhang(at, sizes[letter], sizes) or (1, 1)
            if below != 0:
                yield sp.Ge(at, 0)
            if above != 0:
                yield sp.Le(at, sizes[letter] - 1)


def in_slots(body: Any, operands: tuple[Ref, ...]) -> tuple[Expr, tuple[Any, ...], tuple[Ref, ...]]:
    """A body of entries with slots, those of the operands first; its slots, and what they stand for."""
    found = {entry(ref): ref for ref in operands}
    for one in sorted(body.atoms(AppliedUndef) - found.keys(), key=str):
        found[one] = Ref(tensor_of(one), tuple(map(str, one.args)))
    swap = {one: slot(k) for k, one in enumerate(found)}
    return body.xreplace(swap), tuple(swap.values()), tuple(found.values())


def tests_of(condition: Any) -> Tests:
    """The conditions of which all hold, but for equalities of positions: those fix a letter, and nothing else is read."""
    return Tests(t for t in sp.And.make_args(condition) if not any(_fixes(e) for e in t.atoms(sp.Eq)))


def _fixes(equality: Any) -> bool:
    return any(side.is_integer or is_position(side) for side in equality.args if not side.is_number)


def letters_in(expression: Any) -> set[Any]:
    """The positions of an expression, those of its entries included."""
    return {s for s in expression.free_symbols if is_position(s)}


def moved(tests: Tests, before: Iterable[str], after: Iterable[str]) -> Tests:
    """The conditions on a tensor's letters as conditions on others; without those that have further letters."""
    swap = {position(a): position(b) for a, b in zip(before, after, strict=True)}
    return Tests(t.xreplace(swap) for t in tests if letters_in(t) <= swap.keys())


def either(every: Iterable[Tests]) -> Tests:
    """What holds where one of several does."""
    several = list(dict.fromkeys(every))
    common = Tests.intersection(*several)
    rest = [t - common for t in several]
    if not all(rest) or sum(map(len, rest)) > MOST:
        return common
    return common | tests_of(sp.Or(*(sp.And(*t) for t in rest)))


class Known(dict[str, tuple[tuple[str, ...], Tests]]):
    """For each value that is 0 where conditions on its letters fail: these letters, and the conditions.

    parts   values that are entries of others, r[j] = x[j + 1]: their letters, and these entries.
    """

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, tuple[tuple[str, ...], Any]] = {}

    def through(self, tests: Tests, equalities: Iterable[Any]) -> Tests:
        """The conditions, also by the letters that equalities of positions give: where i = j + 1, r[j] > 0 is x[i] > 0."""
        asked = [t for t in tests if t.has(AppliedUndef)]
        found = dict.fromkeys(t.xreplace({one: self.whole(one) for one in t.atoms(AppliedUndef)}) for t in asked)
        for equality in equalities if found else ():
            difference = equality.args[0] - equality.args[1]
            for letter, slope in affine(difference).slopes.items() if affine(difference).opaque == 0 else ():
                at = {position(letter): sp.expand(position(letter) - difference / slope)}
                if len(found) < SEVERAL:
                    found |= dict.fromkeys(test.xreplace(at) for test in list(found))
        return tests | {t for t in found if all(is_position(a) for one in t.atoms(AppliedUndef) for a in one.args)}

    def whole(self, one: Any) -> Any:
        """The entry of another value that an entry is; itself where it is none."""
        if (part := self.parts.get(tensor_of(one))) is None:
            return one
        return self.whole(part[1].xreplace(dict(zip(map(position, part[0]), one.args, strict=True))))


def part_of(equation: Equation) -> Any:
    """The entry that each entry of a value is, x[j + 1]; None where it is more than one entry, or 0 somewhere."""
    body = in_entries(equation)
    entries = [f for f in sp.Mul.make_args(body) if isinstance(f, AppliedUndef)]
    guards = [f.args[0] for f in sp.Mul.make_args(body) if isinstance(f, Where) and f.args[1:] == (1, 0)]
    equalities = [e for guard in guards for e in sp.And.make_args(guard)]
    if len(entries) != 1 or len(entries) + len(guards) != len(sp.Mul.make_args(body)):
        return None
    at: dict[Any, Any] = {}
    for equality in equalities:
        over = [position(letter) for letter, _ in equation.op.over if equality.has(position(letter))]
        if not isinstance(equality, sp.Eq) or len(over) != 1 or over[0] in at or over[0] not in equality.args:
            return None
        at[over[0]] = next(side for side in equality.args if side != over[0])
    return entries[0].xreplace(at) if len(at) == len(equation.op.over) else None


def equalities_of(condition: Any) -> list[Any]:
    """The equalities of positions that hold where a condition does."""
    return [t for t in sp.And.make_args(condition) if isinstance(t, sp.Eq) and _fixes(t)]


def _guards(product: Any) -> list[Any]:
    """The equalities of positions outside of which a product is 0."""
    cases = (f for f in product.args if isinstance(f, Where) and f.args[2] == 0)
    return [e for case in cases for e in equalities_of(case.args[0])]


def support(expression: Any, known: Known) -> Tests | None:
    """The conditions under which alone an expression is not 0; None where it is 0 everywhere."""
    if expression == 0:
        return None
    if isinstance(expression, AppliedUndef):
        index, tests = known.get(tensor_of(expression), ((), NONE))
        return moved(tests, index, map(str, expression.args)) if tests else NONE
    if isinstance(expression, Where):
        condition, a, b = expression.args
        branches = [(support(x, known), c) for x, c in ((a, condition), (b, sp.Not(condition)))]
        found = [(known.through(tests, equalities_of(c)), c) for tests, c in branches if tests is not None]
        return found[0][0] | tests_of(found[0][1]) if len(found) == 1 else either(tests for tests, _ in found)
    parts = [support(a, known) for a in expression.args] if expression.is_Mul or expression.is_Add else []
    if expression.is_Mul:
        return None if None in parts else known.through(NONE.union(*parts), _guards(expression))  # type: ignore[arg-type]
    if expression.is_Add:
        return either(tests for tests in parts if tests is not None)
    if expression.is_Pow and expression.exp.is_positive:
        return support(expression.base, known)
    return NONE


def supports(program: Program) -> Known:
    """For each value that is 0 where conditions on its letters fail: these letters, and the conditions."""
    known = Known()
    for equation in program.equations:
        op = equation.op
        if not isinstance(op, Sum) or not (op.body.has(Where) or any(r.name in known for r in equation.operands)):
            continue
        if op.over and (part := part_of(equation)) is not None:
            known.parts[equation.target.name] = equation.target.index, part
        tests = support(ranged(program, equation), known) or NONE
        own = set(map(position, equation.target.index))
        if tests := Tests(t for t in tests if letters_in(t) <= own):
            known[equation.target.name] = equation.target.index, tests
    return known


def readings(expression: Any, known: Known, tests: Tests = NONE) -> Iterator[tuple[Any, Tests]]:
    """The entries of an expression, each with the conditions under which it is read there."""
    if isinstance(expression, AppliedUndef):
        yield expression, tests
        return
    if isinstance(expression, Where):
        condition, a, b = expression.args
        yield from ((one, tests) for one in condition.atoms(AppliedUndef))
        yield from readings(a, known, known.through(tests, equalities_of(condition)) | tests_of(condition))
        yield from readings(b, known, tests | tests_of(sp.Not(condition)))
        return
    supported = [support(a, known) or NONE for a in expression.args] if expression.is_Mul else []
    guards = _guards(expression) if expression.is_Mul else []
    for k, part in enumerate(expression.args):
        others = NONE.union(*supported[:k], *supported[k + 1 :])
        yield from readings(part, known, known.through(tests | others, guards))
