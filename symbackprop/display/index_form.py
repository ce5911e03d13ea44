r"""One equation in index notation: explicit sums, indicators, and letters that a slice or a lookup has pinned: x_{b,o+k}.

Positions count from 0, as in NumPy. An axis of size 1 has no letter. Factors without a summed letter stand before the sum.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, assert_never

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import Where, X, iverson, matrix_function, reduction
from symbackprop.core.guards import fixed_letters, integers_of, is_position, overhang, split
from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Matrix, Range, Reduce, Ref, Sum, letter_sizes, position, slot
from symbackprop.display.body import (
    ATOM,
    POWER,
    PRODUCT,
    SUM,
    BodyPrinter,
    Piece,
    apply_latex,
    bracket,
    indicator,
    juxtapose,
    scalar,
)
from symbackprop.display.names import Names
from symbackprop.display.reading_order import is_coefficient, is_negative, split_product, swapped
from symbackprop.display.softmax import with_softmax

Letters = Mapping[str, str]  # a letter of the equation -> its LaTeX; "" for an axis of size 1


def index_form(names: Names, equation: Equation, inline: Collection[str] = ()) -> str:
    r"""The right side in index notation: \sum_{j} W_{1,ij} x_{j}.

    names    the names of the equation's program.
    inline   values to be written out where they stand, each by its own equation.
    """
    return _right(names, equation, equation_letters(names, equation), inline).latex


def index_equation(names: Names, equation: Equation, inline: Collection[str] = ()) -> str:
    r"""The whole equation in index notation: z_{i} = \sum_{j} W_{1,ij} x_{j}."""
    return f"{target_entry(names, equation)} = {index_form(names, equation, inline)}"


def target_entry(names: Names, equation: Equation) -> str:
    """The left side of an equation in index notation."""
    return entry(names, equation.target, equation_letters(names, equation))


def entry(names: Names, ref: Ref, letters: Letters) -> str:
    """A tensor with its letters."""
    return names.entry(ref.name, [letters[c] for c in ref.index])


def equation_letters(names: Names, equation: Equation) -> dict[str, str]:
    """The LaTeX of each letter of an equation."""
    sizes = letter_sizes(names.program, equation)
    return {letter: "" if extent == 1 else names.letter(letter) for letter, extent in sizes.items()}


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


def composed(names: Names, equation: Equation, inline: Collection[str]) -> Equation:
    """The equation with the entrywise bodies of the values in `inline` written into its own."""
    k = 0
    while isinstance(equation.op, Sum) and k < len(equation.operands):
        ref = equation.operands[k]
        inner = names.written[ref.name] if ref.name in inline else None
        if inner is None or not isinstance(inner.op, Sum) or inner.op.over:
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


def _right(names: Names, equation: Equation, letters: dict[str, str], inline: Collection[str]) -> Piece:
    equation = composed(names, equation, inline)
    op = equation.op
    match op:
        case Sum():
            return body_piece(names, equation, letters, inline, *pinned_body(names, equation))
        case Reduce():
            return _reduce(names, equation, op, letters, inline)
        case Matrix():
            return _matrix(names, equation, op, letters)
        case _:
            assert_never(op)


def body_piece(
    names: Names, equation: Equation, letters: Letters, inline: Collection[str], body: Expr, over: Sequence[Range] = (),
    pinned: Mapping[str, Expr] = MappingProxyType({}), outside: Sequence[Bounds] = (),
) -> Piece:  # fmt: skip
    """A body with the operands of a Sum in its slots, summed over the letters `over`; see `pinned_body` for the rest."""
    assert isinstance(equation.op, Sum)
    slots = equation.op.slots
    body, softmax = with_softmax(names, equation, body)
    ones: dict[Expr, Expr] = {position(c): S.Zero for c, latex in letters.items() if not latex}
    body = swapped(body, ones)
    pieces = {position(c): Piece(latex) for c, latex in letters.items() if latex}
    waiting = dict(zip(slots, equation.operands, strict=True))
    printer = BodyPrinter(pieces)
    letters = dict(letters)
    while waiting:  # a letter that is pinned to t[b] needs the piece of t first
        ready = {
            s: r
            for s, r in waiting.items()
            if not any(pinned[c].free_symbols & waiting.keys() - {s} for c in r.index if c in pinned)
        }
        for s, ref in ready.items():
            for c in ref.index:
                if c in pinned:
                    letters[c] = printer.doprint(swapped(pinned[c], ones)).replace(" ", "")
            pieces[s] = _operand(names, ref, letters, inline)
            del waiting[s]
        if not ready:
            raise AssertionError(f"the pinned letters of {equation} go round in a circle")
    for s, (o, _, named) in softmax.items():
        local = [letters[c] for c in o.index]
        whole = rf"\operatorname{{softmax}}\left({names.tensor(o.name)}\right)"
        index = Names.index(local)
        pieces[s] = Piece(names.entry(named, local) if named else f"{whole}_{{{index}}}" if index else whole)
    shown = [(c, extent) for c, extent in over if letters[c]]
    own = {s: _letters_of(ref, pinned) for s, ref in zip(slots, equation.operands, strict=True)}
    own |= {s: set(o.index) for s, (o, _, _) in softmax.items()}
    for bounds in outside:  # printed as factors
        mark = slot(len(pieces) + len(slots))
        pieces[mark] = Piece(indicator(_within(printer, bounds._replace(at=swapped(bounds.at, ones)))))
        own[mark] = set().union(*[own.get(s, {str(s)}) for s in bounds.at.free_symbols])  # type: ignore[arg-type]
        body = body * mark
    return _summed(printer, body, shown, own, letters)


def _letters_of(ref: Ref, pinned: Mapping[str, Expr]) -> set[str]:
    own = set(ref.index) - pinned.keys()
    return own.union(*[{str(s) for s in pinned[c].free_symbols} for c in ref.index if c in pinned])


def _summed(printer: BodyPrinter, body: Expr, over: list[Range], of_slot: Mapping[Symbol, set[str]], letters: Letters) -> Piece:
    """The sum of a body over letters, with the factors that have none of them in front."""
    if not over:
        return printer.piece(body)
    summed = {c for c, _ in over}

    def varies(factor: sp.Basic) -> bool:
        seen = set().union(*[of_slot.get(s, {str(s)}) for s in factor.free_symbols])  # type: ignore[arg-type]
        return bool(seen & summed)

    coefficient, factors = split_product(body)
    outside, inside = [f for f in factors if not varies(f)], [f for f in factors if varies(f)]
    total = rf"\sum_{{{','.join(letters[c] for c, _ in over)}}} "
    if len(inside) == 1:
        total += printer.bracketed(inside[0], PRODUCT)
    else:
        total += printer.product(S.One, inside)
    if coefficient == 1 and not outside:
        return Piece(total, SUM)
    if coefficient == -1 and not outside:
        return Piece(f"-{total}", SUM)
    return Piece(juxtapose([printer.product(coefficient, outside), total]), SUM)


def _operand(names: Names, ref: Ref, letters: Mapping[str, str], inline: Collection[str]) -> Piece:
    if ref.name in inline:
        inner = names.written[ref.name]
        sizes = letter_sizes(names.program, inner)
        own = {c: letters[outer] for c, outer in zip(inner.target.index, ref.index, strict=True)}
        used = {*letters, *letters.values()}
        for c, extent in sizes.items():
            if c not in own:
                letter = c if c not in used else fresh(1, used)[0]
                used.add(letter)
                own[c] = "" if extent == 1 else names.letter(letter)
        return _right(names, inner, own, inline)
    latex = entry(names, ref, letters)
    role = names.signature(ref.name).role
    return Piece(latex, POWER if role else ATOM)


def _reduce(names: Names, equation: Equation, op: Reduce, letters: dict[str, str], inline: Collection[str]) -> Piece:
    """A sign with letters and conditions below it; an entry that changes nothing is left out: \\prod_{k \\ne j} x_k."""
    row, (operand,) = reduction(op.kind), equation.operands
    conditions: list[Any] = []
    while (writer := names.written.get(operand.name)) is not None and _leaves_out(names, writer, row.empty):
        condition, operand = _left_out(writer, operand, [c for c, latex in letters.items() if not latex])
        conditions.append(condition)
    test = sp.And(*conditions)
    over = [letters[c] for c, _ in op.over if letters[c] and position(c) not in test.free_symbols]
    if test is not S.true:
        printer = BodyPrinter({position(c): Piece(latex) for c, latex in letters.items()})
        over += [printer.doprint(condition) for condition in conditions if condition is not S.true]
    inner = _operand(names, operand, letters, inline)
    if not over:
        return inner
    inner = inner if row.inner == X else BodyPrinter({X: inner}).piece(row.inner)
    latex = bracket(inner.latex) if inner.level < PRODUCT else inner.latex
    return Piece(rf"{row.sign or row.latex}_{{{','.join(over)}}} {latex}", SUM)


def _leaves_out(names: Names, writer: Equation, empty: Expr) -> bool:
    """Whether an unnamed value does nothing but put what changes nothing in the place of some entries of another."""
    body = writer.op.body if isinstance(writer.op, Sum) and not writer.op.over else None
    if not isinstance(body, Where) or names.signature(writer.target.name).named:
        return False
    return set(body.args[1:]) == {empty, slot(0)} and not body.args[0].has(slot(0)) and len(writer.operands) == 1


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


def _matrix(names: Names, equation: Equation, op: Matrix, letters: Letters) -> Piece:
    row, operand, target = matrix_function(op.kind), equation.operands[0], equation.target
    lead = [letters[c] for c in operand.index[:-2]]
    latex = apply_latex(row.latex, [names.entry(operand.name, [*lead, "", ""])])
    if row.scalar:
        return Piece(latex, PRODUCT)
    return Piece(rf"\left({latex}\right)_{{{Names.index([letters[c] for c in target.index[-2:]])}}}")


class Bounds(NamedTuple):
    """A position that may stand outside of its axis of size `extent`, `below` 0 or `above` the end; such a term is zero."""

    at: Expr
    extent: Expr
    below: bool
    above: bool


def pinned_body(names: Names, equation: Equation) -> tuple[Expr, list[Range], dict[str, Expr], list[Bounds]]:
    """What is left to print when the guards have pinned their letters.

    Returns the body without those guards, the letters that are still summed, the pinned letters with their positions, and the
    bounds that these positions must keep.
    """
    op = equation.op
    assert isinstance(op, Sum)
    factors = split(op)
    if not factors.guards:
        return op.body, list(op.over), {}, []
    program = names.program
    pinned, remaining = fixed_letters(program, equation, scatter=False)
    sizes, integers = letter_sizes(program, equation), integers_of(program, equation)
    operands = [op.slots[k] for k in factors.operands]
    body = sp.Mul(factors.coefficient, *operands, factors.rest, *map(iverson, remaining))
    body = swapped(body, {position(c): at for c, at in pinned.items()})
    outside = []
    for c, at in pinned.items():
        room = overhang(at, sizes[c], sizes, program.conditions, integers)
        if room is not None and room != (0, 0):
            outside.append(Bounds(at, sizes[c], room[0] != 0, room[1] != 0))
    return body, [(c, extent) for c, extent in op.over if c not in pinned], pinned, outside


def _within(printer: BodyPrinter, bounds: Bounds) -> str:
    """0 <= at < extent, as far as it can fail; where one side is enough, sizes and numbers stand on the right."""
    if bounds.below and bounds.above:
        return rf"0 \le {printer.doprint(bounds.at)} < {scalar(bounds.extent)}"
    offset = sp.Add(*[term for term in sp.Add.make_args(bounds.at) if is_coefficient(term)])
    left, right = bounds.at - offset, (S.Zero if bounds.below else bounds.extent) - offset
    if is_negative(left):  # h - 1 - j >= 0 is j <= h - 1
        left, right, relation = -left, -right, r"\le" if bounds.below else ">"
    else:
        relation = r"\ge" if bounds.below else "<"
    return f"{printer.doprint(left)} {relation} {scalar(sp.expand(right))}"
