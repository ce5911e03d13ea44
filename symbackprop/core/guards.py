"""Equalities that fix a letter: sum_i x[i] 1[i = o + k] reads x at o + k, so no indicator need ever be written down or stored.

`split` takes the body of a Sum apart; `fixed_letters` solves its equalities, one letter at a time; `overhang` says how far outside
of its axis a fixed position may stand. A term whose position is out of range is 0: that is zero padding.

The equalities are solved for every size at once, for what is printed and compiled. The witness solves them again in
`evaluate.guards`, at numbers and by rules of its own: two solvers of one idea on purpose, since their agreement is the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp
from sympy import Basic, Expr, S, Symbol

from symbackprop.core.functions import Reduction, Where
from symbackprop.core.program import Equation, Program, Sum, letter_sizes, position, same_size, slot


@dataclass(frozen=True)
class Factors:
    """The body of a Sum as a product.

    coefficient   a number, perhaps with sizes.
    operands      the numbers of the slots that are factors, as often as they are.
    guards        the equalities with a position in them.
    rest          the product of all other factors; 1 if there are none.
    """

    coefficient: Expr
    operands: tuple[int, ...]
    guards: tuple[sp.Eq, ...]
    rest: Expr


@dataclass(frozen=True)
class Affine:
    """offset + sum of slope * letter + opaque, where `opaque` is all that holds an operand or is not linear in the letters."""

    offset: Expr
    slopes: Mapping[str, Expr]
    opaque: Expr


def is_position(symbol: Basic) -> bool:
    """Whether a symbol of a body is the position of a letter (a size is positive, a slot has no assumptions)."""
    return isinstance(symbol, Symbol) and bool(symbol.is_integer and symbol.is_nonnegative) and symbol.is_positive is None


def leaves_out(program: Program, equation: Equation, row: Reduction) -> bool:
    """Whether an unnamed value does nothing but put what changes nothing in a reduction in the place of some entries of another."""
    body = equation.op.body if isinstance(equation.op, Sum) and not equation.op.over else None
    if not isinstance(body, Where) or program.tensors[equation.target.name].named:
        return False
    return set(body.args[1:]) == {row.empty, slot(0)} and not body.args[0].has(slot(0)) and len(equation.operands) == 1


def is_size(symbol: Basic) -> bool:
    """Whether a symbol of a body is a size."""
    return isinstance(symbol, Symbol) and bool(symbol.is_integer and symbol.is_positive)


def letters_of(expression: sp.Basic) -> set[str]:
    """The letters whose position an expression mentions."""
    return {s.name for s in expression.free_symbols if isinstance(s, Symbol) and is_position(s)}


def without_guards(op: Sum, factors: Factors) -> Expr:
    """The body of `op` without the equalities that fix its letters."""
    return sp.Mul(factors.coefficient, *(op.slots[k] for k in factors.operands), factors.rest)


@cache
def split(op: Sum) -> Factors:
    """The body of `op` as coefficient * operands * guards * rest."""
    coefficient, rest = [], []
    operands: list[int] = []
    guards: dict[sp.Eq, None] = {}
    number: dict[Basic, int] = {s: k for k, s in enumerate(op.slots)}
    for factor in sp.Mul.make_args(op.body):
        base, exponent = factor.as_base_exp()
        if isinstance(base, Where) and base.args[2] == 0 and exponent.is_positive and exponent.is_number:
            kept = []
            for test in sp.And.make_args(base.args[0]):
                if isinstance(test, sp.Eq) and letters_of(test):
                    guards[test] = None
                else:
                    kept.append(test)
            rest.append(Where(sp.And(*kept), base.args[1], S.Zero) ** exponent)
        elif base in number and exponent.is_Integer and exponent > 0:
            operands += [number[base]] * int(exponent)
        elif all(is_size(s) for s in factor.free_symbols):
            coefficient.append(factor)
        else:
            rest.append(factor)
    return Factors(sp.Mul(*coefficient), tuple(sorted(operands)), tuple(guards), sp.Mul(*rest))


@cache
def affine(expression: Expr) -> Affine:
    """An expression of positions, sizes and slots, sorted by what it is linear in."""
    offset, opaque = [], []
    slopes: dict[str, Expr] = {}
    for term in sp.Add.make_args(sp.expand(expression)):
        symbols = term.free_symbols
        found = [s for s in symbols if isinstance(s, Symbol) and is_position(s)]
        if all(is_size(s) for s in symbols):
            offset.append(term)
        elif len(found) == 1 and all(s is found[0] or is_size(s) for s in symbols) and not (term / found[0]).has(found[0]):
            slopes[found[0].name] = slopes.get(found[0].name, S.Zero) + term / found[0]
        else:
            opaque.append(term)
    slopes = {letter: slope for letter, slope in sorted(slopes.items()) if slope != 0}
    return Affine(sp.Add(*offset), slopes, sp.Add(*opaque))


@cache
def _at_least_zero(expression: Expr) -> bool:
    """Whether an expression of sizes is known not to be negative: each size is 1 + something that is not negative."""
    expression = sp.expand(expression)
    if expression.is_Integer or expression.is_nonnegative:
        return bool(expression.is_nonnegative)
    if not all(is_size(s) for s in expression.free_symbols):
        return False
    shifted = sp.expand(expression.xreplace({s: s + 1 for s in expression.free_symbols if isinstance(s, Symbol)}))
    known = all(term.as_coeff_Mul()[0].is_nonnegative for term in sp.Add.make_args(shifted))
    return known and not shifted.has(sp.floor)


def proven(expression: Expr, conditions: Iterable[Expr] = ()) -> bool:
    """Whether `expression` >= 0 for every size that keeps the conditions (expressions that are not negative)."""
    bounds = dict.fromkeys([expression, -upper(-expression), -upper(-expression, floors_from_zero=True)])
    return any(_at_least_zero(bound - c) for c in (S.Zero, *conditions) for bound in bounds)


@cache
def upper(expression: Expr, floors_from_zero: bool = False) -> Expr:
    """An upper bound without floors: floor(a / q) lies between (a - q + 1) / q and a / q; where a is not negative, not below 0.

    floors_from_zero   use the second lower bound of a floor where it is known to hold.
    """
    total = []
    for term in sp.Add.make_args(sp.expand(expression)):
        coefficient, rest = term.as_coeff_Mul()
        if isinstance(rest, sp.floor):
            inside = rest.args[0]
            if coefficient.is_positive:
                rest = inside
            elif floors_from_zero and _at_least_zero(inside):
                rest = S.Zero
            else:
                rest = inside - 1 + 1 / sp.denom(sp.together(inside))
        total.append(coefficient * rest)
    return sp.expand(sp.Add(*total))


def _excess(expression: Expr, conditions: Iterable[Expr]) -> Expr:
    """max(0, expression), simplified as far as it can be proven; a whole number that it does not exceed is as good."""
    if proven(-expression, conditions):
        return S.Zero
    most = upper(expression)
    if most.is_Integer:
        return most
    return expression if proven(expression, conditions) else sp.Max(S.Zero, expression)


def overhang(
    at: Expr,
    extent: Expr,
    sizes: Mapping[str, Expr],
    conditions: Iterable[Expr] = (),
    integers: Mapping[Symbol, Expr | None] | None = None,
) -> tuple[Expr, Expr] | None:
    """How far the position `at` may stand below 0 and above extent - 1: (0, 0) where it is proven to be in range.

    at          an expression of positions, sizes and slots.
    extent      the size of the axis.
    sizes       the size of every letter.
    conditions  expressions of sizes that are not negative.
    integers    the slots that stand for tensors of integers, with the size that their entries stay below, or None.
    Returns None where nothing is known, as for a slot without a bound.
    """
    form, integers = affine(at), integers or {}
    low = high = form.offset
    for letter, slope in form.slopes.items():
        reach = slope * (sizes[letter] - 1)
        if slope.is_nonnegative:
            high += reach
        elif slope.is_nonpositive:
            low += reach
        else:
            return None
    for term in sp.Add.make_args(form.opaque) if form.opaque != 0 else ():
        bound = integers.get(term)  # type: ignore[call-overload]
        if bound is None:
            return None
        high += bound - 1
    conditions = tuple(conditions)
    return _excess(-low, conditions), _excess(high - extent + 1, conditions)


def integers_of(program: Program, equation: Equation) -> dict[Symbol, Expr | None]:
    """The slots in guards that stand for tensors of integers, with the size that their entries stay below (None: not known)."""
    assert isinstance(equation.op, Sum)
    guarding = {symbol for guard in split(equation.op).guards for symbol in guard.free_symbols}
    found = {}
    for s, ref in zip(equation.op.slots, equation.operands, strict=True):
        if s not in guarding:
            continue
        source = _source(program, ref.name)
        if source is not None:
            found[s] = source[0]
    return found


def _source(program: Program, name: str) -> tuple[Expr | None] | None:
    """The bound of a tensor of integers, or of a value that selects from one or counts positions; None for any other tensor."""
    writer: dict[str, Equation] | None = None
    while program.tensors[name].kind == "value":
        writer = writer or program.equation_of()
        equation = writer[name]
        if not isinstance(equation.op, Sum):
            return None
        if not equation.operands:
            counts = len(equation.target.index) == 1 and equation.op.body == position(equation.target.index[0])
            return (program.shape(name)[0],) if counts else None
        factors = split(equation.op)
        plain = factors.coefficient == factors.rest == 1 and factors.operands == (0,)
        if not plain or len(factors.guards) < len(equation.op.over):
            return None
        name = equation.operands[0].name
    return (program.tensors[name].bound,) if program.tensors[name].kind == "integers" else None


def digits(form: Affine, extent: Expr, sizes: Mapping[str, Expr]) -> tuple[str, ...] | None:
    """The letters, most significant first, whose positions are the digits of a number that counts 0, 1, ..., extent - 1.

    [p = i n + j] with j below n is such a number: it says that p is i and j written as one axis.
    """
    if form.offset != 0 or form.opaque != 0:
        return None
    found: list[str] = []
    weight: Expr = S.One
    waiting = dict(form.slopes)
    while waiting:
        letter = next((c for c, slope in waiting.items() if same_size(slope, weight)), None)
        if letter is None:
            return None
        found.insert(0, letter)
        weight = weight * sizes[letter]
        del waiting[letter]
    return tuple(found) if len(found) > 1 and same_size(weight, extent) else None


@dataclass(frozen=True)
class _Candidate:
    letter: str
    at: Expr
    rank: tuple[int, int]


def fixed_letters(program: Program, equation: Equation, scatter: bool = True) -> tuple[dict[str, Expr], list[sp.Eq]]:
    """The letters that the guards of a Sum fix, each with its position in the letters that stay, and the guards that remain.

    scatter   whether a guard may also fix a letter of the target, where no summed letter is fixed within its range: the value
              then goes to that place of the target. With False only summed letters are fixed.
    A guard between letters of the target alone remains: it is an identity matrix.
    """
    assert isinstance(equation.op, Sum)
    waiting: list[Any] = list(split(equation.op).guards)  # substitution makes guards of guards, which SymPy's types do not say
    if not waiting:
        return {}, []
    sizes, integers = letter_sizes(program, equation), integers_of(program, equation)
    ones = {position(c): S.Zero for c, extent in sizes.items() if extent == 1}  # where these stand is known
    waiting = [g for g in (guard.xreplace(ones) for guard in waiting) if g is not S.true] if ones else waiting
    fixed: dict[str, Any] = {}
    remaining: list[sp.Eq] = []
    while waiting:
        options = [
            (candidate, guard)
            for guard in waiting
            for candidate in _candidates(guard, equation, sizes, program.conditions, integers)
            if (scatter or candidate.letter not in equation.target.index)
            and candidate.letter not in _read_at(candidate.at, equation, fixed)
        ]
        if not options:
            remaining += waiting
            break
        best, guard = min(options, key=lambda option: (option[0].rank, waiting.index(option[1])))
        waiting.remove(guard)
        swap = {position(best.letter): best.at}
        fixed = {letter: at.xreplace(swap) for letter, at in fixed.items()} | {best.letter: best.at}
        waiting = [g for g in (other.xreplace(swap) for other in waiting) if g is not S.true]
    return fixed, remaining


def _read_at(at: Expr, equation: Equation, fixed: dict[str, Any]) -> set[str]:
    """The letters that a position hangs on, also through the integers in it: t[i] hangs on i, so that [i = t[i]] fixes no i."""
    assert isinstance(equation.op, Sum)
    indices = {slot: ref.index for slot, ref in zip(equation.op.slots, equation.operands, strict=True)}
    found: set[str] = set()
    waiting: list[Any] = [at]
    while waiting:
        here = waiting.pop()
        letters = letters_of(here).union(*(indices.get(symbol, ()) for symbol in here.free_symbols))
        waiting += [fixed[letter] for letter in sorted(letters - found) if letter in fixed]
        found |= letters
    return found


def _meets(at: Expr, letter: str, equation: Equation) -> bool:
    """Whether a position of several letters meets one of them again in an operand: x[o - k, k] is no view of x."""
    own = letters_of(at)
    return len(own) > 1 and any(letter in ref.index and own & set(ref.index) for ref in equation.operands)


def _candidates(
    guard: Any,
    equation: Equation,
    sizes: dict[str, Expr],
    conditions: tuple[Expr, ...],
    integers: dict[Symbol, Expr | None],
) -> list[_Candidate]:
    """The letters that a guard can be solved for, the wish expressed as a rank: lower is better."""
    if guard is S.false:
        return []
    difference = guard.lhs - guard.rhs
    form = affine(difference)
    free = letters_of(guard)
    target = set(equation.target.index)
    if free <= target and form.opaque == 0 and len(free) > 1:
        return []
    if any(s not in integers for s in form.opaque.free_symbols if not is_position(s) and not is_size(s)):  # type: ignore[arg-type]
        return []
    found = []
    for letter, slope in form.slopes.items():
        if abs(slope) != 1 or letter in letters_of(form.opaque):
            continue
        at = sp.expand(position(letter) - difference / slope)
        lone = position(letter) in guard.args
        both = all(isinstance(side, Symbol) and is_position(side) for side in guard.args)
        inside = overhang(at, sizes[letter], sizes, conditions, integers) == (S.Zero, S.Zero) and not _meets(at, letter, equation)
        reading, writing = (0 if inside else 1 if lone and not both else 4), (2 if inside else 3 if lone else 5)
        rank = writing if letter in target else reading
        found.append(_Candidate(letter, at, (rank, len(at.free_symbols))))
    return found
