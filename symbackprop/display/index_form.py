r"""One equation in index notation: explicit sums, indicators, and letters that a slice or a lookup has pinned: x_{b,o+k}.

Positions count from 0, as in NumPy. An axis of size 1 has no letter. Factors without a summed letter stand before the sum.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import Any, assert_never

import sympy as sp
from sympy import Expr, S, Symbol
from sympy.core.relational import Relational

from symbackprop.core.functions import Where, X, matrix_function, reduction
from symbackprop.core.guards import is_position, leaves_out
from symbackprop.core.letters import pool
from symbackprop.core.loops import start_of
from symbackprop.core.program import Carry, Equation, Matrix, Program, Range, Reduce, Ref, Sum, letter_sizes, position, slot
from symbackprop.display.body import BodyPrinter
from symbackprop.display.differences import differences_as_written
from symbackprop.display.names import Names
from symbackprop.display.norms import Norm, norm_of, with_norms
from symbackprop.display.notation import applied, named
from symbackprop.display.pinned import Bounds, inside, pinned_body
from symbackprop.display.reading_order import split_product, swapped
from symbackprop.display.softmax import softmaxes, with_softmax
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, index, letter
from symbackprop.formulas.tree import Binds, Node, walk

Letters = Mapping[str, Letter]  # how a letter of the equation is written


def index_form(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node:
    r"""The right side in index notation: \sum_{j} W_{1,ij} x_{j}.

    names    the names of the equation's program.
    inline   values to be written out where they stand, each by its own equation.
    """
    return _right(names, equation, equation_letters(names, equation), inline)


def index_equation(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node:
    r"""The whole equation in index notation: z_{i} = \sum_{j} W_{1,ij} x_{j}."""
    return f.equation(target_entry(names, equation), index_form(names, equation, inline))


def target_entry(names: Names, equation: Equation) -> Node:
    """The left side of an equation in index notation."""
    return entry(names, equation.target, equation_letters(names, equation))


def entry(names: Names, ref: Ref, letters: Letters) -> Node:
    """A tensor with its letters."""
    return names.entry(ref.name, [letters[c] for c in ref.index])


def equation_letters(names: Names, equation: Equation) -> dict[str, Letter]:
    """How each letter of an equation is written."""
    sizes = letter_sizes(names.program, equation)
    return {c: None if extent == 1 else letter(c) for c, extent in sizes.items()}


def counts_positions(names: Names, equation: Equation) -> bool:
    """Whether the index form shows a position as a number or as a sum of positions, so that it matters where counting begins."""
    if not isinstance(equation.op, Sum):
        return False
    if not any(isinstance(s, Symbol) and is_position(s) for s in equation.op.body.free_symbols):
        return False
    sizes = letter_sizes(names.program, equation)
    body = swapped(equation.op.body, {position(c): S.Zero for c, extent in sizes.items() if extent == 1})
    letters = [position(c) for c in sizes]
    conditions = [a for e in sp.preorder_traversal(body) for a in e.args if isinstance(e, sp.core.relational.Relational)]
    shown = body.replace(lambda e: isinstance(e, sp.Eq), lambda e: S.true)
    return any(a.is_number or ((a.is_Add or a.is_Mul) and a.has(*letters)) for a in conditions) or shown.has(*letters)


def _is_entrywise(equation: Equation) -> bool:
    """Whether an equation sums over nothing, an axis of size 1 included."""
    assert isinstance(equation.op, Sum)
    return not equation.op.over and all({*own.index} <= {*equation.target.index} for own in equation.operands)


def _unsummed(program: Program, equation: Equation) -> Equation:
    """An equation each of whose sums has one term, at another letter, without them: v[i] 1[i = j] for diag(v)."""
    if not isinstance(equation.op, Sum) or not equation.op.over:
        return equation
    body, over, pinned, outside = pinned_body(program, equation)
    if over or outside or not all(isinstance(at, Symbol) and is_position(at) for at in pinned.values()):
        return equation
    operands = tuple(Ref(r.name, tuple(str(pinned.get(c, c)) for c in r.index)) for r in equation.operands)
    return replace(equation, op=Sum(body, equation.op.slots), operands=operands)


def composed(names: Names, equation: Equation, inline: Collection[str]) -> Equation:
    """The equation with the entrywise bodies of the values in `inline` written into its own."""
    k = 0
    while isinstance(equation.op, Sum) and k < len(equation.operands):
        ref = equation.operands[k]
        inner = _unsummed(names.program, names.written[ref.name]) if ref.name in inline else None
        told = {*equation.target.index, *(c for c, _ in equation.op.over)}  # an axis of size 1 may have a letter of its own
        if inner is None or not isinstance(inner.op, Sum) or not (_is_entrywise(inner) and {*ref.index} <= told):
            k += 1
            continue
        rename = dict(zip(inner.target.index, ref.index, strict=True))
        operands = [r for j, r in enumerate(equation.operands) if j != k]
        swap: dict[Expr, Expr] = {position(a): position(b) for a, b in rename.items()}
        for s, own in zip(inner.op.slots, inner.operands, strict=True):
            moved = Ref(own.name, tuple(rename[c] for c in own.index))
            if moved not in operands:
                operands.insert(k + len(operands) - len(equation.operands) + 1, moved)
            swap[s] = Symbol(f"_{moved}")
        outer: dict[Expr, Expr] = {s: Symbol(f"_{r}") for s, r in zip(equation.op.slots, equation.operands, strict=True)}
        outer[equation.op.slots[k]] = swapped(inner.op.body, swap)
        final = {Symbol(f"_{r}"): slot(j) for j, r in enumerate(operands)}
        op = Sum(
            swapped(swapped(equation.op.body, outer), final),
            tuple(slot(j) for j in range(len(operands))),
            equation.op.over,
        )
        equation = Equation(equation.target, op, tuple(operands), equation.step)
    return equation


def _right(
    names: Names, equation: Equation, letters: Letters, inline: Collection[str], at: Mapping[str, Expr] = MappingProxyType({})
) -> Node:  # fmt: skip
    equation = composed(names, equation, inline)
    op = equation.op
    match op:
        case Sum():
            return body_formula(names, equation, letters, inline, *pinned_body(names.program, equation), at)
        case Reduce():
            return _reduce(names, equation, op, letters, inline)
        case Matrix():
            return _matrix(names, equation, op, letters)
        case Carry():
            return _carried(names, equation, op, letters, inline)
        case _:
            assert_never(op)


def _carried(names: Names, equation: Equation, op: Carry, letters: Letters, inline: Collection[str]) -> Node:
    """z_{l-1,i}, and what it starts from where there is no step before."""
    z, *first = equation.operands
    own = {position(c): shown for c, shown in letters.items() if shown is not None}
    at, start = position(op.letter), start_of(names.program, equation)
    before = BodyPrinter(own).formula(at - op.step)
    pieces = {slot(0): names.entry(z.name, [before if c == op.letter else letters[c] for c in z.index])}
    pieces |= {slot(1): _operand(names, ref, letters, inline) for ref in first}
    body = Where(sp.Eq(at, start), slot(1) if first else S.Zero, slot(0))  # type: ignore[arg-type]  # a condition
    return BodyPrinter(own | pieces).formula(body)


def body_formula(
    names: Names, equation: Equation, letters: Letters, inline: Collection[str], body: Expr, over: Sequence[Range] = (),
    pinned: Mapping[str, Expr] = MappingProxyType({}), outside: Sequence[Bounds] = (),
    at: Mapping[str, Expr] = MappingProxyType({}),
) -> Node:  # fmt: skip
    """A body with the operands of a Sum in its slots, summed over the letters `over`; see `pinned_body` for the rest.

    at   positions for which letters of the target stand: i - 2m for q, so that A[q + 2m] is A[i].
    """
    assert isinstance(equation.op, Sum)
    slots = equation.op.slots
    body, softmax = with_softmax(names, equation, differences_as_written(names, equation, body))
    ones: dict[Expr, Expr] = {position(c): S.Zero for c, shown in letters.items() if shown is None}
    body = swapped(body, ones)
    squares = {s: n for s, r in zip(slots, equation.operands, strict=True) if (n := _norm(names, r, inline)) is not None}
    body, norms = with_norms(body, squares, len(slots) + len(softmax))
    body, totals = _with_totals(names, equation, body, inline, len(slots) + len(softmax) + len(norms))
    pieces = {position(c): shown for c, shown in letters.items() if shown is not None}
    waiting = dict(zip(slots, equation.operands, strict=True))
    printer = BodyPrinter(pieces)
    letters = dict(letters)
    above: dict[Expr, Expr] = {position(c): where for c, where in at.items()}
    stand = {c: swapped(where, above) for c, where in pinned.items()} if at else pinned
    while waiting:  # a letter that is pinned to t[b] needs the formula of t first
        ready = {
            s: r
            for s, r in waiting.items()
            if not any(pinned[c].free_symbols & waiting.keys() - {s} for c in r.index if c in pinned)
        }
        for s, ref in ready.items():
            for c in ref.index:
                if c in pinned:
                    letters[c] = printer.formula(swapped(stand[c], ones))
            if s in norms:
                outer = {c: letters[x] for c, x in zip(names.written[ref.name].target.index, ref.index, strict=True)}
                pieces[norms[s]] = squares[s].formula(names, outer)
            elif s in totals:
                pieces[totals[s]] = _operand(names, ref, letters, inline, f.SUM)
            else:
                pieces[s] = _operand(names, ref, letters, inline, at=stand)
            if pieces.get(s) in (f.ONE, f.ZERO):  # the sum over an indicator, and of nothing
                body = swapped(body, {s: S.One if pieces[s] == f.ONE else S.Zero})
            del waiting[s]
        if not ready:
            raise AssertionError(f"the pinned letters of {equation} go round in a circle")
    for s, (o, total, name) in softmax.items():
        is_down = softmaxes(names).is_down(total)
        pieces[s] = _softmax_entry(names, o, "" if name in inline else name, [letters[c] for c in o.index], is_down)
    shown = [(c, extent) for c, extent in over if letters[c] is not None]
    own = {s: _letters_of(ref, pinned) for s, ref in zip(slots, equation.operands, strict=True)}
    own |= {s: set(o.index) for s, (o, _, _) in softmax.items()}
    own |= {other: own[s] for s, other in (norms | totals).items()}
    for bounds in outside:  # written as factors
        mark = slot(len(pieces) + len(slots))
        pieces[mark] = f.indicator(inside(printer, bounds._replace(at=swapped(bounds.at, ones))))
        own[mark] = set().union(*[own.get(s, {str(s)}) for s in bounds.at.free_symbols])  # type: ignore[arg-type]
        body = body * mark
    return _summed(printer, body, shown, own, letters)


def _norm(names: Names, ref: Ref, inline: Collection[str]) -> Norm | None:
    """The norm whose square a value is that is written out."""
    return norm_of(names, composed(names, names.written[ref.name], inline)) if ref.name in inline else None


def _with_totals(
    names: Names, equation: Equation, body: Expr, inline: Collection[str], taken: int
) -> tuple[Expr, dict[Symbol, Symbol]]:  # fmt: skip
    """A body with e^o / t for e^{o - log t}, where a logsumexp is written out and stands nowhere else, and the slots of t."""
    assert isinstance(equation.op, Sum)
    found: dict[Symbol, Symbol] = {}
    for s, ref in zip(equation.op.slots, equation.operands, strict=True):
        inner = names.written[ref.name].op if ref.name in inline else None
        if isinstance(inner, Reduce) and inner.kind == "logsumexp" and any(n != 1 for _, n in inner.over):
            total = slot(taken + len(found))
            powers: dict[Any, Any] = {e: sp.exp(e.exp + s) / total for e in body.atoms(sp.exp) if e.exp.has(s)}
            shares = swapped(body, powers)
            if powers and not shares.has(s):
                found[s], body = total, shares
    return body, found


def _softmax_entry(names: Names, o: Ref, name: str, letters: Sequence[Letter], is_down: bool) -> Node:
    if name:
        return names.entry(name, letters)
    own = names.tensor(o.name)
    whole = f.call(f.function("softmax"), [f.power(own, f.TOP) if is_down else own])
    shown = [c for c in (letters[::-1] if is_down else letters) if c is not None]
    return f.scripted(whole, sub=index(shown)) if shown else whole


def _letters_of(ref: Ref, pinned: Mapping[str, Expr]) -> set[str]:
    own = set(ref.index) - pinned.keys()
    return own.union(*[{str(s) for s in pinned[c].free_symbols} for c in ref.index if c in pinned])


def _summed(printer: BodyPrinter, body: Expr, over: list[Range], of_slot: Mapping[Symbol, set[str]], letters: Letters) -> Node:
    """The sum of a body over letters: factors that have none of them stand in front, what is said of them below the sign."""
    if not over:
        return printer.formula(body)
    summed = {c for c, _ in over}

    def varies(factor: sp.Basic) -> bool:
        seen = set().union(*[of_slot.get(s, {str(s)}) for s in factor.free_symbols])  # type: ignore[arg-type]
        return bool(seen & summed)

    coefficient, factors = split_product(body)
    if coefficient == 0:
        return f.ZERO
    outside, inside = [x for x in factors if not varies(x)], [x for x in factors if varies(x)]
    below = [x for x in inside if _is_below(x)]
    inside = [x for x in inside if x not in below] or [S.One]
    tests = [t for x in below for t in sp.And.make_args(x.args[0])]
    terms = printer.within(inside[0], Binds.PRODUCT) if len(inside) == 1 else printer.product(S.One, inside)
    said: set[Any] = set().union(*(t.free_symbols for t in tests))
    under = [shown for c, _ in over if (shown := letters[c]) is not None and position(c) not in said]
    under += [printer.formula(_from(t, {position(c) for c in summed})) for t in tests]
    total = f.over_letters(f.SUM, under, terms)
    if not outside and coefficient in (1, -1):
        return total if coefficient == 1 else f.negative(total)
    return f.juxtapose([printer.product(coefficient, outside), total], Binds.SUM)


def _is_below(factor: Any) -> bool:
    """Whether a factor says which positions a sum goes over, and fixes none of them: 1[i < j]."""
    if not isinstance(factor, Where) or factor.args[1:] != (1, 0):
        return False
    return all(isinstance(t, Relational) and not isinstance(t, sp.Eq) for t in sp.And.make_args(factor.args[0])) and all(
        isinstance(s, Symbol) and s.is_integer for s in factor.free_symbols
    )


def _from(test: Any, summed: set[Any]) -> Any:
    """A condition with the letter that runs on its left: j != i."""
    return test.reversed if test.rhs in summed and test.lhs not in summed else test


def _operand(
    names: Names, ref: Ref, letters: Letters, inline: Collection[str], sign: Node | None = None,
    at: Mapping[str, Expr] = MappingProxyType({}),
) -> Node:  # fmt: skip
    """An operand with its letters, or what it is made of.

    sign   what stands for that of a reduction.
    at     the positions for which letters stand.
    """
    if ref.name not in inline:
        return entry(names, ref, letters)
    inner = names.written[ref.name]
    own: dict[str, Letter] = {c: letters[outer] for c, outer in zip(inner.target.index, ref.index, strict=True)}
    outside = {f"{c} outside": shown for c, shown in letters.items()}  # no letter of a sum within is one of these
    used = {letter(c) for c in letters} | {part for shown in letters.values() if shown is not None for part in walk(shown)}
    for c, extent in letter_sizes(names.program, inner).items():
        if c not in own:
            spare = chain([c], (x for x in pool() if x not in names.words))  # none that is a size: no (1/sqrt(k)) sum_k
            shown = next(letter(x) for x in spare if letter(x) not in used)
            used.add(shown)
            own[c] = None if extent == 1 else shown
    if sign is not None and isinstance(inner.op, Reduce):
        return _reduce(names, inner, inner.op, outside | own, inline, sign)
    there: dict[Expr, Expr] = {position(c): position(f"{c} outside") for c in letters}
    stand = {c: swapped(at.get(outer, position(outer)), there) for c, outer in zip(inner.target.index, ref.index, strict=True)}
    is_moved = any(c in at for c in ref.index) and all(is_position(s) for e in stand.values() for s in e.free_symbols)  # type: ignore[arg-type]
    return _right(names, inner, outside | own, inline, stand if is_moved else {})


def _reduce(
    names: Names, equation: Equation, op: Reduce, letters: Letters, inline: Collection[str], sign: Node | None = None
) -> Node:
    r"""A sign with letters and conditions below it; an entry that changes nothing is left out: \prod_{k \ne j} x_k."""
    row, (operand,) = reduction(op.kind), equation.operands
    conditions: list[Any] = []
    while (writer := names.written.get(operand.name)) is not None and leaves_out(names.program, writer, row):
        condition, operand = _left_out(writer, operand, [c for c, shown in letters.items() if shown is None])
        conditions.append(condition)
    test = sp.And(*conditions)
    over = [shown for c, _ in op.over if (shown := letters[c]) is not None and position(c) not in test.free_symbols]
    if test is not S.true:
        printer = BodyPrinter({position(c): shown for c, shown in letters.items() if shown is not None})
        over += [printer.formula(condition) for condition in conditions if condition is not S.true]
    inner = _operand(names, operand, letters, inline)
    if not over:
        return inner
    each = BodyPrinter({X: inner}).within(row.inner, Binds.PRODUCT)
    return f.over_letters(sign or named(row.sign or row.latex), over, each)


def _denied(condition: Any) -> Any:
    """Where a condition does not hold, in signs that are printed: not (i = k and j = l) is k != i or l != j."""
    if isinstance(condition, sp.And):
        return sp.Or(*map(_denied, condition.args))
    return sp.Ne(condition.rhs, condition.lhs, evaluate=False) if isinstance(condition, sp.Eq) else sp.Not(condition)


def _left_out(writer: Equation, ref: Ref, ones: Collection[str]) -> tuple[Any, Ref]:
    """Where such a value is the entry of the other, and that entry, in the letters of the reader.

    ref    the value as it is read.
    ones   the letters of axes of size 1.
    """
    assert isinstance(writer.op, Sum)
    condition: Any
    condition, there, _ = writer.op.body.args
    rename = dict(zip(writer.target.index, ref.index, strict=True))
    swap: dict[Expr, Expr] = {position(own): S.Zero if c in ones else position(c) for own, c in rename.items()}
    condition = swapped(condition if there == slot(0) else _denied(condition), swap)
    (operand,) = writer.operands
    return condition, Ref(operand.name, tuple(rename[c] for c in operand.index))


def _matrix(names: Names, equation: Equation, op: Matrix, letters: Letters) -> Node:
    row, operands, target = matrix_function(op.kind), equation.operands, equation.target
    whole = [names.entry(ref.name, [*[letters[c] for c in ref.index[:-2]], None, None]) for ref in operands]
    value = applied(row.written(len(operands) - 1), whole)
    shown = [] if row.scalar else [c for x in target.index[-2:] if (c := letters[x]) is not None]
    return f.scripted(f.bracket(value), sub=index(shown)) if shown else value
